# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two modules that act: check mode, diff mode, and what they say has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_capture import capture
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_flush import flush

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
PARAMS = {"firewall_arn": ARN, "flow_filters": [{"source_address": "10.0.0.0/8"}], "wait": False, "wait_timeout": 60}


@pytest.mark.parametrize(
    ("work", "changed", "call"), [(capture, False, "StartFlowCapture"), (flush, True, "StartFlowFlush")]
)
def test_check_mode_says_what_would_be_started_and_starts_nothing(
    module_of: Callable[..., Any], control: Any, work: Callable[..., Any], changed: bool, call: str
) -> None:
    planned = work(module_of(PARAMS, check_mode=True))
    assert control.calls()["starts"] == [] and set(control.calls()["counts"]) == {"DescribeFirewall"}
    done = work(module_of(PARAMS))
    assert planned["changed"] is done["changed"] is changed
    assert [start["operation"] for start in control.calls()["starts"]] == [call, call]
    assert [item["availability_zone"] for item in planned["flow_operations"]] == [
        item["availability_zone"] for item in done["flow_operations"]
    ]
    assert planned["flow_operations"][0]["flow_filters"] == [{"source_address": "10.0.0.0/8"}]
    assert "flow_operation_id" not in planned["flow_operations"][0]


def test_diff_mode_shows_what_a_flush_would_cut(module_of: Callable[..., Any]) -> None:
    module = module_of(PARAMS, check_mode=True)
    module._diff = True
    assert flush(module)["diff"] == {
        "before": "us-east-1a: source_address 10.0.0.0/8\nus-east-1b: source_address 10.0.0.0/8\n",
        "after": "",
    }


def test_a_plan_without_operations_changes_nothing(module_of: Callable[..., Any], control: Any) -> None:
    result = flush(module_of({**PARAMS, "flow_filters": None, "operations": []}))
    assert (result["changed"], result["flow_operations"]) == (False, [])
    assert control.calls()["starts"] == []
