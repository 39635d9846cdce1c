# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A flush plan held against a fresh capture: which of its filters may still be used, and what they would cut."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..audit.policy import Verdict
from ..flows.matching import Flow, flows_of
from ..times import parse_utc, utc_text
from .boxes import Findings
from .same import Same
from .wanted import Wanted


class Place(NamedTuple):
    """Where a filter stands in a plan."""

    operation: int
    filter: int


class Proof:
    """What one scope's operations of a plan match in a fresh capture.

    With a policy, every flow is judged anew: a filter that matches one which the policy allows is dropped, and flows
    born since the plan's capture are cut too, unless only its age tells an innocent flow from those that were found.
    Without one, a flow that was there when the plan's capture was taken is known by its age, and a filter that matches
    more of those than it did then is dropped. With known findings instead, a filter is dropped that matches a flow
    which was there and is none of them by 5-tuple and birth, however many it matches. With allow_collateral none is
    dropped, and innocent flows count among those that are cut.
    """

    def __init__(
        self,
        operations: Sequence[tuple[int, Mapping[str, Any]]],
        wanted: Wanted,
        judges: bool,
        allow_collateral: bool = False,
        known: Same | None = None,
    ) -> None:
        self.operations = operations
        self.wanted = wanted
        self.judges = judges
        self.allow_collateral = allow_collateral
        self.known = None if judges else known
        self.flow_count = 0
        self.places = [
            Place(at, number) for at, operation in operations for number in range(len(operation["flow_filters"]))
        ]
        self._proved = [
            count for _at, operation in operations for count in operation.get("flow_counts") or _unknown(operation)
        ]
        # A filter is its number for the flows that were there at the plan's capture, and its number plus so many for
        # all flows of its age.
        self._anew = len(self.places)
        self._cut: Counter[tuple[int, ...]] = Counter()
        self._surely_there: Counter[int] = Counter()
        # The innocent flows that filters match, and the findings, of whose connections some may be the other direction.
        self._hits: list[tuple[Flow, list[int]]] = []
        self._found = Findings()

    def add(
        self, records: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict | None], seen_at: datetime | None
    ) -> list[dict[str, Any]]:
        """Add a page of flow records with their verdicts; return those that a filter would cut, with their rules."""
        self.flow_count += len(records)
        if self.judges:
            self._found.add_all([record for record, verdict in zip(records, verdicts, strict=True) if verdict])
        cut = []
        from_ages = self._from_ages(seen_at)
        # An innocent flow keeps every filter from being used that it may be cut by; a finding is cut by none but those
        # that surely match it.
        innocent = [self.judges and verdict is None for verdict in verdicts]
        there = self._matching(records, innocent, seen_at)
        anew = self._matching(records, innocent, None) if self.judges else [([], [])] * len(records)
        for record, verdict, (cutting, sparing), (any_age, _younger) in zip(
            records, verdicts, there, anew, strict=True
        ):
            of_any_age = [at + self._anew for at in any_age]
            if self.judges and verdict is None:
                if cutting or of_any_age:
                    self._hits.append((flows_of([record])[0], cutting + of_any_age))
                if not self.allow_collateral:
                    continue
            if self.known is not None and (cutting or sparing) and not self.known.has(record):
                if cutting:
                    self._hits.append((flows_of([record])[0], cutting))
                if not self.allow_collateral:
                    continue
            self._surely_there.update(cutting)
            # By the whole seconds of its age a young flow may have been there or not: it is not held against a filter,
            # but the first flush, or the next one, may cut it.
            age = record.get("age")
            perhaps = [at for at in sparing if isinstance(age, int) and age >= from_ages[at]]
            filters = tuple(sorted(cutting + perhaps + of_any_age))
            if filters:
                self._cut[filters] += 1
                cut.append(self._told(record, verdict))
        return cut

    def _matching(
        self, records: Sequence[Mapping[str, Any]], innocent: Sequence[bool], seen_at: datetime | None
    ) -> list[tuple[list[int], list[int]]]:
        surely = self.wanted.matching(records, seen_at)
        # Without a policy nobody says which flow is innocent, and one that may be cut counts as one that is.
        if not any(innocent) and self.judges:
            return surely
        perhaps = self.wanted.matching(records, seen_at, perhaps=True)
        if not self.judges:
            return perhaps
        return [may if spared else does for spared, may, does in zip(innocent, perhaps, surely, strict=True)]

    def _told(self, record: Mapping[str, Any], verdict: Verdict | None) -> dict[str, Any]:
        if verdict is not None:
            return {**record, **verdict.as_result()}
        rule = self.wanted.rule_of(record)
        return dict(record) if rule is None else {**record, "rule": rule}

    def _from_ages(self, seen_at: datetime | None) -> list[int]:
        """Return for each filter the age from which a flow may have been old enough for it at the plan's capture."""
        ages = []
        for _at, operation in self.operations:
            captured_at = operation.get("captured_at")
            passed = 0.0
            if captured_at and seen_at is not None:
                passed = (seen_at - parse_utc(captured_at)).total_seconds()
            age = (operation.get("minimum_flow_age") or 0) + max(0, math.floor(passed))
            ages.extend([age] * len(operation["flow_filters"]))
        return ages

    @property
    def _innocent(self) -> Counter[int]:
        """How many innocent flows each filter would cut."""
        others = self._found.other_directions()
        return Counter(at for flow, filters in self._hits if not others.has(flow) for at in filters)

    def _numbered(self) -> Iterator[tuple[Mapping[str, Any], list[tuple[Place, int]]]]:
        """Yield the operations with their filters, each as its place and the number that it counts under."""
        start = 0
        innocent = self._innocent
        for _at, operation in self.operations:
            numbers = range(start, start + len(operation["flow_filters"]))
            start = numbers.stop
            there, anew = (sum(at + more in innocent for at in numbers) for more in (0, self._anew))
            # Flows born since are spared only where fewer filters have to be dropped for it.
            more = self._anew if self.judges and anew <= there else 0
            yield operation, [(self.places[at], at + more) for at in numbers]

    def dropped(self) -> dict[Place, int]:
        """Return the filters that may not be used, each with the number of innocent flows that it would cut."""
        hits = self._innocent
        return {
            place: innocent
            for _operation, filters in self._numbered()
            for place, number in filters
            if (innocent := self._innocent_flows(number, hits)) and not self.allow_collateral
        }

    def _innocent_flows(self, number: int, hits: Mapping[int, int]) -> int:
        if self.judges or self.known is not None:
            return hits.get(number, 0)
        proved = self._proved[number]
        return 0 if proved is None else max(0, self._surely_there[number] - proved)

    def kept(self, seen_at: datetime | None) -> tuple[list[dict[str, Any]], int]:
        """Return the operations without the dropped filters, with fresh counts, and how many flows they cut in all.

        seen_at is when the fresh capture was taken.
        """
        dropped = self.dropped()
        matched: Counter[int] = Counter()
        for numbers, count in self._cut.items():
            matched.update(dict.fromkeys(numbers, count))
        operations = []
        used: set[int] = set()
        for operation, filters in self._numbered():
            left = [(place, number) for place, number in filters if place not in dropped]
            if not left:
                continue
            here = {number for _place, number in left}
            used |= here
            kept = {
                **operation,
                "flow_filters": [operation["flow_filters"][place.filter] for place, _number in left],
                "flow_counts": [matched[number] for _place, number in left],
                "flow_count": self._flows_of(here),
            }
            # What an interrupted run has cut is found again by the capture that it went by.
            is_anew = min(here) >= self._anew and kept["flow_count"] > 0
            if seen_at is not None and (is_anew or _is_later(operation.get("captured_at"), seen_at)):
                kept["captured_at"] = utc_text(seen_at)
            operations.append(kept)
        return operations, self._flows_of(used)

    def _flows_of(self, filters: set[int]) -> int:
        return sum(count for cutting, count in self._cut.items() if not filters.isdisjoint(cutting))


def _is_later(captured_at: str | None, seen_at: datetime) -> bool:
    """Return whether the moment of a plan's capture is unknown, or one from which on flows would not be spared."""
    return captured_at is None or parse_utc(captured_at) > seen_at


def _unknown(operation: Mapping[str, Any]) -> list[None]:
    return [None] * len(operation["flow_filters"])
