# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Network Firewall as it is read: firewalls, their policies and associations, flow operations and their flows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from ..errors import AwsError, FlowOpsError, OptionError, shown
from ..flows.arns import FirewallArn, NamedFirewall, parse_firewall_arn
from ..flows.scope import MEMBER_SINCE, FlowOperation, Place, Scope
from .answers import bare, lift_flows, lift_number_of_associations, service_time
from .clients import MAX_PARALLEL, client_of
from .failures import DENIED_CODES, INVALID_REQUEST, NOT_FOUND, calling, needing
from .listing import WHOLE, Listing, Paging
from .polling import SystemClock
from .retries import ask_until_whole, whole
from .sdk import botocore

CAPTURE, FLUSH = "FLOW_CAPTURE", "FLOW_FLUSH"
# What AWS may answer to the ARN of a firewall policy that is of the other generation.
_OTHER_GENERATION = (NOT_FOUND, INVALID_REQUEST)
# Each call that only reads, and the member that its answer always has.
_READING = {
    "list_flow_operations": "FlowOperations",
    "list_flow_operation_results": "Flows",
    "describe_firewall": "FirewallStatus",
    "describe_flow_operation": "FlowOperationStatus",
    "describe_firewall_policy": "FirewallPolicy",
    "describe_firewall_policy_v2": "FirewallPolicyV2",
    "describe_rule_group": "RuleGroupResponse",
    "list_vpc_endpoint_associations": "VpcEndpointAssociations",
    "describe_vpc_endpoint_association": "VpcEndpointAssociation",
}


class NetworkFirewall:
    """AWS Network Firewall through one SDK client."""

    def __init__(
        self, client: Any, clock: Any = None, spread_over: int = MAX_PARALLEL, warn: Callable[[str], None] | None = None
    ) -> None:
        if not hasattr(client, "list_flow_operations"):
            raise FlowOpsError(
                f"This botocore {botocore.__version__} does not know flow operations; install 1.37.17 or newer."
            )
        self.client = client
        self.clock = clock or SystemClock()
        self.spread_over = spread_over
        self.warn = warn or (lambda message: None)
        # The calls as the SDK made them, for those who must not repeat them blindly.
        self.start_once = {CAPTURE: client.start_flow_capture, FLUSH: client.start_flow_flush}
        self.describe_once = whole(client.describe_flow_operation, "DescribeFlowOperation", "FlowOperationStatus")
        self.firewall_once = whole(client.describe_firewall, "DescribeFirewall", "FirewallStatus")
        ask_until_whole(client, _READING)
        lift_number_of_associations(client)

    @classmethod
    def of(cls, module: Any) -> NetworkFirewall:
        """Return the API through a client with a module's connection options."""
        return cls(client_of(module, "network-firewall"), warn=module.warn)

    def firewall(self, named: NamedFirewall) -> dict[str, Any]:
        """Return DescribeFirewall's answer for a firewall by ARN or name; raise AwsError when it is not found."""
        text = str(named)
        key = {"FirewallArn": text} if isinstance(named, FirewallArn) else {"FirewallName": text}
        with needing("network-firewall:DescribeFirewall"), calling(f"describe the firewall {shown(text)}"):
            return dict(self.client.describe_firewall(**key))

    def arn_of(self, named: NamedFirewall) -> FirewallArn:
        """Return the firewall's ARN, of a name by one describe; raise FlowOpsError when it is of another region."""
        if not isinstance(named, FirewallArn):
            return parse_firewall_arn(self.firewall(named)["Firewall"]["FirewallArn"])
        region = self.client.meta.region_name
        if named.region != region:
            raise OptionError(
                "firewall_arn",
                named.arn,
                f"its region differs from the region in use, {region}; set region to the firewall's",
            )
        return named

    def firewall_of(self, named: NamedFirewall) -> dict[str, Any]:
        """Return DescribeFirewall's answer for a firewall of the client's region; raise FlowOpsError."""
        return self.firewall(self.arn_of(named) if isinstance(named, FirewallArn) else named)

    def zones_of(self, named: NamedFirewall) -> tuple[FirewallArn, list[str]]:
        """Return the firewall's ARN and its Availability Zones, sorted, by one describe."""
        answer = self.firewall_of(named)
        zones = sorted(answer["FirewallStatus"].get("SyncStates") or {})
        if isinstance(named, FirewallArn):
            return named, zones
        return parse_firewall_arn(answer["Firewall"]["FirewallArn"]), zones

    def check_scope(self, scope: Scope) -> None:
        """Raise FlowOpsError when the installed botocore is too old for a scope's member."""
        members = self.client.meta.service_model.operation_model("DescribeFlowOperation").input_shape.members
        for member in scope.to_api():
            if member not in members:
                raise FlowOpsError(
                    f"{scope.option}: this botocore {botocore.__version__} does not know it;"
                    f" install botocore {MEMBER_SINCE.get(member, '1.37.17')} or newer."
                )

    def flow_operations(self, place: Place, operation_type: str | None, paging: Paging = WHOLE) -> Listing:
        """Return the listing of a place's flow operations (the last 12 hours), rows without scope."""
        request: dict[str, Any] = place.to_api()
        if operation_type:
            request["FlowOperationType"] = operation_type
        doing = f"list the flow operations of {shown(place.firewall.arn)} in {place}"
        return Listing(self.client, "list_flow_operations", request, paging, "FlowOperations", doing)

    def rows(self, place: Place) -> dict[str, dict[str, Any]]:
        """Return the rows of a place's flow operations by their ID."""
        return self.rows_and_time(place)[0]

    def rows_and_time(self, place: Place) -> tuple[dict[str, dict[str, Any]], datetime | None]:
        """Return the rows of a place's flow operations by their ID, and the service's own clock before that."""
        pages = list(self.flow_operations(place, None))
        rows = {row["FlowOperationId"]: row for page in pages for row in page["FlowOperations"]}
        return rows, service_time(pages[0])

    def time(self, place: Place) -> datetime | None:
        """Return the service's own clock, never later than that; None when it sends no Date."""
        return service_time(next(iter(self.flow_operations(place, None, Paging(max_items=1, page_size=1)))))

    def flow_operation_results(self, operation: FlowOperation, paging: Paging = WHOLE) -> Listing:
        """Return the listing of one flow operation's flows."""
        doing = f"list the flows of flow operation {operation.flow_operation_id} in {operation.place}"
        return Listing(self.client, "list_flow_operation_results", operation.to_api(), paging, "Flows", doing)

    def lift_flows(self) -> None:
        """Let the flows of results come as the service sent them, without the SDK's parsing."""
        lift_flows(self.client)

    def describe(self, operation: FlowOperation) -> dict[str, Any]:
        """Return DescribeFlowOperation's answer."""
        return self.describe_with_time(operation)[0]

    def describe_with_time(self, operation: FlowOperation) -> tuple[dict[str, Any], datetime | None]:
        """Return DescribeFlowOperation's answer, and the service's own clock when it came."""
        with calling(f"describe the flow operation {operation.flow_operation_id} in {operation.place}"):
            answer = self.client.describe_flow_operation(**operation.to_api())
        return bare(answer), service_time(answer)

    def flushes_since(self, place: Place, moment: datetime) -> list[dict[str, Any]]:
        """Return DescribeFlowOperation's answers for the flushes of a place since a moment that ended well or go on."""
        return [
            {"FlowOperationId": operation_id, **self.describe(FlowOperation(place, operation_id))}
            for operation_id, row in self.rows(place).items()
            if row["FlowOperationType"] == FLUSH
            and row["FlowOperationStatus"] in ("IN_PROGRESS", "COMPLETED")
            and row["FlowRequestTimestamp"] >= moment
        ]

    def firewall_policy(self, arn: str) -> tuple[dict[str, Any], bool]:
        """Return a firewall policy as AWS describes it, and whether it is a Next Generation one; raise FlowOpsError."""
        answer, next_generation = self.firewall_policy_answer(arn)
        return dict(answer["FirewallPolicy"]), next_generation

    def firewall_policy_answer(self, arn: str) -> tuple[dict[str, Any], bool]:
        """Return DescribeFirewallPolicy's answer, and whether the policy is a Next Generation one; raise FlowOpsError.

        What AWS says of a Next Generation policy has the members of a classic one, without its generation's name, and
        always a PolicyMode.
        """
        doing = f"describe the firewall policy {shown(arn)}"
        try:
            with needing("network-firewall:DescribeFirewallPolicy"), calling(doing):
                return bare(self.client.describe_firewall_policy(FirewallPolicyArn=arn)), False
        except AwsError as error:
            # An ARN does not say of which generation its policy is.
            if error.code not in _OTHER_GENERATION:
                raise
            if not hasattr(self.client, "describe_firewall_policy_v2"):
                raise error.saying(
                    f"{error.message} If it is a Next Generation policy, botocore {botocore.__version__} is too old to"
                    " read it; install the newest."
                ) from error
            return self._next_generation_policy(arn, doing, error), True

    def _next_generation_policy(self, arn: str, doing: str, as_a_classic_one: AwsError) -> dict[str, Any]:
        try:
            with needing("network-firewall:DescribeFirewallPolicyV2"), calling(doing):
                answer = bare(self.client.describe_firewall_policy_v2(FirewallPolicyV2Arn=arn))
        except AwsError as error:
            if error.code not in _OTHER_GENERATION:
                raise
            raise as_a_classic_one from error
        about = answer.get("FirewallPolicyV2Response") or {}
        return {
            # All its members may be left out, and without any it would be a classic policy that has no rules.
            "FirewallPolicy": {"PolicyMode": "", **answer["FirewallPolicyV2"]},
            "FirewallPolicyResponse": {name.replace("PolicyV2", "Policy"): value for name, value in about.items()},
        }

    def associations_of(self, firewall: FirewallArn) -> list[dict[str, Any]]:
        """Return DescribeVpcEndpointAssociation's answer for each association that AWS lists for a firewall.

        One that AWS does not describe, gone or of another account, has its ARN alone; an SDK without them knows none.
        """
        if not hasattr(self.client, "list_vpc_endpoint_associations"):
            return []
        doing = f"list the VPC endpoint associations of {shown(firewall.arn)}"
        request = {"FirewallArn": firewall.arn}
        listing = Listing(
            self.client, "list_vpc_endpoint_associations", request, WHOLE, "VpcEndpointAssociations", doing
        )
        with needing("network-firewall:ListVpcEndpointAssociations"):
            arns = [item["VpcEndpointAssociationArn"] for page in listing for item in page["VpcEndpointAssociations"]]
        return spread(self.spread_over, partial(self._association, firewall), arns)

    def _association(self, firewall: FirewallArn, arn: str) -> dict[str, Any]:
        doing = f"describe the VPC endpoint association {shown(arn)}"
        try:
            with needing("network-firewall:DescribeVpcEndpointAssociation"), calling(doing):
                return bare(self.client.describe_vpc_endpoint_association(VpcEndpointAssociationArn=arn))
        except AwsError as error:
            of_another_account = arn.split(":")[4:5] != [firewall.account_id]
            silent = (NOT_FOUND, *DENIED_CODES) if of_another_account else (NOT_FOUND,)
            if error.code not in silent:
                raise
            return {"VpcEndpointAssociation": {"VpcEndpointAssociationArn": arn}}


def spread(pool_size: int, call: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Return call(item) for each item, up to pool_size at once, in order; the first exception is raised."""
    with ThreadPoolExecutor(max_workers=max(1, min(pool_size, len(items)))) as pool:
        return list(pool.map(call, items))
