# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows.matching import flows_of
from ansible_collections.flowops.aws.plugins.module_utils.plan.boxes import Findings
from ansible_collections.flowops.aws.plugins.module_utils.plan.build import build, compile_best
from ansible_collections.flowops.aws.plugins.module_utils.plan.compile import (
    Compiled,
    Cutting,
    compile_findings,
)
from ansible_collections.flowops.aws.plugins.module_utils.plan.plan import digest

# What plans are made of is tested in test_compiler.py; here it is how plans are made of it.
ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
SCOPE = {"availability_zone": "us-east-1a", "minimum_flow_age": 0}


def flow(number: int = 6, **members: Any) -> dict[str, Any]:
    record = {"source_address": "10.0.0.1", "destination_address": "198.51.100.7", "protocol_number": number}
    if number in (6, 17, 132):
        record.update(source_port=40000, destination_port=22)
    return {**record, "age": 500, **members}


def built(captures: list[tuple[dict[str, Any], Compiled]]) -> dict[str, Any]:
    return build(ARN, captures).to_json()


def compiled(findings: list[dict[str, Any]], innocents: list[dict[str, Any]]) -> Compiled:
    keys = Findings()
    for record in findings:
        keys.add(record)
    return compile_best(SCOPE, keys, lambda: [flows_of(innocents)])


def planned(findings: list[dict[str, Any]], innocents: list[dict[str, Any]]) -> dict[str, Any]:
    return built([(SCOPE, compiled(findings, innocents))])


def cutting(port: int, lowest: int = 0, highest: int = 0, flows: int = 1, **members: Any) -> Cutting:
    written = {"source_address": "10.0.0.1", "destination_port": port, "protocols": ["tcp"]}
    return Cutting(written, flows, lowest, max(lowest, highest), matched=flows, **members)


def ages_and_ports(plan: dict[str, Any]) -> list[tuple[int, list[int]]]:
    return [
        (operation["minimum_flow_age"], [item["destination_port"] for item in operation["flow_filters"]])
        for operation in plan["operations"]
    ]


def test_a_plan_is_operations_with_the_scope_of_their_capture() -> None:
    scope = {"vpc_endpoint_id": "vpce-0123", "minimum_flow_age": 60, "captured_at": "2026-01-31T12:00:00+00:00"}
    plan = built([(scope, Compiled([cutting(22, 60, flows=7), cutting(23, 60, flows=2)], [], 3))])
    assert plan["operations"] == [
        {
            **scope,
            "flow_filters": [
                {"source_address": "10.0.0.1", "destination_port": 22, "protocols": ["tcp"]},
                {"source_address": "10.0.0.1", "destination_port": 23, "protocols": ["tcp"]},
            ],
            "flow_counts": [7, 2],
            "flow_count": 9,
        }
    ]
    assert (plan["flow_count"], plan["inseparable"], plan["collateral"]) == (9, 3, 0)


def test_the_operations_flow_count_counts_a_finding_once_where_two_filters_match_it() -> None:
    both = [cutting(22)._replace(flow_count=5, matched=5), cutting(23)._replace(flow_count=1, matched=6)]
    (operation,) = built([(SCOPE, Compiled(both))])["operations"]
    assert (operation["flow_counts"], operation["flow_count"]) == ([5, 6], 6)


@pytest.mark.parametrize(("filters", "batches"), [(0, []), (1, [1]), (20, [20]), (21, [20, 1]), (45, [20, 20, 5])])
def test_filters_come_in_batches_of_twenty(filters: int, batches: list[int]) -> None:
    plan = built([(SCOPE, Compiled([cutting(port) for port in range(filters)]))])
    assert [len(operation["flow_filters"]) for operation in plan["operations"]] == batches
    assert [operation["flow_count"] for operation in plan["operations"]] == batches
    assert [port for _age, ports in ages_and_ports(plan) for port in ports] == list(range(filters))


def test_filters_share_an_operation_as_far_as_their_ages_allow() -> None:
    cuttings = [cutting(1, 100, 900), cutting(2, 300, 350), cutting(3, 200, 250)]
    # The second needs 300, which the third may not be given; the first may.
    assert ages_and_ports(built([(SCOPE, Compiled(cuttings))])) == [(300, [2, 1]), (200, [3])]


def test_filters_that_need_no_age_fill_the_room_that_is_left() -> None:
    aged = [cutting(port, 100, 100) for port in range(18)]
    free = [cutting(port, 0, 5_000) for port in range(100, 105)]
    young = [cutting(port, 0, 50) for port in range(200, 203)]
    plan = built([(SCOPE, Compiled([*free, *young, *aged]))])
    assert [(age, len(ports)) for age, ports in ages_and_ports(plan)] == [(100, 20), (0, 6)]
    # They are not given a higher age for an operation of their own.
    full = built([(SCOPE, Compiled([*free, *[cutting(port, 100, 100) for port in range(20)]]))])
    assert [(age, len(ports)) for age, ports in ages_and_ports(full)] == [(100, 20), (0, 5)]


def test_no_filter_is_given_an_age_beyond_those_it_may_have_and_none_is_lost() -> None:
    chance = random.Random(4)
    for _round in range(300):
        cuttings = []
        for port in range(chance.randint(1, 90)):
            lowest = chance.choice([60, 60, 60, chance.randint(60, 400)])
            cuttings.append(cutting(port, lowest, lowest + chance.choice([0, 5, 200])))
        plan = built([({**SCOPE, "minimum_flow_age": 60}, Compiled(cuttings))])
        found = {port: age for age, ports in ages_and_ports(plan) for port in ports}
        assert all(1 <= len(ports) <= 20 for _age, ports in ages_and_ports(plan))
        assert sorted(found) == list(range(len(cuttings))) and plan["flow_count"] == len(cuttings)
        for item in cuttings:
            assert item.lowest_age <= found[item.written["destination_port"]] <= item.highest_age


def test_zones_never_share_an_operation() -> None:
    # What is innocent in one zone does not stand in the way of the other.
    first, second = compiled([flow()], []), compiled([flow()], [flow()])
    plan = built([(SCOPE, first), ({**SCOPE, "availability_zone": "us-east-1b"}, second)])
    assert [(item["availability_zone"], item["flow_count"]) for item in plan["operations"]] == [("us-east-1a", 1)]
    assert plan["inseparable"] == 1
    assert [item["availability_zone"] for item in plan["inseparable_flows"]] == ["us-east-1b"]


def test_only_the_first_inseparable_5_tuples_are_shown() -> None:
    keys: list[Any] = [("10.0.0.1", "198.51.100.7", 6, port, 22) for port in range(150)]
    plan = built([(SCOPE, Compiled([], keys, 170)), (SCOPE, Compiled([], [], 1))])
    assert plan["inseparable"] == 171
    assert len(plan["inseparable_flows"]) == 100
    assert plan["inseparable_flows"][0] == {
        "availability_zone": "us-east-1a",
        "source_address": "10.0.0.1",
        "destination_address": "198.51.100.7",
        "source_port": 0,
        "destination_port": 22,
        "protocol": "tcp",
    }
    portless = Compiled([], [("fd00::1", "fd00::2", 253, None, None)], 1)
    (without,) = built([({"minimum_flow_age": 0}, portless)])["inseparable_flows"]
    assert without == {"source_address": "fd00::1", "destination_address": "fd00::2", "protocol": "253"}


def test_an_innocent_flow_of_the_same_5_tuple_is_spared() -> None:
    plan = planned([flow(age=9), flow(age=91), flow(source_port=1)], [flow(age=3)])
    assert (plan["inseparable"], plan["flow_count"]) == (2, 1)
    assert [item["source_port"] for item in plan["operations"][0]["flow_filters"]] == [1]


# -- whether to use ages ---------------------------------------------------------------------------------------------


def by_ages(count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Services of so many ages, each with old findings beside young innocent flows."""
    findings, innocents = [], []
    for number in range(count):
        service = {"destination_address": f"198.51.{number}.7", "destination_port": 1000 + number}
        findings += [flow(source_port=port, age=100 * number + 99, **service) for port in range(0, 12, 2)]
        innocents += [flow(source_port=port, age=100 * number + 1, **service) for port in range(1, 13, 2)]
    return findings, innocents


def operations_of(findings: list[dict[str, Any]], innocents: list[dict[str, Any]], by_age: bool) -> int:
    keys = Findings()
    for record in findings:
        keys.add(record)
    one = compile_findings(keys, lambda: [flows_of(innocents)], (), 0, False, by_age)
    return len(built([(SCOPE, one)])["operations"])


def test_an_age_is_used_where_it_saves_operations() -> None:
    findings = [flow(source_port=port, age=5_000) for port in range(0, 200, 2)]
    innocents = [flow(source_port=port, age=10) for port in range(1, 201, 2)]
    plan = planned(findings, innocents)
    assert len(plan["operations"]) == 1 and len(plan["operations"][0]["flow_filters"]) == 1
    assert operations_of(findings, innocents, by_age=False) == 5


@pytest.mark.parametrize("services", [2, 5, 9])
def test_no_more_operations_are_planned_than_without_ages(services: int) -> None:
    # One filter each with ages, but no two of them can share an operation.
    findings, innocents = by_ages(services)
    plan = planned(findings, innocents)
    assert plan["flow_count"] == len(findings)
    assert len(plan["operations"]) == min(operations_of(findings, innocents, by_age) for by_age in (True, False))


def test_an_age_that_alone_separates_is_used_even_where_ages_save_nothing() -> None:
    findings, innocents = by_ages(9)
    findings.append(flow(age=5_000))
    innocents.append(flow(age=10))
    plan = planned(findings, innocents)
    assert (plan["flow_count"], plan["inseparable"]) == (len(findings), 0)


# -- hashes ----------------------------------------------------------------------------------------------------------


def test_the_same_findings_make_the_same_plan_in_any_order() -> None:
    chance = random.Random(5)
    findings = [flow(chance.choice([1, 6, 17]), source_address=f"10.0.0.{host}") for host in range(60)]
    findings += [flow(17, source_address="fd00::1", destination_address=f"fd00::{host}") for host in range(2, 5)]
    innocents = [flow(6, source_address=f"10.0.0.{host}", destination_port=23) for host in range(0, 60, 7)]
    plans = []
    for _round in range(5):
        chance.shuffle(findings)
        chance.shuffle(innocents)
        plans.append(planned(findings, innocents))
    assert all(plan == plans[0] for plan in plans)
    assert len(plans[0]["hash"]) == 64


def test_the_hash_changes_with_anything_that_would_be_done() -> None:
    base = planned([flow(), flow(source_port=1)], [])
    others = [
        planned([flow()], []),
        planned([flow(), flow(source_port=2)], []),
        planned([flow(), flow(source_port=1), flow()], []),
        built([]),
    ]
    assert len({base["hash"], *(plan["hash"] for plan in others)}) == 5
    aged = [{**operation, "minimum_flow_age": 60} for operation in base["operations"]]
    assert digest(ARN, aged) != base["hash"]
    assert digest(ARN, [dict(reversed(list(operation.items()))) for operation in base["operations"]]) == base["hash"]
