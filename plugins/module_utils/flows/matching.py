# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many conditions on the members of a flow record at once: which of them a value satisfies, in one search."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import xor
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Any

Span = tuple[int, int]

LAST_ADDRESS = {4: 2**32 - 1, 6: 2**128 - 1}
LAST_PORT = 65535
LAST_PROTOCOL = 255
LAST_COUNT = 2**63 - 1
# A cache of what each value of a member means is emptied when it has grown to this many values.
_CACHED_VALUES = 8192
_MANY_BOUNDS = 1024
_INDEX_BITS = 16

# The members of a flow record that conditions look at, each with the largest value of each kind (IP version or number).
NUMBER = 0
MEMBERS: dict[str, dict[int, int]] = {
    "protocol_number": {NUMBER: LAST_PROTOCOL},
    "destination_port": {NUMBER: LAST_PORT},
    "source_port": {NUMBER: LAST_PORT},
    "destination_address": LAST_ADDRESS,
    "source_address": LAST_ADDRESS,
    "age": {NUMBER: LAST_COUNT},
    "byte_count": {NUMBER: LAST_COUNT},
    "packet_count": {NUMBER: LAST_COUNT},
}


@dataclass(frozen=True)
class Condition:
    """What one member of a flow record must be: in the spans, for addresses by IP version; or absent, if it may be."""

    spans: dict[int, list[Span]]
    absent: bool


class Members(dict[Any, int]):
    """For each value of one member of a flow record, which rules it satisfies: bit n is rule n.

    The values between two neighbouring bounds of all rules' spans satisfy the same rules, so one binary search finds
    them, however many rules and networks there are.
    """

    def __init__(self, conditions: Sequence[Condition | None], last: Mapping[int, int]) -> None:
        super().__init__()
        self._absent = sum(1 << n for n, condition in enumerate(conditions) if condition is None or condition.absent)
        self._ranges: dict[int, _Ranges | _FewRanges] = {}
        for kind, limit in last.items():
            changes: dict[int, int] = {0: 0}
            for n, condition in enumerate(conditions):
                for first, end in [(0, limit)] if condition is None else condition.spans[kind]:
                    changes[first] = changes.get(first, 0) ^ (1 << n)
                    changes[end + 1] = changes.get(end + 1, 0) ^ (1 << n)
            ordered = sorted(changes)
            masks = list(accumulate((changes[bound] for bound in ordered), xor))
            many = len(ordered) > _MANY_BOUNDS and limit in LAST_ADDRESS.values()
            self._ranges[kind] = (_Ranges if many else _FewRanges)(ordered, masks, limit)

    def __missing__(self, value: Any) -> int:
        point = point_of(value) if isinstance(value, str) else (0, value) if isinstance(value, int) else None
        if point is None or point[0] not in self._ranges:
            mask = self._absent
        else:
            mask = self._ranges[point[0]].mask_of(point[1])
        if len(self) >= _CACHED_VALUES:
            self.clear()
        self[value] = mask
        return mask


class _FewRanges:
    """The masks of the ranges between neighbouring bounds."""

    def __init__(self, bounds: Sequence[int], masks: Sequence[int], _limit: int) -> None:
        self._bounds = bounds
        self._masks = masks

    def mask_of(self, number: int) -> int:
        """Return the mask of the range that a number is in."""
        return self._masks[bisect_right(self._bounds, number) - 1]


class _Ranges:
    """The masks of very many ranges of addresses, in little memory, for that is what a search in them waits for.

    Of an IPv6 address the upper half is looked for first; few lists have two networks that share it.
    """

    def __init__(self, bounds: Sequence[int], masks: Sequence[int], limit: int) -> None:
        self._low_bits = max(0, limit.bit_length() - 64)
        typecode = "Q" if self._low_bits else "L"
        # No address is beyond the last bound, which would not fit.
        count = bisect_right(bounds, limit)
        self._bounds = bounds if self._low_bits else []
        self._highs = array(typecode, (bound >> self._low_bits for bound in bounds[:count]))
        self._distinct = list(dict.fromkeys(masks[:count]))
        places = {mask: at for at, mask in enumerate(self._distinct)}
        self._which = array("B" if len(places) <= 256 else "L", (places[mask] for mask in masks[:count]))
        # Where in the bounds, of which the first is 0, a search begins and ends; so few of them are left to look at.
        self._first = self._highs[1]
        self._shift = max(0, (self._highs[-1] - self._first).bit_length() - _INDEX_BITS)
        most = (self._highs[-1] - self._first) >> self._shift
        edges = (self._first + (n << self._shift) for n in range(most + 1))
        self._starts = array("L", chain((bisect_left(self._highs, edge, 1) for edge in edges), [count]))

    def mask_of(self, number: int) -> int:
        """Return the mask of the range that an address, as a number, is in."""
        high = number >> self._low_bits
        slot = (high - self._first) >> self._shift
        starts = self._starts
        if slot < 0:
            return self._distinct[self._which[0]]
        if slot + 1 >= len(starts):
            return self._distinct[self._which[-1]]
        at = bisect_right(self._highs, high, starts[slot], starts[slot + 1])
        if self._low_bits and self._highs[at - 1] == high:
            at = bisect_right(self._bounds, number, bisect_left(self._highs, high, 0, at), at)
        return self._distinct[self._which[at - 1]]


def point_of(address: str) -> Span | None:
    """Return an address as (IP version, number), None when the text is no address."""
    try:
        if ":" in address:
            return 6, int.from_bytes(inet_pton(AF_INET6, address), "big")
        return 4, int.from_bytes(inet_pton(AF_INET, address), "big")
    except (OSError, ValueError):
        return None


def text_of(version: int, number: int) -> str:
    """Return an address, given as IP version and number, as text in its short form."""
    if version == 6:
        return inet_ntop(AF_INET6, number.to_bytes(16, "big"))
    return inet_ntop(AF_INET, number.to_bytes(4, "big"))
