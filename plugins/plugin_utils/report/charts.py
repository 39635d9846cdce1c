# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The charts of a report: bars by rule, severity and zone, and the rankings of talkers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ...module_utils.errors import counted
from .audit import Audit, Ranked, Rule
from .names import Names
from .text import NOT_GIVEN, SEVERITIES, clean, human_bytes, human_seconds, more, number, share
from .view import Bar, Chart, Quantity, Rankings, Talker, Talkers, severity_class

_RULES_SHOWN = 30
_ZONES_SHOWN = 30
_TALKERS_SHOWN = 10
_KINDS = (
    ("source", "Sources", "Source"),
    ("destination", "Destinations", "Destination"),
    ("pair", "Pairs", "Pair"),
    ("port", "Ports", "Port"),
)
_MEASURES = (("by_bytes", "bytes"), ("by_packets", "packets"), ("by_flows", "flows"))
_HUMAN: dict[str, tuple[Callable[[int], str], str]] = {
    "age": (human_seconds, "second"),
    "bytes": (human_bytes, "byte"),
    "packets": (number, "packet"),
    "flows": (number, "flow"),
}
_ALL_FLOWS = "Among all flows of the capture."
_ESTIMATES = (
    " There were too many different keys to count each of them:"
    " a number after ≥ is an estimate, and the least that it can be."
)


def shown_counts(stated: Mapping[str, int] | None, seen: Mapping[str, int]) -> dict[str, int]:
    """Return name to count without the zeros; what the audit states goes before what was seen."""
    if stated is None:
        return dict(seen)
    found: Counter[str] = Counter()
    for name, count in stated.items():
        found[clean(name)] += count
    return {name: count for name, count in found.items() if count > 0}


def rule_chart(counts: Mapping[str, int], total: int, severity_of: Mapping[str, str], rules: Sequence[Rule]) -> Chart:
    """Return the findings by rule, and how many deny rules have none."""
    severities = {**severity_of, **{rule.label: rule.severity for rule in rules if rule.severity}}
    written = {rule.label: rule for rule in rules}
    bars = [
        replace(line, why=rule.description, text=rule.text) if (rule := written.get(line.key)) else line
        for line in _bars(counts, total, severities)[:_RULES_SHOWN]
    ]
    remarks = [more(len(counts) - _RULES_SHOWN, "rule"), _silent(counts, rules)]
    return Chart(bars, " ".join(filter(None, remarks)))


def worded_chart(counts: Mapping[str, int], words: Mapping[str, str]) -> Chart:
    """Return numbers of flows in the order and the words given, without what is in neither."""
    total, longest = sum(counts.values()), max(counts.values(), default=0)
    return Chart([_bar(name, label, counts.get(name, 0), total, longest) for name, label in words.items()])


def plain_chart(
    counts: Mapping[str, int], shown: int, noun: str, severity_of: Mapping[str, str] | None = None
) -> Chart:
    """Return numbers by name, the largest first, at most so many."""
    bars = _bars(counts, sum(counts.values()), severity_of)
    return Chart(bars[:shown], more(len(bars) - shown, noun))


def severity_chart(counts: Mapping[str, int], total: int) -> Chart:
    """Return the findings by severity, all that there are in their order, those unknown last."""
    longest = max(counts.values(), default=0)
    ordered = [name for name in SEVERITIES if longest] + sorted(set(counts) - set(SEVERITIES))[:_RULES_SHOWN]
    return Chart(
        [
            _bar(name or "unknown", name or "unknown", counts.get(name, 0), total, longest, severity_class(name))
            for name in ordered
        ]
    )


def zone_chart(counts: Mapping[str, int], total: int) -> Chart:
    """Return the findings by Availability Zone."""
    return Chart(_bars(counts, total)[:_ZONES_SHOWN], more(len(counts) - _ZONES_SHOWN, "zone"))


def talkers_of(audit: Audit) -> Rankings:
    """Return the top talkers by the first measure that has any."""
    for ranking, measure in _MEASURES:
        tables = _tables(audit, ranking, measure)
        if tables:
            return Rankings(measure, tables, _ALL_FLOWS + (_ESTIMATES if _estimated(audit, ranking) else ""))
    return Rankings("", [], "")


def oldest_of(audit: Audit) -> Rankings:
    """Return the talkers with the oldest flows."""
    return Rankings("age", _tables(audit, "by_age", "age"), "")


def changed_talkers(audit: Audit, change: str) -> list[Talkers]:
    """Return whose flows a change such as newly_dropped is about."""
    return [
        _table(heading, column, rows, "flows", audit.names)
        for kind, heading, column in _KINDS[:2]
        if (rows := audit.changed_ranking(change, kind)[:_TALKERS_SHOWN])
    ]


def _silent(counts: Mapping[str, int], rules: Iterable[Rule]) -> str:
    silent = sum(rule.action == "deny" and rule.applied and rule.label not in counts for rule in rules)
    if not silent:
        return ""
    return (
        f"{number(silent)} {'more ' if counts else ''}deny {'rule has' if silent == 1 else 'rules have'} no findings."
    )


def _bars(counts: Mapping[str, int], total: int, severity_of: Mapping[str, str] | None = None) -> list[Bar]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    longest = ordered[0][1] if ordered else 0
    return [
        _bar(name, name or "(no name)", count, total, longest, _severity(severity_of, name)) for name, count in ordered
    ]


def _severity(severity_of: Mapping[str, str] | None, name: str) -> str:
    return "" if severity_of is None else severity_of.get(name, "") or "unknown"


def _bar(key: str, label: str, count: int, total: int, longest: int, severity: str = "") -> Bar:
    return Bar(label, number(count), share(count, total), _width(count, longest), severity, key)


def _width(part: int, longest: int) -> str:
    # The shortest bar stays visible beside one that is a thousand times as long.
    return f"{max(100 * part / longest, 0.7):.1f}%" if longest > 0 and part > 0 else "0%"


def _tables(audit: Audit, ranking: str, measure: str) -> list[Talkers]:
    return [
        _table(heading, column, rows, measure, audit.names)
        for kind, heading, column in _KINDS
        if (rows := audit.ranking(ranking, kind)[:_TALKERS_SHOWN])
    ]


def _estimated(audit: Audit, ranking: str) -> bool:
    return any(
        row.error > 0 for kind, _heading, _column in _KINDS for row in audit.ranking(ranking, kind)[:_TALKERS_SHOWN]
    )


def _table(heading: str, column: str, rows: Sequence[Ranked], measure: str, names: Names) -> Talkers:
    members = [name for name in _columns(measure) if any(row.numbers[name] is not None for row in rows)]
    longest = max(row.numbers[measure] or 0 for row in rows)
    talkers = [
        Talker(
            key=clean(row.key) or NOT_GIVEN,
            name=names.of_key(row.key),
            cells=[_cell(row, member, measure) for member in members],
            width=_width(row.numbers[measure] or 0, longest),
            address=clean(row.key) if column in ("Source", "Destination") else "",
        )
        for row in rows
    ]
    return Talkers(heading, column, [member.capitalize() for member in members], talkers)


def _columns(measure: str) -> tuple[str, ...]:
    return ("age", "bytes", "flows") if measure == "age" else ("bytes", "packets", "flows")


def _cell(row: Ranked, member: str, measure: str) -> Quantity:
    human, noun = _HUMAN[member]
    count = row.numbers[member]
    if count is None:
        return Quantity(NOT_GIVEN, "")
    if member == measure and row.error > 0:
        return Quantity(f"≥ {human(count)}", f"{count:,} to {counted(count + row.error, noun)}")
    return Quantity(human(count), counted(count, noun))
