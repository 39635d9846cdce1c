# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings as points, and the boxes around some of them: each the smallest filter that matches all of its points."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final
from zlib import crc32

from ..flows.addresses import IPV6, Span, text_of
from ..flows.matching import (
    ABSENT,
    AGE,
    DESTINATION,
    DESTINATION_PORT,
    EVER,
    LAST_PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    UNKNOWN,
    Flow,
    Spans,
    flows_of,
    number_of,
)
from ..flows.protocols import WITH_PORTS, name_of
from .identity import ROUNDING

# Source, destination, protocol number, source port, destination port; the ports are None where there are none.
FlowKey = tuple[str, str, int, Any, Any]
# A flush asks for a few seconds more of age than the capture says, so that no flow born since is cut. A finding that an
# age sets apart from innocent flows has to be older than they are by more than that, or it would never be cut.
SURE_AGE = 10
# So many innocent flows that hit a box are kept, to find where to cut it up.
MOST_KEPT = 6144

# What stands where in a point, behind the members of a flow.
FLOWS: Final = 6
KEY: Final = 7
_ANY_PORT = (UNKNOWN, LAST_PORT)

Point = tuple[int, int, int, int, int, int, int, FlowKey]


def key_of(record: Mapping[str, Any]) -> FlowKey | None:
    """Return a flow record's 5-tuple, None when a filter could not name it exactly, for some of it is not known."""
    (flow,) = flows_of([record])
    return _key_of(flow)


def _key_of(flow: Flow) -> FlowKey | None:
    source, destination, protocol, source_port, port = flow[:AGE]
    if UNKNOWN in (source, destination, protocol) or (source < IPV6) != (destination < IPV6):
        return None
    if protocol not in WITH_PORTS:
        return _text(source), _text(destination), protocol, None, None
    if min(source_port, port) < 0:
        return None
    return _text(source), _text(destination), protocol, source_port, port


@lru_cache(maxsize=16384)
def _text(address: int) -> str:
    return text_of(6, address - IPV6) if address >= IPV6 else text_of(4, address)


class Findings:
    """The 5-tuples of one capture's findings, each with the ages (seconds, ABSENT for unknown) of its flows."""

    def __init__(self) -> None:
        self.flows: dict[FlowKey, list[int]] = {}
        self.unnamable = 0

    def add(self, record: Mapping[str, Any]) -> bool:
        """Add one finding's flow record; return whether a filter can name it."""
        return self.add_all([record])[0]

    def add_all(self, records: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Add findings' flow records; return for each whether a filter can name it."""
        named = []
        for flow in flows_of(records):
            key = _key_of(flow)
            named.append(key is not None)
            if key is None:
                self.unnamable += 1
            else:
                self.flows.setdefault(key, []).append(ABSENT if flow[AGE] == EVER else flow[AGE])
        return named

    def other_directions(self) -> OtherDirections:
        """Return what tells the records of the findings' connections in the other direction."""
        return OtherDirections(self.flows)

    def points(self) -> list[list[Point]]:
        """Return the findings as points, by IP version, in an order that does not depend on the capture's."""
        points: list[list[Point]] = [[], []]
        for key, ages in self.flows.items():
            source, destination = number_of(key[0]), number_of(key[1])
            source_port, port = (ABSENT if port is None else port for port in key[3:])
            points[source >= IPV6].append((source, destination, key[2], source_port, port, min(ages), len(ages), key))
        for of_version in points:
            of_version.sort(key=itemgetter(slice(AGE)))
        return [of_version for of_version in points if of_version]


class OtherDirections:
    """The other directions of findings' connections: the same ends the other way round, and the same birth."""

    def __init__(self, flows: Mapping[FlowKey, Sequence[int]]) -> None:
        self._ages: dict[tuple[int, ...], Sequence[int]] = {}
        for (source, destination, protocol, source_port, port), ages in flows.items():
            ports = (ABSENT, ABSENT) if port is None else (port, source_port)
            own = (number_of(source), number_of(destination), protocol, source_port, port)
            other = (own[1], own[0], protocol, *ports)
            # A connection from an address to itself, from a port to the same one, has but one 5-tuple.
            if other[:2] != own[:2] or source_port != port:
                self._ages[other] = ages

    def has(self, flow: Flow) -> bool:
        """Return whether a flow is surely one of them, which need not be spared."""
        ports = flow[SOURCE_PORT:AGE] if flow[PROTOCOL] in WITH_PORTS else (ABSENT, ABSENT)
        ages = self._ages.get((*flow[:SOURCE_PORT], *ports), ())
        return any(age != ABSENT and abs(age - flow[AGE]) <= ROUNDING for age in ages)


def age_to_spare(oldest: int) -> int:
    """Return the lowest minimum age (seconds) of a flush that spares innocent flows, the oldest of that age."""
    return oldest + 1 + ROUNDING


class Box:
    """The smallest filter that matches some points, and what is known to be inside beside them."""

    def __init__(self, points: list[Point]) -> None:
        self.points = points
        sources, destinations, protocols, source_ports, ports, ages, _flows, _keys = zip(*points, strict=True)
        self.source = _network(sources)
        self.destination = _network(destinations)
        self.protocols = frozenset(protocols)
        self.ports = (_port_span(source_ports), _port_span(ports))
        self.youngest = min(ages)
        self.innocent: list[Flow] = []
        self.hits = 0
        self.oldest_hit = ABSENT
        self.oldest: list[Flow] = []
        self.sample: dict[Flow, int] = {}
        self.last_rank = EVER
        self.most = MOST_KEPT

    def inside(self, innocent: Iterable[Flow]) -> list[Flow]:
        """Return those flows that are inside, or may be as far as is known."""
        (source, last_source), (destination, last_destination) = self.source, self.destination
        (source_port, last_source_port), (port, last_port) = (span or _ANY_PORT for span in self.ports)
        protocols = self.protocols
        return [
            flow
            for flow in innocent
            if (port <= flow[DESTINATION_PORT] <= last_port or flow[DESTINATION_PORT] < 0)
            and (destination <= flow[DESTINATION] <= last_destination or flow[DESTINATION] < 0)
            and (source <= flow[SOURCE] <= last_source or flow[SOURCE] < 0)
            and (flow[PROTOCOL] in protocols or flow[PROTOCOL] < 0)
            and (source_port <= flow[SOURCE_PORT] <= last_source_port or flow[SOURCE_PORT] < 0)
        ]

    def apart_by_age(self, oldest: int) -> bool:
        """Return whether every finding is surely older than the oldest innocent flow inside (seconds)."""
        return bool(self.youngest >= age_to_spare(oldest) + SURE_AGE)

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
        sample = (flow for flow, _rank in self._first_ranks())
        return list(dict.fromkeys([*self.innocent, *self.oldest, *sample]))

    def forget(self) -> None:
        """Forget which innocent flows are inside, of which no more is asked than how many and how old they are."""
        self.innocent, self.oldest, self.sample = [], [], {}

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


def _network(addresses: Sequence[int]) -> Span:
    """Return the first and the last address of the smallest network that has all of them."""
    low, high = min(addresses), max(addresses)
    host = (1 << (low ^ high).bit_length()) - 1
    return low & ~host, high | host


def _network_text(span: Span) -> str:
    version, bits, first = (6, 128, span[0] - IPV6) if span[0] >= IPV6 else (4, 32, span[0])
    host_bits = (span[1] - span[0]).bit_length()
    return f"{text_of(version, first)}/{bits - host_bits}" if host_bits else text_of(version, first)


def _port_span(ports: Sequence[int]) -> Span | None:
    """Return the lowest and the highest port, None when a flow without ports is among them, which no span matches."""
    low = min(ports)
    return None if low == ABSENT else (low, max(ports))
