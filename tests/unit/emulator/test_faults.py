# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from ansible_collections.flowops.aws.tests.emulator.control import Control, ControlError
from ansible_collections.flowops.aws.tests.emulator.http.faults import KINDS, Fault
from ansible_collections.flowops.aws.tests.emulator.server import Emulator

LIST = "ListFlowOperations"


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("throttle", "ThrottlingException", 400),
        ("internal", "InternalServerError", 500),
        ("unavailable", "503", 503),
        ("access_denied", "AccessDeniedException", 400),
        ("expired_token", "ExpiredTokenException", 400),
    ],
)
def test_error_answers_as_boto3_sees_them(firewall: Any, control: Control, kind: str, code: str, status: int) -> None:
    control.add_fault(kind, LIST, times=1)
    with pytest.raises(ClientError) as caught:
        firewall.aws.list_flow_operations(FirewallArn=firewall.arn)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert firewall.aws.list_flow_operations(FirewallArn=firewall.arn)["FlowOperations"] == []
    assert control.calls()["counts"] == {LIST: 2}


def test_another_status_can_be_asked_for(firewall: Any, control: Control) -> None:
    control.add_fault("unavailable", LIST, status=502)
    with pytest.raises(ClientError) as caught:
        firewall.aws.list_flow_operations(FirewallArn=firewall.arn)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502


@pytest.mark.parametrize("kind", ["StartFlowCapture", "StartFlowFlush"])
@pytest.mark.parametrize(("fault", "done"), [("drop_before", False), ("drop_after", True)])
def test_a_connection_cut_before_or_after_the_work(
    firewall: Any, control: Control, kind: str, fault: str, done: bool
) -> None:
    control.add_fault(fault, kind, times=1)
    with pytest.raises(ConnectionClosedError):
        firewall.start("flush" if kind == "StartFlowFlush" else "capture")
    calls = control.calls()
    assert calls["counts"] == {kind: 1}
    assert [(item["operation"], item["lost"]) for item in calls["starts"]] == ([(kind, True)] if done else [])
    listed = firewall.aws.list_flow_operations(FirewallArn=firewall.arn)["FlowOperations"]
    assert [item["FlowOperationId"] for item in listed] == [item["flow_operation_id"] for item in calls["starts"]]


def test_botocores_own_retries_start_twice_what_was_done_once(
    firewall: Any, control: Control, running: Emulator
) -> None:
    stubborn = boto3.client(
        "network-firewall",
        region_name="us-east-1",
        endpoint_url=running.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 2, "mode": "standard"}, proxies={}),
    )
    control.settings(duration=0)
    control.add_fault("drop_after", "StartFlowCapture", times=1)
    firewall.aws = stubborn
    identifier = firewall.start()
    starts = control.calls()["starts"]
    assert [item["lost"] for item in starts] == [True, False]
    assert starts[1]["flow_operation_id"] == identifier != starts[0]["flow_operation_id"]


@pytest.mark.parametrize("fault", ["cut", "cut_short", "not_json"])
def test_a_page_cut_or_not_json_loses_its_list_without_an_error(firewall: Any, control: Control, fault: str) -> None:
    identifier = firewall.start()
    firewall.finish()
    control.add_fault(fault, "ListFlowOperationResults", at=[2])
    first = firewall.results(identifier)
    broken = firewall.results(identifier, NextToken=first["NextToken"])
    assert "Flows" not in broken and "NextToken" not in broken
    whole = firewall.results(identifier, NextToken=first["NextToken"])
    assert len(whole["Flows"]) == 100


def test_a_page_cut_off_on_the_wire(firewall: Any, control: Control, running: Emulator) -> None:
    identifier = firewall.start()
    firewall.finish()
    control.add_fault("cut", "ListFlowOperationResults", times=1)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)) as connection:
        connection.request(
            "POST",
            "/",
            json.dumps({"FirewallArn": firewall.arn, "FlowOperationId": identifier}),
            {
                "X-Amz-Target": "NetworkFirewall_20201112.ListFlowOperationResults",
                "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/network-firewall/aws4_request",
            },
        )
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()
    assert len(firewall.flows(identifier)) == 300


@pytest.mark.parametrize("fault", ["cut", "cut_short", "not_json"])
def test_a_start_whose_answer_is_broken_was_carried_out(firewall: Any, control: Control, fault: str) -> None:
    control.add_fault(fault, "StartFlowFlush")
    try:
        answer = firewall.aws.start_flow_flush(
            FirewallArn=firewall.arn,
            AvailabilityZone="us-east-1a",
            FlowFilters=[{"SourceAddress": {"AddressDefinition": "::/0"}}],
        )
    except BotoCoreError:
        answer = {}
    assert "FlowOperationId" not in answer
    assert [item["lost"] for item in control.calls()["starts"]] == [True]


def test_slowness_delays_and_then_answers(firewall: Any, control: Control) -> None:
    control.add_fault("slow", LIST, seconds=0.2, times=1)
    begun = time.monotonic()
    assert firewall.aws.list_flow_operations(FirewallArn=firewall.arn)["FlowOperations"] == []
    assert time.monotonic() - begun >= 0.2


def _answers(control: Control, firewall: Any, count: int) -> str:
    found = ""
    for _attempt in range(count):
        try:
            firewall.aws.list_flow_operations(FirewallArn=firewall.arn)
            found += "."
        except ClientError:
            found += "x"
    return found


@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        ({"every": 3}, "..x..x..x"),
        ({"times": 4}, "xxxx....."),
        ({"at": [2, 5]}, ".x..x...."),
        ({}, "xxxxxxxxx"),
        ({"operation": "*", "every": 2}, ".x.x.x.x."),
        ({"operation": "StartFlowFlush"}, "........."),
    ],
)
def test_which_requests_meet_a_fault(firewall: Any, control: Control, rule: dict[str, Any], answers: str) -> None:
    control.add_fault("throttle", **{"operation": LIST, **rule})
    assert _answers(control, firewall, 9) == answers
    control.clear_faults()
    assert control.faults() == []
    assert _answers(control, firewall, 3) == "..."


def test_things_graph_has_a_name_of_its_own_for_internal_errors(control: Control, client: Callable[..., Any]) -> None:
    control.add_fault("internal", "ListFlowExecutionMessages", times=1)
    things = client("iotthingsgraph")
    with pytest.raises(things.exceptions.InternalFailureException):
        things.list_flow_execution_messages(flowExecutionId="demo-failed")


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({"kind": "explode"}, "kind must be one of"),
        ({"kind": "throttle", "every": 0}, "every"),
        ({"kind": "throttle", "times": "many"}, "times"),
        ({"kind": "throttle", "at": [0]}, "at must"),
        ({"kind": "slow", "seconds": -1}, "seconds"),
        ({"kind": "throttle", "sometimes": 1}, "sometimes"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(control: Control, rule: dict[str, Any], named: str) -> None:
    with pytest.raises(ControlError, match=named):
        control.add_fault(**rule)
    assert control.faults() == []


def test_rules_of_the_command_line() -> None:
    assert Fault.from_text("throttle:ListFlowOperations:every=3") == Fault(LIST, "throttle", every=3)
    assert Fault.from_text("cut:*:at=2,5") == Fault("*", "cut", at=[2, 5])
    assert Fault.from_text("slow:StartFlowFlush:seconds=1.5:times=2") == Fault(
        "StartFlowFlush", "slow", seconds=1.5, times=2
    )
    assert [Fault.from_text(kind) for kind in KINDS] == [Fault("*", kind) for kind in KINDS]
    for wrong in ("nothing", "throttle:*:every", "throttle:*:every=x", "throttle:*:every=0"):
        with pytest.raises(ValueError, match=r"fault|every"):
            Fault.from_text(wrong)
