# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an audit result to the View of it: the one place that decides what a report says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...module_utils.errors import counted
from .audit import Audit, ReadOperation, Rule
from .charts import oldest_of, rule_chart, severity_chart, shown_counts, talkers_of, zone_chart
from .drift import drift_of, unreadable_of
from .findings import Tally
from .firewall_rules import firewall_rules_of
from .flush_plan import plan_of
from .text import NOT_GIVEN, SEVERITIES, clean, more, number, share
from .verdict import verdict_of
from .view import Figure, Findings, Operation, Operations, Plan, View

MAX_ROWS = 100_000
MAX_ROWS_LIMIT = 100_000
MARKDOWN_ROWS = 50

_LINES_SHOWN = 50
_RULES_NAMED = 30
_STATUS_WORDS = {
    "COMPLETED": ("Completed", "good"),
    "COMPLETED_WITH_ERRORS": ("Completed with errors, flows may be missing", "open"),
    "FAILED": ("Failed, no flows", "bad"),
    "IN_PROGRESS": ("In progress", "open"),
}


def view_of(
    audit: Audit,
    findings: Iterable[Any] | None = None,
    *,
    title: str = "Flow audit",
    max_rows: int = MAX_ROWS,
    whole_file: bool = True,
) -> View:
    """Return what a report says about an audit.

    Findings (read once) stand in for those inside audit; they are all there are unless whole_file is false.
    """
    whole_file = whole_file and findings is not None
    tally = Tally(audit.findings if findings is None else findings, max(max_rows, MARKDOWN_ROWS))
    total = tally.total if audit.findings_total is None else audit.findings_total
    verdict, objections = verdict_of(audit, total)
    if whole_file and tally.total != total:
        objections.append(
            f"The findings file holds {counted(tally.total, 'finding')}, the audit result says {number(total)}."
        )
    complete = tally.total == total
    by_rule = shown_counts(audit.counts.by_rule, tally.by_rule if complete else Counter())
    by_severity = shown_counts(audit.counts.by_severity, tally.by_severity if complete else Counter())
    by_zone = shown_counts(audit.counts.by_zone, tally.by_zone if complete else Counter())
    plan = plan_of(audit.plan)
    note = "" if whole_file or tally.total >= total else "The audit result itself holds only a part of them."
    return View(
        title=clean(title),
        firewall_name=audit.firewall_name or audit.firewall_arn.rpartition("/")[2],
        firewall_arn=audit.firewall_arn,
        audited_at=audit.audited_at,
        verdict=verdict,
        partial=audit.partial,
        notices=objections + _notices(audit),
        warnings=objections,
        figures=_figures(audit, total, by_severity, plan),
        by_rule=rule_chart(by_rule, total, tally.severity_of, audit.rules),
        by_severity=severity_chart(by_severity, total),
        by_zone=zone_chart(by_zone, total),
        talkers=talkers_of(audit),
        oldest=oldest_of(audit),
        operations=_operations(audit.operations),
        findings=Findings(tally.worst, total, tally.total, note, max_rows, audit.names, _why(audit.rules)),
        plan=plan,
        firewall_rules=firewall_rules_of(audit),
        drift=drift_of(audit.drift),
        unreadable=unreadable_of(audit.unreadable),
    )


def _why(rules: Iterable[Rule]) -> dict[str, str]:
    return {rule.label: rule.description for rule in rules if rule.description}


def _notices(audit: Audit) -> list[str]:
    """Return what was asked for where that is not every flow, and what the audit itself warns of."""
    expired = [rule.label for rule in audit.rules if rule.expired]
    lines = [audit.fetch] if audit.fetch else []
    lines += [_expired(expired)] if expired else []
    lines += audit.warnings[:_LINES_SHOWN]
    left_out = more(len(audit.warnings) - _LINES_SHOWN, "warning")
    return [*lines, left_out] if left_out else lines


def _expired(names: Sequence[str]) -> str:
    and_more = f" and {number(len(names) - _RULES_NAMED)} more" if len(names) > _RULES_NAMED else ""
    subject, was = ("This rule has", "was") if len(names) == 1 else ("These rules have", "were")
    return f"{subject} expired and {was} not applied: {', '.join(names[:_RULES_NAMED])}{and_more}."


def _figures(audit: Audit, total: int, by_severity: Mapping[str, int], plan: Plan | None) -> list[Figure]:
    figures = []
    if audit.flow_count is not None:
        remark = "captured, some may be missing" if audit.partial else "captured"
        if audit.is_part:
            remark = f"{remark}, those alone that can be findings"
        figures.append(Figure("Live flows", number(audit.flow_count), remark))
    of_all = f"{share(total, audit.whole_flow_count)} of the flows" if audit.whole_flow_count else ""
    figures.append(Figure("Findings", number(total), of_all))
    worst = next((name for name in SEVERITIES if by_severity.get(name)), None)
    if worst:
        figures.append(Figure("Highest severity", worst.capitalize(), counted(by_severity[worst], "finding")))
    if audit.operations:
        zones = {item.zone for item in audit.operations} - {""}
        where = f"in {counted(len(zones), 'zone')}" if zones else ""
        figures.append(Figure("Operations read", number(len(audit.operations)), where))
    if plan:
        figures.append(
            Figure("Flush plan", number(plan.flow_count), f"{'flow' if plan.flow_count == 1 else 'flows'} to cut")
        )
    return figures


def _operations(operations: Sequence[ReadOperation]) -> Operations:
    rows = [_operation(item) for item in operations[:_LINES_SHOWN]]
    return Operations(rows, more(len(operations) - _LINES_SHOWN, "operation"))


def _operation(item: ReadOperation) -> Operation:
    status, tone = _STATUS_WORDS.get(item.status, (item.status or NOT_GIVEN, "open"))
    return Operation(
        zone=item.scope or NOT_GIVEN,
        identifier=item.identifier or NOT_GIVEN,
        status=status,
        tone=tone,
        requested=item.requested or NOT_GIVEN,
        flows=number(item.flow_count),
        message=item.message,
    )
