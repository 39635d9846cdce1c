# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW, assert_sentence, snake
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
Starts = list[dict[str, Any]]


@pytest.fixture(scope="module")
def arns(control: Control) -> dict[str, str]:
    found = {
        "egress": control.add_firewall("egress", zones=ZONES, synthetic_flows=30)["arn"],
        "branch": control.add_firewall("branch", zones=ZONES[:2], synthetic_flows=20)["arn"],
    }
    control.add_operations("egress", "us-east-1c", status="IN_PROGRESS", age_seconds=9, remaining=None)
    return found


@pytest.fixture(scope="module")
def scopes(control: Control, arns: dict[str, str]) -> dict[str, dict[str, str]]:
    zones = control.state()["firewalls"][0]["zones"]
    return {
        "zone_id": {"availability_zone_id": "use1-az2"},
        "endpoint": {"vpc_endpoint_id": zones["us-east-1a"]["vpc_endpoint_id"]},
        "association": {"vpc_endpoint_association_arn": control.add_association("egress", "us-east-1b")["arn"]},
    }


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, arns: dict[str, str], scopes: dict[str, dict[str, str]]) -> Run:
    return run_playbook.target(
        "networkfirewall_flow_capture", {"firewall_arns": arns, **scopes["endpoint"], **scopes["association"]}
    )


@pytest.fixture(scope="module")
def starts(run: Run, control: Control) -> Starts:
    """The starts that the emulator carried out in the whole play, in order."""
    found: Starts = control.calls()["starts"]
    return found


def started_by(starts: Starts, result: dict[str, Any]) -> Starts:
    ids = [item["flow_operation_id"] for item in result["flow_operations"]]
    return [start for identifier in ids for start in starts if start["flow_operation_id"] == identifier]


def test_check_mode_starts_nothing_and_says_what_it_would(run: Run, starts: Starts, arns: dict[str, str]) -> None:
    planned = run["Capture in check mode"]
    assert planned["changed"] is False
    assert planned["flow_operations"] == [
        {
            "firewall_arn": arns["egress"],
            "availability_zone": zone,
            "flow_operation_type": "FLOW_CAPTURE",
            "minimum_flow_age": 5,
            "flow_filters": [{"source_address": "0.0.0.0/0"}, {"source_address": "::/0"}],
        }
        for zone in ZONES
    ]
    assert not [start for start in starts if start["request"].get("MinimumFlowAgeInSeconds") == 5]


def test_some_zones_each_once(run: Run, starts: Starts, arns: dict[str, str]) -> None:
    result = run["Capture two zones"]
    assert [item["availability_zone"] for item in result["flow_operations"]] == ["us-east-1b", "us-east-1a"]
    assert {item["flow_operation_status"] for item in result["flow_operations"]} == {"IN_PROGRESS"}
    assert {item["flow_operation_type"] for item in result["flow_operations"]} == {"FLOW_CAPTURE"}
    assert result["changed"] is False
    requests = [start["request"] for start in started_by(starts, result)]
    assert requests == [
        {"FirewallArn": arns["egress"], "AvailabilityZone": zone, "FlowFilters": EVERY_FLOW}
        for zone in ("us-east-1b", "us-east-1a")
    ]


def test_every_zone_waited_for(run: Run, starts: Starts, aws: Any, arns: dict[str, str]) -> None:
    result = run["Capture every zone of another firewall and wait"]
    assert [item["availability_zone"] for item in result["flow_operations"]] == ZONES[:2]
    for item in result["flow_operations"]:
        answer = aws.describe_flow_operation(FirewallArn=arns["branch"], FlowOperationId=item["flow_operation_id"])
        del answer["ResponseMetadata"]
        asked = datetime.fromisoformat(item["service_time"])
        assert timedelta(0) <= answer["FlowRequestTimestamp"] - asked < timedelta(seconds=5)
        # How long it took, as this side saw it.
        assert 0 <= item["duration"] < 60
        told = {"service_time": item["service_time"], "duration": item["duration"], "partial": False}
        assert item == {**snake(answer), **told}
        assert item["flow_operation_status"] == "COMPLETED"
    assert len(started_by(starts, result)) == 2


def test_filters_are_sent_as_the_api_takes_them(run: Run, starts: Starts) -> None:
    result = run["Capture with filters as people write them"]
    (start,) = started_by(starts, result)
    assert start["request"]["MinimumFlowAgeInSeconds"] == 7
    assert start["request"]["FlowFilters"] == [
        {
            "SourceAddress": {"AddressDefinition": "10.0.0.0/8"},
            "SourcePort": "ANY",
            "DestinationPort": "443",
            "Protocols": ["6", "17"],
        },
        {
            "DestinationAddress": {"AddressDefinition": "2001:db8::1"},
            "SourcePort": "8000:8100",
            "DestinationPort": "20:21",
            "Protocols": ["132"],
        },
    ]
    assert result["flow_operations"][0]["minimum_flow_age"] == 7
    assert result["flow_filters"][1] == {
        "destination_address": "2001:db8::1",
        "source_port": "8000-8100",
        "destination_port": "20-21",
        "protocols": ["sctp"],
    }


@pytest.mark.parametrize("name", ["zone_id", "endpoint", "association"])
def test_one_scope_of_each_kind(run: Run, starts: Starts, scopes: dict[str, dict[str, str]], name: str) -> None:
    result = run.items("Capture by other scopes")[name]
    (item,) = result["flow_operations"]
    (start,) = started_by(starts, result)
    ((option, value),) = scopes[name].items()
    assert item[option] == value
    assert "availability_zone" not in item
    assert item["flow_operation_status"] == "COMPLETED"
    assert set(start["request"]) - {"FirewallArn", "FlowFilters"} == {
        "AvailabilityZoneId" if name == "zone_id" else "VpcEndpointId" if name == "endpoint" else
        "VpcEndpointAssociationArn"
    }  # fmt: skip


def test_a_busy_zone_is_waited_for(run: Run, starts: Starts) -> None:
    result = run["Capture the busy zone"]
    assert len(started_by(starts, result)) == 1
    assert run.recorded("Capture the busy zone").seconds > 1.0


def test_waiting_for_a_busy_zone_ends_with_wait_timeout(run: Run, starts: Starts) -> None:
    recorded = run.recorded("Capture the zone that is busy for ever")
    assert recorded.status == "failed"
    assert_sentence(recorded.result["msg"], ["us-east-1c", "busy", "FLOW_CAPTURE", "wait_timeout"])
    assert recorded.seconds < 8
    # What was started before is not lost to the user.
    assert [item["availability_zone"] for item in recorded.result["flow_operations"]] == ["us-east-1b"]
    assert len(started_by(starts, recorded.result)) == 1
    assert recorded.result["changed"] is False


def test_a_start_whose_answer_was_lost_is_adopted(run: Run, starts: Starts) -> None:
    result = run["Capture with the answer lost"]
    sent = [start for start in starts if start["request"].get("MinimumFlowAgeInSeconds") == 11]
    assert [start["lost"] for start in sent] == [True]
    (item,) = result["flow_operations"]
    assert item["flow_operation_id"] == sent[0]["flow_operation_id"]
    assert item["adopted"] is True
    assert item["minimum_flow_age"] == 11
    assert item["flow_operation_status"] == "COMPLETED"
    assert "was found and is used" in run.output


def test_a_start_that_never_arrived_is_sent_again(run: Run, starts: Starts) -> None:
    result = run["Capture with the request lost"]
    sent = [start for start in starts if start["request"].get("MinimumFlowAgeInSeconds") == 12]
    assert len(sent) == 1
    (item,) = result["flow_operations"]
    assert item["flow_operation_id"] == sent[0]["flow_operation_id"]
    assert "adopted" not in item


def test_a_partial_capture_says_so(run: Run) -> None:
    (item,) = run["Capture partly"]["flow_operations"]
    assert item["partial"] is True
    assert item["flow_operation_status"] == "COMPLETED_WITH_ERRORS"
    assert item["status_message"] == "Flow timeout"
    assert "completed with errors (Flow timeout)" in run.output
    assert "give fetch=findings" in run.output


def test_a_failed_capture_fails(run: Run) -> None:
    recorded = run.recorded("Capture in vain")
    assert recorded.status == "failed"
    (item,) = recorded.result["flow_operations"]
    assert item["flow_operation_status"] == "FAILED"
    assert_sentence(recorded.result["msg"], [item["flow_operation_id"], "us-east-1b", "failed", "Flow operation error"])


def test_a_wait_that_times_out_fails_and_returns_the_operation(run: Run) -> None:
    recorded = run.recorded("Capture without an end")
    assert recorded.status == "failed"
    (item,) = recorded.result["flow_operations"]
    assert item["flow_operation_status"] == "IN_PROGRESS"
    assert_sentence(recorded.result["msg"], [item["flow_operation_id"], "us-east-1b", "wait_timeout, 1 seconds"])


def test_no_traceback_anywhere(run: Run) -> None:
    assert "Traceback" not in run.output
