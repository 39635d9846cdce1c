# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages of a Things Graph flow execution, from options to result."""

from __future__ import annotations

from typing import Any

from ..aws.answers import described
from ..aws.listing import Paging
from ..aws.others import things_graph
from ..errors import FlowOpsError, OptionError
from .query import compiled_query, searched
from .result import warn_when_cut_off, warn_when_large


def list_messages(module: Any) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    if not params["flow_execution_id"].strip():
        raise OptionError("flow_execution_id", params["flow_execution_id"], "give the ID of a flow execution")
    paging = Paging.of(params, largest_page=250)
    expression = compiled_query(params["query"])
    if expression is not None and params["event_types"]:
        raise FlowOpsError("query and event_types were given together; a query sees every message, choose in it.")
    api = things_graph(module.client, params)
    module.deprecate(
        "AWS has discontinued IoT Things Graph; the SDK has marked its calls as deprecated since 2022-08-30.",
        version="2.0.0",
        collection_name="flowops.aws",
    )
    listing = api.messages(params["flow_execution_id"], paging)
    result: dict[str, Any] = {"changed": False}
    if expression is not None:
        result["query_result"] = searched(expression, listing, params["query"])
    else:
        wanted = params["event_types"]
        result["messages"] = [
            described(message)
            for page in listing
            for message in page["messages"]
            if not wanted or message.get("eventType") in wanted
        ]
    warn_when_cut_off(module, listing)
    if listing.next_token:
        result["next_token"] = listing.next_token
    warn_when_large(module, result, "read fewer at a time with max_items, or pick with query")
    return result
