# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.plugins.module_utils.plan.proof import Place, Proof
from ansible_collections.flowops.aws.plugins.module_utils.plan.shown import FlowsShown
from ansible_collections.flowops.aws.plugins.module_utils.plan.wanted import by_scope, tell_findings
from ansible_collections.flowops.aws.plugins.module_utils.times import parse_utc, utc_text

ZONE = "us-east-1a"
TAKEN = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
SEEN = TAKEN + timedelta(seconds=100)
ONE = {"source_address": "10.0.0.0/30", "destination_port": 22, "protocols": ["tcp"]}
OTHER = {"source_address": "10.0.0.4/30", "destination_port": 22, "protocols": ["tcp"]}
WIDE = {"source_address": "10.0.0.0/24", "destination_port": 22, "protocols": ["tcp"]}
POLICY = {
    "rules": [
        {"name": "guests", "action": "allow", "source_address": ["10.0.0.3"]},
        {"name": "no-ssh", "action": "deny", "severity": "high", "destination_port": [22]},
    ]
}


def flow(last: int, age: int | None = 500, port: int = 22, **members: Any) -> dict[str, Any]:
    record = {
        "source_address": f"10.0.0.{last}",
        "source_port": 40000 + last,
        "destination_address": "198.51.100.7",
        "destination_port": port,
        "protocol_number": 6,
        "age": age,
    }
    return {name: value for name, value in {**record, **members}.items() if value is not None}


def operation(*filters: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "availability_zone": ZONE,
        "flow_filters": list(filters),
        "minimum_flow_age": 0,
        "captured_at": utc_text(TAKEN),
        **members,
    }


def proved(
    operations: Sequence[dict[str, Any]],
    records: Sequence[dict[str, Any]],
    policy: dict[str, Any] | None = None,
    findings: Sequence[dict[str, Any]] = (),
    allow_collateral: bool = False,
) -> tuple[Proof, list[dict[str, Any]]]:
    """Hold operations against flow records, seen 100 seconds after the plan's capture; return what would be cut too."""
    moments = [parse_utc(item["captured_at"]) if "captured_at" in item else None for item in operations]
    wanted = by_scope(zip(operations, moments, strict=True))
    tell_findings(wanted, findings)
    (want,) = list(wanted.values())
    proof = Proof(list(enumerate(operations)), want, policy is not None, allow_collateral)
    judge = compile_policy(policy, today=date(2026, 1, 31)) if policy is not None else None
    verdicts = judge.judge_all(records) if judge else [None] * len(records)
    cut: list[dict[str, Any]] = []
    for start in range(0, len(records), 3):
        cut += proof.add(records[start : start + 3], verdicts[start : start + 3], SEEN)
    assert proof.flow_count == len(records)
    return proof, cut


# -- with a policy ----------------------------------------------------------------------------------------------------


def test_a_filter_that_matches_an_allowed_flow_is_dropped_and_the_others_stay_as_they_are() -> None:
    planned = operation(ONE, OTHER, flow_counts=[2, 1], flow_count=3)
    proof, cut = proved([planned], [flow(1), flow(2), flow(3), flow(5), flow(6), flow(6, port=443)], POLICY)
    assert proof.dropped() == {Place(0, 0): 1}
    operations, count = proof.kept(SEEN)
    assert operations == [
        {**planned, "flow_filters": [OTHER], "flow_counts": [2], "flow_count": 2, "captured_at": utc_text(SEEN)}
    ]
    assert count == 2
    # What the dropped filter was for is told of all the same, and the rule with it.
    assert [(record["source_address"][-1], record["rule"], record["severity"]) for record in cut] == [
        (last, "no-ssh", "high") for last in "1256"
    ]


def test_an_operation_of_which_nothing_is_left_is_left_out() -> None:
    proof, _cut = proved([operation(ONE), operation(OTHER)], [flow(3), flow(5)], POLICY)
    assert proof.dropped() == {Place(0, 0): 1}
    (left,), count = proof.kept(SEEN)
    assert (left["flow_filters"], count) == ([OTHER], 1)


@pytest.mark.parametrize("policy", [None, POLICY])
def test_a_plan_that_says_it_is_younger_than_the_fresh_capture_spares_what_is_born_after_that(policy: Any) -> None:
    later = utc_text(SEEN + timedelta(seconds=300))
    proof, _cut = proved([operation(ONE, captured_at=later)], [flow(1)], policy)
    (left,), _count = proof.kept(SEEN)
    assert left["captured_at"] == utc_text(SEEN)


def test_flows_born_since_that_break_the_policy_are_cut_too() -> None:
    proof, cut = proved([operation(ONE)], [flow(1, 50), flow(2, 0)], POLICY)
    (left,), count = proof.kept(SEEN)
    assert (count, left["flow_counts"], len(cut)) == (2, [2], 2)
    assert left["captured_at"] == utc_text(SEEN)


def test_what_has_been_cut_already_is_known_by_the_capture_that_it_went_by() -> None:
    proof, cut = proved([operation(ONE), operation(OTHER)], [flow(5), flow(5, port=443)], POLICY)
    operations, count = proof.kept(SEEN)
    assert [(item["flow_count"], item["captured_at"]) for item in operations] == [
        (0, utc_text(TAKEN)),
        (1, utc_text(SEEN)),
    ]
    assert (count, len(cut)) == (1, 1)


AGED = {"rules": [{"name": "no-long-ssh", "action": "deny", "destination_port": [22], "min_age": 300}]}


def test_innocent_flows_that_have_aged_since_are_told_apart_by_their_age_still() -> None:
    # Some 20 seconds old when the plan was made, and 120 now; none was then as old as the plan asks for.
    planned = operation(WIDE, minimum_flow_age=30)
    proof, cut = proved([planned], [flow(1, 120), flow(2, 600), flow(4, 129), flow(9, 900)], AGED)
    assert proof.dropped() == {}
    (left,), count = proof.kept(SEEN)
    # So the flush has to ask for as much more as has passed since then.
    assert (left["captured_at"], left["minimum_flow_age"]) == (utc_text(TAKEN), 30)
    assert (count, left["flow_counts"], len(cut)) == (2, [2], 2)


def test_an_innocent_flow_that_was_old_enough_then_is_not_spared_by_any_age() -> None:
    proof, _cut = proved([operation(WIDE, minimum_flow_age=30)], [flow(1, 140), flow(2, 600)], AGED)
    assert proof.dropped() == {Place(0, 0): 1}
    assert proof.kept(SEEN) == ([], 0)


def test_each_operation_spares_flows_born_since_only_where_it_has_to() -> None:
    young, plain = operation(ONE, minimum_flow_age=30), operation(OTHER, minimum_flow_age=30)
    records = [flow(1, 120), flow(2, 600), flow(5, 400), flow(6, 900)]
    proof, _cut = proved([young, plain], records, AGED)
    operations, count = proof.kept(SEEN)
    assert [item["captured_at"] for item in operations] == [utc_text(TAKEN), utc_text(SEEN)]
    assert ([item["flow_count"] for item in operations], count) == ([1, 2], 3)


# -- without one ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "dropped"), [(3, {}), (2, {}), (1, {Place(0, 0): 1}), (0, {Place(0, 0): 2})])
def test_a_filter_that_matches_more_flows_than_it_did_is_dropped(count: int, dropped: dict[Place, int]) -> None:
    planned = operation(ONE, OTHER, flow_counts=[count, 1])
    proof, _cut = proved([planned], [flow(1), flow(2), flow(5), flow(9)])
    assert proof.dropped() == dropped
    operations, total = proof.kept(SEEN)
    left = [ONE, OTHER][len(dropped) :]
    assert operations[0]["flow_filters"] == left
    assert total == operations[0]["flow_count"] == (1 if dropped else 3)
    # The flush has to spare what was born since the plan's own capture.
    assert operations[0]["captured_at"] == utc_text(TAKEN)


def test_without_counts_nothing_can_be_more() -> None:
    proof, _cut = proved([operation(ONE)], [flow(1), flow(2), flow(3)])
    assert proof.dropped() == {}
    assert proof.kept(SEEN)[1] == 3


@pytest.mark.parametrize(
    ("age", "held_against", "counted"),
    [
        # Ages are whole seconds: from 100 on it may have been there, 100 seconds ago, and from 101 on it surely was.
        (99, False, False),
        (100, False, True),
        (101, True, True),
        (500, True, True),
        (None, True, True),
    ],
)
def test_only_flows_that_were_surely_there_are_held_against_a_filter(
    age: int | None, held_against: bool, counted: bool
) -> None:
    proof, cut = proved([operation(ONE, flow_counts=[0])], [flow(1, age)])
    assert proof.dropped() == ({Place(0, 0): 1} if held_against else {})
    assert len(cut) == counted
    # Whatever a later round may cut counts before the first one.
    assert proved([operation(ONE, flow_counts=[1])], [flow(1, age)])[0].kept(SEEN)[1] == counted


def test_a_plan_without_a_time_takes_what_is_there() -> None:
    planned = operation(ONE)
    del planned["captured_at"]
    proof, _cut = proved([planned], [flow(1, 0), flow(2, 7)])
    (left,), count = proof.kept(SEEN)
    assert (left["captured_at"], left["flow_count"], count) == (utc_text(SEEN), 2, 2)


def test_flows_are_named_by_the_rules_of_the_findings() -> None:
    findings = [{**flow(1), "rule": "no-ssh"}]
    _proof, cut = proved([operation(ONE)], [flow(1, 700), flow(2)], findings=findings)
    assert [record.get("rule") for record in cut] == ["no-ssh", None]


# -- both -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [None, POLICY])
def test_collateral_that_was_allowed_is_counted_and_drops_nothing(policy: dict[str, Any] | None) -> None:
    planned = operation(ONE, flow_counts=[1])
    proof, cut = proved([planned], [flow(1), flow(2), flow(3)], policy, allow_collateral=True)
    assert proof.dropped() == {}
    (left,), count = proof.kept(SEEN)
    assert (left["flow_filters"], left["flow_count"], count, len(cut)) == ([ONE], 3, 3, 3)


def test_a_flow_that_several_filters_match_is_counted_once() -> None:
    proof, cut = proved(
        [operation(ONE, WIDE), operation(WIDE)], [flow(1), flow(9)], {**POLICY, "rules": POLICY["rules"][1:]}
    )
    operations, count = proof.kept(SEEN)
    assert [(item["flow_counts"], item["flow_count"]) for item in operations] == [([1, 2], 2), ([2], 2)]
    assert (count, len(cut)) == (2, 2)


def is_matched(record: dict[str, Any], item: dict[str, Any]) -> bool:
    """Return whether a filter as people write it matches a flow record, by the plainest reading there is."""
    first, _hyphen, last = str(item["source_port"]).replace("any", "0-65535").partition("-")
    lowest, _hyphen, highest = str(item["destination_port"]).partition("-")
    return (
        ip_address(record["source_address"]) in ip_network(item["source_address"])
        and int(first) <= record["source_port"] <= int(last or first)
        and int(lowest) <= record["destination_port"] <= int(highest or lowest)
        and {6: "tcp", 17: "udp"}[record["protocol_number"]] in item["protocols"]
    )


def test_no_filter_that_is_kept_cuts_an_allowed_flow() -> None:
    """Random plans and captures, held against each other by another evaluator than the one under test."""
    dice = random.Random(4)
    seen_dropped = seen_kept = 0
    for _round in range(400):
        filters = [
            {
                "source_address": dice.choice(["10.0.0.0/24", "10.0.0.0/29", "10.0.0.4/30", "10.0.0.1", "::/0"]),
                "source_port": dice.choice(["any", 40001, "40000-40003", "40004-40009"]),
                "destination_port": dice.choice([22, "20-25", 443]),
                "protocols": dice.choice([["tcp"], ["udp", "tcp"]]),
            }
            for _filter in range(dice.randint(1, 4))
        ]
        cut = dice.randint(0, len(filters))
        plans = [
            operation(*part, minimum_flow_age=dice.choice([0, 30]), flow_counts=[dice.randint(0, 5) for _item in part])
            for part in (filters[:cut], filters[cut:])
            if part
        ]
        records = [
            flow(
                dice.randint(0, 9),
                dice.choice([0, 50, 99, 100, 101, 120, 131, 300, 900]),
                dice.choice([22, 23, 443]),
                protocol_number=dice.choice([6, 17]),
            )
            for _flow in range(12)
        ]
        policy = dice.choice([POLICY, AGED])
        proof, _cut = proved(plans, records, policy)
        operations, count = proof.kept(SEEN)
        verdicts = compile_policy(policy, today=date(2026, 1, 31)).judge_all(records)
        hit = 0
        for record, verdict in zip(records, verdicts, strict=True):
            # As the flush will ask for: the plan's age and the seconds since the capture that it goes by.
            by = [
                item
                for item in operations
                if any(is_matched(record, one) for one in item["flow_filters"])
                and record["age"] >= item["minimum_flow_age"] + (SEEN - parse_utc(item["captured_at"])).total_seconds()
            ]
            if verdict is None:
                # One born about when the capture was taken is spared by the seconds that a flush asks for on top.
                assert not by or record["age"] in (100, 130), (plans, record)
            else:
                hit += bool(by)
        assert hit == count
        seen_dropped += len(proof.dropped())
        seen_kept += count
    assert seen_dropped > 100 and seen_kept > 100


def test_the_flows_are_shown_by_rule_and_those_left_out_are_told() -> None:
    shown = FlowsShown(2)
    shown.add([{**flow(1), "rule": "no-ssh", "availability_zone": ZONE, "protocol": "tcp", "byte_count": 7}])
    shown.add([flow(2), {**flow(3), "rule": "no-ssh"}, {**flow(4), "rule": "no-dns"}])
    assert shown.text().splitlines() == [
        "no-dns: 1",
        "  and 1 more",
        "no-ssh: 2",
        f"  {ZONE}: tcp 10.0.0.1 port 40001 -> 198.51.100.7 port 22 (age 500 s, 7 bytes)",
        "  and 1 more",
        "flows: 1",
        "  ?: ? 10.0.0.2 port 40002 -> 198.51.100.7 port 22 (age 500 s, ? bytes)",
    ]
    assert FlowsShown(2).text() == ""


# -- what is not known ------------------------------------------------------------------------------------------------


def test_an_allowed_flow_that_a_filter_may_match_drops_it() -> None:
    for unknown in ({"destination_port": ""}, {"protocol_number": None}, {"source_address": "10.0.0.0/24"}):
        # Its destination is not among those of the policy, and no rule denies all that it may be.
        proof, _cut = proved([operation(ONE), operation(OTHER)], [flow(1), flow(5), flow(3, **unknown)], POLICY)
        assert Place(0, 0) in proof.dropped(), unknown
    # Of another box it is spared by what is known of it.
    proof, _cut = proved([operation(ONE), operation(OTHER)], [flow(1), flow(5), flow(3, destination_port="")], POLICY)
    assert proof.dropped() == {Place(0, 0): 1}


def test_without_a_policy_a_flow_that_may_be_cut_counts_as_one_that_is() -> None:
    planned = operation(ONE, flow_counts=[1], flow_count=1)
    assert proved([planned], [flow(1)])[0].dropped() == {}
    assert proved([planned], [flow(1), flow(2, destination_port="")])[0].dropped() == {Place(0, 0): 1}


def test_the_other_direction_of_a_finding_drops_no_filter() -> None:
    wide = {"source_address": "0.0.0.0/0", "destination_address": "0.0.0.0/0"}
    there = flow(1, source_port=40001)
    back = {
        **there,
        "source_address": there["destination_address"],
        "destination_address": there["source_address"],
        "source_port": 22,
        "destination_port": 40001,
    }
    for records in ([there, back], [back, there]):
        assert proved([operation(wide)], records, POLICY)[0].dropped() == {}
    assert proved([operation(wide)], [there, {**back, "age": 400}], POLICY)[0].dropped() == {Place(0, 0): 1}
