# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.verification import (
    Wanted,
    by_scope,
    still_there,
    verdict_of,
)

TAKEN = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
EXACT = {
    "source_address": "10.0.0.1",
    "source_port": 40000,
    "destination_address": "198.51.100.7",
    "destination_port": "22",
    "protocols": ["tcp"],
}


def flow(**members: Any) -> dict[str, Any]:
    record = {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocol_number": 6,
        "age": 500,
    }
    return {**record, **members}


def wanted(*filters: dict[str, Any], captured_at: datetime | None = TAKEN) -> Wanted:
    want = Wanted()
    want.add({"flow_filters": list(filters), "flow_count": len(filters)}, captured_at)
    return want


@pytest.mark.parametrize(
    "other",
    [
        {"source_port": 40001},
        {"destination_port": 23},
        {"source_address": "10.0.0.2"},
        {"destination_address": "198.51.100.8"},
        {"protocol_number": 17},
        {"source_port": None},
    ],
)
def test_an_exact_filter_names_one_5_tuple(other: dict[str, Any]) -> None:
    want = wanted(EXACT)
    assert want.matches(flow()) is True
    assert want.matches(flow(**other)) is False


def test_a_wider_filter_names_all_it_matches() -> None:
    want = wanted({"destination_address": "198.51.100.0/24", "protocols": ["tcp"]}, EXACT)
    assert want.matches(flow(source_port=1, destination_port=2)) is True
    assert want.matches(flow(destination_address="198.51.101.1")) is False
    assert wanted({"any": True}).matches(flow(source_address="fd00::1")) is True
    assert wanted({**EXACT, "destination_port": "22-23"}).matches(flow(destination_port=23)) is True


def test_a_flow_that_lacks_what_a_filter_asks_for_is_not_named() -> None:
    want = wanted({"destination_address": "198.51.100.0/24"})
    assert want.matches({"source_address": "10.0.0.1", "protocol_number": 6}) is False


@pytest.mark.parametrize(("age", "fate"), [(101, "survived"), (100, "survived"), (99, "reborn"), (0, "reborn")])
def test_a_flow_younger_than_the_capture_is_reborn(age: int, fate: str) -> None:
    assert wanted(EXACT).fate(flow(age=age), TAKEN + timedelta(seconds=100.9)) == fate


def test_without_times_a_flow_that_is_there_counts_as_survived() -> None:
    assert wanted(EXACT, captured_at=None).fate(flow(age=0), TAKEN) == "survived"
    assert wanted(EXACT).fate(flow(age=0), None) == "survived"
    assert wanted(EXACT).fate({key: value for key, value in flow().items() if key != "age"}, TAKEN) == "survived"


def test_the_earliest_capture_of_a_scope_counts_and_scopes_are_apart() -> None:
    later = TAKEN + timedelta(seconds=50)
    operations: list[tuple[dict[str, Any], datetime | None]] = [
        ({"availability_zone": "us-east-1a", "flow_filters": [EXACT], "flow_count": 2}, later),
        ({"availability_zone": "us-east-1a", "flow_filters": [{**EXACT, "source_port": 1}], "flow_count": 3}, TAKEN),
        ({"vpc_endpoint_id": "vpce-1", "flow_filters": [EXACT]}, None),
    ]
    scopes = by_scope(operations)
    assert list(scopes) == [("availability_zone", "us-east-1a"), ("vpc_endpoint_id", "vpce-1")]
    zone = scopes[("availability_zone", "us-east-1a")]
    assert (zone.flow_count, zone.captured_at) == (5, TAKEN)
    assert zone.matches(flow()) and zone.matches(flow(source_port=1))
    assert not scopes[("vpc_endpoint_id", "vpce-1")].matches(flow(source_port=1))


def test_what_is_still_there_is_told_with_its_fate() -> None:
    there = still_there([flow(), flow(age=3), flow(source_port=9)], wanted(EXACT), TAKEN + timedelta(seconds=60))
    assert [(record["age"], record["fate"]) for record in there] == [(500, "survived"), (3, "reborn")]


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
