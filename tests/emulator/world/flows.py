# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One zone's table of flows.

Columns of plain numbers instead of one object per flow: about 60 bytes a flow, so a million of them fit in 60 MB.
"""

from __future__ import annotations

import ipaddress
import random
import socket
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .filters import AS_DOCUMENTED, V4, V6, Filter, Matching, Numbers, matches_everything

NO_PORT = -1
_LOW = (1 << 64) - 1
# Seconds, so that an age that reads as the minimum is not lost to binary fractions.
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class FlowRecord:
    """One flow: addresses as strings, ports absent (None) where the protocol has none, age in seconds."""

    source_address: str
    destination_address: str
    protocol: int
    source_port: int | None = None
    destination_port: int | None = None
    age: float = 0.0
    packet_count: int = 1
    byte_count: int = 64


def address_key(text: str) -> int:
    """Return an address as one sortable number that also tells its IP version, else ValueError."""
    address = ipaddress.ip_address(text)
    return (V4 if address.version == 4 else V6) | int(address)


class FlowTable:
    """The live flows of one firewall in one zone; rows are added and die, and are never moved or changed."""

    def __init__(self, epoch: float) -> None:
        """Start empty; epoch is the time (epoch seconds) the ages of the first rows count from."""
        self.epoch = epoch
        self._keep = 0
        self._dead: set[int] = set()
        self._source_high = array("Q")
        self._source_low = array("Q")
        self._destination_high = array("Q")
        self._destination_low = array("Q")
        self._version = array("B")
        self._source_port = array("i")
        self._destination_port = array("i")
        self._protocol = array("B")
        self._born = array("d")
        self._packets = array("Q")
        self._bytes = array("Q")

    def _columns(self) -> list[array[Any]]:
        return [
            self._source_high,
            self._source_low,
            self._destination_high,
            self._destination_low,
            self._version,
            self._source_port,
            self._destination_port,
            self._protocol,
            self._born,
            self._packets,
            self._bytes,
        ]

    def __len__(self) -> int:
        """Return the number of live flows."""
        return len(self._version) - len(self._dead)

    def add(self, record: FlowRecord, now: float) -> int:
        """Add a flow that is record.age seconds old now; returns its row."""
        source = ipaddress.ip_address(record.source_address)
        destination = ipaddress.ip_address(record.destination_address)
        if source.version != destination.version:
            raise ValueError(f"{source} and {destination} are of different IP versions")
        for port in (record.source_port, record.destination_port):
            if port is not None and not 0 <= port <= 65535:
                raise ValueError(f"{port} is not a port")
        if not 0 <= record.protocol <= 255:
            raise ValueError(f"{record.protocol} is not a protocol number")
        if record.age < 0 or record.packet_count < 0 or record.byte_count < 0:
            raise ValueError("age, packet count and byte count must not be negative")
        self._source_high.append(int(source) >> 64)
        self._source_low.append(int(source) & _LOW)
        self._destination_high.append(int(destination) >> 64)
        self._destination_low.append(int(destination) & _LOW)
        self._version.append(source.version)
        self._source_port.append(NO_PORT if record.source_port is None else record.source_port)
        self._destination_port.append(NO_PORT if record.destination_port is None else record.destination_port)
        self._protocol.append(record.protocol)
        self._born.append(now - self.epoch - record.age)
        self._packets.append(record.packet_count)
        self._bytes.append(record.byte_count)
        return len(self._version) - 1

    def add_synthetic(self, count: int, seed: int) -> None:
        """Add count flows with distinct 5-tuples, an eighth of them IPv6; a million takes seconds."""
        rng = random.Random(seed)
        noise = array("Q")
        noise.frombytes(rng.randbytes(8 * count))
        start = len(self._version)
        ports = (443, 443, 443, 80, 53, 123, 22, 8443, 3389, 5432, 993, 5060, 25, 23, 8080, 6379)
        self._version.extend([6 if (start + i) % 8 == 7 else 4 for i in range(count)])
        versions = self._version[start:]
        # The row number inside the source address is what keeps every 5-tuple distinct.
        self._source_high.extend([0xFD00 << 48 if version == 6 else 0 for version in versions])
        self._source_low.extend([0x0A000000 | ((start + i) & 0xFFFFFF) for i in range(count)])
        self._destination_high.extend([0x20010DB8 << 32 if version == 6 else 0 for version in versions])
        self._destination_low.extend(
            [
                (x & 0xFFFFFF) | 1
                if version == 6
                else (0x0A000000 if x & 0x300000000 == 0 else 0xCB000000) | (x & 0xFFFFFF)
                for x, version in zip(noise, versions, strict=True)
            ]
        )
        self._source_port.extend([1024 + ((x >> 24) & 0x7FFF) for x in noise])
        self._destination_port.extend([ports[(x >> 40) & 15] for x in noise])
        self._protocol.extend([17 if port in (53, 123, 5060) else 6 for port in self._destination_port[start:]])
        self._born.extend([-float((x >> 44) & 0xFFF) for x in noise])
        self._packets.extend([1 + ((x >> 48) & 0x3FF) for x in noise])
        self._bytes.extend([64 * (1 + ((x >> 48) & 0x3FF)) + ((x >> 58) & 0x3F) for x in noise])

    def remember(self) -> None:
        """Make the present rows the state that restore() goes back to."""
        self._keep = len(self._version)

    def restore(self, now: float) -> None:
        """Go back to the remembered rows, as old as they were when the table was filled."""
        for column in self._columns():
            del column[self._keep :]
        self._dead.clear()
        self.epoch = now

    def remove(self, rows: Iterable[int]) -> int:
        """Let rows die; returns how many were still alive."""
        before = len(self._dead)
        self._dead.update(rows)
        return len(self._dead) - before

    def revive(self, rows: Iterable[int], now: float) -> None:
        """Add the same 5-tuples again as new flows: their clients came back."""
        for row in list(rows):
            for column in self._columns():
                column.append(column[row])
            self._born[-1] = now - self.epoch
            self._packets[-1] = 1
            self._bytes[-1] = 60

    def alive(self, row: int) -> bool:
        """Say whether the row still lives."""
        return row not in self._dead

    def age(self, row: int, now: float) -> int:
        """Return a row's age in whole seconds at the time now."""
        return max(0, int(now - self.epoch - self._born[row]))

    def born_by(self, row: int, moment: float) -> bool:
        """Say whether the row's flow had begun at a moment in epoch seconds."""
        return self._born[row] <= moment - self.epoch + _TOLERANCE

    def live(self) -> list[int]:
        """Return the rows of the live flows."""
        return [row for row in range(len(self._version)) if row not in self._dead]

    def numbers(self, row: int) -> Numbers:
        """Return a row as filters see it."""
        tag = V4 if self._version[row] == 4 else V6
        return (
            tag | self._source_high[row] << 64 | self._source_low[row],
            tag | self._destination_high[row] << 64 | self._destination_low[row],
            (self._source_port[row], self._destination_port[row]),
            self._protocol[row],
        )

    def record(self, row: int, now: float) -> dict[str, Any]:
        """Return a row as a flat flow record, as old as it is at the time now; born is in epoch seconds."""
        version = self._version[row]
        ports = {"source_port": self._source_port[row], "destination_port": self._destination_port[row]}
        return {
            "source_address": self._address(self._source_high[row], self._source_low[row], version),
            "destination_address": self._address(self._destination_high[row], self._destination_low[row], version),
            **{name: port for name, port in ports.items() if port != NO_PORT},
            "protocol_number": self._protocol[row],
            "age": self.age(row, now),
            "packet_count": self._packets[row],
            "byte_count": self._bytes[row],
            "born": round(self.epoch + self._born[row], 3),
        }

    def select(
        self, filters: list[Filter], minimum_age: int, now: float, matching: Matching = AS_DOCUMENTED
    ) -> array[int]:
        """Return the rows of the live flows that match any of the filters and are at least minimum_age seconds old.

        matching says how filters hit flows, if not as documented.
        """
        youngest = now - self.epoch - minimum_age if minimum_age > 0 else None
        dead, born = self._dead, self._born
        rows: Iterable[int] = range(len(self._version))
        if dead:
            rows = (row for row in rows if row not in dead)
        if youngest is not None:
            latest = youngest + _TOLERANCE
            rows = (row for row in rows if born[row] <= latest)
        if matching != AS_DOCUMENTED:
            return array("I", (row for row in rows if matching.holds(filters, self.numbers(row))))
        if matches_everything(filters):
            return array("I", rows)
        return array("I", self._matching(rows, filters))

    def _matching(self, rows: Iterable[int], filters: list[Filter]) -> Iterator[int]:
        # Flush plans hold exact 5-tuples: looked up by source address, they cost no loop over the filters.
        exact: dict[int, list[Filter]] = {}
        wide: list[Filter] = []
        for item in filters:
            if item.source and item.source[0] == item.source[1]:
                exact.setdefault(item.source[0], []).append(item)
            else:
                wide.append(item)
        # Of the others most services have none, so that most rows cost one look-up.
        serving: dict[tuple[int, int], list[Filter]] = {}
        version, protocols = self._version, self._protocol
        source_high, source_low = self._source_high, self._source_low
        destination_high, destination_low = self._destination_high, self._destination_low
        source_ports, destination_ports = self._source_port, self._destination_port
        for row in rows:
            tag = V4 if version[row] == 4 else V6
            source = tag | source_high[row] << 64 | source_low[row]
            candidates = exact.get(source, ())
            service = destination_ports[row], protocols[row]
            rest = serving.get(service)
            if rest is None:
                rest = serving[service] = [item for item in wide if item.serves(*service)]
            if not candidates and not rest:
                continue
            destination = tag | destination_high[row] << 64 | destination_low[row]
            ports = (source_ports[row], destination_ports[row])
            protocol = protocols[row]
            if any(item.holds(source, destination, ports, protocol) for item in candidates) or any(
                item.holds(source, destination, ports, protocol) for item in rest
            ):
                yield row

    def _address(self, high: int, low: int, version: int) -> str:
        if version == 4:
            return socket.inet_ntop(socket.AF_INET, low.to_bytes(4, "big"))
        return socket.inet_ntop(socket.AF_INET6, (high << 64 | low).to_bytes(16, "big"))

    def rendered(self, row: int, now: float) -> str:
        """Return a row as the JSON text of the API's Flow, its age that of the time now."""
        version = self._version[row]
        source = self._address(self._source_high[row], self._source_low[row], version)
        destination = self._address(self._destination_high[row], self._destination_low[row], version)
        source_port, destination_port = self._source_port[row], self._destination_port[row]
        ports = ""
        if source_port != NO_PORT:
            ports += f'"SourcePort":"{source_port}",'
        if destination_port != NO_PORT:
            ports += f'"DestinationPort":"{destination_port}",'
        return (
            f'{{"SourceAddress":{{"AddressDefinition":"{source}"}},'
            f'"DestinationAddress":{{"AddressDefinition":"{destination}"}},{ports}'
            f'"Protocol":"{self._protocol[row]}","Age":{self.age(row, now)},'
            f'"PacketCount":{self._packets[row]},"ByteCount":{self._bytes[row]}}}'
        )
