# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unknown is not no: a flow that may be innocent, whatever its unknown members are, is matched by no filter of a plan.

The policy and the filters are evaluated here by code of their own, for each value that could make a difference: those
at the bounds of every rule and every filter, those beside them, and one that is outside of all.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import Scope
from ansible_collections.flowops.aws.plugins.module_utils.operations.capture import Capture
from ansible_collections.flowops.aws.plugins.module_utils.operations.planner import Planner
from ansible_collections.flowops.aws.tests.unit.cases import cases

CAPTURES = cases(150, 5000)
AT_ONCE = 50
ARN = parse_firewall_arn("arn:aws:network-firewall:us-east-1:111122223333:firewall/egress")

Record = dict[str, Any]
TCP, UDP, ICMP, GRE = 6, 17, 1, 47
NAMES = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "gre": GRE}
HOSTS = [f"10.0.0.{last}" for last in range(8)] + ["10.0.1.1", "198.51.100.7"]
PORTS = (0, 22, 23, 24, 443, 40000)
# What stands where a member cannot be read.
FORMS: dict[str, tuple[Any, ...]] = {
    "source_address": (None, "", "ANY", "10.0.0.0/30", "host", "\ud800", 7),
    "source_port": (None, "", "ANY", "22-23", -1, 65536, "x", [22]),
    "protocol_number": (None, "", "tcp", -1, 256),
    "age": (None, "", "500", -1),
}
FORMS["destination_address"], FORMS["destination_port"] = FORMS["source_address"], FORMS["source_port"]
ABSENT = object()


# -- evaluated apart from the product ---------------------------------------------------------------------------------


def span(text: Any) -> tuple[int, int]:
    first, _dash, last = str(text).partition("-")
    return int(first), int(last or first)


def holds(entry: str, address: str) -> bool:
    return ip_address(address) in ip_network(entry)


def has_ports(record: Mapping[str, Any]) -> bool:
    return record["protocol_number"] in (TCP, UDP)


def rule_matches(rule: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Say whether a rule matches a flow of which everything is known."""
    if "protocols" in rule and record["protocol_number"] not in [NAMES[name] for name in rule["protocols"]]:
        return False
    for name in ("source_port", "destination_port"):
        if name in rule and not (
            has_ports(record) and any(first <= record[name] <= last for first, last in map(span, rule[name]))
        ):
            return False
    if "min_age" in rule and record["age"] < rule["min_age"]:
        return False
    return all(
        any(holds(entry, record[name]) for entry in rule[name])
        for name in ("source_address", "destination_address")
        if name in rule
    )


def is_denied(policy: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    for rule in policy["rules"]:
        if rule_matches(rule, record):
            return bool(rule["action"] == "deny")
    return bool(policy["default"] == "deny")


def filter_matches(written: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Say whether a filter matches a flow of which everything is known; of no ports, no condition on ports is met."""
    if "protocols" in written and record["protocol_number"] not in [
        NAMES.get(name, name) for name in written["protocols"]
    ]:
        return False
    for name in ("source_port", "destination_port"):
        if name in written:
            first, last = span(written[name])
            if not has_ports(record) or not first <= record[name] <= last:
                return False
    return all(
        holds(written[name], record[name]) for name in ("source_address", "destination_address") if name in written
    )


def around(bounds: Iterable[int], last: int) -> list[int]:
    """Return bounds, what is beside them, and what is outside of all of them."""
    near = {bound + more for bound in bounds for more in (-1, 0, 1)}
    outside = next(number for number in range(last, -1, -1) if number not in near)
    return sorted(number for number in {*near, outside} if 0 <= number <= last)


def values_of(name: str, policy: Mapping[str, Any], filters: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the values of a member that could make a difference to a rule or a filter."""
    given = [item[name] for item in (*policy["rules"], *filters) if name in item]
    if name.endswith("_address"):
        networks = [
            ip_network(entry) for entries in given for entry in ([entries] if isinstance(entries, str) else entries)
        ]
        ends = [int(end) for network in networks for end in (network[0], network[-1])]
        return [str(IPv4Address(number)) for number in around(ends, 2**32 - 1)]
    if name.endswith("_port"):
        spans = [span(entry) for entries in given for entry in (entries if isinstance(entries, list) else [entries])]
        return around([bound for each in spans for bound in each], 65535)
    if name == "protocol_number":
        return [TCP, UDP, ICMP, GRE, 253]
    return around([rule["min_age"] for rule in policy["rules"] if "min_age" in rule], 10**6)


def fillings(
    record: Mapping[str, Any], unknown: Sequence[str], policy: Mapping[str, Any], filters: Sequence[Mapping[str, Any]]
) -> Iterator[Record]:
    """Yield a flow with everything that its unknown members may be."""
    for values in product(*(values_of(name, policy, filters) for name in unknown)):
        yield {**record, **dict(zip(unknown, values, strict=True))}


# -- random captures --------------------------------------------------------------------------------------------------


def network(chance: random.Random) -> str:
    return chance.choice(["10.0.0.0/30", "10.0.0.4/31", "10.0.0.0/24", "198.51.100.7/32", "10.0.0.3/32", "0.0.0.0/0"])


def random_rule(chance: random.Random, number: int) -> Record:
    rule: Record = {"name": f"r{number}", "action": chance.choice(["deny", "deny", "allow"])}
    for name in ("source_address", "destination_address"):
        if chance.random() < 0.4:
            rule[name] = [network(chance) for _entry in range(chance.randint(1, 2))]
    if chance.random() < 0.6:
        rule["destination_port"] = [chance.choice([22, 23, 443, "22-24", "0-1023"])]
    if chance.random() < 0.2:
        rule["source_port"] = [chance.choice(["0-1023", "1024-65535", 40000])]
    if chance.random() < 0.4 or {"destination_port", "source_port"} & rule.keys():
        rule["protocols"] = chance.sample(["tcp", "udp"], chance.randint(1, 2))
    elif chance.random() < 0.4:
        rule["protocols"] = chance.sample(list(NAMES), chance.randint(1, 2))
    if chance.random() < 0.2:
        rule["min_age"] = chance.choice([60, 300])
    return rule


def random_policy(chance: random.Random) -> Record:
    rules = [random_rule(chance, number) for number in range(chance.randint(1, 4))]
    return {"default": chance.choice(["allow", "allow", "allow", "deny"]), "rules": rules}


def random_flow(chance: random.Random) -> tuple[Record, Record, list[str]]:
    """Return a flow as it is, as it is captured, and which of its members are not known."""
    number = chance.choice([TCP, TCP, UDP, ICMP, GRE])
    flow: Record = {
        "source_address": chance.choice(HOSTS),
        "source_port": chance.choice(PORTS) if number in (TCP, UDP) else 0,
        "destination_address": chance.choice(HOSTS),
        "destination_port": chance.choice(PORTS) if number in (TCP, UDP) else 0,
        "protocol_number": number,
        "age": chance.choice([0, 59, 60, 299, 300, 4000]),
    }
    captured = dict(flow)
    if number not in (TCP, UDP):
        for name in ("source_port", "destination_port"):
            form = chance.choice([0, None, "", "ANY", ABSENT])
            captured[name] = form
    unknown = []
    if chance.random() < 0.15:
        names = [name for name in FORMS if has_ports(flow) or not name.endswith("_port")]
        for name in chance.sample(names, chance.choice([1, 1, 1, 2])):
            captured[name] = chance.choice([*FORMS[name], ABSENT])
            unknown.append(name)
    if "protocol_number" in unknown:
        # Whether there are ports is not known then either, where they say no more than that there may be none.
        unknown += [
            name for name in ("source_port", "destination_port") if name not in unknown and captured[name] in (0, None)
        ]
    return flow, {name: value for name, value in captured.items() if value is not ABSENT}, unknown


def is_other_direction(flow: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> bool:
    swapped = {
        "source_address": flow["destination_address"],
        "destination_address": flow["source_address"],
        "source_port": flow["destination_port"],
        "destination_port": flow["source_port"],
        "protocol_number": flow["protocol_number"],
    }
    return any(
        all(other[name] == value for name, value in swapped.items()) and abs(other["age"] - flow["age"]) <= 2
        for other in findings
    )


Judge = Callable[[Sequence[Mapping[str, Any]]], Sequence[Any]]


def planned(folder: Path, records: Sequence[Record], verdicts: Sequence[Any]) -> list[Record]:
    """Return the filters of the plan, each with the minimum age of its operation."""
    capture = Capture("0a1b2c3d-0000-4000-8000-0123456789ab", Scope("availability_zone", "us-east-1a"))
    with Planner(str(folder), [capture]) as planner:
        planner.add(capture, records, verdicts)
        plan = planner.plan(ARN)
    return [
        {**item, "minimum_flow_age": operation["minimum_flow_age"]}
        for operation in plan.operations
        for item in operation["flow_filters"]
    ]


@pytest.mark.long
@pytest.mark.parametrize("part", range(CAPTURES // AT_ONCE))
def test_no_filter_matches_what_may_be_innocent(tmp_path: Path, part: int) -> None:
    chance = random.Random(part)
    held = filled = 0
    for _capture in range(AT_ONCE):
        policy = random_policy(chance)
        judge = compile_policy(policy, today=date(2026, 1, 1))
        flows = [random_flow(chance) for _flow in range(chance.randint(5, 40))]
        records = [captured for _flow, captured, _unknown in flows]
        verdicts = judge.judge_all(records)
        filters = planned(tmp_path, records, verdicts)
        held += len(filters)
        findings = [
            flow for (flow, _captured, unknown), verdict in zip(flows, verdicts, strict=True) if verdict and not unknown
        ]
        for flow, captured, unknown in flows:
            if not unknown and is_other_direction(flow, findings):
                continue
            outcomes = list(fillings(flow, unknown, policy, filters))
            if all(is_denied(policy, filling) for filling in outcomes):
                continue
            filled += bool(unknown)
            for filling in outcomes:
                hit = [
                    item
                    for item in filters
                    if filter_matches(item, filling)
                    and ("age" in unknown or filling["age"] >= item["minimum_flow_age"])
                ]
                assert not hit, (policy, captured, filling, hit)
    # What holds is held for many filters, and for many flows of which not everything is known.
    assert held > AT_ONCE and filled > AT_ONCE
