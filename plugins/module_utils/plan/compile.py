# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flush compiler: few filters that match every finding of a capture and no other flow of it.

It begins with one box around all findings and cuts it in two wherever a flow that must be spared is known to be inside,
until none is. Then the whole capture is held against the boxes; the flows that were hit are the next ones known, and so
on until none is hit. Memory grows with the findings, not with the capture, which is read a few times over.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, NamedTuple
from zlib import crc32

from ..errors import FlowOpsError
from ..flows.filters import CONDITIONS, EVERY_FLOW, FilterKey, keys_of, to_api, within
from ..flows.matching import LAST_PORT, Span, text_of
from ..flows.protocols import WITH_PORTS, name_of
from ..flows.sets import (
    ABSENT,
    AGE,
    AT_ONCE,
    DESTINATION,
    DESTINATION_PORT,
    EVER,
    IPV6,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    FilterSets,
    Flow,
    Spans,
    bits_of,
    matches,
    number_of,
    spans_of,
)  # fmt: skip

# Source, destination, protocol number, source port, destination port; the ports are None where there are none.
FlowKey = tuple[str, str, int, Any, Any]
# A flush asks for a few seconds more of age than the capture says, so that no flow born since is cut. A finding that an
# age sets apart from innocent flows has to be older than they are by more than that, or it would never be cut.
SURE_AGE = 10
# Ages and times come in whole seconds: when a flow is seen again, it may look older by so many than it was.
ROUNDING = 2

# So many of the flows that hit boxes are kept as the reasons to cut them up, in all and of each box at least.
_REASONS = 6144
_FEWEST_REASONS = 32
# So many of the flows that hit something are kept at hand for the next round.
_MOST_NEARBY = 50_000
# After so many rounds, or with so many boxes, what is not yet clear of innocent flows is cut up into single 5-tuples.
_MOST_ROUNDS = 8
_MOST_BOXES = 8 * AT_ONCE
# So many points, and reasons, are looked at to find the place for a cut, and to find the member to cut by.
_ENOUGH = 256
_ENOUGH_FOR_MEMBERS = 4096
# A cut that leaves more than this share of the impurity gains little, for it parts only what happens to be at an edge.
_NO_GAIN = 0.8

# What stands where in a point, behind the members of a flow.
_FLOWS: Final = 6
_KEY: Final = 7
_ANY_PORT = (ABSENT, LAST_PORT)

# Reads the flows to be spared anew, in pages.
Innocents = Callable[[], Iterable[Sequence[Flow]]]
Point = tuple[int, int, int, int, int, int, int, FlowKey]


class Cutting(NamedTuple):
    """One filter of a plan, as people write it: what it matches, and the ages (seconds) it may be given."""

    written: dict[str, Any]
    flow_count: int
    # A flush with a lower minimum age would cut an innocent flow; with a higher one than the latter, spare a finding.
    lowest_age: int
    highest_age: int
    collateral: int = 0
    # All findings that it matches, those of other filters too.
    matched: int = 0


@dataclass
class Compiled:
    """What the compiler made of one capture's findings."""

    cuttings: list[Cutting] = field(default_factory=list)
    inseparable: list[FlowKey] = field(default_factory=list)
    inseparable_flow_count: int = 0


def key_of(record: Mapping[str, Any]) -> FlowKey | None:
    """Return a flow record's 5-tuple, None when a filter could not name it exactly (no address or no protocol)."""
    source = record.get("source_address")
    destination = record.get("destination_address")
    protocol = record.get("protocol_number")
    if not source or not destination or protocol is None:
        return None
    ports = record.get("source_port"), record.get("destination_port")
    # A port that is none, or missing where there is one, cannot be asked for.
    if any(
        protocol in WITH_PORTS if port is None else not isinstance(port, int) or not 0 <= port <= LAST_PORT
        for port in ports
    ):
        return None
    ends = number_of(source), number_of(destination)
    if ABSENT in ends or (ends[0] < IPV6) != (ends[1] < IPV6):
        return None
    return source, destination, protocol, *ports


class Findings:
    """The 5-tuples of one capture's findings, each with its number of flows and the age of the youngest (seconds)."""

    def __init__(self) -> None:
        self.flows: dict[FlowKey, tuple[int, int]] = {}
        self.unnamable = 0

    def add(self, record: Mapping[str, Any]) -> None:
        """Add one finding's flow record."""
        key = key_of(record)
        if key is None:
            self.unnamable += 1
            return
        age = record.get("age")
        age = age if isinstance(age, int) else ABSENT
        count, youngest = self.flows.get(key, (0, age))
        self.flows[key] = count + 1, min(age, youngest)

    def points(self) -> list[list[Point]]:
        """Return the findings as points, by IP version, in an order that does not depend on the capture's."""
        points: list[list[Point]] = [[], []]
        for key, (count, age) in self.flows.items():
            source, destination = number_of(key[0]), number_of(key[1])
            source_port, port = (ABSENT if port is None else port for port in key[3:])
            points[source >= IPV6].append((source, destination, key[2], source_port, port, age, count, key))
        for of_version in points:
            of_version.sort(key=itemgetter(slice(AGE)))
        return [of_version for of_version in points if of_version]


def _age_to_spare(oldest: int) -> int:
    """Return the lowest minimum age (seconds) of a flush that spares innocent flows, the oldest of that age."""
    return oldest + 1 + ROUNDING


class _Box:
    """The smallest filter that matches some points, and what is known to be inside beside them."""

    def __init__(self, points: list[Point]) -> None:
        self.points = points
        self.source = _network(map(itemgetter(SOURCE), points))
        self.destination = _network(map(itemgetter(DESTINATION), points))
        self.protocols = frozenset(map(itemgetter(PROTOCOL), points))
        self.ports = tuple(_port_span(map(itemgetter(at), points)) for at in (SOURCE_PORT, DESTINATION_PORT))
        self.youngest = min(map(itemgetter(AGE), points))
        self.reasons: list[Flow] = []
        self.hits = 0
        self.oldest_hit = ABSENT
        self.oldest: list[Flow] = []
        self.sample: dict[Flow, int] = {}
        self.last_rank = EVER
        self.most = _REASONS

    def inside(self, reasons: Iterable[Flow]) -> list[Flow]:
        """Return those flows of the same IP version that are inside."""
        (source, last_source), (destination, last_destination) = self.source, self.destination
        (source_port, last_source_port), (port, last_port) = (span or _ANY_PORT for span in self.ports)
        protocols = self.protocols
        return [
            reason
            for reason in reasons
            if port <= reason[DESTINATION_PORT] <= last_port
            and destination <= reason[DESTINATION] <= last_destination
            and source <= reason[SOURCE] <= last_source
            and reason[PROTOCOL] in protocols
            and source_port <= reason[SOURCE_PORT] <= last_source_port
        ]

    def apart_by_age(self, oldest: int) -> bool:
        """Return whether every finding is surely older than the oldest innocent flow inside (seconds)."""
        return bool(self.youngest >= _age_to_spare(oldest) + SURE_AGE)

    def hit(self, flow: Flow) -> None:
        """Note that an innocent flow is inside."""
        self.hits += 1
        # Picked by what they are and not by where they come, so that the capture's order changes nothing.
        if flow[AGE] > self.oldest_hit or (flow[AGE] == self.oldest_hit and [flow] < self.oldest):
            self.oldest_hit = flow[AGE]
            self.oldest = [flow]
        rank = crc32(repr(flow).encode())
        if rank <= self.last_rank:
            self.sample[flow] = rank
            if len(self.sample) > 2 * self.most:
                self.sample = dict(self._first_ranks())
                self.last_rank = max(self.sample.values())

    def _first_ranks(self) -> list[tuple[Flow, int]]:
        return heapq.nsmallest(self.most, self.sample.items(), key=itemgetter(1, 0))

    def known(self) -> list[Flow]:
        """Return the innocent flows known to be inside."""
        sample = (reason for reason, _rank in self._first_ranks())
        return list(dict.fromkeys([*self.reasons, *self.oldest, *sample]))

    def spans(self) -> Spans:
        """Return what each member of a flow must be to be inside."""
        protocols = [(number, number) for number in sorted(self.protocols)]
        ports = [None if span is None else [span] for span in self.ports]
        return ([self.source], [self.destination], protocols, *ports)

    def written(self) -> dict[str, Any]:
        """Return the box as a flow filter, as people write it."""
        # Both addresses even where one is any: a filter without one matches what has none, or one of the other version.
        out: dict[str, Any] = {
            "source_address": _network_text(self.source),
            "destination_address": _network_text(self.destination),
        }
        for name, ports in zip(("source_port", "destination_port"), self.ports, strict=True):
            if ports is not None:
                out[name] = ports[0] if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
        out["protocols"] = [name_of(number) for number in sorted(self.protocols)]
        return out


def _network(addresses: Iterable[int]) -> Span:
    """Return the first and the last address of the smallest network that has all of them."""
    found = list(addresses)
    low, high = min(found), max(found)
    host = (1 << (low ^ high).bit_length()) - 1
    return low & ~host, high | host


def _network_text(span: Span) -> str:
    version, bits, first = (6, 128, span[0] - IPV6) if span[0] >= IPV6 else (4, 32, span[0])
    host_bits = (span[1] - span[0]).bit_length()
    return f"{text_of(version, first)}/{bits - host_bits}" if host_bits else text_of(version, first)


def _port_span(ports: Iterable[int]) -> Span | None:
    """Return the lowest and the highest port, None when a flow without ports is among them, which no span matches."""
    found = set(ports)
    return None if ABSENT in found else (min(found), max(found))


def _known(key: FilterKey) -> list[Any]:
    """Return the conditions of a filter, None for those it lacks, without protocols that are unknown here."""
    return [text or None for text in key[:4]] + [[number for number in key[4] if number >= 0]]


class _Allowed:
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
        masks = [0] * len(points) if self._everything else self._sets.masks([point[:_FLOWS] for point in points])
        while any(masks):
            counts = Counter(at for mask in masks for at in bits_of(mask))
            most = min(counts, key=lambda at: (-counts[at], at))
            yield [point for point, mask in zip(points, masks, strict=True) if mask >> most & 1]
            points = [point for point, mask in zip(points, masks, strict=True) if not mask >> most & 1]
            masks = [mask for mask in masks if not mask >> most & 1]
        if points:
            yield points

    def clears(self, box: _Box, oldest: int) -> bool:
        """Return whether the age alone may set a box's findings apart from innocent flows, the oldest of that age."""
        return (self.by_age or len(box.points) == 1) and box.apart_by_age(oldest)

    def allows(self, box: _Box) -> bool:
        """Return whether a box is within one of the capture's filters."""
        return self._everything or within(to_api([box.written()])[0], self._outer)


def compile_findings(
    findings: Findings,
    innocents: Innocents,
    api_filters: Sequence[Mapping[str, Any]] = (),
    minimum_flow_age: int = 0,
    allow_collateral: bool = False,
    by_age: bool = True,
) -> Compiled:
    """Return filters that match every finding but the inseparable, and no innocent flow of its capture.

    innocents() reads the innocent flows anew, in pages; api_filters and minimum_flow_age (seconds) are the capture's
    own. With allow_collateral the inseparable get a filter each too, which says how many innocent flows it matches.
    Without by_age, ages separate flows of one 5-tuple only.
    """
    allowed = _Allowed(api_filters, by_age)
    compiled = Compiled(inseparable_flow_count=findings.unnamable)
    groups = (group for points in findings.points() for group in allowed.groups(points))
    untried = [box for group in groups for box in _cut_up(group, [], allowed)]
    cleared: list[_Box] = []
    rounds = 0
    nearby = innocents
    while untried:
        # What is cut up lies in what was hit, so only the flows that hit something can hit its parts.
        nearby = _try(untried, nearby)
        rounds += 1
        hit: list[_Box] = []
        for box in untried:
            if not box.hits or (allowed.clears(box, box.oldest_hit) and allowed.allows(box)):
                cleared.append(box)
            elif len(box.points) > 1:
                hit.append(box)
            else:
                _leave_out(compiled, box, minimum_flow_age, allow_collateral)
        untried = []
        for box in hit:
            if rounds >= _MOST_ROUNDS or len(cleared) + len(untried) > _MOST_BOXES:
                untried.extend(_Box([point]) for point in box.points)
            else:
                untried.extend(_cut_up(box.points, box.known(), allowed))
    for box in cleared:
        if allowed.allows(box):
            compiled.cuttings.append(_cutting(box, minimum_flow_age))
        else:
            _leave_out(compiled, box, minimum_flow_age, False)
    compiled.cuttings.sort(key=_order)
    compiled.inseparable.sort(key=str)
    compiled.cuttings = _proved(compiled, findings, innocents, minimum_flow_age)
    return compiled


def _leave_out(compiled: Compiled, box: _Box, minimum_flow_age: int, allow_collateral: bool) -> None:
    (point,) = box.points
    if allow_collateral:
        cutting = _cutting(box, minimum_flow_age)
        compiled.cuttings.append(
            cutting._replace(lowest_age=minimum_flow_age, highest_age=minimum_flow_age, collateral=box.hits)
        )
    else:
        compiled.inseparable.append(point[_KEY])
        compiled.inseparable_flow_count += point[_FLOWS]


def _cutting(box: _Box, minimum_flow_age: int) -> Cutting:
    lowest = max(minimum_flow_age, _age_to_spare(box.oldest_hit)) if box.hits else minimum_flow_age
    return Cutting(
        box.written(), sum(point[_FLOWS] for point in box.points), lowest, max(lowest, box.youngest - SURE_AGE)
    )


def _order(cutting: Cutting) -> tuple[Any, ...]:
    return cutting.lowest_age, str(cutting.written)


# -- cutting up --------------------------------------------------------------------------------------------------------


def _cut_up(points: list[Point], reasons: list[Flow], allowed: _Allowed) -> Iterator[_Box]:
    """Yield boxes around all of the points, so small that no known innocent flow is inside one."""
    waiting = [(points, reasons)]
    while waiting:
        points, reasons = waiting.pop()
        box = _Box(points)
        box.reasons = box.inside(reasons)
        oldest = max(map(itemgetter(AGE), box.reasons), default=ABSENT)
        is_clear = not box.reasons or allowed.clears(box, oldest)
        if len(points) == 1 or (is_clear and allowed.allows(box)):
            yield box
        else:
            waiting.extend((part, box.reasons) for part in _parts(box, allowed.by_age))


# Where a box is cut: points with less than the bound in that place go to one part; of protocols, those that equal it.
Bound = tuple[int, int]


def _parts(box: _Box, by_age: bool) -> tuple[list[Point], list[Point]]:
    """Return a box's points in the two parts that separate them best from the innocent flows inside."""
    # Where to cut is seen as well from a few hundred of them, all over the box.
    points, reasons = _some(box.points, _ENOUGH), _some(box.reasons, _ENOUGH)
    bounds = list(_bounds(box, points, reasons, by_age)) or list(_bounds(box, box.points, reasons, by_age))
    cuts = [_Cut.of(_parted(points, bound), reasons, by_age) for bound in bounds]
    best = min(range(len(bounds)), key=lambda at: cuts[at].mixed)
    if cuts[best].mixed >= _NO_GAIN * _mixed(len(points), len(reasons)):
        # Where findings are many clusters in one member, no cut settles much, but many by that member do.
        needed = _needed(box, {member for member, _value in bounds if member != AGE})
        best = min(range(len(bounds)), key=lambda at: (needed.get(bounds[at][0], math.inf), -cuts[at].smaller))
    return _parted(box.points, bounds[best])


def _needed(box: _Box, members: Iterable[int]) -> dict[int, int]:
    """Return for each member how many filters by it alone would part a box's points from the innocent flows inside."""
    points, reasons = _some(box.points, _ENOUGH_FOR_MEMBERS), _some(box.reasons, _ENOUGH_FOR_MEMBERS)
    needed = {}
    for at in members:
        used = {reason[at] for reason in reasons}
        between = sorted(used)
        values = [point[at] for point in points]
        # Those next to each other share one; those that have a value in common with an innocent flow get one each.
        shared = {bisect_left(between, value) for value in set(values) - used}
        needed[at] = len(shared) + sum(value in used for value in values)
    return needed


def _some(of: list[Any], enough: int) -> list[Any]:
    return of[:: -(-len(of) // enough)] if of else of


def _mixed(points: int, reasons: int) -> float:
    return points * reasons / (points + reasons) if points else 0.0


class _Cut(NamedTuple):
    """How much the two parts of a cut are still mixed with innocent flows, and how large the smaller one is."""

    mixed: float
    smaller: int

    @classmethod
    def of(cls, parts: tuple[list[Point], list[Point]], reasons: list[Flow], by_age: bool) -> _Cut:
        """Return what a cut is worth."""
        mixed = 0.0
        for points in filter(None, parts):
            part = _Box(points)
            inside = part.inside(reasons)
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


def _bounds(box: _Box, points: list[Point], reasons: list[Flow], by_age: bool) -> Iterator[Bound]:
    """Yield where a box, of which points and reasons are some, can be cut: one place for each member and protocol."""
    for at in (DESTINATION_PORT, SOURCE_PORT):
        port = _port_bound(list(map(itemgetter(at), points)), [reason[at] for reason in reasons])
        if port is not None:
            yield at, port
    if len(box.protocols) > 1:
        yield from ((PROTOCOL, protocol) for protocol in sorted(box.protocols))
    for at, (first, last) in ((DESTINATION, box.destination), (SOURCE, box.source)):
        if first != last:
            # The middle of the smallest network is where its two halves begin, and both have points.
            yield at, (first + last + 1) // 2
    old = _age_to_spare(max(map(itemgetter(AGE), box.reasons), default=ABSENT)) + SURE_AGE
    if by_age and box.reasons and box.youngest < old <= max(map(itemgetter(AGE), box.points)):
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


# -- holding against the capture ---------------------------------------------------------------------------------------

Hit = Callable[[Flow], None]


def _try(boxes: Sequence[_Box], innocents: Innocents) -> Innocents:
    """Hold boxes against the innocent flows, each then knows what is inside; return a reading of those that hit."""
    exact: dict[tuple[int, ...], Hit] = {}
    loose: dict[tuple[int, ...], list[tuple[Point, Hit]]] = {}
    wide: list[_Box] = []
    most = max(_FEWEST_REASONS, _REASONS // len(boxes))
    for box in boxes:
        box.most = most
        point = box.points[0]
        if len(box.points) > 1:
            wide.append(box)
        elif ABSENT in point[SOURCE_PORT:AGE]:
            loose.setdefault(point[:SOURCE_PORT], []).append((point, box.hit))
        else:
            exact[point[:AGE]] = box.hit
    if exact or loose:
        for page in innocents():
            for flow in page:
                hit = exact.get(flow[:AGE])
                if hit is not None:
                    hit(flow)
                for known, hit in loose.get(flow[:SOURCE_PORT], ()) if loose else ():
                    # A filter without a port condition matches every port.
                    if all(known[at] in (ABSENT, flow[at]) for at in (SOURCE_PORT, DESTINATION_PORT)):
                        hit(flow)
    nearby: list[Flow] = []
    for start in range(0, len(wide), AT_ONCE):
        batch = wide[start : start + AT_ONCE]
        hits = [box.hit for box in batch]
        for matched, flow in matches([box.spans() for box in batch], innocents()):
            for at in bits_of(matched):
                hits[at](flow)
            if len(nearby) <= _MOST_NEARBY:
                nearby.append(flow)
    # In several readings a flow may have been met more than once.
    return innocents if len(wide) > AT_ONCE or len(nearby) > _MOST_NEARBY else lambda: [nearby]


def _proved(compiled: Compiled, findings: Findings, innocents: Innocents, minimum_flow_age: int) -> list[Cutting]:
    """Return the cuttings with what they match, as they read when written; raise FlowOpsError unless that is right."""
    cuttings, lost = compiled.cuttings, set(compiled.inseparable)
    points = {point[:_FLOWS]: point for each in findings.points() for point in each}
    wanted = {flow: point[_FLOWS] for flow, point in points.items() if point[_KEY] not in lost}
    matched = [0] * len(cuttings)
    covered: set[Flow] = set()
    for start in range(0, len(cuttings), AT_ONCE):
        batch = cuttings[start : start + AT_ONCE]
        sets = [spans_of(cutting.written) for cutting in batch]
        for mask, flow in matches(sets, innocents()):
            if any(batch[at].lowest_age <= flow[AGE] and not batch[at].collateral for at in bits_of(mask)):
                raise FlowOpsError("The flush plan would cut an innocent flow, so it is not given; please report this.")
        for mask, flow in matches(sets, [list(points)]):
            for at in bits_of(mask):
                # What is there is as old as the capture asked for, whether its age is known or not.
                if batch[at].lowest_age <= max(flow[AGE], minimum_flow_age):
                    matched[start + at] += points[flow][_FLOWS]
                    covered.add(flow)
    if not covered.issuperset(wanted) or sum(wanted.values()) != sum(cutting.flow_count for cutting in cuttings):
        raise FlowOpsError("The flush plan does not match its findings, so it is not given; please report this.")
    return [cutting._replace(matched=count) for cutting, count in zip(cuttings, matched, strict=True)]
