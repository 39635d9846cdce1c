# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flushes, from options to result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from ..aws.networkfirewall import FLUSH, NetworkFirewall
from ..errors import FlowOpsError
from ..evidence.starts import Starts
from ..files import LineFile, check_dest, open_files
from ..flows.arns import FirewallArn, firewall_of
from ..flows.filters import from_api
from ..flows.scope import scope_of
from ..operations.capture import Capture
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
from ..operations.pages import pages_of
from ..plan.shown import FlowsShown
from ..plan.wanted import by_scope, cut_of
from .options import check_range, check_timeout
from .result import Module, room_in

_FLOWS_SHOWN = 100
# How a flush ends that has results.
_WITH_FLOWS = ("COMPLETED", "COMPLETED_WITH_ERRORS")


def flush(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    check_timeout("wait_timeout", params["wait_timeout"])
    check_range("max_flows", params["max_flows"], 1_000)
    if params["dest"]:
        if not params["wait"]:
            raise FlowOpsError("dest was given without wait; what a flush hit is known when it has ended.")
        check_dest(params["dest"])
    result: dict[str, Any] = {"changed": True}
    api, operations = _ordered(module, result)
    if module._diff:
        result["diff"] = {"before": _flows_as_text(params) or as_text(operations), "after": ""}
    if module.check_mode:
        return _foretold(module, result, operations)
    starts = Starts(params["evidence_path"]) if params["evidence_path"] else None
    try:
        items = carry_out(api, FLUSH, operations, params, module.warn, starts)
    except FlowOpsError as error:
        begun = error.details["flow_operations"]
        hit = _Hit(module).as_result(api, operations, begun) if params["wait"] else {}
        raise error.saying(error.message, **{**result, **error.details, **hit}) from error
    result = {**result, "flow_operations": items, "changed": has_cut(items)}
    return {**result, **_Hit(module).as_result(api, operations, items)} if params["wait"] else result


class _Hit:
    """What flushes have hit, by their own results: the first flows to look at, all of them in a file."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.flows: list[dict[str, Any]] = []
        self.total = 0

    def as_result(
        self, api: NetworkFirewall, operations: Sequence[Operation], items: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        """Return what the result says of it, and add the number of flows to each of the items."""
        ended = [item for item in items if item["flow_operation_status"] in _WITH_FLOWS]
        if not ended:
            return {}
        try:
            with ExitStack() as stack:
                files = open_files(stack, self.module.params, ("dest",), dry_run=False)
                self._read(api, operations[0].place.firewall, ended, files.get("dest"))
        except FlowOpsError as error:
            # The flush is done, whatever became of the question what it did.
            self.module.warn(f"What was flushed is unknown. {error.message}")
            return {"flushed_flow_count": None}
        told = {option: file.as_result() for option, file in files.items()}
        return {"flushed_flow_count": self.total, "flushed_flows": self.flows, **({"files": told} if told else {})}

    def _read(
        self, api: NetworkFirewall, firewall: FirewallArn, items: Sequence[dict[str, Any]], file: LineFile | None
    ) -> None:
        captures = [Capture(item["flow_operation_id"], scope_of(item)) for item in items]
        for _capture, records in pages_of(api, firewall, captures):
            self.total += len(records)
            self.flows.extend(records[: self.module.params["max_flows"] - len(self.flows)])
            if file is not None:
                file.write_all(records)
        for item, capture in zip(items, captures, strict=True):
            item["flushed_flow_count"] = capture.flow_count
            if capture.ended_early:
                self.module.warn(
                    f"The results of the flow operation {capture.flow_operation_id} in {capture.scope} ended with an"
                    " empty token; it may have hit more flows than were listed."
                )


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
