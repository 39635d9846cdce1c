# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import botocore.loaders
import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws import networkfirewall
from ansible_collections.flowops.aws.plugins.module_utils.aws import starts as starting
from ansible_collections.flowops.aws.plugins.module_utils.aws.answers import described
from ansible_collections.flowops.aws.plugins.module_utils.aws.clients import client_config
from ansible_collections.flowops.aws.plugins.module_utils.aws.listing import Paging
from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import CAPTURE, FLUSH, NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.aws.others import ThingsGraph, things_graph
from ansible_collections.flowops.aws.plugins.module_utils.aws.starts import ON_THE_WAY, Order
from ansible_collections.flowops.aws.plugins.module_utils.aws.waits import wait
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.flows.filters import to_api
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import FlowOperation, Place, Scope
from ansible_collections.flowops.aws.plugins.module_utils.times import parse_utc

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
ZONE = {"availability_zone": "us-east-1a"}
FIREWALL = parse_firewall_arn(ARN)
PLACE = Place(FIREWALL, Scope("availability_zone", "us-east-1a"))
FILTERS = to_api([{"any": True}])
TRANSIENT = ("throttle", "internal", "unavailable", "drop_before", "drop_after", "cut", "cut_short", "not_json")
LOST_AFTER = ("drop_after", "cut", "cut_short", "not_json")
LOST_BEFORE = ("drop_before", "internal", "unavailable")
NO_SUCH_ID = "0a1b2c3d-0000-4000-8000-0123456789ab"


def items_of(pages: Iterable[Any], key: str) -> list[Any]:
    return [item for page in pages for item in page[key]]


def one_sentence(error: FlowOpsError, *parts: str) -> None:
    assert "\n" not in error.message and error.message.endswith(".")
    for part in parts:
        assert part in error.message, error.message


# -- reading: every item once, in order ------------------------------------------------------------------------------


def walk(listing: Callable[[Paging], Any], key: str, chance: random.Random, largest_page: int) -> list[Any]:
    """Read a listing in steps of random size, the page size changing from step to step."""
    found: list[Any] = []
    token = None
    while True:
        step = chance.randint(1, 150)
        asked = {
            "max_items": step,
            "page_size": chance.choice([None, chance.randint(1, largest_page), largest_page]),
            "starting_token": token,
        }
        pages = listing(Paging.of(asked, largest_page))
        items = items_of(pages, key)
        assert 0 < len(items) <= step
        found.extend(items)
        if pages.next_token is None:
            return found
        assert len(items) == step
        token = pages.next_token


def test_flows_in_any_step_size_are_the_same_flows(
    api: NetworkFirewall, capture_of: Callable[..., str], flows_of: Callable[..., list[Any]]
) -> None:
    identifier = capture_of()
    wanted = flows_of(identifier)
    assert len(wanted) == 300
    for seed in range(8):
        walked = walk(
            lambda paging: api.flow_operation_results(FlowOperation(PLACE, identifier), paging),
            "Flows",
            random.Random(seed),
            100,
        )
        assert walked == wanted


def test_operations_in_any_step_size_are_the_same_operations(api: NetworkFirewall, control: Any, plain: Any) -> None:
    control.add_operations("egress", "us-east-1a", count=117)
    control.add_operations("egress", "us-east-1a", count=20, type="FLOW_FLUSH", age_seconds=9)
    wanted = items_of(plain.get_paginator("list_flow_operations").paginate(FirewallArn=ARN), "FlowOperations")
    assert len(wanted) == 137
    for seed in range(6):
        walked = walk(
            lambda paging: api.flow_operations(Place(FIREWALL), None, paging),
            "FlowOperations",
            random.Random(seed),
            100,
        )
        assert walked == wanted
    flushes = items_of(api.flow_operations(PLACE, FLUSH), "FlowOperations")
    assert flushes == [row for row in wanted if row["FlowOperationType"] == FLUSH] and len(flushes) == 20


def test_messages_in_any_step_size_are_the_same_messages(
    connect: Callable[..., Any], control: Any, retry_sleeps: list[float]
) -> None:
    control.add_execution("run-1", count=230)
    graph = ThingsGraph(connect("iotthingsgraph"))
    paginator = connect("iotthingsgraph").get_paginator("list_flow_execution_messages")
    wanted = items_of(paginator.paginate(flowExecutionId="run-1"), "messages")
    assert len(wanted) == 230
    for seed in range(6):
        walked = walk(lambda paging: graph.messages("run-1", paging), "messages", random.Random(seed), 250)
        assert walked == wanted


@pytest.mark.parametrize("step", [1, 99, 100, 101, 299, 300, 301])
def test_max_items_at_the_edges_of_pages(
    api: NetworkFirewall, capture_of: Callable[..., str], flows_of: Callable[..., list[Any]], step: int
) -> None:
    identifier = capture_of()
    wanted = flows_of(identifier)
    first = api.flow_operation_results(FlowOperation(PLACE, identifier), Paging(max_items=step))
    assert items_of(first, "Flows") == wanted[:step]
    assert (first.next_token is None) == (step >= 300)
    if first.next_token:
        rest = api.flow_operation_results(
            FlowOperation(PLACE, identifier), Paging(starting_token=first.next_token, page_size=7)
        )
        assert items_of(rest, "Flows") == wanted[step:]


def test_the_services_own_token_is_taken_too(
    api: NetworkFirewall, capture_of: Callable[..., str], flows_of: Callable[..., list[Any]], plain: Any
) -> None:
    identifier = capture_of()
    page = plain.list_flow_operation_results(
        FirewallArn=ARN, FlowOperationId=identifier, MaxResults=40, **{"AvailabilityZone": "us-east-1a"}
    )
    listing = api.flow_operation_results(FlowOperation(PLACE, identifier), Paging(starting_token=page["NextToken"]))
    assert items_of(listing, "Flows") == flows_of(identifier)[40:]


def test_no_more_is_asked_for_than_max_items_needs(
    api: NetworkFirewall, capture_of: Callable[..., str], control: Any
) -> None:
    identifier = capture_of()
    before = control.calls()["counts"].get("ListFlowOperationResults", 0)
    items_of(api.flow_operation_results(FlowOperation(PLACE, identifier), Paging(max_items=40, page_size=20)), "Flows")
    assert control.calls()["counts"]["ListFlowOperationResults"] - before == 2


@pytest.mark.parametrize("kind", TRANSIENT)
def test_a_fault_on_every_third_call_costs_no_flow(
    api: NetworkFirewall,
    capture_of: Callable[..., str],
    flows_of: Callable[..., list[Any]],
    control: Any,
    kind: str,
    retry_sleeps: list[float],
) -> None:
    identifier = capture_of()
    wanted = flows_of(identifier)
    control.add_fault(kind, "ListFlowOperationResults", every=3)
    listing = api.flow_operation_results(FlowOperation(PLACE, identifier), Paging(page_size=20))
    assert items_of(listing, "Flows") == wanted
    # Fifteen pages and a failure in three calls: the fault was met, and only the failed pages were asked for again.
    assert len(retry_sleeps) == 7


def test_mixed_faults_cost_no_flow_and_no_operation(
    api: NetworkFirewall, capture_of: Callable[..., str], flows_of: Callable[..., list[Any]], control: Any
) -> None:
    identifier = capture_of()
    wanted = flows_of(identifier)
    control.add_operations("egress", "us-east-1a", count=40)
    rows = items_of(api.flow_operations(PLACE, None), "FlowOperations")
    for number, kind in enumerate(TRANSIENT):
        control.add_fault(kind, "*", at=[2 + 3 * number, 3 + 3 * number])
    assert (
        items_of(api.flow_operation_results(FlowOperation(PLACE, identifier), Paging(page_size=15)), "Flows") == wanted
    )
    assert items_of(api.flow_operations(PLACE, None, Paging(page_size=5)), "FlowOperations") == rows


def test_things_graph_has_its_own_failure_and_it_is_survived(
    connect: Callable[..., Any], control: Any, retry_sleeps: list[float]
) -> None:
    control.add_execution("run-1", count=60)
    for kind in ("internal", "throttle", "cut_short"):
        control.add_fault(kind, "ListFlowExecutionMessages", every=4)
    listing = ThingsGraph(connect("iotthingsgraph")).messages("run-1", Paging(page_size=5))
    messages = items_of(listing, "messages")
    assert [message["messageId"] for message in messages] == list(
        dict.fromkeys(message["messageId"] for message in messages)
    )
    assert len(messages) == 60 and retry_sleeps


def test_eight_throttles_in_a_row_are_survived(
    api: NetworkFirewall, capture_of: Callable[..., str], control: Any, retry_sleeps: list[float]
) -> None:
    identifier = capture_of()
    control.add_fault("throttle", "ListFlowOperationResults", times=8)
    assert len(items_of(api.flow_operation_results(FlowOperation(PLACE, identifier)), "Flows")) == 300
    assert len(retry_sleeps) == 8


@pytest.mark.parametrize(("kind", "code"), [("throttle", "ThrottlingException"), ("not_json", "IncompleteAnswer")])
def test_what_never_ends_is_one_sentence(
    api: NetworkFirewall,
    capture_of: Callable[..., str],
    control: Any,
    kind: str,
    code: str,
    retry_sleeps: list[float],
) -> None:
    identifier = capture_of()
    control.add_fault(kind, "ListFlowOperationResults", every=1)
    with pytest.raises(FlowOpsError) as caught:
        items_of(api.flow_operation_results(FlowOperation(PLACE, identifier)), "Flows")
    one_sentence(caught.value, "Could not list the flows", identifier, "us-east-1a")
    assert caught.value.details["error"]["code"] in (code, "ResponseParserError")
    assert 8 <= len(retry_sleeps) <= 60
    assert all(sleep <= 20 for sleep in retry_sleeps)


@pytest.mark.parametrize(
    ("kind", "code"), [("access_denied", "AccessDeniedException"), ("expired_token", "ExpiredTokenException")]
)
def test_a_refusal_is_not_asked_again(
    api: NetworkFirewall, control: Any, kind: str, code: str, retry_sleeps: list[float]
) -> None:
    control.add_fault(kind, "ListFlowOperations", every=1)
    with pytest.raises(FlowOpsError) as caught:
        items_of(api.flow_operations(PLACE, None), "FlowOperations")
    one_sentence(caught.value, code, "list the flow operations")
    assert control.calls()["counts"]["ListFlowOperations"] == 1 and retry_sleeps == []
    if kind == "expired_token":
        assert "get new ones" in caught.value.message


def test_an_unknown_operation_is_one_sentence(api: NetworkFirewall) -> None:
    for call in (
        lambda: api.describe(FlowOperation(PLACE, NO_SUCH_ID)),
        lambda: items_of(api.flow_operation_results(FlowOperation(PLACE, NO_SUCH_ID)), "Flows"),
    ):
        with pytest.raises(FlowOpsError) as caught:
            call()
        one_sentence(caught.value, NO_SUCH_ID, "ResourceNotFoundException")


def test_a_page_that_comes_while_the_operation_runs_is_told_with_the_last_status(
    api: NetworkFirewall, plain: Any, control: Any
) -> None:
    answer = plain.start_flow_capture(FirewallArn=ARN, AvailabilityZoneId="use1-az1", FlowFilters=FILTERS)
    control.advance(5)
    statuses, zone_ids = [], []
    for page in api.flow_operation_results(
        FlowOperation(Place(FIREWALL), answer["FlowOperationId"]), Paging(page_size=20)
    ):
        statuses.append(page["FlowOperationStatus"])
        zone_ids.append(page["AvailabilityZoneId"])
        control.advance(1)
    assert statuses[0] == "IN_PROGRESS" and statuses[-1] == "COMPLETED"
    assert set(zone_ids) == {"use1-az1"}


# -- paging options --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"page_size": 0}, ["page_size: 0", "1 to 100"]),
        ({"page_size": 101}, ["page_size: 101", "1 to 100"]),
        ({"page_size": -1}, ["page_size: -1"]),
        ({"max_items": 0}, ["max_items: 0", "from 1 up"]),
        ({"starting_token": "not a token"}, ["starting_token: 'not a token'"]),
        ({"starting_token": "{{ 7*7 }}"}, ["starting_token: '{{ 7*7 }}'"]),
        ({"starting_token": "eyJOZXh0VG9rZW4iOiA3fQ=="}, ["starting_token"]),
    ],
)
def test_a_bad_paging_option_is_named_before_any_call(options: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(OptionError) as caught:
        Paging.of(options, 100)
    one_sentence(caught.value, *parts)


def test_a_page_may_be_as_large_as_the_api_allows() -> None:
    assert Paging.of({"page_size": 250}, 250).page_size == 250
    assert Paging.of({"page_size": 1, "max_items": 1, "starting_token": ""}, 100) == Paging(1, 1, None)


def test_a_foreign_token_is_blamed_on_the_option(api: NetworkFirewall, capture_of: Callable[..., str]) -> None:
    identifier = capture_of()
    mine = api.flow_operation_results(FlowOperation(PLACE, identifier), Paging(max_items=150))
    items_of(mine, "Flows")
    foreign = api.flow_operations(PLACE, None, Paging(starting_token=mine.next_token))
    with pytest.raises(FlowOpsError) as caught:
        items_of(foreign, "FlowOperations")
    one_sentence(caught.value, "starting_token: ", "refused by AWS")


# -- firewalls and clients -------------------------------------------------------------------------------------------


def test_a_firewall_is_found_by_name_or_arn(api: NetworkFirewall, control: Any) -> None:
    assert api.arn_of("egress") == FIREWALL
    assert api.zones_of(FIREWALL) == (FIREWALL, ["us-east-1a", "us-east-1b"])
    counts = control.calls()["counts"]
    assert counts == {"DescribeFirewall": 2}
    # An ARN needs no call at all.
    assert api.arn_of(FIREWALL) == FIREWALL
    assert control.calls()["counts"] == counts


def test_a_firewall_that_is_not_there_is_one_sentence(api: NetworkFirewall) -> None:
    with pytest.raises(FlowOpsError) as caught:
        api.arn_of("ingress")
    one_sentence(caught.value, "'ingress'", "ResourceNotFoundException")


def test_an_arn_of_another_region_is_refused_before_any_call(api: NetworkFirewall, control: Any) -> None:
    with pytest.raises(OptionError) as caught:
        api.arn_of(parse_firewall_arn(ARN.replace("us-east-1", "eu-west-1")))
    one_sentence(caught.value, "firewall_arn", "us-east-1", "region")
    assert control.calls()["counts"] == {}


def test_the_users_settings_are_kept_but_the_sdks_retries_are_off() -> None:
    config = client_config({"retries": {"max_attempts": 9, "mode": "adaptive"}, "read_timeout": 7})
    assert config.retries == {"mode": "adaptive", "total_max_attempts": 1}
    assert config.read_timeout == 7
    with pytest.raises(OptionError) as caught:
        client_config({"no_such_setting": 1})
    one_sentence(caught.value, "aws_config", "no_such_setting")


def test_an_endpoint_that_refuses_is_one_sentence(retry_sleeps: list[float]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        client = boto3.client(
            "network-firewall",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="AKIATESTTESTTESTTEST",
            aws_secret_access_key="secret-of-a-test-that-is-long-enough",
            config=client_config({"proxies": {}, "connect_timeout": 2}),
        )
        with pytest.raises(FlowOpsError) as caught:
            NetworkFirewall(client).arn_of({"firewall_name": "egress"})
    one_sentence(caught.value, "'egress'", url, "endpoint_url")
    # Waiting seldom mends it.
    assert len(retry_sleeps) <= 4 and sum(retry_sleeps) <= 10


def test_an_sdk_without_flow_operations_is_one_sentence() -> None:
    with pytest.raises(FlowOpsError) as caught:
        NetworkFirewall(object())
    one_sentence(caught.value, "botocore", "1.37.17")


def test_an_sdk_without_things_graph_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    # Botocore's own way to other models: a folder that has none of Things Graph, and none of its own beside it.
    loader = botocore.loaders.create_loader(str(tmp_path))
    loader.search_paths[:] = [str(tmp_path)]
    monkeypatch.setattr(botocore.loaders, "create_loader", lambda: loader)
    with pytest.raises(FlowOpsError) as caught:
        things_graph(lambda *_args, **_options: None, None)
    one_sentence(caught.value, "boto3", "IoT Things Graph", "discontinued")


def test_a_description_has_snake_case_keys_and_utc_times() -> None:
    moment = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))
    answer = {
        "FlowOperationId": NO_SUCH_ID,
        "FlowRequestTimestamp": moment,
        "FlowOperation": {"FlowFilters": [{"SourceAddress": {"AddressDefinition": "{{ 7*7 }}"}}]},
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }
    assert described(answer, ZONE) == {
        "availability_zone": "us-east-1a",
        "flow_operation_id": NO_SUCH_ID,
        "flow_request_timestamp": "2026-01-31T12:00:00+00:00",
        "flow_operation": {"flow_filters": [{"source_address": {"address_definition": "{{ 7*7 }}"}}]},
    }


# -- starting: nothing twice -----------------------------------------------------------------------------------------


def start(api: NetworkFirewall, kind: str = CAPTURE, seconds: float = 300, **options: Any) -> dict[str, Any]:
    place = Place(FIREWALL, options.pop("scope", PLACE.scope))
    order = Order(options.pop("filters", FILTERS), **options)
    return starting.start(api, kind, place, order, api.clock.monotonic() + seconds)


def starts(control: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control.calls()["starts"]
    return found


@pytest.mark.parametrize(("kind", "call"), [(CAPTURE, "StartFlowCapture"), (FLUSH, "StartFlowFlush")])
def test_a_start_is_one_start(api: NetworkFirewall, control: Any, clock: Any, kind: str, call: str) -> None:
    before = datetime.fromtimestamp(control.state()["now"], timezone.utc)
    item = start(api, kind, minimum_flow_age=60)
    # AWS's own clock, which counts whole seconds, before the start.
    assert 0 <= (before - parse_utc(item.pop("service_time"))).total_seconds() < 1
    assert item == {
        "firewall_arn": ARN,
        "availability_zone": "us-east-1a",
        "flow_operation_id": starts(control)[0]["flow_operation_id"],
        "flow_operation_type": kind,
        "flow_operation_status": "IN_PROGRESS",
        "minimum_flow_age": 60,
    }
    assert [(done["operation"], done["request"]["MinimumFlowAgeInSeconds"]) for done in starts(control)] == [(call, 60)]
    assert clock.slept == []


@pytest.mark.parametrize("kind", LOST_AFTER)
@pytest.mark.parametrize("call", [CAPTURE, FLUSH])
def test_a_start_whose_answer_was_lost_is_adopted(
    api: NetworkFirewall, control: Any, warnings: list[str], kind: str, call: str
) -> None:
    control.add_fault(kind, "StartFlowFlush" if call == FLUSH else "StartFlowCapture", at=[1])
    item = start(api, call, minimum_flow_age=5)
    assert len(starts(control)) == 1 and starts(control)[0]["lost"] is True
    assert item["flow_operation_id"] == starts(control)[0]["flow_operation_id"]
    assert item["adopted"] is True and item["minimum_flow_age"] == 5
    assert len(warnings) == 1 and item["flow_operation_id"] in warnings[0]


@pytest.mark.parametrize("kind", LOST_BEFORE)
def test_a_start_that_never_arrived_is_made_once(
    api: NetworkFirewall, control: Any, warnings: list[str], kind: str
) -> None:
    control.add_fault(kind, "StartFlowFlush", at=[1])
    item = start(api, FLUSH)
    assert [done["flow_operation_id"] for done in starts(control)] == [item["flow_operation_id"]]
    assert "adopted" not in item and warnings == []


@pytest.mark.parametrize("kind", LOST_AFTER)
def test_a_lost_start_that_has_already_ended_is_adopted(api: NetworkFirewall, control: Any, kind: str) -> None:
    control.settings(duration=0)
    control.add_fault(kind, "StartFlowFlush", at=[1])
    item = start(api, FLUSH)
    assert [done["flow_operation_id"] for done in starts(control)] == [item["flow_operation_id"]]
    assert item["flow_operation_status"] == "COMPLETED"


def test_a_lost_start_is_found_although_looking_for_it_fails_too(api: NetworkFirewall, control: Any) -> None:
    control.add_fault("drop_after", "StartFlowFlush", at=[1])
    control.add_fault("cut", "ListFlowOperations", at=[2, 3])
    control.add_fault("throttle", "DescribeFlowOperation", at=[1, 2])
    item = start(api, FLUSH)
    assert item["adopted"] is True and len(starts(control)) == 1


def test_throttled_starts_are_repeated_until_one_is_taken(api: NetworkFirewall, control: Any, clock: Any) -> None:
    control.add_fault("throttle", "StartFlowCapture", times=4)
    item = start(api)
    assert [done["flow_operation_id"] for done in starts(control)] == [item["flow_operation_id"]]
    assert len(clock.slept) == 4 and clock.slept == sorted(clock.slept)


def test_an_operation_that_was_there_before_is_never_adopted(api: NetworkFirewall, control: Any) -> None:
    control.add_operations("egress", "us-east-1a", count=3, type=FLUSH, flow_filters=FILTERS)
    control.add_fault("drop_before", "StartFlowFlush", at=[1])
    item = start(api, FLUSH)
    assert [done["flow_operation_id"] for done in starts(control)] == [item["flow_operation_id"]]
    assert "adopted" not in item


def somebody_elses(plain: Any, kind: str, filters: list[Any]) -> Callable[[], None]:
    done: list[str] = []

    def begin() -> None:
        if not done:
            call = plain.start_flow_flush if kind == FLUSH else plain.start_flow_capture
            done.append(call(FirewallArn=ARN, AvailabilityZone="us-east-1a", FlowFilters=filters)["FlowOperationId"])

    return begin


@pytest.mark.parametrize(
    ("kind", "filters"),
    [(FLUSH, to_api([{"source_address": "10.0.0.0/8"}])), (CAPTURE, FILTERS)],
    ids=["other filters", "other type"],
)
def test_somebody_elses_operation_is_waited_for_and_not_adopted(
    api: NetworkFirewall, control: Any, plain: Any, clock: Any, kind: str, filters: list[Any]
) -> None:
    # Ours is lost on its way; while we look for it, somebody else starts one.
    control.add_fault("drop_before", "StartFlowFlush", at=[1])
    clock.on_sleep = somebody_elses(plain, kind, filters)
    item = start(api, FLUSH)
    theirs, ours = starts(control)
    assert item["flow_operation_id"] == ours["flow_operation_id"] != theirs["flow_operation_id"]
    assert "adopted" not in item


def test_filters_written_back_in_another_way_are_still_ours(api: NetworkFirewall, control: Any) -> None:
    filters = to_api([{"source_address": "10.0.0.1", "destination_port": "any", "protocols": ["tcp"]}])
    control.add_fault("drop_after", "StartFlowFlush", at=[1])
    assert start(api, FLUSH, filters=filters)["adopted"] is True


def test_a_busy_zone_is_waited_for(api: NetworkFirewall, control: Any, clock: Any) -> None:
    control.add_operations("egress", "us-east-1a", status="IN_PROGRESS", remaining=120)
    item = start(api, seconds=300)
    assert [done["flow_operation_id"] for done in starts(control)] == [item["flow_operation_id"]]
    assert 120 <= sum(clock.slept) <= 150


def test_the_other_zone_is_not_waited_for(api: NetworkFirewall, control: Any, clock: Any) -> None:
    control.add_operations("egress", "us-east-1b", status="IN_PROGRESS", remaining=None)
    start(api)
    assert clock.slept == []


def test_a_zone_busy_beyond_the_deadline_is_one_sentence(api: NetworkFirewall, control: Any, clock: Any) -> None:
    (busy,) = control.add_operations("egress", "us-east-1a", status="IN_PROGRESS", remaining=None, type=FLUSH)
    with pytest.raises(FlowOpsError) as caught:
        start(api, seconds=45)
    one_sentence(caught.value, busy, "us-east-1a", FLUSH, "wait_timeout")
    assert sum(clock.slept) == pytest.approx(45, abs=0.1)
    assert starts(control) == []


def test_the_users_mistake_is_said_at_once(api: NetworkFirewall, control: Any, clock: Any) -> None:
    with pytest.raises(FlowOpsError) as caught:
        start(api, filters=[{"SourceAddress": {"AddressDefinition": "10.0.0.0/33"}}])
    one_sentence(caught.value, "Could not start a flow capture in us-east-1a", "InvalidRequestException")
    assert (clock.slept, starts(control)) == ([], [])
    assert control.calls()["counts"]["StartFlowCapture"] == 1


def test_a_refused_start_is_not_tried_again(api: NetworkFirewall, control: Any, clock: Any) -> None:
    control.add_fault("access_denied", "StartFlowFlush", every=1)
    with pytest.raises(FlowOpsError, match="AccessDeniedException"):
        start(api, FLUSH)
    assert control.calls()["counts"]["StartFlowFlush"] == 1 and clock.slept == []


def test_starts_that_never_arrive_end_in_one_sentence(api: NetworkFirewall, control: Any) -> None:
    control.add_fault("drop_before", "StartFlowFlush", every=1)
    with pytest.raises(FlowOpsError) as caught:
        start(api, FLUSH)
    one_sentence(caught.value, "Could not start a flow flush in us-east-1a")
    assert starts(control) == []


def seconds_ago(control: Any, seconds: float) -> datetime:
    return datetime.fromtimestamp(control.state()["now"] - seconds, timezone.utc)


def test_captured_at_raises_the_minimum_age_by_the_services_clock(
    api: NetworkFirewall, control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # AWS's clock counts, not the product's, which is an hour behind here.
    behind = control.state()["now"] - 3600
    monkeypatch.setattr(api.clock, "time", lambda: behind, raising=False)
    item = start(api, FLUSH, minimum_flow_age=30, captured_at=seconds_ago(control, 1000))
    asked = starts(control)[0]["request"]["MinimumFlowAgeInSeconds"]
    # Never less than what has passed and what the start may take; a header of whole seconds may add two.
    assert 1030 + ON_THE_WAY <= asked <= 1032 + ON_THE_WAY
    assert item["minimum_flow_age"] == asked


def test_without_the_services_clock_nothing_is_flushed(
    api: NetworkFirewall, control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networkfirewall, "service_time", lambda _answer: None)
    with pytest.raises(FlowOpsError) as caught:
        start(api, FLUSH, minimum_flow_age=30, captured_at=seconds_ago(control, 1000))
    one_sentence(caught.value, "Could not start a flow flush in us-east-1a", "what time it is")
    assert starts(control) == []
    # A start that counts no age needs no clock.
    assert "service_time" not in start(api, CAPTURE)


def test_a_capture_from_the_future_is_refused(api: NetworkFirewall, control: Any) -> None:
    with pytest.raises(FlowOpsError) as caught:
        start(api, FLUSH, minimum_flow_age=30, captured_at=seconds_ago(control, -60))
    one_sentence(caught.value, "captured_at", "future", "offset")
    assert starts(control) == []


def test_a_flush_that_had_ended_before_the_start_was_lost_is_not_adopted(api: NetworkFirewall, control: Any) -> None:
    # Somebody else's flush with the same filters keeps the zone busy and ends; then our start is lost unheard.
    start(api, FLUSH)
    theirs = starts(control)[0]["flow_operation_id"]
    control.add_fault("drop_before", "StartFlowFlush", at=[2])
    item = start(api, FLUSH)
    assert item["flow_operation_id"] != theirs
    assert len(starts(control)) == 2


def test_a_start_lost_at_the_last_attempt_is_looked_for(api: NetworkFirewall, control: Any) -> None:
    control.add_fault("throttle", "StartFlowFlush", times=11)
    control.add_fault("drop_after", "StartFlowFlush", at=[12])
    item = start(api, FLUSH)
    assert item["adopted"] is True
    assert len(starts(control)) == 1


def test_a_start_that_cannot_be_looked_for_says_that_it_may_have_been_done(api: NetworkFirewall, control: Any) -> None:
    control.add_fault("drop_after", "StartFlowFlush", at=[1])
    control.add_fault("access_denied", "ListFlowOperations", at=list(range(2, 40)))
    with pytest.raises(FlowOpsError) as caught:
        start(api, FLUSH)
    assert caught.value.details["maybe_started"] is True
    assert "may have been started" in str(caught.value)
    assert len(starts(control)) == 1


def test_without_captured_at_the_age_is_as_given(api: NetworkFirewall, control: Any) -> None:
    start(api, FLUSH, minimum_flow_age=30)
    start(api, FLUSH, scope=Scope("availability_zone", "us-east-1b"))
    assert [done["request"].get("MinimumFlowAgeInSeconds") for done in starts(control)] == [30, None]


def test_a_lost_start_with_captured_at_is_adopted(api: NetworkFirewall, control: Any) -> None:
    control.add_fault("drop_after", "StartFlowFlush", at=[1])
    item = start(api, FLUSH, captured_at=seconds_ago(control, 100))
    assert item["adopted"] is True and len(starts(control)) == 1
    assert item["minimum_flow_age"] == starts(control)[0]["request"]["MinimumFlowAgeInSeconds"] >= 100


# -- waiting ---------------------------------------------------------------------------------------------------------


def items(control: Any, count: int, remaining: float | None) -> list[FlowOperation]:
    identifiers = control.add_operations("egress", "us-east-1a", count=count, status="IN_PROGRESS", remaining=remaining)
    return [FlowOperation(PLACE, identifier) for identifier in identifiers]


def test_sixty_operations_are_waited_for_together(api: NetworkFirewall, control: Any, clock: Any) -> None:
    operations = items(control, 60, 2)
    answers, still_open = wait(api, operations, 900)
    assert still_open == []
    assert [answer and answer["FlowOperationId"] for answer in answers] == [
        item.flow_operation_id for item in operations
    ]
    assert {answer and answer["FlowOperationStatus"] for answer in answers} == {"COMPLETED"}
    assert all("ResponseMetadata" not in (answer or {}) for answer in answers)
    assert sum(clock.slept) <= 4


def test_what_has_not_ended_at_the_timeout_is_open(api: NetworkFirewall, control: Any, clock: Any) -> None:
    operations = [*items(control, 1, 5), *items(control, 1, None)]
    answers, still_open = wait(api, operations, 20)
    assert still_open == [1]
    assert [answer and answer["FlowOperationStatus"] for answer in answers] == ["COMPLETED", "IN_PROGRESS"]
    assert sum(clock.slept) == pytest.approx(20)


@pytest.mark.parametrize("kind", TRANSIENT)
def test_trouble_slows_the_waiting_and_never_ends_it(
    api: NetworkFirewall, control: Any, clock: Any, retry_sleeps: list[float], kind: str
) -> None:
    operations = items(control, 3, 30)
    control.add_fault(kind, "DescribeFlowOperation", times=8)
    answers, still_open = wait(api, operations, 900)
    assert still_open == [] and all(answers)
    # The pace is the waiting's own, not that of a retry inside a question.
    assert retry_sleeps == []


def test_an_answer_that_no_waiting_can_mend_ends_it(api: NetworkFirewall, control: Any, clock: Any) -> None:
    operations = [*items(control, 1, 30), FlowOperation(PLACE, NO_SUCH_ID)]
    with pytest.raises(FlowOpsError) as caught:
        wait(api, operations, 900)
    one_sentence(caught.value, NO_SUCH_ID, "us-east-1a", "ResourceNotFoundException")
    assert clock.slept == []


def test_waiting_for_nothing_ends_at_once(api: NetworkFirewall) -> None:
    assert wait(api, [], 900) == ([], [])
