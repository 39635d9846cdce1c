# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow executions of IoT Things Graph, some of them built in."""

from __future__ import annotations

import json
from typing import Any

from .clock import Clock
from .errors import NotFound
from .model import service_model
from .state import stable_uuid
from .tokens import Tokens

SERVICE = "iotthingsgraph"
PAGE_DEFAULT = 50
# The day the SDK marked the service deprecated; fixed, so that the same seed gives the same messages.
_EPOCH = 1_661_817_600.0

Step = tuple[str, str, float, str]


def event_types() -> list[str]:
    """Return the event types of the service's model."""
    return list(service_model(SERVICE).shape_for("FlowExecutionEventType").enum)


class Execution:
    """Collects one execution's messages in order; offsets in seconds from its start."""

    def __init__(self, identifier: str, started: float) -> None:
        self.identifier = identifier
        self.started = started
        self.messages: list[dict[str, Any]] = []

    def add(self, event_type: str, offset: float, **payload: Any) -> None:
        """Append a message."""
        text = json.dumps({"flowExecutionId": self.identifier, **payload}, separators=(",", ":"))
        self.messages.append(
            {
                "messageId": stable_uuid(f"{self.identifier}/{len(self.messages)}"),
                "eventType": event_type,
                "timestamp": round(self.started + offset, 3),
                "payload": text,
            }
        )

    def step(self, name: str, thing: str, begin: float, took: float, error: str | None = None) -> None:
        """Append the messages of a step that acts on a thing; with error, it fails."""
        self.add("SCHEDULE_NEXT_READY_STEPS_TASK", begin, readySteps=[name])
        self.add("STEP_STARTED", begin + 0.05, stepName=name)
        self.add("ACTIVITY_SCHEDULED", begin + 0.1, stepName=name, activityName=f"{name}Activity")
        self.add("ACTIVITY_STARTED", begin + 0.15, stepName=name, activityName=f"{name}Activity")
        self.add("THING_ACTION_TASK", begin + 0.2, stepName=name, thingName=thing, action="setState")
        self.add("ACKNOWLEDGE_TASK_MESSAGE", begin + 0.3, stepName=name, thingName=thing)
        ended = begin + took
        if error is None:
            self.add("THING_ACTION_TASK_SUCCEEDED", ended - 0.2, stepName=name, thingName=thing)
            self.add("ACTIVITY_SUCCEEDED", ended - 0.1, stepName=name, activityName=f"{name}Activity")
            self.add("STEP_SUCCEEDED", ended, stepName=name)
        else:
            self.add("THING_ACTION_TASK_FAILED", ended - 0.2, stepName=name, thingName=thing, error=error)
            self.add("ACTIVITY_FAILED", ended - 0.1, stepName=name, activityName=f"{name}Activity", error=error)
            self.add("STEP_FAILED", ended, stepName=name, error=error)


def built_in() -> dict[str, list[dict[str, Any]]]:
    """Return the three executions every emulator starts with: demo-succeeded, demo-failed, demo-aborted."""
    flow = "urn:tdm:us-east-1/123456789012/default:Workflow:SecurityFlow"
    good = Execution("demo-succeeded", _EPOCH)
    good.add("START_FLOW_EXECUTION_TASK", 0.0, flowTemplateId=flow)
    good.add("EXECUTION_STARTED", 0.1, flowTemplateId=flow)
    good.step("DetectMotion", "motion-sensor-1", 0.5, 1.25)
    good.step("TakePicture", "camera-1", 2.0, 3.5)
    good.step("ShowPicture", "screen-1", 6.0, 0.75)
    good.add("EXECUTION_SUCCEEDED", 7.0, flowTemplateId=flow)

    failed = Execution("demo-failed", _EPOCH + 60)
    failed.add("START_FLOW_EXECUTION_TASK", 0.0, flowTemplateId=flow)
    failed.add("EXECUTION_STARTED", 0.1, flowTemplateId=flow)
    failed.step("DetectMotion", "motion-sensor-1", 0.5, 1.0)
    failed.step("TakePicture", "camera-1", 2.0, 30.0, error="Thing camera-1 did not answer within 30 seconds")
    failed.add("EXECUTION_FAILED", 32.5, flowTemplateId=flow, error="Step TakePicture failed")

    aborted = Execution("demo-aborted", _EPOCH + 120)
    aborted.add("START_FLOW_EXECUTION_TASK", 0.0, flowTemplateId=flow)
    aborted.add("EXECUTION_STARTED", 0.1, flowTemplateId=flow)
    aborted.step("DetectMotion", "motion-sensor-1", 0.5, 1.0)
    aborted.add("SCHEDULE_NEXT_READY_STEPS_TASK", 2.0, readySteps=["TakePicture"])
    aborted.add("STEP_STARTED", 2.05, stepName="TakePicture")
    aborted.add("EXECUTION_ABORTED", 9.0, flowTemplateId=flow, reason="Stopped by the operator")
    return {item.identifier: item.messages for item in (good, failed, aborted)}


def numbered(identifier: str, count: int) -> list[dict[str, Any]]:
    """Return count messages that run through every event type, a second apart."""
    kinds = event_types()
    execution = Execution(identifier, _EPOCH)
    for number in range(count):
        execution.add(kinds[number % len(kinds)], float(number), stepName=f"step-{number // len(kinds)}", number=number)
    return execution.messages


class Executions:
    """The store of executions of one emulator, the same in every account and region."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self.tokens = Tokens(f"things-graph-{seed}")
        self.messages = built_in()

    def reset(self) -> None:
        """Go back to the built-in executions."""
        self.messages = built_in()

    def list_messages(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListFlowExecutionMessages."""
        identifier = request["flowExecutionId"]
        if identifier not in self.messages:
            raise NotFound(f"Flow execution {identifier} not found")
        messages, now = self.messages[identifier], self.clock.now()
        offset = 0
        if request.get("nextToken"):
            offset = self.tokens.read(request["nextToken"], identifier, now)
        end = offset + (request.get("maxResults") or PAGE_DEFAULT)
        answer: dict[str, Any] = {"messages": messages[offset:end]}
        if end < len(messages):
            answer["nextToken"] = self.tokens.issue(end, identifier, now)
        return answer
