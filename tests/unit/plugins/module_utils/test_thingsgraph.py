# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.thingsgraph import EVENT_TYPES, summarize


def message(event: str, second: float | None = None, payload: Any = None, **members: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"message_id": f"{event}-{second}", "event_type": event, **members}
    if second is not None:
        said["timestamp"] = f"2026-01-31T12:00:{second:06.3f}+00:00"
    if payload is not None:
        said["payload"] = payload if isinstance(payload, str) else json.dumps(payload)
    return said


SUCCEEDED = [
    message("EXECUTION_STARTED", 1),
    message("STEP_STARTED", 2, {"stepName": "detect"}),
    message("STEP_SUCCEEDED", 3.5, {"stepName": "detect"}),
    message("STEP_STARTED", 4, {"stepName": "show"}),
    message("STEP_SUCCEEDED", 4.25, {"stepName": "show"}),
    message("EXECUTION_SUCCEEDED", 9),
]


def test_an_execution_that_succeeded() -> None:
    assert summarize(SUCCEEDED, "run-1") == {
        "flow_execution_id": "run-1",
        "outcome": "succeeded",
        "message_count": 6,
        "started_at": "2026-01-31T12:00:01+00:00",
        "ended_at": "2026-01-31T12:00:09+00:00",
        "duration": 8.0,
        "steps": [
            {"name": "detect", "outcome": "succeeded", "duration": 1.5},
            {"name": "show", "outcome": "succeeded", "duration": 0.25},
        ],
    }


def test_messages_out_of_order_say_the_same() -> None:
    assert summarize(list(reversed(SUCCEEDED))) == summarize(SUCCEEDED)


def test_the_first_failed_step_is_named_with_its_reason() -> None:
    summary = summarize(
        [
            message("EXECUTION_STARTED", 1),
            message("STEP_STARTED", 2, {"stepName": "detect"}),
            message("STEP_FAILED", 8, {"stepName": "later", "error": "second"}),
            message("STEP_FAILED", 5, {"stepName": "detect", "error": "no answer"}),
            message("EXECUTION_FAILED", 9),
        ]
    )
    assert summary["outcome"] == "failed"
    assert summary["first_failed_step"] == {
        "name": "detect",
        "event_type": "STEP_FAILED",
        "message_id": "STEP_FAILED-5",
        "timestamp": "2026-01-31T12:00:05.000+00:00",
        "reason": "no answer",
    }
    assert summary["steps"][0] == {"name": "detect", "outcome": "failed", "duration": 3.0}


def test_a_failed_step_outweighs_the_activity_that_failed_before_it() -> None:
    failures = [
        message("ACTIVITY_FAILED", 3, {"stepName": "inner"}),
        message("THING_ACTION_TASK_FAILED", 4, {"stepName": "inner"}),
        message("STEP_FAILED", 5, {"stepName": "outer"}),
    ]
    assert summarize(failures)["first_failed_step"]["name"] == "outer"
    assert summarize(failures[:2])["first_failed_step"]["event_type"] == "ACTIVITY_FAILED"


def test_an_aborted_execution_leaves_its_step_running() -> None:
    summary = summarize(
        [
            message("EXECUTION_STARTED", 1),
            message("STEP_STARTED", 2, {"stepName": "show"}),
            message("EXECUTION_ABORTED", 7),
        ]
    )
    assert (summary["outcome"], summary["duration"]) == ("aborted", 6.0)
    assert summary["steps"] == [{"name": "show", "outcome": "running"}]
    assert "first_failed_step" not in summary


def test_no_messages_are_no_outcome_and_some_are_a_run() -> None:
    assert summarize([]) == {"outcome": "unknown", "message_count": 0, "steps": []}
    assert summarize([message("EXECUTION_STARTED", 1)])["outcome"] == "running"


@pytest.mark.parametrize(
    "payload", [None, "", "not json {", "[1, 2]", "7", "null", '{"other": 1}', '{"stepName": {"a": 1}}']
)
def test_a_payload_that_names_no_step_costs_only_the_name(payload: str | None) -> None:
    summary = summarize([message("STEP_FAILED", 1, payload)])
    assert summary["first_failed_step"]["name"] == "unnamed"
    assert "reason" not in summary["first_failed_step"]


def test_a_message_without_a_time_is_counted_and_times_nothing() -> None:
    summary = summarize([message("EXECUTION_SUCCEEDED"), message("EXECUTION_STARTED", 1)])
    assert summary["outcome"] == "succeeded"
    assert "duration" not in summary and summary["message_count"] == 2


def test_a_time_that_is_none_raises() -> None:
    with pytest.raises(ValueError):
        summarize([{"event_type": "EXECUTION_STARTED", "timestamp": "noon"}])


def test_the_event_types_are_the_apis() -> None:
    from botocore.session import get_session

    model = get_session().get_service_model("iotthingsgraph")
    assert set(EVENT_TYPES) == set(model.shape_for("FlowExecutionEventType").enum)
