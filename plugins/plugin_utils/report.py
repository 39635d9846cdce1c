# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit result as a page that people read: pure rendering, mappings in and text out.

What a page says is decided once, in view_of(); the HTML and the Markdown are two ways of writing that view down.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..module_utils.flows.records import parse_utc
from .report_names import Names
from .report_text import (
    NOT_GIVEN,
    TEXT_LIMIT,
    clean,
    counted,
    endpoint,
    human_bytes,
    human_seconds,
    integer,
    items,
    mapping,
)

SEVERITIES = ("critical", "high", "medium", "low", "informational")
MAX_ROWS = 1000
MAX_ROWS_LIMIT = 100_000
MARKDOWN_ROWS = 50

_TEMPLATES = Path(__file__).with_name("report_templates")
_RULES_SHOWN = 30
_ZONES_SHOWN = 30
_TALKERS_SHOWN = 10
_LINES_SHOWN = 50
_FILTERS_SHOWN = 200
_TALKER_KINDS = (
    ("source", "Sources", "Source"),
    ("destination", "Destinations", "Destination"),
    ("pair", "Pairs", "Pair"),
    ("port", "Ports", "Port"),
)
_ALL_FLOWS = "Among all flows of the capture."
_ESTIMATES = (
    " There were too many different keys to count each of them:"
    " a number after ≥ is an estimate, and the least that it can be."
)
_MEASURES = (("by_bytes", "bytes"), ("by_packets", "packets"), ("by_flows", "flows"))
_STATUS_WORDS = {
    "COMPLETED": ("Completed", "good"),
    "COMPLETED_WITH_ERRORS": ("Completed with errors, flows may be missing", "open"),
    "FAILED": ("Failed, no flows", "bad"),
    "IN_PROGRESS": ("In progress", "open"),
}
_MARKDOWN_ACTIVE = re.compile(r"[\\`*_\[\]{}|~$#]")
_MARKDOWN_OPENING = re.compile(r"^(?:([-+=])(?=[-=\s]|$)|(\d+)([.)])(?=\s|$))")


class FindingsError(ValueError):
    """A line of a findings file that is not a finding; line_number counts from 1."""

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(f"line {line_number} {reason}")
        self.line_number = line_number
        self.reason = reason


@dataclass(frozen=True)
class Quantity:
    """A number as people read it, with the exact one beside it."""

    text: str
    exact: str


@dataclass(frozen=True)
class Bar:
    """A line of a bar chart; width is a percentage of the longest bar, severity is empty where colour says nothing."""

    label: str
    count: str
    share: str
    width: str
    severity: str = ""

    @property
    def severity_class(self) -> str:
        """The severity as one of SEVERITIES or unknown; empty where the bar has none."""
        return self.severity and _severity_class(self.severity)


@dataclass(frozen=True)
class Figure:
    """A key figure: the number, what it counts, and a remark."""

    label: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Talker:
    """A line of the top talkers; width is a percentage of the first one's, age is that of the oldest flow."""

    key: str
    name: str
    bytes: Quantity
    packets: Quantity
    flows: Quantity
    age: Quantity
    width: str


@dataclass(frozen=True)
class Talkers:
    """The top talkers of one kind."""

    heading: str
    column: str
    rows: Sequence[Talker]


@dataclass(frozen=True)
class Operation:
    """A flow operation that the audit read; tone is good, open or bad."""

    zone: str
    identifier: str
    status: str
    tone: str
    requested: str
    flows: str
    message: str


@dataclass(frozen=True)
class Finding:
    """A flow that breaks the policy; severity_class is one of SEVERITIES or unknown, names are empty if not known."""

    severity: str
    severity_class: str
    rule: str
    source: str
    source_name: str
    destination: str
    destination_name: str
    protocol: str
    age: Quantity
    packets: str
    bytes: Quantity
    zone: str


@dataclass(frozen=True)
class PlanOperation:
    """What a flush plan holds for one zone; spared says which flows the flush leaves alone whatever its filters say."""

    zone: str
    filters: str
    spared: Quantity
    flows: str


@dataclass(frozen=True)
class PlanFilter:
    """One filter of a flush plan, and how many flows it was found to match."""

    zone: str
    source: str
    destination: str
    protocols: str
    flows: str


@dataclass(frozen=True)
class Plan:
    """The summary of a flush plan."""

    sentence: str
    hash: str
    operations: Sequence[PlanOperation]
    filters: Sequence[PlanFilter]
    filters_remark: str
    remarks: Sequence[str]


@dataclass(frozen=True)
class View:
    """Everything a report says, as text that is clean but not yet escaped."""

    title: str
    firewall_name: str
    firewall_arn: str
    audited_at: str
    verdict: str
    tone: str
    sentence: str
    missing: str
    notices: Sequence[str]
    figures: Sequence[Figure]
    rules: Sequence[Bar]
    rules_remark: str
    severities: Sequence[Bar]
    zones: Sequence[Bar]
    zones_remark: str
    talkers: Sequence[Talkers]
    talkers_remark: str
    measure: str
    oldest: Sequence[Talkers]
    operations: Sequence[Operation]
    operations_remark: str
    findings: Sequence[Finding]
    findings_total: int
    findings_note: str
    plan: Plan | None
    max_rows: int
    judged: str
    partial: bool
    warnings: Sequence[str] = field(default_factory=tuple)


def findings_of_lines(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yield the finding of each JSON line, empty lines left out; raise FindingsError at the first that is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            finding = json.loads(line)
        except ValueError:
            raise FindingsError(number, "is not JSON") from None
        if not isinstance(finding, dict):
            raise FindingsError(number, "is not a mapping")
        yield finding


def view_of(
    audit: Mapping[str, Any],
    findings: Iterable[Mapping[str, Any]] | None = None,
    *,
    title: str = "Flow audit",
    max_rows: int = MAX_ROWS,
    whole_file: bool = True,
) -> View:
    """Return what a report says about an audit result.

    Findings (read once) stand in for those inside audit; they are all there are unless whole_file is false.
    """
    whole_file = whole_file and findings is not None
    operations = [mapping(item) for item in items(audit.get("operations"))]
    tally = _Tally(findings if findings is not None else items(audit.get("findings")), max(max_rows, MARKDOWN_ROWS))
    stated = integer(audit.get("findings_total"))
    total = tally.total if stated is None else stated
    flow_count = integer(audit.get("flow_count"))
    partial = is_partial(audit)
    verdict, objections = _judged(clean(audit.get("verdict")), partial, total)
    if whole_file and stated is not None and stated != tally.total:
        objections.append(
            f"The findings file holds {counted(tally.total, 'finding')}, the audit result says {_number(stated)}."
        )
    word, tone, sentence = _verdict_words(verdict, total, flow_count)

    counts = mapping(audit.get("counts"))
    complete = tally.total == total
    by_rule = _counts(counts.get("by_rule"), tally.by_rule if complete else Counter())
    by_severity = _counts(counts.get("by_severity"), tally.by_severity if complete else Counter())
    by_zone = _counts(counts.get("by_zone"), tally.by_zone if complete else Counter())
    severity_of = dict(tally.severity_of)
    policy_rules = [mapping(item) for item in items(audit.get("rules"))]
    for rule in policy_rules:
        if rule.get("severity"):
            severity_of[clean(rule.get("name"))] = clean(rule.get("severity"))
    top = mapping(audit.get("top"))
    names = Names(audit.get("addresses"))
    measure, talkers, error = _talkers(top, _MEASURES, names)
    oldest, error_of_age = _talkers(top, (("by_age", "age"),), names)[1:]
    plan = _plan(audit.get("plan"))
    return View(
        title=clean(title),
        firewall_name=clean(audit.get("firewall_name")) or _name_in(clean(audit.get("firewall_arn"))),
        firewall_arn=clean(audit.get("firewall_arn")),
        audited_at=_moment(audit.get("audited_at")),
        verdict=word,
        tone=tone,
        sentence=sentence,
        missing=_missing(verdict, partial),
        notices=objections + _lines_of(audit),
        figures=_figures(total, flow_count, by_severity, operations, plan, partial),
        rules=_bars(by_rule, total, severity_of)[:_RULES_SHOWN],
        rules_remark=_rules_remark(by_rule, policy_rules),
        severities=_severity_bars(by_severity, total),
        zones=_bars(by_zone, total)[:_ZONES_SHOWN],
        zones_remark=_left_out(len(by_zone) - _ZONES_SHOWN, "zone"),
        talkers=talkers,
        talkers_remark=_ALL_FLOWS + (_ESTIMATES if error or error_of_age else ""),
        measure=measure,
        oldest=oldest,
        operations=[_operation(item) for item in operations[:_LINES_SHOWN]],
        operations_remark=_left_out(len(operations) - _LINES_SHOWN, "operation"),
        findings=[_finding(item, names) for item in tally.worst],
        findings_total=total,
        findings_note=""
        if whole_file or tally.total >= total
        else "The audit result itself holds only a part of them.",
        plan=plan,
        max_rows=max_rows,
        judged=verdict,
        partial=partial,
        warnings=objections,
    )


def is_partial(audit: Mapping[str, Any]) -> bool:
    """Return whether flows may be missing from the captures of an audit result, by its word or by their status."""
    return audit.get("partial") is True or any(
        mapping(item).get("flow_operation_status") in ("COMPLETED_WITH_ERRORS", "FAILED")
        for item in items(audit.get("operations"))
    )


def html_of(view: View) -> str:
    """Return the view as one HTML page that asks for nothing outside itself."""
    rows = view.findings[: view.max_rows]
    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            view=view,
            rows=rows,
            caption=_caption(view, len(rows)),
            severities=SEVERITIES,
            # Both are files of this collection; nothing of the audit is in them.
            style=Markup(style),
            script=Markup(script),
            style_hash=_source_hash(style),
            script_hash=_source_hash(script),
        )
    )


def markdown_of(view: View) -> str:
    """Return the view as GitHub Markdown with at most MARKDOWN_ROWS findings."""
    rows = view.findings[: min(view.max_rows, MARKDOWN_ROWS)]
    text = (
        _markdown_environment()
        .get_template("report.md.j2")
        .render(view=view, rows=rows, caption=_caption(view, len(rows)))
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def escape_markdown(value: Any) -> Any:
    """Return text so that Markdown shows it as it is; a number stays one, Markup is taken as written."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    text = " ".join(clean(value, limit=10 * TEXT_LIMIT).split())
    # Not only Markdown: what publishes pages from it may run templates over it, which begin with {{ or {%.
    text = _MARKDOWN_ACTIVE.sub(r"\\\g<0>", text).replace("{%", "{\\%")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Bare addresses would become links, and a name after @ would call somebody.
    text = text.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "@<!-- -->")
    return _MARKDOWN_OPENING.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", text)


class _Tally:
    """One pass over the findings: how many there are of what, and the worst of them, worst first."""

    def __init__(self, findings: Iterable[Any], keep: int) -> None:
        self.total = 0
        self.by_rule: Counter[str] = Counter()
        self.by_severity: Counter[str] = Counter()
        self.by_zone: Counter[str] = Counter()
        self.severity_of: dict[str, str] = {}
        # Stable for equal keys: the same findings in the same order give the same page.
        self.worst: list[Mapping[str, Any]] = heapq.nsmallest(keep, self._counted(findings), key=_badness)

    def _counted(self, findings: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
        for item in findings:
            if not isinstance(item, Mapping):
                continue
            self.total += 1
            rule, severity, zone = (clean(item.get(key)) for key in ("rule", "severity", "availability_zone"))
            self.by_rule[rule] += 1
            self.by_severity[severity] += 1
            if zone:
                self.by_zone[zone] += 1
            self.severity_of.setdefault(rule, severity)
            yield item


def _badness(finding: Mapping[str, Any]) -> tuple[int, int]:
    return _rank(clean(finding.get("severity"))), -(integer(finding.get("byte_count")) or 0)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _severity_class(severity: str) -> str:
    return severity if severity in SEVERITIES else "unknown"


def _judged(verdict: str, partial: bool, total: int) -> tuple[str, list[str]]:
    # Whoever made the audit result: a page never calls a firewall compliant that its own data does not.
    if verdict == "compliant" and total:
        return "noncompliant", ["The audit result says compliant, yet it holds findings: read as noncompliant."]
    if verdict == "compliant" and partial:
        return "inconclusive", ["The audit result says compliant, yet its capture is partial: read as inconclusive."]
    return verdict, []


def _verdict_words(verdict: str, total: int, flow_count: int | None) -> tuple[str, str, str]:
    """Return the verdict in a word, its tone and its sentence."""
    if verdict == "noncompliant":
        if not total:
            return "Noncompliant", "bad", "live flows break the policy"
        breaks = "breaks" if total == 1 else "break"
        flows = "live flow" if (flow_count or total) == 1 else "live flows"
        of_all = f" of {_number(flow_count)}" if flow_count is not None else ""
        return "Noncompliant", "bad", f"{_number(total)}{of_all} {flows} {breaks} the policy"
    if verdict == "compliant":
        return "Compliant", "good", _none_breaks(flow_count, "live")
    if verdict == "inconclusive":
        return "Inconclusive", "open", f"{_none_breaks(flow_count, 'captured')}, but flows may be missing"
    return "No verdict", "open", "the audit result holds no verdict that this report knows"


def _none_breaks(flow_count: int | None, adjective: str) -> str:
    if flow_count == 0:
        return f"there is no {adjective} flow"
    if flow_count == 1:
        return f"the one {adjective} flow keeps the policy"
    if flow_count is None:
        return f"no {adjective} flow breaks the policy"
    return f"none of {_number(flow_count)} {adjective} flows breaks the policy"


def _missing(verdict: str, partial: bool) -> str:
    """Return what has to be said beside the verdict when flows may be missing."""
    if verdict == "inconclusive":
        return (
            "The capture is partial: nothing is known about the flows that it did not see. "
            "Capture again before calling this firewall compliant."
        )
    if partial:
        return "The capture is partial: flows may be missing, and more than those shown here may break the policy."
    return ""


def _lines_of(audit: Mapping[str, Any]) -> list[str]:
    """Return what the audit itself warns of, expired rules first."""
    expired = [
        clean(rule.get("name")) for rule in map(mapping, items(audit.get("rules"))) if rule.get("expired") is True
    ]
    lines = []
    if expired:
        more = f" and {_number(len(expired) - _RULES_SHOWN)} more" if len(expired) > _RULES_SHOWN else ""
        subject = "This rule has" if len(expired) == 1 else "These rules have"
        lines.append(
            f"{subject} expired and {'was' if len(expired) == 1 else 'were'} not applied: "
            f"{', '.join(expired[:_RULES_SHOWN])}{more}."
        )
    warnings = items(audit.get("warnings"))
    lines.extend(clean(warning) for warning in warnings[:_LINES_SHOWN])
    if len(warnings) > _LINES_SHOWN:
        lines.append(_left_out(len(warnings) - _LINES_SHOWN, "warning"))
    return lines


def _figures(
    total: int,
    flow_count: int | None,
    by_severity: Mapping[str, int],
    operations: Sequence[Mapping[str, Any]],
    plan: Plan | None,
    partial: bool,
) -> list[Figure]:
    figures = []
    if flow_count is not None:
        figures.append(
            Figure("Live flows", _number(flow_count), "captured, some may be missing" if partial else "captured")
        )
    figures.append(
        Figure("Findings", _number(total), f"{_share(total, flow_count)} of the flows" if flow_count else "")
    )
    worst = next((name for name in SEVERITIES if by_severity.get(name)), None)
    if worst:
        count = by_severity[worst]
        figures.append(Figure("Highest severity", worst.capitalize(), counted(count, "finding")))
    if operations:
        zones = {clean(item.get("availability_zone")) for item in operations} - {""}
        figures.append(
            Figure("Operations read", _number(len(operations)), f"in {counted(len(zones), 'zone')}" if zones else "")
        )
    if plan:
        figures.append(Figure("Flush plan", plan.sentence.split(" ", 1)[0], "flows to cut"))
    return figures


def _counts(stated: Any, counted: Mapping[str, int]) -> dict[str, int]:
    """Return name to count without the zeros; what the audit states goes before what was counted here."""
    if not isinstance(stated, Mapping):
        return dict(counted)
    found: Counter[str] = Counter()
    for name, value in stated.items():
        found[clean(name)] += integer(value) or 0
    return {name: count for name, count in found.items() if count > 0}


def _bars(counts: Mapping[str, int], total: int, severity_of: Mapping[str, str] | None = None) -> list[Bar]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    longest = ordered[0][1] if ordered else 0
    return [
        Bar(
            label=name or "(no name)",
            count=_number(count),
            share=_share(count, total),
            width=_width(count, longest),
            severity="" if severity_of is None else severity_of.get(name, "") or "unknown",
        )
        for name, count in ordered
    ]


def _severity_bars(counts: Mapping[str, int], total: int) -> list[Bar]:
    longest = max(counts.values(), default=0)
    ordered = [name for name in SEVERITIES if longest] + sorted(set(counts) - set(SEVERITIES))[:_RULES_SHOWN]
    return [
        Bar(
            label=name or "unknown",
            count=_number(counts.get(name, 0)),
            share=_share(counts.get(name, 0), total),
            width=_width(counts.get(name, 0), longest),
            severity=_severity_class(name),
        )
        for name in ordered
    ]


def _rules_remark(by_rule: Mapping[str, int], policy_rules: Sequence[Mapping[str, Any]]) -> str:
    remarks = []
    left_out = _left_out(len(by_rule) - _RULES_SHOWN, "rule")
    if left_out:
        remarks.append(left_out)
    silent = sum(
        rule.get("action") == "deny"
        and rule.get("enabled") is not False
        and rule.get("expired") is not True
        and clean(rule.get("name")) not in by_rule
        for rule in policy_rules
    )
    if silent:
        more = "more " if by_rule else ""
        remarks.append(f"{_number(silent)} {more}deny {'rule has' if silent == 1 else 'rules have'} no findings.")
    return " ".join(remarks)


def _talkers(
    top: Mapping[str, Any], measures: Sequence[tuple[str, str]], names: Names
) -> tuple[str, list[Talkers], int]:
    """Return the measure of the first ranking that has rows, its tables, and the largest error of its counts."""
    for name, measure in measures:
        tables = []
        largest = 0
        for kind, heading, column in _TALKER_KINDS:
            rows = [mapping(row) for row in items(mapping(top.get(name)).get(kind))[:_TALKERS_SHOWN]]
            longest = max((integer(row.get(measure)) or 0 for row in rows), default=0)
            largest = max([largest, *(integer(row.get("error")) or 0 for row in rows)])
            if rows:
                tables.append(Talkers(heading, column, [_talker(row, measure, longest, names) for row in rows]))
        if tables:
            return measure, tables, largest
    return "", [], 0


def _talker(row: Mapping[str, Any], measure: str, longest: int, names: Names) -> Talker:
    error = integer(row.get("error")) or 0

    def told(member: str, human: Callable[[int], str], noun: str) -> Quantity:
        count = integer(row.get(member))
        if count is None or count < 0:
            return Quantity(NOT_GIVEN, "")
        if member == measure and error > 0:
            return Quantity(f"≥ {human(count)}", f"{count:,} to {counted(count + error, noun)}")
        return Quantity(human(count), counted(count, noun))

    return Talker(
        key=clean(row.get("key")) or NOT_GIVEN,
        name=names.of_key(row.get("key")),
        bytes=told("bytes", human_bytes, "byte"),
        packets=told("packets", _number, "packet"),
        flows=told("flows", _number, "flow"),
        age=told("age", human_seconds, "second"),
        width=_width(integer(row.get(measure)) or 0, longest),
    )


def _operation(item: Mapping[str, Any]) -> Operation:
    raw = clean(item.get("flow_operation_status"))
    status, tone = _STATUS_WORDS.get(raw, (raw or NOT_GIVEN, "open"))
    scopes = ("availability_zone", "availability_zone_id", "vpc_endpoint_id", "vpc_endpoint_association_arn")
    return Operation(
        zone=next((clean(item[scope]) for scope in scopes if item.get(scope)), NOT_GIVEN),
        identifier=clean(item.get("flow_operation_id")) or NOT_GIVEN,
        status=status,
        tone=tone,
        requested=_moment(item.get("flow_request_timestamp")) or NOT_GIVEN,
        flows=_number_or_dash(item.get("flow_count")),
        message=clean(item.get("status_message")),
    )


def _finding(item: Mapping[str, Any], names: Names) -> Finding:
    severity = clean(item.get("severity"))
    return Finding(
        severity=severity or "unknown",
        severity_class=_severity_class(severity),
        rule=clean(item.get("rule")) or NOT_GIVEN,
        source=endpoint(item.get("source_address"), item.get("source_port")),
        source_name=names.of(item.get("source_address")),
        destination=endpoint(item.get("destination_address"), item.get("destination_port")),
        destination_name=names.of(item.get("destination_address")),
        protocol=clean(item.get("protocol")) or clean(item.get("protocol_number")) or NOT_GIVEN,
        age=_seconds(item.get("age")),
        packets=_number_or_dash(item.get("packet_count")),
        bytes=_bytes(item.get("byte_count")),
        zone=clean(item.get("availability_zone")) or NOT_GIVEN,
    )


def _plan(plan: Any) -> Plan | None:
    if not isinstance(plan, Mapping) or not plan:
        return None
    operations = [mapping(item) for item in items(plan.get("operations"))]
    flow_count = integer(plan.get("flow_count"))
    if flow_count is None:
        flow_count = sum(integer(item.get("flow_count")) or 0 for item in operations)
    remarks = []
    inseparable = integer(plan.get("inseparable")) or 0
    if inseparable:
        remarks.append(
            f"{counted(inseparable, 'finding')} cannot be told apart from flows that must stay, and "
            f"{'is' if inseparable == 1 else 'are'} left out of the plan."
        )
    collateral = integer(plan.get("collateral")) or 0
    if collateral:
        remarks.append(f"The plan would cut {counted(collateral, 'innocent flow')} too, as it was told to.")
    if len(operations) > _LINES_SHOWN:
        remarks.append(_left_out(len(operations) - _LINES_SHOWN, "operation"))
    filters = [_plan_filter(item, at) for item in operations for at in range(len(items(item.get("flow_filters"))))]
    where = f" in {counted(len(operations), 'flush operation')}" if operations else ""
    return Plan(
        sentence=f"{counted(flow_count, 'flow')} to cut{where}.",
        hash=clean(plan.get("hash")),
        operations=[
            PlanOperation(
                zone=clean(item.get("availability_zone")) or NOT_GIVEN,
                filters=_number(len(items(item.get("flow_filters")))) if "flow_filters" in item else NOT_GIVEN,
                spared=_spared(item),
                flows=_number_or_dash(item.get("flow_count")),
            )
            for item in operations[:_LINES_SHOWN]
        ],
        filters=filters[:_FILTERS_SHOWN],
        filters_remark=_left_out(len(filters) - _FILTERS_SHOWN, "filter"),
        remarks=remarks,
    )


def _plan_filter(operation: Mapping[str, Any], at: int) -> PlanFilter:
    written = mapping(items(operation.get("flow_filters"))[at])
    counts = items(operation.get("flow_counts"))
    ends = [
        f"{clean(written.get(f'{end}_address')) or 'any'} port {clean(written.get(f'{end}_port'))}"
        if written.get(f"{end}_port") is not None
        else clean(written.get(f"{end}_address")) or "any"
        for end in ("source", "destination")
    ]
    return PlanFilter(
        zone=clean(operation.get("availability_zone")) or NOT_GIVEN,
        source=ends[0],
        destination=ends[1],
        protocols=", ".join(clean(name) for name in items(written.get("protocols"))) or "any",
        flows=_number_or_dash(counts[at] if at < len(counts) else None),
    )


def _spared(operation: Mapping[str, Any]) -> Quantity:
    """Return which flows a flush of the plan spares: those that its capture could not have seen."""
    captured_at = _moment(operation.get("captured_at"))
    minimum = integer(operation.get("minimum_flow_age")) or 0
    younger = f"younger than {human_seconds(minimum)}" if minimum > 0 else ""
    exact = counted(minimum, "second") if minimum > 0 else ""
    if captured_at:
        return Quantity(f"born after {captured_at}{f' or {younger} then' if younger else ''}", exact)
    return Quantity(younger or NOT_GIVEN, exact)


def _caption(view: View, shown_rows: int) -> str:
    """Return the sentence over the findings: how many are shown, and how many are not."""
    total = view.findings_total
    if not total:
        return "There are no findings."
    left_out = total - shown_rows
    if left_out <= 0:
        return f"{counted(shown_rows, 'finding')}, the most severe first."
    sentence = (
        f"{_number(shown_rows)} of {_number(total)} findings, the most severe first; {_number(left_out)} left out here."
    )
    return f"{sentence} {view.findings_note}".strip()


def _name_in(arn: str) -> str:
    return arn.rpartition("/")[2]


def _moment(value: Any) -> str:
    """Return a time as 2026-01-31 12:00:00 UTC; what is no time stays as it was written."""
    text = clean(value)
    try:
        moment = parse_utc(text)
    except ValueError:
        return text
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _bytes(value: Any) -> Quantity:
    count = integer(value)
    if count is None:
        return Quantity(NOT_GIVEN, "")
    return Quantity(human_bytes(count), counted(count, "byte"))


def _seconds(value: Any) -> Quantity:
    seconds = integer(value)
    if seconds is None or seconds < 0:
        return Quantity(NOT_GIVEN, "")
    return Quantity(human_seconds(seconds), counted(seconds, "second"))


def _number(value: int | None) -> str:
    return NOT_GIVEN if value is None else f"{value:,}"


def _number_or_dash(value: Any) -> str:
    return _number(integer(value))


def _left_out(count: int, noun: str) -> str:
    return f"{counted(count, noun)} more not shown here." if count > 0 else ""


def _share(part: int, whole: int | None) -> str:
    """Return a percentage that says 0 % and 100 % only where that is exact."""
    if not whole or part <= 0:
        return "0 %"
    percent = 100 * part / whole
    if percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.0f} %" if percent == int(percent) else f"{percent:.1f} %"


def _width(part: int, longest: int) -> str:
    # The shortest bar stays visible beside one that is a thousand times as long.
    return f"{max(100 * part / longest, 0.7):.1f}%" if longest > 0 and part > 0 else "0%"


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    """Return the hash by which a content security policy allows an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _markdown_environment() -> Environment:
    # What finalize is for Markdown, autoescape is for HTML: nothing is printed that has not been through it.
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        finalize=escape_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
