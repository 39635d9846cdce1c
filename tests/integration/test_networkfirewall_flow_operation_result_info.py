# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import json
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.expectations import (
    EVERY_FLOW,
    every_third,
    plain_flows,
    walks,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run, make_client

READ = """
- name: Read
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Read
      flowops.aws.networkfirewall_flow_operation_result_info:
        firewall_arn: "{{ firewall_arn }}"
        availability_zone: us-east-1a
        flow_operation_id: "{{ flow_operation_id }}"
        page_size: 10
        endpoint_url: "{{ endpoint_url }}"
        region: "{{ region }}"
"""
PING = {"source_address": "10.9.9.9", "destination_address": "192.0.2.9", "protocol": "icmp", "age": 3}
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp"}


class Captured:
    """A firewall of two zones and a finished capture by each kind of scope."""

    def __init__(self, control: Control, aws: Any) -> None:
        self.arn = control.add_firewall("egress", zones=["us-east-1a", "us-east-1b"], synthetic_flows=600)["arn"]
        control.add_flows("egress", "us-east-1a", [PING])
        self.endpoint = control.state()["firewalls"][0]["zones"]["us-east-1b"]["vpc_endpoint_id"]
        self.association = control.add_association("egress", "us-east-1b")["arn"]
        self.scopes = {
            "zone": {"AvailabilityZone": "us-east-1a"},
            "zone_id": {"AvailabilityZoneId": "use1-az2"},
            "endpoint": {"VpcEndpointId": self.endpoint},
            "association": {"VpcEndpointAssociationArn": self.association},
        }
        control.settings(duration=0)
        self.ids = {
            name: aws.start_flow_capture(FirewallArn=self.arn, FlowFilters=EVERY_FLOW, **scope)["FlowOperationId"]
            for name, scope in self.scopes.items()
        }


@pytest.fixture(scope="module")
def captured(control: Control, aws: Any) -> Captured:
    return Captured(control, aws)


@dataclass
class Throttled:
    """A read whose page is throttled eight times in a row: what it ended as, and the calls that were made."""

    run: Run
    flows: list[dict[str, Any]]
    calls: int


@pytest.fixture(scope="module")
def throttled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Throttled]]:
    """It sleeps for a quarter of a minute, so it goes on beside the rest of the module, with an emulator of its own."""
    folder = tmp_path_factory.mktemp("throttled")

    def work() -> Throttled:
        with Emulator(duration=0) as emulator:
            control = emulator.control
            arn = control.add_firewall("egress", zones=["us-east-1a"], synthetic_flows=300)["arn"]
            (operation,) = control.add_operations("egress", "us-east-1a")
            control.add_fault("throttle", "ListFlowOperationResults", at=[*range(5, 13)])
            run = PlaybookRunner(folder, emulator.url)(READ, {"firewall_arn": arn, "flow_operation_id": operation})
            calls = control.calls()["counts"]["ListFlowOperationResults"]
            control.clear_faults()
            flows = plain_flows(make_client(emulator.url), arn, operation, AvailabilityZone="us-east-1a")
            return Throttled(run, flows, calls)

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, captured: Captured, throttled: Future[Throttled]) -> Run:
    return run_playbook.target(
        "networkfirewall_flow_operation_result_info",
        {
            "firewall_arn": captured.arn,
            "flow_operation_ids": captured.ids,
            "vpc_endpoint_id": captured.endpoint,
            "vpc_endpoint_association_arn": captured.association,
        },
    )


@pytest.fixture(scope="module")
def flows(aws: Any, captured: Captured) -> list[dict[str, Any]]:
    found = plain_flows(aws, captured.arn, captured.ids["zone"], AvailabilityZone="us-east-1a")
    assert len(found) == 301
    return found


@pytest.fixture(scope="module")
def records(flows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The flow records that the flows must become."""
    found = []
    for flow in flows:
        record = {
            "source_address": flow["source_address"]["address_definition"],
            "destination_address": flow["destination_address"]["address_definition"],
            "protocol": PROTOCOLS[flow["protocol"]],
            "protocol_number": int(flow["protocol"]),
            "age": flow["age"],
            "packet_count": flow["packet_count"],
            "byte_count": flow["byte_count"],
            "availability_zone": "us-east-1a",
        }
        for port in ("source_port", "destination_port"):
            if port in flow:
                record[port] = int(flow[port])
        found.append(record)
    return found


def test_flows_equal_a_plain_loop(run: Run, flows: list[dict[str, Any]], captured: Captured) -> None:
    read = run["Read"]
    assert read["flows"] == flows
    assert read["changed"] is False
    assert read["firewall_arn"] == captured.arn
    assert read["availability_zone"] == "us-east-1a"
    assert read["flow_operation_id"] == captured.ids["zone"]
    assert read["flow_operation_status"] == "COMPLETED"
    assert read["flow_request_timestamp"].endswith("+00:00")


def test_absent_members_are_absent(run: Run) -> None:
    read = run["Read"]
    for member in ("availability_zone_id", "vpc_endpoint_id", "vpc_endpoint_association_arn", "status_message"):
        assert member not in read
    assert "next_token" not in read
    assert set(read["flows"][-1]) == {
        "source_address",
        "destination_address",
        "protocol",
        "age",
        "packet_count",
        "byte_count",
    }


def test_check_mode_and_page_size_change_nothing(run: Run, flows: list[dict[str, Any]]) -> None:
    assert run["Read in check mode"]["flows"] == flows


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("zone_id", "availability_zone_id"),
        ("endpoint", "vpc_endpoint_id"),
        ("association", "vpc_endpoint_association_arn"),
    ],
)
def test_scope_comes_back_as_it_was_given(run: Run, aws: Any, captured: Captured, name: str, member: str) -> None:
    read = run.items("Read by other scopes")[name]
    scope = captured.scopes[name]
    assert read[member] == next(iter(scope.values()))
    assert "availability_zone" not in read
    assert read["flows"] == plain_flows(aws, captured.arn, captured.ids[name], **scope)
    assert len(read["flows"]) == 300


def test_query_replaces_the_flows(run: Run, flows: list[dict[str, Any]]) -> None:
    found = run.items("Query")
    sources = [flow["source_address"]["address_definition"] for flow in flows if flow["protocol"] == "17"]
    assert sources
    assert found["sources"]["query_result"] == sources
    assert "flows" not in found["sources"]
    assert found["lengths"]["query_result"] == [50] * 6 + [1]


def test_check_mode_writes_no_file_and_says_what_it_would_write(run: Run) -> None:
    planned = run["Write in check mode"]
    written = run.items("Write")["flows.jsonl"]
    assert run["Look what check mode wrote"]["stat"]["exists"] is False
    assert planned["changed"] is True
    assert (planned["sha256"], planned["flow_count"]) == (written["sha256"], written["flow_count"])


@pytest.mark.parametrize("name", ["flows.jsonl", "flows.jsonl.gz"])
def test_dest_holds_every_flow_record(run: Run, records: list[dict[str, Any]], name: str) -> None:
    written = run.items("Write")[name]
    path = Path(written["dest"])
    raw = path.read_bytes()
    text = gzip.decompress(raw) if name.endswith(".gz") else raw
    assert [json.loads(line) for line in text.splitlines()] == records
    assert written["flow_count"] == len(records)
    assert written["sha256"] == hashlib.sha256(raw).hexdigest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert written["changed"] is True
    assert "flows" not in written
    assert written["flow_operation_status"] == "COMPLETED"
    assert sorted(path.parent.glob("*.part*")) == []


def test_the_same_file_again_changes_nothing(run: Run) -> None:
    assert run["Write again"]["changed"] is False
    assert run["Write again"]["sha256"] == run.items("Write")["flows.jsonl.gz"]["sha256"]


def test_walks_of_any_steps_yield_the_same_sequence(run: Run, flows: list[dict[str, Any]]) -> None:
    found = walks(run.all("Step"), "flows")
    assert [[len(step) for step in walk] for walk in found] == [[150, 150, 1], [1, 40, 99, 161]]
    for walk in found:
        assert [flow for step in walk for flow in step] == flows


def test_a_fault_on_every_third_call_loses_and_repeats_nothing(
    run_playbook: PlaybookRunner, control: Control, captured: Captured, flows: list[dict[str, Any]]
) -> None:
    for fault in every_third("ListFlowOperationResults", 90):
        control.add_fault(**fault)
    before = control.calls()["counts"]["ListFlowOperationResults"]
    run = run_playbook(READ, {"firewall_arn": captured.arn, "flow_operation_id": captured.ids["zone"]})
    control.clear_faults()
    assert run.rc == 0, run.explain()
    assert run["Read"]["flows"] == flows
    # 31 pages: two calls of three arrive whole.
    assert control.calls()["counts"]["ListFlowOperationResults"] - before == 46


def test_status_is_that_of_the_last_page(run_playbook: PlaybookRunner, control: Control, captured: Captured) -> None:
    operation = control.add_operations("egress", "us-east-1a", status="IN_PROGRESS", age_seconds=1000, remaining=1000)[
        0
    ]
    before = control.calls()["counts"]["ListFlowOperationResults"]
    control.add_fault("slow", "ListFlowOperationResults", at=[2], seconds=1.0)

    def complete_between_pages() -> None:
        until = time.monotonic() + 30
        while control.calls()["counts"]["ListFlowOperationResults"] == before and time.monotonic() < until:
            time.sleep(0.02)
        control.advance(2000)

    completing = threading.Thread(target=complete_between_pages)
    completing.start()
    run = run_playbook(READ, {"firewall_arn": captured.arn, "flow_operation_id": operation})
    completing.join()
    control.clear_faults()
    assert run.rc == 0, run.explain()
    assert run["Read"]["flow_operation_status"] == "COMPLETED"
    assert len(run["Read"]["flows"]) == 301


def test_a_large_result_names_dest(
    run_playbook: PlaybookRunner, control: Control, aws: Any, captured: Captured
) -> None:
    arn = control.add_firewall("large", zones=["us-east-1a"], synthetic_flows=3000)["arn"]
    operation = aws.start_flow_capture(FirewallArn=arn, FlowFilters=EVERY_FLOW)["FlowOperationId"]
    run = run_playbook(
        READ.replace("page_size: 10\n", "page_size: 100\n"), {"firewall_arn": arn, "flow_operation_id": operation}
    )
    assert run.rc == 0, run.explain()
    assert len(run["Read"]["flows"]) == 3000
    assert "AWX drops results above 700,000 bytes" in run.output
    assert "dest" in run.output


def test_eight_throttles_in_a_row_are_survived(throttled: Future[Throttled]) -> None:
    found = throttled.result()
    assert found.run.rc == 0, found.run.explain()
    assert found.run["Read"]["flows"] == found.flows
    assert len(found.flows) == 300
    assert found.calls == 30 + 8
