# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules the packets of a flow match, for many flows at once: flows that match the same rules share one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

from ..flows.addresses import LAST_ADDRESS, on_line
from ..flows.matching import LAST_PORT, MEMBERS, Condition
from . import keywords
from .entries import Entry, boxes_of
from .headers import Addresses, Ports
from .packets import DATAGRAMS, ODD, TCP_TALKS, WITHOUT_FLOW, Conversation
from .ruleset import Header
from .tables import table_of
from .walk import MAYBE, NO, YES

# The lowest bits of a key say what a flow is, those above which rules match.
_TCP, _UDP, _SCTP, _ICMP, _ICMP6, _GRE, _INNER, _OTHER = range(8)
_KINDS: Final = 8
_VERSION_4, _VERSION_6, _NO_TUNNEL_PORT = 8, 9, 10
_ABOUT: Final = 11
_KIND_BITS: Final = (1 << _KINDS) - 1
_SAME_ADDRESS: Final = 1 << _ABOUT
_SHIFT: Final = _ABOUT + 1

# Packets in packets: each inner one meets the rules as well.
_CARRIERS = frozenset({4, 41})
_TUNNEL_PORTS = frozenset({3544, 4789, 6081})
_PROTOCOLS: Mapping[int, frozenset[int]] = {
    _TCP: frozenset({keywords.TCP}),
    _UDP: frozenset({keywords.UDP}),
    _SCTP: frozenset({keywords.SCTP}),
    _ICMP: frozenset({keywords.ICMP}),
    _ICMP6: frozenset({keywords.ICMP6}),
    _GRE: frozenset({keywords.GRE}),
    _INNER: _CARRIERS,
    _OTHER: keywords.EVERY_PROTOCOL - keywords.WITH_PORTS - {keywords.ICMP, keywords.ICMP6, keywords.GRE} - _CARRIERS,
}
_CONVERSATIONS: Mapping[int, tuple[Conversation, ...]] = {
    _TCP: TCP_TALKS,
    _UDP: DATAGRAMS,
    _SCTP: DATAGRAMS,
    _ICMP: DATAGRAMS,
    _ICMP6: DATAGRAMS,
    _GRE: WITHOUT_FLOW,
    _INNER: ODD,
    _OTHER: ODD,
}


_MEMBERS = ("protocol_number", "destination_port", "source_port", "destination_address", "source_address")
_members_of = itemgetter(*_MEMBERS)


class Fit(NamedTuple):
    """How the headers of one entry fit the packets that a flow's source sends, and those of its destination."""

    place: int
    source: int
    destination: int


class What(NamedTuple):
    """What a key says of a flow apart from rules."""

    conversations: tuple[Conversation, ...]
    # Whether a packet of it may hold packets that meet the rules on their own.
    tunnel: bool
    same_address: bool
    # Whether the members of the flow go together at all.
    possible: bool
    tcp: bool
    udp: bool
    # Whether it is not known how Suricata treats its packets.
    odd: bool


class Keys:
    """The key of a flow: which entries match its packets, for sure or perhaps, in either direction."""

    def __init__(self, entries: Sequence[Entry], tcp_talks: tuple[Conversation, ...]) -> None:
        self._conversations = {**_CONVERSATIONS, _TCP: tcp_talks}
        boxes = list(boxes_of(entries))
        self._places = [place for place, _header in boxes]
        self._boxes = len(boxes)
        self._asks_same_address = any(entry.kind.same_address for entry in entries)
        headers = [header for _place, header in boxes]
        self._protocol = _protocols(headers)
        self._destination_port = _ports(headers, "destination_port", "source_port")
        self._source_port = _ports(headers, "source_port", "destination_port")
        self._destination = _addresses(headers, "destination", "source")
        self._source = _addresses(headers, "source", "destination")

    def of(self, records: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return the key of each flow record."""
        try:
            members = list(map(_members_of, records))
        except KeyError:
            members = [tuple(map(record.get, _MEMBERS)) for record in records]
        protocols, ports, source_ports = self._protocol, self._destination_port, self._source_port
        destinations, sources = self._destination, self._source
        keys = [
            protocols[protocol] & ports[port] & source_ports[source_port] & destinations[destination] & sources[source]
            for protocol, port, source_port, destination, source in members
        ]
        if self._asks_same_address:
            return [
                key if destination == source else key & ~_SAME_ADDRESS
                for key, (_protocol, _port, _source_port, destination, source) in zip(keys, members, strict=True)
            ]
        return keys

    def fits(self, key: int) -> list[Fit]:
        """Return the entries that a key's flow may match, in their order."""
        size, places = self._boxes, self._places
        bits = key >> _SHIFT
        sure, perhaps = bits & ((1 << 2 * size) - 1), bits >> 2 * size
        found: dict[int, list[int]] = {}
        while perhaps:
            lowest = perhaps & -perhaps
            perhaps ^= lowest
            side, box = divmod(lowest.bit_length() - 1, size)
            fit = found.setdefault(places[box], [NO, NO])
            fit[side] = max(fit[side], YES if sure & lowest else MAYBE)
        return [Fit(place, *found[place]) for place in sorted(found)]

    def what(self, key: int) -> What:
        """Return what a key says of its flow apart from rules."""
        kinds = [kind for kind in range(_KINDS) if key >> kind & 1]
        versions = key >> _VERSION_4 & 1 or key >> _VERSION_6 & 1
        conversations = dict.fromkeys(talk for kind in kinds for talk in self._conversations[kind])
        tunnel = any(kind in (_GRE, _INNER) or (kind == _UDP and not key >> _NO_TUNNEL_PORT & 1) for kind in kinds)
        return What(
            tuple(conversations),
            tunnel,
            same_address=bool(key & _SAME_ADDRESS),
            possible=bool(kinds and versions),
            tcp=kinds == [_TCP],
            udp=kinds == [_UDP],
            odd=len(kinds) > 1 or kinds[:1] in ([_INNER], [_OTHER]),
        )


def _spans(*spans: tuple[int, int], absent: bool = False) -> Condition:
    return Condition(spans, absent)


def _protocols(headers: Sequence[Header]) -> dict[Any, int]:
    about: list[Condition | None] = [
        _spans(*((n, n) for n in sorted(_PROTOCOLS[kind])), absent=True) for kind in range(_KINDS)
    ]
    about += [None] * (_SHIFT - _KINDS)
    sure: list[Condition | None] = []
    perhaps: list[Condition | None] = []
    for header in headers:
        ported = header.source_port is not None or header.destination_port is not None
        numbers = header.protocols & keywords.WITH_PORTS if ported else header.protocols
        if numbers == keywords.EVERY_PROTOCOL:
            sure.append(None)
            perhaps.append(None)
            continue
        spans = [(number, number) for number in sorted(numbers)]
        sure.append(_spans(*spans))
        perhaps.append(_spans(*spans, absent=bool(spans)))
    return table_of([*about, *sure, *sure, *perhaps, *perhaps], MEMBERS["protocol_number"])


def _ports(headers: Sequence[Header], own: str, other: str) -> dict[Any, int]:
    about: list[Condition | None] = [None] * _SHIFT
    tunnels = sorted(_TUNNEL_PORTS)
    edges = [-1, *tunnels, LAST_PORT + 1]
    about[_NO_TUNNEL_PORT] = _spans(*((a + 1, b - 1) for a, b in pairwise(edges)))
    halves: list[Condition | None] = []
    for side in ("yes", "maybe"):
        for member in (own, other):
            halves += [_port_condition(getattr(header, member), side) for header in headers]
    return table_of([*about, *halves], MEMBERS["source_port"])


def _port_condition(ports: Ports | None, side: str) -> Condition | None:
    return None if ports is None else _spans(*getattr(ports, side), absent=side == "maybe")


def _addresses(headers: Sequence[Header], own: str, other: str) -> dict[Any, int]:
    about: list[Condition | None] = [None] * _SHIFT
    for bit, version in ((_VERSION_4, 4), (_VERSION_6, 6), (_ICMP, 4), (_ICMP6, 6)):
        about[bit] = Condition(on_line({version: [(0, LAST_ADDRESS[version])]}), absent=True)
    halves: list[Condition | None] = []
    for side in ("yes", "maybe"):
        for member in (own, other):
            halves += [_address_condition(getattr(header, member), side) for header in headers]
    return table_of([*about, *halves], MEMBERS["source_address"])


def _address_condition(addresses: Addresses, side: str) -> Condition | None:
    spans = getattr(addresses, side)
    if all(spans[version] == ((0, last),) for version, last in LAST_ADDRESS.items()):
        return None
    return Condition(on_line(spans), absent=side == "maybe")
