# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversations written as a capture file, with nothing but the bytes that an engine has to see."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

TCP, UDP, ICMP, ICMP6, GRE, SCTP, ESP = 6, 17, 1, 58, 47, 132, 50
CLIENT, SERVER = 0, 1
_FIN, _SYN, _PSH, _ACK = 1, 2, 8, 16
_WINDOW = 64240

# What one side says: the side and the bytes.
Message = tuple[int, bytes]


@dataclass(frozen=True)
class Flow:
    """The two ends of a flow and its protocol; the source opens it."""

    source: str
    destination: str
    source_port: int
    destination_port: int
    protocol: int

    @property
    def reverse(self) -> Flow:
        """The flow from its destination to its source."""
        return Flow(self.destination, self.source, self.destination_port, self.source_port, self.protocol)

    @property
    def record(self) -> dict[str, Any]:
        """The flow record of a capture that lists it."""
        return {
            "source_address": self.source,
            "source_port": self.source_port,
            "destination_address": self.destination,
            "destination_port": self.destination_port,
            "protocol_number": self.protocol,
        }


@dataclass(frozen=True)
class Talk:
    """What is said over a flow: messages in their order, and for TCP whether it is closed at the end."""

    name: str
    messages: tuple[Message, ...]
    closed: bool = False
    # TCP: the first data rides on the last packet of the handshake.
    eager: bool = False


def packets_of(flow: Flow, talk: Talk) -> Iterator[tuple[int, bytes]]:
    """Yield the IP packets of a conversation, each with the side that sends it."""
    if flow.protocol == TCP:
        yield from _tcp(flow, talk)
        return
    for number, (side, data) in enumerate(talk.messages):
        yield side, _ip(flow, side, _datagram(flow, side, data, number))


def _ends(flow: Flow, side: int) -> tuple[str, int, str, int]:
    if side == CLIENT:
        return flow.source, flow.source_port, flow.destination, flow.destination_port
    return flow.destination, flow.destination_port, flow.source, flow.source_port


def _ip(flow: Flow, side: int, body: bytes) -> bytes:
    source, _port, destination, _other = _ends(flow, side)
    ends = ip_address(source).packed + ip_address(destination).packed
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28, len(body), flow.protocol, 64) + ends + body
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0x4000, 64, flow.protocol, 0) + ends + body


def _datagram(flow: Flow, side: int, data: bytes, number: int) -> bytes:
    _source, port, _destination, other = _ends(flow, side)
    if flow.protocol == UDP:
        return struct.pack("!HHHH", port, other, 8 + len(data), 0) + data
    if flow.protocol in (ICMP, ICMP6):
        kinds = (8, 0) if flow.protocol == ICMP else (128, 129)
        return struct.pack("!BBHHH", kinds[side], 0, 0, 7, number // 2 + 1) + data
    if flow.protocol == SCTP:
        chunk = struct.pack("!BBHIHHI", 0, 3, 16 + len(data), number + 1, 0, number, 0) + data
        return struct.pack("!HHII", port, other, 7, 0) + chunk + bytes(-len(chunk) % 4)
    if flow.protocol == GRE:
        # A payload of a type that nobody decodes.
        return struct.pack("!HH", 0, 0x9999) + data
    if flow.protocol == ESP:
        return struct.pack("!II", 0x1000 + side, number + 1) + data
    return data


def _tcp(flow: Flow, talk: Talk) -> Iterator[tuple[int, bytes]]:
    numbers = [1000, 5000]

    def segment(side: int, flags: int, data: bytes = b"") -> tuple[int, bytes]:
        _source, port, _destination, other = _ends(flow, side)
        acknowledged = numbers[1 - side] if flags & _ACK else 0
        head = struct.pack("!HHIIBBHHH", port, other, numbers[side], acknowledged, 5 << 4, flags, _WINDOW, 0, 0)
        numbers[side] += len(data) + bool(flags & (_SYN | _FIN))
        return side, _ip(flow, side, head + data)

    yield segment(CLIENT, _SYN)
    yield segment(SERVER, _SYN | _ACK)
    if not talk.eager:
        yield segment(CLIENT, _ACK)
    for side, data in talk.messages:
        yield segment(side, _PSH | _ACK, data)
        yield segment(1 - side, _ACK)
    if talk.closed:
        yield segment(CLIENT, _FIN | _ACK)
        yield segment(SERVER, _FIN | _ACK)
        yield segment(CLIENT, _ACK)


def write(path: Path, conversations: Sequence[tuple[Flow, Talk]], lanes: Sequence[int]) -> list[int]:
    """Write conversations to a capture file; return for each of its packets which conversation it belongs to.

    Each has a lane, its VLAN: flows of different lanes have nothing to do with each other, also with the same ends.
    """
    owners: list[int] = []
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, ((flow, talk), lane) in enumerate(zip(conversations, lanes, strict=True)):
            for _side, packet in packets_of(flow, talk):
                kind = 0x86DD if ":" in flow.source else 0x0800
                frame = bytes(range(2, 14)) + struct.pack("!HHH", 0x8100, lane, kind) + packet
                moment = len(owners)
                file.write(
                    struct.pack("<IIII", 1_700_000_000 + moment // 1000, moment % 1000 * 1000, *[len(frame)] * 2)
                )
                file.write(frame)
                owners.append(number)
    return owners
