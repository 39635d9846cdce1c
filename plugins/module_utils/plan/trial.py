# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter to try alone before any other: the one that would do least harm if filters meant something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..flows.matching import (
    ABSENT,
    AGE,
    DESTINATION,
    DESTINATION_PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    UNKNOWN,
    Flow,
    flows_of,
)
from ..flows.protocols import WITH_PORTS, name_of
from .identity import Identified, Moment, is_one_of, key_of, reversed_key, scope_value

# So many findings, those whose addresses have the fewest flows, are tried with more conditions than their addresses.
_LOOKED_AT = 16
# What is given beside the addresses, in this order, until the filter matches no flow to spare.
_CONDITIONS: tuple[tuple[int, ...], ...] = (
    (),
    (SOURCE_PORT,),
    (DESTINATION_PORT,),
    (SOURCE_PORT, DESTINATION_PORT),
    (PROTOCOL,),
    (PROTOCOL, SOURCE_PORT, DESTINATION_PORT),
)

# Reads the captured flow records anew, in pages.
Captured = Callable[[], Iterable[Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True)
class Trial:
    """One filter for one finding: where, as people write it, and how many captured flows it would hit at the worst.

    The worst is conditions joined by OR, either direction counted and age ignored.
    """

    scope: str
    flow_filter: dict[str, Any]
    hit_at_worst: int


@dataclass(frozen=True)
class _Candidate:
    """A finding's record, and the conditions of a filter for it beside its addresses."""

    scope: str
    flow: Flow
    record: Mapping[str, Any]
    conditions: tuple[int, ...]

    def matches(self, flow: Flow) -> bool:
        """Return whether the filter perhaps matches a flow: what is not known of it may be anything."""
        wanted = self.flow
        return all(flow[at] == wanted[at] or flow[at] < 0 for at in (SOURCE, DESTINATION, *self.conditions))

    def would_hit(self, flow: Flow) -> bool:
        """Return whether any condition alone perhaps matches a flow, in either direction."""
        ends = {self.flow[SOURCE], self.flow[DESTINATION], UNKNOWN}
        if flow[SOURCE] in ends or flow[DESTINATION] in ends:
            return True
        ports = {self.flow[at] for at in self.conditions if at != PROTOCOL} | {ABSENT, UNKNOWN}
        if len(ports) > 2 and (flow[SOURCE_PORT] in ports or flow[DESTINATION_PORT] in ports):
            return True
        return PROTOCOL in self.conditions and flow[PROTOCOL] in (self.flow[PROTOCOL], UNKNOWN)

    def written(self) -> dict[str, Any]:
        """Return the filter as people write it."""
        names = {SOURCE_PORT: "source_port", DESTINATION_PORT: "destination_port"}
        written = {name: self.record[name] for name in ("source_address", "destination_address")}
        written.update({names[at]: self.flow[at] for at in self.conditions if at in names})
        return {**written, "protocols": [name_of(self.flow[PROTOCOL])]} if PROTOCOL in self.conditions else written


def trials(findings: Identified, captured: Captured, moment: Moment, scope: str | None = None) -> list[Trial]:
    """Return filters to try, each for one finding, the least harmful first; none where none spares every other flow.

    captured reads the flow records of the capture of that moment anew, three times; what is no finding is spared.
    """
    touched = _touched(findings, captured, scope)
    chosen = _least_touched(findings, captured, moment, scope, touched)
    candidates = [
        _Candidate(where, flow, record, conditions)
        for where, flow, record in chosen
        for conditions in _CONDITIONS
        if min((flow[at] for at in conditions), default=0) >= 0
    ]
    hits, spoiled = [0] * len(candidates), [False] * len(candidates)
    for record, flow in _flows(captured):
        where = scope_value(record, scope)
        spared = not _is_finding(findings, record, flow, moment, where)
        for number, candidate in enumerate(candidates):
            if candidate.scope == where and candidate.would_hit(flow):
                hits[number] += 1
                spoiled[number] = spoiled[number] or (spared and candidate.matches(flow))
    return _best(candidates, hits, spoiled)


def _best(candidates: Sequence[_Candidate], hits: Sequence[int], spoiled: Sequence[bool]) -> list[Trial]:
    """Return of each finding the least harmful filter that spares every other flow, the least harmful first."""
    best: dict[int, Trial] = {}
    for candidate, hit, is_spoiled in zip(candidates, hits, spoiled, strict=True):
        known = best.get(id(candidate.record))
        if not is_spoiled and (known is None or hit < known.hit_at_worst):
            best[id(candidate.record)] = Trial(candidate.scope, candidate.written(), hit)
    return sorted(best.values(), key=lambda trial: (trial.hit_at_worst, trial.scope, str(trial.flow_filter)))


def _flows(captured: Captured) -> Iterator[tuple[Mapping[str, Any], Flow]]:
    for page in captured():
        for record, flow in zip(page, flows_of(page), strict=True):
            # Where there are no ports, whatever is written in their place may match any condition on ports.
            has_ports = flow[PROTOCOL] in WITH_PORTS or flow[PROTOCOL] == UNKNOWN
            yield record, flow if has_ports else (*flow[:SOURCE_PORT], ABSENT, ABSENT, flow[AGE])


def _touched(findings: Identified, captured: Captured, scope: str | None) -> Counter[tuple[Any, ...]]:
    """Return how many flows have each address of a finding at either end, and how many have both of a finding's."""
    pairs = {(key[0], *sorted(key[1:3])) for key in findings.known()}
    ends = {(key[0], address) for key in findings.known() for address in key[1:3]}
    touched: Counter[tuple[Any, ...]] = Counter()
    for record, flow in _flows(captured):
        where = scope_value(record, scope)
        addresses = {flow[SOURCE], flow[DESTINATION]}
        touched.update(end for address in addresses if (end := (where, address)) in ends)
        pair = (where, *sorted((flow[SOURCE], flow[DESTINATION])))
        if pair in pairs:
            touched[pair] += 1
    return touched


def _least_touched(
    findings: Identified, captured: Captured, moment: Moment, scope: str | None, touched: Counter[tuple[Any, ...]]
) -> list[tuple[str, Flow, Mapping[str, Any]]]:
    """Return the findings whose addresses have the fewest flows, each with its scope and its flow record."""

    def cost(where: str, flow: Flow) -> int:
        ends = {(where, flow[SOURCE]), (where, flow[DESTINATION])}
        pair = (where, *sorted((flow[SOURCE], flow[DESTINATION])))
        return sum(touched[end] for end in ends) - (touched[pair] if len(ends) > 1 else 0)

    best: list[tuple[tuple[Any, ...], str, Flow, Mapping[str, Any]]] = []
    for record, flow in _flows(captured):
        where = scope_value(record, scope)
        if key_of(flow, where) is None or not _is_finding(findings, record, flow, moment, where, False):
            continue
        best.append(((cost(where, flow), where, *flow), where, flow, record))
        if len(best) > 64 * _LOOKED_AT:
            best = sorted(best, key=lambda item: item[0])[:_LOOKED_AT]
    return [(where, flow, record) for _cost, where, flow, record in sorted(best, key=lambda item: item[0])[:_LOOKED_AT]]


def _is_finding(
    findings: Identified, record: Mapping[str, Any], flow: Flow, moment: Moment, where: str, either: bool = True
) -> bool:
    """Return whether a captured flow is a finding, or if either direction counts, the other direction of one."""
    key, at = key_of(flow, where), moment.birth(flow[AGE])
    if key is None or at is None:
        return False
    keys = (key, reversed_key(key)) if either else (key,)
    return any(is_one_of(at, findings.births(each), findings.tolerance(where, moment)) for each in keys)
