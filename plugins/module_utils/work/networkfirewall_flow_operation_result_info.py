# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows of a flow operation, from options to result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.answers import described
from ..aws.listing import Listing, Paging
from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError
from ..files import LineFile, check_dest
from ..flows.arns import firewall_of
from ..flows.records import record_of
from ..flows.scope import FlowOperation, Place, Scope, check_operation_id, scope_of
from .query import compiled_query, searched
from .result import Module, warn_when_cut_off, warn_when_large


def read_flows(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named, scope = firewall_of(params), scope_of(params)
    operation_id = check_operation_id(params["flow_operation_id"])
    paging = Paging.of(params, largest_page=100)
    expression = compiled_query(params["query"])
    if params["dest"]:
        if expression is not None:
            raise FlowOpsError("query and dest were given together; dest takes whole flow records.")
        check_dest(params["dest"])
    api = NetworkFirewall.of(module)
    api.check_scope(scope)
    operation = FlowOperation(Place(api.arn_of(named), scope), operation_id)
    listing = api.flow_operation_results(operation, paging)
    reading = _Reading(listing)
    result: dict[str, Any] = {"changed": False}
    if expression is not None:
        result["query_result"] = searched(expression, reading, params["query"])
    elif params["dest"]:
        result.update(_written(module, reading, scope))
    else:
        result["flows"] = [described(flow) for page in reading for flow in page["Flows"]]
    result.update(described(reading.members), partial=reading.partial)
    warn_when_cut_off(module, listing)
    if reading.partial and not listing.ended_early:
        module.warn(
            f"The flow operation {operation_id} was not COMPLETED all the while it was read, at last"
            f" {reading.members.get('FlowOperationStatus')}; flows may be missing."
        )
    if listing.next_token:
        result["next_token"] = listing.next_token
    warn_when_large(module, result, "write the flows to a file with dest")
    return result


def _written(module: Module, reading: _Reading, scope: Scope) -> dict[str, Any]:
    """Write the flows to dest and return what the result says of the file."""
    with LineFile(module.params["dest"], dry_run=module.check_mode) as file:
        for page in reading:
            zone = page.get("AvailabilityZone") or scope.zone
            file.write_all([record_of(flow, zone) for flow in page["Flows"]])
    return {"dest": file.path, "flow_count": file.count, "sha256": file.sha256, "changed": file.changed}


class _Reading:
    """A flow operation while its pages pass by: its own members, and whether flows may be missing."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.members: dict[str, Any] = {}
        self.partial = False

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of the listing."""
        for page in self.listing:
            self.members = {key: value for key, value in page.items() if key not in ("Flows", "NextToken")}
            # An operation that completes while it is read may have lacked flows at the beginning.
            self.partial = self.partial or page.get("FlowOperationStatus", "COMPLETED") != "COMPLETED"
            yield page
        self.partial = self.partial or self.listing.ended_early
