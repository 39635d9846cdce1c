# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads an audit result: the one place that meets a mapping of any shape, which anybody may have written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .audit import (
    Audit,
    Contradicting,
    Counts,
    Drift,
    FirewallPolicy,
    FlushFilter,
    FlushPlan,
    PlannedFlush,
    ReadOperation,
    Rule,
    RuleGroup,
    Undecided,
    Unreadable,
)
from .names import Names
from .text import clean, integer, items, mapping, moment, plain

_SCOPES = ("availability_zone", "availability_zone_id", "vpc_endpoint_id", "vpc_endpoint_association_arn")
_RULE_LIMIT = 2000
_NOT_WHOLE = ("COMPLETED_WITH_ERRORS", "FAILED")


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
        changes=mapping(raw.get("changes")),
        names=Names(raw.get("addresses")),
        plan=_plan(raw.get("plan")),
        warnings=[clean(warning) for warning in items(raw.get("warnings"))],
        reasons=[clean(reason) for reason in items(raw.get("reasons"))],
        unreadable=_unreadable(mapping(raw.get("unreadable"))),
        undecided=[_undecided(mapping(item)) for item in items(raw.get("undecided"))],
        contradicting=_contradicting(mapping(raw.get("contradicting"))),
        firewall_policy=_firewall_policy(raw.get("firewall_policy")),
        drift=_drift(raw.get("drift")),
        fetch=clean(mapping(raw.get("fetch")).get("description")),
        is_part=mapping(raw.get("fetch")).get("fetched") == "findings",
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
