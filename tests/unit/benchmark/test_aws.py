# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.flowops.aws.tests.benchmark.aws import Aws
from ansible_collections.flowops.aws.tests.emulator.server import Emulator


@pytest.fixture
def aws() -> Iterator[Aws]:
    with Emulator() as emulator:
        yield Aws(emulator.url)


def test_a_capture_has_an_operation_in_each_zone_and_is_finished(aws: Aws) -> None:
    taken = aws.capture("bench", 3, 600)
    assert [operation["availability_zone"] for operation in taken.operations] == [
        "us-east-1a",
        "us-east-1b",
        "us-east-1c",
    ]
    zones = aws.control.state()["firewalls"][0]["zones"]
    assert [(zones[name]["flows"], zones[name]["in_progress"]) for name in sorted(zones)] == [(200, [])] * 3
    first = taken.of_first_zone()
    assert (first.arn, first.operations, first.flow_count) == (taken.arn, taken.operations[:1], 200)


def test_reading_asks_for_every_page_of_every_zone(aws: Aws) -> None:
    taken = aws.capture("bench", 2, 500)
    assert aws.read(taken) > 0
    # 250 flows in each zone are three pages.
    assert aws.control.calls()["counts"]["ListFlowOperationResults"] == 6
