# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proof from options to result: a flush plan as it stands, or held against a fresh capture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ..audit.policy import Policy
from ..audit.policy_reader import compile_policy
from ..errors import FlowOpsError
from ..files import open_files, reader_in
from ..flows.scope import SCOPE_MEMBERS, scope_text
from ..operations.capture import Capture, captures_of, pages_of
from ..operations.carry_out import findings_of, plan_orders
from ..plan.plan import Plan, checked_operations, flows_of
from ..plan.proof import Place, Proof
from ..plan.shown import FlowsShown
from ..plan.wanted import Scope, Wanted, by_scope, cut_of, tell_findings
from .options import bounded, check_range, checked_firewall, network_firewall

FILE_OPTIONS = ("capture_dest", "findings_dest", "plan_dest")


def prove(module: AnsibleAWSModule) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    checked_firewall(params)
    check_range("max_flows", params["max_flows"], 10_000)
    plan = checked_operations(params["plan"], "plan")
    orders = plan_orders(params["plan"], "plan")
    wanted = by_scope((item, order.captured_at) for item, (_scope, order) in zip(plan, orders, strict=True))
    now = datetime.now(timezone.utc)
    moments = [order.captured_at for _scope, order in orders if order.captured_at is not None]
    policy = None
    if params["policy"] is not None:
        if params["operations"] is None:
            raise FlowOpsError("policy was given without operations; it judges the flows of a fresh capture.")
        policy = compile_policy(params["policy"], today=now.date(), read_lines=reader_in(params["policy_dir"]))
    with ExitStack() as stack:
        files = open_files(stack, params, FILE_OPTIONS, dry_run=module.check_mode)
        shown = FlowsShown(params["max_flows"])
        told: dict[str, Any]
        if params["operations"] is None:
            told = _as_it_stands(module, plan, wanted, files, shown)
        else:
            told = _afresh(module, plan, wanted, policy, files, shown)
        whole: Plan = told.pop("plan")
        if "plan_dest" in files:
            files["plan_dest"].write(whole.to_json())
    result = {
        "changed": any(file.changed for file in files.values()),
        **told,
        "capture_age": max(0, math.ceil((now - min(moments)).total_seconds())) if moments else None,
        "flow_count": whole.flow_count,
        "by_rule": dict(sorted(shown.by_rule.items())),
        "flows": shown.flows,
        "plan": whole.told(params["plan_dest"]),
        "files": {option: file.told() for option, file in files.items()},
    }
    if module._diff:
        result["diff"] = {"before": shown.text(), "after": ""}
    return bounded(module, result, "flows", params["plan_dest"])


def _as_it_stands(
    module: AnsibleAWSModule,
    plan: Sequence[Mapping[str, Any]],
    wanted: Mapping[Scope, Wanted],
    files: Mapping[str, Any],
    shown: FlowsShown,
) -> dict[str, Any]:
    """Return what is told of a plan that is taken at its word; its flows are those of the findings that it cuts."""
    params = module.params
    if "capture_dest" in files:
        raise FlowOpsError("capture_dest was given without operations; there is no fresh capture to write.")
    arn = params["firewall_arn"]
    if not arn:
        raise FlowOpsError("firewall_name was given without operations; give firewall_arn, AWS is not asked then.")
    for finding in cut_of(wanted, findings_of(params)):
        shown.add([finding])
        if "findings_dest" in files:
            files["findings_dest"].write(finding)
    return {
        "firewall_arn": arn,
        "proved": False,
        "partial": False,
        "dropped": [],
        "captured_flow_count": 0,
        "operations": [],
        "plan": Plan(arn, plan, flows_of(plan)),
    }


def _afresh(
    module: AnsibleAWSModule,
    plan: Sequence[Mapping[str, Any]],
    wanted: Mapping[Scope, Wanted],
    policy: Policy | None,
    files: Mapping[str, Any],
    shown: FlowsShown,
) -> dict[str, Any]:
    """Return what is told of a plan that was held against captures."""
    captures = captures_of(module.params)
    api = network_firewall(module)
    arn = api.arn_of(module.params)
    for capture in captures:
        api.check_scope(capture.scope)
    scopes = {_scope_of(capture.scope): capture for capture in captures}
    for scope in wanted:
        if scope not in scopes:
            raise FlowOpsError(f"plan: it has flows in {scope[1]}, of which operations has no capture; capture it too.")
    tell_findings(wanted, findings_of(module.params))
    proofs: dict[Scope, Proof] = {}
    for scope, want in wanted.items():
        here = [(at, operation) for at, operation in enumerate(plan) if _scope_of(operation) == scope]
        proofs[scope] = Proof(here, want, policy is not None, module.params["allow_collateral"])
    captured = 0
    for capture, records in pages_of(api, arn, captures):
        captured += len(records)
        if "capture_dest" in files:
            files["capture_dest"].write_all(records)
        proof = proofs.get(_scope_of(capture.scope))
        if proof is not None:
            verdicts = policy.judge_all(records) if policy is not None else [None] * len(records)
            cut = proof.add(records, verdicts, capture.seen_at)
            shown.add(cut)
            if "findings_dest" in files:
                files["findings_dest"].write_all(cut)
    for capture in captures:
        if capture.partial:
            module.warn(capture.warning(arn))
    return {
        "firewall_arn": arn,
        "proved": True,
        "partial": any(
            capture.partial
            or (
                scope in wanted
                and wanted[scope].unseen_by(capture.api_filters, capture.minimum_flow_age or 0, capture.seen_at)
            )
            for scope, capture in scopes.items()
        ),
        "dropped": _dropped(module, plan, proofs.values()),
        "captured_flow_count": captured,
        "operations": [capture.told(arn) for capture in captures],
        "plan": _proved_plan(arn, proofs, scopes),
    }


def _proved_plan(arn: str, proofs: Mapping[Scope, Proof], scopes: Mapping[Scope, Capture]) -> Plan:
    operations: list[dict[str, Any]] = []
    flow_count = 0
    for scope, proof in proofs.items():
        kept, count = proof.kept(scopes[scope].seen_at)
        operations.extend(kept)
        flow_count += count
    return Plan(arn, operations, flow_count)


def _dropped(
    module: AnsibleAWSModule, plan: Sequence[Mapping[str, Any]], proofs: Iterable[Proof]
) -> list[dict[str, Any]]:
    dropped: dict[Place, int] = {}
    for proof in proofs:
        dropped.update(proof.dropped())
    told = []
    for place, count in sorted(dropped.items()):
        operation = plan[place.operation]
        scope = {name: operation[name] for name in SCOPE_MEMBERS if name in operation}
        told.append({**scope, "flow_filter": operation["flow_filters"][place.filter], "innocent_flow_count": count})
        module.warn(
            f"A filter of the plan in {scope_text(scope)} would by now cut {count} innocent flows, so it was dropped:"
            f" {told[-1]['flow_filter']}."
        )
    return told


def _scope_of(item: Mapping[str, Any]) -> Scope:
    return next(((name, item[name]) for name in SCOPE_MEMBERS if item.get(name)), ("", ""))
