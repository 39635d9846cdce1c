# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import plain_pages, snake, walks
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

FILTERS = [{"DestinationAddress": {"AddressDefinition": "198.51.100.0/24"}, "Protocols": ["6"]}]


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    arn: str = control.add_firewall("egress", zones=["us-east-1a", "us-east-1b"], synthetic_flows=20)["arn"]
    control.add_operations("egress", "us-east-1a", count=23, age_seconds=600)
    control.add_operations("egress", "us-east-1b", count=4, age_seconds=300, type="FLOW_FLUSH", flow_filters=FILTERS)
    control.add_operations("egress", "us-east-1b", status="FAILED")
    control.add_operations("egress", "us-east-1b", status="COMPLETED_WITH_ERRORS", age_seconds=50)
    control.add_operations("egress", "us-east-1a", status="IN_PROGRESS", age_seconds=5, remaining=None)
    return arn


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, control: Control, arn: str) -> Run:
    firewall = control.state()["firewalls"][0]
    return run_playbook.target(
        "networkfirewall_flow_operation_info",
        {
            "firewall_arn": arn,
            "vpc_endpoint_id": firewall["zones"]["us-east-1b"]["vpc_endpoint_id"],
            "vpc_endpoint_association_arn": control.add_association("egress", "us-east-1b")["arn"],
        },
    )


@pytest.fixture(scope="module")
def rows(aws: Any, arn: str, run: Run) -> list[dict[str, Any]]:
    """Every row of the listing, by a plain boto3 loop after the play."""
    pages = plain_pages(aws.list_flow_operations, "NextToken", FirewallArn=arn, MaxResults=8)
    found = [snake(row) for page in pages for row in page["FlowOperations"]]
    assert len(found) == 30
    return found


def test_list_equals_a_plain_loop(run: Run, rows: list[dict[str, Any]]) -> None:
    assert run["List by name"]["flow_operations"] == rows
    assert run["List by name"]["changed"] is False
    assert "next_token" not in run["List by name"]
    assert set(rows[0]) == {
        "flow_operation_id",
        "flow_operation_type",
        "flow_request_timestamp",
        "flow_operation_status",
    }
    assert rows[0]["flow_request_timestamp"].endswith("+00:00")


def test_check_mode_lists_the_same(run: Run, rows: list[dict[str, Any]]) -> None:
    assert run["List by ARN in check mode"]["flow_operations"] == rows


def test_one_zone_by_each_kind_of_scope(run: Run, aws: Any, arn: str) -> None:
    page = aws.list_flow_operations(FirewallArn=arn, AvailabilityZone="us-east-1b")
    expected = snake(page["FlowOperations"])
    assert len(expected) == 6
    assert run["List one zone"]["flow_operations"] == expected
    for entry in run["List by other scopes"]["results"]:
        assert entry["flow_operations"] == expected, entry["item"]


def test_type_chooses(run: Run, rows: list[dict[str, Any]]) -> None:
    flushes = [row for row in rows if row["flow_operation_type"] == "FLOW_FLUSH"]
    assert len(flushes) == 4
    assert run["List flushes"]["flow_operations"] == flushes


def test_describe_adds_scope_filters_and_message(run: Run, rows: list[dict[str, Any]], aws: Any, arn: str) -> None:
    expected = []
    for row in rows:
        answer = aws.describe_flow_operation(FirewallArn=arn, FlowOperationId=row["flow_operation_id"])
        del answer["ResponseMetadata"]
        expected.append({**row, **snake(answer)})
    assert run["Describe each"]["flow_operations"] == expected
    by_status = {item["flow_operation_status"]: item for item in expected}
    assert by_status["FAILED"]["status_message"] == "Flow operation error"
    assert "status_message" not in by_status["COMPLETED"]
    assert expected[-1]["availability_zone"] == "us-east-1a"
    flush = next(item for item in expected if item["flow_operation_type"] == "FLOW_FLUSH")
    assert flush["flow_operation"]["flow_filters"] == snake(FILTERS)


def test_query_replaces_the_list(run: Run, rows: list[dict[str, Any]]) -> None:
    found = run.items("Query")
    failed = [row["flow_operation_id"] for row in rows if row["flow_operation_status"] == "FAILED"]
    assert found["failed"]["query_result"] == failed
    assert "flow_operations" not in found["failed"]
    assert found["lengths"]["query_result"] == [10, 10, 10]


def test_walks_of_any_steps_yield_the_same_sequence(run: Run, rows: list[dict[str, Any]]) -> None:
    found = walks(run.all("Step"), "flow_operations")
    assert [[len(step) for step in walk] for walk in found] == [[7, 7, 7, 7, 2], [5, 3, 11, 11], [30]]
    for walk in found:
        assert [row for step in walk for row in step] == rows


def test_old_operations_are_gone(run_playbook: PlaybookRunner, control: Control, run: Run, arn: str) -> None:
    control.add_firewall("history", zones=["us-east-1a"])
    control.add_operations("history", "us-east-1a", age_seconds=12 * 3600 + 10)
    kept = control.add_operations("history", "us-east-1a", age_seconds=12 * 3600 - 60)
    playbook = """
- name: List
  hosts: localhost
  gather_facts: false
  tasks:
    - name: List
      flowops.aws.networkfirewall_flow_operation_info:
        firewall_name: history
        endpoint_url: "{{ endpoint_url }}"
        region: "{{ region }}"
"""
    listed = run_playbook(playbook)["List"]["flow_operations"]
    assert [row["flow_operation_id"] for row in listed] == kept
