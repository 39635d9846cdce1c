# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flow filters: checked, put into numbers, and held against a flow."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InvalidRequest
from .protocols import number_of

# The IP version above the address makes "same version and inside the network" one comparison.
V4 = 4 << 128
V6 = 6 << 128


@dataclass(frozen=True)
class Filter:
    """One flow filter, checked and in numbers; ranges are inclusive, None means no condition."""

    source: tuple[int, int] | None
    destination: tuple[int, int] | None
    source_ports: tuple[int, int] | None
    destination_ports: tuple[int, int] | None
    protocols: frozenset[int] | None

    def holds(self, source: int, destination: int, ports: tuple[int, int], protocol: int) -> bool:
        """Say whether all of the filter's conditions hold for a flow."""
        if self.source and not self.source[0] <= source <= self.source[1]:
            return False
        if self.destination and not self.destination[0] <= destination <= self.destination[1]:
            return False
        if self.source_ports and not self.source_ports[0] <= ports[0] <= self.source_ports[1]:
            return False
        if self.destination_ports and not self.destination_ports[0] <= ports[1] <= self.destination_ports[1]:
            return False
        return self.protocols is None or protocol in self.protocols

    def serves(self, port: int, protocol: int) -> bool:
        """Say whether the conditions on destination port and protocol hold."""
        if self.destination_ports and not self.destination_ports[0] <= port <= self.destination_ports[1]:
            return False
        return self.protocols is None or protocol in self.protocols

    def any_holds(self, source: int, destination: int, ports: tuple[int, int], protocol: int) -> bool:
        """Say whether one of the filter's conditions holds for a flow."""
        spans = (
            (self.source, source),
            (self.destination, destination),
            (self.source_ports, ports[0]),
            (self.destination_ports, ports[1]),
        )
        if any(span is not None and span[0] <= value <= span[1] for span, value in spans):
            return True
        return self.protocols is not None and protocol in self.protocols

    @property
    def versions(self) -> frozenset[int]:
        """Return the IP versions of which the filter matches every flow."""
        if self.source_ports or self.destination_ports or self.protocols is not None:
            return frozenset()
        whole = {4: (V4, V4 | 0xFFFFFFFF), 6: (V6, V6 | (1 << 128) - 1)}
        found = {
            version
            for version, span in whole.items()
            if all(
                side is None or (side[0] <= span[0] and side[1] >= span[1]) for side in (self.source, self.destination)
            )
        }
        return frozenset(found)


# Source and destination as address_key() has them, source and destination port, protocol.
Numbers = tuple[int, int, tuple[int, int], int]


@dataclass(frozen=True)
class Matching:
    """How the conditions of a filter, the filters of an operation and a flow's two directions are joined."""

    conditions: str = "and"
    filters: str = "or"
    either_direction: bool = False

    def holds(self, filters: Sequence[Filter], flow: Numbers) -> bool:
        """Say whether a flow is hit."""
        return (all if self.filters == "and" else any)(self._one_holds(item, flow) for item in filters)

    def _one_holds(self, item: Filter, flow: Numbers) -> bool:
        holds = item.any_holds if self.conditions == "or" else item.holds
        if holds(*flow):
            return True
        source, destination, ports, protocol = flow
        return self.either_direction and holds(destination, source, ports[::-1], protocol)


AS_DOCUMENTED = Matching()


def matches_everything(filters: list[Filter]) -> bool:
    """Say whether every flow matches one of the filters."""
    return frozenset().union(*(item.versions for item in filters)) == {4, 6}


def _network(value: Mapping[str, str] | None, name: str) -> tuple[int, int] | None:
    if value is None:
        return None
    text = value["AddressDefinition"]
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidRequest(f"{name} is invalid, parameter: [{text}], {error}") from None
    tag = V4 if network.version == 4 else V6
    return tag | int(network.network_address), tag | int(network.broadcast_address)


def _ports(text: str | None, name: str) -> tuple[int, int] | None:
    if text is None or text.upper() == "ANY":
        return None
    first, colon, last = text.partition(":")
    bounds = [first, last if colon else first]
    if not all(bound.isascii() and bound.isdigit() and int(bound) <= 65535 for bound in bounds):
        raise InvalidRequest(f"{name} is invalid, parameter: [{text}]")
    low, high = int(bounds[0]), int(bounds[1])
    if low > high:
        raise InvalidRequest(f"{name} is invalid, parameter: [{text}], the range runs backwards")
    return low, high


def compile_filters(filters: list[dict[str, Any]]) -> list[Filter]:
    """Check 1-20 FlowFilters of a request and put them into numbers; InvalidRequest names the parameter."""
    if not 1 <= len(filters) <= 20:
        raise InvalidRequest(f"FlowFilters must hold 1 to 20 filters, parameter: [{len(filters)}]")
    compiled = []
    for item in filters:
        source = _network(item.get("SourceAddress"), "SourceAddress")
        destination = _network(item.get("DestinationAddress"), "DestinationAddress")
        if source is None and destination is None:
            raise InvalidRequest("FlowFilters is invalid, each filter needs a SourceAddress or a DestinationAddress")
        protocols = None
        if item.get("Protocols"):
            try:
                protocols = frozenset(number_of(text) for text in item["Protocols"])
            except ValueError as error:
                raise InvalidRequest(f"Protocols is invalid, {error}") from None
        compiled.append(
            Filter(
                source=source,
                destination=destination,
                source_ports=_ports(item.get("SourcePort"), "SourcePort"),
                destination_ports=_ports(item.get("DestinationPort"), "DestinationPort"),
                protocols=protocols,
            )
        )
    return compiled
