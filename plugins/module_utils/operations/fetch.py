# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures of those flows alone that can be findings or undecided: what they ask for, and what audits make of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import FlowOpsError
from ..flows.asking import asked_for
from ..flows.filters import from_api, to_api
from ..flows.matching import AGE, FilterSets, flows_of, spans_of
from ..flows.regions import WHOLE, Region
from ..rules import reach
from .capture import Capture
from .order import Operation
from .rule_source import FirewallRules

ALL, FINDINGS = "all", "findings"
FETCHES = (ALL, FINDINGS)
# Seconds by which the times of two captures, and the ages in them, may be off.
_ROUNDING = 5


def rule_regions(rules: FirewallRules) -> list[Region]:
    """Return regions that have every flow that the rules, as they are or as they would be, may not pass."""
    # While a change is still spreading, nothing can be said of any flow.
    if rules.in_sync is False:
        return [WHOLE]
    return reach.regions_of(rules.ruleset, *([rules.after] if rules.after else []))


def cover_of(regions: Iterable[Region]) -> str:
    """Return the SHA-256 (hex) of regions: equal for rules that can find the same flows."""
    return hashlib.sha256(repr([tuple(region) for region in regions]).encode()).hexdigest()


def narrowed(
    operations: Sequence[Operation], regions: Sequence[Region], given: Sequence[Mapping[str, Any]], captures: int
) -> tuple[list[Operation], dict[str, Any]]:
    """Return the captures that have every flow of the regions, within what operations would capture, and what to say.

    Given are the filters of the operations, as people write them. A zone gets at most so many, one after another.
    """
    if not operations:
        return [], {"fetched": ALL}
    age = operations[0].order.minimum_flow_age
    asked = asked_for(regions, given, age or 0, captures)
    told = {"fetched": ALL if asked.reason else FINDINGS, "cover": cover_of(regions)}
    if asked.reason:
        return list(operations), {**told, "reason": asked.reason}
    orders = [
        replace(
            operations[0].order,
            api_filters=to_api(one.flow_filters),
            minimum_flow_age=one.minimum_flow_age or age,
        )
        for one in asked.passes
    ]
    return [replace(operation, order=order) for order in orders for operation in operations], told


@dataclass
class Fetched:
    """What the captures of an audit asked for, and which flows of one of them another one has told already."""

    captures: Sequence[Capture]
    told: Mapping[str, Any]
    # Whether the rules can find flows that were not asked for: they have changed since.
    uncovered: bool = False
    _filters: dict[str, FilterSets] = field(default_factory=dict)

    @property
    def is_part(self) -> bool:
        """Whether only flows that can be findings or undecided were asked for."""
        return bool(self.told["fetched"] == FINDINGS)

    def check(self, regions: Sequence[Region]) -> None:
        """Hold what was asked for against the regions of what the flows are judged by."""
        self.uncovered = self.is_part and self.told.get("cover") != cover_of(regions)

    def told_before(self, capture: Capture, records: Sequence[Mapping[str, Any]]) -> set[int]:
        """Return the places of flow records of a page that an earlier capture of the same scope has too.

        It had them for sure when they match its filters, and were there and old enough by then.
        """
        found: set[int] = set()
        for earlier in self.captures:
            if earlier is capture:
                break
            if earlier.scope != capture.scope or not earlier.seen_at or not capture.seen_at:
                continue
            since = (capture.seen_at - earlier.seen_at).total_seconds() + _ROUNDING
            needed = (earlier.minimum_flow_age or 0) + since
            if not earlier.partial:
                flows = flows_of(records)
                masks = self._filters_of(earlier).surely(flows)
                found |= {at for at, mask in enumerate(masks) if mask and flows[at][AGE] >= needed}
        return found

    def _filters_of(self, capture: Capture) -> FilterSets:
        known = self._filters.get(capture.flow_operation_id)
        if known is None:
            known = FilterSets([spans_of(item) for item in from_api(capture.api_filters)])
            self._filters[capture.flow_operation_id] = known
        return known

    def as_result(self) -> dict[str, Any]:
        """Return what was asked for, as the result of an audit has it."""
        captures: list[dict[str, Any]] = []
        for capture in self.captures:
            asked = {
                "flow_filters": from_api(capture.api_filters),
                "minimum_flow_age": capture.minimum_flow_age or 0,
            }
            if asked not in captures:
                captures.append(asked)
        told = {name: self.told[name] for name in ("fetched", "reason") if self.told.get(name)}
        return {**told, "captures": captures, "description": self.sentence()}

    def sentence(self) -> str:
        """Return what the counts are of, in one sentence."""
        if not self.is_part:
            return f"Every flow was captured, because {self.told.get('reason') or 'nothing less would do'}."
        return (
            "Only flows that can be findings or undecided were captured, and every count is of these; flows that AWS"
            " does not show in full cannot be asked for."
        )

    def warnings(self) -> list[str]:
        """Return a sentence where the rules can find flows that were not asked for."""
        if not self.uncovered:
            return []
        return [
            "What the flows are judged by has changed since they were captured, so that some that can be findings may"
            " be missing; capture again."
        ]


def fetched_of(captures: Sequence[Capture], resume: bool) -> Fetched | None:
    """Return what captures asked for, None when they were of all flows; raise FlowOpsError where they do not agree."""
    tellings = [capture.fetch for capture in captures]
    told = next((telling for telling in tellings if telling is not None), None)
    if told is None:
        return None
    if any(telling != told for telling in tellings):
        raise FlowOpsError(
            "operations: not all of them are of one capture with fetch=findings; give its flow_operations as they are."
        )
    if resume and told["fetched"] == FINDINGS:
        raise FlowOpsError("resume and captures with fetch=findings were given together; a part is quickly read again.")
    return Fetched(captures, told)
