# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import botocore
import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import (
    assert_sentence,
    every_third,
    plain_pages,
    snake,
    walks,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import HERE, PlaybookRunner, Run

HOSTILE = ["{{ 7*7 }}", "{% raw %}", "{\"stepName\": \"{{ lookup('env', 'HOME') }}\"}", "=1+1", "<script>", "\u202e"]


@pytest.fixture(scope="module")
def sdk_without_service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed botocore whose data lacks the service, as a later release may."""
    shim = tmp_path_factory.mktemp("sdk")
    source = Path(botocore.__file__).parent
    (shim / "botocore" / "data").mkdir(parents=True)
    for entry in source.iterdir():
        if entry.name not in ("data", "__pycache__"):
            (shim / "botocore" / entry.name).symlink_to(entry)
    for entry in (source / "data").iterdir():
        if entry.name != "iotthingsgraph":
            (shim / "botocore" / "data" / entry.name).symlink_to(entry)
    return shim


@pytest.fixture(scope="module")
def closed_url() -> str:
    """The address of a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, control: Control, sdk_without_service: Path, closed_url: str) -> Run:
    control.add_execution("long", count=500)
    hostile = [
        {"messageId": f"m{number}", "eventType": "STEP_FAILED", "timestamp": 1700000000.25, "payload": payload}
        for number, payload in enumerate(HOSTILE)
    ]
    control.add_execution("hostile", messages=[*hostile, {"messageId": "bare"}])
    return run_playbook.target(
        "iotthingsgraph_flow_execution_message_info",
        {
            "faults": every_third("ListFlowExecutionMessages", 90),
            "sdk_without_service": str(sdk_without_service),
            "quick_python": str(HERE / "harness" / "shims" / "quick"),
            "closed_url": closed_url,
        },
    )


@pytest.fixture(scope="module")
def messages(client: Any, run: Run) -> list[dict[str, Any]]:
    pages = plain_pages(
        client("iotthingsgraph").list_flow_execution_messages, "nextToken", flowExecutionId="long", maxResults=100
    )
    found = [snake(message) for page in pages for message in page["messages"]]
    assert len(found) == 500
    return found


def test_messages_of_an_execution(run: Run, client: Any) -> None:
    answer = client("iotthingsgraph").list_flow_execution_messages(flowExecutionId="demo-failed")
    read = run["Read"]
    assert read["messages"] == snake(answer["messages"])
    assert read["changed"] is False
    assert set(read["messages"][0]) == {"message_id", "event_type", "timestamp", "payload"}
    assert json.loads(read["messages"][0]["payload"])["flowExecutionId"] == "demo-failed"


def test_pages_of_the_largest_size_in_check_mode(run: Run, messages: list[dict[str, Any]]) -> None:
    assert run["Read in pages of the largest size in check mode"]["messages"] == messages


def test_event_types_choose(run: Run, messages: list[dict[str, Any]]) -> None:
    chosen = [message for message in messages if message["event_type"] in ("STEP_FAILED", "EXECUTION_ABORTED")]
    assert chosen
    assert run["Read events"]["messages"] == chosen


def test_query_sees_the_apis_own_names(run: Run, messages: list[dict[str, Any]]) -> None:
    found = run.items("Query")
    payloads = [message["payload"] for message in messages if message["event_type"] == "STEP_FAILED"]
    assert found["payloads"]["query_result"] == payloads
    assert found["lengths"]["query_result"] == [100] * 5
    assert "messages" not in found["payloads"]


def test_hostile_payloads_stay_data(run: Run) -> None:
    read = run["Read hostile payloads"]["messages"]
    assert [message.get("payload") for message in read] == [*HOSTILE, None]
    assert read[-1] == {"message_id": "bare"}
    assert run["Say a hostile payload"]["msg"] == "{{ 7*7 }}"


def test_walks_of_any_steps_yield_the_same_sequence(run: Run, messages: list[dict[str, Any]]) -> None:
    (walk,) = walks(run.all("Step"), "messages")
    assert [len(step) for step in walk] == [1, 60, 199, 240]
    assert [message for step in walk for message in step] == messages


def test_a_fault_on_every_third_call_loses_and_repeats_nothing(run: Run, messages: list[dict[str, Any]]) -> None:
    assert run["Read in spite of the faults"]["messages"] == messages


def test_one_deprecation_notice_in_a_run(run: Run) -> None:
    notice = "AWS has discontinued IoT Things Graph; the SDK has marked its calls as deprecated since 2022-08-30."
    assert " ".join(run.output.split()).count(notice) == 1
    assert run.output.count("[DEPRECATION WARNING]") == 1


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Read while throttled for good", ["'long'", "Rate exceeded (ThrottlingException)", "kept throttling"]),
        ("Read while the service fails for good", ["'long'", "An internal error occurred (InternalFailureException)"]),
        ("Read with an SDK that has dropped the service", ["boto3", "no longer knows AWS IoT Things Graph", "install"]),
    ],
)
def test_lasting_trouble_is_one_sentence(run: Run, task: str, expected: list[str]) -> None:
    recorded = run.recorded(task)
    assert recorded.status == "failed"
    assert_sentence(recorded.result["msg"], expected, task)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("not_found", ["'nobody-knows'", "ResourceNotFoundException"]),
        ("invalid_request", ["starting_token", "'Zm9yZWlnbg=='", "next_token"]),
        ("unreachable", ["http://127.0.0.1:", "endpoint_url", "region"]),
        ("no_such_host", ["http://iotthingsgraph.us-east-1.invalid", "endpoint_url", "region"]),
        ("unknown_region", ["mars-north-1", "UnrecognizedClientException"]),
    ],
)
def test_what_cannot_be_read_is_one_sentence(run: Run, name: str, expected: list[str]) -> None:
    entry = run.items("Read what cannot be read")[name]
    assert entry["failed"] is True
    assert_sentence(entry["msg"], expected, name)
    assert "discontinued" in entry["msg"] or name == "invalid_request"


def test_no_traceback_anywhere(run: Run) -> None:
    assert "Traceback" not in run.output
    assert os.environ.get("HOME", "/nowhere") not in str(run["Read hostile payloads"])
