# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy import Policy, Verdict
from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import PolicyError, compile_policy
from ansible_collections.flowops.aws.tests.unit.cases import cases

TODAY = date(2026, 6, 15)
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "gre": 47, "sctp": 132}
NETWORKS = [
    "0.0.0.0/0", "::/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.3/32", "192.0.2.0/25", "fd00::/8",
    "fd00:1::/32", "fd00:1::7", "fd00:1::7/128", "2001:db8::/32", "255.255.255.255", "::", "0.0.0.0/1",
]  # fmt: skip
ADDRESSES = [
    "10.1.2.3", "10.1.2.4", "10.2.0.1", "10.255.255.255", "11.0.0.0", "192.0.2.127", "192.0.2.128", "0.0.0.0",
    "255.255.255.255", "fd00:1::7", "fd00:1::8", "fdff::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::", "::", "::1",
]  # fmt: skip
PORTS = [0, 1, 22, 79, 80, 90, 91, 443, 1023, 1024, 65534, 65535]
PORT_ENTRIES = [0, 22, "80-90", "443", "1024-65535", "0-0", 65535, "any", "8000:8100"]


def compiled(policy: Any, today: date = TODAY, read: Callable[[str], Iterable[str]] | None = None) -> Policy:
    return compile_policy(policy, today=today, read_lines=read)


def mistakes(policy: Any, read: Callable[[str], Iterable[str]] | None = None) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        compiled(policy, read=read)
    errors: list[str] = caught.value.details["policy_errors"]
    assert all(error in caught.value.message for error in errors)
    assert "\n" not in caught.value.message
    return errors


def judge(policy: Policy, record: dict[str, Any]) -> Verdict | None:
    return policy.judge_all([record])[0]


def rule(**conditions: Any) -> dict[str, Any]:
    return {"name": "r", "action": "deny", **conditions}


def verdicts(conditions: dict[str, Any], records: list[dict[str, Any]], **policy: Any) -> list[bool]:
    judged = compiled({"rules": [rule(**conditions)], **policy})
    return [judge(judged, record) is not None for record in records]


# -- an evaluation of its own: slow, plain, and written from the design's words --------------------------------------


def unfold(entries: Any, sets: dict[str, Any]) -> tuple[list[Any], list[Any], bool]:
    positive: list[Any] = []
    negated: list[Any] = []
    any_positive = False
    for entry in entries if isinstance(entries, list) else [entries]:
        text = str(entry)
        into = negated if text.startswith("!") else positive
        any_positive |= into is positive
        text = text.lstrip("!")
        into.extend(sets[text[1:]] if text.startswith("$") else [text])
    return positive, negated, any_positive


def holds(entries: Any, sets: dict[str, Any], value: Any, contains: Callable[[Any, Any], bool]) -> bool:
    positive, negated, any_positive = unfold(entries, sets)
    if "any" in [str(entry) for entry in positive]:
        any_positive = False
    if value is None:
        return not any_positive
    if any_positive and not any(contains(entry, value) for entry in positive):
        return False
    return not any(contains(entry, value) for entry in negated)


def in_network(entry: Any, address: str) -> bool:
    network = ipaddress.ip_network(str(entry))
    point = ipaddress.ip_address(address)
    return point.version == network.version and point in network


def in_ports(entry: Any, port: int) -> bool:
    if str(entry) == "any":
        return True
    first, _dash, last = str(entry).replace(":", "-").partition("-")
    return int(first) <= port <= int(last or first)


def is_protocol(entry: Any, number: int) -> bool:
    return PROTOCOLS.get(str(entry), str(entry)) in (number, str(number))


def expected_rule(policy: dict[str, Any], record: dict[str, Any]) -> tuple[str, str] | None:
    sets = policy["sets"]
    for item in policy["rules"]:
        checks = []
        for key in ("source_address", "destination_address"):
            if key in item:
                checks.append(holds(item[key], sets, record.get(key), in_network))
        for key in ("source_port", "destination_port"):
            if key in item:
                checks.append(holds(item[key], sets, record.get(key), in_ports))
        if "protocols" in item:
            checks.append(holds(item["protocols"], sets, record.get("protocol_number"), is_protocol))
        for key, member in (("min_age", "age"), ("min_bytes", "byte_count"), ("min_packets", "packet_count")):
            if key in item:
                checks.append(member in record and record[member] >= item[key])
        if "max_age" in item:
            checks.append("age" in record and record["age"] <= item["max_age"])
        if all(checks):
            return (item["name"], item.get("severity", "medium")) if item["action"] == "deny" else None
    return ("default", "medium") if policy["default"] == "deny" else None


def random_policy(chance: random.Random) -> dict[str, Any]:
    sets = {
        "nets": chance.sample(NETWORKS, chance.randint(0, 4)),
        "ports": [entry for entry in chance.sample(PORT_ENTRIES, chance.randint(0, 3)) if entry != "any"],
        "kinds": chance.sample([*PROTOCOLS, 6, "17"], 2),
    }

    def entries(pool: list[Any], name: str, is_address: bool) -> Any:
        found = []
        for _round in range(chance.randint(1, 3)):
            entry: Any = chance.choice([*pool, f"${name}"])
            if chance.random() < 0.35 and entry != "any":
                entry = f"!{entry}"
            found.append(entry)
        if is_address and chance.random() < 0.1:
            found.append("any")
        return found[0] if len(found) == 1 and chance.random() < 0.5 else found

    rules = []
    for number in range(chance.randint(0, 5)):
        item: dict[str, Any] = {"name": f"rule-{number}", "action": chance.choice(["deny", "allow"])}
        if item["action"] == "deny" and chance.random() < 0.5:
            item["severity"] = chance.choice(["informational", "low", "high", "critical"])
        for key in ("source_address", "destination_address"):
            if chance.random() < 0.5:
                item[key] = entries(NETWORKS, "nets", True)
        for key in ("source_port", "destination_port"):
            if chance.random() < 0.35:
                item[key] = entries(list(PORT_ENTRIES), "ports", False)
        if chance.random() < 0.4:
            item["protocols"] = entries([*PROTOCOLS, 6, "58"], "kinds", False)
        for key, limits in (("min_age", (0, 60)), ("max_age", (0, 60)), ("min_bytes", (0, 900)), ("min_packets", (3,))):
            if chance.random() < 0.15:
                item[key] = chance.choice(limits)
        rules.append(item)
    return {"default": chance.choice(["allow", "deny"]), "sets": sets, "rules": rules}


def random_record(chance: random.Random) -> dict[str, Any]:
    number = chance.choice([*PROTOCOLS.values(), 200])
    record: dict[str, Any] = {
        "source_address": chance.choice(ADDRESSES),
        "destination_address": chance.choice(ADDRESSES),
        "protocol_number": number,
        "age": chance.choice([0, 59, 60, 61]),
        "byte_count": chance.choice([0, 899, 900]),
        "packet_count": chance.choice([2, 3]),
    }
    if number in (6, 17, 132):
        record["source_port"] = chance.choice(PORTS)
        record["destination_port"] = chance.choice(PORTS)
    return record


def around(network: str) -> list[str]:
    """Return the first and the last address of a network, and those beside it."""
    of = ipaddress.ip_network(network)
    make = type(of.network_address)
    last = (1 << of.max_prefixlen) - 1
    ends = int(of.network_address), int(of.broadcast_address)
    return [str(make(end + step)) for end in ends for step in (-1, 0, 1) if 0 <= end + step <= last]


EVERY_PORT = sorted({port + step for port in (*PORTS, 8000, 8100) for step in (-1, 0, 1) if 0 <= port + step <= 65535})
EVERY_ADDRESS = sorted({address for network in NETWORKS for address in around(network)} | set(ADDRESSES))
VALUES: dict[str, list[Any]] = {
    "source_address": EVERY_ADDRESS,
    "destination_address": EVERY_ADDRESS,
    "protocol_number": [*PROTOCOLS.values(), 0, 33, 200],
    "source_port": EVERY_PORT,
    "destination_port": EVERY_PORT,
    "age": [0, 1, 59, 60, 61, 2**40],
    "byte_count": [0, 1, 899, 900, 2**40],
    "packet_count": [0, 2, 3, 2**40],
}
UNREADABLE: dict[str, list[Any]] = {
    name: [None, "", "\ud800", "ANY", "some", ["10.0.0.1"], 2**70, -7]
    + (["10.0.0.0/24", "10.0.0", 10] if name.endswith("address") else ["10.0.0.1", 70_000 if "port" in name else 1.5])
    for name in VALUES
}


def possible_records(record: dict[str, Any], blanked: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what a flow may be, of which some members are not known."""
    for values in itertools.product(*(VALUES[name] for name in blanked)):
        made = {**record, **dict(zip(blanked, values, strict=True))}
        if made["protocol_number"] not in (6, 17, 33, 132, 136):
            for name in ("source_port", "destination_port"):
                if name in blanked or not made.get(name):
                    made.pop(name, None)
        yield made


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(4, 100)))
def test_what_is_not_known_makes_a_finding_only_if_every_value_does(seed: int) -> None:
    chance = random.Random(seed)
    answers: Counter[str] = Counter()
    for _round in range(40):
        policy = random_policy(chance)
        policy["rules"] = policy["rules"][:3]
        judged = compiled(policy)
        for _flow in range(6):
            record = random_record(chance)
            blanked = [name for name in chance.sample(list(VALUES), chance.choice([1, 1, 2])) if name in record]
            if "protocol_number" in blanked:
                # Without a port, or with 0, it is not known either whether there is one.
                blanked += [name for name in ("source_port", "destination_port") if not record.get(name)]
            blanked = list(dict.fromkeys(blanked))
            if math.prod(len(VALUES[name]) for name in blanked) > 5000:
                continue
            expected = {expected_rule(policy, made) for made in possible_records(record, blanked)}
            given = {**record, **{name: chance.choice(UNREADABLE[name]) for name in blanked}}
            for name in blanked:
                if chance.random() < 0.3:
                    del given[name]
            (verdict,), unreadable = judged.judged([given])
            found = (verdict.rule, verdict.severity) if verdict else None
            if None not in expected:
                answers["finding"] += 1
                assert found in expected and not unreadable, (policy, given, expected)
            elif len(expected) == 1:
                answers["allowed"] += 1
                assert found is None and not unreadable, (policy, given)
            else:
                answers["unreadable"] += 1
                assert found is None and list(unreadable) == [0], (policy, given, expected)
    assert min(answers[answer] for answer in ("finding", "allowed", "unreadable")) > 5, answers


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(5, 200)))
def test_every_verdict_equals_an_evaluation_of_its_own(seed: int) -> None:
    chance = random.Random(seed)
    seen = set()
    for _round in range(300):
        policy = random_policy(chance)
        judged = compiled(policy)
        for _flow in range(12):
            record = random_record(chance)
            verdict = judge(judged, record)
            found = (verdict.rule, verdict.severity) if verdict else None
            assert found == expected_rule(policy, record), (policy, record)
            seen.add(found)
    # A generator that only ever allowed would prove nothing.
    assert None in seen and ("default", "medium") in seen and len(seen) > 8


# -- the corners, by name ------------------------------------------------------------------------------------------


def test_the_first_match_decides_and_an_allow_ends_the_search() -> None:
    policy = compiled(
        {
            "default": "deny",
            "rules": [
                {"name": "jump", "action": "allow", "source_address": "10.9.9.9", "destination_port": 22},
                {"name": "ssh", "action": "deny", "severity": "high", "destination_port": 22},
                {"name": "later", "action": "deny", "severity": "low", "destination_port": [22, 80]},
            ],
        }
    )
    judged = [
        judge(policy, {"source_address": source, "destination_port": port})
        for source, port in (("10.9.9.9", 22), ("10.9.9.8", 22), ("10.9.9.8", 80), ("10.9.9.8", 81))
    ]
    assert [verdict and (verdict.rule, verdict.severity) for verdict in judged] == [
        None, ("ssh", "high"), ("later", "low"), ("default", "medium"),
    ]  # fmt: skip
    assert [item["name"] for item in policy.described] == ["jump", "ssh", "later", "default"]


def test_an_empty_list_of_rules_is_a_policy() -> None:
    assert judge(compiled({"rules": []}), {"source_address": "10.0.0.1"}) is None


def test_a_negated_network_says_nothing_of_the_other_ip_version() -> None:
    records = [{"source_address": address} for address in ("10.0.0.1", "11.0.0.1", "::a00:1", "fd00::1")]
    assert verdicts({"source_address": "!10.0.0.0/8"}, records) == [False, True, True, True]
    assert verdicts({"source_address": ["!0.0.0.0/0"]}, records) == [False, False, True, True]


def test_a_set_without_entries_matches_nothing_and_negated_excludes_nothing() -> None:
    records = [{"source_address": "10.0.0.1", "destination_port": 22}]
    assert verdicts({"source_address": "$none"}, records, sets={"none": []}) == [False]
    assert verdicts({"source_address": "!$none"}, records, sets={"none": []}) == [True]
    assert verdicts({"destination_port": ["$none"]}, records, sets={"none": []}) == [False]


def test_port_0_is_a_port_and_no_port_is_none() -> None:
    records: list[dict[str, Any]] = [
        {"protocol_number": number, "destination_port": port} for number, port in ((6, 0), (6, 1), (47, None))
    ]
    assert verdicts({"destination_port": 0}, records) == [True, False, False]
    assert verdicts({"destination_port": "!0"}, records) == [False, True, True]
    assert verdicts({"destination_port": "any"}, records) == [True, True, True]
    assert verdicts({"destination_port": ["0-65535"]}, records) == [True, True, False]


@pytest.mark.parametrize("number", [1, 2, 47, 50, 58, 200])
@pytest.mark.parametrize("conditions", [{}, {"destination_port": 0}, {"destination_port": "!22", "source_port": "any"}])
def test_without_ports_every_way_to_say_so_is_judged_alike_and_known(number: int, conditions: dict[str, Any]) -> None:
    written: list[dict[str, Any]] = [
        {}, *({"source_port": none, "destination_port": none} for none in (None, "ANY", "any", "", 0)),
    ]  # fmt: skip
    judged = compiled({"rules": [rule(protocols=[number], **conditions)]}).judged(
        [{"protocol_number": number, **ports} for ports in written]
    )
    assert len({verdict and verdict.rule for verdict in judged.verdicts}) == 1
    assert list(judged.unreadable) == []


def test_a_limit_holds_for_what_is_not_known_if_it_holds_for_everything() -> None:
    records: list[dict[str, Any]] = [{"age": 60}, {"age": 59}, {}]
    assert verdicts({"min_age": 60}, records) == [True, False, False]
    assert verdicts({"min_age": 0}, records) == [True, True, True]
    assert verdicts({"max_age": 59}, records) == [False, True, False]


def test_an_allow_that_perhaps_applies_keeps_a_flow_from_being_a_finding() -> None:
    policy = compiled(
        {
            "rules": [
                {"name": "ssh", "action": "allow", "destination_port": [22]},
                {"name": "large", "action": "deny", "min_bytes": 1000},
            ]
        }
    )
    flow = {"protocol_number": 6, "destination_port": 23, "byte_count": 5000}
    page = [flow, {**flow, "destination_port": 22}, {**flow, "destination_port": ""}, {**flow, "byte_count": None}]
    verdicts, unreadable = policy.judged(page)
    assert [verdict and verdict.rule for verdict in verdicts] == ["large", None, None, None]
    assert list(unreadable) == [2, 3]
    # What cannot come to a verdict of its own is not in doubt.
    assert not policy.judged([{**flow, "destination_port": "", "byte_count": 1}]).unreadable


def test_very_many_unknown_members_are_looked_at_one_by_one() -> None:
    rules = [
        {
            "name": f"r{number}",
            "action": "deny" if number % 2 else "allow",
            "source_port": number,
            "destination_port": number,
            "source_address": f"10.0.{number}.0/24",
            "destination_address": f"10.0.{number}.0/24",
        }
        for number in range(60)
    ]
    judged = compiled({"rules": rules}).judged([{"protocol_number": 6}, {"protocol_number": 6, "source_port": 99}])
    assert judged.verdicts == [None, None]
    assert list(judged.unreadable) == [0]


@pytest.mark.parametrize("written", ["2026-06-15", date(2026, 6, 15), datetime(2026, 6, 15, 8)])
def test_an_exception_counts_on_its_last_day_and_not_after(written: Any) -> None:
    policy = {"rules": [rule(expires=written)]}
    on_the_day = compiled(policy, date(2026, 6, 15))
    day_after = compiled(policy, date(2026, 6, 16))
    assert judge(on_the_day, {}) is not None and on_the_day.expired == ()
    assert judge(day_after, {}) is None and day_after.expired == ("r",)
    assert day_after.described[0]["expired"] is True


def test_a_disabled_rule_does_not_count_and_is_still_checked() -> None:
    policy = compiled({"rules": [rule(enabled=False)]})
    assert judge(policy, {}) is None
    assert policy.expired == ()
    assert policy.described[0]["enabled"] is False
    assert mistakes({"rules": [rule(enabled=False, destination_port=[70000])]})[0].startswith(
        "rules[0].destination_port[0]:"
    )


# -- mistakes --------------------------------------------------------------------------------------------------------


def test_every_mistake_is_named_at_once_with_its_path() -> None:
    found = mistakes(
        {
            "defualt": "deny",
            "default": "maybe",
            "sets": {"bad": ["10.0.0.0/33"], "nested": ["$bad"]},
            "rules": [
                {"name": "fine", "action": "allow", "source_address": "10.0.0.0/8"},
                {"name": "fine", "action": "deny", "sevrity": "high", "severity": "huge"},
                {"action": "drop", "source_address": ["$bad", "$missing", "10.1.0.0/8"]},
                {"name": "ports", "action": "deny", "destination_port": [70000]},
                {"name": "kinds", "action": "deny", "protocols": ["foo"], "min_age": "old", "max_age": True},
                {"name": "default", "action": "deny", "enabled": "yes", "expires": "31.1.2027"},
                {"name": "mild", "action": "allow", "severity": "low"},
                "deny everything",
            ],
        }
    )
    starts = [
        "defualt: there is no such key",
        "default: 'maybe'",
        "sets.nested[0]: '$bad'",
        "rules[1].sevrity: there is no such key",
        "rules[1].severity: 'huge'",
        "rules[1].name: 'fine'",
        "rules[2].name: None",
        "rules[2].action: 'drop'",
        "rules[2].source_address[0] (sets.bad[0]): '10.0.0.0/33'",
        "rules[2].source_address[1]: '$missing'",
        "rules[2].source_address[2]: '10.1.0.0/8'",
        "rules[3].destination_port[0]: 70000",
        "rules[4].protocols[0]: 'foo'",
        "rules[4].min_age: 'old'",
        "rules[4].max_age: True",
        "rules[5].enabled: 'yes'",
        "rules[5].expires: '31.1.2027'",
        "rules[5].name: 'default'",
        "rules[6].severity: 'low'",
        "rules[7]: 'deny everything'",
    ]
    for start in starts:
        assert sum(error.startswith(start) for error in found) == 1, (start, found)
    assert len(found) == len(starts), found
    assert all((error.endswith(".") and "; " in error) or "no such key" in error for error in found)
    assert "write 10.0.0.0/8" in next(error for error in found if "10.1.0.0/8" in error)


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ([], "this is not a policy"),
        ("deny", "this is not a policy"),
        (None, "this is not a policy"),
        (True, "this is not a policy"),
        ({}, "rules: it is missing"),
        ({"rules": None}, "rules: None"),
        ({"rules": {"name": "r"}}, "rules: {"),
        ({"rules": "r"}, "rules: 'r'"),
        ({"rules": 3}, "rules: 3"),
        ({"rules": [None]}, "rules[0]: None"),
        ({"rules": [["r"]]}, "rules[0]: ['r']"),
        ({"rules": [True]}, "rules[0]: True"),
        ({"rules": [], "sets": "corp"}, "sets: 'corp'"),
        ({"rules": [], "sets": ["corp"]}, "sets: ['corp']"),
        ({"rules": [], "sets": []}, "sets: []"),
        ({"rules": [], "sets": False}, "sets: False"),
        ({"rules": [], "sets": {"corp": None}}, "sets.corp: None"),
        ({"rules": [], "sets": {"corp": {"path": "x"}}}, "sets.corp: {"),
        ({"rules": [], "sets": {"corp": {"file": 7}}}, "sets.corp: {"),
        ({"rules": [], "default": None}, "default: None"),
        ({"rules": [], "default": ["deny"]}, "default: ['deny']"),
        ({"rules": [], 7: 1}, "7: there is no such key"),
        ({"rules": [rule(name=7)]}, "rules[0].name: 7"),
        ({"rules": [rule(name="  ")]}, "rules[0].name: '  '"),
        ({"rules": [rule(action=True)]}, "rules[0].action: True"),
        ({"rules": [rule(severity={"a": 1})]}, "rules[0].severity: {"),
        ({"rules": [rule(source_address={"a": 1})]}, "rules[0].source_address: {"),
        ({"rules": [rule(source_address=True)]}, "rules[0].source_address: True"),
        ({"rules": [rule(source_address=[None])]}, "rules[0].source_address[0]: None"),
        ({"rules": [rule(source_address=[["10.0.0.1"]])]}, "rules[0].source_address[0]: ['10.0.0.1']"),
        ({"rules": [rule(source_address=["::1/129"])]}, "rules[0].source_address[0]: '::1/129'"),
        ({"rules": [rule(source_address="!any")]}, "rules[0].source_address[0]: 'any'"),
        ({"rules": [rule(destination_port=["9-3"])]}, "rules[0].destination_port[0]: '9-3'"),
        ({"rules": [rule(destination_port=[-1])]}, "rules[0].destination_port[0]: -1"),
        ({"rules": [rule(destination_port=[""])]}, "rules[0].destination_port[0]: ''"),
        ({"rules": [rule(destination_port=[True])]}, "rules[0].destination_port[0]: True"),
        ({"rules": [rule(destination_port=[None])]}, "rules[0].destination_port[0]: None"),
        ({"rules": [rule(protocols=[256])]}, "rules[0].protocols[0]: 256"),
        ({"rules": [], "sets": {"nested": ["!10.0.0.1"]}}, "sets.nested[0]: '!10.0.0.1'"),
        ({"rules": [rule(destination_port=22.5)]}, "rules[0].destination_port: 22.5"),
        ({"rules": [rule(destination_port=[22.5])]}, "rules[0].destination_port[0]: 22.5"),
        ({"rules": [rule(protocols={"tcp"})]}, "rules[0].protocols: {'tcp'}"),
        ({"rules": [rule(protocols=[True])]}, "rules[0].protocols[0]: True"),
        ({"rules": [rule(min_bytes=-1)]}, "rules[0].min_bytes: -1"),
        ({"rules": [rule(min_bytes=1.5)]}, "rules[0].min_bytes: 1.5"),
        ({"rules": [rule(min_packets=[1])]}, "rules[0].min_packets: [1]"),
        ({"rules": [rule(enabled=1)]}, "rules[0].enabled: 1"),
        ({"rules": [rule(expires=True)]}, "rules[0].expires: True"),
        ({"rules": [rule(expires="2027-02-30")]}, "rules[0].expires: '2027-02-30'"),
    ],
)
def test_a_wrong_type_or_value_is_one_mistake_that_names_it(policy: Any, path: str) -> None:
    found = mistakes(policy)
    assert len(found) == 1
    assert found[0].startswith(path)


# -- sets from files -------------------------------------------------------------------------------------------------


def lines_of(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return file.readlines()


def with_file(path: Path, **conditions: Any) -> dict[str, Any]:
    return {"sets": {"threats": {"file": str(path)}}, "rules": [rule(destination_address="$threats", **conditions)]}


def test_a_set_file_has_comments_blank_lines_and_both_ip_versions(tmp_path: Path) -> None:
    path = tmp_path / "threats.txt"
    path.write_text("# ours\n\n198.51.100.0/24   # a net\n  2001:db8:bad::/48\r\n203.0.113.9\n", encoding="utf-8")
    policy = compiled(with_file(path), read=lines_of)
    addresses = ("198.51.100.255", "198.51.101.0", "2001:db8:bad::1", "2001:db8:bae::", "203.0.113.9", "203.0.113.8")
    judged = [judge(policy, {"destination_address": address}) is not None for address in addresses]
    assert judged == [True, False, True, False, True, False]


def test_a_bad_line_of_a_set_file_is_named_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "threats.txt"
    path.write_text("# one\n198.51.100.0/24\n\nevil.example\n10.0.0.0/33\n", encoding="utf-8")
    found = mistakes(with_file(path), read=lines_of)
    assert len(found) == 2
    # Which file it is, is known; what else it may hold is nobody's business.
    assert [error.partition(": ")[0] for error in found] == [f"'{path}' line 4", f"'{path}' line 5"]
    assert not any(text in error for error in found for text in ("evil", "/33"))


def test_a_set_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    missing = mistakes(with_file(tmp_path / "none.txt"), read=lines_of)
    assert missing[0].startswith("sets.threats.file: ") and "No such file" in missing[0]
    folder = mistakes(with_file(tmp_path), read=lines_of)
    assert folder[0].startswith("sets.threats.file: ") and "directory" in folder[0]
    binary = tmp_path / "latin.txt"
    binary.write_bytes(b"10.0.0.1 # caf\xe9\n")
    assert "not UTF-8" in mistakes(with_file(binary), read=lines_of)[0]
    assert "cannot be read here" in mistakes(with_file(binary))[0]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(5, 200)))
def test_a_list_of_very_many_networks_is_judged_as_its_networks_say(seed: int) -> None:
    chance = random.Random(seed)
    # Lists that are spread over all addresses, that share their beginning, and whose IPv6 networks share a half.
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    start4, width4 = chance.choice([(0, 32), (10 << 24, 20), ((1 << 32) - (1 << 18), 18)])
    start6, width6 = chance.choice([(0, 128), (0x20010DB8 << 96, 66), ((1 << 128) - (1 << 80), 80)])
    for _network in range(chance.choice([900, 3000])):
        length = chance.randint(32 - width4 // 2, 32)
        first = (start4 + chance.getrandbits(width4)) >> (32 - length) << (32 - length)
        networks.append(ipaddress.IPv4Network((first, length)))
        length = chance.randint(128 - width6 // 2, 128)
        first = (start6 + chance.getrandbits(width6)) >> (128 - length) << (128 - length)
        networks.append(ipaddress.IPv6Network((first, length)))
    policy = compiled(
        {"rules": [{"name": "listed", "action": "deny", "destination_address": [str(network) for network in networks]}]}
    )
    known = {(network.version, int(network.network_address), network.prefixlen) for network in networks}
    addresses = [
        make(min(limit, max(0, int(end) + step)))
        for network in chance.sample(networks, 300)
        for make, limit in (
            [(ipaddress.IPv4Address, 2**32 - 1)] if network.version == 4 else [(ipaddress.IPv6Address, 2**128 - 1)]
        )
        for end in (network.network_address, network.broadcast_address)
        for step in (-1, 0, 1)
    ]
    addresses += [ipaddress.IPv4Address(0), ipaddress.IPv4Address("255.255.255.255")]
    addresses += [ipaddress.IPv6Address(0), ipaddress.IPv6Address(2**128 - 1)]
    found = 0
    for address in addresses:
        bits = address.max_prefixlen
        wanted = any(
            (address.version, int(address) >> (bits - length) << (bits - length), length) in known
            for length in range(bits + 1)
        )
        judged = judge(policy, {"destination_address": str(address)})
        assert (judged is not None) == wanted, address
        found += wanted
    assert 0 < found < len(addresses)


@pytest.mark.parametrize(
    "content",
    ["\ufeff198.51.100.0/24\n", "; Spamhaus DROP List\n198.51.100.0/24 ; SBL1\n", "198[.]51[.]100[.]0/24\r\n",
     "198.51.100.0/24 # both ; kinds\n\n"],
)  # fmt: skip
def test_a_list_as_people_have_it_is_read(tmp_path: Path, content: str) -> None:
    path = tmp_path / "threats.txt"
    path.write_text(content, encoding="utf-8")
    policy = compiled(with_file(path), read=lines_of)
    judged = [
        judge(policy, {"destination_address": address}) is not None for address in ("198.51.100.255", "198.51.101.0")
    ]
    assert judged == [True, False]


@pytest.mark.parametrize(
    "content",
    ['["198.51.100.0/24"]\n', '{"cidr": "198.51.100.0/24"}\n', "ip,seen\n198.51.100.1,today\n", '"198.51.100.1"\n',
     "<html>\n", "198.51.100.1,198.51.100.2\n"],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_one_sentence_that_says_what_a_list_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "threats.txt"
    path.write_text(content * 50, encoding="utf-8")
    (found,) = mistakes(with_file(path), read=lines_of)
    assert found.startswith(f"'{path}' line 1: this looks like CSV, JSON or markup; a list has one address or CIDR")
    assert "198" not in found


def test_of_very_many_mistakes_the_first_are_told_and_the_others_counted(tmp_path: Path) -> None:
    path = tmp_path / "threats.txt"
    path.write_text("secret\n" * 54_007, encoding="utf-8")
    rules = [rule(name=f"r{number}", destination_address="$threats") for number in range(3)]
    found = mistakes({"sets": {"threats": {"file": str(path)}}, "rules": rules}, read=lines_of)
    # A list that several rules name is wrong once.
    assert len(found) == 21 and found[-1] == "And 53987 more."
    assert "secret" not in " ".join(found)


def test_what_is_no_policy_is_not_quoted_and_a_wrong_value_only_in_part() -> None:
    for content in ("root:$6$hash:19000", ["root:$6$hash"], {"password": "hash"}, {"hash": {"rules": "hash"}}):
        assert "hash" not in " ".join(mistakes(content))
    assert "rulez: there is no such key" in mistakes({"rulez": "hash"})[0]
    (found,) = mistakes({"rules": [rule(destination_address="x" * 500)]})
    assert "x" * 30 in found and "x" * 41 not in found


@pytest.mark.parametrize(
    ("conditions", "part"),
    [
        ({"destination_port": "0443"}, "a port has no leading zeros, write 443"),
        ({"destination_port": "020-021"}, "a port has no leading zeros, write 20-21"),
        ({"min_age": "060"}, "without leading zeros"),
        ({"min_bytes": "9" * 5000}, "whole number"),
        ({"source_address": "fe80::1%eth0"}, "a zone such as %eth0 is known to one host only"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(conditions: dict[str, Any], part: str) -> None:
    (found,) = mistakes({"rules": [rule(**conditions)]})
    assert part in found


@pytest.mark.parametrize("written", ["192[.]0[.]2[.]7", "192.0.2[.]7", "192(.)0(.)2(.)7", "192.0.2.7/32"])
def test_a_defanged_address_is_read_as_what_it_stands_for(written: str) -> None:
    records = [{"source_address": address} for address in ("192.0.2.7", "192.0.2.8")]
    assert verdicts({"source_address": written}, records) == [True, False]
