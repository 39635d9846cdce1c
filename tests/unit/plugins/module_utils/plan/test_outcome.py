# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan.boxes import ROUNDING
from ansible_collections.flowops.aws.plugins.module_utils.plan.outcome import (
    Fate,
    rules_told,
    told_fate,
    verdict_of,
)
from ansible_collections.flowops.aws.plugins.module_utils.plan.wanted import Wanted, by_scope, tell_findings

TAKEN = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
LATER = TAKEN + timedelta(seconds=100)
EXACT = {
    "source_address": "10.0.0.1",
    "source_port": 40000,
    "destination_address": "198.51.100.7",
    "destination_port": "22",
    "protocols": ["tcp"],
}
WIDE = {"source_address": "10.0.0.0/24", "destination_port": 22}
SURVIVED, REBORN = Fate("survived"), Fate("reborn")


def flow(**members: Any) -> dict[str, Any]:
    record = {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocol_number": 6,
        "age": 500,
    }
    return {name: value for name, value in {**record, **members}.items() if value is not None}


def operation(*filters: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"flow_filters": list(filters), "flow_count": len(filters), **members}


def wanted(*filters: dict[str, Any], captured_at: datetime | None = TAKEN, **members: Any) -> Wanted:
    want = Wanted()
    want.add(operation(*filters, **members), captured_at)
    return want


def fate(want: Wanted, record: dict[str, Any], seen_at: datetime | None = LATER) -> Fate | None:
    (found,) = want.fates([record], seen_at)
    return found


# -- which flows a plan is about -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"source_port": 40001},
        {"destination_port": 23},
        {"source_address": "10.0.0.2"},
        {"destination_address": "198.51.100.8"},
        {"protocol_number": 17},
        {"source_port": None},
        {"source_address": None},
    ],
)
def test_an_exact_filter_names_one_5_tuple(other: dict[str, Any]) -> None:
    want = wanted(EXACT)
    assert fate(want, flow()) == SURVIVED
    assert fate(want, flow(**other)) is None


def test_a_wider_filter_names_all_it_matches() -> None:
    want = wanted({"destination_address": "198.51.100.0/24", "protocols": ["tcp"]}, EXACT)
    assert fate(want, flow(source_port=1, destination_port=2)) == SURVIVED
    assert fate(want, flow(destination_address="198.51.101.1")) is None
    assert fate(wanted({"any": True}), flow(source_address="fd00::1", destination_address="fd00::2")) == SURVIVED
    assert fate(wanted({**EXACT, "destination_port": "22-23"}), flow(destination_port=23)) == SURVIVED


def test_a_plan_without_operations_is_about_nothing() -> None:
    assert Wanted().fates([flow(), flow(age=1)], LATER) == [None, None]


# -- survived, reborn or spared --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "expected"), [(101, SURVIVED), (100, SURVIVED), (99, REBORN), (0, REBORN), (None, SURVIVED)]
)
def test_a_flow_younger_than_the_capture_is_reborn(age: int | None, expected: Fate) -> None:
    assert fate(wanted(EXACT), flow(age=age), LATER + timedelta(seconds=0.9)) == expected


def test_without_times_a_flow_that_is_there_survived() -> None:
    assert fate(wanted(EXACT, captured_at=None), flow(age=0)) == SURVIVED
    assert fate(wanted(EXACT), flow(age=0), None) == SURVIVED


@pytest.mark.parametrize(("age", "expected"), [(160, SURVIVED), (159, None), (100, None), (99, REBORN)])
def test_a_flow_that_the_operations_age_spared_is_neither(age: int, expected: Fate | None) -> None:
    assert fate(wanted(WIDE, minimum_flow_age=60), flow(age=age)) == expected


def test_each_operation_has_its_own_age() -> None:
    want = wanted(EXACT, minimum_flow_age=300)
    want.add(operation({**EXACT, "source_port": 1}, minimum_flow_age=20), TAKEN)
    assert [fate(want, flow(age=250)), fate(want, flow(age=250, source_port=1))] == [None, SURVIVED]
    # Of two that match, the one that would cut it counts.
    want.add(operation(WIDE, minimum_flow_age=20), TAKEN)
    assert fate(want, flow(age=250)) == SURVIVED


def test_an_innocent_flow_that_an_age_spared_never_seems_to_have_survived() -> None:
    # Ages are given in whole seconds, and the times of captures may be: each hides nearly one.
    looked = []
    for tenths, passed_tenths in product(range(900, 910), range(600, 610)):
        captured_at = TAKEN + timedelta(milliseconds=500)
        seen_at = captured_at + timedelta(milliseconds=100 * passed_tenths)
        age, later = tenths // 10, (tenths + passed_tenths) // 10
        want = wanted(WIDE, minimum_flow_age=age + 1 + ROUNDING, captured_at=captured_at)
        for moment in (seen_at, seen_at.replace(microsecond=0)):
            assert fate(want, flow(age=later), moment) is None
            looked.append(later - age - int((moment - captured_at).total_seconds()))
    assert set(looked) == {0, 1, ROUNDING}


def test_the_earliest_capture_of_a_scope_counts_and_scopes_are_apart() -> None:
    later = TAKEN + timedelta(seconds=50)
    operations: list[tuple[dict[str, Any], datetime | None]] = [
        ({"availability_zone": "us-east-1a", **operation(EXACT, flow_count=2)}, later),
        ({"availability_zone": "us-east-1a", **operation({**EXACT, "source_port": 1}, flow_count=3)}, TAKEN),
        ({"vpc_endpoint_id": "vpce-1", "flow_filters": [EXACT]}, None),
    ]
    scopes = by_scope(operations)
    assert list(scopes) == [("availability_zone", "us-east-1a"), ("vpc_endpoint_id", "vpce-1")]
    zone, endpoint = list(scopes.values())
    assert (zone.flow_count, zone.captured_at, endpoint.flow_count) == (5, TAKEN, 0)
    # Each filter has the time of its own capture.
    assert [fate(zone, flow(age=60)), fate(zone, flow(age=60, source_port=1))] == [SURVIVED, REBORN]
    assert fate(endpoint, flow(source_port=1)) is None


# -- with the findings ------------------------------------------------------------------------------------------------


def finding(**members: Any) -> dict[str, Any]:
    return {"rule": "no-ssh", "availability_zone": "us-east-1a", **flow(**members)}


def test_a_survivor_has_the_rule_of_its_finding() -> None:
    want = wanted(WIDE)
    want.add_findings([finding(), finding(source_address="10.0.0.2", rule="no-ssh-either")])
    assert fate(want, flow()) == Fate("survived", "no-ssh")
    assert fate(want, flow(source_address="10.0.0.2")) == Fate("survived", "no-ssh-either")
    # It matches a filter and was there, but the findings do not name it.
    assert fate(want, flow(source_address="10.0.0.3")) == SURVIVED
    assert want.rule_of(flow()) == "no-ssh" and want.rule_of(flow(source_port=1)) is None


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, Fate("reborn", "no-ssh")),
        # The client that comes back has another source port.
        ({"source_port": 51234}, Fate("reborn", "no-ssh")),
        ({"destination_port": 2222}, None),
        ({"destination_address": "198.51.100.8"}, None),
        ({"source_address": "10.0.0.2"}, None),
        ({"protocol_number": 17}, None),
    ],
)
def test_a_flow_born_since_is_reborn_when_it_goes_the_way_of_a_finding(
    members: dict[str, Any], expected: Fate | None
) -> None:
    for filters in ([EXACT], [WIDE]):
        want = wanted(*filters)
        want.add_findings([finding()])
        assert fate(want, flow(age=5, **members)) == expected


def test_a_flow_on_a_findings_way_that_was_there_before_is_not_reborn() -> None:
    want = wanted(EXACT)
    want.add_findings([finding()])
    assert fate(want, flow(source_port=51234, age=100)) is None
    assert fate(want, flow(source_port=51234, age=99)) == Fate("reborn", "no-ssh")
    assert fate(want, flow(source_port=51234, age=99), None) is None


def test_a_finding_spared_for_its_age_that_comes_back_is_reborn() -> None:
    want = wanted(WIDE, minimum_flow_age=60)
    want.add_findings([finding(age=20)])
    assert fate(want, flow(age=120)) is None
    assert fate(want, flow(age=99)) == Fate("reborn", "no-ssh")


def test_findings_without_a_rule_still_say_which_way_they_went() -> None:
    want = wanted(WIDE)
    want.add_findings([{key: value for key, value in finding().items() if key != "rule"}])
    assert fate(want, flow(age=5, source_port=1)) == REBORN
    assert fate(want, flow(age=5, source_address="10.0.0.2")) is None
    assert want.by_rule == Counter()


def test_only_findings_that_the_plan_cuts_are_planned() -> None:
    want = wanted(WIDE, minimum_flow_age=60)
    want.add_findings([finding(age=60), finding(age=59), finding(age=70, rule="other"), finding(destination_port=23)])
    assert want.by_rule == {"no-ssh": 1, "other": 1}


def test_findings_go_to_the_scope_that_they_are_of() -> None:
    zones = [("us-east-1a", WIDE), ("us-east-1b", WIDE)]
    scopes = by_scope(({"availability_zone": zone, **operation(item)}, TAKEN) for zone, item in zones)
    first, second = list(scopes.values())
    tell_findings(scopes, (finding(source_port=port) for port in range(1200)))
    assert (first.by_rule["no-ssh"], second.by_rule["no-ssh"]) == (1200, 0)
    assert fate(first, flow(age=1)) == Fate("reborn", "no-ssh")
    assert fate(second, flow(age=1)) == REBORN


def test_the_only_scope_takes_every_finding() -> None:
    scopes = by_scope([({"vpc_endpoint_id": "vpce-1", **operation(WIDE)}, TAKEN)])
    tell_findings(scopes, [finding(), finding(source_port=1)])
    assert scopes[("vpc_endpoint_id", "vpce-1")].by_rule == {"no-ssh": 2}


# -- which filters would cut it --------------------------------------------------------------------------------------


def test_a_flow_is_told_with_the_filters_that_would_cut_it_and_those_that_spare_it() -> None:
    want = wanted(EXACT, WIDE, minimum_flow_age=60)
    want.add(operation(WIDE, {"source_address": "10.0.0.2"}), TAKEN)
    flows = [flow(age=60), flow(age=59), flow(age=0, source_port=1), flow(source_address="::1")]
    assert want.matching(flows, None) == [
        ([0, 1, 2], []),
        ([2], [0, 1]),
        ([2], [1]),
        ([], []),
    ]  # fmt: skip


@pytest.mark.parametrize(("age", "cut"), [(162, True), (161, True), (160, False), (100, False)])
def test_a_flow_that_may_be_born_since_the_capture_is_spared(age: int, cut: bool) -> None:
    ((cutting, sparing),) = wanted(EXACT, minimum_flow_age=60).matching([flow(age=age)], LATER)
    assert (cutting, sparing) == (([0], []) if cut else ([], [0]))


def test_a_flow_without_an_age_is_cut() -> None:
    assert wanted(EXACT, minimum_flow_age=60).matching([flow(age=None)], LATER) == [([0], [])]


# -- what a capture could not see ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "age", "unseen"),
    [
        ([{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}}], 0, False),
        ([{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}}], 160, False),
        ([{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}}], 161, True),
        ([{"SourceAddress": {"AddressDefinition": "10.0.0.0/25"}}], 0, True),
    ],
)
def test_a_capture_that_may_have_passed_over_flows_of_the_plan_is_known(
    filters: list[Any], age: int, unseen: bool
) -> None:
    assert wanted(WIDE, minimum_flow_age=60).unseen_by(filters, age, LATER) is unseen


def test_the_lowest_age_of_a_plan_decides_what_a_capture_must_see() -> None:
    want = wanted(WIDE, minimum_flow_age=300)
    want.add(operation(EXACT, minimum_flow_age=20), TAKEN)
    every = [{"SourceAddress": {"AddressDefinition": "0.0.0.0/0"}}]
    assert want.unseen_by(every, 120, LATER) is False
    assert want.unseen_by(every, 121, LATER) is True


# -- what is told -----------------------------------------------------------------------------------------------------


def test_what_is_still_there_is_told_with_its_fate_and_its_rule() -> None:
    assert told_fate(flow(), SURVIVED) == {**flow(), "fate": "survived"}
    assert told_fate(flow(), Fate("reborn", "no-ssh")) == {**flow(), "fate": "reborn", "rule": "no-ssh"}


def test_each_rule_is_told_with_what_became_of_its_flows() -> None:
    first, second = wanted(WIDE), wanted(WIDE)
    first.add_findings([finding(source_port=port) for port in range(5)])
    second.add_findings([finding(), finding(rule="no-telnet")])
    fates = {
        ("survived", "no-ssh"): 2,
        ("survived", None): 9,
        ("reborn", "no-telnet"): 4,
        ("reborn", "came-later"): 1,
    }
    assert rules_told([first.by_rule, second.by_rule], fates) == {
        "came-later": {"planned": 0, "gone": 0, "survived": 0, "reborn": 1},
        "no-ssh": {"planned": 6, "gone": 4, "survived": 2, "reborn": 0},
        "no-telnet": {"planned": 1, "gone": 1, "survived": 0, "reborn": 4},
    }
    assert rules_told([wanted(WIDE).by_rule], {("survived", None): 1}) == {}


@pytest.mark.parametrize(
    ("survived", "reborn", "partial", "verdict"),
    [
        (1, 5, True, "survivors"),
        (0, 1, True, "reborn"),
        (0, 0, True, "inconclusive"),
        (0, 0, False, "remediated"),
    ],
)
def test_the_worst_fate_is_the_verdict(survived: int, reborn: int, partial: bool, verdict: str) -> None:
    assert verdict_of(survived, reborn, partial) == verdict
