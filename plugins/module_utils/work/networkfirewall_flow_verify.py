# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A verification from options to result: a new capture held against the plan of a flush."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ..errors import shown as shown_text
from ..files import open_files
from ..flows.scope import parse_firewall_arn, scope_text
from ..operations.capture import Capture, Planner, captures_of, pages_of
from ..operations.carry_out import Order, findings_of, plan_orders
from ..plan.fates import GONE, REBORN, SURVIVED, rules_told, told_fate, verdict_of
from ..plan.wanted import Wanted, by_scope, tell_findings
from .options import bounded, check_range, checked_firewall, network_firewall


def verify(module: AnsibleAWSModule) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    checked_firewall(params)
    check_range("max_flows", params["max_flows"], 10_000)
    captures = captures_of(params)
    orders: list[tuple[dict[str, str], Order]] = plan_orders(params["plan"], "plan")
    wanted = by_scope((item, order.captured_at) for item, (_scope, order) in zip(params["plan"], orders, strict=True))
    api = network_firewall(module)
    arn = api.arn_of(params)
    for capture in captures:
        api.check_scope(capture.scope)
    tell_findings(wanted, findings_of(params))
    fates: Counter[tuple[str, str | None]] = Counter()
    shown: list[dict[str, Any]] = []
    nothing = Wanted()
    with ExitStack() as stack:
        files = open_files(stack, params, ("dest", "capture_dest", "plan_dest"), dry_run=module.check_mode)
        planner = stack.enter_context(Planner(module.tmpdir, captures))
        for capture, records in pages_of(api, arn, captures):
            found = wanted.get(_scope_of(capture), nothing).fates(records, capture.seen_at)
            there = [told_fate(record, fate) for record, fate in zip(records, found, strict=True) if fate]
            fates.update((fate.fate, fate.rule) for fate in found if fate)
            shown.extend(there[: params["max_flows"] - len(shown)])
            if "dest" in files:
                files["dest"].write_all(there)
            if "capture_dest" in files:
                files["capture_dest"].write_all(records)
            # A flow that came back is not the one that was to be cut, even where it has the same 5-tuple.
            planner.add(capture, records, [fate is not None and fate.fate == SURVIVED for fate in found])
        next_plan = planner.plan(arn)
        if "plan_dest" in files:
            files["plan_dest"].write(next_plan.to_json())
    covered = {_scope_of(capture) for capture in captures}
    missing = [value for name, value in wanted if (name, value) not in covered]
    for value in missing:
        module.warn(f"The plan has flows in {value}, of which there is no capture; what became of them is unknown.")
    narrow = [capture for capture in captures if _passes_over(capture, wanted.get(_scope_of(capture), nothing))]
    for capture in narrow:
        module.warn(
            f"The capture {capture.flow_operation_id} in {scope_text(capture.scope)} may have passed over flows of the"
            " plan: its filters or its minimum age leave some of them out."
        )
    partial = bool(missing) or bool(narrow) or any(capture.partial for capture in captures)
    for capture in captures:
        if capture.partial:
            module.warn(capture.warning(arn))
    planned = sum(want.flow_count for want in wanted.values())
    survived, reborn = (
        sum(count for (fate, _rule), count in fates.items() if fate == kind) for kind in (SURVIVED, REBORN)
    )
    if reborn:
        rules = ", ".join(sorted(shown_text(rule) for fate, rule in fates if fate == REBORN and rule is not None))
        module.warn(
            f"{reborn} flows came back after they were cut{f', against {rules}' if rules else ''};"
            " a rule of the firewall still allows them."
        )
    result = {
        "changed": any(file.changed for file in files.values()),
        "verdict": verdict_of(survived, reborn, partial),
        "partial": partial,
        "firewall_arn": arn,
        "firewall_name": parse_firewall_arn(arn).name,
        "planned": planned,
        GONE: max(0, planned - survived),
        SURVIVED: survived,
        REBORN: reborn,
        "by_rule": rules_told((want.by_rule for want in wanted.values()), fates),
        "flows": shown,
        "plan": next_plan.told(params["plan_dest"]),
        "operations": [capture.told(arn) for capture in captures],
        "files": {option: file.told() for option, file in files.items()},
    }
    return bounded(module, result, "flows", params["plan_dest"])


def _scope_of(capture: Capture) -> tuple[str, str]:
    return next(iter(capture.scope.items()), ("", ""))


def _passes_over(capture: Capture, wanted: Wanted) -> bool:
    return wanted.unseen_by(capture.api_filters, capture.minimum_flow_age or 0, capture.seen_at)
