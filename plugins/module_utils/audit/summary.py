# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit says of its flows: counts, and the top talkers in flat memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from .policy import Verdict
from .talkers import EXACT_KEYS, MEASURES, Oldest, Talkers, packed

DIMENSIONS = ("source", "destination", "pair", "port")
# So many unreadable flows are shown, each text of them up to so many characters.
_EXAMPLES = 10
_LONGEST_TEXT = 100


class Summary:
    """Counts of one audit, fed flow by flow; memory does not grow with the number of flows.

    With a top_n of 0 nothing is kept of the talkers.
    """

    def __init__(self, exact_keys: int = EXACT_KEYS, top_n: int = 10) -> None:
        self.flow_count = 0
        self.unreadable_count = 0
        self.unreadable_examples: list[dict[str, Any]] = []
        self.findings_total = 0
        self.by_rule: Counter[str] = Counter()
        self.by_severity: Counter[str] = Counter()
        self.by_zone: Counter[str] = Counter()
        self._counts_talkers = top_n > 0
        self.talkers = {dimension: Talkers(exact_keys) for dimension in DIMENSIONS}
        self.oldest = {dimension: Oldest(top_n) for dimension in DIMENSIONS}

    def add_all(self, records: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict | None]) -> None:
        """Count flow records, each with the verdict on it (None: allowed)."""
        self.flow_count += len(records)
        for record, verdict in zip(records, verdicts, strict=True):
            if verdict is not None:
                self.findings_total += 1
                self.by_rule[verdict.rule] += 1
                self.by_severity[verdict.severity] += 1
                self.by_zone[record.get("availability_zone", "")] += 1
        if self._counts_talkers:
            self._add_talkers(records)

    def _add_talkers(self, records: Sequence[Mapping[str, Any]]) -> None:
        sources, destinations, numbers, protocols, ages, packets, sizes = _columns(records)
        amounts = packed(sizes, packets)
        pairs = list(zip(sources, destinations, strict=True))
        ports = list(zip(numbers, protocols, strict=True))
        for dimension, keys in zip(DIMENSIONS, (sources, destinations, pairs, ports), strict=True):
            self.talkers[dimension].add(keys, amounts)
            self.oldest[dimension].add(keys, ages)

    def add_unreadable(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Note flow records, counted already, that cannot be judged by what is known of them."""
        for record in records:
            self.unreadable_count += 1
            if len(self.unreadable_examples) < _EXAMPLES:
                self.unreadable_examples.append({name: _short(value) for name, value in record.items()})

    def unreadable(self) -> dict[str, Any]:
        """Return how many flows could not be judged, and the first of them."""
        return {"count": self.unreadable_count, "examples": self.unreadable_examples}

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the findings by rule, severity and zone (name to number of findings)."""
        return {
            "by_rule": dict(sorted(self.by_rule.items())),
            "by_severity": dict(sorted(self.by_severity.items())),
            "by_zone": dict(sorted(self.by_zone.items())),
        }

    def top(self, limit: int) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Return the top talkers: by_bytes, by_packets, by_flows and by_age, each per dimension, limit entries each."""
        top = {
            f"by_{measure}": {name: talkers.top(measure, limit) for name, talkers in self.talkers.items()}
            for measure in MEASURES
        }
        top["by_age"] = {name: oldest.top()[:limit] for name, oldest in self.oldest.items()}
        return top


def _short(value: Any) -> Any:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else value


_ABSENT = {
    "source_address": "?",
    "destination_address": "?",
    "destination_port": None,
    "protocol": "?",
    "age": -1,
    "packet_count": 0,
    "byte_count": 0,
}
_members_of = itemgetter(*_ABSENT)


def _columns(records: Sequence[Mapping[str, Any]]) -> list[Sequence[Any]]:
    """Return the members that a summary counts, a list of each, with what stands for an absent one."""
    try:
        columns: list[Sequence[Any]] = list(zip(*map(_members_of, records), strict=True))
    except KeyError:
        columns = []
    # A member that is absent, or a page without flows.
    return columns or [[record.get(member, absent) for record in records] for member, absent in _ABSENT.items()]


def verdict_of(findings_total: int, reasons: Sequence[str]) -> str:
    """Return noncompliant, inconclusive where there are reasons not to call it compliant, or compliant."""
    if findings_total:
        return "noncompliant"
    return "inconclusive" if reasons else "compliant"
