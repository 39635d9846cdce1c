# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.contradiction import began_after, is_attempt

CHANGED = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
ASKED = CHANGED + timedelta(hours=2)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"age": 3600}, True),
        ({"age": 6599}, True),
        ({"age": 6600}, False),
        ({"age": 7200}, False),
        ({"age": "3600"}, False),
        ({"age": True}, False),
        ({}, False),
    ],
)
def test_a_flow_began_under_the_rules_when_they_had_time_to_spread(record: dict[str, Any], expected: bool) -> None:
    assert began_after(record, ASKED, CHANGED) is expected


def test_what_is_not_known_contradicts_nothing() -> None:
    assert not began_after({"age": 1}, None, CHANGED)
    assert not began_after({"age": 1}, ASKED, None)


@pytest.mark.parametrize(("count", "expected"), [(0, True), (10, True), (11, False), (None, False), (True, False)])
def test_a_few_packets_are_an_attempt(count: Any, expected: bool) -> None:
    assert is_attempt({"packet_count": count}) is expected
