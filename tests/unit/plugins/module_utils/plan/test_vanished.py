# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan.identity import Identified, Moment
from ansible_collections.flowops.aws.plugins.module_utils.plan.vanished import Census, Vanished, vanished

START = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


def flow(port: int, age: Any, destination_port: int = 443) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.1",
        "source_port": port,
        "destination_address": "198.51.100.7",
        "destination_port": destination_port,
        "protocol_number": 6,
        "age": age,
        "availability_zone": "us-east-1a",
    }


def moment(seconds: int) -> Moment:
    return Moment(START + timedelta(seconds=seconds))


def findings() -> Identified:
    known = Identified()
    known.add([flow(1, 500, 23), flow(2, 500, 23)], moment(0))
    return known


def census(seconds: int, ports: Iterable[int], found: Iterable[int] = ()) -> Census:
    """Return the census of a capture with flows of those ports that have been there all the time, and findings."""
    counted = Census(findings(), moment(seconds))
    counted.add([flow(port, 500 + seconds) for port in ports])
    counted.add([flow(port, 500 + seconds, 23) for port in found])
    return counted


def test_findings_are_not_counted_and_those_that_stay_are_not_missing() -> None:
    before, after = census(0, range(10, 110), [1, 2]), census(30, range(10, 110))
    assert (before.count, before.missing_in(after)) == (100, 0)
    assert not vanished(before, after).suspected


def test_innocents_that_a_flush_took_are_suspected() -> None:
    before, after = census(30, range(10, 110), [1, 2]), census(60, range(15, 110))
    told = vanished(before, after, census(0, range(10, 110), [1, 2]))
    assert told.suspected
    assert told.as_result() == {
        "flow_count": 100,
        "vanished": 5,
        "share": 0.05,
        "share_by_itself": 0.0,
        "suspected": True,
    }


def test_flows_end_by_themselves_as_fast_as_they_did_before() -> None:
    earlier, before = census(0, range(1000, 2000)), census(30, range(1050, 2000))
    assert not vanished(before, census(60, range(1097, 2000)), earlier).suspected
    assert vanished(before, census(60, range(1200, 2000)), earlier).suspected
    # In twice the time, twice as many.
    assert not vanished(before, census(90, range(1140, 2000)), earlier).suspected


def test_a_flow_born_since_stands_for_no_other() -> None:
    before = census(0, [10])
    after = Census(findings(), moment(60))
    after.add([flow(10, 5)])
    assert before.missing_in(after) == 1


def test_what_cannot_be_told_apart_is_left_out() -> None:
    counted = Census(findings(), moment(0))
    counted.add([flow(10, None), {**flow(11, 500), "source_address": ""}])
    assert counted.count == 0
    assert vanished(counted, census(30, [])).as_result()["share"] == 0.0


@pytest.mark.parametrize(
    "expected,lost,suspected", [(0.0, 0, False), (0.0, 1, True), (9.0, 15, False), (9.0, 16, True)]
)
def test_more_than_chance_explains_is_suspected(expected: float, lost: int, suspected: bool) -> None:
    assert Vanished(1000, lost, None, expected).suspected is suspected
