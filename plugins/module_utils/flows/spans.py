# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spans of numbers: sorted, apart, both ends included."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans sorted and apart; neighbours become one."""
    result: list[Span] = []
    for first, last in sorted(spans):
        if result and first <= result[-1][1] + 1:
            if last > result[-1][1]:
                result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return tuple(result)


def without(spans: Sequence[Span], holes: Sequence[Span]) -> tuple[Span, ...]:
    """Return what is left of spans when holes are cut out; both are sorted and apart."""
    result: list[Span] = []
    for first, last in spans:
        at = max(bisect_right(holes, (first, first)) - 1, 0)
        while at < len(holes) and holes[at][0] <= last:
            hole_first, hole_last = holes[at]
            if hole_first > first:
                result.append((first, hole_first - 1))
            first = max(first, hole_last + 1)
            at += 1
        if first <= last:
            result.append((first, last))
    return tuple(result)


def common(left: Sequence[Span], right: Sequence[Span]) -> tuple[Span, ...]:
    """Return what two sorted lists of spans share."""
    result: list[Span] = []
    a = b = 0
    while a < len(left) and b < len(right):
        first, last = max(left[a][0], right[b][0]), min(left[a][1], right[b][1])
        if first <= last:
            result.append((first, last))
        if left[a][1] < right[b][1]:
            a += 1
        else:
            b += 1
    return tuple(result)


def contains(spans: Sequence[Span], number: int) -> bool:
    """Return whether a number is in sorted spans."""
    at = bisect_right(spans, (number, number)) - 1
    if at >= 0 and spans[at][1] >= number:
        return True
    return at + 1 < len(spans) and spans[at + 1][0] == number


def deepest(spans: Iterable[Span]) -> int:
    """Return in how many of the spans a number can be at most."""
    changes: dict[int, int] = {}
    for first, last in spans:
        changes[first] = changes.get(first, 0) + 1
        changes[last + 1] = changes.get(last + 1, 0) - 1
    depth = most = 0
    for bound in sorted(changes):
        depth += changes[bound]
        most = max(most, depth)
    return most
