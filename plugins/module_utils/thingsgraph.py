# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flow executions of AWS IoT Things Graph: what their messages say of outcome, steps and times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .times import parse_utc

EVENT_TYPES = (
    "EXECUTION_STARTED",
    "EXECUTION_FAILED",
    "EXECUTION_ABORTED",
    "EXECUTION_SUCCEEDED",
    "STEP_STARTED",
    "STEP_FAILED",
    "STEP_SUCCEEDED",
    "ACTIVITY_SCHEDULED",
    "ACTIVITY_STARTED",
    "ACTIVITY_FAILED",
    "ACTIVITY_SUCCEEDED",
    "START_FLOW_EXECUTION_TASK",
    "SCHEDULE_NEXT_READY_STEPS_TASK",
    "THING_ACTION_TASK",
    "THING_ACTION_TASK_FAILED",
    "THING_ACTION_TASK_SUCCEEDED",
    "ACKNOWLEDGE_TASK_MESSAGE",
)

_OUTCOMES = {
    "EXECUTION_SUCCEEDED": "succeeded",
    "EXECUTION_FAILED": "failed",
    "EXECUTION_ABORTED": "aborted",
}
_STEP_OUTCOMES = {"STEP_STARTED": "running", "STEP_SUCCEEDED": "succeeded", "STEP_FAILED": "failed"}
_FAILURES = ("STEP_FAILED", "ACTIVITY_FAILED", "THING_ACTION_TASK_FAILED")
# The payload is a string without a published form; these are the keys that have been seen in it.
_STEP_KEYS = ("stepName", "stepId", "step", "name")
_REASON_KEYS = ("errorMessage", "error", "reason", "cause", "message")


def summarize(messages: Iterable[Mapping[str, Any]], flow_execution_id: str | None = None) -> dict[str, Any]:
    """Return the outcome, first failed step, steps and durations in seconds of one execution's messages.

    Messages are as the module iotthingsgraph_flow_execution_message_info returns them; raises ValueError when a
    timestamp is not ISO 8601.
    """
    timed = [(_moment(message), message) for message in messages]
    # A message without a time keeps its place behind those that have one.
    timed.sort(key=lambda item: (item[0] is None, item[0].timestamp() if item[0] else 0.0))
    summary: dict[str, Any] = {"outcome": "unknown" if not timed else "running", "message_count": len(timed)}
    if flow_execution_id is not None:
        summary["flow_execution_id"] = flow_execution_id
    started: datetime | None = None
    ended: datetime | None = None
    steps: dict[str, dict[str, Any]] = {}
    began: dict[str, datetime] = {}
    first_failure: dict[str, Any] | None = None
    for moment, message in timed:
        event = message.get("event_type")
        if event == "EXECUTION_STARTED" and started is None:
            started = moment
        elif event in _OUTCOMES:
            summary["outcome"] = _OUTCOMES[event]
            ended = moment
        if event in _STEP_OUTCOMES:
            name = _name_of(message)
            step = steps.setdefault(name, {"name": name})
            step["outcome"] = _STEP_OUTCOMES[event]
            if event == "STEP_STARTED":
                if moment:
                    began[name] = moment
            elif moment and name in began:
                step["duration"] = _seconds(began[name], moment)
        if event in _FAILURES and (first_failure is None or (event == "STEP_FAILED" and not _is_step(first_failure))):
            first_failure = _failure(message)
    if started:
        summary["started_at"] = started.isoformat()
    if ended:
        summary["ended_at"] = ended.isoformat()
    if started and ended:
        summary["duration"] = _seconds(started, ended)
    summary["steps"] = list(steps.values())
    if first_failure:
        summary["first_failed_step"] = first_failure
    return summary


def _is_step(failure: Mapping[str, Any]) -> bool:
    return bool(failure["event_type"] == "STEP_FAILED")


def _failure(message: Mapping[str, Any]) -> dict[str, Any]:
    failure = {"name": _name_of(message), "event_type": message["event_type"]}
    for key in ("message_id", "timestamp"):
        if message.get(key):
            failure[key] = message[key]
    reason = _first(_payload(message), _REASON_KEYS)
    if reason:
        failure["reason"] = reason
    return failure


def _moment(message: Mapping[str, Any]) -> datetime | None:
    text = message.get("timestamp")
    return parse_utc(str(text)) if text else None


def _seconds(first: datetime, last: datetime) -> float:
    return round((last - first).total_seconds(), 3)


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        payload = json.loads(message.get("payload") or "")
    except (TypeError, ValueError):
        return {}
    return payload if isinstance(payload, Mapping) else {}


def _name_of(message: Mapping[str, Any]) -> str:
    return _first(_payload(message), _STEP_KEYS) or "unnamed"


def _first(payload: Mapping[str, Any], keys: Iterable[str]) -> str:
    for key in keys:
        value = payload.get(key)
        if isinstance(value, (str, int)) and str(value):
            return str(value)
    return ""
