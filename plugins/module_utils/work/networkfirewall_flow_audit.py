# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit from options to result: the pages of captures through a policy, into counts, files and a plan."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import Any, Union

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ..audit.drift import Drift
from ..audit.policy import Policy, Verdict
from ..audit.policy_reader import compile_policy
from ..audit.summary import Summary, verdict_of
from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError, shown
from ..files import check_dest, open_files, read_records, reader_in
from ..flows.records import utc_text
from ..flows.scope import parse_firewall_arn
from ..operations.capture import Capture, Journal, Planner, captures_of, pages_of, saved_pages
from ..plan.plan import Plan
from .enrich import enriched
from .options import bounded, check_range, checked_firewall, network_firewall

# The most flows and talkers of a kind that the drift names.
_DRIFT_SHOWN = 100
FILE_OPTIONS = ("dest", "findings_dest", "plan_dest")


class LiveSource:
    """Where the flows of an audit come from: captures in AWS."""

    def __init__(self, api: NetworkFirewall, arn: str, captures: list[Capture], journal: Journal | None) -> None:
        self.api = api
        self.arn = arn
        self.captures = captures
        self.journal = journal

    def open(self) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
        """Yield the flow records page by page, each page with the capture it is of."""
        if self.journal is None:
            yield from pages_of(self.api, self.arn, self.captures)
        else:
            with self.journal as journal:
                yield from pages_of(self.api, self.arn, self.captures, journal)

    @property
    def firewall(self) -> dict[str, str]:
        """The firewall_arn and firewall_name of the result, as far as they are known."""
        return {"firewall_arn": self.arn, "firewall_name": parse_firewall_arn(self.arn).name}

    @property
    def partial(self) -> bool:
        """True when flows may be missing."""
        return any(capture.partial for capture in self.captures)

    def told(self) -> list[dict[str, Any]]:
        """Return the flow operations as the result shows them."""
        return [capture.told(self.arn) for capture in self.captures]

    def warnings(self) -> list[str]:
        """Return a sentence for each capture from which flows may be missing."""
        return [capture.warning(self.arn) for capture in self.captures if capture.partial]


class SavedSource:
    """A capture file or a flow log in place of captures in AWS; whether it is whole, its owner says."""

    def __init__(self, path: str, arn: str, name: str | None, partial: bool | None) -> None:
        self.saved = Capture("", {})
        self.captures = [self.saved]
        self.path = path
        self.arn = arn
        self.name = name
        self._partial = partial

    def open(self) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
        """Yield the flow records page by page, each page with the capture it is of."""
        return saved_pages(self.path, self.name, self.saved)

    @property
    def firewall(self) -> dict[str, str]:
        """The firewall_arn and firewall_name of the result, as far as they are known."""
        name = self.name or self.saved.firewall_name
        known = {"firewall_arn": self.arn, "firewall_name": name}
        return {key: value for key, value in known.items() if value}

    @property
    def partial(self) -> bool:
        """True when flows may be missing."""
        return self._partial is not False

    def told(self) -> list[dict[str, Any]]:
        """Return no flow operations: none was read."""
        return []

    def warnings(self) -> list[str]:
        """Return a sentence unless it was said whether flows are missing."""
        if self._partial is not None:
            return []
        return [f"Nothing says that {self.path} has every flow, so flows may be missing; say partial=false if it has."]


Source = Union[LiveSource, SavedSource]


def _live(module: AnsibleAWSModule) -> LiveSource:
    params = module.params
    if not params["firewall_arn"] and not params["firewall_name"]:
        raise FlowOpsError("operations need the firewall they are of; give firewall_arn or firewall_name.")
    if params["partial"] is not None:
        raise FlowOpsError("partial and operations were given together; AWS says whether a capture is partial.")
    if params["resume"] and not params["dest"]:
        raise FlowOpsError("resume needs dest, beside which it keeps what has been read; give dest too.")
    captures = captures_of(params)
    api = network_firewall(module)
    for capture in captures:
        api.check_scope(capture.scope)
    journal = Journal(f"{check_dest(params['dest'])}.resume", captures) if params["resume"] else None
    return LiveSource(api, api.arn_of(params), captures, journal)


def _saved(params: Mapping[str, Any]) -> SavedSource:
    if params["plan"] or params["plan_dest"]:
        raise FlowOpsError(
            "src and plan were given together; a file does not say when its flows were captured, so that a flush could"
            " not spare those born since. Capture them again and judge the operations."
        )
    if params["resume"]:
        raise FlowOpsError("src and resume were given together; a file is simply read again.")
    if params["enrich"]:
        raise FlowOpsError("src and enrich were given together; a file is judged without calling AWS.")
    arn = params["firewall_arn"] or ""
    name = parse_firewall_arn(arn).name if arn else params["firewall_name"]
    return SavedSource(params["src"], arn, name, params["partial"])


def audit(module: AnsibleAWSModule) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    checked_firewall(params)
    check_range("max_findings", params["max_findings"], 10_000)
    check_range("top_n", params["top_n"], 100)
    now = datetime.now(timezone.utc)
    policy = compile_policy(params["policy"], today=now.date(), read_lines=reader_in(params["policy_dir"]))
    source: Source = _saved(params) if params["src"] else _live(module)
    _check_files(params)
    summary = Summary(top_n=params["top_n"])
    drift = Drift(partial(read_records, params["baseline"], "baseline"), _DRIFT_SHOWN) if params["baseline"] else None
    findings: list[dict[str, Any]] = []
    planning = params["plan"] or bool(params["plan_dest"])
    with ExitStack() as stack:
        files = open_files(stack, params, FILE_OPTIONS, dry_run=module.check_mode)
        planner = stack.enter_context(Planner(module.tmpdir, source.captures)) if planning else None
        for capture, records in source.open():
            verdicts = policy.judge_all(records)
            summary.add_all(records, verdicts)
            found = _findings(records, verdicts)
            if drift is not None:
                drift.add_all(records)
            if "dest" in files:
                files["dest"].write_all(records)
            if "findings_dest" in files:
                files["findings_dest"].write_all(found)
            findings.extend(found[: params["max_findings"] - len(findings)])
            if planner is not None:
                planner.add(capture, records, verdicts)
        whole_plan: Plan | None = None
        if planner is not None:
            whole_plan = planner.plan(source.arn, params["allow_collateral"])
            whole_plan = replace(whole_plan, captured_flow_count=summary.flow_count)
            if "findings_dest" in files:
                # Outside of what the hash is of: where the flows are told with their rules.
                files["findings_dest"].finish()
                told = files["findings_dest"].told()
                where = {"path": os.path.abspath(told["path"]), "sha256": told["sha256"]}
                whole_plan = replace(whole_plan, findings=where)
            if "plan_dest" in files:
                files["plan_dest"].write(whole_plan.to_json())
    _warn(module, policy, source, whole_plan)
    result: dict[str, Any] = {
        "changed": any(file.changed for file in files.values()),
        "verdict": verdict_of(summary.findings_total, source.partial),
        "partial": source.partial,
        **source.firewall,
        "audited_at": utc_text(now.replace(microsecond=0)),
        "flow_count": summary.flow_count,
        "findings_total": summary.findings_total,
        "counts": summary.counts(),
        "top": summary.top(params["top_n"]),
        "rules": list(policy.described),
        "operations": source.told(),
        "files": {option: file.told() for option, file in files.items()},
        "findings": findings,
    }
    if drift is not None:
        result["drift"] = drift.told()
    if whole_plan is not None:
        result["plan"] = whole_plan.told(params["plan_dest"])
    result = bounded(module, result, "findings", params["plan_dest"])
    if params["enrich"] and isinstance(source, LiveSource):
        scopes = [capture.scope for capture in source.captures]
        result = enriched(module, source.api, source.arn, scopes, result)
    return result


def _check_files(params: Mapping[str, Any]) -> None:
    given = {option: os.path.abspath(params[option]) for option in FILE_OPTIONS if params[option]}
    if len(set(given.values())) < len(given):
        raise FlowOpsError(f"{' and '.join(given)} name the same file; each needs a path of its own.")


def _findings(records: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict | None]) -> list[dict[str, Any]]:
    """Return the findings among flow records, each with its rule and severity."""
    return [
        {**record, "rule": verdict.rule, "severity": verdict.severity}
        for record, verdict in zip(records, verdicts, strict=True)
        if verdict is not None
    ]


def _warn(
    module: AnsibleAWSModule,
    policy: Policy,
    source: Source,
    whole_plan: Plan | None,
) -> None:
    for warning in source.warnings():
        module.warn(warning)
    for warning in policy.shadow_warnings():
        module.warn(warning)
    for name in policy.expired:
        module.warn(f"The rule {shown(name)} of the policy has expired and was not applied.")
    if whole_plan is not None and whole_plan.inseparable:
        module.warn(
            f"{whole_plan.inseparable} findings are left out of the plan: every filter for them would cut innocent"
            " flows too."
        )
