# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW, assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.runner import TARGETS, PlaybookRunner, Run

ZONES = ["us-east-1a", "us-east-1b"]
LOOPS = {
    "bad_listings": "List operations",
    "bad_readings": "Read flows",
    "bad_messages": "Read messages",
    "bad_captures": "Capture",
    "bad_flushes": "Flush",
    "bad_audits": "Audit",
    "bad_terms": "Wait",
}


class _Loader(yaml.SafeLoader):
    """YAML with Ansible's tag for text that is no template."""


def _unsafe(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_constructor("!unsafe", _unsafe)


def read(path: str) -> Any:
    """What a YAML file of the targets holds."""
    return yaml.load((TARGETS / path).read_text(encoding="utf-8"), Loader=_Loader)


def bad_options() -> Iterator[tuple[str, str]]:
    """The task and the name of each case in the variables of the target bad_option."""
    content = read("bad_option/vars/main.yml")
    for name, task in LOOPS.items():
        for case in content[name]:
            yield task, case["id"]


def bad_inputs() -> Iterator[tuple[str, str]]:
    """The task and the name of each case that a loop of the target bad_input holds."""
    for task in read("bad_input/tasks/main.yml")[0]["block"]:
        for case in task.get("loop", []):
            yield task["name"], case["id"]


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    arn: str = control.add_firewall("egress", zones=ZONES, synthetic_flows=100)["arn"]
    return arn


@pytest.fixture(scope="module")
def bad_option(run_playbook: PlaybookRunner, arn: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    a_file = tmp_path_factory.mktemp("bad") / "file"
    a_file.touch()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed_url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    return run_playbook.target("bad_option", {"firewall_arn": arn, "a_file": str(a_file), "closed_url": closed_url})


@pytest.fixture(scope="module")
def calls_of_bad_options(bad_option: Run, control: Control) -> dict[str, int]:
    found: dict[str, int] = control.calls()["counts"]
    return found


@pytest.fixture(scope="module")
def bad_input(
    run_playbook: PlaybookRunner, control: Control, aws: Any, arn: str, calls_of_bad_options: dict[str, int]
) -> Run:
    control.settings(duration=0)
    control.add_operations("egress", "us-east-1a", count=3)
    token = aws.list_flow_operations(FirewallArn=arn, MaxResults=1)["NextToken"]
    # What the token points at is no longer kept.
    control.advance(13 * 3600)
    whole = aws.start_flow_capture(FirewallArn=arn, AvailabilityZone="us-east-1a", FlowFilters=EVERY_FLOW)
    ids = {"whole": whole["FlowOperationId"]}
    for name, status in (("failed", "FAILED"), ("open", "IN_PROGRESS")):
        (ids[name],) = control.add_operations("egress", "us-east-1a", status=status, remaining=None)
    return run_playbook.target(
        "bad_input",
        {
            "firewall_arns": {
                "egress": arn,
                "govcloud": control.add_firewall("gov", zones=["us-gov-west-1a"])["arn"],
                "china": control.add_firewall("china", zones=["cn-north-1a"])["arn"],
            },
            "flow_operation_ids": ids,
            "expired_token": token,
        },
    )


@pytest.mark.parametrize(("task", "name"), list(bad_options()))
def test_bad_option(bad_option: Run, task: str, name: str) -> None:
    entry = bad_option.items(task)[name]
    assert entry["failed"] is True
    assert entry["item"]["expect"]
    assert_sentence(entry["msg"], entry["item"]["expect"], f"{task} {name}")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Capture without a region", ["region"]),
        ("Capture without credentials", ["credentials", "AWS_ACCESS_KEY_ID"]),
        ("Capture where nobody listens", ["http://127.0.0.1:", "endpoint_url"]),
    ],
)
def test_bad_connection(bad_option: Run, task: str, expected: list[str]) -> None:
    recorded = bad_option.recorded(task)
    assert recorded.status == "failed"
    assert_sentence(recorded.result["msg"], expected, task)


def test_a_bad_option_is_seen_before_any_call(calls_of_bad_options: dict[str, int]) -> None:
    assert calls_of_bad_options == {}


def test_bad_options_leave_no_file(bad_option: Run) -> None:
    entry = bad_option.items("Read flows")["folder"]
    assert list(Path(entry["item"]["dest"]).iterdir()) == []


@pytest.mark.parametrize(("task", "name"), list(bad_inputs()))
def test_bad_input(bad_input: Run, task: str, name: str) -> None:
    entry = bad_input.items(task)[name]
    if entry["item"].get("ok"):
        assert entry.get("failed", False) is False
        assert entry["flow_operations"] == []
    else:
        assert entry["failed"] is True
        assert_sentence(entry["msg"], entry["item"]["expect"], f"{task} {name}")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Read flows until access is denied", ["us-east-1a", "AccessDeniedException", "not authorized"]),
        ("List with expired credentials", ["ExpiredTokenException", "credentials have expired"]),
    ],
)
def test_refusals(bad_input: Run, task: str, expected: list[str]) -> None:
    recorded = bad_input.recorded(task)
    assert recorded.status == "failed"
    assert_sentence(recorded.result["msg"], expected, task)


def test_no_half_written_file_is_left(bad_input: Run) -> None:
    written = bad_input.recorded("Read flows until access is denied").result["invocation"]["module_args"]["dest"]
    assert list(Path(written).parent.iterdir()) == []


def test_no_traceback_anywhere(bad_option: Run, bad_input: Run) -> None:
    assert "Traceback" not in bad_option.output + bad_input.output


FAILING = """
- name: Fail
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws:
      endpoint_url: "{{ endpoint_url }}"
      region: "{{ region }}"
  tasks:
    - name: Fail
"""


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (
            'flowops.aws.networkfirewall_flow_capture: {firewall_arn: "arn:aws", flow_filters: [{any: true}]}',
            "firewall_arn: 'arn:aws' is not allowed",
        ),
        (
            "ansible.builtin.debug: {msg: \"{{ query('flowops.aws.networkfirewall_flow_operation', 'abc',"
            " firewall_name='egress', region=region, endpoint_url=endpoint_url) }}\"}",
            "flow_operation_id: 'abc' is not allowed",
        ),
    ],
    ids=["module", "lookup"],
)
def test_a_failure_ends_the_play(run_playbook: PlaybookRunner, arn: str, task: str, expected: str) -> None:
    run = run_playbook(f"{FAILING}      {task}\n")
    assert run.rc == 2
    assert expected in " ".join(run.output.split())
    assert "Traceback" not in run.output
