# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flush compiler: few filters that match every finding of a capture and no other flow of it.

It begins with one box around all findings and cuts it in two wherever a flow that must be spared is known to be inside,
until none is. Then the whole capture is held against the boxes; the flows that were hit are the next ones known, and so
on until none is hit. Memory grows with the findings, not with the capture, which is read a few times over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import FlowOpsError
from ..flows.matching import AGE, AT_ONCE, Flow, spans_of
from .boxes import FLOWS, KEY, MOST_KEPT, SURE_AGE, Box, Findings, FlowKey, OtherDirections, age_to_spare
from .cuts import Allowed, cut_up
from .hits import hits

_FEWEST_KEPT = 32
# So many of the flows that hit something are kept at hand for the next round.
_MOST_NEARBY = 50_000
# After so many rounds, or with so many boxes, what is not yet clear of innocent flows is cut up into single 5-tuples.
_MOST_ROUNDS = 8
_MOST_BOXES = 8 * AT_ONCE

# Reads the flows to be spared anew, in pages.
Innocents = Callable[[], Iterable[Sequence[Flow]]]


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
    allowed = Allowed(api_filters, by_age)
    compiled = Compiled(inseparable_flow_count=findings.unnamable)
    groups = (group for points in findings.points() for group in allowed.groups(points))
    untried = [box for group in groups for box in cut_up(group, [], allowed)]
    cleared: list[Box] = []
    rounds = 0
    nearby, others = innocents, findings.other_directions()
    while untried:
        # What is cut up lies in what was hit, so only the flows that hit something can hit its parts.
        nearby = _try(untried, nearby, others)
        rounds += 1
        hit: list[Box] = []
        for box in untried:
            if not box.hits or (allowed.clears(box, box.oldest_hit) and allowed.allows(box)):
                box.forget()
                cleared.append(box)
            elif len(box.points) > 1:
                hit.append(box)
            else:
                _leave_out(compiled, box, minimum_flow_age, allow_collateral)
        untried = []
        for box in hit:
            if rounds >= _MOST_ROUNDS or len(cleared) + len(untried) > _MOST_BOXES:
                untried.extend(Box([point]) for point in box.points)
            else:
                untried.extend(cut_up(box.points, box.known(), allowed))
            box.forget()
    for box in cleared:
        if allowed.allows(box):
            compiled.cuttings.append(_cutting(box, minimum_flow_age))
        else:
            _leave_out(compiled, box, minimum_flow_age, False)
    compiled.cuttings.sort(key=_order)
    compiled.inseparable.sort(key=str)
    compiled.cuttings = _proved(compiled, findings, innocents, minimum_flow_age)
    return compiled


def _leave_out(compiled: Compiled, box: Box, minimum_flow_age: int, allow_collateral: bool) -> None:
    (point,) = box.points
    if allow_collateral:
        cutting = _cutting(box, minimum_flow_age)
        compiled.cuttings.append(
            cutting._replace(lowest_age=minimum_flow_age, highest_age=minimum_flow_age, collateral=box.hits)
        )
    else:
        compiled.inseparable.append(point[KEY])
        compiled.inseparable_flow_count += point[FLOWS]


def _cutting(box: Box, minimum_flow_age: int) -> Cutting:
    lowest = max(minimum_flow_age, age_to_spare(box.oldest_hit)) if box.hits else minimum_flow_age
    return Cutting(
        box.written(), sum(point[FLOWS] for point in box.points), lowest, max(lowest, box.youngest - SURE_AGE)
    )


def _order(cutting: Cutting) -> tuple[Any, ...]:
    return cutting.lowest_age, str(cutting.written)


def _try(boxes: Sequence[Box], innocents: Innocents, others: OtherDirections) -> Innocents:
    """Hold boxes against the innocent flows, each then knows what is inside; return a reading of those that hit."""
    most = max(_FEWEST_KEPT, MOST_KEPT // len(boxes))
    for box in boxes:
        box.most = most
    singles = [box for box in boxes if len(box.points) == 1]
    for places, flow in hits([box.spans() for box in singles], innocents, perhaps=True):
        if not others.has(flow):
            for at in places:
                singles[at].hit(flow)
    wide = [box for box in boxes if len(box.points) > 1]
    nearby: list[Flow] = []
    # In several readings a flow may be met more than once.
    most_nearby = _MOST_NEARBY if len(wide) <= AT_ONCE else -1
    for places, flow in hits([box.spans() for box in wide], innocents, perhaps=True):
        if others.has(flow):
            continue
        for at in places:
            wide[at].hit(flow)
        if len(nearby) <= most_nearby:
            nearby.append(flow)
    return innocents if len(nearby) > most_nearby else lambda: [nearby]


def _proved(compiled: Compiled, findings: Findings, innocents: Innocents, minimum_flow_age: int) -> list[Cutting]:
    """Return the cuttings with what they match, as they read when written; raise FlowOpsError unless that is right."""
    cuttings, lost = compiled.cuttings, set(compiled.inseparable)
    points = {point[:FLOWS]: point for each in findings.points() for point in each}
    wanted = {flow: point[FLOWS] for flow, point in points.items() if point[KEY] not in lost}
    matched = [0] * len(cuttings)
    covered: set[Flow] = set()
    others = findings.other_directions()
    sets = [spans_of(cutting.written) for cutting in cuttings]
    for places, flow in hits(sets, innocents, perhaps=True):
        if others.has(flow):
            continue
        if any(cuttings[at].lowest_age <= flow[AGE] and not cuttings[at].collateral for at in places):
            raise FlowOpsError("The flush plan would cut an innocent flow, so it is not given; please report this.")
    for places, flow in hits(sets, lambda: [list(points)]):
        for at in places:
            # What is there is as old as the capture asked for, whether its age is known or not.
            if cuttings[at].lowest_age <= max(flow[AGE], minimum_flow_age):
                matched[at] += points[flow][FLOWS]
                covered.add(flow)
    if not covered.issuperset(wanted) or sum(wanted.values()) != sum(cutting.flow_count for cutting in cuttings):
        raise FlowOpsError("The flush plan does not match its findings, so it is not given; please report this.")
    return [cutting._replace(matched=count) for cutting, count in zip(cuttings, matched, strict=True)]
