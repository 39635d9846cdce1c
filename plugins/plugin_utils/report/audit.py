# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit result as dataclasses: the one place that reads a mapping of any shape, which anybody may have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from .names import Names
from .text import clean, integer, items, mapping, moment, plain

_SCOPES = ("availability_zone", "availability_zone_id", "vpc_endpoint_id", "vpc_endpoint_association_arn")
_RULE_LIMIT = 2000
_NOT_WHOLE = ("COMPLETED_WITH_ERRORS", "FAILED")


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
    """Numbers by name, each None where the audit does not state it; by_fate and by_change count flows, not findings."""

    by_rule: Mapping[str, int] | None
    by_severity: Mapping[str, int] | None
    by_zone: Mapping[str, int] | None
    by_fate: Mapping[str, int] | None
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
    names: Names
    plan: FlushPlan | None
    warnings: Sequence[str]
    reasons: Sequence[str]
    unreadable: Unreadable
    undecided: Sequence[Undecided]
    contradicting: Contradicting
    firewall_policy: FirewallPolicy | None
    drift: Drift | None

    @property
    def judged_by(self) -> str:
        """What the flows were held against: policy, rules (the firewall's own) or change (of those)."""
        if self.counts.by_change is not None:
            return "change"
        return "policy" if self.counts.by_fate is None and self.firewall_policy is None else "rules"

    def ranking(self, measure: str, kind: str) -> list[Ranked]:
        """Return the rows of a ranking such as by_bytes of the kind source, the first one first."""
        return [_ranked(mapping(row)) for row in items(mapping(self.top.get(measure)).get(kind))]


def audit_of(raw: Mapping[str, Any]) -> Audit:
    """Return an audit result as an Audit; what is missing or of another shape is left empty, never an error."""
    operations = [_operation(mapping(item)) for item in items(raw.get("operations"))]
    counts = mapping(raw.get("counts"))
    return Audit(
        raw=raw,
        verdict=clean(raw.get("verdict")),
        partial=raw.get("partial") is True or any(item.status in _NOT_WHOLE for item in operations),
        firewall_arn=clean(raw.get("firewall_arn")),
        firewall_name=clean(raw.get("firewall_name")),
        audited_at=moment(raw.get("audited_at")),
        flow_count=integer(raw.get("flow_count")),
        findings_total=integer(raw.get("findings_total")),
        findings=items(raw.get("findings")),
        counts=Counts(*(_stated(counts.get(item.name)) for item in fields(Counts))),
        rules=[_rule(mapping(item)) for item in items(raw.get("rules"))],
        operations=operations,
        top=mapping(raw.get("top")),
        names=Names(raw.get("addresses")),
        plan=_plan(raw.get("plan")),
        warnings=[clean(warning) for warning in items(raw.get("warnings"))],
        reasons=[clean(reason) for reason in items(raw.get("reasons"))],
        unreadable=_unreadable(mapping(raw.get("unreadable"))),
        undecided=[_undecided(mapping(item)) for item in items(raw.get("undecided"))],
        contradicting=_contradicting(mapping(raw.get("contradicting"))),
        firewall_policy=_firewall_policy(raw.get("firewall_policy")),
        drift=_drift(raw.get("drift")),
    )


def _stated(value: Any) -> dict[str, int] | None:
    return {plain(name): integer(count) or 0 for name, count in value.items()} if isinstance(value, Mapping) else None


def _rule(item: Mapping[str, Any]) -> Rule:
    # A rule of the firewall is named by the audit as rule, one of a policy by its owner as name.
    name = item.get("name") or item.get("rule")
    return Rule(
        name=plain(name),
        label=clean(name),
        action=clean(item.get("action")),
        severity=clean(item.get("severity")),
        expired=item.get("expired") is True,
        disabled=item.get("enabled") is False,
        description=clean(item.get("description")) or clean(item.get("message")),
        text=clean(item.get("text"), _RULE_LIMIT),
        flow_count=integer(item.get("flow_count")),
    )


def _unreadable(item: Mapping[str, Any]) -> Unreadable:
    return Unreadable(
        count=max(integer(item.get("count")) or 0, 0),
        examples=[mapping(example) for example in items(item.get("examples"))],
    )


def _contradicting(item: Mapping[str, Any]) -> Contradicting:
    return Contradicting(
        count=integer(item.get("count")) or 0,
        attempts=integer(item.get("attempts")) or 0,
        examples=[mapping(example) for example in items(item.get("examples"))],
    )


def _undecided(item: Mapping[str, Any]) -> Undecided:
    return Undecided(
        reason=clean(item.get("description")) or clean(item.get("reason")) or "not said",
        rule=clean(item.get("rule")),
        hangs_on=clean(item.get("hangs_on")),
        flow_count=integer(item.get("flow_count")) or 0,
    )


def _firewall_policy(item: Any) -> FirewallPolicy | None:
    if not isinstance(item, Mapping) or not item:
        return None
    in_sync, home_net = item.get("in_sync"), item.get("home_net")
    return FirewallPolicy(
        arn=clean(item.get("arn")),
        name=clean(item.get("name")) or clean(item.get("arn")).rpartition("/")[2],
        rule_order=clean(item.get("rule_order")),
        default_actions=[clean(action) for action in items(item.get("stateful_default_actions"))],
        home_net=", ".join(map(clean, items(home_net))) or clean(home_net),
        in_sync=in_sync if isinstance(in_sync, bool) else None,
        changed_at=moment(item.get("last_modified_time")),
        groups=[_group(mapping(group)) for group in items(item.get("groups"))],
    )


def _group(item: Mapping[str, Any]) -> RuleGroup:
    return RuleGroup(
        name=clean(item.get("name")) or clean(item.get("arn")).rpartition("/")[2],
        priority=clean(item.get("priority")),
        kind=_kind(item),
        rule_count=integer(item.get("rule_count")),
        changed_at=moment(item.get("last_modified_time")),
        change=clean(item.get("change")),
        unread=clean(item.get("unread")),
    )


def _kind(item: Mapping[str, Any]) -> str:
    stateful = item.get("stateful")
    if isinstance(stateful, bool):
        return "stateful" if stateful else "stateless"
    return clean(item.get("type"))


def _drift(item: Any) -> Drift | None:
    if not isinstance(item, Mapping) or not item:
        return None
    return Drift(
        baseline_flow_count=integer(item.get("baseline_flow_count")),
        new_count=integer(item.get("new_count")) or 0,
        gone_count=integer(item.get("gone_count")) or 0,
        new_talkers_count=integer(item.get("new_talkers_count")) or 0,
        new=[mapping(flow) for flow in items(item.get("new"))],
        gone=[mapping(flow) for flow in items(item.get("gone"))],
        new_talkers=[clean(address) for address in items(item.get("new_talkers"))],
    )


def _operation(item: Mapping[str, Any]) -> ReadOperation:
    return ReadOperation(
        zone=clean(item.get("availability_zone")),
        scope=next((clean(item[scope]) for scope in _SCOPES if item.get(scope)), ""),
        identifier=clean(item.get("flow_operation_id")),
        status=clean(item.get("flow_operation_status")),
        requested=moment(item.get("flow_request_timestamp")),
        flow_count=integer(item.get("flow_count")),
        message=clean(item.get("status_message")),
    )


def _ranked(row: Mapping[str, Any]) -> Ranked:
    numbers = {name: integer(row.get(name)) for name in ("bytes", "packets", "flows", "age")}
    known = {name: None if count is None or count < 0 else count for name, count in numbers.items()}
    return Ranked(row.get("key"), known, integer(row.get("error")) or 0)


def _plan(plan: Any) -> FlushPlan | None:
    if not isinstance(plan, Mapping) or not plan:
        return None
    operations = [_planned(mapping(item)) for item in items(plan.get("operations"))]
    flow_count = integer(plan.get("flow_count"))
    if flow_count is None:
        flow_count = sum(item.flow_count or 0 for item in operations)
    return FlushPlan(
        operations=operations,
        flow_count=flow_count,
        inseparable=integer(plan.get("inseparable")) or 0,
        collateral=integer(plan.get("collateral")) or 0,
        hash=clean(plan.get("hash")),
    )


def _planned(item: Mapping[str, Any]) -> PlannedFlush:
    counts = [integer(count) for count in items(item.get("flow_counts"))]
    written = [mapping(given) for given in items(item.get("flow_filters"))]
    counts += [None] * (len(written) - len(counts))
    filters = [_filter(given, count) for given, count in zip(written, counts, strict=False)]
    return PlannedFlush(
        zone=clean(item.get("availability_zone")),
        filters=filters if "flow_filters" in item else None,
        minimum_age=max(integer(item.get("minimum_flow_age")) or 0, 0),
        captured_at=moment(item.get("captured_at")),
        flow_count=integer(item.get("flow_count")),
    )


def _filter(written: Mapping[str, Any], flow_count: int | None) -> FlushFilter:
    return FlushFilter(
        source=clean(written.get("source_address")),
        source_port=clean(written.get("source_port")),
        destination=clean(written.get("destination_address")),
        destination_port=clean(written.get("destination_port")),
        protocols=[clean(name) for name in items(written.get("protocols"))],
        flow_count=flow_count,
    )
