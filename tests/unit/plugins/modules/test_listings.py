# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three modules that wrap a paginated call: what they return for what AWS says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.files import read_records
from ansible_collections.flowops.aws.plugins.module_utils.work.iotthingsgraph_flow_execution_message_info import (
    list_messages,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_operation_info import (
    list_operations,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_operation_result_info import (
    read_flows,
)

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
FILTERS = [{"SourceAddress": {"AddressDefinition": network}} for network in ("0.0.0.0/0", "::/0")]


def test_flows_are_the_apis_in_snake_case(
    module_of: Callable[..., Any], capture_of: Callable[..., str], flows_of: Callable[..., list[Any]]
) -> None:
    identifier = capture_of()
    result = read_flows(module_of({"firewall_arn": ARN, "flow_operation_id": identifier}))
    wanted = flows_of(identifier)
    assert len(result["flows"]) == len(wanted) == 300
    for ours, theirs in zip(result["flows"], wanted, strict=True):
        assert ours["source_address"]["address_definition"] == theirs["SourceAddress"]["AddressDefinition"]
        assert (ours["age"], ours["byte_count"]) == (theirs["Age"], theirs["ByteCount"])
        # What AWS did not say is neither null nor invented.
        assert ("source_port" in ours) == ("SourcePort" in theirs)
        assert len(ours) == len(theirs)
    assert (result["firewall_arn"], result["availability_zone"]) == (ARN, "us-east-1a")
    assert (result["flow_operation_id"], result["flow_operation_status"]) == (identifier, "COMPLETED")
    assert not {"availability_zone_id", "vpc_endpoint_id", "status_message", "next_token"} & set(result)


def test_the_status_is_that_of_the_last_page_and_the_zones_id_is_kept(
    module_of: Callable[..., Any], plain: Any, control: Any, monkeypatch: pytest.MonkeyPatch, running: Any
) -> None:
    control.settings(next_status=["COMPLETED_WITH_ERRORS"], status_message="Flow timeout")
    identifier = plain.start_flow_capture(FirewallArn=ARN, AvailabilityZoneId="use1-az1", FlowFilters=FILTERS)[
        "FlowOperationId"
    ]
    control.advance(9)
    # A second passes with every page: the operation is in progress for the first and ended for the last.
    results = running.operations.results

    def slowly(*args: Any) -> bytes:
        page: bytes = results(*args)
        running.world.clock.advance(0.5)
        return page

    monkeypatch.setattr(running.operations, "results", slowly)
    module = module_of(
        {"firewall_arn": ARN, "flow_operation_id": identifier, "availability_zone_id": "use1-az1", "page_size": 50}
    )
    result = read_flows(module)
    assert (result["flow_operation_status"], result["status_message"]) == ("COMPLETED_WITH_ERRORS", "Flow timeout")
    assert result["availability_zone_id"] == "use1-az1" and "availability_zone" not in result


@pytest.mark.parametrize("name", ["flows.jsonl", "flows.jsonl.gz"])
def test_flows_go_to_a_file_instead(
    module_of: Callable[..., Any], capture_of: Callable[..., str], tmp_path: Path, name: str
) -> None:
    params = {"firewall_arn": ARN, "flow_operation_id": capture_of(), "dest": str(tmp_path / name)}
    checked = read_flows(module_of(params, check_mode=True))
    assert os.listdir(tmp_path) == [] and checked["changed"] is True
    result = read_flows(module_of(params))
    assert "flows" not in result and result["flow_count"] == 300
    assert result["sha256"] == checked["sha256"] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    records = list(read_records(result["dest"]))
    assert len(records) == 300 and {record["availability_zone"] for record in records} == {"us-east-1a"}
    assert read_flows(module_of(params))["changed"] is False


def test_max_items_gives_a_token_that_goes_on(module_of: Callable[..., Any], capture_of: Callable[..., str]) -> None:
    params = {"firewall_arn": ARN, "flow_operation_id": capture_of()}
    first = read_flows(module_of({**params, "max_items": 130}))
    rest = read_flows(module_of({**params, "starting_token": first["next_token"]}))
    assert "next_token" not in rest
    assert first["flows"] + rest["flows"] == read_flows(module_of(params))["flows"]


def test_a_query_takes_the_place_of_the_list(module_of: Callable[..., Any], capture_of: Callable[..., str]) -> None:
    params = {"firewall_arn": ARN, "flow_operation_id": capture_of(), "page_size": 90, "query": "length(Flows)"}
    result = read_flows(module_of(params))
    assert result["query_result"] == [90, 90, 90, 30]
    assert "flows" not in result and result["flow_operation_status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"flow_operation_id": "x"}, "flow_operation_id: 'x'"),
        ({"page_size": 101}, "page_size: 101"),
        ({"query": "["}, "query: "),
        ({"query": "Flows", "dest": "/tmp/x.jsonl"}, "query and dest"),
        ({"dest": "/nowhere/x.jsonl"}, "dest: "),
        ({"availability_zone": "us-east-1a", "vpc_endpoint_id": "vpce-1"}, "only one"),
        ({"firewall_arn": "x"}, "firewall_arn: 'x'"),
    ],
)
def test_a_bad_option_reaches_no_aws(
    module_of: Callable[..., Any], control: Any, given: dict[str, Any], said: str
) -> None:
    params = {"firewall_arn": ARN, "flow_operation_id": "0a1b2c3d-0000-4000-8000-0123456789ab", **given}
    with pytest.raises(FlowOpsError, match=said):
        read_flows(module_of(params))
    assert control.calls()["counts"] == {}


def test_operations_are_listed_and_described(module_of: Callable[..., Any], control: Any) -> None:
    control.add_operations("egress", "us-east-1a", count=3)
    control.add_operations("egress", "us-east-1b", type="FLOW_FLUSH", status="COMPLETED_WITH_ERRORS")
    listing = list_operations(module_of({"firewall_name": "egress"}))
    assert listing["firewall_arn"] == ARN
    rows = listing["flow_operations"]
    assert len(rows) == 4 and set(rows[0]) == {
        "flow_operation_id", "flow_operation_type", "flow_request_timestamp", "flow_operation_status",
    }  # fmt: skip
    flushes = list_operations(module_of({"firewall_arn": ARN, "flow_operation_type": "FLOW_FLUSH", "describe": True}))
    (flush,) = flushes["flow_operations"]
    assert flush["availability_zone"] == "us-east-1b" and flush["status_message"]
    assert flush["flow_operation"]["flow_filters"][1] == {"source_address": {"address_definition": "::/0"}}
    described = list_operations(module_of({"firewall_arn": ARN, "describe": True}))["flow_operations"]
    assert [row["flow_operation_id"] for row in described] == [row["flow_operation_id"] for row in rows]


def test_a_listing_cut_short_says_where_to_go_on(module_of: Callable[..., Any], control: Any) -> None:
    control.add_operations("egress", "us-east-1a", count=5)
    result = list_operations(
        module_of({"firewall_arn": ARN, "max_items": 2, "query": "FlowOperations[].FlowOperationId"})
    )
    assert len(result["query_result"]) == 2 and result["next_token"]
    assert result["firewall_arn"] == ARN
    with pytest.raises(FlowOpsError, match="query and describe"):
        list_operations(module_of({"firewall_arn": ARN, "query": "FlowOperations", "describe": True}))


def test_messages_are_listed_filtered_and_the_service_called_discontinued_once(module_of: Callable[..., Any]) -> None:
    module = module_of({"flow_execution_id": "demo-failed"})
    messages = list_messages(module)["messages"]
    assert len(module.deprecations) == 1
    assert {"message_id", "event_type", "timestamp", "payload"} == set(messages[0])
    assert isinstance(messages[0]["payload"], str) and messages[0]["timestamp"].endswith("+00:00")
    only = list_messages(module_of({"flow_execution_id": "demo-failed", "event_types": ["STEP_FAILED"]}))["messages"]
    assert only == [message for message in messages if message["event_type"] == "STEP_FAILED"] and only


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"flow_execution_id": " "}, "flow_execution_id: ' '"),
        ({"flow_execution_id": "nothing"}, "'nothing'.*ResourceNotFoundException"),
        ({"flow_execution_id": "x", "page_size": 251}, "page_size: 251"),
        ({"flow_execution_id": "x", "query": "a", "event_types": ["STEP_FAILED"]}, "query and event_types"),
    ],
)
def test_bad_options_of_things_graph_are_one_sentence(
    module_of: Callable[..., Any], given: dict[str, Any], said: str
) -> None:
    with pytest.raises(FlowOpsError, match=said) as caught:
        list_messages(module_of(given))
    assert "\n" not in caught.value.message
