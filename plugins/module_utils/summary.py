# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit says of its flows: counts, and the top talkers in flat memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .policy import Verdict

MEASURES = ("bytes", "packets", "flows")
DIMENSIONS = ("source", "destination", "pair", "port")

# Up to this many keys of a dimension are counted exactly; beyond it only the heaviest are kept, with a known error.
EXACT_KEYS = 8192


class HeavyHitters:
    """The heaviest keys by one measure (Misra-Gries with batched decrements): a count is low by at most error."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.counts: dict[str, int] = {}
        self.error = 0

    def add(self, key: str, amount: int) -> None:
        """Add an amount (0 or more) to a key."""
        counts = self.counts
        counts[key] = counts.get(key, 0) + amount
        if len(counts) >= 2 * self.capacity:
            self._shrink()

    def _shrink(self) -> None:
        floor = heapq.nlargest(self.capacity + 1, self.counts.values())[-1]
        self.counts = {key: count - floor for key, count in self.counts.items() if count > floor}
        self.error += floor


class Talkers:
    """Bytes, packets and flows per key of one dimension, exact up to EXACT_KEYS keys, then by heavy hitters."""

    def __init__(self, capacity: int = EXACT_KEYS) -> None:
        self.capacity = capacity
        self.exact: dict[str, list[int]] | None = {}
        self.heavy: dict[str, HeavyHitters] = {}

    def add(self, key: str, size: int, packets: int) -> None:
        """Count one flow of size bytes and packets packets for a key."""
        exact = self.exact
        if exact is None:
            self._add_heavy(key, (size, packets, 1))
            return
        known = exact.get(key)
        if known is not None:
            known[0] += size
            known[1] += packets
            known[2] += 1
        elif len(exact) < self.capacity:
            exact[key] = [size, packets, 1]
        else:
            self.heavy = {measure: HeavyHitters(self.capacity) for measure in MEASURES}
            self.exact = None
            for old, amounts in exact.items():
                self._add_heavy(old, amounts)
            self._add_heavy(key, (size, packets, 1))

    def _add_heavy(self, key: str, amounts: Any) -> None:
        for measure, amount in zip(MEASURES, amounts, strict=True):
            self.heavy[measure].add(key, amount)

    def top(self, measure: str, limit: int) -> list[dict[str, Any]]:
        """Return the heaviest keys by a measure, heaviest first; 'error' says by how much a count may be too low."""
        if self.exact is not None:
            at = MEASURES.index(measure)
            ranked = heapq.nsmallest(limit, self.exact.items(), key=lambda item: (-item[1][at], item[0]))
            return [{"key": key, **dict(zip(MEASURES, amounts, strict=True))} for key, amounts in ranked]
        hitters = self.heavy[measure]
        found = heapq.nsmallest(limit, hitters.counts.items(), key=lambda item: (-item[1], item[0]))
        return [{"key": key, measure: count, "error": hitters.error} for key, count in found]


class Summary:
    """Counts of one audit, fed flow by flow; memory does not grow with the number of flows."""

    def __init__(self, capacity: int = EXACT_KEYS) -> None:
        self.flow_count = 0
        self.findings_total = 0
        self.by_rule: Counter[str] = Counter()
        self.by_severity: Counter[str] = Counter()
        self.by_zone: Counter[str] = Counter()
        self.flows_by_zone: Counter[str] = Counter()
        self.talkers = {dimension: Talkers(capacity) for dimension in DIMENSIONS}

    def add(self, record: Mapping[str, Any], verdict: Verdict | None) -> None:
        """Count one flow record with the verdict on it (None: allowed)."""
        self.flow_count += 1
        zone = record.get("availability_zone", "")
        self.flows_by_zone[zone] += 1
        if verdict is not None:
            self.findings_total += 1
            self.by_rule[verdict.rule] += 1
            self.by_severity[verdict.severity] += 1
            self.by_zone[zone] += 1
        source = record.get("source_address", "?")
        destination = record.get("destination_address", "?")
        size = record.get("byte_count", 0)
        packets = record.get("packet_count", 0)
        talkers = self.talkers
        talkers["source"].add(source, size, packets)
        talkers["destination"].add(destination, size, packets)
        talkers["pair"].add(f"{source} -> {destination}", size, packets)
        port = record.get("destination_port")
        protocol = record.get("protocol", "?")
        talkers["port"].add(protocol if port is None else f"{port}/{protocol}", size, packets)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the findings by rule, severity and zone (name to number of findings)."""
        return {
            "by_rule": dict(sorted(self.by_rule.items())),
            "by_severity": dict(sorted(self.by_severity.items())),
            "by_zone": dict(sorted(self.by_zone.items())),
        }

    def top(self, limit: int) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Return the top talkers: by_bytes, by_packets and by_flows, each per dimension, limit entries each."""
        return {
            f"by_{measure}": {name: talkers.top(measure, limit) for name, talkers in self.talkers.items()}
            for measure in MEASURES
        }


def verdict_of(findings_total: int, partial: bool) -> str:
    """Return noncompliant, inconclusive or compliant; a partial capture is never compliant."""
    if findings_total:
        return "noncompliant"
    return "inconclusive" if partial else "compliant"
