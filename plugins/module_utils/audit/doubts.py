# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows of which not everything is known: which rules may come first, over all values that the unknown may have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from ..flows.matching import LAST_PORT, LAST_PROTOCOL, MEMBERS, Condition, Members
from ..flows.protocols import WITH_PORTS

PORTS = frozenset({"source_port", "destination_port"})
# The two lowest bits of a mask. One of them stays when everything is known that was looked at: the first where the
# protocol has ports and there are ports, the second where there is none, or one that is not 0, and need not be.
KNOWN = 3
# With more combinations of what unknown members may satisfy, each member is looked at by itself.
_MOST_COMBINATIONS = 4096
_REMEMBERED = 8192

_PORTED = sorted(WITH_PORTS)
_PORTLESS = sorted(set(range(LAST_PROTOCOL + 1)) - WITH_PORTS)


def known_conditions(member: str) -> tuple[Condition, Condition]:
    """Return the two conditions that leave a bit of KNOWN when the value of a member of a flow record is known."""
    if member == "protocol_number":
        return _numbers(_PORTED), _numbers(_PORTLESS)
    if member in PORTS:
        # A protocol without ports has none, however that is written; with 0 that has to be looked at more closely.
        return Condition([(0, LAST_PORT)], False), Condition([(1, LAST_PORT)], True)
    return Condition(MEMBERS[member], False), Condition(MEMBERS[member], False)


def _numbers(numbers: Sequence[int]) -> Condition:
    return Condition([(number, number) for number in numbers], False)


class Doubts:
    """What flows come to whose members are not all known, by rules that are bit n + 2 of the members' masks."""

    def __init__(self, members: Sequence[tuple[str, Members]]) -> None:
        self._members = members
        self._protocols = dict(members).get("protocol_number")
        self._remembered: dict[tuple[Any, ...], frozenset[int]] = {}

    def outcomes(self, record: Mapping[str, Any]) -> list[int]:
        """Return the bits of the rules that may come first for a flow record, 0 for none, in their order, 0 last."""
        found: set[int] = set()
        for has_ports, protocols in self._branches(record.get("protocol_number")):
            found |= self._outcomes(record, has_ports, protocols)
        return sorted(found, key=lambda rule: rule or float("inf"))

    def _branches(self, value: Any) -> Iterator[tuple[bool, frozenset[int]]]:
        """Yield whether there are ports, with what the protocols satisfy of which that holds."""
        protocols = self._protocols
        if protocols is None:
            yield True, frozenset({-1})
            return
        number = protocols.known(value)
        for has_ports, numbers in ((True, _PORTED), (False, _PORTLESS)):
            if number is None:
                yield has_ports, frozenset(protocols[each] for each in numbers)
            elif (number in WITH_PORTS) == has_ports:
                yield has_ports, frozenset({protocols[number]})

    def _outcomes(self, record: Mapping[str, Any], has_ports: bool, protocols: frozenset[int]) -> frozenset[int]:
        known = -1 << 2
        unknown = []
        for member, rules_of in self._members:
            if member == "protocol_number":
                continue
            value = record.get(member)
            number = rules_of.known(value)
            if member in PORTS and not has_ports and not number:
                known &= rules_of.absent
            elif number is None:
                unknown.append(member)
            else:
                known &= rules_of[value]
        key = known, protocols, *unknown
        if key not in self._remembered:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            of = dict(self._members)
            self._remembered[key] = _first_rules(known, [protocols, *(of[member].possible for member in unknown)])
        return self._remembered[key]


def _first_rules(known: int, choices: Sequence[Collection[int]]) -> frozenset[int]:
    """Return the lowest bits of what is known and one of each of the choices, over all combinations; 0 for no bit."""
    masks = {known}
    left = sorted(({known & mask for mask in choice} for choice in choices), key=len)
    while left and len(masks) * len(left[0]) <= _MOST_COMBINATIONS:
        choice = left.pop(0)
        masks = {mask & more for mask in masks for more in choice}
    if not left:
        return frozenset(mask & -mask for mask in masks)
    perhaps, surely = reduce(or_, masks), reduce(and_, masks)
    for choice in left:
        perhaps &= reduce(or_, choice)
        surely &= reduce(and_, choice)
    return _up_to_the_sure_one(perhaps, surely)


def _up_to_the_sure_one(perhaps: int, surely: int) -> frozenset[int]:
    found = set()
    while perhaps:
        rule = perhaps & -perhaps
        found.add(rule)
        if surely & rule:
            return frozenset(found)
        perhaps ^= rule
    return frozenset({*found, 0})
