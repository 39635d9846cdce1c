# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit result as dataclasses: the one place that reads a mapping of any shape, which anybody may have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .names import Names
from .text import clean, integer, items, mapping, moment, plain

_SCOPES = ("availability_zone", "availability_zone_id", "vpc_endpoint_id", "vpc_endpoint_association_arn")
_NOT_WHOLE = ("COMPLETED_WITH_ERRORS", "FAILED")


@dataclass(frozen=True)
class Rule:
    """A rule of the policy as it was judged by; name is exactly the policy's, label is what a page shows."""

    name: str
    label: str
    action: str
    severity: str
    expired: bool
    disabled: bool

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
    """Numbers of findings by name, each None where the audit does not state it."""

    by_rule: Mapping[str, int] | None
    by_severity: Mapping[str, int] | None
    by_zone: Mapping[str, int] | None


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
        counts=Counts(*(_stated(counts.get(name)) for name in ("by_rule", "by_severity", "by_zone"))),
        rules=[_rule(mapping(item)) for item in items(raw.get("rules"))],
        operations=operations,
        top=mapping(raw.get("top")),
        names=Names(raw.get("addresses")),
        plan=_plan(raw.get("plan")),
        warnings=[clean(warning) for warning in items(raw.get("warnings"))],
    )


def _stated(value: Any) -> dict[str, int] | None:
    return {plain(name): integer(count) or 0 for name, count in value.items()} if isinstance(value, Mapping) else None


def _rule(item: Mapping[str, Any]) -> Rule:
    return Rule(
        name=plain(item.get("name")),
        label=clean(item.get("name")),
        action=clean(item.get("action")),
        severity=clean(item.get("severity")),
        expired=item.get("expired") is True,
        disabled=item.get("enabled") is False,
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
