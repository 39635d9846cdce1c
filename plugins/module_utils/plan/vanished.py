# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether more flows vanished over a flush than vanish by themselves, where AWS does not say what the flush hit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..flows.matching import AGE, flows_of
from .identity import Identified, Moment, is_one_of, key_of, paired, reversed_key, scope_value


class Census:
    """The flows of a capture that are no findings, by identity, in little memory; those not readable are left out."""

    def __init__(self, findings: Identified, moment: Moment) -> None:
        self.findings = findings
        self.moment = moment
        self._births: dict[int, list[float]] = {}

    def add(self, records: Sequence[Mapping[str, Any]], scope: str | None = None) -> None:
        """Add a page of captured flow records, findings among them or not."""
        for record, flow in zip(records, flows_of(records), strict=True):
            key = key_of(flow, scope_value(record, scope))
            at = self.moment.birth(flow[AGE])
            if key is None or at is None:
                continue
            tolerance = self.findings.tolerance(key[0], self.moment)
            if not any(is_one_of(at, self.findings.births(each), tolerance) for each in (key, reversed_key(key))):
                self._births.setdefault(hash(key), []).append(at)

    @property
    def count(self) -> int:
        """How many flows there are."""
        return sum(map(len, self._births.values()))

    def missing_in(self, later: Census) -> int:
        """Return how many of the flows a later capture no longer has."""
        tolerance = later.moment.tolerance + self.moment.duration
        missing = 0
        for key, births in self._births.items():
            pairs = paired(sorted(births), sorted(later._births.get(key, ())), tolerance)
            missing += pairs.count(None)
        return missing


def is_surprising(count: float, expected: float) -> bool:
    """Return whether there are more than expected, and than chance (two standard deviations) explains."""
    return count > expected + 2 * math.sqrt(expected)


def share_after(share: float, seconds: float, later_seconds: float) -> float:
    """Return the share (0 to 1) that vanishes in so many later seconds where one vanishes in other ones."""
    # Two captures of one moment say nothing of what time takes.
    times = later_seconds / seconds if seconds > 0 else 1.0
    return 1 - math.pow(1 - share, max(0.0, times))


@dataclass(frozen=True)
class Vanished:
    """How many of so many flows vanished over a flush, and how many would have by themselves, as far as is known."""

    flow_count: int
    vanished: int
    share_by_itself: float | None
    expected: float

    @property
    def suspected(self) -> bool:
        """Whether more vanished than do by themselves, and than chance (two standard deviations) explains."""
        return is_surprising(self.vanished, self.expected)

    def as_result(self) -> dict[str, Any]:
        """Return the numbers as results and evidence have them; shares from 0 to 1, None for unknown."""
        return {
            "flow_count": self.flow_count,
            "vanished": self.vanished,
            "share": round(self.vanished / self.flow_count, 4) if self.flow_count else 0.0,
            "share_by_itself": None if self.share_by_itself is None else round(self.share_by_itself, 4),
            "suspected": self.suspected,
        }


def vanished(before: Census, after: Census, earlier: Census | None = None, later: Census | None = None) -> Vanished:
    """Return how many flows vanished over a flush; earlier and before, or after and later, have no flush between them.

    The share that vanishes by itself between those two is taken for as long as lies between before and after; without
    such a pair it is unknown, and counts as nought.
    """
    lost = before.missing_in(after)
    first, second = (earlier, before) if later is None else (after, later)
    if first is None or second is None or not first.count:
        return Vanished(before.count, lost, None, 0.0)
    share = first.missing_in(second) / first.count
    spans = [(b.moment.at - a.moment.at).total_seconds() for a, b in ((first, second), (before, after))]
    by_itself = share_after(share, *spans)
    return Vanished(before.count, lost, by_itself, before.count * by_itself)
