# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW, snake
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
WAIT = """
- name: Wait
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.set_fact:
        ended: "{{ query('flowops.aws.networkfirewall_flow_operation', *operations, endpoint_url=endpoint_url,
          region=region, timeout=60) }}"
"""


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    arn: str = control.add_firewall("egress", zones=ZONES, synthetic_flows=30)["arn"]
    return arn


def operation(arn: str, zone: str, identifier: str) -> dict[str, str]:
    return {"firewall_arn": arn, "availability_zone": zone, "flow_operation_id": identifier}


@pytest.fixture(scope="module")
def operations(arn: str, aws: Any, control: Control) -> list[dict[str, str]]:
    # Still in progress when the play begins.
    control.settings(duration=2.5)
    return [
        operation(
            arn,
            zone,
            aws.start_flow_capture(FirewallArn=arn, AvailabilityZone=zone, FlowFilters=EVERY_FLOW)["FlowOperationId"],
        )
        for zone in ZONES
    ]


@pytest.fixture(scope="module")
def bad(arn: str, control: Control) -> dict[str, dict[str, str]]:
    found = {}
    for name, status in (("open", "IN_PROGRESS"), ("failed", "FAILED"), ("partial", "COMPLETED_WITH_ERRORS")):
        (identifier,) = control.add_operations("egress", "us-east-1c", status=status, age_seconds=900, remaining=None)
        found[name] = operation(arn, "us-east-1c", identifier)
    return found


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, operations: list[dict[str, str]], bad: dict[str, dict[str, str]]) -> Run:
    return run_playbook.target(
        "lookup_networkfirewall_flow_operation", {"operations": operations, "bad_operations": bad}
    )


def test_every_operation_in_the_order_of_the_terms(
    run: Run, operations: list[dict[str, str]], aws: Any, arn: str
) -> None:
    found = run["Wait for every operation of a capture"]["ansible_facts"]["lookup_all"]
    expected = []
    for item in operations:
        answer = aws.describe_flow_operation(FirewallArn=arn, FlowOperationId=item["flow_operation_id"])
        del answer["ResponseMetadata"]
        expected.append({**snake(answer), "partial": False})
    assert found == expected
    assert [item["flow_operation_status"] for item in found] == ["COMPLETED"] * 3


def test_lookup_unwraps_one_and_query_gives_a_list(run: Run, operations: list[dict[str, str]]) -> None:
    one = run["Wait for one in check mode"]["ansible_facts"]["lookup_one"]
    assert isinstance(one, dict)
    assert one["flow_operation_id"] == operations[0]["flow_operation_id"]
    named = run["Wait for an ID in a named firewall"]["ansible_facts"]["lookup_id"]
    assert [item["flow_operation_id"] for item in named] == [operations[1]["flow_operation_id"]]
    assert run["Wait for nothing"]["ansible_facts"]["lookup_none"] == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("timeout_error", "had not ended when timeout, 1 seconds, had passed."),
        ("failed_error", "failed (Flow operation error); it has no flows."),
        ("partial_error", "completed with errors (Flow timeout); flows may be missing."),
    ],
)
def test_error_fails_with_a_sentence(run: Run, bad: dict[str, dict[str, str]], name: str, sentence: str) -> None:
    entry = run.items("Deal with what does not complete")[name]
    identifier = bad[entry["item"]["operation"]]["flow_operation_id"]
    assert entry["failed"] is True
    assert f"The flow operation {identifier} in us-east-1c {sentence}" in entry["msg"]
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("name", "status"),
    [("timeout_warn", "IN_PROGRESS"), ("failed_warn", "FAILED"), ("partial_default", "COMPLETED_WITH_ERRORS")],
)
def test_warn_returns_it_with_a_warning(run: Run, bad: dict[str, dict[str, str]], name: str, status: str) -> None:
    entry = run.items("Deal with what does not complete")[name]
    good, other = entry["ansible_facts"]["lookup_dealt"]
    assert (good["flow_operation_status"], good["partial"]) == ("COMPLETED", False)
    assert (other["flow_operation_status"], other["partial"]) == (status, True)
    said = " ".join(run.output.split())
    identifier = bad[entry["item"]["operation"]]["flow_operation_id"]
    # The identifier may be broken at a hyphen where a line ends.
    assert f"[WARNING]: The flow operation {identifier}".replace(" ", "") in said.replace(" ", "")


@pytest.mark.parametrize("name", ["timeout_skip", "failed_skip", "partial_skip"])
def test_skip_leaves_it_out(run: Run, operations: list[dict[str, str]], name: str) -> None:
    found = run.items("Deal with what does not complete")[name]["ansible_facts"]["lookup_dealt"]
    assert [item["flow_operation_id"] for item in found] == [operations[0]["flow_operation_id"]]


def test_it_never_starts_anything(run: Run, control: Control) -> None:
    calls = control.calls()
    assert len(calls["starts"]) == len(ZONES)
    assert set(calls["counts"]) <= {"StartFlowCapture", "DescribeFlowOperation", "DescribeFirewall"}


def test_sixty_operations_take_about_as_long_as_one(run_playbook: PlaybookRunner, control: Control, run: Run) -> None:
    zones = [f"us-east-1{letter}" for letter in "abcdefghijklmnopqrst"]
    sixty = []
    for name in ("north", "south", "west"):
        arn = control.add_firewall(name, zones=zones)["arn"]
        for zone in zones:
            (identifier,) = control.add_operations(name, zone, status="IN_PROGRESS", age_seconds=1, remaining=9000)
            sixty.append(operation(arn, zone, identifier))
    late: list[bool] = []

    def waited(terms: list[dict[str, str]]) -> float:
        """Seconds to wait for operations that all end two seconds after the last of them was first asked about."""
        before = control.calls()["counts"]["DescribeFlowOperation"]
        alone = threading.Event()

        def finish() -> None:
            until = time.monotonic() + 30
            while control.calls()["counts"]["DescribeFlowOperation"] < before + len(terms):
                if time.monotonic() > until or alone.wait(0.02):
                    late.append(True)
                    break
            time.sleep(2)
            control.advance(10000)

        finishing = threading.Thread(target=finish)
        finishing.start()
        done = run_playbook(WAIT, {"operations": terms})
        alone.set()
        finishing.join()
        assert done.rc == 0, done.explain()
        ended = done["Wait"]["ansible_facts"]["ended"]
        assert [item["flow_operation_id"] for item in ended] == [item["flow_operation_id"] for item in terms]
        assert {item["flow_operation_status"] for item in ended} == {"COMPLETED"}
        return done.recorded("Wait").seconds

    state = control.state()["firewalls"]
    egress = next(item["firewall_arn"] for item in state if item["firewall_name"] == "egress")
    many = waited(sixty)
    # The clock was put forward: a fresh one for the single wait.
    (identifier,) = control.add_operations("egress", "us-east-1b", status="IN_PROGRESS", age_seconds=1, remaining=9000)
    one = waited([operation(egress, "us-east-1b", identifier)])
    assert not late
    assert many < one + 2.5
