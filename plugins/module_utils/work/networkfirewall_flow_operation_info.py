# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow operations of a firewall, from options to result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.answers import described
from ..aws.clients import MAX_PARALLEL
from ..aws.failures import NOT_FOUND
from ..aws.listing import Paging
from ..aws.networkfirewall import NetworkFirewall, spread
from ..errors import AwsError, FlowOpsError
from ..flows.arns import firewall_of
from ..flows.scope import FlowOperation, Place, scope_of
from .query import compiled_query, searched
from .result import Module, warn_when_cut_off, warn_when_large


def list_operations(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named, scope = firewall_of(params), scope_of(params)
    paging = Paging.of(params, largest_page=100)
    expression = compiled_query(params["query"])
    if expression is not None and params["describe"]:
        raise FlowOpsError("query and describe were given together; a query sees the rows of the listing only.")
    api = NetworkFirewall.of(module)
    api.check_scope(scope)
    place = Place(api.arn_of(named), scope)
    listing = api.flow_operations(place, params["flow_operation_type"], paging)
    result: dict[str, Any] = {"changed": False, "firewall_arn": place.firewall.arn}
    if expression is not None:
        result["query_result"] = searched(expression, listing, params["query"])
    else:
        rows = [row for page in listing for row in page["FlowOperations"]]
        if params["describe"]:
            rows = spread(MAX_PARALLEL, lambda row: {**row, **_description(api, place, row)}, rows)
        result["flow_operations"] = [described(row) for row in rows]
    warn_when_cut_off(module, listing)
    if listing.next_token:
        result["next_token"] = listing.next_token
    warn_when_large(module, result, "read fewer at a time with max_items, or pick with query")
    return result


def _description(api: NetworkFirewall, place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what AWS says of a row's operation, nothing when it has just become too old to be kept."""
    try:
        return api.describe(FlowOperation(place, row["FlowOperationId"]))
    except AwsError as error:
        if error.code != NOT_FOUND:
            raise
        return {}
