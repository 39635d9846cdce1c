# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows that a plan wanted cut in each scope, and what became of one that is there again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from ..flows.filters import keys_of, to_api, within
from ..flows.matching import AGE, EVER, SOURCE_PORT, FilterSets, Flow, Spans, bits_of, flows_of, spans_of
from ..flows.scope import SCOPE_MEMBERS
from .outcome import REBORN, SURVIVED, Fate

Scope = tuple[str, str]

_PAGE = 500


class _Asked(NamedTuple):
    """One filter of a plan: what it matches, from what age (seconds) when it was captured, and when that was."""

    spans: Spans
    minimum_age: int
    captured_at: datetime | None


class Wanted:
    """The flows that the operations of a plan wanted cut in one scope."""

    def __init__(self) -> None:
        self.flow_count = 0
        self.captured_at: datetime | None = None
        self.minimum_flow_age: int | None = None
        self.api_filters: list[dict[str, Any]] = []
        # Planned flows by rule, as far as findings were told.
        self.by_rule: Counter[str] = Counter()
        self._asked: list[_Asked] = []
        self._filters: FilterSets | None = None
        self._rules: dict[tuple[int, ...], str | None] = {}

    def add(self, operation: Mapping[str, Any], captured_at: datetime | None) -> None:
        """Add one operation of a plan; the earliest capture counts."""
        self.flow_count += operation.get("flow_count") or 0
        if captured_at and (self.captured_at is None or captured_at < self.captured_at):
            self.captured_at = captured_at
        age = operation.get("minimum_flow_age") or 0
        self.minimum_flow_age = age if self.minimum_flow_age is None else min(age, self.minimum_flow_age)
        self.api_filters.extend(to_api(operation["flow_filters"]))
        self._asked.extend(_Asked(spans_of(item), age, captured_at) for item in operation["flow_filters"])
        self._filters = None

    def add_findings(self, findings: Sequence[Mapping[str, Any]]) -> None:
        """Add findings (flow records, with rule if it is known) of the plan's capture, after all operations."""
        for finding, flow, mask in zip(findings, *self._held(findings), strict=True):
            rule = finding.get("rule")
            # The client that comes back has another source port.
            for key in (flow[:AGE], _pair_of(flow)):
                self._rules.setdefault(key, rule)
            if rule is not None and any(flow[AGE] >= self._asked[at].minimum_age for at in bits_of(mask)):
                self.by_rule[rule] += 1

    def rule_of(self, record: Mapping[str, Any]) -> str | None:
        """Return the rule of the finding that has a flow record's 5-tuple, None when none is known."""
        return self._rules.get(flows_of([record])[0][:AGE])

    def _held(self, records: Sequence[Mapping[str, Any]], perhaps: bool = False) -> tuple[list[Flow], list[int]]:
        if self._filters is None:
            self._filters = FilterSets([asked.spans for asked in self._asked])
        flows = flows_of(records)
        return flows, self._filters.perhaps(flows) if perhaps else self._filters.surely(flows)

    def matching(
        self, records: Sequence[Mapping[str, Any]], seen_at: datetime | None, perhaps: bool = False
    ) -> list[tuple[list[int], list[int]]]:
        """Return for each flow record the filters (by number) that a flush of the plan would cut it by, and the others.

        The others match it too, but spare it for its age, or because it may be born since the plan's capture. With
        perhaps, filters count that match some value of what is not known of a flow, otherwise those that match all.
        """
        aged = [(asked.minimum_age, self._surely_passed(asked.captured_at, seen_at)) for asked in self._asked]
        found = []
        for flow, mask in zip(*self._held(records, perhaps), strict=True):
            cutting: list[int] = []
            sparing: list[int] = []
            for at in bits_of(mask):
                (cutting if flow[AGE] >= sum(aged[at]) else sparing).append(at)
            found.append((cutting, sparing))
        return found

    def fates(self, records: Sequence[Mapping[str, Any]], seen_at: datetime | None) -> list[Fate | None]:
        """Return for each flow record whether it survived or was reborn, None when the plan was not about it.

        Where findings are known, a flow born since counts as reborn when it goes the way that one of them went;
        otherwise when a filter matches it. Without times a flow that is there survived.
        """
        return [
            self._fate(flow, mask, seen_at) if mask or self._rules else None
            for flow, mask in zip(*self._held(records), strict=True)
        ]

    def _fate(self, flow: Flow, mask: int, seen_at: datetime | None) -> Fate | None:
        born_since = False
        for at in bits_of(mask):
            passed = self._passed(self._asked[at].captured_at, seen_at)
            if passed is None or flow[AGE] == EVER or flow[AGE] >= passed + self._asked[at].minimum_age:
                return Fate(SURVIVED, self._rules.get(flow[:AGE]))
            born_since = born_since or flow[AGE] < passed
        if not self._rules:
            return Fate(REBORN) if born_since else None
        passed = self._passed(self.captured_at, seen_at)
        if passed is None or flow[AGE] >= passed:
            return None
        way = _pair_of(flow)
        return Fate(REBORN, self._rules[way]) if way in self._rules else None

    @staticmethod
    def _passed(captured_at: datetime | None, seen_at: datetime | None) -> int | None:
        if captured_at is None or seen_at is None:
            return None
        return math.floor((seen_at - captured_at).total_seconds())

    @staticmethod
    def _surely_passed(captured_at: datetime | None, seen_at: datetime | None) -> int:
        if captured_at is None or seen_at is None:
            return 0
        # Ages are whole seconds, so that of a flow born right after the capture may be too high by one.
        return max(0, math.ceil((seen_at - captured_at).total_seconds()) + 1)

    def unseen_by(
        self, capture_filters: Sequence[Mapping[str, Any]], minimum_flow_age: int, seen_at: datetime | None
    ) -> bool:
        """Return whether a capture may have passed over flows of the plan, too young for it or outside its filters."""
        old_enough = (self.minimum_flow_age or 0) + max(0, self._passed(self.captured_at, seen_at) or 0)
        outer = keys_of(capture_filters)
        return minimum_flow_age > old_enough or not all(within(item, outer) for item in self.api_filters)


def _pair_of(flow: Flow) -> tuple[int, ...]:
    """Return a flow without its source port and age."""
    return (*flow[:SOURCE_PORT], flow[SOURCE_PORT + 1])


def by_scope(operations: Iterable[tuple[Mapping[str, Any], datetime | None]]) -> dict[Scope, Wanted]:
    """Return what each scope (option, value) of a plan's operations wanted cut."""
    wanted: dict[Scope, Wanted] = {}
    for operation, captured_at in operations:
        scope = next((name, operation[name]) for name in SCOPE_MEMBERS if operation.get(name))
        wanted.setdefault(scope, Wanted()).add(operation, captured_at)
    return wanted


def _only(wanted: Mapping[Scope, Wanted]) -> Wanted | None:
    return next(iter(wanted.values())) if len(wanted) == 1 else None


def tell_findings(wanted: Mapping[Scope, Wanted], findings: Iterable[Mapping[str, Any]]) -> None:
    """Tell what a plan wanted cut which findings (flow records with rule) it was made for."""
    only = _only(wanted)
    rest = iter(findings)
    while page := list(islice(rest, _PAGE)):
        for scope, want in wanted.items():
            want.add_findings(
                [
                    finding
                    for finding in page
                    if want is only or scope == ("availability_zone", finding.get("availability_zone", ""))
                ]
            )


def cut_of(wanted: Mapping[Scope, Wanted], findings: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the findings (flow records of the plan's capture) that a plan cuts."""
    only = _only(wanted)
    for finding in findings:
        here = wanted.get(("availability_zone", finding.get("availability_zone", "")), only)
        if here is not None and here.matching([finding], None)[0][0]:
            yield dict(finding)
