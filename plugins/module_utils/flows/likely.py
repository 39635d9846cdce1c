# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How likely flows are, roughly: what weighs one capture filter against another, and decides nothing else.

The numbers say what a firewall between a network and the internet mostly sees. Where they are wrong for one, a capture
has more flows than it needs; it never lacks any.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

from .addresses import EVERY_ADDRESS, parse_span
from .matching import ABSENT, LAST_PORT
from .spans import Span

SOURCE, DESTINATION = 0, 1
_VERSIONS: Final[Mapping[int, float]] = {4: 0.85, 6: 0.15}
# Of each IP version the networks that are not just some of the internet, as source and as destination.
_NETWORKS: Final[Mapping[str, tuple[float, float]]] = {
    "10.0.0.0/8": (0.55, 0.22),
    "172.16.0.0/12": (0.12, 0.05),
    "192.168.0.0/16": (0.1, 0.04),
    "100.64.0.0/10": (0.02, 0.01),
    "169.254.0.0/16": (0.005, 0.01),
    "224.0.0.0/4": (0.0, 0.01),
    "0.0.0.0/8": (0.001, 0.0),
    "240.0.0.0/4": (0.0, 0.001),
    "fc00::/7": (0.7, 0.3),
    "fe80::/10": (0.05, 0.02),
    "ff00::/8": (0.0, 0.03),
    "2000::/3": (0.249, 0.649),
}
_REST: Final[Mapping[int, tuple[float, float]]] = {4: (0.204, 0.659), 6: (0.001, 0.001)}
_PROTOCOLS: Final[Mapping[int, float]] = {6: 0.74, 17: 0.21, 1: 0.02, 58: 0.01, 47: 0.003, 50: 0.003}
_OTHER_PROTOCOLS = 0.014
# Ports of services by how often they are called, then all others by the range that they are in.
_SERVICES: Final[Mapping[int, float]] = {
    443: 0.4, 80: 0.1, 53: 0.14, 123: 0.04, 22: 0.03, 3389: 0.01, 445: 0.02, 25: 0.01, 587: 0.01, 993: 0.02, 389: 0.01,
    88: 0.005, 135: 0.005, 514: 0.01, 636: 0.005, 3306: 0.01, 5432: 0.01, 6379: 0.005, 8080: 0.02, 8443: 0.02,
}  # fmt: skip
_RANGES: Final = ((ABSENT, ABSENT, 0.04), (0, 1023, 0.02), (1024, 32767, 0.03), (32768, LAST_PORT, 0.02))
# Of ports that clients take: so many are those of services, because replies are listed too.
_REPLIES = 0.1
_CLIENT_RANGES: Final = ((ABSENT, ABSENT, 0.04), (0, 1023, 0.01), (1024, 32767, 0.2), (32768, LAST_PORT, 0.65))
# Half of all flows are older than so many seconds.
_HALF_AGE = 300


class _Line:
    """A share of all flows for each range of numbers, spread evenly inside each."""

    def __init__(self, parts: Iterable[tuple[int, int, float]]) -> None:
        # The share of each range counts on top of what it lies in.
        parts = list(parts)
        bounds = sorted({bound for first, last, _share in parts for bound in (first, last + 1)})
        density = [0.0] * len(bounds)
        places = {bound: at for at, bound in enumerate(bounds)}
        for first, last, share in parts:
            for at in range(places[first], places[last + 1]):
                density[at] += share / (last + 1 - first)
        self._bounds = bounds
        self._density = density
        masses = ((end - begin) * each for (begin, end), each in zip(pairwise(bounds), density, strict=False))
        self._before = [0.0, *accumulate(masses)]

    def share(self, span: Span) -> float:
        """Return the share of a span."""
        return self._up_to(span[1] + 1) - self._up_to(span[0])

    def _up_to(self, end: int) -> float:
        at = bisect_right(self._bounds, end) - 1
        return self._before[at] + (end - self._bounds[at]) * self._density[at]


def _addresses(version: int, side: int) -> _Line:
    whole = EVERY_ADDRESS[version]
    named = [(*parse_span(text, "network"), shares[side]) for text, shares in _NETWORKS.items()]
    parts = [part for part in named if whole[0] <= part[0] <= whole[1]]
    return _Line([(*whole, _REST[version][side]), *parts])


def _ports(ranges: Sequence[tuple[int, int, float]], factor: float) -> _Line:
    return _Line([*ranges, *((port, port, share * factor) for port, share in _SERVICES.items())])


_ADDRESSES = {(version, side): _addresses(version, side) for version in _VERSIONS for side in (SOURCE, DESTINATION)}
_PORTS = (_ports(_CLIENT_RANGES, _REPLIES), _ports(_RANGES, 1.0))


@lru_cache(maxsize=65536)
def of_addresses(version: int, side: int, span: Span) -> float:
    """Return which share of an IP version's flows has the address of that side in a span."""
    return _ADDRESSES[version, side].share(span)


@lru_cache(maxsize=4096)
def of_ports(side: int, span: Span) -> float:
    """Return which share of flows has the port of that side in a span."""
    return _PORTS[side].share(span)


@lru_cache(maxsize=4096)
def of_protocols(protocols: frozenset[int]) -> float:
    """Return which share of flows has one of the protocols."""
    rare = _OTHER_PROTOCOLS / (256 - len(_PROTOCOLS))
    return sum(_PROTOCOLS.get(protocol, rare) for protocol in protocols)


def of_version(version: int) -> float:
    """Return which share of flows is of an IP version."""
    return _VERSIONS[version]


def of_age(minimum: int) -> float:
    """Return which share of flows is at least so many seconds old."""
    return _HALF_AGE / (_HALF_AGE + minimum)
