# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.flowops.aws.tests.emulator.control import Control

INVALID = r"\(InvalidRequestException\)"


@pytest.mark.parametrize("step", [1, 7, 99, 100])
def test_any_step_gives_the_same_flows_in_the_same_order(firewall: Any, control: Control, step: int) -> None:
    tcp = [{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}, "Protocols": ["TCP"]}]
    identifier = firewall.start(FlowFilters=tcp)
    firewall.finish()
    whole = firewall.flows(identifier)
    control.reset()
    assert len(whole) > 100
    again = firewall.start(FlowFilters=tcp)
    firewall.finish()
    assert firewall.flows(again, step) == whole
    assert control.calls()["counts"]["ListFlowOperationResults"] == -(-len(whole) // step)


def test_the_page_size_may_change_under_way(firewall: Any) -> None:
    identifier = firewall.start()
    firewall.finish()
    whole = firewall.flows(identifier)
    first = firewall.results(identifier, MaxResults=30)
    second = firewall.results(identifier, MaxResults=5, NextToken=first["NextToken"])
    third = firewall.results(identifier, MaxResults=100, NextToken=second["NextToken"])
    assert first["Flows"] + second["Flows"] + third["Flows"] == whole[:135]
    assert firewall.results(identifier, MaxResults=30) | {"ResponseMetadata": 0} == first | {"ResponseMetadata": 0}


def test_the_sdks_paginator_walks_the_results(firewall: Any) -> None:
    identifier = firewall.start()
    firewall.finish()
    pages = list(
        firewall.aws.get_paginator("list_flow_operation_results").paginate(
            FirewallArn=firewall.arn, FlowOperationId=identifier, PaginationConfig={"PageSize": 80}
        )
    )
    assert [len(page["Flows"]) for page in pages] == [80, 80, 80, 60]


def test_a_result_that_fills_its_last_page_has_no_empty_one_after_it(firewall: Any) -> None:
    identifier = firewall.start()
    firewall.finish()
    pages = [firewall.results(identifier)]
    while "NextToken" in pages[-1]:
        pages.append(firewall.results(identifier, NextToken=pages[-1]["NextToken"]))
    assert [len(page["Flows"]) for page in pages] == [100, 100, 100]


@pytest.mark.parametrize("step", [1, 3, 100])
def test_operations_are_listed_newest_first_in_any_step(firewall: Any, control: Control, step: int) -> None:
    added = control.add_operations("egress", "us-east-1a", count=17, age_seconds=600)
    added += control.add_operations("egress", "us-east-1b", count=4, type="FLOW_FLUSH", age_seconds=60)
    listed: list[dict[str, Any]] = []
    token: dict[str, Any] = {}
    while True:
        page = firewall.aws.list_flow_operations(FirewallArn=firewall.arn, MaxResults=step, **token)
        listed.extend(page["FlowOperations"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert [item["FlowOperationId"] for item in listed] == added[::-1]
    stamps = [item["FlowRequestTimestamp"] for item in listed]
    assert stamps == sorted(stamps, reverse=True)
    flushes = firewall.aws.list_flow_operations(FirewallArn=firewall.arn, FlowOperationType="FLOW_FLUSH")
    assert [item["FlowOperationId"] for item in flushes["FlowOperations"]] == added[17:][::-1]


def test_an_operation_started_between_two_pages_shifts_nothing(firewall: Any, control: Control) -> None:
    added = control.add_operations("egress", "us-east-1a", count=6)
    first = firewall.aws.list_flow_operations(FirewallArn=firewall.arn, MaxResults=4)
    firewall.start()
    second = firewall.aws.list_flow_operations(FirewallArn=firewall.arn, MaxResults=4, NextToken=first["NextToken"])
    listed = [item["FlowOperationId"] for page in (first, second) for item in page["FlowOperations"]]
    assert listed == added[::-1]


def test_tokens_are_bound_to_operation_firewall_and_scope(firewall: Any, firewall_of: Callable[[str], Any]) -> None:
    other = firewall_of(firewall.arn.replace("egress", "inspection"))
    identifier = firewall.start()
    elsewhere = other.start()
    firewall.finish()
    second = firewall.start()
    firewall.finish()
    token = firewall.results(identifier)["NextToken"]
    scoped = firewall.results(identifier, AvailabilityZone="us-east-1a")["NextToken"]
    assert len(firewall.results(identifier, NextToken=token)["Flows"]) == 100
    calls: list[Callable[[], Any]] = [
        lambda: firewall.results(second, NextToken=token),
        lambda: other.results(elsewhere, NextToken=token),
        lambda: firewall.results(identifier, NextToken=scoped),
        lambda: firewall.results(identifier, NextToken=token, AvailabilityZone="us-east-1a"),
        lambda: firewall.aws.list_flow_operations(FirewallArn=firewall.arn, NextToken=token),
    ]
    for call in calls:
        with pytest.raises(ClientError, match=rf"{INVALID}.*NextToken is invalid"):
            call()


def test_a_token_of_a_listing_is_bound_to_its_type(firewall: Any, control: Control) -> None:
    control.add_operations("egress", "us-east-1a", count=6)
    token = firewall.aws.list_flow_operations(FirewallArn=firewall.arn, MaxResults=2)["NextToken"]
    with pytest.raises(ClientError, match=INVALID):
        firewall.aws.list_flow_operations(FirewallArn=firewall.arn, NextToken=token, FlowOperationType="FLOW_CAPTURE")


def test_altered_tokens_are_refused(firewall: Any) -> None:
    identifier = firewall.start()
    firewall.finish()
    token = firewall.results(identifier)["NextToken"]
    for position in range(0, len(token), 5):
        altered = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        with pytest.raises(ClientError, match=INVALID):
            firewall.results(identifier, NextToken=altered)
    for altered in (token[:-4], token + "AAAA", "AAAA", "=" * 8):
        with pytest.raises(ClientError, match=INVALID):
            firewall.results(identifier, NextToken=altered)


def test_tokens_expire_after_an_hour(firewall: Any, control: Control) -> None:
    identifier = firewall.start()
    firewall.finish()
    token = firewall.results(identifier)["NextToken"]
    control.advance(3600)
    assert len(firewall.results(identifier, NextToken=token)["Flows"]) == 100
    control.advance(1)
    with pytest.raises(ClientError, match=rf"{INVALID}.*expired"):
        firewall.results(identifier, NextToken=token)
    assert len(firewall.flows(identifier)) == 300


def test_the_page_default_can_be_set(firewall: Any, control: Control) -> None:
    control.settings(page_default=10)
    identifier = firewall.start()
    firewall.finish()
    assert len(firewall.results(identifier)["Flows"]) == 10
    assert len(firewall.results(identifier, MaxResults=11)["Flows"]) == 11
