# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a remediation as dataclasses: the one place that reads it, and knows what is not in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....module_utils.errors import counted
from ..text import clean, integer, items, mapping, moment

# By guard, the member of a result that it held back.
_HELD_BY = {
    "max_flows": "planned",
    "max_percent": "percent",
    "max_capture_age": "capture_age",
    "approved_hash": "plan_hash",
}
_UNITS = {"max_percent": "%", "max_capture_age": "s"}


@dataclass(frozen=True)
class RuleFates:
    """What became of the flows of one rule; a number is None where it is not known."""

    rule: str
    planned: int | None
    gone: int | None
    survived: int | None
    reborn: int | None


@dataclass(frozen=True)
class Step:
    """A rehearsal or a trial: what it was held on, what it found, and what is said of it; done is None if unknown."""

    done: bool | None
    passed: bool | None
    zone: str
    identifiers: Sequence[str]
    requested: str
    flow_count: int | None
    strangers: int | None
    examples: Sequence[Mapping[str, Any]]
    message: str


@dataclass(frozen=True)
class Guard:
    """A guard: its name, the value that was found, and what it allows; passed is None where nobody says."""

    name: str
    value: str
    limit: str
    passed: bool | None


@dataclass(frozen=True)
class Operation:
    """A flow operation of the remediation; kind says what for, such as flush, trial or rehearsal."""

    kind: str
    zone: str
    identifier: str
    status: str
    requested: str
    minimum_age: int | None
    filters: int | None
    flow_count: int | None
    collateral: int | None


@dataclass(frozen=True)
class Remediation:
    """What a remediation says of itself; texts are clean, None and empty mean that it does not say."""

    firewall_arn: str
    verdict: str
    nothing_else: str
    reason: str
    partial: bool
    planned: int | None
    gone: int | None
    survived: int | None
    reborn: int | None
    ended: int | None
    inseparable: int | None
    inseparable_flows: Sequence[Mapping[str, Any]]
    dropped: Sequence[Mapping[str, Any]]
    collateral_count: int | None
    collateral: Sequence[Mapping[str, Any]]
    unproved: Sequence[str]
    by_rule: Sequence[RuleFates]
    flows: Sequence[Mapping[str, Any]]
    flows_before: int | None
    flows_after: int | None
    rehearsal: Step
    trial: Step
    guards: Sequence[Guard]
    flush_count: int | None
    operations: Sequence[Operation]
    who: str
    began_at: str
    ended_at: str
    asked_for: str
    plan_hash: str
    evidence_path: str
    manifest_sha256: str
    versions: Mapping[str, str]
    warnings: Sequence[str]


def remediation_of(raw: Mapping[str, Any]) -> Remediation:
    """Return flow_remediate_result as a Remediation; what is missing or of another shape is unknown, never an error."""
    evidence, who = mapping(raw.get("evidence")), mapping(raw.get("caller_identity"))
    return Remediation(
        firewall_arn=clean(raw.get("firewall_arn")),
        verdict=clean(raw.get("verdict")),
        nothing_else=clean(raw.get("nothing_else")),
        reason=clean(raw.get("reason")) or clean(raw.get("msg")),
        partial=raw.get("partial") is True,
        **{name: _count(raw.get(name)) for name in ("planned", "gone", "survived", "reborn", "ended", "inseparable")},
        inseparable_flows=_flows(raw.get("inseparable_flows")),
        dropped=_flows(raw.get("dropped")),
        collateral_count=_count(raw.get("collateral_count")),
        collateral=_flows(raw.get("collateral")),
        unproved=[clean(reason) for reason in items(raw.get("unproved"))],
        by_rule=[_rule(clean(rule), mapping(fates)) for rule, fates in mapping(raw.get("by_rule")).items()],
        flows=_flows(raw.get("flows")),
        flows_before=_count(raw.get("flow_count_before")),
        flows_after=_count(raw.get("flow_count_after")),
        rehearsal=_step(raw.get("rehearsal")),
        trial=_step(raw.get("trial")),
        guards=_guards(raw),
        flush_count=_count(raw.get("flush_count")),
        operations=[_operation(mapping(item)) for item in items(raw.get("flow_operations"))],
        who=clean(who.get("arn")) or clean(raw.get("caller_arn")),
        began_at=moment(raw.get("began_at")),
        ended_at=moment(raw.get("ended_at")),
        asked_for=_asked_for(raw.get("asked_for")),
        plan_hash=clean(raw.get("plan_hash")),
        evidence_path=clean(evidence.get("path")),
        manifest_sha256=clean(evidence.get("manifest_sha256")),
        versions={clean(name): clean(version) for name, version in mapping(raw.get("versions")).items()},
        warnings=[clean(warning) for warning in items(raw.get("warnings"))],
    )


def _count(value: Any) -> int | None:
    number = integer(value)
    return number if number is not None and number >= 0 else None


def _flows(value: Any) -> list[Mapping[str, Any]]:
    return [mapping(flow) for flow in items(value)]


def _rule(rule: str, fates: Mapping[str, Any]) -> RuleFates:
    return RuleFates(rule, *(_count(fates.get(name)) for name in ("planned", "gone", "survived", "reborn")))


def _step(value: Any) -> Step:
    item = mapping(value)
    passed = item.get("passed")
    return Step(
        # A mapping is what was found; false is a step that was left out on purpose.
        done=bool(item) if isinstance(value, Mapping) else (value if isinstance(value, bool) else None),
        passed=passed if isinstance(passed, bool) else None,
        zone=clean(item.get("availability_zone")),
        identifiers=[clean(name) for name in items(item.get("flow_operation_ids"))]
        or [clean(name) for name in (item.get("flow_operation_id"),) if name],
        requested=moment(item.get("flow_request_timestamp")),
        flow_count=_count(item.get("flow_count")),
        strangers=_count(item.get("stranger_count")),
        examples=_flows(item.get("strangers")),
        message=clean(item.get("message")),
    )


def _guards(raw: Mapping[str, Any]) -> list[Guard]:
    value = raw.get("guards")
    if not isinstance(value, Mapping):
        return [_guard(mapping(item)) for item in items(value)]
    # Whoever has a result was refused by none of them.
    found = {name: clean(raw.get(member)) for name, member in _HELD_BY.items()}
    return [
        Guard(
            clean(name),
            _with_unit(name, found.get(name, "")),
            _with_unit(name, _plainly(limit)),
            bool(found.get(name)) or None,
        )
        for name, limit in value.items()
    ]


def _plainly(limit: Any) -> str:
    if isinstance(limit, bool):
        return "yes" if limit else "no"
    return clean(limit) or "any"


def _with_unit(name: str, value: str) -> str:
    return f"{value} {_UNITS[name]}" if value and name in _UNITS else value


def _asked_for(value: Any) -> str:
    if not isinstance(value, Mapping):
        return clean(value)
    addresses = value.get("addresses")
    named = addresses if isinstance(addresses, str) else ", ".join(map(clean, items(addresses)))
    words = {"plan": "a plan", "audit": "the plan of an audit", "addresses": f"the flows of {clean(named)}"}
    filters = items(value.get("flow_filters"))
    words["flow_filters"] = f"the flows of {counted(len(filters), 'filter')}"
    return words.get(clean(value.get("source")), "")


def _guard(item: Mapping[str, Any]) -> Guard:
    passed = item.get("passed")
    return Guard(
        name=clean(item.get("name")),
        value=clean(item.get("value")),
        limit=clean(item.get("limit")),
        passed=passed if isinstance(passed, bool) else None,
    )


def _operation(item: Mapping[str, Any]) -> Operation:
    return Operation(
        kind=clean(item.get("purpose")) or "flush",
        zone=clean(item.get("availability_zone")),
        identifier=clean(item.get("flow_operation_id")),
        status=clean(item.get("flow_operation_status")),
        requested=moment(item.get("flow_request_timestamp")),
        minimum_age=_count(item.get("minimum_flow_age")),
        filters=len(items(item.get("flow_filters"))) if "flow_filters" in item else _count(item.get("filter_count")),
        # What AWS lists of it; what a plan says is how many it was to be.
        flow_count=_count(item.get("listed_flow_count", item.get("flow_count"))),
        collateral=_count(item.get("collateral_count")),
    )
