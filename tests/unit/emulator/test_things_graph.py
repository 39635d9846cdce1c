# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.flowops.aws.tests.emulator.control import Control, ControlError
from ansible_collections.flowops.aws.tests.emulator.world.executions import event_types


@pytest.fixture
def things(emulator: Any, client: Callable[..., Any]) -> Any:
    return client("iotthingsgraph")


@pytest.mark.parametrize(
    ("identifier", "last"),
    [
        ("demo-succeeded", "EXECUTION_SUCCEEDED"),
        ("demo-failed", "EXECUTION_FAILED"),
        ("demo-aborted", "EXECUTION_ABORTED"),
    ],
)
def test_the_built_in_executions(things: Any, identifier: str, last: str) -> None:
    messages = things.list_flow_execution_messages(flowExecutionId=identifier)["messages"]
    kinds = [message["eventType"] for message in messages]
    assert kinds[:2] == ["START_FLOW_EXECUTION_TASK", "EXECUTION_STARTED"]
    assert kinds[-1] == last
    assert kinds.count("STEP_FAILED") == (identifier == "demo-failed")
    stamps = [message["timestamp"] for message in messages]
    assert stamps == sorted(stamps)
    assert {json.loads(message["payload"])["flowExecutionId"] for message in messages} == {identifier}
    assert len({message["messageId"] for message in messages}) == len(messages)


def test_together_they_show_every_event_type(things: Any) -> None:
    shown = {
        message["eventType"]
        for identifier in ("demo-succeeded", "demo-failed", "demo-aborted")
        for message in things.list_flow_execution_messages(flowExecutionId=identifier)["messages"]
    }
    assert shown == set(event_types())
    assert len(shown) == 17


def test_pages_are_fifty_by_default_and_at_most_250(things: Any, control: Control) -> None:
    control.add_execution("long", count=300)
    first = things.list_flow_execution_messages(flowExecutionId="long")
    assert len(first["messages"]) == 50
    rest = things.list_flow_execution_messages(flowExecutionId="long", nextToken=first["nextToken"], maxResults=250)
    assert len(rest["messages"]) == 250 and "nextToken" not in rest
    numbers = [json.loads(message["payload"])["number"] for message in first["messages"] + rest["messages"]]
    assert numbers == list(range(300))
    with pytest.raises(things.exceptions.InvalidRequestException, match="less than or equal to 250"):
        things.list_flow_execution_messages(flowExecutionId="long", maxResults=251)


@pytest.mark.parametrize("step", [1, 7, 250])
def test_the_sdks_paginator_walks_in_any_step(things: Any, control: Control, step: int) -> None:
    control.add_execution("long", count=40)
    pages = things.get_paginator("list_flow_execution_messages").paginate(
        flowExecutionId="long", PaginationConfig={"PageSize": step}
    )
    numbers = [json.loads(message["payload"])["number"] for page in pages for message in page["messages"]]
    assert numbers == list(range(40))


def test_an_unknown_execution_and_a_foreign_token(things: Any, control: Control) -> None:
    with pytest.raises(things.exceptions.ResourceNotFoundException, match="nobody"):
        things.list_flow_execution_messages(flowExecutionId="nobody")
    token = things.list_flow_execution_messages(flowExecutionId="demo-failed", maxResults=2)["nextToken"]
    with pytest.raises(things.exceptions.InvalidRequestException):
        things.list_flow_execution_messages(flowExecutionId="demo-aborted", nextToken=token)
    control.advance(3601)
    with pytest.raises(things.exceptions.InvalidRequestException, match="expired"):
        things.list_flow_execution_messages(flowExecutionId="demo-failed", nextToken=token)


def test_messages_can_be_given_and_are_gone_after_a_reset(things: Any, control: Control) -> None:
    control.add_execution("mine", messages=[{"messageId": "1", "eventType": "STEP_FAILED", "payload": "{{ 7*7 }}"}])
    messages = things.list_flow_execution_messages(flowExecutionId="mine")["messages"]
    assert messages == [{"messageId": "1", "eventType": "STEP_FAILED", "payload": "{{ 7*7 }}"}]
    with pytest.raises(ControlError, match="eventType"):
        control.add_execution("mine", messages=[{"eventType": "STEP_LOST"}])
    control.reset()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        things.list_flow_execution_messages(flowExecutionId="mine")


def test_it_answers_in_every_region(emulator: Any, client: Callable[..., Any]) -> None:
    there = client("iotthingsgraph", "eu-central-1")
    assert there.list_flow_execution_messages(flowExecutionId="demo-failed")["messages"]
