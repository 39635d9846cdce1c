# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What matches a plan's filters after its flush: findings that survived, or flows that were never to be cut."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan.identity import Moment
from ansible_collections.flowops.aws.plugins.module_utils.plan.outcome import REBORN, SURVIVED, Fate
from ansible_collections.flowops.aws.plugins.module_utils.plan.survivors import Survivors

TAKEN = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
BEFORE, LATER = Moment(TAKEN), Moment(TAKEN + timedelta(seconds=60))
ZONE = "us-east-1a"
THERE = Fate(SURVIVED, "no-telnet")


def flow(age: Any = 500, **members: Any) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "198.51.100.7",
        "destination_port": 23,
        "protocol_number": 6,
        "age": age,
        **members,
    }


def survivors(*findings: dict[str, Any], before: Moment | None = BEFORE, later: Moment | None = LATER) -> Survivors:
    return Survivors(findings, before, later, ZONE)


def test_a_finding_has_survived_and_another_flow_of_the_same_filter_has_not() -> None:
    known = survivors(flow())
    records = [flow(560), flow(560, source_address="10.0.0.2"), flow(560, destination_port=24)]
    assert known.as_result(records, [THERE] * 3) == [THERE, None, None]
    assert known.unproved == ""


def test_other_fates_are_left_as_they_are() -> None:
    reborn = Fate(REBORN, None)
    assert survivors(flow()).as_result([flow(2), flow(3)], [reborn, None]) == [reborn, None]


def test_the_other_direction_of_a_finding_is_the_finding() -> None:
    other = flow(
        560, source_address="198.51.100.7", source_port=23, destination_address="10.0.0.1", destination_port=40000
    )
    known = survivors(flow())
    assert known.as_result([flow(560), other], [THERE, THERE]) == [THERE, THERE]
    assert known.unproved == ""


@pytest.mark.parametrize("age", [900, 520, None])
def test_of_another_birth_or_none_it_counts_and_is_not_proved(age: Any) -> None:
    known = survivors(flow())
    assert known.as_result([flow(age)], [THERE]) == [THERE]
    assert known.unproved == "Of 1 flow in us-east-1a the birth is another than the finding's, or cannot be read."


def test_of_two_flows_of_one_5_tuple_one_is_the_finding() -> None:
    known = survivors(flow())
    assert known.as_result([flow(560), flow(561)], [THERE, THERE]) == [THERE, THERE]
    assert known.unsure == 1


@pytest.mark.parametrize("times", [{"before": None}, {"later": None}])
def test_without_times_a_finding_is_known_by_its_5_tuple_and_not_proved(times: dict[str, Any]) -> None:
    known = survivors(flow(), **times)
    assert known.as_result([flow(560), flow(560, source_address="10.0.0.2")], [THERE, THERE]) == [THERE, None]
    assert known.unsure == 1


def test_a_finding_that_cannot_be_read_may_be_any_flow() -> None:
    known = survivors(flow(), flow(source_port=""))
    assert known.as_result([flow(560, source_address="10.0.0.2")], [THERE]) == [THERE]
    assert known.unsure == 1


def test_without_findings_the_filters_decide_and_it_says_so() -> None:
    known = survivors()
    assert known.as_result([flow(560), flow(561)], [THERE, THERE]) == [THERE, THERE]
    assert known.unproved == "The plan's filters alone tell of 2 flows in us-east-1a; the findings are not at hand."
