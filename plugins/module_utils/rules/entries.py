# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many rules made few: rules that do the same to the same kind of packets are asked as one."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

from ..flows.addresses import point_of
from ..flows.matching import LAST_PORT
from ..flows.spans import Span, deepest
from .headers import Addresses, Ports, union_of_addresses, union_of_ports
from .kinds import Kind
from .packets import CLIENT
from .ruleset import ALERT, PASS, Header, Rule, StatelessRule

# The member of a header that the rules of one entry may differ in.
_VARYING = ("destination", "source", "destination_port", "source_port")
# Stands for ports where addresses have their IP version.
_PORTS = 0
# A rule alone costs less than looking for others to join it.
_FEW = 2


class Entry:
    """Rules that are asked as one: they differ in one member of their header at most, in which it has the union."""

    __slots__ = ("__dict__", "alerts", "effect", "header", "kind", "rules", "varying")

    def __init__(self, rules: Sequence[Rule | StatelessRule], varying: str = "") -> None:
        first = rules[0]
        self.rules = rules
        self.effect = first.effect
        self.kind = first.kind if isinstance(first, Rule) else Kind("stateless", "packet", first.certain)
        self.varying = varying
        self.header = first.header if len(rules) == 1 else _union(rules, varying)
        self.alerts = 0 if self.effect != ALERT else 1 if len(rules) == 1 else _most_alerts(rules, varying)

    def rule_for(self, record: Mapping[str, Any], side: int) -> Rule | StatelessRule:
        """Return the first of its rules that fits the packets that one side of a flow record sends."""
        if not self.varying:
            return self.rules[0]
        ends = ("source", "destination") if side == CLIENT else ("destination", "source")
        turns = (ends, ends[::-1]) if self.header.both_ways else (ends,)
        found = [self._place(record, of) for of in turns]
        return self.rules[min((place for place in found if place is not None), default=0)]

    def _place(self, record: Mapping[str, Any], ends: Sequence[str]) -> int | None:
        """Return the place of the first rule that fits when the packet's source is the first of the ends."""
        end = ends[0] if self.varying.startswith("source") else ends[1]
        if self.varying.endswith("_port"):
            port = record.get(f"{end}_port")
            return self._index(_PORTS, port) if isinstance(port, int) else None
        address = record.get(f"{end}_address")
        point = point_of(address) if isinstance(address, str) else None
        return None if point is None else self._index(*point)

    def _index(self, kind: int, number: int) -> int | None:
        bounds, places = self._places[kind]
        at = bisect_right(bounds, number) - 1
        return None if at < 0 or places[at] < 0 else places[at]

    @cached_property
    def _places(self) -> dict[int, tuple[list[int], list[int]]]:
        kinds = (_PORTS,) if self.varying.endswith("_port") else (4, 6)
        return {kind: _first_of([_spans(rule, self.varying, kind) for rule in self.rules]) for kind in kinds}


def _spans(rule: Rule | StatelessRule, member: str, kind: int) -> Sequence[Span]:
    value: Addresses | Ports | None = getattr(rule.header, member)
    if value is None:
        return ((0, LAST_PORT),)
    return value.maybe if isinstance(value, Ports) else value.maybe[kind]


def _first_of(many: Sequence[Sequence[Span]]) -> tuple[list[int], list[int]]:
    """Return bounds and, from each of them on, the lowest place of the spans that cover it, -1 for none."""
    starts = sorted((first, place, last) for place, spans in enumerate(many) for first, last in spans)
    ends = sorted({bound for first, _place, last in starts for bound in (first, last + 1)})
    bounds, places = [], []
    active: list[tuple[int, int]] = []
    at = 0
    for bound in ends:
        while at < len(starts) and starts[at][0] == bound:
            heapq.heappush(active, (starts[at][1], starts[at][2]))
            at += 1
        while active and active[0][1] < bound:
            heapq.heappop(active)
        bounds.append(bound)
        places.append(active[0][0] if active else -1)
    return bounds, places


def _union(rules: Sequence[Rule | StatelessRule], varying: str) -> Header:
    header = rules[0].header
    if not varying:
        return header
    values = [getattr(rule.header, varying) for rule in rules]
    joined: Any = union_of_ports(values) if varying.endswith("_port") else union_of_addresses(values)
    return header._replace(**{varying: joined})


def _most_alerts(rules: Sequence[Rule | StatelessRule], varying: str) -> int:
    if not varying:
        return len(rules)
    kinds = (_PORTS,) if varying.endswith("_port") else (4, 6)
    return max(deepest(span for rule in rules for span in _spans(rule, varying, kind)) for kind in kinds)


def entries_of(rules: Iterable[Rule | StatelessRule]) -> list[Entry]:
    """Return rules as entries, in an order that does to every packet what the order of the rules does.

    Among rules of one effect the order is free, as long as none of them decides what another one covers: drops go on
    with the search, and a pass ends it.
    """
    entries: list[Entry] = []
    for _key, run in groupby(rules, key=_run_of):
        entries += _joined(list(run))
    return entries


def _run_of(rule: Rule | StatelessRule) -> Hashable:
    if isinstance(rule, StatelessRule):
        return rule.effect, rule.certain
    return rule.effect, rule.kind.scope if rule.effect == PASS else ""


def _joined(run: list[Rule | StatelessRule]) -> list[Entry]:
    left: list[tuple[int, Rule | StatelessRule]] = list(enumerate(run))
    found: list[tuple[int, Entry]] = []
    for varying in _VARYING if len(run) >= _FEW else ():
        groups: dict[Hashable, list[tuple[int, Rule | StatelessRule]]] = {}
        for place, rule in left:
            groups.setdefault(_alike(rule, varying), []).append((place, rule))
        left = []
        for members in groups.values():
            if len(members) < _FEW or not all(_names_ports(rule, varying) for _place, rule in members):
                left += members
            else:
                found.append((members[0][0], _entry([rule for _place, rule in members], varying)))
    found += ((place, Entry([rule])) for place, rule in left)
    return [entry for _place, entry in sorted(found, key=lambda item: item[0])]


def _entry(rules: list[Rule | StatelessRule], varying: str) -> Entry:
    same = all(getattr(rule.header, varying) is getattr(rules[0].header, varying) for rule in rules)
    return Entry(rules, "" if same else varying)


def _names_ports(rule: Rule | StatelessRule, varying: str) -> bool:
    # A rule without ports also matches packets that have none, which no union of ports does.
    return not varying.endswith("_port") or getattr(rule.header, varying) is not None


def _alike(rule: Rule | StatelessRule, varying: str) -> Hashable:
    header = rule.header
    ends = tuple(0 if name == varying else id(getattr(header, name)) for name in _VARYING)
    about: Hashable = (rule.kind, rule.unknown) if isinstance(rule, Rule) else (rule.certain, rule.reason, rule.keyword)
    return (*ends, header.protocols, header.both_ways, about)


def boxes_of(entries: Sequence[Entry]) -> Iterator[tuple[int, Header]]:
    """Yield the headers of entries, each with the place of its entry; one for both directions is yielded as two."""
    for place, entry in enumerate(entries):
        header = entry.header
        yield place, header
        if header.both_ways:
            yield (
                place,
                Header(
                    header.destination, header.destination_port, header.source, header.source_port, header.protocols
                ),
            )
