# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Network Firewall operations that moto lacks, from request members to the body of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ...http.answers import error_body
from ...world.errors import ApiError
from ...world.operations import Operations
from ...world.state import Firewall
from .firewalls import Firewalls
from .rules import Rules

SERVICE = "network-firewall"
CONTENT_TYPE = "application/x-amz-json-1.0"
Handler = Callable[[str, str, dict[str, Any]], "dict[str, Any] | bytes"]


class NetworkFirewallApi:
    """Carries out a request for an account in a region."""

    def __init__(self, operations: Operations) -> None:
        self.world = operations.world
        self._operations = operations
        firewalls, rules = Firewalls(self.world), Rules(self.world)
        self._handlers: dict[str, Handler] = {
            "StartFlowCapture": self._start_flow_capture,
            "StartFlowFlush": self._start_flow_flush,
            "DescribeFlowOperation": self._describe_flow_operation,
            "ListFlowOperations": self._list_flow_operations,
            "ListFlowOperationResults": self._list_flow_operation_results,
            "DescribeFirewall": firewalls.describe_firewall,
            "DescribeFirewallPolicy": rules.describe_firewall_policy,
            "DescribeFirewallPolicyV2": rules.describe_firewall_policy_v2,
            "ListFirewallPolicies": rules.list_firewall_policies,
            "DescribeRuleGroup": rules.describe_rule_group,
            "ListRuleGroups": rules.list_rule_groups,
            "ListVpcEndpointAssociations": firewalls.list_associations,
            "DescribeVpcEndpointAssociation": firewalls.describe_association,
            "ListTagsForResource": firewalls.list_tags,
        }

    @property
    def operations(self) -> frozenset[str]:
        """Return the names of the operations answered here."""
        return frozenset(self._handlers)

    def answer(self, operation: str, account: str, region: str, request: dict[str, Any]) -> tuple[int, str]:
        """Carry out an operation for a request that fits the model; returns HTTP status and body, errors included."""
        try:
            with self.world.lock:
                body = self._handlers[operation](account, region, request)
        except ApiError as error:
            return error.status, error_body(error)
        return 200, body.decode() if isinstance(body, bytes) else json.dumps(body, separators=(",", ":"))

    def _start_flow_capture(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self._operations.start(self._firewall(account, region, request), "FLOW_CAPTURE", request)

    def _start_flow_flush(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self._operations.start(self._firewall(account, region, request), "FLOW_FLUSH", request)

    def _describe_flow_operation(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self._operations.describe(self._firewall(account, region, request), request)

    def _list_flow_operations(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self._operations.list_operations(self._firewall(account, region, request), request)

    def _list_flow_operation_results(self, account: str, region: str, request: dict[str, Any]) -> bytes:
        return self._operations.results(self._firewall(account, region, request), request)

    def _firewall(self, account: str, region: str, request: dict[str, Any]) -> Firewall:
        return self.world.firewall(account, region, request["FirewallArn"])
