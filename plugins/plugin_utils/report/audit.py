# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit result says, as dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .names import Names
from .text import clean, integer, items, mapping


@dataclass(frozen=True)
class Rule:
    """A rule as it was judged by; name is exactly the policy's, label is what a page shows.

    description says why there is the rule, text is the rule as it is written; flow_count is None where it is unknown.
    """

    name: str
    label: str
    action: str
    severity: str
    expired: bool
    disabled: bool
    description: str
    text: str
    flow_count: int | None

    @property
    def applied(self) -> bool:
        """Whether flows were judged by it."""
        return not self.expired and not self.disabled


@dataclass(frozen=True)
class ReadOperation:
    """A flow operation whose flows were judged; requested is a time as people read it, flow_count None if unknown."""

    zone: str
    scope: str
    identifier: str
    status: str
    requested: str
    flow_count: int | None
    message: str


@dataclass(frozen=True)
class Ranked:
    """A row of a ranking; a number is None where the ranking does not have it, error is by how much one may be low."""

    key: Any
    numbers: Mapping[str, int | None]
    error: int


@dataclass(frozen=True)
class FlushFilter:
    """A filter of a plan; an end is empty for any address, a port empty for any port, flow_count None if unknown."""

    source: str
    source_port: str
    destination: str
    destination_port: str
    protocols: Sequence[str]
    flow_count: int | None


@dataclass(frozen=True)
class PlannedFlush:
    """A flush of a plan; filters is None where the plan does not list them, minimum_age is in seconds."""

    zone: str
    filters: Sequence[FlushFilter] | None
    minimum_age: int
    captured_at: str
    flow_count: int | None


@dataclass(frozen=True)
class FlushPlan:
    """A plan: how many flows it cuts, leaves alone and would cut besides."""

    operations: Sequence[PlannedFlush]
    flow_count: int
    inseparable: int
    collateral: int
    hash: str


@dataclass(frozen=True)
class Counts:
    """Numbers by name, each None where the audit does not state it; those by fate and change count flows."""

    by_rule: Mapping[str, int] | None
    by_severity: Mapping[str, int] | None
    by_zone: Mapping[str, int] | None
    by_fate: Mapping[str, int] | None
    by_fate_before: Mapping[str, int] | None
    by_change: Mapping[str, int] | None


@dataclass(frozen=True)
class Undecided:
    """Flows of which the firewall's rules do not say what becomes of them: why, in words, by which rule, how many.

    hangs_on is the part of the rule that nobody can know, empty where there is none.
    """

    reason: str
    rule: str
    hangs_on: str
    flow_count: int


@dataclass(frozen=True)
class Contradicting:
    """Flows that are there although the rules would have dropped them: how many, how many look like mere attempts."""

    count: int
    attempts: int
    examples: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class RuleGroup:
    """A rule group of the firewall's policy, and when it was last changed (empty if not known).

    change says what a what-if does with it, unread why its rules could not be read.
    """

    name: str
    priority: str
    kind: str
    rule_count: int | None
    changed_at: str
    change: str
    unread: str


@dataclass(frozen=True)
class FirewallPolicy:
    """The firewall's own policy, by which flows were judged; in_sync is None where nobody says."""

    arn: str
    name: str
    rule_order: str
    default_actions: Sequence[str]
    home_net: str
    in_sync: bool | None
    changed_at: str
    groups: Sequence[RuleGroup]


@dataclass(frozen=True)
class Drift:
    """What has changed since a baseline; the lists are the first ones only."""

    baseline_flow_count: int | None
    new_count: int
    gone_count: int
    new_talkers_count: int
    new: Sequence[Mapping[str, Any]]
    gone: Sequence[Mapping[str, Any]]
    new_talkers: Sequence[str]


@dataclass(frozen=True)
class Unreadable:
    """Flows with members that could not be read: how many, and the first of them."""

    count: int
    examples: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Audit:
    """What an audit result says; texts are clean, raw is the result itself."""

    raw: Mapping[str, Any]
    verdict: str
    partial: bool
    firewall_arn: str
    firewall_name: str
    audited_at: str
    flow_count: int | None
    findings_total: int | None
    findings: Sequence[Any]
    counts: Counts
    rules: Sequence[Rule]
    operations: Sequence[ReadOperation]
    top: Mapping[str, Any]
    # By change, such as newly_dropped: rules with their flow_count, and rankings by kind.
    changes: Mapping[str, Any]
    names: Names
    plan: FlushPlan | None
    warnings: Sequence[str]
    reasons: Sequence[str]
    unreadable: Unreadable
    undecided: Sequence[Undecided]
    contradicting: Contradicting
    firewall_policy: FirewallPolicy | None
    drift: Drift | None
    # What was asked for, in a sentence, "" where that is every flow; and whether only a part of the flows was.
    fetch: str = ""
    is_part: bool = False

    @property
    def whole_flow_count(self) -> int | None:
        """The number of live flows, None where it is not known: what was captured may be a part of them."""
        return None if self.is_part else self.flow_count

    @property
    def judged_by(self) -> str:
        """What the flows were held against: policy, rules (the firewall's own) or change (of those)."""
        if self.counts.by_change is not None:
            return "change"
        return "policy" if self.counts.by_fate is None and self.firewall_policy is None else "rules"

    def ranking(self, measure: str, kind: str) -> list[Ranked]:
        """Return the rows of a ranking such as by_bytes of the kind source, the first one first."""
        return [_ranked(mapping(row)) for row in items(mapping(self.top.get(measure)).get(kind))]

    def changed_ranking(self, change: str, kind: str) -> list[Ranked]:
        """Return whose flows a change such as newly_dropped is about, of the kind source or destination."""
        return [_ranked(mapping(row)) for row in items(mapping(self.changes.get(change)).get(kind))]

    def changed_rules(self, change: str) -> dict[str, int]:
        """Return how many flows a change such as newly_dropped is about, by rule."""
        rows = map(mapping, items(mapping(self.changes.get(change)).get("rules")))
        return {clean(row.get("rule")): integer(row.get("flow_count")) or 0 for row in rows}


def _ranked(row: Mapping[str, Any]) -> Ranked:
    numbers = {name: integer(row.get(name)) for name in ("bytes", "packets", "flows", "age")}
    known = {name: None if count is None or count < 0 else count for name, count in numbers.items()}
    return Ranked(row.get("key"), known, integer(row.get("error")) or 0)
