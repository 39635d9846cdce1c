# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests hold results against: plain boto3 loops, and what a sentence for a person looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from ipaddress import ip_address, ip_network
from typing import Any

EVERY_FLOW = [
    {"SourceAddress": {"AddressDefinition": "0.0.0.0/0"}},
    {"SourceAddress": {"AddressDefinition": "::/0"}},
]
PROTOCOLS = {"icmp": "1", "tcp": "6", "udp": "17", "ipv6-icmp": "58", "sctp": "132"}
# The eight ways in which a call can go wrong that asking again mends.
KINDS = ("throttle", "internal", "unavailable", "drop_before", "drop_after", "cut", "cut_short", "not_json")


def plain_pages(call: Any, token: str, **request: Any) -> list[dict[str, Any]]:
    """Return every page of a paginated call, by the plainest loop there is."""
    pages = [call(**request)]
    while pages[-1].get(token):
        pages.append(call(**request, **{token: pages[-1][token]}))
    return pages


def plain_flows(aws: Any, arn: str, flow_operation_id: str, **scope: str) -> list[dict[str, Any]]:
    """Return the flows of an operation as the API gives them, with snake_case keys."""
    pages = plain_pages(
        aws.list_flow_operation_results, "NextToken", FirewallArn=arn, FlowOperationId=flow_operation_id, **scope
    )
    return [snake(flow) for page in pages for flow in page["Flows"]]


def cuts(operation: Mapping[str, Any], flow: Mapping[str, Any]) -> bool:
    """Return whether a flush of a plan's operation cuts a flow of plain_flows, by an evaluation of our own."""
    return flow["age"] >= operation["minimum_flow_age"] and any(
        _matches(item, flow) for item in operation["flow_filters"]
    )


def _matches(item: Mapping[str, Any], flow: Mapping[str, Any]) -> bool:
    for side in ("source", "destination"):
        network = item.get(f"{side}_address")
        if network and ip_address(flow[f"{side}_address"]["address_definition"]) not in ip_network(network):
            return False
        if f"{side}_port" in item:
            first, _dash, last = str(item[f"{side}_port"]).partition("-")
            if f"{side}_port" not in flow or not int(first) <= int(flow[f"{side}_port"]) <= int(last or first):
                return False
    return "protocols" not in item or flow["protocol"] in [PROTOCOLS[name] for name in item["protocols"]]


def snake(value: Any) -> Any:
    """Return the API's members in snake_case and its times as ISO 8601 in UTC."""
    if isinstance(value, dict):
        return {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): snake(item) for key, item in value.items()}
    if isinstance(value, list):
        return [snake(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat()
    return value


def every_third(operation: str, calls: int) -> list[dict[str, Any]]:
    """Return faults for every third of so many calls of an operation, each kind in its turn."""
    struck = list(range(3, calls, 3))
    return [
        {"operation": operation, "kind": kind, "at": struck[index :: len(KINDS)]} for index, kind in enumerate(KINDS)
    ]


def walks(steps: Sequence[dict[str, Any]], key: str) -> list[list[list[Any]]]:
    """Return the walks among the results of steps, each a list of what its steps returned; no token ends a walk."""
    found: list[list[list[Any]]] = [[]]
    for step in steps:
        found[-1].append(step[key])
        if "next_token" not in step:
            found.append([])
    assert found.pop() == []
    return found


def assert_sentence(message: str, expected: Sequence[str], context: str = "") -> None:
    """Assert that a failure is told on one line, as a sentence, with the expected parts in it."""
    assert message.strip(), context
    assert "\n" not in message.strip(), message
    assert "Traceback" not in message, message
    for part in expected:
        assert part in message, f"{context}: {part!r} is not in: {message}"
