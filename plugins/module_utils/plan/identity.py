# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flow is which: flows known by scope, 5-tuple and birth, and the rows of an operation held against them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ..flows.matching import ABSENT, AGE, EVER, SOURCE_PORT, UNKNOWN, Flow, flows_of
from ..flows.protocols import WITH_PORTS

# Ages and times come in whole seconds: when a flow is seen again, it may look older or younger by so many.
ROUNDING = 2

# What a row of an operation is, held against the findings: one of them; the other direction of one's connection; none
# of them; none, but with a finding's 5-tuple and born later; or nobody can tell, for a member is not readable.
FINDING, REVERSE, INNOCENT, NEWBORN, UNCLEAR = "finding", "reverse", "innocent", "newborn", "unclear"
# In a capture after the flush: a flow that goes the way of a finding, from whatever source port, and was born since.
REBORN = "reborn"
COLLATERAL = (INNOCENT, NEWBORN)

# A scope's value (such as us-east-1a), then source, destination, protocol, source port and destination port in numbers.
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Moment:
    """When an operation identified its flows, and how long (seconds) it may have taken for that."""

    at: datetime
    duration: float = 0.0

    @property
    def tolerance(self) -> float:
        """By how many seconds the birth of a flow may be wrong."""
        return ROUNDING + self.duration

    def birth(self, age: int) -> float | None:
        """Return when a flow of an age (seconds) was born, in seconds since 1970; None when its age is unknown."""
        return None if age == EVER else self.at.timestamp() - age


def key_of(flow: Flow, scope: str) -> Key | None:
    """Return a flow's scope and 5-tuple, without ports where its protocol has none; None when it is not all known."""
    source, destination, protocol, *ports = flow[:AGE]
    if protocol not in WITH_PORTS:
        ports = [ABSENT, ABSENT]
    elif UNKNOWN in ports:
        return None
    return None if UNKNOWN in (source, destination, protocol) else (scope, source, destination, protocol, *ports)


def reversed_key(key: Key) -> Key:
    """Return the key of a connection's other direction."""
    scope, source, destination, protocol, source_port, port = key
    return scope, destination, source, protocol, port, source_port


def is_too_young(record: Mapping[str, Any], moment: Moment) -> bool:
    """Return whether a flow record is so young that it may be one born since; it is left for the next round."""
    age = record.get("age")
    return isinstance(age, int) and age < moment.tolerance


def scope_value(record: Mapping[str, Any], scope: str | None) -> str:
    """Return the value of the scope that a flow record is of: the given one, or its Availability Zone."""
    return scope if scope is not None else str(record.get("availability_zone", ""))


class Birth(NamedTuple):
    """One finding of a 5-tuple: when it was born (seconds since 1970, None for unknown), and its number."""

    at: float | None
    number: int


class Identified:
    """The findings of captures by scope, 5-tuple and birth; of one 5-tuple there may be several."""

    def __init__(self) -> None:
        self.count = 0
        # Of so many, the 5-tuple cannot be read.
        self.unreadable = 0
        self._births: dict[Key, list[Birth]] = {}
        self._moments: dict[str, Moment] = {}
        self._ways: set[Key] = set()

    def add(self, records: Sequence[Mapping[str, Any]], moment: Moment, scope: str | None = None) -> None:
        """Add findings, flow records of an operation; scope is its value where the records do not say their zone."""
        for record, flow in zip(records, flows_of(records), strict=True):
            value = scope_value(record, scope)
            known = self._moments.get(value)
            if known is None or moment.duration > known.duration:
                self._moments[value] = moment
            key = key_of(flow, value)
            if key is None:
                self.unreadable += 1
            else:
                self._births.setdefault(key, []).append(Birth(moment.birth(flow[AGE]), self.count))
                self._ways.add(way_of(key))
            self.count += 1

    def births(self, key: Key) -> Sequence[Birth]:
        """Return the findings that have a key."""
        return self._births.get(key, ())

    def known(self) -> Iterable[Key]:
        """Return the keys of the findings."""
        return self._births.keys()

    def tolerance(self, scope: str, moment: Moment) -> float:
        """Return by how many seconds a finding's birth may seem another one in an operation of that moment."""
        known = self._moments.get(scope)
        return moment.tolerance + (known.duration if known else 0.0)

    def was_captured(self, key: Key) -> float | None:
        """Return when the findings were captured whose way a key goes (seconds since 1970), None when none goes it."""
        return self._moments[key[0]].at.timestamp() if way_of(key) in self._ways else None


def way_of(key: Key) -> Key:
    """Return a key without its source port: the client that comes back has another one."""
    return (*key[: SOURCE_PORT + 1], key[-1])


def is_one_of(at: float, births: Iterable[Birth], tolerance: float) -> bool:
    """Return whether one of the findings has that birth."""
    return any(birth.at is not None and abs(birth.at - at) <= tolerance for birth in births)


@dataclass
class Compared:
    """The rows of an operation, counted by what they are, and the first of those that are to be shown."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    # The numbers of the findings that are among the rows, in either direction.
    found: set[int] = field(default_factory=set)

    @property
    def row_count(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    @property
    def collateral_count(self) -> int:
        """The rows that are surely no findings."""
        return sum(self.counts[kind] for kind in COLLATERAL)

    def merged(self, other: Compared, most: int = 100) -> Compared:
        """Return the rows of two operations together."""
        return Compared(self.counts + other.counts, [*self.examples, *other.examples][:most], self.found | other.found)


class Listing:
    """The rows of a rehearsal or a flush while they are held against the findings, with what is no finding to show.

    Of each 5-tuple, as many rows as there are findings of that birth are findings; what is beyond is not.
    """

    shown: tuple[str, ...] = (*COLLATERAL, UNCLEAR)

    def __init__(self, findings: Identified, moment: Moment, scope: str | None = None, most: int = 100) -> None:
        self.findings = findings
        self.moment = moment
        self.scope = scope
        self.most = most
        self._compared = Compared()
        self._taken: set[tuple[Key, bool]] = set()
        # Of 5-tuples with several findings, which row is which is only known when all are there.
        self._waiting: dict[tuple[Key, bool], list[tuple[float, Mapping[str, Any]]]] = {}

    def add(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add a page of rows, as flow records."""
        for record, flow in zip(records, flows_of(records), strict=True):
            key = key_of(flow, scope_value(record, self.scope))
            if key is None:
                self._count(UNCLEAR, record)
                continue
            other = reversed_key(key)
            at = self.moment.birth(flow[AGE])
            if self.findings.births(key):
                self._place(record, (key, False), at)
            elif self.findings.births(other):
                self._place(record, (other, True), at)
            else:
                self._count(self._stranger(at, key), record)

    def _place(self, record: Mapping[str, Any], place: tuple[Key, bool], at: float | None) -> None:
        key, is_reverse = place
        births = self.findings.births(key)
        if at is None or any(birth.at is None for birth in births):
            self._count(UNCLEAR, record)
        elif len(births) > 1:
            self._waiting.setdefault(place, []).append((at, record))
        elif place not in self._taken and is_one_of(at, births, self._tolerance(key)):
            self._taken.add(place)
            self._count(REVERSE if is_reverse else FINDING, record, births[0].number)
        else:
            self._count(self._other(at, key, births), record)

    def _tolerance(self, key: Key) -> float:
        return self.findings.tolerance(key[0], self.moment)

    def _stranger(self, at: float | None, key: Key) -> str:
        """Return what a row is that has no finding's 5-tuple."""
        return INNOCENT

    def _other(self, at: float, key: Key, births: Iterable[Birth]) -> str:
        """Return what a row with findings' 5-tuple is that is none of them."""
        first = min(birth.at for birth in births if birth.at is not None)
        return NEWBORN if at > first + self._tolerance(key) else INNOCENT

    def _count(self, kind: str, record: Mapping[str, Any], number: int | None = None) -> None:
        self._compared.counts[kind] += 1
        if number is not None:
            self._compared.found.add(number)
        if kind in self.shown and len(self._compared.examples) < self.most:
            self._compared.examples.append({**record, "kind": kind})

    def compared(self) -> Compared:
        """Return what all rows are; add no more after it."""
        for (key, is_reverse), rows in self._waiting.items():
            births = sorted(self.findings.births(key), key=_moment_of)
            rows.sort(key=_moment_of)
            moments, others = [at for at, _record in rows], [birth.at or 0.0 for birth in births]
            for (at, record), number in zip(rows, paired(moments, others, self._tolerance(key)), strict=True):
                if number is None:
                    self._count(self._other(at, key, births), record)
                else:
                    self._count(REVERSE if is_reverse else FINDING, record, births[number].number)
        self._waiting.clear()
        return self._compared


class Recapture(Listing):
    """The flows of a capture after the flush: findings that survived, and flows that came back, are to show."""

    shown = (FINDING, REBORN)

    def _stranger(self, at: float | None, key: Key) -> str:
        captured = self.findings.was_captured(key)
        return REBORN if at is not None and captured is not None and at > captured else INNOCENT

    def _other(self, at: float, key: Key, births: Iterable[Birth]) -> str:
        return REBORN if super()._other(at, key, births) == NEWBORN else INNOCENT


def _moment_of(item: tuple[Any, Any]) -> float:
    return item[0] or 0.0


def paired(moments: Sequence[float], others: Sequence[float], tolerance: float) -> list[int | None]:
    """Return for each of the moments which of the others it goes with, None for none; as many as can, both sorted."""
    pairs: list[int | None] = []
    at = 0
    for moment in moments:
        while at < len(others) and others[at] < moment - tolerance:
            at += 1
        fits = at < len(others) and others[at] <= moment + tolerance
        pairs.append(at if fits else None)
        at += fits
    return pairs


class Ended(NamedTuple):
    """What became of findings: cut by a flush that says so, ended by themselves, or there still; in flows."""

    cut: int
    by_itself: int
    survived: int


def ended(findings: Identified, flushed: Compared, after: Compared) -> Ended:
    """Return what became of the findings, by the rows of the flushes and by those of a capture after them."""
    gone = flushed.found - after.found
    return Ended(len(gone), findings.count - len(flushed.found | after.found), len(after.found))


def lists_nothing(rehearsed: Compared, flushed: Compared, after: Compared) -> bool:
    """Return whether a flush lists nothing although findings of its rehearsal are gone: nobody says what it hit."""
    return not flushed.row_count and bool(rehearsed.found - after.found)


def least_age(minimum_flow_age: int, captured_at: datetime, started_at: datetime, delay: float) -> int:
    """Return the minimum age (seconds) with which a flush that starts then spares all flows born since the capture.

    delay is the longest time (seconds) between an operation's start and its identification of flows in this run.
    """
    passed = (started_at - captured_at).total_seconds()
    return minimum_flow_age + max(0, math.ceil(passed + delay)) + ROUNDING
