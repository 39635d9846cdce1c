# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many conditions on the members of flows at once: which of them each flow satisfies, bit n for condition n."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import accumulate, chain
from operator import itemgetter, xor
from typing import Any, Final, NamedTuple

from . import addresses
from .addresses import EVERY_ADDRESS, IPV6, LAST_ADDRESS, Span, parse_span
from .filters import parse_ports, parse_protocol
from .protocols import WITH_PORTS

LAST_PORT = 65535
LAST_PROTOCOL = 255
LAST_COUNT = 2**63 - 1

# The members of a flow record that conditions look at, with all numbers that a value can be.
ADDRESSES = (EVERY_ADDRESS[4], EVERY_ADDRESS[6])
MEMBERS: dict[str, Sequence[Span]] = {
    "protocol_number": [(0, LAST_PROTOCOL)],
    "destination_port": [(0, LAST_PORT)],
    "source_port": [(0, LAST_PORT)],
    "destination_address": ADDRESSES,
    "source_address": ADDRESSES,
    "age": [(0, LAST_COUNT)],
    "byte_count": [(0, LAST_COUNT)],
    "packet_count": [(0, LAST_COUNT)],
}

# A captured flow in numbers: source, destination, protocol, source port, destination port and age in seconds. A port of
# a protocol without ports is ABSENT; what is not known is UNKNOWN; an age that is not known is older than any.
Flow = tuple[int, int, int, int, int, int]
# For each member of a flow but its age, in order, the spans it may be in; None for any.
Spans = tuple["list[Span] | None", ...]

# What stands where in a flow.
SOURCE: Final = 0
DESTINATION: Final = 1
PROTOCOL: Final = 2
SOURCE_PORT: Final = 3
DESTINATION_PORT: Final = 4
AGE: Final = 5

ABSENT = -1
UNKNOWN = -2
EVER = 2**62
# So many filters are held against the flows at once; the bits of a number stand for them.
AT_ONCE = 1024
# A memory of what each value of a member means is emptied when it has grown to this many values.
_CACHED_VALUES = 8192
_MANY_BOUNDS = 1024
_INDEX_BITS = 16
# The blocks of IPv4, /20, and those of IPv6, /32, of which it is known at once whether a long list has any address.
_BLOCK_SHIFT = 12
_PREFIX_SHIFT = 96
_MOST_PREFIXES = 1 << 18


class Condition(NamedTuple):
    """What one member of a flow must be: a number in the spans; or none at all, if that will do (absent)."""

    spans: Sequence[Span]
    absent: bool


class Sweep:
    """Which of many conditions a number satisfies, by one binary search however many conditions and spans there are.

    The numbers between two neighbouring bounds of all spans satisfy the same conditions.
    """

    def __init__(self, conditions: Sequence[Sequence[Span] | None], whole: Sequence[Span]) -> None:
        changes: dict[int, int] = {0: 0}
        for n, spans in enumerate(conditions):
            for first, end in whole if spans is None else spans:
                changes[first] = changes.get(first, 0) ^ (1 << n)
                changes[end + 1] = changes.get(end + 1, 0) ^ (1 << n)
        self._bounds = sorted(changes)
        self._masks = list(accumulate((changes[bound] for bound in self._bounds), xor))
        self._parts: list[_ManyBounds] = []
        # Returns the conditions that a number satisfies.
        self.mask_of: Callable[[int], int] = self._mask_of
        if len(self._bounds) > _MANY_BOUNDS and whole is ADDRESSES:
            self._parts = [_ManyBounds(self._bounds, self._masks, version) for version in EVERY_ADDRESS]
            self._bounds, self._masks = [], []
            self.mask_of = _mask_of_many(*self._parts)

    def _mask_of(self, number: int) -> int:
        mask: int = self._masks[bisect_right(self._bounds, number) - 1]
        return mask

    def masks_of(self, first: int, last: int) -> set[int]:
        """Return what the numbers from the first to the last satisfy, each answer once."""
        if self._parts:
            # Of addresses, all of a version or one.
            part = self._parts[first >= IPV6]
            return part.masks() if first != last else {part.mask_of(first)}
        begin, end = (bisect_right(self._bounds, number) for number in (first, last))
        return set(self._masks[begin - 1 : end])


class _ManyBounds:
    """The masks of very many ranges of one IP version's addresses, in little memory, for which a search waits most.

    Of an IPv6 address the upper half is looked for first; few lists have two networks that share it.
    """

    def __init__(self, bounds: Sequence[int], masks: Sequence[int], version: int) -> None:
        first, last = EVERY_ADDRESS[version]
        begin, end = bisect_right(bounds, first) - 1, bisect_right(bounds, last)
        self._offset = first
        own = [0, *(bound - first for bound in bounds[begin + 1 : end])]
        own_masks = masks[begin:end]
        self._distinct = list(dict.fromkeys(own_masks))
        places = {mask: at for at, mask in enumerate(self._distinct)}
        self._which = array("B" if len(places) <= 256 else "L", (places[mask] for mask in own_masks))
        # Most addresses are in no network of a list, which few bytes can say of them.
        self.rest = own_masks[0]
        others = [
            (low, high - 1)
            for low, high, mask in zip(own, [*own[1:], last - first + 1], own_masks, strict=True)
            if mask != self.rest
        ]
        self.blocks = _blocks_of(others) if version == 4 else b""
        self.prefixes = _prefixes_of(others) if version == 6 else ()
        self._low_bits = max(0, LAST_ADDRESS[version].bit_length() - 64)
        self._bounds = own if self._low_bits else []
        self._highs = array("Q" if self._low_bits else "L", (bound >> self._low_bits for bound in own))
        # Where in the bounds, of which the first is 0, a search begins and ends; so few of them are left to look at.
        self._first = self._highs[1] if len(own) > 1 and self._low_bits else 0
        self._shift = max(0, (self._highs[-1] - self._first).bit_length() - _INDEX_BITS)
        most = (self._highs[-1] - self._first) >> self._shift
        edges = (self._first + (n << self._shift) for n in range(most + 1))
        self._starts = array("L", chain((bisect_left(self._highs, edge, 1) for edge in edges), [len(own)]))
        self.mask_of = self._mask_of_6 if self._low_bits else self._mask_of_4

    def _mask_of_4(self, number: int) -> int:
        """Return the mask of the range that an address, as a number, is in."""
        slot = number >> self._shift
        starts = self._starts
        if slot + 1 >= len(starts):
            return self._distinct[self._which[-1]]
        return self._distinct[self._which[bisect_right(self._highs, number, starts[slot], starts[slot + 1]) - 1]]

    def _mask_of_6(self, number: int) -> int:
        number -= self._offset
        high = number >> self._low_bits
        slot = (high - self._first) >> self._shift
        starts = self._starts
        if slot < 0:
            return self._distinct[self._which[0]]
        if slot + 1 >= len(starts):
            return self._distinct[self._which[-1]]
        at = bisect_right(self._highs, high, starts[slot], starts[slot + 1])
        if self._highs[at - 1] == high:
            at = bisect_right(self._bounds, number, bisect_left(self._highs, high, 0, at), at)
        return self._distinct[self._which[at - 1]]

    def masks(self) -> set[int]:
        """Return the masks of all ranges."""
        return set(self._distinct)


def _mask_of_many(of_4: _ManyBounds, of_6: _ManyBounds) -> Callable[[int], int]:
    """Return what gives the mask of the range that an address, as a number, is in: for most of them in one step."""
    blocks, rest_of_4, among_4 = of_4.blocks, of_4.rest, of_4.mask_of
    prefixes, rest_of_6, among_6 = of_6.prefixes, of_6.rest, of_6.mask_of

    def mask_of(number: int) -> int:
        if number < IPV6:
            return among_4(number) if blocks[number >> _BLOCK_SHIFT] else rest_of_4
        return among_6(number) if number >> _PREFIX_SHIFT in prefixes else rest_of_6

    return mask_of


def _blocks_of(spans: Iterable[Span]) -> bytes:
    """Return for each /20 of IPv4 whether a span is there, 1 or 0."""
    blocks = bytearray(1 << (32 - _BLOCK_SHIFT))
    for first, last in spans:
        first, last = first >> _BLOCK_SHIFT, last >> _BLOCK_SHIFT
        blocks[first : last + 1] = b"\1" * (last - first + 1)
    return bytes(blocks)


def _prefixes_of(spans: Iterable[Span]) -> Container[int]:
    """Return the /32 of IPv6, on the line, in which a span is, all of them when there are too many to be worth it."""
    found: set[int] = set()
    for first, last in spans:
        prefixes = range((IPV6 + first) >> _PREFIX_SHIFT, ((IPV6 + last) >> _PREFIX_SHIFT) + 1)
        if len(found) + len(prefixes) > _MOST_PREFIXES:
            return range(IPV6 >> _PREFIX_SHIFT, IPV6 >> (_PREFIX_SHIFT - 1))
        found.update(prefixes)
    return found


class Members(dict[Any, int]):
    """For each value of one member of a flow record, which conditions it satisfies.

    known() gives the number that a value stands for, None where it stands for none. Such a value satisfies what absent
    does; whether there is none, or it is not known, the reader of the answer has to know.
    """

    def __init__(self, conditions: Sequence[Condition | None], whole: Sequence[Span]) -> None:
        super().__init__()
        self.absent = sum(1 << n for n, condition in enumerate(conditions) if condition is None or condition.absent)
        self._whole = whole
        self._sweep = Sweep([None if condition is None else condition.spans for condition in conditions], whole)
        self.known: Callable[[Any], int | None] = (
            addresses.number_of if whole is ADDRESSES else partial(_number_within, whole[0][1])
        )

    def __missing__(self, value: Any) -> int:
        number = self.known(value)
        mask = self.absent if number is None else self._sweep.mask_of(number)
        if len(self) >= _CACHED_VALUES:
            self.clear()
        self[value] = mask
        return mask

    @cached_property
    def possible(self) -> frozenset[int]:
        """What any value at all satisfies, each answer once."""
        return frozenset().union(*(self._sweep.masks_of(*span) for span in self._whole))


def _number_within(last: int, value: Any) -> int | None:
    return value if value.__class__ is int and 0 <= value <= last else None


# -- flows in numbers, and filters ------------------------------------------------------------------------------------


@lru_cache(maxsize=16384)
def number_of(address: Any) -> int:
    """Return an address as the number that it has in a Flow."""
    number = addresses.number_of(address)
    return UNKNOWN if number is None else number


def flows_of(records: Iterable[Mapping[str, Any]]) -> list[Flow]:
    """Return flow records in numbers."""
    found = []
    for record in records:
        try:
            source, destination, protocol, source_port, port, age = _members_of(record)
            if protocol in WITH_PORTS and 0 <= source_port <= LAST_PORT and 0 <= port <= LAST_PORT and 0 <= age < EVER:
                # An or with 0 leaves numbers alone and refuses all else.
                ports = source_port | 0, port | 0
                found.append((number_of(source), number_of(destination), protocol | 0, *ports, age | 0))
                continue
        except (KeyError, TypeError):
            pass
        found.append(_flow_of(record))
    return found


_members_of = itemgetter(
    "source_address", "destination_address", "protocol_number", "source_port", "destination_port", "age"
)


def _flow_of(record: Mapping[str, Any]) -> Flow:
    protocol = _within(record.get("protocol_number"), LAST_PROTOCOL)
    age = _within(record.get("age"), LAST_COUNT)
    return (
        number_of(_hashable(record.get("source_address"))),
        number_of(_hashable(record.get("destination_address"))),
        protocol,
        port_of(record.get("source_port"), protocol),
        port_of(record.get("destination_port"), protocol),
        EVER if age == UNKNOWN else age,
    )


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _within(value: Any, last: int) -> int:
    return value if isinstance(value, int) and 0 <= value <= last else UNKNOWN


def port_of(value: Any, protocol: int) -> int:
    """Return a flow record's port as it is in a Flow, beside the number of its protocol or UNKNOWN."""
    port = _within(value, LAST_PORT)
    if protocol == UNKNOWN:
        # That 0 may be a port, or say that there is none.
        return port or UNKNOWN
    return ABSENT if port == UNKNOWN and protocol not in WITH_PORTS else port


def spans_of(written: Mapping[str, Any]) -> Spans:
    """Return what each member of a flow must be for a filter, as people write it and already checked, to match.

    A filter for any flow has no condition.
    """
    spans: list[list[Span] | None] = []
    for name in ("source_address", "destination_address"):
        spans.append(None if written.get(name) is None else [parse_span(str(written[name]).strip(), name)])
    numbers = {parse_protocol(protocol, "protocols") for protocol in written.get("protocols") or ()}
    spans.append([(number, number) for number in sorted(numbers)] if numbers else None)
    for name in ("source_port", "destination_port"):
        ports = parse_ports("any" if written.get(name) is None else written[name], name)
        spans.append(None if ports is None else [ports])
    return tuple(spans)


class FilterSets:
    """Many filters, each as its spans, to be held against pages of flows."""

    def __init__(self, sets: Sequence[Spans]) -> None:
        self._batches = [_members_by_cost(sets[at : at + AT_ONCE]) for at in range(0, len(sets), AT_ONCE)]

    def surely(self, page: Sequence[Flow]) -> list[int]:
        """Return for each flow which filters match it whatever is not known of it: bit n is filter n."""
        return self._masks(page, False)

    def perhaps(self, page: Sequence[Flow]) -> list[int]:
        """Return for each flow which filters match it, or may do so as far as is known: bit n is filter n."""
        return self._masks(page, True)

    def those_in(self, page: Sequence[Flow], perhaps: bool) -> Iterable[tuple[int, Flow]]:
        """Return the flows that a filter matches, surely or perhaps, each with the bits of those that do."""
        if len(self._batches) != 1:
            return [(mask, flow) for mask, flow in zip(self._masks(page, perhaps), page, strict=True) if mask]
        ((every, members),) = self._batches
        found = [(every, flow) for flow in page]
        # Most flows are in none, which the first members tell of most of those.
        for place, sure_of, perhaps_of in members:
            sets_of = perhaps_of if perhaps else sure_of
            found = [(left, flow) for mask, flow in found if (left := mask & sets_of[flow[place]])]
        return found

    def _masks(self, page: Sequence[Flow], perhaps: bool) -> list[int]:
        masks = [0] * len(page)
        for at, (every, members) in enumerate(self._batches):
            found = [every] * len(page)
            for place, sure_of, perhaps_of in members:
                sets_of = perhaps_of if perhaps else sure_of
                found = [mask and mask & sets_of[flow[place]] for mask, flow in zip(found, page, strict=True)]
            masks = found if at == 0 else [mask | more << at * AT_ONCE for mask, more in zip(masks, found, strict=True)]
        return masks


class _Numbers(dict[int, int]):
    """For each number of one member of a flow, which filters it satisfies."""

    def __init__(self, sweep: Sweep, absent: int, unknown: int) -> None:
        super().__init__({ABSENT: absent, UNKNOWN: unknown})
        self._sweep = sweep

    def __missing__(self, number: int) -> int:
        mask = self._sweep.mask_of(number)
        if len(self) < _CACHED_VALUES:
            self[number] = mask
        return mask


def _members_by_cost(sets: Sequence[Spans]) -> tuple[int, list[tuple[int, _Numbers, _Numbers]]]:
    """Return the bits of all sets, and the members that they look at, those with the fewest different values first.

    Each member has its answers for sure, and its answers perhaps.
    """
    every = (1 << len(sets)) - 1
    members = []
    for at, name in (
        (DESTINATION_PORT, "destination_port"),
        (PROTOCOL, "protocol_number"),
        (DESTINATION, "destination_address"),
        (SOURCE, "source_address"),
        (SOURCE_PORT, "source_port"),
    ):
        conditions = [each[at] for each in sets]
        if any(spans is not None for spans in conditions):
            sweep = Sweep(conditions, MEMBERS[name])
            free = sum(1 << n for n, spans in enumerate(conditions) if spans is None)
            # AWS shows some flows without ports with port 0, and may match them by it.
            members.append((at, _Numbers(sweep, free, free), _Numbers(sweep, free | sweep.mask_of(0), every)))
    return every, members


def matches(
    sets: Sequence[Spans], pages: Iterable[Sequence[Flow]], perhaps: bool = False
) -> Iterator[tuple[int, Flow]]:
    """Yield the flows that are in one or more sets of spans, surely or perhaps, each with the bits of those sets."""
    filters = FilterSets(sets)
    for page in pages:
        yield from filters.those_in(page, perhaps)


def bits_of(mask: int) -> Iterator[int]:
    """Yield the positions of the bits that are set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
