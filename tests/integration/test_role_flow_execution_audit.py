# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.expectations import plain_pages
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner, fact, failed
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run, make_client

DEMO = ["demo-succeeded", "demo-failed", "demo-aborted"]
HOSTILE = "{{ 7*7 }}<script>"


@pytest.fixture(scope="module")
def run(emulator: Emulator, control: Control, tmp_path_factory: pytest.TempPathFactory) -> Run:
    hostile = [
        ("EXECUTION_STARTED", 100.0, {}),
        ("STEP_STARTED", 101.0, {"stepName": HOSTILE}),
        ("STEP_FAILED", 103.5, {"stepName": HOSTILE, "error": HOSTILE}),
    ]
    messages = [
        {"messageId": f"m-{number}", "eventType": kind, "timestamp": time, "payload": json.dumps(payload)}
        for number, (kind, time, payload) in enumerate(hostile)
    ]
    control.add_execution("hostile", messages=messages)
    # More than a page of messages.
    control.add_execution("long", count=600)
    hosts: dict[str, dict[str, Any]] = {
        "demo": {"flow_execution_audit_flow_execution_ids": DEMO},
        "strict": {
            "flow_execution_audit_flow_execution_ids": DEMO[:2],
            "flow_execution_audit_fail_on": ["failed", "unknown"],
        },
        "lenient": {"flow_execution_audit_flow_execution_ids": DEMO[:1], "flow_execution_audit_fail_on": ["failed"]},
        "hostile": {"flow_execution_audit_flow_execution_ids": ["hostile", "long"]},
        "unknown": {"flow_execution_audit_flow_execution_ids": ["nowhere"]},
        # As a command line gives it.
        "one-unknown": {"flow_execution_audit_flow_execution_ids": "demo-succeeded,nowhere"},
        "tolerated": {
            "flow_execution_audit_flow_execution_ids": ["nowhere", "demo-failed"],
            "flow_execution_audit_fail_on": [],
        },
        "nothing": {},
        "misspelt": {"flow_execution_audit_flow_execution_ids": DEMO, "flow_execution_audit_fail_on": ["fails"]},
    }
    return FirewallRunner(tmp_path_factory.mktemp("runs"), emulator.url)("flowops.aws.execution_audit", hosts)


@pytest.fixture(scope="module")
def executions(run: Run) -> dict[str, dict[str, Any]]:
    result = fact(run, "demo", "flow_execution_audit_result")
    assert result["outcomes"] == {"succeeded": 1, "failed": 1, "aborted": 1}
    return {item["flow_execution_id"]: item for item in result["executions"]}


def test_outcomes_steps_and_failures(executions: dict[str, dict[str, Any]]) -> None:
    assert list(executions) == DEMO
    assert [item["outcome"] for item in executions.values()] == ["succeeded", "failed", "aborted"]
    assert "first_failed_step" not in executions["demo-succeeded"]
    failure = executions["demo-failed"]["first_failed_step"]
    assert (failure["name"], failure["event_type"]) == ("TakePicture", "STEP_FAILED")
    assert failure["reason"] == "Thing camera-1 did not answer within 30 seconds"
    assert [(step["name"], step["outcome"]) for step in executions["demo-aborted"]["steps"]] == [
        ("DetectMotion", "succeeded"),
        ("TakePicture", "running"),
    ]


@pytest.mark.parametrize("name", DEMO)
def test_durations_are_those_between_the_messages(
    emulator: Emulator, executions: dict[str, dict[str, Any]], name: str
) -> None:
    client = make_client(emulator.url, "iotthingsgraph")
    pages = plain_pages(client.list_flow_execution_messages, "nextToken", flowExecutionId=name)
    messages = [message for page in pages for message in page["messages"]]
    assert executions[name]["message_count"] == len(messages)

    def moment(event: str, step: str | None = None) -> float:
        (found,) = [
            message["timestamp"].timestamp()
            for message in messages
            if message["eventType"] == event and step in (None, json.loads(message["payload"]).get("stepName"))
        ]
        return float(found)

    ended = moment(f"EXECUTION_{executions[name]['outcome'].upper()}")
    assert executions[name]["duration"] == pytest.approx(ended - moment("EXECUTION_STARTED"), abs=0.002)
    for step in executions[name]["steps"]:
        if step["outcome"] == "running":
            assert "duration" not in step
            continue
        took = moment(f"STEP_{step['outcome'].upper()}", step["name"]) - moment("STEP_STARTED", step["name"])
        assert step["duration"] == pytest.approx(took, abs=0.002)


def test_it_is_said_in_words(run: Run) -> None:
    message = run.recorded("Say the outcomes", "demo").result["msg"]
    parts = message.split("; ")
    assert [part.partition(" after")[0] for part in parts] == [
        "demo-succeeded: succeeded",
        "demo-failed: failed",
        "demo-aborted: aborted",
    ]
    assert "first failed step TakePicture (Thing camera-1 did not answer within 30 seconds)" in parts[1]


def test_fail_on_fails_the_play(run: Run) -> None:
    (last,) = failed(run, "strict")
    assert last.task == "Say the outcomes"
    assert "demo-failed: failed" in last.result["msg"]
    assert fact(run, "strict", "flow_execution_audit_result")["outcomes"] == {"succeeded": 1, "failed": 1}
    assert not failed(run, "lenient")
    assert not failed(run, "demo")
    assert run.rc == 2


@pytest.mark.parametrize(("name", "fails"), [("one-unknown", True), ("tolerated", False)])
def test_one_that_is_not_there_keeps_nobody_from_judging_the_others(run: Run, name: str, fails: bool) -> None:
    result = fact(run, name, "flow_execution_audit_result")
    assert {item["outcome"] for item in result["executions"]} == {
        "missing",
        "succeeded" if name == "one-unknown" else "failed",
    }
    assert bool(failed(run, name)) is fails
    assert "nowhere: missing, AWS knows no such execution" in run.recorded("Say the outcomes", name).result["msg"]


def test_strings_from_aws_stay_data_and_every_page_is_read(run: Run) -> None:
    result = fact(run, "hostile", "flow_execution_audit_result")
    hostile, long = result["executions"]
    assert hostile["outcome"] == "running"
    assert hostile["first_failed_step"]["name"] == hostile["first_failed_step"]["reason"] == HOSTILE
    assert hostile["steps"][0] == {"name": HOSTILE, "outcome": "failed", "duration": 2.5}
    assert long["message_count"] == 600
    assert HOSTILE in run.recorded("Say the outcomes", "hostile").result["msg"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("unknown", ["nowhere"]),
        ("nothing", ["flow_execution_audit_flow_execution_ids"]),
        ("misspelt", ["flow_execution_audit_fail_on", "fails", "failed"]),
    ],
)
def test_mistakes_are_named(run: Run, name: str, parts: list[str]) -> None:
    (last,) = failed(run, name)
    messages = [last.result["msg"], *(item.get("msg", "") for item in last.result.get("results", []))]
    for part in parts:
        assert any(part in message for message in messages), messages
    assert "Traceback" not in run.output
