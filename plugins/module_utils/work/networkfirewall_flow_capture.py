# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures, from options to result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ..audit.policy import Policy
from ..audit.policy_reader import compile_policy
from ..audit.reach import regions_of
from ..aws.networkfirewall import CAPTURE, NetworkFirewall
from ..errors import FlowOpsError
from ..files import reader_in
from ..flows.arns import NamedFirewall, firewall_of
from ..flows.asking import MOST_CAPTURES
from ..flows.filters import from_api
from ..operations.carry_out import carry_out
from ..operations.fetch import ALL, FINDINGS, narrowed, rule_regions
from ..operations.order import Operation, one_per_scope, order_of
from ..operations.rule_source import FirewallRules, check_rule_options
from .firewall_rules import rules_for
from .options import check_timeout
from .result import Module


def capture(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named = firewall_of(params)
    check_timeout("wait_timeout", params["wait_timeout"])
    order = order_of(params)
    policy = _policy(params)
    api = NetworkFirewall.of(module)
    operations = one_per_scope(api, named, params, order)
    result: dict[str, Any] = {"changed": False, "flow_filters": from_api(order.api_filters)}
    told: dict[str, Any] = {}
    if params["fetch"] == FINDINGS:
        regions = regions_of(policy) if policy else rule_regions(_rules(module, api, named))
        # What rules do to a flow hangs on its other direction, which has to be in the same capture.
        captures = MOST_CAPTURES if policy else 1
        operations, fetch = narrowed(operations, regions, params["flow_filters"], captures)
        result["fetch"], told = {**fetch, "captures": _asked(operations)}, {"fetch": fetch}
        if fetch.get("reason"):
            module.warn(f"Every flow is captured: {fetch['reason']}.")
    if module.check_mode:
        return {**result, "flow_operations": [{**operation.planned(CAPTURE), **told} for operation in operations]}
    try:
        items = carry_out(api, CAPTURE, operations, params, module.warn)
    except FlowOpsError as error:
        raise error.saying(error.message, **{**result, **error.details}) from error
    return {**result, "flow_operations": [{**item, **told} for item in items]}


def _policy(params: Mapping[str, Any]) -> Policy | None:
    """Return the policy whose findings are to be captured; raise FlowOpsError before AWS is asked anything."""
    if params["fetch"] == ALL:
        for option in ("policy", "firewall_rules"):
            if params[option] is not None:
                raise FlowOpsError(f"{option} was given without fetch=findings, which asks for what it can find.")
    if params["policy"] is None:
        check_rule_options(params["firewall_rules"] or {})
        return None
    today = datetime.now(timezone.utc).date()
    return compile_policy(params["policy"], today=today, read_lines=reader_in(params["policy_dir"]))


def _rules(module: Module, api: NetworkFirewall, named: NamedFirewall) -> FirewallRules:
    return rules_for(module, module.params["firewall_rules"] or {}, named, api)


def _asked(operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the filters and minimum ages (seconds) that are asked for, each once, in order."""
    orders = {id(operation.order): operation.order for operation in operations}
    return [
        {"flow_filters": from_api(order.api_filters), "minimum_flow_age": order.minimum_flow_age or 0}
        for order in orders.values()
    ]
