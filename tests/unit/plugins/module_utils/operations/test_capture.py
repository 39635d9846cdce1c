# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import WHOLE_FIREWALL, Scope
from ansible_collections.flowops.aws.plugins.module_utils.operations.capture import Capture, captures_of
from ansible_collections.flowops.aws.plugins.module_utils.operations.pages import pages_of
from ansible_collections.flowops.aws.plugins.module_utils.operations.planner import Planner, check_moment
from ansible_collections.flowops.aws.plugins.module_utils.operations.source import saved_pages
from ansible_collections.flowops.aws.tests.emulator.control import Control

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
FIREWALL = parse_firewall_arn(ARN)
OTHER = ARN.replace("egress", "branch")
ZONES = ("us-east-1a", "us-east-1b")
IDS = [f"{number:08x}-0000-4000-8000-0123456789ab" for number in range(3)]


# -- which captures ---------------------------------------------------------------------------------------------------


def test_the_items_of_a_capture_are_taken_as_they_are() -> None:
    items = [
        {"flow_operation_id": IDS[0], "availability_zone": ZONES[0], "firewall_arn": ARN, "partial": False},
        {"flow_operation_id": IDS[1], "vpc_endpoint_id": "vpce-0123", "flow_operation_type": "FLOW_CAPTURE"},
        {"flow_operation_id": IDS[2]},
    ]
    captures = captures_of({"operations": items, "firewall_arn": ARN})
    assert [(capture.flow_operation_id, capture.scope) for capture in captures] == [
        (IDS[0], Scope("availability_zone", ZONES[0])),
        (IDS[1], ("vpc_endpoint_id", "vpce-0123")),
        (IDS[2], WHOLE_FIREWALL),
    ]


@pytest.mark.parametrize(
    ("items", "parts"),
    [
        ([], ["operations", "at least one"]),
        ([{"availability_zone": ZONES[0]}], ["operations[0].flow_operation_id", "None"]),
        ([{"flow_operation_id": "x"}], ["operations[0].flow_operation_id", "'x'"]),
        (
            [{"flow_operation_id": IDS[0]}, {"flow_operation_id": IDS[0]}],
            ["operations[1].flow_operation_id", "read once"],
        ),
        ([{"flow_operation_id": IDS[0], "firewall_arn": OTHER}], ["operations[0].firewall_arn", OTHER, ARN]),
        (
            [{"flow_operation_id": IDS[0], "flow_operation_type": "FLOW_FLUSH"}],
            ["operations[0].flow_operation_type", "FLOW_FLUSH", "only a capture"],
        ),
        (
            [{"flow_operation_id": IDS[0], "availability_zone": ZONES[0], "availability_zone_id": "use1-az1"}],
            ["operations[0].availability_zone", "use1-az1", "one scope"],
        ),
        ([{"flow_operation_id": IDS[0], "availability_zone": "A"}], ["operations[0].availability_zone", "'A'"]),
    ],
)
def test_a_mistake_is_named_with_its_path(items: list[dict[str, Any]], parts: list[str]) -> None:
    with pytest.raises(FlowOpsError) as failure:
        captures_of({"operations": items, "firewall_arn": ARN})
    for part in parts:
        assert part in failure.value.message


# -- how they are read ------------------------------------------------------------------------------------------------


def read(api: NetworkFirewall, captures: list[Capture]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(capture.scope.zone, records) for capture, records in pages_of(api, FIREWALL, captures)]


def test_every_flow_is_read_once_and_pages_take_turns(
    api: NetworkFirewall, capture_of: Callable[..., str], flows_of: Callable[..., list[dict[str, Any]]]
) -> None:
    ids = {zone: capture_of(zone) for zone in ZONES}
    captures = [Capture(flow_operation_id, Scope("availability_zone", zone)) for zone, flow_operation_id in ids.items()]
    pages = read(api, captures)
    assert [zone for zone, _records in pages] == [*ZONES] * 3
    for capture, zone in zip(captures, ZONES, strict=True):
        records = [record for of_zone, page in pages if of_zone == zone for record in page]
        plain = flows_of(ids[zone])
        assert len(plain) == capture.flow_count == 300
        assert [(record["source_port"], record["byte_count"], record["age"]) for record in records] == [
            (int(flow["SourcePort"]), flow["ByteCount"], flow["Age"]) for flow in plain
        ]
        assert {record["availability_zone"] for record in records} == {zone}
        assert capture.partial is False


def test_what_aws_says_of_a_capture_is_kept(api: NetworkFirewall, capture_of: Callable[..., str], plain: Any) -> None:
    flow_operation_id = capture_of(ZONES[0], MinimumFlowAgeInSeconds=7)
    capture = Capture(flow_operation_id, Scope("availability_zone", ZONES[0]))
    read(api, [capture])
    described = plain.describe_flow_operation(FirewallArn=ARN, FlowOperationId=flow_operation_id)
    assert capture.seen_at == described["FlowRequestTimestamp"]
    assert capture.as_result(FIREWALL) == {
        "firewall_arn": ARN,
        "availability_zone": ZONES[0],
        "flow_operation_id": flow_operation_id,
        "flow_operation_status": "COMPLETED",
        "flow_request_timestamp": capture.captured_at,
        "minimum_flow_age": 7,
        "flow_count": capture.flow_count,
    }


def test_an_operation_that_completed_with_errors_is_partial(
    api: NetworkFirewall, control: Control, capture_of: Callable[..., str]
) -> None:
    control.settings(next_status=["COMPLETED_WITH_ERRORS"], status_message="Flow timeout")
    capture = Capture(capture_of(ZONES[0]), Scope("availability_zone", ZONES[0]))
    read(api, [capture])
    assert capture.partial is True
    assert capture.as_result(FIREWALL)["status_message"] == "Flow timeout"
    said = f"{capture.flow_operation_id} of {ARN} in {ZONES[0]} is partial (COMPLETED_WITH_ERRORS)"
    assert said in capture.warning(FIREWALL)


def test_an_operation_still_running_when_it_was_asked_first_stays_partial_though_it_completes(
    api: NetworkFirewall, control: Control, plain: Any
) -> None:
    everything = [{"SourceAddress": {"AddressDefinition": network}} for network in ("0.0.0.0/0", "::/0")]
    started = plain.start_flow_capture(FirewallArn=ARN, AvailabilityZone=ZONES[0], FlowFilters=everything)
    capture = Capture(started["FlowOperationId"], Scope("availability_zone", ZONES[0]))
    control.advance(5)
    pages = capture.pages(api, FIREWALL)
    capture.take(next(pages))
    control.advance(3600)
    for page in pages:
        capture.take(page)
    assert capture.members["FlowOperationStatus"] == "COMPLETED"
    assert capture.partial is True
    assert "was in progress while it was read" in capture.warning(FIREWALL)


@pytest.mark.parametrize(
    ("timestamp", "parts"),
    [(3600, ["was taken at", "it is 20", "not used"]), ("milliseconds", ["was not what the API sends"])],
)
def test_a_time_that_cannot_be_is_not_used(
    api: NetworkFirewall, control: Control, capture_of: Callable[..., str], timestamp: Any, parts: list[str]
) -> None:
    control.misbehave(capture={"timestamp": timestamp})
    capture = Capture(capture_of(ZONES[0]), Scope("availability_zone", ZONES[0]))
    with pytest.raises(FlowOpsError) as caught:
        read(api, [capture])
    for part in parts:
        assert part in caught.value.message


def test_a_few_seconds_are_the_clocks_own(
    api: NetworkFirewall, control: Control, capture_of: Callable[..., str]
) -> None:
    control.misbehave(capture={"timestamp": 13})
    # Taken when it was started, it ended ten seconds later.
    capture = Capture(capture_of(ZONES[0]), Scope("availability_zone", ZONES[0]))
    assert read(api, [capture])


def test_where_aws_does_not_say_when_a_capture_was_taken_its_start_does(
    api: NetworkFirewall, control: Control, capture_of: Callable[..., str]
) -> None:
    control.misbehave(capture={"timestamp": "absent"})
    noted = "2026-01-31T12:00:00+00:00"
    item = {"flow_operation_id": capture_of(ZONES[0]), "availability_zone": ZONES[0], "service_time": noted}
    (known,) = captures_of({"operations": [item]})
    (unknown,) = captures_of({"operations": [{**item, "service_time": None}]})
    for capture in (known, unknown):
        for _capture, records in pages_of(api, FIREWALL, [capture]):
            capture.findings.add(records[0])
    assert known.captured_at == known.as_result(FIREWALL)["service_time"] == noted
    assert "flow_request_timestamp" not in known.as_result(FIREWALL)
    check_moment(known)
    with pytest.raises(FlowOpsError, match=f"{unknown.flow_operation_id}.*when it was taken.*born since"):
        check_moment(unknown)


def test_a_capture_never_read_is_partial() -> None:
    assert Capture(IDS[0], WHOLE_FIREWALL).partial is True


def test_the_failure_of_one_capture_is_the_failure_of_all(api: NetworkFirewall, capture_of: Callable[..., str]) -> None:
    captures = [
        Capture(capture_of(ZONES[0]), Scope("availability_zone", ZONES[0])),
        Capture(IDS[0], Scope("availability_zone", ZONES[1])),
    ]
    with pytest.raises(FlowOpsError, match=IDS[0]):
        read(api, captures)


# -- files ------------------------------------------------------------------------------------------------------------


def lines(path: Path, *records: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def test_a_saved_capture_is_read_in_order(tmp_path: Path) -> None:
    flow = {"source_address": "10.0.0.1", "destination_address": "192.0.2.1", "protocol": "tcp"}
    records = [{**flow, "source_port": number} for number in range(450)]
    saved = Capture("", WHOLE_FIREWALL)
    pages = list(saved_pages(lines(tmp_path / "flows.jsonl", *records), None, saved))
    assert [len(page) for _capture, page in pages] == [200, 200, 50]
    assert [record["source_port"] for _capture, page in pages for record in page] == list(range(450))
    assert saved.flow_count == 450


def test_a_member_that_cannot_be_read_is_left_to_whoever_judges(tmp_path: Path) -> None:
    flow = {"source_address": "10.0.0.1", "destination_address": "192.0.2.1", "protocol": "tcp"}
    spoilt: list[dict[str, Any]] = [
        {"source_address": None}, {"destination_address": "x\0"}, {"destination_port": "ANY"}, {"source_port": 65536},
        {"protocol_number": -1}, {"age": True}, {"byte_count": [1]}, {"source_port": None},
    ]  # fmt: skip
    path = lines(tmp_path / "flows.jsonl", *({**flow, **members} for members in spoilt))
    ((_capture, page),) = saved_pages(path, None, Capture("", WHOLE_FIREWALL))
    whole = {**flow, "protocol_number": 6}
    assert page == [
        {name: value for name, value in whole.items() if name != "source_address"},
        {**whole, "destination_address": "x\0"}, {**whole, "destination_port": "ANY"}, *([whole] * 5),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [{}, {"a": 1}, {"rule": "no-ssh", "severity": "high"}])
def test_what_is_no_flow_record_is_not_judged(tmp_path: Path, content: dict[str, Any]) -> None:
    flow = {"source_address": "10.0.0.1", "destination_address": "192.0.2.1", "protocol": "tcp"}
    with pytest.raises(FlowOpsError, match=r"flow 2 of .* is no flow record; it has neither an address nor"):
        list(saved_pages(lines(tmp_path / "flows.jsonl", flow, content), None, Capture("", WHOLE_FIREWALL)))


# -- plans ------------------------------------------------------------------------------------------------------------


def record(port: int, **members: Any) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.1",
        "source_port": port,
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocol": "tcp",
        "protocol_number": 6,
        "age": 100,
        **members,
    }


def icmp(**members: Any) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.1",
        "destination_address": "198.51.100.7",
        "protocol": "icmp",
        "protocol_number": 1,
        **members,
    }


def planned(folder: Path, pages: list[tuple[list[dict[str, Any]], list[int]]], **members: Any) -> dict[str, Any]:
    """The plan for pages of one capture, each with the places of its findings."""
    capture = Capture(IDS[0], Scope("availability_zone", ZONES[0]))
    for name, value in members.items():
        setattr(capture, name, value)
    with Planner(str(folder), [capture]) as planner:
        for records, guilty in pages:
            planner.add(capture, records, ["a" if place in guilty else None for place in range(len(records))])
        return planner.plan(FIREWALL).to_json()


def ports(plan: dict[str, Any]) -> list[int]:
    return [item["source_port"] for operation in plan["operations"] for item in operation["flow_filters"]]


def test_a_plan_names_the_findings_of_every_page(tmp_path: Path) -> None:
    plan = planned(tmp_path, [([record(1), record(2)], [1]), ([record(3)], []), ([record(4)], [0])])
    assert ports(plan) == [2, 4]
    assert (plan["flow_count"], plan["inseparable"]) == (2, 0)
    assert plan["operations"][0]["availability_zone"] == ZONES[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("innocent_first", [True, False])
def test_a_5_tuple_shared_with_an_innocent_flow_is_left_out(tmp_path: Path, innocent_first: bool) -> None:
    first, second = ([record(1, age=95)], []), ([record(1), record(2)], [0, 1])
    plan = planned(tmp_path, [first, second] if innocent_first else [second, first])
    assert ports(plan) == [2]
    assert plan["inseparable"] == 1


@pytest.mark.parametrize("innocent_first", [True, False])
def test_an_old_finding_is_told_from_a_young_innocent_flow(tmp_path: Path, innocent_first: bool) -> None:
    first, second = ([record(1, age=1)], []), ([record(1, age=9000), record(2)], [0, 1])
    plan = planned(tmp_path, [first, second] if innocent_first else [second, first])
    assert (plan["flow_count"], plan["inseparable"]) == (2, 0)
    assert max(operation["minimum_flow_age"] for operation in plan["operations"]) > 1


def test_two_findings_of_one_5_tuple_are_cut_by_one_filter(tmp_path: Path) -> None:
    plan = planned(tmp_path, [([record(1, age=9000), record(1, age=1)], [0, 1])])
    assert ports(plan) == [1]
    assert plan["flow_count"] == 2


def test_flows_without_ports_are_held_against_those_that_have_some(tmp_path: Path) -> None:
    # One of the two has ports that a filter for the other could not leave out.
    innocent = icmp(source_port=8, destination_port=0)
    plan = planned(tmp_path, [([innocent, icmp(), record(1)], [1, 2])])
    assert ports(plan) == [1]
    assert plan["inseparable"] == 1


def test_the_captures_filters_and_age_bound_the_plan(tmp_path: Path) -> None:
    halves = [
        {"SourceAddress": {"AddressDefinition": "10.0.0.1/32"}, "SourcePort": ports} for ports in ("0:99", "100:65535")
    ]
    findings = [record(port) for port in (90, 110)]
    plan = planned(tmp_path, [(findings, [0, 1])], api_filters=halves, minimum_flow_age=60)
    assert ports(plan) == [110, 90]
    assert [operation["minimum_flow_age"] for operation in plan["operations"]] == [60]
    assert ports(planned(tmp_path, [(findings, [0, 1])])) == ["90-110"]


def test_collateral_is_planned_only_when_it_is_asked_for(tmp_path: Path) -> None:
    capture = Capture(IDS[0], Scope("availability_zone", ZONES[0]))
    with Planner(str(tmp_path), [capture]) as planner:
        planner.add(capture, [record(1), record(1)], [None, "a"])
        assert planner.plan(FIREWALL).to_json()["operations"] == []
        plan = planner.plan(FIREWALL, allow_collateral=True).to_json()
    assert (ports(plan), plan["inseparable"], plan["collateral"]) == ([1], 0, 1)


def test_innocent_flows_of_another_capture_share_nothing(tmp_path: Path) -> None:
    captures = [
        Capture(flow_operation_id, Scope("availability_zone", zone))
        for flow_operation_id, zone in zip(IDS, ZONES, strict=False)
    ]
    with Planner(str(tmp_path), captures) as planner:
        planner.add(captures[0], [record(1)], ["a"])
        planner.add(captures[1], [record(1)], [None])
        plan = planner.plan(FIREWALL).to_json()
    assert [operation["availability_zone"] for operation in plan["operations"]] == [ZONES[0]]
    assert plan["inseparable"] == 0


def test_pages_of_captures_that_take_turns_are_kept_apart(tmp_path: Path) -> None:
    captures = [
        Capture(flow_operation_id, Scope("availability_zone", zone))
        for flow_operation_id, zone in zip(IDS, ZONES, strict=False)
    ]
    with Planner(str(tmp_path), captures) as planner:
        for page in range(20):
            for place, capture in enumerate(captures):
                # What is a finding in one zone is innocent in the other.
                planner.add(capture, [record(2 * page), record(2 * page + 1)], [place == 0, place == 1])
        plan = planner.plan(FIREWALL).to_json()
    found: dict[str, list[int]] = {zone: [] for zone in ZONES}
    for operation in plan["operations"]:
        found[operation["availability_zone"]] += [item["source_port"] for item in operation["flow_filters"]]
    assert {zone: sorted(of) for zone, of in found.items()} == {
        ZONES[0]: list(range(0, 40, 2)),
        ZONES[1]: list(range(1, 41, 2)),
    }
