# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import CAPTURE, FLUSH, NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.evidence.starts import Starts
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import firewall_of
from ansible_collections.flowops.aws.plugins.module_utils.operations.carry_out import carry_out, has_cut
from ansible_collections.flowops.aws.plugins.module_utils.operations.order import (
    as_text,
    one_per_scope,
    order_of,
    orders_of,
    planned_operations,
)
from ansible_collections.flowops.aws.plugins.module_utils.times import utc_text

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
FILTERS = [{"any": True}]
WAITING = {"wait": True, "wait_timeout": 300}


def options(**given: Any) -> dict[str, Any]:
    return {"firewall_arn": ARN, "flow_filters": FILTERS, "wait": False, "wait_timeout": 300, **given}


def ordered(api: NetworkFirewall, **given: Any) -> list[Any]:
    params = options(**given)
    return one_per_scope(api, firewall_of(params), params, order_of(params))


def zones_of(operations: list[Any]) -> list[str]:
    return [operation.place.scope.zone for operation in operations]


def refused(call: Callable[[], Any], *parts: str) -> FlowOpsError:
    with pytest.raises(FlowOpsError) as caught:
        call()
    for part in parts:
        assert part in caught.value.message, caught.value.message
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"flow_filters": []}, ["flow_filters: 0 filters"]),
        ({"minimum_flow_age": -1}, ["minimum_flow_age: -1", "from 0 up"]),
        ({"captured_at": "noon"}, ["captured_at: 'noon'", "ISO 8601"]),
    ],
)
def test_a_bad_option_is_named(given: dict[str, Any], parts: list[str]) -> None:
    refused(lambda: order_of(options(**given)), *parts)


def test_without_a_scope_every_zone_gets_an_operation(api: NetworkFirewall) -> None:
    assert zones_of(ordered(api)) == ["us-east-1a", "us-east-1b"]
    assert zones_of(ordered(api, availability_zones=["us-east-1b", "us-east-1b"])) == ["us-east-1b"]
    assert zones_of(ordered(api, availability_zone="us-east-1b")) == ["us-east-1b"]
    assert ordered(api, availability_zone_id="use1-az1")[0].place.scope == ("availability_zone_id", "use1-az1")


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"availability_zone": "us-east-1c"}, ["availability_zone: 'us-east-1c'", "us-east-1a, us-east-1b"]),
        ({"availability_zones": ["us-east-1a", "us-east-1c"]}, ["availability_zones: 'us-east-1c'"]),
        ({"availability_zones": []}, ["availability_zones: []"]),
        ({"availability_zones": ["us-east-1a"], "availability_zone": "us-east-1a"}, ["given together"]),
        ({"availability_zone": "us-east-1a", "vpc_endpoint_id": "vpce-1"}, ["given together", "only one"]),
    ],
)
def test_a_zone_that_cannot_be_is_refused_and_nothing_started(
    api: NetworkFirewall, control: Any, given: dict[str, Any], parts: list[str]
) -> None:
    refused(lambda: ordered(api, **given), *parts)
    assert set(control.calls()["counts"]) <= {"DescribeFirewall"}


def test_all_zones_are_started_and_waited_for(api: NetworkFirewall, control: Any, warnings: list[str]) -> None:
    items = carry_out(api, CAPTURE, ordered(api), WAITING, warnings.append)
    assert [(item["availability_zone"], item["flow_operation_status"]) for item in items] == [
        ("us-east-1a", "COMPLETED"),
        ("us-east-1b", "COMPLETED"),
    ]
    assert all(item["partial"] is False for item in items)
    assert len(control.calls()["starts"]) == 2 and warnings == []


def test_without_wait_nothing_is_waited_for(api: NetworkFirewall, clock: Any, warnings: list[str]) -> None:
    items = carry_out(api, CAPTURE, ordered(api), {"wait": False, "wait_timeout": 300}, warnings.append)
    assert {item["flow_operation_status"] for item in items} == {"IN_PROGRESS"}
    assert clock.slept == []


def test_one_zone_that_fails_tells_what_the_others_started(
    api: NetworkFirewall, control: Any, warnings: list[str]
) -> None:
    control.add_operations("egress", "us-east-1a", status="IN_PROGRESS", remaining=None)
    error = refused(
        lambda: carry_out(api, FLUSH, ordered(api), {"wait": False, "wait_timeout": 20}, warnings.append),
        "us-east-1a",
        "busy",
    )
    assert [item["availability_zone"] for item in error.details["flow_operations"]] == ["us-east-1b"]
    assert error.details["changed"] is True


def test_nothing_started_is_no_change(api: NetworkFirewall, control: Any, warnings: list[str]) -> None:
    control.add_fault("access_denied", "StartFlowFlush", every=1)
    error = refused(
        lambda: carry_out(api, FLUSH, ordered(api), {"wait": False, "wait_timeout": 20}, warnings.append),
        "AccessDeniedException",
        "1 more scopes failed too",
    )
    assert error.details["changed"] is False and error.details["flow_operations"] == []
    assert error.details["error"]["code"] == "AccessDeniedException"


def test_each_flush_is_in_the_evidence_before_its_answer_is_waited_for(
    api: NetworkFirewall, control: Any, warnings: list[str], tmp_path: Path
) -> None:
    starts = Starts(str(tmp_path))
    items = carry_out(api, FLUSH, ordered(api), WAITING, warnings.append, starts)
    noted = {item["availability_zone"]: item for item in json.loads((tmp_path / "operations.json").read_bytes())}
    assert sorted(noted) == ["us-east-1a", "us-east-1b"]
    for item in items:
        found = noted[item["availability_zone"]]
        assert (found["flow_operation_id"], found["flow_operation_status"]) == (item["flow_operation_id"], "COMPLETED")
        assert (found["firewall_arn"], found["filter_count"]) == (ARN, 2)
    control.add_fault("access_denied", "StartFlowFlush", every=1)
    refused(lambda: carry_out(api, FLUSH, ordered(api), WAITING, warnings.append, starts), "AccessDenied")
    later = json.loads((tmp_path / "operations.json").read_bytes())[2:]
    assert [item["flow_operation_id"] for item in later] == [None, None]
    assert all("AccessDenied" in item["message"] for item in later)


def test_a_disk_that_fills_up_leaves_the_flush_that_was_begun_and_begins_no_more(
    api: NetworkFirewall, control: Any, warnings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = Starts(str(tmp_path))
    only = ordered(api, availability_zone="us-east-1a")
    written = starts._write

    def full_after_the_first() -> None:
        if len(control.calls()["starts"]):
            raise FlowOpsError("The evidence cannot be written (No space left on device).")
        written()

    monkeypatch.setattr(starts, "_write", full_after_the_first)
    error = refused(lambda: carry_out(api, FLUSH, only * 3, WAITING, warnings.append, starts), "No space left")
    (item,) = error.details["flow_operations"]
    assert item["flow_operation_id"] and len(control.calls()["starts"]) == 1
    (noted,) = json.loads((tmp_path / "operations.json").read_bytes())
    assert (noted["availability_zone"], noted["flow_operation_id"]) == ("us-east-1a", None)


def test_a_failed_operation_fails_and_a_partial_one_warns(
    api: NetworkFirewall, control: Any, warnings: list[str]
) -> None:
    control.settings(next_status=["FAILED"], status_message="Flow operation error")
    only = {"availability_zone": "us-east-1a"}
    refused(
        lambda: carry_out(api, CAPTURE, ordered(api, **only), WAITING, warnings.append),
        "us-east-1a failed (Flow operation error)",
    )
    control.settings(next_status=["COMPLETED_WITH_ERRORS"], status_message="Flow timeout")
    items = carry_out(api, CAPTURE, ordered(api, **only), WAITING, warnings.append)
    assert items[0]["partial"] is True
    assert "completed with errors (Flow timeout)" in warnings[0]


def test_a_wait_that_times_out_says_so_and_names_the_operation(
    api: NetworkFirewall, control: Any, warnings: list[str]
) -> None:
    control.settings(next_status=["IN_PROGRESS"])
    params = {"wait": True, "wait_timeout": 20}
    error = refused(
        lambda: carry_out(api, FLUSH, ordered(api, availability_zone="us-east-1a"), params, warnings.append),
        "wait_timeout, 20 seconds",
        "goes on in AWS",
    )
    assert error.details["changed"] is True
    (item,) = error.details["flow_operations"]
    assert item["flow_operation_status"] == "IN_PROGRESS"
    assert item["flow_operation_id"] == control.calls()["starts"][0]["flow_operation_id"]
    assert item["flow_operation_id"] in error.message


# -- plans -----------------------------------------------------------------------------------------------------------


def plan_item(zone: str, port: int, **members: Any) -> dict[str, Any]:
    filters = [{"source_address": "10.0.0.1", "destination_port": port, "protocols": ["tcp"]}]
    return {"availability_zone": zone, "flow_filters": filters, **members}


def test_the_operations_of_one_zone_follow_each_other(api: NetworkFirewall, control: Any, warnings: list[str]) -> None:
    params = options(
        flow_filters=None,
        operations=[plan_item("us-east-1a", 22), plan_item("us-east-1a", 23), plan_item("us-east-1b", 24)],
    )
    operations = planned_operations(api, firewall_of(params), orders_of(params))
    items = carry_out(api, FLUSH, operations, params, warnings.append)
    assert [item["availability_zone"] for item in items] == [
        "us-east-1a", "us-east-1a", "us-east-1b",
    ]  # fmt: skip
    # The zone takes one at a time, so all but the last of each zone have ended.
    assert items[0]["flow_operation_status"] == "COMPLETED"
    ports = {done["request"]["FlowFilters"][0]["DestinationPort"] for done in control.calls()["starts"]}
    assert ports == {"22", "23", "24"} and len(control.calls()["starts"]) == 3


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        ({"flow_filters": FILTERS}, ["operations[1]", "no scope"]),
        (plan_item("us-east-1a", 70000), ["operations[1].flow_filters[0].destination_port: 70000"]),
        (plan_item("us-east-1a", 22, vpc_endpoint_id="vpce-1"), ["operations[1].", "only one"]),
        (plan_item("us-east-1a", 22, captured_at="noon"), ["operations[1].captured_at: 'noon'"]),
        (plan_item("us-east-1a", 22, minimum_flow_age=-5), ["operations[1].minimum_flow_age: -5"]),
        (plan_item("us-east-1a", 22, flow_counts=[1, 2]), ["operations[1].flow_counts: [1, 2]", "flow_filters"]),
    ],
)
def test_a_mistake_in_a_plan_is_named_with_its_place(item: dict[str, Any], parts: list[str]) -> None:
    params = options(operations=[plan_item("us-east-1a", 22), item])
    refused(lambda: orders_of(params), *parts)


def test_a_plan_has_its_own_scopes_and_ages() -> None:
    for name, value in (("availability_zone", "us-east-1a"), ("minimum_flow_age", 5), ("captured_at", "2026-01-31")):
        refused(partial(orders_of, options(operations=[], **{name: value})), name, "operations")


def test_a_plan_for_a_zone_that_is_not_there_starts_nothing(api: NetworkFirewall, control: Any) -> None:
    params = options(operations=[plan_item("us-east-1a", 22), plan_item("us-east-1c", 22)])
    refused(
        lambda: planned_operations(api, firewall_of(params), orders_of(params)), "us-east-1c", "us-east-1a, us-east-1b"
    )
    assert control.calls()["starts"] == []


def test_what_would_be_flushed_is_told_as_people_write_it(api: NetworkFirewall) -> None:
    params = options(operations=[plan_item("us-east-1a", 22, minimum_flow_age=7, flow_count=3)])
    operations = planned_operations(api, firewall_of(params), orders_of(params))
    assert operations[0].planned(FLUSH) == {
        "firewall_arn": ARN,
        "availability_zone": "us-east-1a",
        "flow_operation_type": FLUSH,
        "minimum_flow_age": 7,
        "flow_count": 3,
        "flow_filters": [{"source_address": "10.0.0.1", "destination_port": "22", "protocols": ["tcp"]}],
    }
    text = as_text(operations)
    assert text == "us-east-1a: source_address 10.0.0.1, destination_port 22, protocols tcp\n"
    assert as_text([]) == ""
    many = as_text(operations * 1500)
    assert many.count("\n") == 1001 and many.endswith("and 500 more filters\n")


# -- the same plan again ---------------------------------------------------------------------------------------------


def flushed(api: NetworkFirewall, *operations: dict[str, Any]) -> dict[str, Any]:
    params = options(flow_filters=None, operations=list(operations), wait=True)
    operations = planned_operations(api, firewall_of(params), orders_of(params))
    items = carry_out(api, FLUSH, operations, params, pytest.fail)
    return {"flow_operations": items, "changed": has_cut(items)}


def moment(clock: Any, seconds: float = 0) -> str:
    return utc_text(datetime.fromtimestamp(clock.time() + seconds, timezone.utc))


def test_a_plan_that_was_interrupted_goes_on_where_it_stopped(api: NetworkFirewall, control: Any, clock: Any) -> None:
    captured_at = moment(clock, -30)
    first = plan_item("us-east-1a", 22, captured_at=captured_at)
    second = plan_item("us-east-1a", 23, captured_at=captured_at)
    begun = flushed(api, first)
    assert begun["changed"] is True
    whole = flushed(api, first, second)
    assert [item.get("already_flushed", False) for item in whole["flow_operations"]] == [True, False]
    assert whole["flow_operations"][0]["flow_operation_id"] == begun["flow_operations"][0]["flow_operation_id"]
    assert whole["changed"] is True and len(control.calls()["starts"]) == 2
    # And the whole of it once more changes nothing.
    again = flushed(api, first, second)
    assert all(item["already_flushed"] for item in again["flow_operations"])
    assert again["changed"] is False and len(control.calls()["starts"]) == 2


@pytest.mark.parametrize(
    "other",
    [
        # A later capture saw the flows again.
        {"captured_at": 60},
        {"port": 23},
        # It would have spared flows that this one is to cut.
        {"minimum_flow_age": 5},
        {"captured_at": None},
    ],
)
def test_a_flush_of_something_else_is_not_taken_for_it(
    api: NetworkFirewall, control: Any, clock: Any, other: dict[str, Any]
) -> None:
    captured_at = moment(clock, -30)
    flushed(api, plan_item("us-east-1a", 22, captured_at=captured_at, minimum_flow_age=300))
    members = {"captured_at": captured_at, "minimum_flow_age": 300}
    if "captured_at" in other:
        seconds = other["captured_at"]
        members["captured_at"] = None if seconds is None else moment(clock, seconds)
        clock.sleep((seconds or 0) + 1)
    if "minimum_flow_age" in other:
        members["minimum_flow_age"] = other["minimum_flow_age"]
    result = flushed(api, plan_item("us-east-1a", other.get("port", 22), **members))
    assert result["changed"] is True and "already_flushed" not in result["flow_operations"][0]
    assert len(control.calls()["starts"]) == 2
