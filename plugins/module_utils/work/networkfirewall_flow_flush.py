# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flushes, from options to result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.networkfirewall import FLUSH, NetworkFirewall
from ..errors import FlowOpsError
from ..flows.arns import firewall_of
from ..flows.filters import from_api
from ..operations.carry_out import carry_out, has_cut
from ..operations.order import (
    Operation,
    as_text,
    findings_of,
    one_per_scope,
    order_of,
    orders_of,
    planned_operations,
)
from ..plan.shown import FlowsShown
from ..plan.wanted import by_scope, cut_of
from .options import check_timeout
from .result import Module, room_in

_FLOWS_SHOWN = 100


def flush(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    check_timeout("wait_timeout", params["wait_timeout"])
    result: dict[str, Any] = {"changed": True}
    api, operations = _ordered(module, result)
    if module._diff:
        result["diff"] = {"before": _flows_as_text(params) or as_text(operations), "after": ""}
    if module.check_mode:
        return _foretold(module, result, operations)
    try:
        items = carry_out(api, FLUSH, operations, params, module.warn)
    except FlowOpsError as error:
        raise error.saying(error.message, **{**result, **error.details}) from error
    return {**result, "flow_operations": items, "changed": has_cut(items)}


def _ordered(module: Module, result: dict[str, Any]) -> tuple[NetworkFirewall, list[Operation]]:
    """Return the flushes of a plan, or of filters, which are then part of the result."""
    params = module.params
    named = firewall_of(params)
    if params["operations"] is not None:
        orders = orders_of(params)
        api = NetworkFirewall.of(module)
        operations = planned_operations(api, named, orders)
        result["changed"] = bool(operations)
        return api, operations
    order = order_of(params)
    api = NetworkFirewall.of(module)
    result["flow_filters"] = from_api(order.api_filters)
    return api, one_per_scope(api, named, params, order)


def _foretold(module: Module, result: dict[str, Any], operations: Sequence[Operation]) -> dict[str, Any]:
    """Return what would be flushed, without its filters where they are too many."""
    result["flow_operations"] = [operation.planned(FLUSH) for operation in operations]
    if room_in(module, result) < 0:
        module.warn("The filters are too large to return; each flush is returned without them.")
        for item in result["flow_operations"]:
            del item["flow_filters"]
    return result


def _flows_as_text(params: Mapping[str, Any]) -> str:
    """Return the flows that a plan's operations cut as lines of text, by rule; '' when no findings are known."""
    if params["operations"] is None or not (params["findings_src"] or params["findings"]):
        return ""
    flows = FlowsShown(_FLOWS_SHOWN)
    for finding in cut_of(by_scope((operation, None) for operation in params["operations"]), findings_of(params)):
        flows.add([finding])
    return flows.text()
