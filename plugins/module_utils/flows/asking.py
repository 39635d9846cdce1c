# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The captures that have every flow of some regions: few filters, widened as little as possible."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple

from . import likely
from .cover import Filter, filters_of, hull, thinned
from .filters import MAXIMUM
from .regions import WHOLE, Region, region_of, shared

# A zone takes its captures one after another, so that a further one has to spare as many flows as it takes time for:
# it counts as much as this share of all flows.
_FURTHER_CAPTURE = 0.01
MOST_CAPTURES = 4
# So many filters are weighed against each other, each with each.
_MOST_WEIGHED = 60
# So many ages are tried as the one from which on a capture of its own is asked for.
_MOST_AGES = 4
# Regions are tried as so many pairs of networks: few are joined well, many leave out more.
_GRAINS = (8, 24)
# With more filters than this the first of them has to do.
_ENOUGH = 600
# Ages are whole seconds, and AWS does not say how it rounds the one that it holds against the minimum.
_ROUNDING = 2
# With a larger share than this of what would be captured anyhow, everything is.
_HARDLY_LESS = 0.75
_NOTHING = "none of the flows that are asked for can be a finding or undecided"
_HARDLY_ANY_FEWER = f"the best {MAXIMUM} filters for what can be a finding or undecided would have most of the flows"


class Pass(NamedTuple):
    """One capture: its filters as people write them, and the minimum age (seconds) of its flows."""

    flow_filters: list[dict[str, Any]]
    minimum_flow_age: int


class Asked(NamedTuple):
    """The captures to ask for, in order, which share of what there is they are likely to have, and why it is all."""

    passes: list[Pass]
    share: float
    reason: str = ""


class _Choice(NamedTuple):
    """A way to ask: the share of flows that it is likely to take the time for, and each capture's age and filters."""

    cost: float
    captures: list[tuple[int, list[Filter]]]


class _Level(NamedTuple):
    """Filters that fit into so many captures, and the share of flows that they are likely to match."""

    filters: list[Filter]
    share: float


def asked_for(
    regions: Sequence[Region],
    written: Sequence[Mapping[str, Any]],
    minimum_flow_age: int = 0,
    captures: int = MOST_CAPTURES,
) -> Asked:
    """Return at most so many captures that have every flow of the regions that is in the written filters and that old.

    The written filters bound what is asked for. Where there is nothing to ask for, or hardly less than everything,
    they are asked for as they are, and the reason says why.
    """
    bounds = [WHOLE if item.get("any") else region_of(item) for item in written]
    everything = [Pass([dict(item) for item in written], minimum_flow_age)]
    inside = [
        (number, part)
        for (number, bound), region in product(enumerate(bounds), regions)
        if (part := shared(region, bound)) is not None
    ]
    choices: list[_Choice] = []
    for pairs in _GRAINS:
        found = [item for number, region in inside for item in filters_of(region, number, pairs)]
        choices += _choices(
            [item._replace(age=max(item.age - _ROUNDING, minimum_flow_age)) for item in found], captures
        )
        if len(found) > _ENOUGH:
            break
    if not choices:
        return Asked(everything, 1.0, _NOTHING)
    best = min(choices, key=itemgetter(0))
    whole = min(1.0, sum(item.share() for bound in bounds for item in filters_of(bound)))
    whole *= likely.of_age(minimum_flow_age)
    share = best.cost / whole if best.cost < whole else 1.0
    if share > _HARDLY_LESS:
        return Asked(
            everything,
            1.0,
            _HARDLY_ANY_FEWER,
        )
    return Asked([Pass([item.written() for item in filters], age) for age, filters in best.captures], share)


def _choices(filters: list[Filter], captures: int) -> Iterator[_Choice]:
    """Yield ways to ask for all filters in at most so many captures, those of younger flows first.

    A capture has one minimum age. Filters for old flows alone may be worth one of their own.
    """
    ages = sorted({item.age for item in filters})
    if not ages:
        return
    step = -(-len(ages) // _MOST_AGES)
    for limit in (None, *ages[1::step])[: 1 if captures == 1 else None]:
        parts = (
            [filters]
            if limit is None
            else [[item for item in filters if item.age < limit], [item for item in filters if item.age >= limit]]
        )
        levels = [_levels(thinned(part, _MOST_WEIGHED)) for part in parts]
        for chosen in product(*levels):
            passes = [one for level in chosen for one in _packed(level.filters)]
            if len(passes) <= captures:
                cost = sum(level.share * likely.of_age(min(item.age for item in level.filters)) for level in chosen)
                yield _Choice(cost + _FURTHER_CAPTURE * (len(passes) - 1), passes)


def _packed(filters: Sequence[Filter]) -> Iterator[tuple[int, list[Filter]]]:
    ordered = sorted(filters, key=lambda item: (item.age, item.version, item.source, item.destination))
    age = ordered[0].age
    for at in range(0, len(ordered), MAXIMUM):
        yield age, ordered[at : at + MAXIMUM]


def _levels(filters: list[Filter]) -> list[_Level]:
    """Return the filters, joined as cheaply as possible, as they fit into one capture, into two, and so on."""
    alive = dict(enumerate(filters))
    shares = {at: item.share() for at, item in alive.items()}
    heap = [pair for other in alive for pair in _pairs(alive, shares, other, range(other))]
    heapq.heapify(heap)
    found: dict[int, _Level] = {}
    following = len(alive)
    while heap:
        added, one, other, joined = heap[0]
        if one not in alive or other not in alive:
            heapq.heappop(heap)
            continue
        if added > 0:
            captures = -(-len(alive) // MAXIMUM)
            found.setdefault(captures, _Level(list(alive.values()), sum(shares.values())))
            if captures == 1:
                break
        heapq.heappop(heap)
        for gone in (one, other):
            del alive[gone], shares[gone]
        alive[following], shares[following] = joined, joined.share()
        for pair in _pairs(alive, shares, following, list(alive)):
            heapq.heappush(heap, pair)
        following += 1
    captures = -(-len(alive) // MAXIMUM)
    found.setdefault(captures, _Level(list(alive.values()), sum(shares.values())))
    return [level for captures, level in found.items() if captures <= MOST_CAPTURES]


def _pairs(
    alive: Mapping[int, Filter], shares: Mapping[int, float], other: int, ones: Iterable[int]
) -> Iterator[tuple[float, int, int, Filter]]:
    """Yield what it adds to join a filter with others, beside who they are and what comes of it."""
    mine = alive[other]
    for one in ones:
        theirs = alive[one]
        if one != other and theirs.bound == mine.bound and theirs.version == mine.version:
            joined = hull(theirs, mine)
            yield joined.share() - shares[one] - shares[other], one, other, joined
