# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import date
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.plugins.module_utils.audit.reach import regions_of
from ansible_collections.flowops.aws.plugins.module_utils.flows import asking
from ansible_collections.flowops.aws.plugins.module_utils.flows.asking import Asked, asked_for
from ansible_collections.flowops.aws.tests.benchmark import flows
from ansible_collections.flowops.aws.tests.unit.cases import cases
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.flows.capturing import captured

TODAY = date(2026, 6, 15)
EVERY = [{"any": True}]
NETWORKS = [
    "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "172.16.0.0/12", "192.0.2.0/25", "198.51.100.7",
    "203.0.113.0/24", "128.0.0.0/1", "0.0.0.0/0", "fd00::/8", "fd00:1::/32", "fd00:1::7", "2001:db8::/32", "::/0",
]  # fmt: skip
HOSTS = [
    "10.1.2.3", "10.1.2.4", "10.1.9.9", "10.200.0.1", "11.0.0.0", "172.16.5.5", "192.0.2.5", "192.0.2.200",
    "198.51.100.7", "203.0.113.9", "8.8.8.8", "255.255.255.255", "0.0.0.0",
    "fd00:1::7", "fd00:1::8", "fd00:2::1", "2001:db8::1", "2a00::1", "::", "ffff::",
]  # fmt: skip
PORTS = [0, 21, 22, 23, 53, 79, 80, 443, 444, 1024, 3389, 8080, 65535]
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "gre": 47, "sctp": 132}
WITH_PORTS = {6, 17, 33, 132, 136}
AGES = [0, 10, 59, 60, 61, 3599, 3600, 90000]


def some(chance: random.Random, of: list[Any], sets: list[str]) -> list[Any]:
    """A list as rules have them: entries, negated entries, sets."""
    found = [chance.choice([*of, *sets]) for _entry in range(chance.choice([1, 1, 2, 3]))]
    return [f"!{entry}" if chance.random() < 0.3 and entry != "any" else entry for entry in found]


def random_policy(chance: random.Random) -> dict[str, Any]:
    """A policy whose rules look at everything that a rule can."""
    sets = {
        "nets": chance.sample(NETWORKS, 4),
        "doors": chance.sample([22, "80-443", 3389, "8000-9000"], 2),
        "talks": chance.sample(list(PROTOCOLS), 2),
    }
    rules = []
    for index in range(chance.choice([1, 2, 3, 5, 9, 14])):
        rule: dict[str, Any] = {"name": f"r{index}", "action": chance.choice(["deny", "deny", "allow"])}
        for name in ("source_address", "destination_address"):
            if chance.random() < 0.5:
                rule[name] = some(chance, NETWORKS, ["$nets"])
        for name, likely in (("source_port", 0.15), ("destination_port", 0.5)):
            if chance.random() < likely:
                rule[name] = some(chance, [22, 53, 80, "0-1023", "443-444", "1024-65535", "any"], ["$doors"])
        if chance.random() < 0.4:
            rule["protocols"] = some(chance, [*PROTOCOLS, 33, 200], ["$talks"])
        for name, values in (
            ("min_age", [60, 3600]),
            ("max_age", [60, 80000]),
            ("min_bytes", [900]),
            ("min_packets", [3]),
        ):
            if chance.random() < 0.15:
                rule[name] = chance.choice(values)
        rules.append(rule)
    return {"default": chance.choice(["allow", "allow", "deny"]), "sets": sets, "rules": rules}


def random_record(chance: random.Random) -> dict[str, Any]:
    """A flow record of which everything is known."""
    source = chance.choice(HOSTS)
    version = ip_address(source).version
    number = chance.choice([6, 6, 6, 17, 17, 1, 58, 47, 132, 33, 200])
    record: dict[str, Any] = {
        "source_address": source,
        "destination_address": chance.choice([host for host in HOSTS if ip_address(host).version == version]),
        "protocol_number": number,
        "age": chance.choice(AGES),
        "byte_count": chance.choice([0, 899, 900, 10**10]),
        "packet_count": chance.choice([0, 2, 3, 10**6]),
    }
    if number in WITH_PORTS:
        record |= {"source_port": chance.choice(PORTS), "destination_port": chance.choice(PORTS)}
    elif chance.random() < 0.2:
        # The type and the code of ICMP, as AWS may show them.
        record["destination_port"] = chance.choice([3, 8, 22])
    return record


# -- an evaluation of its own: slow, plain, and written from what the documentation says -----------------------------


def denies(policy: dict[str, Any], record: dict[str, Any]) -> bool:
    """Whether the first rule that matches a flow denies it."""
    for rule in policy["rules"]:
        if matches(rule, policy["sets"], record):
            return bool(rule["action"] == "deny")
    return bool(policy["default"] == "deny")


def matches(rule: dict[str, Any], sets: dict[str, Any], record: dict[str, Any]) -> bool:
    """Whether all conditions of a rule hold."""
    looks = {
        "source_address": is_inside,
        "destination_address": is_inside,
        "source_port": is_port,
        "destination_port": is_port,
    }
    for name, is_it in looks.items():
        if name in rule and not holds(rule[name], sets, record.get(name), is_it):
            return False
    if "protocols" in rule and not holds(rule["protocols"], sets, record["protocol_number"], is_protocol):
        return False
    return (
        record["age"] >= rule.get("min_age", 0)
        and record["age"] <= rule.get("max_age", 2**60)
        and record["byte_count"] >= rule.get("min_bytes", 0)
        and record["packet_count"] >= rule.get("min_packets", 0)
    )


def holds(entries: list[Any], sets: dict[str, Any], value: Any, is_it: Any) -> bool:
    """Whether any of the positive entries matches, or there is none, and none of the negated ones does."""
    positive, negated = [], []
    for entry in entries:
        text = str(entry)
        into = negated if text.startswith("!") else positive
        text = text.lstrip("!")
        into.extend(sets[text[1:]] if text.startswith("$") else [text])
    wanted = any(is_it(entry, value) for entry in positive) or not positive
    return wanted and not any(is_it(entry, value) for entry in negated)


def is_inside(entry: str, value: str) -> bool:
    network, address = ip_network(entry), ip_address(value)
    return network.version == address.version and address in network


def is_port(entry: Any, value: int | None) -> bool:
    if str(entry) == "any":
        return True
    first, _dash, last = str(entry).partition("-")
    return value is not None and int(first) <= value <= int(last or first)


def is_protocol(entry: str, value: int) -> bool:
    return value == (int(entry) if str(entry).isdigit() else PROTOCOLS[entry])


# -- what is asked for -------------------------------------------------------------------------------------------------


def asked(policy: dict[str, Any], bounds: list[dict[str, Any]] | None = None, age: int = 0) -> Asked:
    compiled = compile_policy({"sets": {}, **policy}, today=TODAY)
    return asked_for(regions_of(compiled), bounds or EVERY, age)


def random_bounds(chance: random.Random) -> list[dict[str, Any]]:
    """What somebody asks for at most, half of the time everything."""
    if chance.random() < 0.5:
        return EVERY
    found = []
    for _filter in range(chance.choice([1, 2, 5])):
        bound: dict[str, Any] = {chance.choice(["source_address", "destination_address"]): chance.choice(NETWORKS)}
        if chance.random() < 0.3:
            bound["destination_port"] = chance.choice([22, "80-443", "1024-65535"])
        if chance.random() < 0.3:
            bound["protocols"] = chance.sample(list(PROTOCOLS), 2)
        found.append(bound)
    return found


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(2, 50)))
def test_the_findings_are_those_of_the_whole_capture(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Also where a sober mind would capture everything, and where further captures cost nothing.
    monkeypatch.setattr(asking, "_HARDLY_LESS", (0.75, 2.0)[seed % 2])
    monkeypatch.setattr(asking, "_FURTHER_CAPTURE", (0.0, 0.01)[seed % 2])
    chance = random.Random(seed)
    seen: Counter[str] = Counter({"all": 100 * (seed % 2)})
    for _round in range(100):
        policy = random_policy(chance)
        bounds, age = random_bounds(chance), chance.choice([0, 0, 60])
        records = [random_record(chance) for _flow in range(40)]
        compiled = compile_policy(policy, today=TODAY)
        found = asked_for(regions_of(compiled), bounds, age)
        assert all(1 <= len(item.flow_filters) <= 20 and item.minimum_flow_age >= age for item in found.passes)
        (whole,) = captured([(bounds, age)], records)  # type: ignore[list-item]
        part = set().union(*captured(found.passes, records))
        guilty = {at for at in whole if denies(policy, records[at])}
        assert part <= whole, (policy, bounds)
        assert guilty <= part, (policy, bounds, [records[at] for at in guilty - part])
        judged = compiled.judge_all([records[at] for at in sorted(part)])
        assert {at for at, verdict in zip(sorted(part), judged, strict=True) if verdict} == guilty, policy
        seen["fewer"] += part < whole
        seen["all"] += bool(found.reason)
        seen["several"] += len(found.passes) > 1
        seen["findings"] += bool(guilty)
    assert all(seen[what] >= 5 for what in ("fewer", "all", "findings")) and seen["several"], seen


def filters(asking: Asked) -> list[dict[str, Any]]:
    return [item for one in asking.passes for item in one.flow_filters]


def test_a_rule_is_asked_for_as_it_is_written() -> None:
    found = asked(
        {
            "rules": [
                {
                    "name": "ssh",
                    "action": "deny",
                    "source_address": ["10.1.0.0/16", "fd00::/8"],
                    "destination_port": [22],
                    "protocols": ["tcp"],
                    "min_age": 60,
                }
            ]
        }
    )
    # A flow whose age AWS rounds up is not missed.
    assert found.passes[0].minimum_flow_age == 58
    assert filters(found) == [
        {"source_address": "10.1.0.0/16", "destination_port": 22, "protocols": ["tcp"]},
        {"source_address": "fd00::/8", "destination_port": 22, "protocols": ["tcp"]},
    ]
    assert not found.reason and found.share < 0.01


def test_an_address_is_given_where_a_rule_has_none() -> None:
    found = asked({"rules": [{"name": "telnet", "action": "deny", "destination_port": [23], "protocols": ["tcp"]}]})
    assert filters(found) == [
        {"source_address": "0.0.0.0/0", "destination_port": 23, "protocols": ["tcp"]},
        {"source_address": "::/0", "destination_port": 23, "protocols": ["tcp"]},
    ]


def test_what_is_allowed_before_is_left_out() -> None:
    allowed = {"name": "jump", "action": "allow", "source_address": ["10.1.0.0/16"]}
    denied = {"name": "ssh", "action": "deny", "source_address": ["10.0.0.0/15"], "destination_port": [22]}
    assert filters(asked({"rules": [allowed, denied]})) == [{"source_address": "10.0.0.0/16", "destination_port": 22}]
    # An allow rule that hangs on what nobody can ask for leaves nothing out, and neither does a later one.
    both = [{"source_address": "10.0.0.0/15", "destination_port": 22}]
    assert filters(asked({"rules": [{**allowed, "min_bytes": 9}, denied]})) == both
    assert filters(asked({"rules": [denied, allowed]})) == both


def test_a_deny_by_default_asks_for_what_no_rule_allows() -> None:
    web = {"name": "web", "action": "allow", "destination_port": [443, 80, 53], "protocols": ["tcp", "udp"]}
    found = asked({"default": "deny", "rules": [web]})
    ours = [{**flow, "age": 1} for flow in (WEB, {**WEB, "destination_port": 23}, {**WEB, "protocol_number": 47})]
    assert captured(found.passes, ours) == [{1, 2}]


WEB = {
    "source_address": "10.0.0.1",
    "destination_address": "93.184.216.34",
    "source_port": 40000,
    "destination_port": 443,
    "protocol_number": 6,
}


def test_old_flows_alone_are_asked_for_by_a_capture_of_their_own() -> None:
    found = asked(
        {
            "rules": [
                {"name": "old", "action": "deny", "source_address": ["10.0.0.0/8"], "min_age": 86400},
                {"name": "telnet", "action": "deny", "destination_port": [23]},
            ]
        }
    )
    assert [item.minimum_flow_age for item in found.passes] == [0, 86398]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"rules": []}, "none of the flows that are asked for can be a finding or undecided"),
        ({"rules": [{"name": "all", "action": "deny"}]}, "would have most of the flows"),
        ({"default": "deny", "rules": []}, "would have most of the flows"),
    ],
)
def test_everything_is_asked_for_where_nothing_less_will_do(policy: dict[str, Any], reason: str) -> None:
    found = asked(policy)
    assert filters(found) == EVERY and reason in found.reason


def test_what_is_asked_for_stays_within_what_somebody_asks_for() -> None:
    bounds = [{"source_address": f"10.{number}.0.0/16", "protocols": ["tcp", "udp"]} for number in range(20)]
    found = asked(
        {"rules": [{"name": "r", "action": "deny", "destination_port": [22, 25], "protocols": ["tcp"]}]}, bounds
    )
    assert len(filters(found)) % 20 == 0
    assert {(item["source_address"], *item["protocols"]) for item in filters(found)} == {
        (f"10.{number}.0.0/16", "tcp") for number in range(20)
    }


@pytest.mark.parametrize("networks", [40, 20_000])
def test_a_list_of_networks_gets_the_best_cover_quickly(networks: int) -> None:
    policy = flows.threat_policy(networks, 3)
    begun = time.process_time()
    found = asked(policy)
    assert time.process_time() - begun < 20
    assert all(len(item.flow_filters) <= 20 for item in found.passes)
    assert (found.share > 0.3) == (networks > 100)


def test_very_many_rules_are_asked_for_in_time() -> None:
    begun = time.process_time()
    found = asked(flows.policy(1_000, 5))
    assert time.process_time() - begun < 20
    assert found.passes
