# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan's flushes, rehearsed, tried, carried out and asked what they did, from options to result."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from ..aws.networkfirewall import FLUSH, NetworkFirewall
from ..errors import FlowOpsError
from ..evidence.starts import Starts
from ..files import open_files
from ..flows.arns import firewall_of
from ..operations.carry_out import has_cut
from ..operations.known import known_of
from ..operations.order import Operation, as_text, findings_of, plan_orders, planned_operations
from ..operations.remediation import Remediation
from ..plan.shown import FlowsShown
from ..plan.wanted import by_scope, cut_of
from .options import check_timeout
from .result import Module, room_in

_FLOWS_SHOWN = 100


def remediate(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named = firewall_of(params)
    check_timeout("wait_timeout", params["wait_timeout"])
    orders = plan_orders(params["plan"], "plan")
    api = NetworkFirewall.of(module)
    operations = planned_operations(api, named, orders)
    result: dict[str, Any] = {"changed": bool(operations)}
    if module._diff:
        result["diff"] = {"before": _flows_as_text(module) or as_text(operations), "after": ""}
    if module.check_mode:
        return _foretold(module, result, operations)
    return {**result, **_carried_out(module, api, operations)}


def _carried_out(module: Module, api: NetworkFirewall, operations: Sequence[Operation]) -> dict[str, Any]:
    params = module.params
    if not operations:
        return {"flow_operations": []}
    known = known_of(params["captures"], operations, findings_of(params), params["held_against"])
    with ExitStack() as stack:
        files = open_files(stack, params, ("flushed_dest",), dry_run=False)
        starts = Starts(params["evidence_path"]) if params["evidence_path"] else None
        run = Remediation(api, known, params, module.warn, files.get("flushed_dest"), starts)
        try:
            run.run(operations)
        except FlowOpsError as error:
            told = {"rehearsal": run.told_rehearsal(), "trial": run.trial, "deed": run.told_deed()}
            details = {"changed": False, "flow_operations": run.items, **told, **error.details}
            if details["flow_operations"] and has_cut(details["flow_operations"]):
                details["changed"] = True
            raise error.saying(error.message, **details) from error
    return {
        "changed": has_cut(run.items),
        "flow_operations": run.items,
        "rehearsal": run.told_rehearsal(),
        "trial": run.trial,
        "deed": run.told_deed(),
        "files": {option: file.as_result() for option, file in files.items()},
    }


def _foretold(module: Module, result: dict[str, Any], operations: Sequence[Operation]) -> dict[str, Any]:
    """Return what would be flushed, without its filters where they are too many."""
    result["flow_operations"] = [operation.planned(FLUSH) for operation in operations]
    if room_in(module, result) < 0:
        module.warn("The filters are too large to return; each flush is returned without them.")
        for item in result["flow_operations"]:
            del item["flow_filters"]
    return result


def _flows_as_text(module: Module) -> str:
    """Return the flows that the operations cut as lines of text, by rule; '' when no findings are known."""
    params = module.params
    if not (params["findings_src"] or params["findings"]):
        return ""
    flows = FlowsShown(_FLOWS_SHOWN)
    for finding in cut_of(by_scope((operation, None) for operation in params["plan"]), findings_of(params)):
        flows.add([finding])
    return flows.text()
