# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The heaviest and the oldest talkers among flows, in flat memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..flows.addresses import IPV6, number_of, text_of

MEASURES = ("bytes", "packets", "flows")

# Up to so many keys of a dimension every count is exact; beyond it only the heaviest are kept, with a known error.
EXACT_KEYS = 100_000
HEAVIEST_KEYS = 16_384
# So many keys are collected before they are packed.
_RECENT_KEYS = 8192

# Where each measure stands in a packed amount; the sums have room for far more than a capture can hold.
_PACKETS_AT = 32
_BYTES_AT = 128
_SHIFTS = {"flows": 0, "packets": _PACKETS_AT, "bytes": _BYTES_AT}
_MASKS = {"flows": (1 << _PACKETS_AT) - 1, "packets": (1 << (_BYTES_AT - _PACKETS_AT)) - 1, "bytes": -1}
# On one line with the addresses, pairs of IPv4 lie between those of IPv4 and of IPv6, and pairs of IPv6 beyond all.
_PAIR_OF_4 = 1 << 64
_PAIR_OF_6 = 1 << 256
_LAST_32 = (1 << 32) - 1
_LAST_128 = (1 << 128) - 1


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
    """Bytes, packets and flows per key of one dimension: a text, or two of them."""

    def __init__(self, exact_keys: int = EXACT_KEYS, heaviest_keys: int = HEAVIEST_KEYS) -> None:
        self._exact_keys = exact_keys
        self._heaviest_keys = min(heaviest_keys, exact_keys)
        self._most_recent = min(_RECENT_KEYS, exact_keys)
        # The latest keys, each with its packed amounts: three counts cost what one does.
        self._recent: dict[Any, int] = {}
        # All keys, packed, while there are not too many; then only the heaviest by each measure.
        self._exact: dict[Any, int] = {}
        self._heaviest: dict[str, HeavyHitters] = {}

    def add(self, keys: Sequence[Any], amounts: Sequence[int]) -> None:
        """Count one flow for each key, its amounts as packed() returns them."""
        recent = self._recent
        amount_of = recent.get
        for key, amount in zip(keys, amounts, strict=True):
            recent[key] = amount_of(key, 0) + amount
        if len(recent) > self._most_recent:
            self._settle()

    def _settle(self) -> None:
        packed_keys = [_packed_key(key) for key in self._recent]
        amounts = list(self._recent.values())
        self._recent.clear()
        if self._heaviest:
            self._add_to_heaviest(packed_keys, amounts)
            return
        exact = self._exact
        amount_of = exact.get
        for key, amount in zip(packed_keys, amounts, strict=True):
            exact[key] = amount_of(key, 0) + amount
        if len(exact) > self._exact_keys:
            self._heaviest = {measure: HeavyHitters(self._heaviest_keys) for measure in MEASURES}
            self._add_to_heaviest(list(exact), list(exact.values()))
            self._exact = {}

    def _add_to_heaviest(self, keys: Sequence[Any], amounts: Sequence[int]) -> None:
        for measure, hitters in self._heaviest.items():
            hitters.add(keys, _of(measure, amounts))

    @property
    def key_count(self) -> int:
        """The largest number of keys that are kept for one measure."""
        self._settle()
        return max([len(self._exact), *(len(hitters.counts) for hitters in self._heaviest.values())])

    def top(self, measure: str, limit: int) -> list[dict[str, Any]]:
        """Return the heaviest keys by a measure, heaviest first; 'error' says by how much a count may be too low."""
        self._settle()
        if self._heaviest:
            hitters = self._heaviest[measure]
            found = _first(list(hitters.counts), list(hitters.counts.values()), limit)
            return [{"key": _text(key), measure: count, "error": hitters.error} for key, count in found]
        found = _first(list(self._exact), _of(measure, list(self._exact.values())), limit)
        return [
            {"key": _text(key), **{name: _of(name, [self._exact[key]])[0] for name in MEASURES}}
            for key, _count in found
        ]


def _of(measure: str, amounts: Sequence[int]) -> list[int]:
    """Return one measure of packed amounts."""
    shift, mask = _SHIFTS[measure], _MASKS[measure]
    return [amount >> shift & mask for amount in amounts]


def _first(keys: Sequence[Any], counts: Sequence[int], limit: int) -> list[tuple[Any, int]]:
    """Return the keys with the highest counts, those of equal counts in an order that does not depend on the flows'."""
    best = heapq.nlargest(limit, counts)
    if not best:
        return []
    found = [(key, count) for key, count in zip(keys, counts, strict=True) if count >= best[-1]]
    return heapq.nsmallest(limit, found, key=lambda item: (-item[1], *_rank(item[0])))


def _rank(key: Any) -> tuple[int, Any]:
    return (0, key) if isinstance(key, int) else (1, str(key))


def _packed_key(key: Any) -> Any:
    """Return addresses, and pairs of them, as a number, which takes a fifth of the memory; any other key as it is."""
    if isinstance(key, str):
        number = number_of(key)
        return key if number is None else number
    first, second = key
    if not isinstance(first, str):
        return key
    source, destination = number_of(first), number_of(second)
    if source is None or destination is None or (source < IPV6) != (destination < IPV6):
        return key
    if source < IPV6:
        return source << 32 | destination | _PAIR_OF_4
    return (source - IPV6) << 128 | (destination - IPV6) | _PAIR_OF_6


def _text(key: Any) -> str:
    """Return a key as a report shows it."""
    if isinstance(key, int):
        return _text_of_number(key)
    if isinstance(key, str):
        return key
    first, second = key
    if isinstance(first, str):
        return f"{first} -> {second}"
    return str(second) if first is None else f"{first}/{second}"


def _text_of_number(key: int) -> str:
    if key >= _PAIR_OF_6:
        return f"{text_of(6, key >> 128 & _LAST_128)} -> {text_of(6, key & _LAST_128)}"
    if key >= IPV6:
        return text_of(6, key - IPV6)
    if key >= _PAIR_OF_4:
        return f"{text_of(4, key >> 32 & _LAST_32)} -> {text_of(4, key & _LAST_32)}"
    return text_of(4, key)
