# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proof from options to result: a flush plan as it stands, or held against a fresh capture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any

from ..audit.policy import Policy
from ..audit.policy_reader import compile_policy
from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError
from ..files import open_files, reader_in
from ..flows.arns import FirewallArn, NamedFirewall, firewall_of
from ..flows.scope import SCOPE_MEMBERS, scope_of
from ..operations.capture import Capture, captures_of
from ..operations.order import findings_of, plan_orders
from ..operations.pages import pages_of
from ..plan.identity import Moment
from ..plan.plan import Plan, checked_operations, flows_of
from ..plan.proof import Place, Proof
from ..plan.same import Same
from ..plan.shown import FlowsShown
from ..plan.wanted import Scope, Wanted, by_scope, cut_of, tell_findings
from .options import check_range
from .result import Module, bounded

FILE_OPTIONS = ("capture_dest", "findings_dest", "plan_dest")


def prove(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named = firewall_of(params)
    check_range("max_flows", params["max_flows"], 10_000)
    plan = checked_operations(params["plan"], "plan")
    moments = [order.captured_at for _scope, order in plan_orders(params["plan"], "plan")]
    wanted = by_scope(zip(plan, moments, strict=True))
    now = datetime.now(timezone.utc)
    policy = _policy_of(params, now)
    with ExitStack() as stack:
        output = _Output(open_files(stack, params, FILE_OPTIONS, dry_run=module.check_mode), params["max_flows"])
        if params["operations"] is None:
            told = _as_it_stands(params, named, plan, wanted, output)
        else:
            told = _Afresh(module, named, plan, wanted, policy).proved(output)
        whole: Plan = told.pop("plan")
        if "plan_dest" in output.files:
            output.files["plan_dest"].write(whole.to_json())
    known = [moment for moment in moments if moment is not None]
    result = {
        "changed": any(file.changed for file in output.files.values()),
        **told,
        "capture_age": max(0, math.ceil((now - min(known)).total_seconds())) if known else None,
        "flow_count": whole.flow_count,
        "by_rule": dict(sorted(output.flows.by_rule.items())),
        "flows": output.flows.flows,
        "plan": whole.as_result(params["plan_dest"]),
        "files": {option: file.as_result() for option, file in output.files.items()},
    }
    if module._diff:
        result["diff"] = {"before": output.flows.text(), "after": ""}
    return bounded(module, result, "flows", params["plan_dest"])


def _policy_of(params: Mapping[str, Any], now: datetime) -> Policy | None:
    if params["policy"] is None:
        return None
    if params["operations"] is None:
        raise FlowOpsError("policy was given without operations; it judges the flows of a fresh capture.")
    return compile_policy(params["policy"], today=now.date(), read_lines=reader_in(params["policy_dir"]))


class _Output:
    """Where the flows go that a plan cuts, and those of a capture: files, and the first ones into the result."""

    def __init__(self, files: Mapping[str, Any], most: int) -> None:
        self.files = files
        self.flows = FlowsShown(most)

    def add_captured(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Write the flow records of a page."""
        if "capture_dest" in self.files:
            self.files["capture_dest"].write_all(records)

    def add_cut(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Show and write flow records that the plan cuts."""
        self.flows.add(records)
        if "findings_dest" in self.files:
            self.files["findings_dest"].write_all(records)


def _as_it_stands(
    params: Mapping[str, Any],
    named: NamedFirewall,
    plan: Sequence[Mapping[str, Any]],
    wanted: Mapping[Scope, Wanted],
    output: _Output,
) -> dict[str, Any]:
    """Return what is told of a plan that is taken at its word; its flows are those of the findings that it cuts."""
    if "capture_dest" in output.files:
        raise FlowOpsError("capture_dest was given without operations; there is no fresh capture to write.")
    if not isinstance(named, FirewallArn):
        raise FlowOpsError("firewall_name was given without operations; give firewall_arn, AWS is not asked then.")
    for finding in cut_of(wanted, findings_of(params)):
        output.add_cut([finding])
    return {
        "firewall_arn": named.arn,
        "proved": False,
        "partial": False,
        "dropped": [],
        "captured_flow_count": 0,
        "operations": [],
        "plan": Plan(named.arn, plan, flows_of(plan)),
    }


class _Afresh:
    """A plan held against captures, a proof for each of its scopes."""

    def __init__(
        self,
        module: Module,
        named: NamedFirewall,
        plan: Sequence[Mapping[str, Any]],
        wanted: Mapping[Scope, Wanted],
        policy: Policy | None,
    ) -> None:
        self.module = module
        self.plan = plan
        self.wanted = wanted
        self.policy = policy
        self.captures = captures_of(module.params)
        self.by_scope: dict[Scope, Capture] = {capture.scope: capture for capture in self.captures}
        self.api = NetworkFirewall.of(module)
        self.firewall = self.api.arn_of(named)
        for capture in self.captures:
            self.api.check_scope(capture.scope)
        for scope in wanted:
            if scope not in self.by_scope:
                raise FlowOpsError(
                    f"plan: it has flows in {scope[1]}, of which operations has no capture; capture it too."
                )
        tell_findings(wanted, findings_of(module.params))
        self.proofs: dict[Scope, Proof] = {}

    def _proof_of(self, scope: Scope) -> Proof:
        """Return the proof of a scope, which is made when its capture is read, for only then its time is known."""
        if scope not in self.proofs:
            here = [(at, operation) for at, operation in enumerate(self.plan) if scope_of(operation) == scope]
            params, want = self.module.params, self.wanted[scope]
            self.proofs[scope] = Proof(
                here, want, self.policy is not None, params["allow_collateral"], self._same(scope, want)
            )
        return self.proofs[scope]

    def _same(self, scope: Scope, want: Wanted) -> Same | None:
        capture = self.by_scope[scope]
        if not self.module.params["only_findings"] or want.captured_at is None or capture.seen_at is None:
            return None
        found = findings_of(self.module.params)
        if len(self.wanted) > 1:
            found = (item for item in found if scope == ("availability_zone", item.get("availability_zone")))
        return Same(found, want.captured_at, Moment(capture.seen_at, capture.duration or 0.0))

    def proved(self, output: _Output) -> dict[str, Any]:
        """Read the captures and return what is told of the plan."""
        captured = 0
        for capture, records in pages_of(self.api, self.firewall, self.captures):
            captured += len(records)
            output.add_captured(records)
            if capture.scope in self.wanted:
                verdicts = self.policy.judge_all(records) if self.policy is not None else [None] * len(records)
                output.add_cut(self._proof_of(capture.scope).add(records, verdicts, capture.seen_at))
        for scope in self.wanted:
            self._proof_of(scope)
        for capture in self.captures:
            if capture.partial:
                self.module.warn(capture.warning(self.firewall))
        return {
            "firewall_arn": self.firewall.arn,
            "proved": True,
            "partial": any(self._is_partial(capture) for capture in self.captures),
            "dropped": self._dropped(),
            "captured_flow_count": captured,
            "operations": [capture.as_result(self.firewall) for capture in self.captures],
            "plan": self._kept(),
        }

    def _is_partial(self, capture: Capture) -> bool:
        want = self.wanted.get(capture.scope)
        passed_over = want is not None and want.unseen_by(
            capture.api_filters, capture.minimum_flow_age or 0, capture.seen_at
        )
        return capture.partial or passed_over

    def _kept(self) -> Plan:
        operations: list[dict[str, Any]] = []
        flow_count = 0
        for scope, proof in self.proofs.items():
            kept, count = proof.kept(self.by_scope[scope].seen_at)
            operations.extend(kept)
            flow_count += count
        return Plan(self.firewall.arn, operations, flow_count)

    def _dropped(self) -> list[dict[str, Any]]:
        dropped: dict[Place, int] = {}
        for proof in self.proofs.values():
            dropped.update(proof.dropped())
        told = []
        for place, count in sorted(dropped.items()):
            operation = self.plan[place.operation]
            scope = {name: operation[name] for name in SCOPE_MEMBERS if name in operation}
            told.append({**scope, "flow_filter": operation["flow_filters"][place.filter], "innocent_flow_count": count})
            self.module.warn(
                f"A filter of the plan in {scope_of(operation)} would by now cut {count} innocent flows, so it was"
                f" dropped: {told[-1]['flow_filter']}."
            )
        return told
