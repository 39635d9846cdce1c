# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A verification from options to result: a new capture held against the plan of a flush."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from ..aws.networkfirewall import NetworkFirewall
from ..errors import counted, shown
from ..files import open_files
from ..flows.arns import FirewallArn, firewall_of
from ..operations.capture import Capture, captures_of
from ..operations.census import Censuses
from ..operations.known import moments_of
from ..operations.order import findings_of, plan_orders
from ..operations.pages import pages_of
from ..operations.planner import Planner, check_moment
from ..plan.identity import Moment
from ..plan.outcome import (
    GONE,
    REBORN,
    SURVIVED,
    rules_told,
    told_fate,
    verdict_of,
)
from ..plan.plan import Plan
from ..plan.survivors import Survivors
from ..plan.wanted import Scope, Wanted, by_scope, tell_findings
from .options import check_range
from .result import Module, bounded

FILE_OPTIONS = ("dest", "capture_dest", "plan_dest")
_NOTHING = Wanted()


def verify(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named = firewall_of(params)
    check_range("max_flows", params["max_flows"], 10_000)
    captures = captures_of(params)
    moments = [order.captured_at for _scope, order in plan_orders(params["plan"], "plan")]
    wanted = by_scope(zip(params["plan"], moments, strict=True))
    api = NetworkFirewall.of(module)
    firewall = api.arn_of(named)
    for capture in captures:
        api.check_scope(capture.scope)
    tell_findings(wanted, findings_of(params))
    job = _Verification(module, firewall, captures, wanted)
    with ExitStack() as stack:
        job.read(api, stack)
    told = job.as_result(job.warn())
    if job.censuses is not None:
        later = captures_of({**params, "operations": params["later_operations"]}) if params["later_operations"] else []
        gone = job.censuses.vanished(api, firewall, later)
        told["suspected"] = any(item.suspected for item in gone.values())
        told["vanished"] = [{**scope.named(), **item.as_result()} for scope, item in gone.items()]
    return bounded(module, told, "flows", params["plan_dest"])


class _Verification:
    """One verification: what became of the flows that were to be cut, and a plan for those that are still there."""

    def __init__(
        self, module: Module, firewall: FirewallArn, captures: Sequence[Capture], wanted: Mapping[Scope, Wanted]
    ) -> None:
        self.module = module
        self.params = module.params
        self.firewall = firewall
        self.captures = captures
        self.wanted = wanted
        self.fates: Counter[tuple[str, str | None]] = Counter()
        self.flows: list[dict[str, Any]] = []
        self.files: dict[str, Any] = {}
        self.plan = Plan(firewall.arn, [])
        self.survivors: dict[Scope, Survivors] = {}
        self.moments = moments_of(self.params["captures"] or ())
        self.censuses: Censuses | None = None
        if self.params["before_src"]:
            before = self.params["captures"] or []
            self.censuses = Censuses(before, findings_of(self.params), self.params["before_src"])

    def read(self, api: NetworkFirewall, stack: ExitStack) -> None:
        """Hold every page against the plan, into counts, files and the next plan, which the stack closes."""
        self.files = open_files(stack, self.params, FILE_OPTIONS, dry_run=self.module.check_mode)
        planner = stack.enter_context(Planner(self.module.tmpdir, self.captures))
        for capture, records in pages_of(api, self.firewall, self.captures):
            survived = self._held(capture, records)
            # A flow that came back is not the one that was to be cut, even where it has the same 5-tuple.
            planner.add(capture, records, survived)
        for capture in self.captures:
            check_moment(capture)
        self.plan = planner.plan(self.firewall)
        if "plan_dest" in self.files:
            self.files["plan_dest"].write(self.plan.to_json())

    def _held(self, capture: Capture, records: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Note what became of a page's flows, and return for each whether it has survived."""
        found = self._wanted_of(capture).fates(records, capture.seen_at)
        if self._is_planned(capture) and any(fate is not None and fate.fate == SURVIVED for fate in found):
            found = self._survivors_of(capture).as_result(records, found)
        there = [told_fate(record, fate) for record, fate in zip(records, found, strict=True) if fate]
        self.fates.update((fate.fate, fate.rule) for fate in found if fate)
        self.flows.extend(there[: self.params["max_flows"] - len(self.flows)])
        if "dest" in self.files:
            self.files["dest"].write_all(there)
        if self.censuses is not None:
            self.censuses.add(capture, records)
        if "capture_dest" in self.files:
            self.files["capture_dest"].write_all(records)
        return [fate is not None and fate.fate == SURVIVED for fate in found]

    def _survivors_of(self, capture: Capture) -> Survivors:
        """Return the findings of a capture's scope, which are read only where a flow is held against them."""
        if capture.scope not in self.survivors:
            value, want = str(capture.scope.value), self._wanted_of(capture)
            found = [
                item
                for item in findings_of(self.params)
                if len(self.wanted) == 1 or item.get("availability_zone") == value
            ]
            before = self.moments.get(capture.scope) or (Moment(want.captured_at) if want.captured_at else None)
            later = Moment(capture.seen_at, capture.duration or 0.0) if capture.seen_at else None
            self.survivors[capture.scope] = Survivors(found, before, later, value)
        return self.survivors[capture.scope]

    def _is_planned(self, capture: Capture) -> bool:
        """Return whether there are findings, or were: filters that were written by hand are for whatever they match."""
        return bool(self._wanted_of(capture).flow_count or self.params["findings_src"] or self.params["findings"])

    def _wanted_of(self, capture: Capture) -> Wanted:
        return self.wanted.get(capture.scope, _NOTHING)

    def _count(self, kind: str) -> int:
        return sum(count for (fate, _rule), count in self.fates.items() if fate == kind)

    def warn(self) -> bool:
        """Warn of what may have been missed and of what came back, and return whether anything may be missing."""
        covered = {capture.scope for capture in self.captures}
        missing = [
            f"The plan has flows in {value}, of which there is no capture; what became of them is unknown."
            for name, value in self.wanted
            if (name, value) not in covered
        ]
        narrow = [
            f"The capture {capture.flow_operation_id} in {capture.scope} may have passed over flows of the plan: its"
            " filters or its minimum age leave some of them out."
            for capture in self.captures
            if self._wanted_of(capture).unseen_by(capture.api_filters, capture.minimum_flow_age or 0, capture.seen_at)
        ]
        partial = [capture.warning(self.firewall) for capture in self.captures if capture.partial]
        for warning in (*missing, *narrow, *partial, *self._about_the_reborn()):
            self.module.warn(warning)
        return bool(missing or narrow or partial)

    def _about_the_reborn(self) -> list[str]:
        reborn = self._count(REBORN)
        rules = ", ".join(sorted(shown(rule) for fate, rule in self.fates if fate == REBORN and rule is not None))
        against = f", against {rules}" if rules else ""
        told = f"{counted(reborn, 'flow')} came back after the cut{against}; a rule of the firewall still allows that."
        return [told] if reborn else []

    def as_result(self, partial: bool) -> dict[str, Any]:
        """Return the module's result."""
        planned = sum(want.flow_count for want in self.wanted.values())
        survived, reborn = self._count(SURVIVED), self._count(REBORN)
        return {
            "changed": any(file.changed for file in self.files.values()),
            "verdict": verdict_of(survived, reborn, partial),
            "partial": partial,
            "firewall_arn": self.firewall.arn,
            "firewall_name": self.firewall.name,
            "planned": planned,
            GONE: max(0, planned - survived),
            SURVIVED: survived,
            REBORN: reborn,
            "unproved": [found.unproved for found in self.survivors.values() if found.unproved],
            "by_rule": rules_told((want.by_rule for want in self.wanted.values()), self.fates),
            "flows": self.flows,
            "plan": self.plan.as_result(self.params["plan_dest"]),
            "operations": [capture.as_result(self.firewall) for capture in self.captures],
            "files": {option: file.as_result() for option, file in self.files.items()},
        }
