# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regions of flows: for each member the numbers that it may be, so that what rules leave of them can be computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from .addresses import parse_span
from .filters import parse_ports, parse_protocol
from .matching import ABSENT, ADDRESSES, LAST_COUNT, LAST_PORT, LAST_PROTOCOL
from .spans import Span, common, merged, without

Spans = tuple[Span, ...]

EVERY_ADDRESS: Final[Spans] = tuple(ADDRESSES)
EVERY_PROTOCOL: Final[Spans] = ((0, LAST_PROTOCOL),)
# A flow that AWS shows without a port is at ABSENT, beside all ports.
EVERY_PORT: Final[Spans] = ((ABSENT, LAST_PORT),)
EVERY_AGE: Final[Spans] = ((0, LAST_COUNT),)


class Region(NamedTuple):
    """The flows whose members are all in the spans; addresses are on one line, ages in seconds."""

    # In this order a region is cut up: addresses take the most filters, so that they are cut last.
    protocol: Spans = EVERY_PROTOCOL
    destination_port: Spans = EVERY_PORT
    source_port: Spans = EVERY_PORT
    source: Spans = EVERY_ADDRESS
    destination: Spans = EVERY_ADDRESS
    age: Spans = EVERY_AGE

    @property
    def is_empty(self) -> bool:
        """Whether no flow is in it."""
        return not all(self)

    def turned(self) -> Region:
        """Return the region of the same flows in their other direction."""
        return self._replace(
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
        )


WHOLE: Final = Region()


def shared(one: Region, other: Region) -> Region | None:
    """Return the flows that are in both regions, None when there are none."""
    found = []
    for mine, theirs in zip(one, other, strict=True):
        spans = mine if mine is theirs else common(mine, theirs)
        if not spans:
            return None
        found.append(spans)
    return Region(*found)


def left_of(region: Region, hole: Region) -> list[Region]:
    """Return what is left of a region without another one, in parts that share no flow."""
    if shared(region, hole) is None:
        return [region]
    parts = []
    rest = region
    for member in Region._fields:
        mine, theirs = getattr(rest, member), getattr(hole, member)
        outside = without(mine, theirs)
        if outside:
            parts.append(rest._replace(**{member: outside}))
            rest = rest._replace(**{member: common(mine, theirs)})
    return parts


def narrowed(region: Region, holes: Iterable[Region], most: int) -> list[Region]:
    """Return parts that have all flows of a region that are in none of the holes, at most so many.

    A hole that would make too many parts is left alone, so that there may be more flows in the parts, never fewer.
    """
    parts = [region]
    for hole in holes:
        cut = [part for whole in parts for part in left_of(whole, hole)]
        if not cut:
            return []
        if len(cut) <= most:
            parts = cut
    return parts


def region_of(written: Mapping[str, Any]) -> Region:
    """Return the flows that a filter matches, as people write it and already checked."""
    members: dict[str, Sequence[Span]] = {}
    for member, name in (("source", "source_address"), ("destination", "destination_address")):
        if written.get(name) is not None:
            members[member] = [parse_span(str(written[name]).strip(), name)]
    for name in ("source_port", "destination_port"):
        ports = None if written.get(name) is None else parse_ports(written[name], name)
        if ports is not None:
            members[name] = [ports]
    if written.get("protocols"):
        members["protocol"] = list(_points(parse_protocol(value, "protocols") for value in written["protocols"]))
    return WHOLE._replace(**{member: merged(spans) for member, spans in members.items()})


def _points(numbers: Iterable[int]) -> Iterator[Span]:
    return ((number, number) for number in numbers)
