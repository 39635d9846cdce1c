# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The heaviest and the oldest talkers among flows, in flat memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from typing import Any

MEASURES = ("bytes", "packets", "flows")

# Up to this many keys of a dimension every count is exact; beyond it the heaviest are kept, with a known error.
EXACT_KEYS = 8192

# Where each measure stands in a packed amount; the sums have room for far more than a capture can hold.
_PACKETS_AT = 48
_BYTES_AT = 144
_FLOWS_MASK = (1 << _PACKETS_AT) - 1
_PACKETS_MASK = (1 << (_BYTES_AT - _PACKETS_AT)) - 1


class HeavyHitters:
    """The heaviest keys by one measure: exact up to most_keys keys, then low by at most error.

    Misra and Gries's counting, with the decrements in batches: when there are too many keys, what the key in the
    middle has is taken from all, and those that have no more are forgotten.
    """

    def __init__(self, most_keys: int) -> None:
        self.most_keys = most_keys
        self.counts: Counter[Any] = Counter()
        self.error = 0

    def add(self, keys: Sequence[Any], amounts: Sequence[int]) -> None:
        """Add to each of the keys an amount, 0 or more."""
        counts = self.counts
        count_of = counts.get
        for key, amount in zip(keys, amounts, strict=True):
            counts[key] = count_of(key, 0) + amount
        self._shrink()

    def _shrink(self) -> None:
        if len(self.counts) > self.most_keys:
            floor = sorted(self.counts.values(), reverse=True)[self.most_keys // 2]
            # A key without any amount carries nothing that could be missed.
            self.counts = Counter({key: count - floor for key, count in self.counts.items() if count > floor})
            self.error += floor


class Oldest:
    """The keys with the oldest flows, exact: a key outside the best few comes back in only by an older flow."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.ages: dict[Any, int] = {}
        self._floor = -1

    def add(self, keys: Sequence[Any], ages: Sequence[int]) -> None:
        """Note for each key the age of a flow, in seconds."""
        if max(ages, default=-1) <= self._floor:
            return
        for key, age in zip(keys, ages, strict=True):
            if age > self._floor and age > self.ages.get(key, -1):
                self.ages[key] = age
                if len(self.ages) > 4 * self.limit + 16:
                    self._shrink()

    def _shrink(self) -> None:
        best = heapq.nsmallest(self.limit, self.ages.items(), key=_oldest_first)
        self.ages = dict(best)
        # An equal age may still win by its name, so only what is younger is passed over.
        self._floor = best[-1][1] - 1 if best else self._floor

    def top(self) -> list[dict[str, Any]]:
        """Return the keys, oldest flow first."""
        return [
            {"key": _text(key), "age": age}
            for key, age in heapq.nsmallest(self.limit, self.ages.items(), key=_oldest_first)
        ]


def _oldest_first(item: tuple[Any, int]) -> tuple[int, str]:
    return -item[1], str(item[0])


def packed(sizes: Sequence[int], packets: Sequence[int]) -> list[int]:
    """Return for each flow one number that holds its bytes, its packets and itself, so that one addition counts all."""
    return [(size << _BYTES_AT) + (count << _PACKETS_AT) + 1 for size, count in zip(sizes, packets, strict=True)]


class Talkers:
    """Bytes, packets and flows per key of one dimension."""

    def __init__(self, most_keys: int = EXACT_KEYS) -> None:
        self.most_keys = most_keys
        self._by = {measure: HeavyHitters(most_keys) for measure in MEASURES}
        # The latest keys, each with its packed amounts: three counts cost what one does.
        self._recent: dict[Any, int] = {}

    def add(self, keys: Sequence[Any], amounts: Sequence[int]) -> None:
        """Count one flow for each key, its amounts as packed() returns them."""
        recent = self._recent
        amount_of = recent.get
        for key, amount in zip(keys, amounts, strict=True):
            recent[key] = amount_of(key, 0) + amount
        if len(recent) > self.most_keys:
            self._settle()

    @property
    def by(self) -> dict[str, HeavyHitters]:
        """The counts of every flow so far, by measure."""
        self._settle()
        return self._by

    def _settle(self) -> None:
        keys, amounts = list(self._recent), list(self._recent.values())
        self._recent.clear()
        self._by["bytes"].add(keys, [amount >> _BYTES_AT for amount in amounts])
        self._by["packets"].add(keys, [(amount >> _PACKETS_AT) & _PACKETS_MASK for amount in amounts])
        self._by["flows"].add(keys, [amount & _FLOWS_MASK for amount in amounts])

    def top(self, measure: str, limit: int) -> list[dict[str, Any]]:
        """Return the heaviest keys by a measure, heaviest first; 'error' says by how much a count may be too low."""
        by = self.by
        hitters = by[measure]
        found = heapq.nsmallest(limit, hitters.counts.items(), key=lambda item: (-item[1], str(item[0])))
        if any(other.error for other in by.values()):
            return [{"key": _text(key), measure: count, "error": hitters.error} for key, count in found]
        return [{"key": _text(key), **{name: other.counts[key] for name, other in by.items()}} for key, _count in found]


def _text(key: Any) -> str:
    """Return a key as a report shows it."""
    if isinstance(key, str):
        return key
    first, second = key
    if isinstance(first, str):
        return f"{first} -> {second}"
    return second if first is None else f"{first}/{second}"
