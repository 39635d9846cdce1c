# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import (
    EVERY_FLOW,
    assert_sentence,
    plain_flows,
)
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import flow
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ZONES = ["us-east-1a", "us-east-1b"]
OFFENCES = 45
# Between two offences in us-east-1b there is always a flow that the policy allows, by address and by port, so that no
# filter can have two of them.
NUMBERS = range(1, 2 * OFFENCES - 1)
ALLOWED = [number for number in NUMBERS if number % 2 == 0]
POLICY = {
    "default": "allow",
    "rules": [
        {"name": "old-terminals", "action": "allow", "source_port": [40000 + number for number in ALLOWED]},
        {"name": "no-telnet", "action": "deny", "severity": "high", "destination_port": [23]},
    ],
}


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    # More offences in us-east-1b than one operation has filters.
    flows = {
        "us-east-1a": [flow(1, 22), flow(1, 443), flow(2, 22), flow(3, 23)],
        "us-east-1b": [flow(number, 23) for number in NUMBERS],
    }
    arn: str = control.add_firewall("egress", flows=flows)["arn"]
    control.add_firewall("branch", flows={zone: [flow(1, 22)] for zone in ZONES})
    return arn


@pytest.fixture(scope="module")
def captured_at() -> str:
    return (datetime.now(timezone.utc) - timedelta(seconds=600)).isoformat()


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, arn: str, captured_at: str) -> Run:
    return run_playbook.target(
        "networkfirewall_flow_flush",
        {"policy": POLICY, "captured_at": captured_at, "young_flow": flow(5, 23, age=0)},
    )


@pytest.fixture(scope="module")
def starts(run: Run, control: Control) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        start for start in control.calls()["starts"] if start["operation"] == "StartFlowFlush"
    ]
    return found


@pytest.fixture(scope="module")
def left(run: Run, control: Control, aws: Any, arn: str) -> dict[str, list[tuple[str, int, int]]]:
    """What a plain capture of each zone finds after the play: source, source port, destination port."""
    control.settings(duration=0)
    found = {}
    for zone in ZONES:
        scope = {"AvailabilityZone": zone}
        operation = aws.start_flow_capture(FirewallArn=arn, FlowFilters=EVERY_FLOW, **scope)["FlowOperationId"]
        found[zone] = [
            (item["source_address"]["address_definition"], int(item["source_port"]), int(item["destination_port"]))
            for item in plain_flows(aws, arn, operation, **scope)
        ]
    return found


def test_check_mode_starts_nothing_and_shows_the_filters(run: Run, starts: list[dict[str, Any]], arn: str) -> None:
    planned = run["Flush in check mode"]
    written = {"source_address": "10.0.0.1", "destination_port": "22", "protocols": ["tcp"]}
    assert planned["changed"] is True
    assert planned["flow_operations"] == [
        {
            "firewall_arn": arn,
            "availability_zone": zone,
            "flow_operation_type": "FLOW_FLUSH",
            "flow_filters": [written],
        }
        for zone in ZONES
    ]
    assert planned["diff"] == {
        "before": "".join(f"{zone}: source_address 10.0.0.1, destination_port 22, protocols tcp\n" for zone in ZONES),
        "after": "",
    }
    # Check mode came first; the first flush carried out is that of the next task, in one zone only.
    assert starts[0]["flow_operation_id"] == run["Flush one zone"]["flow_operations"][0]["flow_operation_id"]


def test_a_flush_cuts_what_its_filters_match(run: Run, left: dict[str, list[tuple[str, int, int]]]) -> None:
    flushed = run["Flush one zone"]
    (item,) = flushed["flow_operations"]
    assert flushed["changed"] is True
    assert (item["flow_operation_type"], item["flow_operation_status"]) == ("FLOW_FLUSH", "COMPLETED")
    assert item["partial"] is False
    assert flushed["diff"]["before"].startswith("us-east-1a: source_address 10.0.0.1")
    assert left["us-east-1a"] == [("10.0.0.1", 40001, 443), ("10.0.0.2", 40002, 22)]


def test_a_plan_is_looked_at_in_check_mode(run: Run) -> None:
    planned = run["Look at the plan in check mode"]
    assert [item["availability_zone"] for item in planned["flow_operations"]] == [
        "us-east-1a",
        *["us-east-1b"] * 3,
    ]
    assert sum(item["flow_count"] for item in planned["flow_operations"]) == OFFENCES
    assert planned["diff"]["before"].count("\n") == OFFENCES


def test_a_plan_cuts_its_findings_and_nothing_else(
    run: Run, starts: list[dict[str, Any]], left: dict[str, list[tuple[str, int, int]]]
) -> None:
    flushed = run["Flush the plan"]
    assert run["Audit"]["findings_total"] == OFFENCES
    assert flushed["changed"] is True
    ids = {item["flow_operation_id"] for item in flushed["flow_operations"]}
    requests = [start["request"] for start in starts if start["flow_operation_id"] in ids]
    sizes = sorted((request["AvailabilityZone"], len(request["FlowFilters"])) for request in requests)
    assert sizes == [("us-east-1a", 1), ("us-east-1b", 4), ("us-east-1b", 20), ("us-east-1b", 20)]
    assert all(request["MinimumFlowAgeInSeconds"] >= 1 for request in requests)
    # Of one zone, each operation waits for the one before it.
    in_sequence = [item for item in flushed["flow_operations"] if item["availability_zone"] == "us-east-1b"]
    assert [item["flow_operation_status"] for item in in_sequence] == ["COMPLETED"] * 3
    # The flow born since the capture lives on, and so do the innocent ones.
    spared = [(f"10.0.0.{number}", 40000 + number, 23) for number in ALLOWED]
    assert left["us-east-1b"] == [*spared, ("10.0.0.5", 40005, 23)]


def test_an_empty_plan_changes_nothing(run: Run) -> None:
    assert run["Flush an empty plan"]["changed"] is False
    assert run["Flush an empty plan"]["flow_operations"] == []


def test_captured_at_raises_the_minimum_age(run: Run, starts: list[dict[str, Any]]) -> None:
    (item,) = run["Flush since a moment"]["flow_operations"]
    (request,) = [start["request"] for start in starts if start["flow_operation_id"] == item["flow_operation_id"]]
    assert request["MinimumFlowAgeInSeconds"] == item["minimum_flow_age"]
    # The play was at this task within two minutes of its start.
    assert 30 + 600 <= item["minimum_flow_age"] <= 30 + 600 + 120


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_flush_whose_answer_was_lost_is_never_sent_twice(run: Run, starts: list[dict[str, Any]], number: int) -> None:
    address = {"AddressDefinition": f"192.0.2.{number}"}
    sent = [start for start in starts if start["request"]["FlowFilters"] == [{"SourceAddress": address}]]
    assert [start["lost"] for start in sent] == [True]
    (item,) = run["Flush with the answers lost"]["results"][number - 1]["flow_operations"]
    assert item["flow_operation_id"] == sent[0]["flow_operation_id"]
    assert item["adopted"] is True


def test_a_partial_failure_returns_what_was_started(run: Run, starts: list[dict[str, Any]]) -> None:
    recorded = run.recorded("Flush where one zone is busy")
    assert recorded.status == "failed"
    assert_sentence(recorded.result["msg"], ["us-east-1b", "busy", "wait_timeout"])
    assert recorded.result["changed"] is True
    (item,) = recorded.result["flow_operations"]
    assert item["availability_zone"] == "us-east-1a"
    assert item["flow_operation_id"] in {start["flow_operation_id"] for start in starts}
    assert "Traceback" not in run.output
