# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit from options to result: the pages of captures, judged, into counts, files and a plan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import Any

from ..audit.drift import Drift
from ..audit.policy_reader import compile_policy
from ..audit.reach import regions_of
from ..audit.summary import Summary, verdict_of
from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError, counted
from ..files import check_dest, open_files, read_records, reader_in
from ..flows.arns import NamedFirewall, firewall_of
from ..flows.regions import WHOLE, Region
from ..operations.capture import captures_of
from ..operations.fetch import FINDINGS, rule_regions
from ..operations.journal import Journal
from ..operations.judged import Judge, JudgedPage, PolicyJudge, findings_of
from ..operations.planner import Planner, check_moment
from ..operations.rules_judge import RulesJudge
from ..operations.source import LiveSource, SavedSource, Source
from ..plan.plan import Plan
from ..times import utc_text
from .enrich import enriched
from .firewall_rules import rules_for
from .options import check_range
from .result import Module, bounded

# The most flows and talkers of a kind that the drift names.
_DRIFT_SHOWN = 100
FILE_OPTIONS = ("dest", "findings_dest", "undecided_dest", "rules_dest", "plan_dest")
# What a policy has nothing for.
_BY_RULES = {"undecided_dest": "a policy leaves no flow undecided", "rules_dest": "a policy needs no rules of AWS"}


def audit(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named = firewall_of(params)
    check_range("max_findings", params["max_findings"], 10_000)
    check_range("top_n", params["top_n"], 100)
    now = datetime.now(timezone.utc)
    source: Source = _saved(params, named) if params["src"] else _live(module, named)
    _check_files(params)
    judge = _judge(module, source, named, now)
    if source.fetched is not None:
        source.fetched.check(_regions(judge))
    job = _Audit(module, judge, source)
    with ExitStack() as stack:
        job.read(stack)
    job.warn()
    result = bounded(module, job.as_result(now), "findings", params["plan_dest"])
    if params["enrich"] and isinstance(source, LiveSource):
        scopes = [capture.scope for capture in source.captures]
        result = enriched(module, source.api, source.firewall, scopes, result)
    return result


def _judge(module: Module, source: Source, named: NamedFirewall, now: datetime) -> Judge:
    """Return who judges the flows: the policy that is given, else the firewall's own rules."""
    params = module.params
    if params["policy"] is not None:
        for option, why in _BY_RULES.items():
            if params[option]:
                raise FlowOpsError(f"{option} and policy were given together; {why}.")
        policy = compile_policy(params["policy"], today=now.date(), read_lines=reader_in(params["policy_dir"]))
        return PolicyJudge(policy)
    given = params["firewall_rules"] or {}
    rules = rules_for(module, given, named, source.api if isinstance(source, LiveSource) else None)
    ignore = given.get("on_undecided") == "ignore"
    return RulesJudge(rules, module.tmpdir, given.get("initiator") or "source", ignore, params["top_n"])


def _regions(judge: Judge) -> list[Region]:
    """Return regions that have every flow that the judge can find or leave undecided."""
    if isinstance(judge, RulesJudge):
        return rule_regions(judge.rules)
    return regions_of(judge.policy) if isinstance(judge, PolicyJudge) else [WHOLE]


def _live(module: Module, named: NamedFirewall) -> LiveSource:
    params = module.params
    if not named:
        raise FlowOpsError("operations need the firewall they are of; give firewall_arn or firewall_name.")
    if params["partial"] is not None:
        raise FlowOpsError("partial and operations were given together; AWS says whether a capture is partial.")
    if params["resume"] and not params["dest"]:
        raise FlowOpsError("resume needs dest, beside which it keeps what has been read; give dest too.")
    captures = captures_of(params)
    api = NetworkFirewall.of(module)
    for capture in captures:
        api.check_scope(capture.scope)
    journal = Journal(f"{check_dest(params['dest'])}.resume", captures) if params["resume"] else None
    source = LiveSource(api, api.arn_of(named), captures, journal)
    if params["baseline"] and source.fetched is not None and source.fetched.is_part:
        raise FlowOpsError(
            "baseline and captures with fetch=findings were given together; flows that were not asked for would seem to"
            " have ended."
        )
    return source


def _saved(params: Mapping[str, Any], named: NamedFirewall) -> SavedSource:
    if params["plan"] or params["plan_dest"]:
        raise FlowOpsError(
            "src and plan were given together; a file does not say when its flows were captured, so that a flush could"
            " not spare those born since. Capture them again and judge the operations."
        )
    if params["resume"]:
        raise FlowOpsError("src and resume were given together; a file is simply read again.")
    if params["enrich"]:
        raise FlowOpsError("src and enrich were given together; a file is judged without calling AWS.")
    return SavedSource(params["src"], named, params["partial"])


def _check_files(params: Mapping[str, Any]) -> None:
    given = {option: os.path.abspath(params[option]) for option in FILE_OPTIONS if params[option]}
    if len(set(given.values())) < len(given):
        raise FlowOpsError(f"{' and '.join(given)} name the same file; each needs a path of its own.")


class _Audit:
    """One audit: what is kept of the pages that pass by."""

    def __init__(self, module: Module, judge: Judge, source: Source) -> None:
        self.module = module
        self.params = params = module.params
        self.judge = judge
        self.source = source
        self.summary = Summary(top_n=params["top_n"])
        self.findings: list[dict[str, Any]] = []
        self.files: dict[str, Any] = {}
        self.plan: Plan | None = None
        self.drift: Drift | None = None
        if params["baseline"]:
            self.drift = Drift(partial(read_records, params["baseline"], "baseline"), _DRIFT_SHOWN)

    def read(self, stack: ExitStack) -> None:
        """Pass every page through the judge into counts, files and the plan, which the stack closes."""
        self.files = open_files(stack, self.params, FILE_OPTIONS, dry_run=self.module.check_mode)
        planner = None
        if self.params["plan"] or self.params["plan_dest"]:
            planner = stack.enter_context(Planner(self.module.tmpdir, self.source.captures))
        if isinstance(self.judge, RulesJudge) and "rules_dest" in self.files:
            self.files["rules_dest"].write(self.judge.rules.answers)
        for page in self.judge.pages(self.source.open()):
            told = self.source.fetched.told_before(page.capture, page.records) if self.source.fetched else None
            kept = page.without(told) if told else page
            self._take(kept)
            if planner is not None:
                # What another capture has told is spared by this one's plan.
                guilty = [None if told and at in told else each for at, each in enumerate(page.findings)]
                planner.add(page.capture, page.records, guilty)
        if planner is not None and isinstance(self.source, LiveSource):
            self.plan = self._planned(planner, self.source)

    def _take(self, page: JudgedPage) -> None:
        records = page.records
        self.summary.add_all(records, page.findings)
        self.summary.add_unreadable(records[at] for at in page.unreadable)
        found = findings_of(page)
        if self.drift is not None:
            self.drift.add_all(records)
        for option, rows in (("dest", records), ("findings_dest", found), ("undecided_dest", page.undecided)):
            if option in self.files:
                self.files[option].write_all(rows)
        self.findings.extend(found[: self.params["max_findings"] - len(self.findings)])

    def _planned(self, planner: Planner, source: LiveSource) -> Plan:
        for capture in source.captures:
            check_moment(capture)
        plan = planner.plan(source.firewall, self.params["allow_collateral"])
        if source.fetched is not None and source.fetched.is_part:
            # The flows that were captured are no whole to take a share of.
            plan = replace(plan, fetch=FINDINGS)
        else:
            plan = replace(plan, captured_flow_count=self.summary.flow_count)
        # Outside of what the hash is of: where the flows are told with their rules, and the rules themselves.
        plan = replace(plan, findings=self._finished("findings_dest"), rules=self._finished("rules_dest"))
        if "plan_dest" in self.files:
            self.files["plan_dest"].write(plan.to_json())
        return plan

    def _finished(self, option: str) -> dict[str, str] | None:
        """Return {path, sha256} of a file that nothing more is written to, None where it was not asked for."""
        if option not in self.files:
            return None
        self.files[option].finish()
        told = self.files[option].as_result()
        return {"path": os.path.abspath(told["path"]), "sha256": told["sha256"]}

    def warn(self) -> None:
        """Warn of what keeps the result from being the whole truth."""
        for warning in (*self.source.warnings(), *self.judge.warnings()):
            self.module.warn(warning)
        if self.summary.unreadable_count:
            self.module.warn(
                f"{counted(self.summary.unreadable_count, 'flow has', 'flows have')} members that cannot be read and"
                " could break the policy, or not; such flows are neither findings nor allowed."
            )
        if self.plan is not None and self.plan.inseparable:
            self.module.warn(
                f"{counted(self.plan.inseparable, 'finding is', 'findings are')} left out of the plan: every filter for"
                " such a flow would cut innocent flows too."
            )

    def _reasons(self) -> list[str]:
        """Return what keeps an audit without findings from being compliant."""
        found = {"partial": self.source.partial, "unreadable": self.summary.unreadable_count > 0}
        return [*(reason for reason, holds in found.items() if holds), *self.judge.reasons]

    def as_result(self, now: datetime) -> dict[str, Any]:
        """Return the module's result, of an audit of that moment."""
        summary, partial, reasons = self.summary, self.source.partial, self._reasons()
        result: dict[str, Any] = {
            "changed": any(file.changed for file in self.files.values()),
            "verdict": verdict_of(summary.findings_total, reasons),
            "partial": partial,
            "reasons": reasons,
            **self.source.named(),
            "audited_at": utc_text(now.replace(microsecond=0)),
            "flow_count": summary.flow_count,
            "findings_total": summary.findings_total,
            "unreadable": summary.unreadable(),
            "counts": {**summary.counts(), **self.judge.counts()},
            "top": summary.top(self.params["top_n"]),
            **self.judge.as_result(),
            "operations": self.source.as_result(),
            "files": {option: file.as_result() for option, file in self.files.items()},
            "findings": self.findings,
        }
        if self.source.fetched is not None:
            result["fetch"] = self.source.fetched.as_result()
        if self.drift is not None:
            result["drift"] = self.drift.as_result()
        if self.plan is not None:
            result["plan"] = self.plan.as_result(self.params["plan_dest"])
        return result
