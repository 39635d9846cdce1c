# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Boxes cut up where it separates findings from innocent flows best, within what a capture may have seen."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from ..flows.filters import CONDITIONS, EVERY_FLOW, FilterKey, keys_of, to_api, within
from ..flows.matching import (
    ABSENT,
    AGE,
    DESTINATION,
    DESTINATION_PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    FilterSets,
    Flow,
    bits_of,
    spans_of,
)
from .boxes import FLOWS, SURE_AGE, Box, Point, age_to_spare

# So many points, and innocent flows, are looked at to find the place for a cut, and to find the member to cut by.
_ENOUGH = 256
_ENOUGH_FOR_MEMBERS = 4096
# A cut that leaves more than this share of the impurity gains little, for it parts only what happens to be at an edge.
_NO_GAIN = 0.8

# Where a box is cut: points with less than the bound in that place go to one part; of protocols, those that equal it.
Bound = tuple[int, int]


def _known(key: FilterKey) -> list[Any]:
    """Return the conditions of a filter, None for those it lacks, without protocols that are unknown here."""
    return [text or None for text in key[:4]] + [[number for number in key[4] if number >= 0]]


class Allowed:
    """The filters of the capture, beyond which nothing is known of the flows that are there, and the use of ages."""

    def __init__(self, api_filters: Sequence[Mapping[str, Any]], by_age: bool) -> None:
        self.by_age = by_age
        self._outer: tuple[FilterKey, ...] = keys_of(api_filters)
        # Without filters (a capture whose description has none) nothing was left out.
        every = {(network, "", "", "", ()) for network in EVERY_FLOW}
        self._everything = not api_filters or every <= set(self._outer)
        self._sets = FilterSets([spans_of(dict(zip(CONDITIONS, _known(key), strict=True))) for key in self._outer])

    def groups(self, points: list[Point]) -> Iterator[list[Point]]:
        """Yield points by the filter that matches most of them, for a box around those is within it; the rest last."""
        masks = [0] * len(points) if self._everything else self._sets.surely([point[:FLOWS] for point in points])
        while any(masks):
            counts = Counter(at for mask in masks for at in bits_of(mask))
            most = min(counts, key=lambda at: (-counts[at], at))
            yield [point for point, mask in zip(points, masks, strict=True) if mask >> most & 1]
            points = [point for point, mask in zip(points, masks, strict=True) if not mask >> most & 1]
            masks = [mask for mask in masks if not mask >> most & 1]
        if points:
            yield points

    def clears(self, box: Box, oldest: int) -> bool:
        """Return whether the age alone may set a box's findings apart from innocent flows, the oldest of that age."""
        return (self.by_age or len(box.points) == 1) and box.apart_by_age(oldest)

    def allows(self, box: Box) -> bool:
        """Return whether a box is within one of the capture's filters."""
        return self._everything or within(to_api([box.written()])[0], self._outer)


def cut_up(points: list[Point], innocent: list[Flow], allowed: Allowed) -> Iterator[Box]:
    """Yield boxes around all of the points, so small that no known innocent flow is inside one."""
    waiting = [(points, innocent)]
    while waiting:
        points, innocent = waiting.pop()
        box = Box(points)
        box.innocent = box.inside(innocent)
        oldest = max(map(itemgetter(AGE), box.innocent), default=ABSENT)
        is_clear = not box.innocent or allowed.clears(box, oldest)
        if len(points) == 1 or (is_clear and allowed.allows(box)):
            yield box
        else:
            waiting.extend((part, box.innocent) for part in _parts(box, allowed.by_age))


def _parts(box: Box, by_age: bool) -> tuple[list[Point], list[Point]]:
    """Return a box's points in the two parts that separate them best from the innocent flows inside."""
    # Where to cut is seen as well from a few hundred of them, all over the box.
    points, innocent = _some(box.points, _ENOUGH), _some(box.innocent, _ENOUGH)
    bounds = list(_bounds(box, points, innocent, by_age)) or list(_bounds(box, box.points, innocent, by_age))
    cuts = [_Cut.of(_parted(points, bound), innocent, by_age) for bound in bounds]
    best = min(range(len(bounds)), key=lambda at: cuts[at].mixed)
    if cuts[best].mixed >= _NO_GAIN * _mixed(len(points), len(innocent)):
        # Where findings are many clusters in one member, no cut settles much, but many by that member do.
        needed = _needed(box, {member for member, _value in bounds if member != AGE})
        best = min(range(len(bounds)), key=lambda at: (needed.get(bounds[at][0], math.inf), -cuts[at].smaller))
    return _parted(box.points, bounds[best])


def _needed(box: Box, members: Iterable[int]) -> dict[int, int]:
    """Return for each member how many filters by it alone would part a box's points from the innocent flows inside."""
    points, innocent = _some(box.points, _ENOUGH_FOR_MEMBERS), _some(box.innocent, _ENOUGH_FOR_MEMBERS)
    needed = {}
    for at in members:
        used = {flow[at] for flow in innocent}
        between = sorted(used)
        values = [point[at] for point in points]
        # Those next to each other share one; those that have a value in common with an innocent flow get one each.
        shared = {bisect_left(between, value) for value in set(values) - used}
        needed[at] = len(shared) + sum(value in used for value in values)
    return needed


def _some(of: list[Any], enough: int) -> list[Any]:
    return of[:: -(-len(of) // enough)] if of else of


def _mixed(points: int, innocent: int) -> float:
    return points * innocent / (points + innocent) if points else 0.0


class _Cut(NamedTuple):
    """How much the two parts of a cut are still mixed with innocent flows, and how large the smaller one is."""

    mixed: float
    smaller: int

    @classmethod
    def of(cls, parts: tuple[list[Point], list[Point]], innocent: list[Flow], by_age: bool) -> _Cut:
        """Return what a cut is worth."""
        mixed = 0.0
        for points in filter(None, parts):
            part = Box(points)
            inside = part.inside(innocent)
            if inside and not (by_age and part.apart_by_age(max(map(itemgetter(AGE), inside)))):
                mixed += _mixed(len(points), len(inside))
        return cls(mixed, min(map(len, parts)))


def _parted(points: list[Point], bound: Bound) -> tuple[list[Point], list[Point]]:
    at, value = bound
    if at == PROTOCOL:
        return (
            [point for point in points if point[PROTOCOL] == value],
            [point for point in points if point[PROTOCOL] != value],
        )
    members = list(map(itemgetter(at), points))
    return (
        [point for point, member in zip(points, members, strict=True) if member < value],
        [point for point, member in zip(points, members, strict=True) if member >= value],
    )


def _bounds(box: Box, points: list[Point], innocent: list[Flow], by_age: bool) -> Iterator[Bound]:
    """Yield where a box, of which points and innocent are some, can be cut: one place for each member and protocol."""
    for at in (DESTINATION_PORT, SOURCE_PORT):
        port = _port_bound(list(map(itemgetter(at), points)), [flow[at] for flow in innocent])
        if port is not None:
            yield at, port
    if len(box.protocols) > 1:
        yield from ((PROTOCOL, protocol) for protocol in sorted(box.protocols))
    for at, (first, last) in ((DESTINATION, box.destination), (SOURCE, box.source)):
        if first != last:
            # The middle of the smallest network is where its two halves begin, and both have points.
            yield at, (first + last + 1) // 2
    old = age_to_spare(max(map(itemgetter(AGE), box.innocent), default=ABSENT)) + SURE_AGE
    if by_age and box.innocent and box.youngest < old <= max(map(itemgetter(AGE), box.points)):
        yield AGE, old


def _port_bound(ports: list[int], used: list[int]) -> int | None:
    """Return the port from which on points are best parted from the rest, None when all have the same."""
    ports.sort()
    used.sort()
    if ports[0] == ports[-1]:
        return None
    if ports[0] == ABSENT:
        return 0
    middle = ports[len(ports) // 2]
    bounds = {middle if middle > ports[0] else ports[bisect_right(ports, middle)]}
    bounds.update(port + more for port in used for more in (0, 1) if ports[0] < port + more <= ports[-1])

    def mixed(bound: int) -> tuple[float, int]:
        below = bisect_left(ports, bound)
        above = len(ports) - below
        used_below = bisect_right(used, ports[below - 1])
        used_above = len(used) - bisect_left(used, ports[below])
        return _mixed(below, used_below) + _mixed(above, used_above), -min(below, above)

    return min(sorted(bounds), key=mixed)
