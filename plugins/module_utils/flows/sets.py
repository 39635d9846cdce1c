# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows in numbers, and which of very many filters match them, in one pass over the flows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter, xor
from typing import Any, Final

from .filters import parse_network, parse_ports, parse_protocol
from .matching import Span, point_of

# A captured flow in numbers: source, destination (IPv6 beyond all of IPv4), protocol, source port, destination port and
# age in seconds; what is absent, or no number, is -1, an absent age is older than any.
Flow = tuple[int, int, int, int, int, int]
# For each member of a flow but its age, in order, the spans it may be in; None for any, or absent.
Spans = tuple["list[Span] | None", ...]

# What stands where in a flow.
SOURCE: Final = 0
DESTINATION: Final = 1
PROTOCOL: Final = 2
SOURCE_PORT: Final = 3
DESTINATION_PORT: Final = 4
AGE: Final = 5

ABSENT = -1
EVER = 2**62
IPV6 = 1 << 128
# So many filters are held against the flows at once; the bits of a number stand for them.
AT_ONCE = 1024
# So many values of a member are remembered with the boxes that they are in.
_CACHED_VALUES = 8_192


@lru_cache(maxsize=16384)
def number_of(address: Any) -> int:
    """Return an address as the number that it has in a Flow."""
    point = point_of(address) if isinstance(address, str) else None
    return ABSENT if point is None else point[1] + IPV6 if point[0] == 6 else point[1]


def flows_of(records: Iterable[Mapping[str, Any]]) -> list[Flow]:
    """Return flow records in numbers."""
    try:
        # An or with 0 leaves numbers alone and refuses all else.
        return [
            (number_of(source), number_of(destination), protocol | 0, source_port | 0, port | 0, age | 0)
            for source, destination, protocol, source_port, port, age in map(_members_of, records)
        ]
    except (KeyError, TypeError):
        return [_flow_of(record) for record in records]


_members_of = itemgetter(
    "source_address", "destination_address", "protocol_number", "source_port", "destination_port", "age"
)


def _flow_of(record: Mapping[str, Any]) -> Flow:
    ends = (number_of(record.get(name)) for name in ("source_address", "destination_address"))
    numbers = (record.get(name) for name in ("protocol_number", "source_port", "destination_port"))
    age = record.get("age")
    known = (number if isinstance(number, int) else ABSENT for number in numbers)
    return (*ends, *known, age if isinstance(age, int) else EVER)  # type: ignore[return-value]


def spans_of(written: Mapping[str, Any]) -> Spans:
    """Return what each member of a flow must be for a filter, as people write it and already checked, to match.

    A filter for any flow has no condition.
    """
    spans: list[list[Span] | None] = []
    for name in ("source_address", "destination_address"):
        if written.get(name) is None:
            spans.append(None)
            continue
        network = parse_network(written[name], name)
        offset = IPV6 if network.version == 6 else 0
        spans.append([(int(network.network_address) + offset, int(network.broadcast_address) + offset)])
    numbers = {parse_protocol(protocol, "protocols") for protocol in written.get("protocols") or ()}
    spans.append([(number, number) for number in sorted(numbers)] if numbers else None)
    for name in ("source_port", "destination_port"):
        ports = parse_ports("any" if written.get(name) is None else written[name], name)
        spans.append(None if ports is None else [ports])
    return tuple(spans)


class _Sets(dict[int, int]):
    """For each value of one member of a flow, which of many sets of spans it is in: bit n is set n."""

    def __init__(self, sets: Sequence[list[Span] | None]) -> None:
        super().__init__()
        changes = {ABSENT: sum(1 << n for n, spans in enumerate(sets) if spans is None)}
        for n, spans in enumerate(sets):
            for first, last in spans or ():
                changes[first] = changes.get(first, 0) ^ (1 << n)
                changes[last + 1] = changes.get(last + 1, 0) ^ (1 << n)
        self._bounds = sorted(changes)
        self._masks = list(accumulate((changes[bound] for bound in self._bounds), xor))

    def __missing__(self, value: int) -> int:
        mask: int = self._masks[bisect_right(self._bounds, value) - 1]
        if len(self) < _CACHED_VALUES:
            self[value] = mask
        return mask


class FilterSets:
    """Many filters, each as its spans, to be held against pages of flows."""

    def __init__(self, sets: Sequence[Spans]) -> None:
        self._batches = [_members_by_cost(sets[at : at + AT_ONCE]) for at in range(0, len(sets), AT_ONCE)]

    def masks(self, page: Sequence[Flow]) -> list[int]:
        """Return for each flow which filters match it: bit n is filter n."""
        masks = [0] * len(page)
        for at, (every, members) in enumerate(self._batches):
            found = [every] * len(page)
            for place, sets_of in members:
                found = [mask and mask & sets_of[flow[place]] for mask, flow in zip(found, page, strict=True)]
            masks = found if at == 0 else [mask | more << at * AT_ONCE for mask, more in zip(masks, found, strict=True)]
        return masks


def _members_by_cost(sets: Sequence[Spans]) -> tuple[int, list[tuple[int, _Sets]]]:
    """Return the bits of all sets, and the members that they look at, those with the fewest different values first."""
    return (1 << len(sets)) - 1, [
        (at, _Sets([each[at] for each in sets]))
        for at in (DESTINATION_PORT, PROTOCOL, DESTINATION, SOURCE, SOURCE_PORT)
        if any(each[at] is not None for each in sets)
    ]


def matches(sets: Sequence[Spans], pages: Iterable[Sequence[Flow]]) -> Iterator[tuple[int, Flow]]:
    """Yield the flows that are in one or more sets of spans, each with the bits of those sets."""
    filters = FilterSets(sets)
    for page in pages:
        for mask, flow in zip(filters.masks(page), page, strict=True):
            if mask:
                yield mask, flow


def bits_of(mask: int) -> Iterator[int]:
    """Yield the positions of the bits that are set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
