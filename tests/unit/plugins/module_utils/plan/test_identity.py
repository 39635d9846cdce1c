# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan.identity import (
    Compared,
    Identified,
    Listing,
    Moment,
    Recapture,
    ended,
    is_too_young,
    least_age,
    lists_nothing,
    paired,
)

TAKEN = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
AUDIT = Moment(TAKEN)
LATER = Moment(TAKEN + timedelta(seconds=60))
ZONE = "us-east-1a"


def flow(age: Any = 500, **members: Any) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "198.51.100.7",
        "destination_port": 23,
        "protocol_number": 6,
        "age": age,
        "availability_zone": ZONE,
        **members,
    }


def reverse_of(record: dict[str, Any]) -> dict[str, Any]:
    swapped = {"source": "destination", "destination": "source"}
    return {
        **record,
        **{f"{swapped[end]}_{what}": record[f"{end}_{what}"] for end in swapped for what in ("address", "port")},
    }


def icmp(age: Any = 500, **members: Any) -> dict[str, Any]:
    return {**flow(age), "protocol_number": 1, "source_port": 0, "destination_port": 0, **members}


def known(*records: dict[str, Any], moment: Moment = AUDIT) -> Identified:
    findings = Identified()
    findings.add(records, moment)
    return findings


def compared(findings: Identified, *rows: dict[str, Any], moment: Moment = LATER, **options: Any) -> Compared:
    listing = Listing(findings, moment, **options)
    for row in rows:
        listing.add([row])
    return listing.compared()


def test_a_finding_is_known_again_by_scope_5_tuple_and_birth() -> None:
    told = compared(known(flow(500)), flow(560))
    assert (dict(told.counts), told.found, told.examples) == ({"finding": 1}, {0}, [])


@pytest.mark.parametrize(
    "row,kind",
    [
        (flow(562), "finding"),
        (flow(558), "finding"),
        # Two seconds for what is rounded, and no more.
        (flow(563), "innocent"),
        (flow(557), "newborn"),
        (flow(0), "newborn"),
        (flow(560, availability_zone="us-east-1b"), "innocent"),
        (flow(560, source_port=40001), "innocent"),
        (flow(560, destination_address="198.51.100.8"), "innocent"),
        (flow(560, protocol_number=17), "innocent"),
        (flow(None), "unclear"),
        (flow("560"), "unclear"),
        (flow(560, source_port=None), "unclear"),
        (flow(560, source_address="10.0.0.0/24"), "unclear"),
        (flow(560, protocol_number=None), "unclear"),
        (reverse_of(flow(560)), "reverse"),
        (reverse_of(flow(3)), "newborn"),
        (reverse_of(flow(900)), "innocent"),
    ],
)
def test_each_row_of_an_operation_is_told(row: dict[str, Any], kind: str) -> None:
    told = compared(known(flow(500)), row)
    assert dict(told.counts) == {kind: 1}
    assert told.found == ({0} if kind in ("finding", "reverse") else set())
    assert told.examples == ([{**row, "kind": kind}] if kind in ("innocent", "newborn", "unclear") else [])


def test_numbers_prove_nothing() -> None:
    """As many old flows of the same box appeared as findings ended: not one of them is a finding."""
    findings = known(*[flow(500, source_port=port) for port in range(5)])
    told = compared(findings, *[flow(560, source_port=port) for port in range(100, 105)])
    assert told.collateral_count == 5 and not told.found


def test_the_tolerance_grows_with_how_long_the_operations_took() -> None:
    assert (Moment(TAKEN, 7.5).tolerance, AUDIT.tolerance) == (9.5, 2)
    slow = Moment(LATER.at, 10.0)
    assert dict(compared(known(flow(500)), flow(550)).counts) == {"newborn": 1}
    assert dict(compared(known(flow(500)), flow(550), moment=slow).counts) == {"finding": 1}
    assert dict(compared(known(flow(500), moment=Moment(TAKEN, 10.0)), flow(550)).counts) == {"finding": 1}


def test_a_finding_too_young_to_be_told_from_one_born_since_is_left_for_later() -> None:
    assert [is_too_young(flow(age), Moment(TAKEN, 3.0)) for age in (0, 4, 5, None)] == [True, True, False, False]


def test_of_one_5_tuple_there_are_as_many_findings_as_there_were() -> None:
    findings = known(icmp(500), icmp(400), icmp(400, source_port=8))
    told = compared(findings, icmp(460), icmp(560), icmp(461), icmp(459), icmp(2))
    assert told.counts == {"finding": 3, "newborn": 2} and told.found == {0, 1, 2}


def test_rows_are_told_alike_in_any_order_and_paging() -> None:
    findings = known(icmp(500), icmp(497), icmp(494))
    rows = [icmp(561), icmp(558), icmp(555), icmp(5)]
    for order in permutations(rows):
        told = compared(findings, *order)
        assert told.counts == {"finding": 3, "newborn": 1}, order


def test_moments_are_paired_as_often_as_they_can_be() -> None:
    def most(moments: list[float], others: list[float]) -> int:
        return max(
            sum(abs(one - other) <= 2 for one, other in zip(moments, order, strict=False))
            for order in permutations([*others, *[1e9] * len(moments)], len(moments))
        )

    chance = random.Random(7)
    for _time in range(150):
        moments, others = (
            sorted(chance.uniform(0, 9) for _moment in range(chance.randint(0, 3))) for _side in range(2)
        )
        pairs = [pair for pair in paired(moments, others, 2) if pair is not None]
        assert len(pairs) == len(set(pairs)) == most(moments, others)


def test_both_directions_of_a_connection_count_once_each() -> None:
    findings = known(flow(500))
    told = compared(findings, flow(560), reverse_of(flow(560)), reverse_of(flow(560)))
    assert told.counts == {"finding": 1, "reverse": 1, "innocent": 1}
    # Where both are findings, both are.
    assert compared(known(flow(500), reverse_of(flow(500))), flow(560), reverse_of(flow(560))).counts == {"finding": 2}


def test_a_protocol_without_ports_has_none_however_that_is_written() -> None:
    bare = {name: value for name, value in icmp(560).items() if not name.endswith("_port")}
    for row in (bare, icmp(560), icmp(560, source_port="ANY", destination_port=""), icmp(560, source_port=None)):
        assert compared(known(icmp(500)), row).counts == {"finding": 1}


def test_an_address_is_the_same_in_every_spelling() -> None:
    short, full = (flow(age, source_address=text, destination_address="fd00::2") for age, text in
                   ((500, "fd00::1"), (560, "FD00:0:0:0:0:0:0:0001")))  # fmt: skip
    assert compared(known(short), full).counts == {"finding": 1}


def test_a_finding_that_cannot_be_identified_is_counted_and_never_found() -> None:
    findings = known(flow(500), flow(500, source_port=None), flow(None, source_port=7))
    assert (findings.count, findings.unreadable) == (3, 1)
    told = compared(findings, flow(560), flow(560, source_port=None), flow(None, source_port=7))
    assert told.counts == {"finding": 1, "unclear": 2}


def test_examples_are_capped_and_counts_are_not() -> None:
    told = compared(known(flow(500)), *[flow(9, source_port=port) for port in range(9)], most=2)
    assert (told.collateral_count, told.row_count, len(told.examples)) == (9, 9, 2)
    both = told.merged(told, 3)
    assert (both.collateral_count, len(both.examples)) == (18, 3)


def test_what_became_of_findings_is_told_by_the_flush_and_a_capture_after_it() -> None:
    findings = known(*[flow(500, source_port=port) for port in range(4)])
    rehearsed = compared(findings, *[flow(530, source_port=port) for port in range(3)], moment=moment_at(30))
    flushed = compared(findings, flow(560, source_port=0), reverse_of(flow(560, source_port=1)))
    recapture = Recapture(findings, moment_at(90))
    back, other = flow(10, source_port=50_000), flow(590, source_port=50_001)
    recapture.add([flow(590, source_port=1), flow(20, source_port=2), back, other, icmp(5)])
    after = recapture.compared()
    assert ended(findings, flushed, after) == (1, 2, 1)
    assert after.counts == {"finding": 1, "reborn": 2, "innocent": 2}
    assert [example["kind"] for example in after.examples] == ["finding", "reborn", "reborn"]
    assert not lists_nothing(rehearsed, flushed, after)
    assert lists_nothing(rehearsed, Compared(), after)
    # Everything had ended before.
    assert not lists_nothing(Compared(), Compared(), after)


def moment_at(seconds: int) -> Moment:
    return Moment(TAKEN + timedelta(seconds=seconds))


def test_the_minimum_age_covers_what_passes_until_flows_are_identified() -> None:
    started = TAKEN + timedelta(seconds=40)
    assert least_age(60, TAKEN, started, 0.0) == 102
    assert least_age(60, TAKEN, started, 3.2) == 106
    assert least_age(60, started, TAKEN, 0.0) == 62
