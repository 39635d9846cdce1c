# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that match every flow of a region, and what it costs to make one out of two."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise, product
from operator import itemgetter
from typing import Any, Final, NamedTuple

from . import likely
from .addresses import EVERY_ADDRESS, IPV6, text_of
from .matching import ABSENT
from .protocols import WITH_PORTS, name_of
from .regions import EVERY_PORT, EVERY_PROTOCOL, Region
from .spans import Span, common

# A port may be any or none.
_ANY_PORT: Final[Span] = EVERY_PORT[0]
# So many networks are kept of a list of addresses, and so many ranges of ports, before they are put together.
_MOST_NETWORKS = 32
_MOST_PORTS = 8
# Of so many networks, and with so many filters too many, a large part is joined at once.
_MANY = 2048
_FAR = 300
# So many pairs of networks, times ranges of ports, one region is looked at as, before neighbours are put together.
_MOST_OF_A_PRODUCT = 1024
# So many filters one region is written as.
_MOST_OF_A_REGION = 96


class Filter(NamedTuple):
    """One filter in numbers: addresses are on one line, protocols None is any; seconds from which on it needs flows.

    Bound is the number of the filter, of those that somebody has given, beyond which it must not reach.
    """

    source: Span
    destination: Span
    protocols: frozenset[int] | None
    source_port: Span
    destination_port: Span
    age: int = 0
    bound: int = 0

    @property
    def version(self) -> int:
        """The IP version of its addresses."""
        return 6 if self.source[0] >= IPV6 else 4

    def share(self) -> float:
        """Return which share of all flows it is likely to match, whatever their age."""
        version = self.version
        return (
            likely.of_version(version)
            * likely.of_addresses(version, likely.SOURCE, self.source)
            * likely.of_addresses(version, likely.DESTINATION, self.destination)
            * (1.0 if self.protocols is None else likely.of_protocols(self.protocols))
            * likely.of_ports(likely.SOURCE, self.source_port)
            * likely.of_ports(likely.DESTINATION, self.destination_port)
        )

    def written(self) -> dict[str, Any]:
        """Return it as people write filters."""
        whole = EVERY_ADDRESS[self.version]
        out: dict[str, Any] = {}
        for name, span in (("source_address", self.source), ("destination_address", self.destination)):
            if span != whole:
                out[name] = _network_text(span)
        if not out:
            out["source_address"] = _network_text(whole)
        for name, ports in (("source_port", self.source_port), ("destination_port", self.destination_port)):
            if ports != _ANY_PORT:
                out[name] = ports[0] if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
        if self.protocols is not None:
            out["protocols"] = [name_of(number) for number in sorted(self.protocols)]
        return out


def hull(one: Filter, other: Filter) -> Filter:
    """Return the smallest filter that matches what two filters of one IP version and bound match."""
    protocols = None
    if one.protocols is not None and other.protocols is not None:
        protocols = one.protocols | other.protocols
    return Filter(
        _network(one.source, other.source),
        _network(one.destination, other.destination),
        protocols,
        _range(one.source_port, other.source_port),
        _range(one.destination_port, other.destination_port),
        min(one.age, other.age),
        one.bound,
    )


def _network(one: Span, other: Span) -> Span:
    low, high = min(one[0], other[0]), max(one[1], other[1])
    host = (1 << (low ^ high).bit_length()) - 1
    return low & ~host, high | host


def _range(one: Span, other: Span) -> Span:
    low, high = min(one[0], other[0]), max(one[1], other[1])
    # A span of ports has none without a port in it.
    return _ANY_PORT if low == ABSENT else (low, high)


def _network_text(span: Span) -> str:
    version, bits, first = (6, 128, span[0] - IPV6) if span[0] >= IPV6 else (4, 32, span[0])
    host_bits = (span[1] - span[0]).bit_length()
    return f"{text_of(version, first)}/{bits - host_bits}" if host_bits else text_of(version, first)


def filters_of(region: Region, bound: int = 0, pairs: int = _MOST_NETWORKS) -> list[Filter]:
    """Return filters that match every flow of a region whose addresses are of one IP version, and few others.

    Its addresses are written as at most so many pairs of networks of each IP version.
    """
    age = region.age[0][0]
    numbers = frozenset(number for first, last in region.protocol for number in range(first, last + 1))
    every = None if region.protocol == EVERY_PROTOCOL else numbers
    found = []
    ports = list(product(_ports_of(region.source_port), _ports_of(region.destination_port)))
    for version in EVERY_ADDRESS:
        sides = _sides(region, version, min(pairs, _MOST_OF_A_PRODUCT // len(ports)))
        of_version = [
            Filter(source, destination, protocols, source_port, port, age, bound)
            for source_port, port in ports
            for source in sides[likely.SOURCE]
            for destination in sides[likely.DESTINATION]
            for protocols in _protocols_of(every, numbers, source_port, port)
        ]
        found += thinned([_without_absent(item) for item in of_version], _MOST_OF_A_REGION)
    return found


def _sides(region: Region, version: int, most: int) -> list[list[Span]]:
    """Return the networks of a region's sources and destinations, so few that there are at most so many pairs."""
    whole = EVERY_ADDRESS[version]
    sides = [
        [network for span in common(spans, (whole,)) for network in _split(*span)]
        for spans in (region.source, region.destination)
    ]
    for side in (likely.SOURCE, likely.DESTINATION):
        sides[side] = _few(sides[side], _MOST_NETWORKS, version, side)
    while len(sides[0]) * len(sides[1]) > most and max(map(len, sides)) > 1:
        side = max((likely.SOURCE, likely.DESTINATION), key=lambda side: len(sides[side]))
        sides[side] = _few(sides[side], -(-len(sides[side]) * 3 // 4) - 1, version, side)
    return sides


def _ports_of(spans: Sequence[Span]) -> list[Span]:
    if spans == EVERY_PORT:
        return [_ANY_PORT]
    named = [(max(first, 0), last) for first, last in spans if last >= 0]
    absent = [(ABSENT, ABSENT)] if spans[0][0] == ABSENT else []
    while len(named) > _MOST_PORTS:
        gaps = [(after[0] - before[1], at) for at, (before, after) in enumerate(pairwise(named))]
        _gap, at = min(gaps)
        named[at : at + 2] = [(named[at][0], named[at + 1][1])]
    return absent + named


def _protocols_of(
    every: frozenset[int] | None, numbers: frozenset[int], source_port: Span, port: Span
) -> Iterator[frozenset[int] | None]:
    """Yield the protocols of a filter; only those without ports have none."""
    if (ABSENT, ABSENT) not in (source_port, port):
        yield every
    elif numbers - WITH_PORTS:
        yield numbers - WITH_PORTS


def _without_absent(item: Filter) -> Filter:
    """Return a filter that asks for no port where it needs flows without one, which no filter can name."""
    ports = (_ANY_PORT if span == (ABSENT, ABSENT) else span for span in (item.source_port, item.destination_port))
    source_port, port = ports
    return item._replace(source_port=source_port, destination_port=port)


def _few(networks: list[Span], most: int, version: int, side: int) -> list[Span]:
    """Return at most so many networks that have all addresses of the given ones, which are in order."""
    while len(networks) > max(most, 1):
        networks = _fewer(networks, most, version, side)
    return networks


def _split(first: int, last: int) -> Iterator[Span]:
    while first <= last:
        # The numbers of IPv6 begin at a power of two too, so that networks are aligned on the line.
        size = min(first & -first or 1 << 128, 1 << (last - first + 1).bit_length() - 1)
        yield first, first + size - 1
        first += size


def _fewer(networks: list[Span], most: int, version: int, side: int) -> list[Span]:
    """Return networks, which are in order, with some joined that add the least, as far as there are too many."""
    firsts = [first for first, _last in networks]
    before = [0.0, *accumulate(likely.of_addresses(version, side, network) for network in networks)]
    found = []
    for one, other in pairwise(networks):
        joined = _network(one, other)
        # It may have more of them than the two.
        begin, end = bisect_left(firsts, joined[0]), bisect_right(firsts, joined[1])
        added = likely.of_addresses(version, side, joined) - (before[end] - before[begin])
        found.append((max(0.0, added) / (end - begin - 1), joined[1] - joined[0], begin, end, joined))
    found.sort()
    left: list[Span | None] = [*networks]
    too_many = len(networks) - most
    # Of very many, nearly all go, so that it matters little which go first.
    at_once = len(found) // (2 if len(found) > _MANY else 8)
    for _added, _size, begin, end, joined in found[: max(1, at_once)]:
        if too_many <= 0:
            break
        # Of two networks that share one, one lies in the other, so that those here have not been joined yet.
        if None not in left[begin:end]:
            left[begin:end] = [joined, *[None] * (end - begin - 1)]
            too_many -= end - begin - 1
    return [network for network in left if network is not None]


def _by(*members: int) -> Callable[[Filter], Any]:
    of = itemgetter(*members)
    return lambda item: of((*item[:2], sorted(item.protocols or ()), *item[3:]))


# Neighbours have a bound in common, and as much as possible of destination, source or port.
_ORDERS = (_by(6, 1, 4, 2, 0, 3), _by(6, 0, 4, 2, 1, 3), _by(6, 4, 1, 0, 2, 3))


def thinned(filters: list[Filter], most: int) -> list[Filter]:
    """Return at most so many filters that match all that the given ones do, of each IP version and bound one at least.

    Only filters that are neighbours in some order are joined, so that very many take little time.
    """
    kept = list(dict.fromkeys(filters))
    turn = idle = 0
    while len(kept) > most and idle < len(_ORDERS):
        kept.sort(key=_ORDERS[turn % len(_ORDERS)])
        joined = _joined_neighbours(kept, len(kept) - most)
        idle = idle + 1 if len(joined) == len(kept) else 0
        turn += 1
        kept = joined
    return kept


def _joined_neighbours(filters: list[Filter], most: int) -> list[Filter]:
    shares = [item.share() for item in filters]
    pairs = []
    for at, (one, other) in enumerate(pairwise(filters)):
        if one.bound == other.bound and one.version == other.version:
            whole = hull(one, other)
            pairs.append((whole.share() - shares[at] - shares[at + 1], at, whole))
    pairs.sort(key=itemgetter(0, 1))
    taken: set[int] = set()
    joined: dict[int, Filter] = {}
    # With many of them at once, some would be joined that have a better match in another order.
    at_once = len(pairs) // (3 if most > _FAR else 16)
    for _added, at, whole in pairs[: max(1, at_once)]:
        if len(joined) == most:
            break
        if at not in taken and at + 1 not in taken:
            taken.update((at, at + 1))
            joined[at] = whole
    left = [joined.get(at, item) for at, item in enumerate(filters) if at in joined or at not in taken]
    return list(dict.fromkeys(left))
