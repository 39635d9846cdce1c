# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures and flushes as modules order them: options checked, one operation per scope, started and waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..aws.networkfirewall import FLUSH, ON_THE_WAY, NetworkFirewall, described
from ..errors import FlowOpsError, OptionError
from ..files import read_records
from ..flows.filters import from_api, keys_of, to_api
from ..flows.records import parse_utc
from ..flows.scope import SCOPE_MEMBERS, scope_of, scope_text
from ..work.options import checked_firewall, checked_scope, flow_filter_options, scope_options

_DIFF_LINES = 1000
_MOST_SCOPES_AT_ONCE = 64
# Seconds by which times that AWS and this machine give in whole seconds can differ from what they were.
_ROUNDING = 3


@dataclass(frozen=True)
class Order:
    """What to capture or flush: the API's filters, and the ages in seconds below which flows are left alone."""

    api_filters: list[dict[str, Any]]
    minimum_flow_age: int | None = None
    captured_at: datetime | None = None
    flow_count: int | None = None


@dataclass(frozen=True)
class Operation:
    """An order for one scope of one firewall."""

    arn: str
    scope: dict[str, str]
    order: Order

    def planned(self, kind: str) -> dict[str, Any]:
        """Return what would be started, as check mode returns it."""
        item: dict[str, Any] = {"firewall_arn": self.arn, **self.scope, "flow_operation_type": kind}
        if self.order.minimum_flow_age is not None:
            item["minimum_flow_age"] = self.order.minimum_flow_age
        if self.order.flow_count is not None:
            item["flow_count"] = self.order.flow_count
        item["flow_filters"] = from_api(self.order.api_filters)
        return item


def options() -> dict[str, Any]:
    """Return the argument spec that captures and flushes share beside their filters."""
    return {
        "availability_zones": {"type": "list", "elements": "str"},
        "minimum_flow_age": {"type": "int"},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 900},
    }


def operation_options() -> dict[str, Any]:
    """Return the argument spec of one operation of a plan."""
    return {
        **scope_options(),
        "flow_filters": {"type": "list", "elements": "dict", "required": True, "options": flow_filter_options()},
        "minimum_flow_age": {"type": "int"},
        "captured_at": {"type": "str"},
        "flow_count": {"type": "int"},
        "flow_counts": {"type": "list", "elements": "int"},
    }


def plan_options() -> dict[str, Any]:
    """Return the argument spec of a plan and of the findings that it was made for."""
    return {
        "plan": {"type": "list", "elements": "dict", "required": True, "options": operation_options()},
        "findings_src": {"type": "path"},
        "findings": {"type": "list", "elements": "dict"},
    }


def findings_of(params: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Return the findings of the options findings_src and findings, flow records with their rules."""
    if params["findings_src"]:
        return read_records(params["findings_src"], "findings_src")
    return params["findings"] or ()


def order_of(params: Mapping[str, Any]) -> Order:
    """Return the order that the options give; raise FlowOpsError naming the first mistake."""
    checked_firewall(params)
    _check_times(params)
    return _order(params, "")


def orders_of(params: Mapping[str, Any]) -> list[tuple[dict[str, str], Order]]:
    """Return the orders of the option operations, each with its scope; raise FlowOpsError naming the first mistake."""
    checked_firewall(params)
    _check_times(params)
    for name in (*SCOPE_MEMBERS, "availability_zones", "minimum_flow_age", "captured_at"):
        if params.get(name) is not None:
            raise FlowOpsError(f"{name} and operations were given together; each of the operations has its own.")
    return plan_orders(params["operations"], "operations")


def plan_orders(operations: Sequence[Mapping[str, Any]], option: str) -> list[tuple[dict[str, str], Order]]:
    """Return the orders of a plan's operations, each with its scope; raise FlowOpsError naming the first mistake."""
    orders = []
    for index, item in enumerate(operations):
        path = f"{option}[{index}]"
        try:
            scope = scope_of(item)
        except FlowOpsError as error:
            raise FlowOpsError(f"{path}.{error.message}") from error
        if not scope:
            raise FlowOpsError(f"{path}: it has no scope; give one of {', '.join(SCOPE_MEMBERS)}.")
        orders.append((scope, _order(item, f"{path}.")))
    return orders


def _check_times(params: Mapping[str, Any]) -> None:
    if params["wait_timeout"] < 1:
        raise OptionError("wait_timeout", params["wait_timeout"], "give a number of seconds from 1 up")


def _order(item: Mapping[str, Any], path: str) -> Order:
    api_filters = to_api(item["flow_filters"], f"{path}flow_filters")
    age = item.get("minimum_flow_age")
    if age is not None and age < 0:
        raise OptionError(f"{path}minimum_flow_age", age, "give a number of seconds from 0 up")
    counts = item.get("flow_counts")
    if counts is not None and len(counts) != len(item["flow_filters"]):
        raise OptionError(f"{path}flow_counts", counts, "give one number for each of flow_filters, or leave it out")
    captured_at = None
    if item.get("captured_at") is not None:
        try:
            captured_at = parse_utc(item["captured_at"])
        except ValueError:
            raise OptionError(
                f"{path}captured_at", item["captured_at"], "give an ISO 8601 time such as 2026-01-31T12:00:00+00:00"
            ) from None
    return Order(api_filters, age, captured_at, item.get("flow_count"))


def one_per_scope(api: NetworkFirewall, params: Mapping[str, Any], order: Order) -> list[Operation]:
    """Return the order for each scope that the options name, every zone of the firewall when they name none."""
    scope = checked_scope(params)
    zones = params.get("availability_zones")
    if scope and zones is not None:
        raise FlowOpsError(
            f"availability_zones and {next(iter(scope))} were given together; give one scope, or several zones."
        )
    if zones == []:
        raise OptionError("availability_zones", zones, "name at least one zone, or leave it out for every zone")
    api.check_scope(scope)
    if scope and "availability_zone" not in scope:
        return [Operation(api.arn_of(params), scope, order)]
    arn, existing = api.zones_of(params)
    option = "availability_zone" if scope else "availability_zones"
    wanted = list(dict.fromkeys([scope["availability_zone"]] if scope else zones or existing))
    check_zones(arn, existing, wanted, option)
    return [Operation(arn, {"availability_zone": zone}, order) for zone in wanted]


def planned_operations(
    api: NetworkFirewall, params: Mapping[str, Any], orders: Sequence[tuple[dict[str, str], Order]]
) -> list[Operation]:
    """Return the orders of a plan as operations of the firewall, after checking that it has their zones."""
    for scope, _order_of_scope in orders:
        api.check_scope(scope)
    wanted = [scope["availability_zone"] for scope, _order_of_scope in orders if "availability_zone" in scope]
    arn, existing = api.zones_of(params)
    check_zones(arn, existing, wanted, "operations")
    return [Operation(arn, scope, order) for scope, order in orders]


def check_zones(arn: str, existing: Sequence[str], wanted: Sequence[str], option: str) -> None:
    """Raise OptionError when a firewall does not have one of the wanted zones."""
    if not existing:
        raise FlowOpsError(f"The firewall '{arn}' has no Availability Zone yet; it has nothing to capture or flush.")
    for zone in wanted:
        if zone not in existing:
            raise OptionError(option, zone, f"the firewall '{arn}' has the zones {', '.join(existing)}")


def as_text(operations: Sequence[Operation]) -> str:
    """Return the filters of operations as lines of text for diff mode, at most 1000."""
    lines = []
    for operation in operations:
        for item in from_api(operation.order.api_filters):
            conditions = ", ".join(
                f"{name} {'|'.join(value) if isinstance(value, list) else value}" for name, value in item.items()
            )
            lines.append(f"{scope_text(operation.scope)}: {conditions}")
    left_out = len(lines) - _DIFF_LINES
    if left_out > 0:
        lines = [*lines[:_DIFF_LINES], f"and {left_out} more filters"]
    return "\n".join(lines) + "\n" if lines else ""


def carry_out(
    api: NetworkFirewall,
    kind: str,
    operations: Sequence[Operation],
    params: Mapping[str, Any],
    result: dict[str, Any],
    warn: Callable[[str], None],
) -> None:
    """Start the operations, scopes in parallel and those of one scope in sequence, and put them into the result.

    Raises FlowOpsError when one could not be started, failed or did not end in time, with those started so far.
    """
    deadline = api.clock.monotonic() + params["wait_timeout"]
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for index, operation in enumerate(operations):
        groups.setdefault(tuple(operation.scope.items()), []).append(index)
    wait = params["wait"] or any(len(indexes) > 1 for indexes in groups.values())
    started: dict[int, dict[str, Any]] = {}
    failures: list[FlowOpsError] = []

    def run(indexes: list[int]) -> None:
        try:
            done = _done(api, kind, [operations[index] for index in indexes])
            for index in indexes:
                earlier = next((item for item in done if _is_of(item, operations[index].order)), None)
                if earlier is None:
                    _start(api, kind, operations[index], deadline, started, index)
                else:
                    started[index] = _already(operations[index], earlier)
                if wait:
                    _finish(api, started[index], deadline, params["wait_timeout"], warn)
                    _check_arrival(started[index], operations[index].order, warn)
        except FlowOpsError as error:
            failures.append(error)

    if groups:
        with ThreadPoolExecutor(max_workers=min(len(groups), _MOST_SCOPES_AT_ONCE)) as pool:
            list(pool.map(run, groups.values()))
    result["flow_operations"] = [started[index] for index in sorted(started)]
    newly = [item for item in result["flow_operations"] if not item.get("already_flushed")]
    if kind == FLUSH:
        result["changed"] = bool(newly)
    if params.get("operations"):
        # The filters of a plan are known to whoever gave it, and there may be very many.
        for item in result["flow_operations"]:
            item.pop("flow_operation", None)
    if failures:
        failed = failures[0]
        maybe_started = any(failure.details.get("maybe_started") for failure in failures)
        others = f" ({len(failures) - 1} more scopes failed too.)" if len(failures) > 1 else ""
        raise FlowOpsError(
            failed.message + others,
            **{**failed.details, **result, "changed": kind == FLUSH and (bool(newly) or maybe_started)},
        )


def _done(api: NetworkFirewall, kind: str, operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the flushes that AWS has carried out in the scope of operations since the capture they are based on.

    An earlier run of the same plan, which was interrupted, may have begun with it.
    """
    moments = [operation.order.captured_at for operation in operations if operation.order.captured_at]
    if kind != FLUSH or not moments:
        return []
    return api.flushes_since(operations[0].arn, operations[0].scope, min(moments))


def _is_of(flush: Mapping[str, Any], order: Order) -> bool:
    """Return whether a flush described by AWS has cut all that an order is to cut."""
    asked = flush.get("FlowOperation") or {}
    when = flush.get("FlowRequestTimestamp")
    if order.captured_at is None or when is None or when < order.captured_at:
        return False
    try:
        # Of the filters that it had, some may have been dropped since.
        if not set(keys_of(order.api_filters)) <= set(keys_of(asked.get("FlowFilters") or ())):
            return False
    except OptionError:
        # Filters that this collection would not send are somebody else's.
        return False
    passed = (when - order.captured_at).total_seconds()
    # One that spared flows which the order means to cut asked for a higher age.
    highest = (order.minimum_flow_age or 0) + passed + ON_THE_WAY + _ROUNDING
    return bool((asked.get("MinimumFlowAgeInSeconds") or 0) <= highest)


def _already(operation: Operation, flush: Mapping[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = {
        "firewall_arn": operation.arn,
        **operation.scope,
        "flow_operation_id": flush["FlowOperationId"],
        "flow_operation_type": FLUSH,
        "flow_operation_status": flush["FlowOperationStatus"],
        "already_flushed": True,
    }
    age = (flush.get("FlowOperation") or {}).get("MinimumFlowAgeInSeconds")
    return item if age is None else {**item, "minimum_flow_age": age}


def _start(
    api: NetworkFirewall,
    kind: str,
    operation: Operation,
    deadline: float,
    started: dict[int, dict[str, Any]],
    index: int,
) -> None:
    started[index] = api.start(
        kind,
        operation.arn,
        operation.scope,
        operation.order.api_filters,
        minimum_flow_age=operation.order.minimum_flow_age,
        captured_at=operation.order.captured_at,
        deadline=deadline,
    )


def _check_arrival(item: Mapping[str, Any], order: Order, warn: Callable[[str], None]) -> None:
    """Warn when a flush was carried out so late that flows born since its capture may have been old enough for it."""
    identified = item.get("flow_request_timestamp")
    if order.captured_at is None or not identified:
        return
    passed = (parse_utc(identified) - order.captured_at).total_seconds()
    # A flush of somebody else, in which this one was found to be contained, may have asked for no age.
    asked = item.get("minimum_flow_age", 0)
    if passed + (order.minimum_flow_age or 0) > asked:
        warn(
            f"The flow operation {item['flow_operation_id']} in {scope_text(scope_of(item))} was carried out"
            f" {passed:.0f} seconds after the capture, later than its minimum_flow_age of"
            f" {asked} seconds allowed for; it may have matched flows born since the capture."
        )


def _finish(
    api: NetworkFirewall, item: dict[str, Any], deadline: float, wait_timeout: int, warn: Callable[[str], None]
) -> None:
    answers, still_open = api.wait([item], max(0.0, deadline - api.clock.monotonic()))
    where = scope_text(scope_of(item))
    if answers[0] is not None:
        item.update(described(answers[0]))
    status = item["flow_operation_status"]
    item["partial"] = status == "COMPLETED_WITH_ERRORS"
    message = item.get("status_message")
    because = f" ({message})" if message else ""
    if still_open:
        raise FlowOpsError(
            f"The flow operation {item['flow_operation_id']} in {where} had not ended when wait_timeout, {wait_timeout}"
            " seconds, had passed; it goes on in AWS."
        )
    if status == "FAILED":
        raise FlowOpsError(f"The flow operation {item['flow_operation_id']} in {where} failed{because}.")
    if item["partial"]:
        warn(
            f"The flow operation {item['flow_operation_id']} in {where} completed with errors{because};"
            " flows may be missing."
        )
