# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of very many conditions a value satisfies, in memory that does not grow with conditions times values."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from ..flows import addresses
from ..flows.addresses import Span
from ..flows.matching import ADDRESSES, Condition, Members

# With fewer conditions the answer for every range of values can be kept.
_MANY = 4096
# So many bytes of answers are kept for one kind of value, and so many of those given lately.
_KEPT_BYTES = 12_000_000
_RECENT_BYTES = 8_000_000


def table_of(conditions: Sequence[Condition | None], whole: Sequence[Span]) -> dict[Any, int]:
    """Return for each value which conditions it satisfies: bit n is condition n; None is satisfied by everything."""
    if len(conditions) >= _MANY:
        return ManyMembers(conditions, whole)
    return Members(conditions, whole) if whole is ADDRESSES else SmallMembers(conditions, whole)


class SmallMembers(Members):
    """What Members is, for values of which there are so few that all answers are given beforehand."""

    def __init__(self, conditions: Sequence[Condition | None], whole: Sequence[Span]) -> None:
        super().__init__(conditions, whole)
        spans = [span for condition in conditions if condition is not None for span in condition.spans]
        for first, last in whole:
            edges = {first, last + 1, *(edge for span in spans for edge in (span[0], span[1] + 1))}
            bounds = sorted(edge for edge in edges if first <= edge <= last + 1)
            for begin, end in pairwise(bounds):
                self.update(dict.fromkeys(range(begin, end), self._sweep.mask_of(begin)))

    def __missing__(self, value: Any) -> int:
        return self.absent


class ManyMembers(dict[Any, int]):
    """What Members is, for very many conditions: only some answers are kept, those between are made when asked for."""

    def __init__(self, conditions: Sequence[Condition | None], whole: Sequence[Span]) -> None:
        super().__init__()
        size = len(conditions) // 8 + 1
        self._most = max(_RECENT_BYTES // size, 64)
        always = [n for n, condition in enumerate(conditions) if condition is None]
        self._absent = _bits(
            size, (n for n, condition in enumerate(conditions) if condition is None or condition.absent)
        )
        self._ranges = _Ranges(conditions, size, always)
        self._last = max(last for _first, last in whole)
        self._number_of = addresses.number_of if whole is ADDRESSES else _number_of

    def __missing__(self, value: Any) -> int:
        number = self._number_of(value)
        known = number is not None and 0 <= number <= self._last
        mask = self._ranges.mask_of(number) if number is not None and known else self._absent
        if len(self) >= self._most:
            self.clear()
        self[value] = mask
        return mask


def _number_of(value: Any) -> int | None:
    return value if isinstance(value, int) else None


class _Ranges:
    """The answers of some ranges between neighbouring bounds, and what changes from each bound to the next."""

    def __init__(self, conditions: Sequence[Condition | None], size: int, always: Sequence[int]) -> None:
        changes: dict[int, list[int]] = {}
        for n, condition in enumerate(conditions):
            for first, end in condition.spans if condition is not None else ():
                changes.setdefault(first, []).append(n)
                changes.setdefault(end + 1, []).append(n)
        self._bounds = sorted(changes)
        self._starts = array("L", [0])
        self._changes = array("L")
        for bound in self._bounds:
            self._changes.extend(changes.pop(bound))
            self._starts.append(len(self._changes))
        self._step = len(self._bounds) * size // _KEPT_BYTES + 1
        self._before = _bits(size, always)
        self._kept: list[int] = []
        mask = self._before
        for at in range(len(self._bounds)):
            mask = self._after(mask, at, at + 1)
            if at % self._step == 0:
                self._kept.append(mask)

    def _after(self, mask: int, first: int, end: int) -> int:
        for n in self._changes[self._starts[first] : self._starts[end]]:
            mask ^= 1 << n
        return mask

    def mask_of(self, number: int) -> int:
        """Return which conditions a number satisfies."""
        at = bisect_right(self._bounds, number) - 1
        if at < 0:
            return self._before
        kept = at // self._step
        return self._after(self._kept[kept], kept * self._step + 1, at + 1)


def _bits(size: int, places: Iterable[int]) -> int:
    found = bytearray(size)
    for n in places:
        found[n >> 3] |= 1 << (n & 7)
    return int.from_bytes(found, "little")
