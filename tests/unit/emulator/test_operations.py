# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.world.state import EVERYTHING

INVALID = r"\(InvalidRequestException\)"
MISSING = r"\(ResourceNotFoundException\)"
V4 = {"SourceAddress": {"AddressDefinition": "0.0.0.0/0"}}


def test_a_capture_runs_for_its_duration_and_then_lists_every_flow(firewall: Any, control: Control) -> None:
    identifier = firewall.start(MinimumFlowAgeInSeconds=0)
    assert firewall.describe(identifier)["FlowOperationStatus"] == "IN_PROGRESS"
    control.advance(9.9)
    assert firewall.describe(identifier)["FlowOperationStatus"] == "IN_PROGRESS"
    control.advance(0.2)
    described = firewall.describe(identifier)
    assert described["FlowOperationStatus"] == "COMPLETED"
    assert described["FlowOperationType"] == "FLOW_CAPTURE"
    assert described["FlowOperation"] == {"FlowFilters": EVERYTHING, "MinimumFlowAgeInSeconds": 0}
    assert "StatusMessage" not in described
    assert len(firewall.flows(identifier)) == firewall.live() == 300


def test_results_appear_little_by_little_while_in_progress(firewall: Any, control: Control) -> None:
    identifier = firewall.start()
    first = firewall.results(identifier)
    assert (first["Flows"], first["FlowOperationStatus"], "NextToken" in first) == ([], "IN_PROGRESS", False)
    control.advance(5)
    half = firewall.flows(identifier)
    assert len(half) == 150
    page = firewall.results(identifier, MaxResults=100)
    assert page["FlowOperationStatus"] == "IN_PROGRESS"
    control.advance(5)
    rest = firewall.results(identifier, MaxResults=100, NextToken=page["NextToken"])
    assert rest["FlowOperationStatus"] == "COMPLETED"
    whole = firewall.flows(identifier)
    assert whole[:150] == half
    assert whole[:200] == page["Flows"] + rest["Flows"]


def test_a_zone_takes_one_operation_at_a_time_and_zones_do_not_wait_for_each_other(
    firewall: Any, control: Control
) -> None:
    firewall.start()
    for kind in ("capture", "flush"):
        with pytest.raises(ClientError, match=rf"{INVALID}.*already in progress"):
            firewall.start(kind)
    firewall.start(zone="us-east-1b")
    firewall.finish()
    firewall.start()
    starts = [item["request"]["AvailabilityZone"] for item in control.calls()["starts"]]
    assert starts == ["us-east-1a", "us-east-1b", "us-east-1a"]
    assert control.calls()["counts"] == {"StartFlowCapture": 4, "StartFlowFlush": 1}


def test_of_many_starts_at_once_one_is_taken(firewall: Any, control: Control) -> None:
    def attempt(_number: int) -> bool:
        try:
            return bool(firewall.start())
        except ClientError:
            return False

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(attempt, range(24)))
    assert sum(taken) == len(control.calls()["starts"]) == 1
    assert control.calls()["counts"] == {"StartFlowCapture": 24}


def test_two_firewalls_do_not_wait_for_each_other(firewall: Any, firewall_of: Callable[[str], Any]) -> None:
    firewall.start()
    other = firewall_of(firewall.arn.replace("egress", "inspection"))
    assert other.start() != ""
    assert len(other.capture(zone="us-east-1b")) == 300


def test_a_capture_is_a_snapshot_of_its_start(firewall: Any, control: Control) -> None:
    identifier = firewall.start()
    young = {"source_address": "192.0.2.1", "destination_address": "192.0.2.2", "source_port": 1, "destination_port": 2}
    control.add_flows("egress", "us-east-1a", [young])
    firewall.finish()
    before = firewall.flows(identifier)
    assert firewall.live() == 301
    assert len(before) == 300
    later = {(f["SourceAddress"]["AddressDefinition"], f.get("SourcePort")): f for f in firewall.capture()}
    assert later[("192.0.2.1", "1")]["Age"] == 10
    same = later[(before[0]["SourceAddress"]["AddressDefinition"], before[0].get("SourcePort"))]
    assert same["Age"] == before[0]["Age"] + 10
    assert firewall.flows(identifier) == before


def test_a_flush_removes_what_matched_its_start_once_it_completes(firewall: Any, control: Control) -> None:
    everything = firewall.capture()
    tcp = [flow for flow in everything if flow["Protocol"] == "6"]
    filters = [{**item, "Protocols": ["6"]} for item in EVERYTHING]
    identifier = firewall.start("flush", FlowFilters=filters)
    young = {"source_address": "192.0.2.1", "destination_address": "192.0.2.2", "source_port": 1, "destination_port": 2}
    control.add_flows("egress", "us-east-1a", [young])
    control.advance(9.9)
    assert firewall.live() == 301
    control.advance(0.1)
    assert firewall.live() == 301 - len(tcp)
    assert firewall.describe(identifier)["FlowOperationType"] == "FLOW_FLUSH"
    keys = ("SourceAddress", "SourcePort", "DestinationAddress", "DestinationPort", "PacketCount", "ByteCount")
    assert [[f.get(k) for k in keys] for f in firewall.flows(identifier)] == [[f.get(k) for k in keys] for f in tcp]
    left = [flow for flow in firewall.capture() if flow["Protocol"] == "6"]
    assert [flow["SourceAddress"]["AddressDefinition"] for flow in left] == ["192.0.2.1"]
    assert firewall.live("us-east-1b") == 300


def test_a_flush_spares_flows_below_its_minimum_age(firewall: Any) -> None:
    ages = [flow["Age"] for flow in firewall.capture()]
    limit = sorted(ages)[150]
    firewall.start("flush", MinimumFlowAgeInSeconds=limit + 10)
    firewall.finish()
    assert firewall.live() == sum(age < limit for age in ages)


@pytest.mark.parametrize(("share", "back"), [(0.0, 0), (0.25, 75), (1.0, 300)])
def test_clients_of_flushed_flows_come_back_young(firewall: Any, control: Control, share: float, back: int) -> None:
    before = {_five(flow) for flow in firewall.capture()}
    control.settings(reconnect=share)
    identifier = firewall.start("flush")
    firewall.finish()
    assert len(firewall.flows(identifier)) == 300
    returned = firewall.capture()
    assert len(returned) == firewall.live() == back
    assert {_five(flow) for flow in returned} <= before
    assert {flow["Age"] for flow in returned} <= {0}


def _five(flow: dict[str, Any]) -> tuple[Any, ...]:
    ends = (flow["SourceAddress"]["AddressDefinition"], flow["DestinationAddress"]["AddressDefinition"])
    return (*ends, flow.get("SourcePort"), flow.get("DestinationPort"), flow["Protocol"])


def test_statuses_come_as_ordered_and_go_to_one_operation_each(firewall: Any, control: Control) -> None:
    control.settings(next_status=["FAILED", "COMPLETED_WITH_ERRORS"])
    whole = 300
    for status, message, count in (
        ("FAILED", "Flow operation error", 0),
        ("COMPLETED_WITH_ERRORS", "Flow timeout", 270),
        ("COMPLETED", None, whole),
    ):
        identifier = firewall.start()
        assert "StatusMessage" not in firewall.describe(identifier)
        firewall.finish()
        described, page = firewall.describe(identifier), firewall.results(identifier)
        for answer in (described, page):
            assert answer["FlowOperationStatus"] == status
            assert answer.get("StatusMessage") == message
        assert len(firewall.flows(identifier)) == count


def test_a_failed_flush_flushes_nothing_and_a_partial_one_only_what_it_lists(firewall: Any, control: Control) -> None:
    control.settings(next_status=["FAILED", "COMPLETED_WITH_ERRORS"], status_message="No space left")
    firewall.start("flush")
    firewall.finish()
    assert firewall.live() == 300
    identifier = firewall.start("flush")
    firewall.finish()
    assert firewall.live() == 300 - len(firewall.flows(identifier)) == 30
    assert firewall.describe(identifier)["StatusMessage"] == "No space left"


def test_an_operation_can_be_made_to_never_end(firewall: Any, control: Control) -> None:
    control.settings(next_status=["IN_PROGRESS"])
    identifier = firewall.start()
    control.advance(11 * 3600)
    assert firewall.describe(identifier)["FlowOperationStatus"] == "IN_PROGRESS"
    assert firewall.results(identifier)["Flows"] == []
    with pytest.raises(ClientError, match="already in progress"):
        firewall.start()


def test_operations_are_forgotten_after_twelve_hours(firewall: Any, control: Control) -> None:
    identifier = firewall.start()
    control.advance(12 * 3600)
    assert firewall.describe(identifier)["FlowOperationId"] == identifier
    control.advance(1)
    for call in (firewall.describe, firewall.results):
        with pytest.raises(ClientError, match=MISSING):
            call(identifier)
    assert firewall.aws.list_flow_operations(FirewallArn=firewall.arn)["FlowOperations"] == []


def test_every_way_to_name_a_zone_is_echoed_and_finds_the_same_zone(firewall: Any, control: Control) -> None:
    association = control.add_association("egress", "us-east-1b")["arn"]
    state = control.state()["firewalls"][0]["zones"]["us-east-1b"]
    scopes = [
        {"AvailabilityZone": "us-east-1b"},
        {"AvailabilityZoneId": "use1-az2"},
        {"VpcEndpointId": state["vpc_endpoint_id"]},
        {"VpcEndpointAssociationArn": association},
    ]
    names = {name for scope in scopes for name in scope}
    operations = []
    for scope in scopes:
        identifier = firewall.start(**scope)
        firewall.finish()
        operations.append(identifier)
        for answer in (
            firewall.describe(identifier, **scope),
            firewall.results(identifier),
            firewall.results(identifier, **scope),
        ):
            assert {name: answer[name] for name in names & set(answer)} == scope
        assert len(firewall.flows(identifier)) == 300
    firewall.start(zone="us-east-1a")
    for scope in scopes:
        found = firewall.aws.list_flow_operations(FirewallArn=firewall.arn, **scope)["FlowOperations"]
        assert [item["FlowOperationId"] for item in found] == operations[::-1]


def test_a_wrong_scope_does_not_find_an_operation(firewall: Any) -> None:
    identifier = firewall.start()
    for scope in (
        {"AvailabilityZone": "us-east-1b"},
        {"AvailabilityZoneId": "use1-az2"},
        {"AvailabilityZone": "us-east-1f"},
        {"VpcEndpointId": "vpce-0123456789abcdef0"},
    ):
        for call in (firewall.describe, firewall.results):
            with pytest.raises(ClientError, match=MISSING):
                call(identifier, **scope)


@pytest.mark.parametrize(
    "scope",
    [
        {"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1"},
        {"AvailabilityZone": "us-east-1a", "VpcEndpointId": "vpce-0123456789abcdef0"},
        {"AvailabilityZone": "us-east-1f"},
        {"AvailabilityZone": "mars-1a"},
        {"AvailabilityZoneId": "use1-az6"},
        {"VpcEndpointId": "vpce-0123456789abcdef0"},
        {"VpcEndpointAssociationArn": "arn:aws:network-firewall:us-east-1:123456789012:vpc-endpoint-association/x"},
    ],
)
def test_a_scope_must_be_one_and_the_firewalls_own(firewall: Any, scope: dict[str, str], control: Control) -> None:
    with pytest.raises(ClientError, match=INVALID):
        firewall.start(**scope)
    with pytest.raises(ClientError, match=INVALID):
        firewall.aws.list_flow_operations(FirewallArn=firewall.arn, **scope)
    assert control.calls()["starts"] == []


def test_a_zone_may_be_left_out_only_if_there_is_one(
    firewall: Any, control: Control, firewall_of: Callable[[str], Any]
) -> None:
    with pytest.raises(ClientError, match=rf"{INVALID}.*AvailabilityZone is required"):
        firewall.aws.start_flow_capture(FirewallArn=firewall.arn, FlowFilters=EVERYTHING)
    single = firewall_of(control.add_firewall("single", zones=["us-east-1c"], synthetic_flows=5)["arn"])
    identifier = single.aws.start_flow_capture(FirewallArn=single.arn, FlowFilters=EVERYTHING)["FlowOperationId"]
    firewall.finish()
    assert len(single.flows(identifier)) == 5
    assert "AvailabilityZone" not in single.describe(identifier)


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ([], "1 to 20"),
        ([V4] * 21, "1 to 20"),
        ([{}], "SourceAddress or a DestinationAddress"),
        ([{"DestinationPort": "443"}], "SourceAddress or a DestinationAddress"),
        ([{"SourceAddress": {"AddressDefinition": "10.0.0.0/33"}}], "10.0.0.0/33"),
        ([{"DestinationAddress": {"AddressDefinition": "::1/129"}}], "::1/129"),
        ([{"SourceAddress": {"AddressDefinition": "1.2.3"}}], "1.2.3"),
        ([{"SourceAddress": {"AddressDefinition": "example.com"}}], "regular expression"),
        ([{"SourceAddress": {"AddressDefinition": "!10.0.0.0/8"}}], "regular expression"),
        ([{"SourceAddress": {"AddressDefinition": "1" * 256}}], "length less than or equal to 255"),
        ([{**V4, "DestinationPort": "70000"}], "70000"),
        ([{**V4, "SourcePort": "9:3"}], "9:3"),
        ([{**V4, "SourcePort": "9-3"}], "9-3"),
        ([{**V4, "SourcePort": "80,443"}], "80,443"),
        ([{**V4, "Protocols": ["foo"]}], "foo"),
        ([{**V4, "Protocols": ["256"]}], "256"),
        ([{**V4, "Protocols": ["x" * 13]}], "length less than or equal to 12"),
    ],
)
def test_filters_are_checked(firewall: Any, control: Control, filters: list[dict[str, Any]], named: str) -> None:
    for kind in ("capture", "flush"):
        with pytest.raises(ClientError, match=rf"{INVALID}.*{re.escape(named)}"):
            firewall.start(kind, FlowFilters=filters)
    assert control.calls()["starts"] == []


def test_twenty_filters_are_not_too_many(firewall: Any) -> None:
    assert len(firewall.capture(FlowFilters=[V4] * 18 + EVERYTHING)) == 300


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:network-firewall:us-east-1:123456789012:firewall/nobody", MISSING),
        ("arn:aws:network-firewall:us-west-2:123456789012:firewall/egress", MISSING),
        ("arn:aws:network-firewall:us-east-1:210987654321:firewall/egress", MISSING),
        ("arn:aws:network-firewall:us-east-1:123456789012:stateful-rulegroup/egress", INVALID),
        ("arn:aws-nonsense", INVALID),
        ("arn:other:network-firewall:us-east-1:123456789012:firewall/egress", INVALID),
    ],
)
def test_a_firewall_that_is_not_there(firewall: Any, arn: str, code: str) -> None:
    firewall.arn = arn
    for call in (
        firewall.start,
        lambda: firewall.describe("0d4a4bb9-dec3-53ae-b733-459696583652"),
        lambda: firewall.results("0d4a4bb9-dec3-53ae-b733-459696583652"),
        lambda: firewall.aws.list_flow_operations(FirewallArn=arn),
    ):
        with pytest.raises(ClientError, match=code):
            call()


def test_an_operation_is_found_only_under_its_own_firewall(firewall: Any, firewall_of: Callable[[str], Any]) -> None:
    identifier = firewall.start()
    other = firewall_of(firewall.arn.replace("egress", "inspection"))
    with pytest.raises(ClientError, match=MISSING):
        other.describe(identifier)
    with pytest.raises(ClientError, match=MISSING):
        firewall.describe("0d4a4bb9-dec3-53ae-b733-000000000000")
    with pytest.raises(ClientError, match=rf"{INVALID}.*FlowOperationId"):
        firewall.describe(identifier.replace("-", "x"))


@pytest.mark.parametrize(
    "wrong",
    [{"MaxResults": 101}, {"FlowOperationType": "FLOW_WATCH"}, {"VpcEndpointId": "eni-1234"}, {"NextToken": "a!"}],
)
def test_enums_patterns_and_maxima_of_the_model_hold(firewall: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=rf"{INVALID}.*1 validation error detected.*{next(iter(wrong))}"):
        firewall.aws.list_flow_operations(FirewallArn=firewall.arn, **wrong)


def test_timestamps_have_milliseconds_of_the_start(firewall: Any, control: Control) -> None:
    control.advance(0.125)
    now = control.state()["now"]
    identifier = firewall.start()
    firewall.finish()
    for answer in (firewall.describe(identifier), firewall.results(identifier)):
        assert answer["FlowRequestTimestamp"].timestamp() == now
