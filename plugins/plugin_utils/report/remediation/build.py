# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the result of a remediation to what its page says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ....module_utils.errors import counted
from ..links import link_of
from ..text import NOT_GIVEN, clean, flow_text, human_seconds, integer, more, number
from ..view import Figure, FlowList
from .facts import Guard, Operation, Remediation, RuleFates, Step
from .view import Fact, GuardRow, OperationRow, RemediationView, RuleRow, StepRow
from .words import UNKNOWN, verdict_of

_RULES_SHOWN = 50
_FLOWS_SHOWN = 50
_OPERATIONS_SHOWN = 100
_TONES = {"COMPLETED": "good", "FAILED": "bad"}
_SPARED = "no filter could tell it from flows that must stay"


def remediation_view(found: Remediation, *, title: str = "Remediation", audit_report: str = "") -> RemediationView:
    """Return what the page of a remediation says; audit_report is where the audit's page is, empty for nowhere."""
    return RemediationView(
        title=clean(title),
        firewall_name=found.firewall_arn.rpartition("/")[2],
        firewall_arn=found.firewall_arn,
        ended_at=found.ended_at,
        verdict=verdict_of(found),
        figures=_figures(found),
        notices=[*found.unproved, *found.warnings],
        rules=[_rule(item) for item in found.by_rule[:_RULES_SHOWN]],
        rules_remark=more(len(found.by_rule) - _RULES_SHOWN, "rule"),
        before_and_after=_before_and_after(found),
        steps=[_step("Rehearsal", found.rehearsal), _step("Trial", found.trial)],
        lists=_lists(found),
        guards=[_guard(item) for item in found.guards],
        operations=[_operation(item) for item in found.operations[:_OPERATIONS_SHOWN]],
        operations_remark=_not_shown(found),
        facts=_facts(found),
        audit_report=link_of(audit_report),
    )


def _figures(found: Remediation) -> list[Figure]:
    def figure(label: str, count: int | None, remark: str = "") -> Figure:
        return Figure(label, UNKNOWN if count is None else number(count), remark)

    return [
        figure("To be cut", found.planned, "found on captures of this run"),
        figure("Gone", found.gone),
        figure("Survived", found.survived),
        figure("Came back", found.reborn, "by new connections"),
        figure("Collateral", found.collateral_count, "no findings, cut all the same"),
        figure("Left alone", found.inseparable, "not to be told from others"),
    ]


def _before_and_after(found: Remediation) -> list[Fact]:
    ended = "" if found.ended is None else f"{counted(found.ended, 'finding')} ended by themselves"
    facts = [
        Fact("Flows before", UNKNOWN if found.flows_before is None else number(found.flows_before)),
        Fact("Flows after", UNKNOWN if found.flows_after is None else number(found.flows_after)),
        Fact("Findings that ended by themselves", ended or UNKNOWN),
    ]
    return facts if found.flows_before is not None or found.flows_after is not None or ended else []


def _rule(item: RuleFates) -> RuleRow:
    told = (
        UNKNOWN if count is None else number(count) for count in (item.planned, item.gone, item.survived, item.reborn)
    )
    return RuleRow(item.rule or "(no name)", *told)


def _step(name: str, step: Step) -> StepRow:
    word, tone = _outcome(step)
    where = f" in {step.zone}" if step.zone else ""
    listed = "" if step.flow_count is None else f"{counted(step.flow_count, 'flow')} listed{where}"
    when = f"at {step.requested}" if step.requested else ""
    sentence = step.message or ", ".join(filter(None, (listed, _strangers(step.strangers), when)))
    return StepRow(
        name=name,
        word=word,
        tone=tone,
        sentence=sentence,
        operations=", ".join(step.identifiers),
        strangers=_listed("No findings", step.examples, step.strangers) if step.examples else None,
    )


def _strangers(count: int | None) -> str:
    if count is None:
        return ""
    return f"{number(count)} of them no finding{'' if count == 1 else 's'}" if count else "all of them findings"


def _outcome(step: Step) -> tuple[str, str]:
    if step.done is None:
        return UNKNOWN, "open"
    if not step.done:
        return "left out", "open"
    passed = step.passed
    if passed is None and step.strangers is not None:
        passed = step.strangers == 0
    if passed is None:
        return UNKNOWN, "open"
    return ("passed", "good") if passed else ("stopped the run", "bad")


def _lists(found: Remediation) -> list[FlowList]:
    survivors = [flow for flow in found.flows if clean(flow.get("fate")) in ("survived", "survivor", "")]
    reborn = [flow for flow in found.flows if clean(flow.get("fate")) == "reborn"]
    lists = [
        _listed("Collateral", found.collateral, found.collateral_count),
        _listed("Survived", survivors, found.survived),
        _listed("Came back", reborn, found.reborn),
        _listed("Left alone", found.inseparable_flows, found.inseparable, otherwise=_SPARED),
        _listed("Filters that were dropped", found.dropped, len(found.dropped), noun="filter"),
    ]
    return [item for item in lists if item.flows]


def _listed(
    heading: str, flows: Iterable[Mapping[str, Any]], total: int | None, *, noun: str = "flow", otherwise: str = ""
) -> FlowList:
    shown = [_flow(flow, otherwise) for flow in list(flows)[:_FLOWS_SHOWN]]
    return FlowList(heading, shown, more((total or 0) - len(shown), noun))


def _flow(flow: Mapping[str, Any], otherwise: str) -> str:
    reason = clean(flow.get("reason")) or clean(flow.get("kind")) or otherwise
    age = integer(flow.get("age"))
    rule = clean(flow.get("rule"))
    details = [
        f"of {rule}" if rule else "",
        f"age {human_seconds(age)}" if age is not None and age >= 0 else "",
        reason,
    ]
    told = ", ".join(filter(None, details))
    return f"{flow_text(flow)} ({told})" if told else flow_text(flow)


def _guard(item: Guard) -> GuardRow:
    word, tone = {True: ("kept", "good"), False: ("refused", "bad"), None: ("", "open")}[item.passed]
    return GuardRow(item.name or NOT_GIVEN, item.value or NOT_GIVEN, item.limit or NOT_GIVEN, word, tone)


def _operation(item: Operation) -> OperationRow:
    return OperationRow(
        kind=item.kind,
        zone=item.zone or NOT_GIVEN,
        status=item.status.replace("_", " ").capitalize() or UNKNOWN,
        tone=_TONES.get(item.status, "open"),
        requested=item.requested or UNKNOWN,
        spared=f"younger than {human_seconds(item.minimum_age)}" if item.minimum_age else NOT_GIVEN,
        filters=number(item.filters),
        flows=_hit(item),
        identifier=item.identifier or NOT_GIVEN,
    )


def _hit(item: Operation) -> str:
    if item.flow_count is None:
        return UNKNOWN
    return (
        f"{number(item.flow_count)} ({number(item.collateral)} collateral)"
        if item.collateral
        else number(item.flow_count)
    )


def _not_shown(found: Remediation) -> str:
    total = max(found.flush_count or 0, len(found.operations))
    return more(total - min(len(found.operations), _OPERATIONS_SHOWN), "operation")


def _facts(found: Remediation) -> Sequence[Fact]:
    # The page of a run is in the evidence that the manifest seals afterwards.
    sealed = [Fact("SHA-256 of its manifest", found.manifest_sha256, mono=True)] if found.manifest_sha256 else []
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    return [
        Fact("Who", found.who or UNKNOWN, mono=bool(found.who)),
        Fact("Began", found.began_at or UNKNOWN),
        Fact("Ended", found.ended_at or UNKNOWN),
        Fact("Asked for", found.asked_for or UNKNOWN),
        Fact("Plan hash", found.plan_hash or UNKNOWN, mono=bool(found.plan_hash)),
        Fact("Flushes", UNKNOWN if found.flush_count is None else number(found.flush_count)),
        Fact("Evidence", found.evidence_path or "none was kept", mono=bool(found.evidence_path)),
        *sealed,
        Fact("Versions", versions or UNKNOWN),
    ]
