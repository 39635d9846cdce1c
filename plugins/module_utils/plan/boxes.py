# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings as points, and the boxes around some of them: each the smallest filter that matches all of its points."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
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
    number_of,
)
from ..flows.protocols import WITH_PORTS, name_of

# Source, destination, protocol number, source port, destination port; the ports are None where there are none.
FlowKey = tuple[str, str, int, Any, Any]
# A flush asks for a few seconds more of age than the capture says, so that no flow born since is cut. A finding that an
# age sets apart from innocent flows has to be older than they are by more than that, or it would never be cut.
SURE_AGE = 10
# Ages and times come in whole seconds: when a flow is seen again, it may look older by so many than it was.
ROUNDING = 2
# So many innocent flows that hit a box are kept, to find where to cut it up.
MOST_KEPT = 6144

# What stands where in a point, behind the members of a flow.
FLOWS: Final = 6
KEY: Final = 7
_ANY_PORT = (UNKNOWN, LAST_PORT)

Point = tuple[int, int, int, int, int, int, int, FlowKey]


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
    if UNKNOWN in ends or (ends[0] < IPV6) != (ends[1] < IPV6):
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


def age_to_spare(oldest: int) -> int:
    """Return the lowest minimum age (seconds) of a flush that spares innocent flows, the oldest of that age."""
    return oldest + 1 + ROUNDING


class Box:
    """The smallest filter that matches some points, and what is known to be inside beside them."""

    def __init__(self, points: list[Point]) -> None:
        self.points = points
        self.source = _network(map(itemgetter(SOURCE), points))
        self.destination = _network(map(itemgetter(DESTINATION), points))
        self.protocols = frozenset(map(itemgetter(PROTOCOL), points))
        self.ports = tuple(_port_span(map(itemgetter(at), points)) for at in (SOURCE_PORT, DESTINATION_PORT))
        self.youngest = min(map(itemgetter(AGE), points))
        self.innocent: list[Flow] = []
        self.hits = 0
        self.oldest_hit = ABSENT
        self.oldest: list[Flow] = []
        self.sample: dict[Flow, int] = {}
        self.last_rank = EVER
        self.most = MOST_KEPT

    def inside(self, innocent: Iterable[Flow]) -> list[Flow]:
        """Return those flows of the same IP version that are inside."""
        (source, last_source), (destination, last_destination) = self.source, self.destination
        (source_port, last_source_port), (port, last_port) = (span or _ANY_PORT for span in self.ports)
        protocols = self.protocols
        return [
            flow
            for flow in innocent
            if port <= flow[DESTINATION_PORT] <= last_port
            and destination <= flow[DESTINATION] <= last_destination
            and source <= flow[SOURCE] <= last_source
            and flow[PROTOCOL] in protocols
            and source_port <= flow[SOURCE_PORT] <= last_source_port
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
