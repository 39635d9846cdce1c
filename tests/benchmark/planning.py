# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures with findings that come from no AWS, and the plans for them, made as an audit makes them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy import Policy
from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.plugins.module_utils.files import read_records, reader_in
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import Scope
from ansible_collections.flowops.aws.plugins.module_utils.operations.capture import Capture
from ansible_collections.flowops.aws.plugins.module_utils.operations.planner import Planner
from ansible_collections.flowops.aws.tests.benchmark import flows

# What makes a flow a finding: its port, a list of networks, or nothing that a filter could tell.
KINDS = ("port", "threats", "random")
PAGE = 100
SEED = 20
LISTED_NETWORKS = 200
DAY = date(2026, 1, 1)
POLICY = Path(__file__).resolve().parents[1] / "demo" / "policy.yml"

# The flow records of a capture, and for each whether it is a finding.
Page = tuple[list[dict[str, Any]], list[bool]]
# Of any firewall: a plan is as large for one as for another.
FIREWALL = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"


@dataclass(frozen=True)
class Size:
    """How large a plan is: findings in it and left out, filters, operations; and the operations of a filter each."""

    findings: int
    inseparable: int
    filters: int
    operations: int
    operations_of_one_each: int


def pages(kind: str, count: int, findings: int, seed: int = SEED) -> Iterator[Page]:
    """Yield a capture of so many flows page by page, with so many findings of a kind spread over it."""
    rng = random.Random(f"{seed}/{kind}")
    networks = [(rng.randrange(11 << 16, 224 << 16) << 8, rng.getrandbits(64)) for _network in range(LISTED_NETWORKS)]
    page: Page = ([], [])
    for at, record in enumerate(flows.stream(count, seed)):
        is_finding = at * findings // count != (at + 1) * findings // count
        if is_finding and kind == "port":
            record.update(destination_port=23, protocol="tcp", protocol_number=6)
        elif is_finding and kind == "threats":
            first, first_of_6 = rng.choice(networks)
            record["destination_address"] = str(
                IPv6Address((0x20010DB8 << 96) | first_of_6 << 32 | rng.randrange(1, 255))
                if ":" in record["source_address"]
                else IPv4Address(first | rng.randrange(1, 255))
            )
        page[0].append(record)
        page[1].append(is_finding)
        if len(page[0]) == PAGE:
            yield page
            page = ([], [])
    if page[0]:
        yield page


def scan(count: int) -> Iterator[Page]:
    """Yield a capture in which one host tries so many others, while ten times as many flows go where they should."""
    rng = random.Random(SEED)
    for records, guilty in pages("random", 11 * count, count):
        for record, is_finding in zip(records, guilty, strict=True):
            if is_finding:
                target = IPv4Address(rng.randrange(11 << 24, 224 << 24))
                record.update(source_address="10.66.6.6", destination_address=str(target))
        yield records, guilty


def of_log(path: str | Path, policy: Policy) -> dict[tuple[str, str], list[Page]]:
    """Return the flows of a flow log by firewall and zone, with those that a policy finds."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in read_records(str(path), "flow-log"):
        found.setdefault((record.pop("firewall_name", ""), record.get("availability_zone", "")), []).append(record)
    return {
        zone: [(records, [verdict is not None for verdict in policy.judge_all(records)])]
        for zone, records in sorted(found.items())
    }


def demo_policy() -> Policy:
    """Return the policy of the demo."""
    return compile_policy(
        yaml_load(POLICY.read_text(encoding="utf-8")), today=DAY, read_lines=reader_in(str(POLICY.parent))
    )


def planned(folder: str | Path, captured: Mapping[tuple[str, str], Iterable[Page]]) -> dict[str, Any]:
    """Return the plan for captures by firewall and zone, made as an audit makes it, with a file in the folder."""
    captures = {
        (firewall, zone): Capture(f"{firewall}/{zone}", Scope("availability_zone", zone)) for firewall, zone in captured
    }
    with Planner(str(folder), list(captures.values())) as planner:
        for zone, of_zone in captured.items():
            for records, guilty in of_zone:
                planner.add(captures[zone], records, [is_finding or None for is_finding in guilty])
        return planner.plan(parse_firewall_arn(FIREWALL)).to_json()


def size_of(plan: Mapping[str, Any], captured: Mapping[tuple[str, str], Iterable[Page]]) -> Size:
    """Return how large a plan for captures is."""
    findings = [sum(sum(guilty) for _records, guilty in of_zone) for of_zone in captured.values()]
    return Size(
        plan["flow_count"],
        plan["inseparable"],
        sum(len(operation["flow_filters"]) for operation in plan["operations"]),
        len(plan["operations"]),
        sum(-(-count // 20) for count in findings),
    )
