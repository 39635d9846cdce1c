# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules order to be captured or flushed: options checked, one operation per scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws.networkfirewall import NetworkFirewall
from ..aws.starts import Order
from ..errors import FlowOpsError, OptionError
from ..files import read_records
from ..flows.arns import FirewallArn, NamedFirewall
from ..flows.filters import from_api, to_api
from ..flows.scope import SCOPE_MEMBERS, Place, Scope, scope_at, scope_of
from ..times import moment_of

_DIFF_LINES = 1000


@dataclass(frozen=True)
class Operation:
    """An order for one place."""

    place: Place
    order: Order
    # By this run's captures it has nothing left to cut: an earlier one is looked for, and none is started.
    spent: bool = False

    def planned(self, kind: str) -> dict[str, Any]:
        """Return what would be started, as check mode returns it."""
        order = self.order
        item: dict[str, Any] = {**self.place.named(), "flow_operation_type": kind}
        if order.minimum_flow_age is not None:
            item["minimum_flow_age"] = order.minimum_flow_age
        if order.flow_count is not None:
            item["flow_count"] = order.flow_count
        return {**item, "flow_filters": from_api(order.api_filters)}


def findings_of(params: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Return the findings of the options findings_src and findings, flow records with their rules."""
    if params["findings_src"]:
        return read_records(params["findings_src"], "findings_src")
    return params["findings"] or ()


def order_of(params: Mapping[str, Any]) -> Order:
    """Return the order that the options give; raise FlowOpsError naming the first mistake."""
    return _order(params, "")


def orders_of(params: Mapping[str, Any]) -> list[tuple[Scope, Order]]:
    """Return the orders of the option operations, each with its scope; raise FlowOpsError naming the first mistake."""
    for name in (*SCOPE_MEMBERS, "availability_zones", "minimum_flow_age", "captured_at"):
        if params.get(name) is not None:
            raise FlowOpsError(f"{name} and operations were given together; each of the operations has its own.")
    return plan_orders(params["operations"], "operations")


def plan_orders(operations: Sequence[Mapping[str, Any]], option: str) -> list[tuple[Scope, Order]]:
    """Return the orders of a plan's operations, each with its scope; raise FlowOpsError naming the first mistake."""
    orders = []
    for index, item in enumerate(operations):
        path = f"{option}[{index}]"
        scope = scope_at(item, path)
        if not scope:
            raise FlowOpsError(f"{path}: it has no scope; give one of {', '.join(SCOPE_MEMBERS)}.")
        orders.append((scope, _order(item, f"{path}.")))
    return orders


def _order(item: Mapping[str, Any], path: str) -> Order:
    api_filters = to_api(item["flow_filters"], f"{path}flow_filters")
    age = item.get("minimum_flow_age")
    if age is not None and age < 0:
        raise OptionError(f"{path}minimum_flow_age", age, "give a number of seconds from 0 up")
    counts = item.get("flow_counts")
    if counts is not None and len(counts) != len(item["flow_filters"]):
        raise OptionError(f"{path}flow_counts", counts, "give one number for each of flow_filters, or leave it out")
    captured_at = moment_of(item.get("captured_at"), f"{path}captured_at")
    return Order(api_filters, age, captured_at, item.get("flow_count"))


def one_per_scope(
    api: NetworkFirewall, named: NamedFirewall, params: Mapping[str, Any], order: Order
) -> list[Operation]:
    """Return the order for each scope that the options name, every zone of the firewall when they name none."""
    scope = scope_of(params)
    zones = params.get("availability_zones")
    if scope and zones is not None:
        raise FlowOpsError(
            f"availability_zones and {scope.option} were given together; give one scope, or several zones."
        )
    if zones == []:
        raise OptionError("availability_zones", zones, "name at least one zone, or leave it out for every zone")
    api.check_scope(scope)
    if scope and not scope.zone:
        return [Operation(Place(api.arn_of(named), scope), order)]
    firewall, existing = api.zones_of(named)
    option = "availability_zone" if scope else "availability_zones"
    wanted = list(dict.fromkeys([scope.value] if scope else zones or existing))
    check_zones(firewall, existing, wanted, option)
    return [Operation(Place(firewall, Scope("availability_zone", zone)), order) for zone in wanted]


def planned_operations(
    api: NetworkFirewall, named: NamedFirewall, orders: Sequence[tuple[Scope, Order]]
) -> list[Operation]:
    """Return the orders of a plan as operations of the firewall, after checking that it has their zones."""
    for scope, _order_of_scope in orders:
        api.check_scope(scope)
    firewall, existing = api.zones_of(named)
    check_zones(firewall, existing, [scope.zone for scope, _order_of_scope in orders if scope.zone], "operations")
    return [Operation(Place(firewall, scope), order) for scope, order in orders]


def check_zones(firewall: FirewallArn, existing: Sequence[str], wanted: Sequence[str], option: str) -> None:
    """Raise OptionError when a firewall does not have one of the wanted zones."""
    if not existing:
        raise FlowOpsError(
            f"The firewall '{firewall}' has no Availability Zone yet; it has nothing to capture or flush."
        )
    for zone in wanted:
        if zone not in existing:
            raise OptionError(option, zone, f"the firewall '{firewall}' has the zones {', '.join(existing)}")


def as_text(operations: Sequence[Operation]) -> str:
    """Return the filters of operations as lines of text for diff mode, at most 1000."""
    lines = []
    for operation in operations:
        for item in from_api(operation.order.api_filters):
            conditions = ", ".join(
                f"{name} {'|'.join(value) if isinstance(value, list) else value}" for name, value in item.items()
            )
            lines.append(f"{operation.place}: {conditions}")
    left_out = len(lines) - _DIFF_LINES
    if left_out > 0:
        lines = [*lines[:_DIFF_LINES], f"and {left_out} more filters"]
    return "\n".join(lines) + "\n" if lines else ""
