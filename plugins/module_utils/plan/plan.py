# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A flush plan: the operations that cut an audit's findings, the one firewall they are for, and their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from ..errors import FlowOpsError, OptionError, shown
from ..files import PLAN, json_of, read_file
from ..flows.arns import parse_firewall_arn
from ..flows.filters import to_api
from ..flows.scope import SCOPE_MEMBERS, scope_of
from ..times import parse_utc

# The form of what the digest is of; a plan of another form is not understood, and not carried out.
FORMAT_VERSION = 1
# Seconds, some 68 years: older than any flow, and still a number that every service takes.
LARGEST_AGE = 2**31 - 1
# Far more flows than a state table can hold.
LARGEST_COUNT = 10**12

_OPERATION_MEMBERS = (
    *SCOPE_MEMBERS,
    "flow_filters",
    "minimum_flow_age",
    "captured_at",
    "flow_count",
    "flow_counts",
)
_COUNTS = ("flow_count", "inseparable", "collateral", "captured_flow_count")
_NOT_A_PLAN = "it is not a plan; give a mapping with firewall_arn and operations, as flow_audit_result.plan is one."


def digest(firewall_arn: str, operations: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 (hex) of a plan: of its format version, its firewall's ARN and its operations.

    It is equal for equal plans, and what an approval is of: an approval for one firewall fits no other.
    """
    document = {"firewall_arn": firewall_arn, "format_version": FORMAT_VERSION, "operations": list(operations)}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """What to flush on one firewall; counts in flows, None where nobody has counted."""

    firewall_arn: str
    operations: Sequence[Mapping[str, Any]]
    flow_count: int | None = None
    inseparable: int | None = None
    inseparable_flows: Sequence[Mapping[str, Any]] | None = None
    collateral: int | None = None
    captured_flow_count: int | None = None
    # "findings" where only flows that can be findings were captured, so that there is no whole to take a share of.
    fetch: str | None = None
    # Where the findings are that it was made for, and the firewall's rules that they break: {path, sha256} each.
    findings: Mapping[str, str] | None = None
    rules: Mapping[str, str] | None = None

    @cached_property
    def hash(self) -> str:
        """The digest (hex) of the plan."""
        return digest(self.firewall_arn, self.operations)

    def check_firewall(self, firewall_arn: str, option: str = "plan") -> None:
        """Raise FlowOpsError when the plan was made for another firewall."""
        if self.firewall_arn != firewall_arn:
            raise FlowOpsError(
                f"{option}: it was made for {shown(self.firewall_arn)}, not for firewall_arn, {shown(firewall_arn)}."
            )

    def in_zones(self, zones: Sequence[str]) -> Plan:
        """Return the plan with the operations of some Availability Zones alone, the same plan when none is named."""
        if not zones:
            return self
        operations = [item for item in self.operations if item.get("availability_zone") in zones]
        return replace(self, operations=operations, flow_count=flows_of(operations))

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a mapping for JSON, without what nobody has counted."""
        members = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            "format_version": FORMAT_VERSION,
            **{name: value for name, value in members.items() if value is not None},
            "operations": list(self.operations),
            "hash": self.hash,
        }

    def as_result(self, dest: str | None = None) -> dict[str, Any]:
        """Return the plan as a result shows it, with the number of its operations and the file that has it."""
        told = {**self.to_json(), "operation_count": len(self.operations)}
        return {**told, "dest": dest} if dest else told

    @classmethod
    def from_json(cls, value: Any, option: str = "plan") -> Plan:
        """Return the plan that a mapping is; raise FlowOpsError when it is invalid, or when its hash is not of it."""
        if not isinstance(value, Mapping) or not isinstance(value.get("operations"), (list, tuple)):
            raise FlowOpsError(f"{option}: {_NOT_A_PLAN}")
        plan = cls(
            _checked_arn(value, option),
            checked_operations(value["operations"], f"{option}.operations"),
            **{name: checked_number(value.get(name), f"{option}.{name}", LARGEST_COUNT) for name in _COUNTS},
            fetch=_checked_fetch(value.get("fetch"), option),
            findings=_checked_file(value.get("findings"), f"{option}.findings"),
            rules=_checked_file(value.get("rules"), f"{option}.rules"),
        )
        given = value.get("hash")
        if given is not None and given != plan.hash:
            raise FlowOpsError(
                f"{option}: its hash, {shown(given)}, is not that of its firewall and operations; give the plan as an"
                " audit made it, or without a hash to have its flows counted first."
            )
        return plan


def read_plan(path: str, option: str = "plan") -> Plan:
    """Return the plan in a JSON file; raise FlowOpsError when there is no such file, or when its hash is not of it."""
    return Plan.from_json(json_of(read_file(path, PLAN, option), path), option)


def flows_of(operations: Iterable[Mapping[str, Any]]) -> int:
    """Return how many flows operations cut, as far as they say so."""
    return sum(operation.get("flow_count") or 0 for operation in operations)


def _checked_arn(plan: Mapping[str, Any], option: str) -> str:
    version = plan.get("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise OptionError(f"{option}.format_version", version, f"{FORMAT_VERSION} is known here; audit again")
    arn = plan.get("firewall_arn")
    if arn is None:
        raise FlowOpsError(f"{option}: it does not name the firewall that it is for; give it with its firewall_arn.")
    return parse_firewall_arn(arn, f"{option}.firewall_arn").arn


def _checked_fetch(value: Any, option: str) -> str | None:
    if value in (None, "findings"):
        return "findings" if value else None
    raise OptionError(f"{option}.fetch", value, "give findings, or leave it out where every flow was captured")


def _checked_file(value: Any, option: str) -> Mapping[str, str] | None:
    if value is None:
        return None
    path, sha256 = (value.get("path"), value.get("sha256")) if isinstance(value, Mapping) else (None, None)
    if not isinstance(path, str) or not isinstance(sha256, str):
        raise FlowOpsError(f"{option}: it is invalid; give the path of the file and its sha256.")
    return {"path": path, "sha256": sha256}


def checked_number(value: Any, path: str, largest: int) -> Any:
    """Return a whole number from 0 to largest, or None; raise OptionError naming the path for anything else."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest):
        return value
    raise OptionError(path, value, f"give a whole number from 0 to {largest}")


def checked_operations(operations: Sequence[Any], path: str) -> list[dict[str, Any]]:
    """Return a plan's operations in the one form that its digest is of; raise FlowOpsError naming the first mistake."""
    return [_checked_operation(item, f"{path}[{index}]") for index, item in enumerate(operations)]


def _checked_operation(operation: Any, path: str) -> dict[str, Any]:
    if not isinstance(operation, Mapping):
        raise FlowOpsError(f"{path}: it is not a mapping; give an operation as an audit's plan has it.")
    unknown = sorted(str(name) for name in operation if name not in _OPERATION_MEMBERS)
    if unknown:
        raise OptionError(path, unknown[0], f"an operation of a plan has {', '.join(_OPERATION_MEMBERS)}")
    _check_scope(operation, path)
    filters = operation.get("flow_filters")
    if not isinstance(filters, (list, tuple)) or not all(isinstance(item, Mapping) for item in filters):
        raise FlowOpsError(f"{path}.flow_filters: it is not a list of filters; give 1 to 20 of them.")
    to_api(filters, f"{path}.flow_filters")
    checked_number(operation.get("minimum_flow_age"), f"{path}.minimum_flow_age", LARGEST_AGE)
    checked_number(operation.get("flow_count"), f"{path}.flow_count", LARGEST_COUNT)
    _check_counts(operation.get("flow_counts"), len(filters), f"{path}.flow_counts")
    _check_moment(operation.get("captured_at"), f"{path}.captured_at")
    kept = {name: value for name, value in operation.items() if value is not None}
    return {**kept, "flow_filters": [_as_written(item) for item in filters]}


def _check_scope(operation: Mapping[str, Any], path: str) -> None:
    try:
        scope = scope_of(operation)
    except FlowOpsError as error:
        raise FlowOpsError(f"{path}.{error.message}") from error
    if not scope:
        raise FlowOpsError(f"{path}: it has no scope; give one of {', '.join(SCOPE_MEMBERS)}.")


def _check_counts(counts: Any, filter_count: int, path: str) -> None:
    if counts is None:
        return
    if not isinstance(counts, (list, tuple)) or len(counts) != filter_count:
        raise OptionError(path, counts, "give one number for each of flow_filters, or leave it out")
    for index, count in enumerate(counts):
        # Of a filter nobody has counted the flows of, null.
        checked_number(count, f"{path}[{index}]", LARGEST_COUNT)


def _check_moment(value: Any, path: str) -> None:
    try:
        if value is not None:
            parse_utc(value)
    except (AttributeError, TypeError, ValueError):
        raise OptionError(path, value, "give an ISO 8601 time such as 2026-01-31T12:00:00+00:00") from None


def _as_written(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a filter as it was before Ansible filled in and converted options, so that digests agree."""
    return {
        name: int(value) if name.endswith("_port") and str(value).isdecimal() else value
        for name, value in item.items()
        if value is not None and (name != "any" or value)
    }
