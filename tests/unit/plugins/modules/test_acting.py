# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two modules that act: check mode, diff mode, and what they say has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.files import read_records
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_capture import capture
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_flush import flush
from ansible_collections.flowops.aws.tests.emulator.control import Control

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
PARAMS = {
    "firewall_arn": ARN,
    "flow_filters": [{"source_address": "10.0.0.0/8"}],
    "wait": False,
    "wait_timeout": 60,
    "max_flows": 100,
}


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


WAITING = {**PARAMS, "availability_zone": "us-east-1a", "wait": True, "wait_timeout": 300, "max_flows": 5}


@pytest.fixture
def flushing(
    module_of: Callable[..., Any], api: NetworkFirewall, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[dict[str, Any], Any]]:
    """Flush with a clock that takes no time; gives the result and the module."""
    monkeypatch.setattr(NetworkFirewall, "of", lambda _module: api)

    def run(**options: Any) -> tuple[dict[str, Any], Any]:
        module = module_of({**WAITING, **options})
        return flush(module), module

    return run


def test_a_flush_tells_what_it_hit(
    flushing: Callable[..., Any], flows_of: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    dest = str(tmp_path / "flushed.jsonl.gz")
    result, module = flushing(dest=dest)
    (item,) = result["flow_operations"]
    listed = flows_of(item["flow_operation_id"])
    assert item["flushed_flow_count"] == result["flushed_flow_count"] == len(listed) > 5
    written = list(read_records(dest))
    assert [(flow["source_port"], flow["age"]) for flow in written] == [
        (int(flow["SourcePort"]), flow["Age"]) for flow in listed
    ]
    assert result["flushed_flows"] == written[:5]
    assert (result["files"]["dest"]["count"], module.warnings) == (len(listed), [])


def test_a_flush_of_which_nothing_is_listed_hit_nothing_that_is_known(
    flushing: Callable[..., Any], control: Control
) -> None:
    control.misbehave(flush={"lists": "nothing"})
    result, _module = flushing()
    assert (result["flushed_flow_count"], result["flushed_flows"]) == (0, [])
    assert result["flow_operations"][0]["flushed_flow_count"] == 0


def test_a_flush_whose_results_cannot_be_read_is_done_all_the_same(
    flushing: Callable[..., Any], control: Control
) -> None:
    control.add_fault("access_denied", "ListFlowOperationResults", every=1)
    result, module = flushing()
    assert result["changed"] is True and result["flushed_flow_count"] is None
    assert "flushed_flow_count" not in result["flow_operations"][0]
    (warning,) = module.warnings
    assert warning.startswith("What was flushed is unknown. Could not list the flows")


def test_what_a_flush_hit_needs_its_end(module_of: Callable[..., Any], control: Control, tmp_path: Path) -> None:
    with pytest.raises(FlowOpsError, match="^dest was given without wait"):
        flush(module_of({**PARAMS, "max_flows": 5, "dest": str(tmp_path / "flushed.jsonl")}))
    assert control.calls()["starts"] == []
