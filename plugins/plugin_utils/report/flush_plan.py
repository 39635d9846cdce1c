# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A flush plan as a report shows it: what it cuts, what it spares, and each of its filters."""

from __future__ import annotations

from ...module_utils.errors import counted
from .audit import FlushFilter, FlushPlan, PlannedFlush
from .text import NOT_GIVEN, human_seconds, more, number
from .view import Plan, PlanFilter, PlanOperation, Quantity

_OPERATIONS_SHOWN = 50
_FILTERS_SHOWN = 200


def plan_of(plan: FlushPlan | None) -> Plan | None:
    """Return the summary of a plan, None without one."""
    if plan is None:
        return None
    filters = [_filter(flush.zone, item) for flush in plan.operations for item in flush.filters or ()]
    where = f" in {counted(len(plan.operations), 'flush operation')}" if plan.operations else ""
    return Plan(
        flow_count=plan.flow_count,
        sentence=f"{counted(plan.flow_count, 'flow')} to cut{where}.",
        hash=plan.hash,
        operations=[_operation(flush) for flush in plan.operations[:_OPERATIONS_SHOWN]],
        filters=filters[:_FILTERS_SHOWN],
        filters_remark=more(len(filters) - _FILTERS_SHOWN, "filter"),
        remarks=_remarks(plan),
    )


def _remarks(plan: FlushPlan) -> list[str]:
    remarks = []
    if plan.inseparable:
        remarks.append(
            f"{counted(plan.inseparable, 'finding')} cannot be told apart from flows that must stay, and "
            f"{'is' if plan.inseparable == 1 else 'are'} left out of the plan."
        )
    if plan.collateral:
        remarks.append(f"The plan would cut {counted(plan.collateral, 'innocent flow')} too, as it was told to.")
    if len(plan.operations) > _OPERATIONS_SHOWN:
        remarks.append(more(len(plan.operations) - _OPERATIONS_SHOWN, "operation"))
    return remarks


def _operation(flush: PlannedFlush) -> PlanOperation:
    return PlanOperation(
        zone=flush.zone or NOT_GIVEN,
        filters=NOT_GIVEN if flush.filters is None else number(len(flush.filters)),
        spared=_spared(flush),
        flows=number(flush.flow_count),
    )


def _spared(flush: PlannedFlush) -> Quantity:
    """Return which flows a flush of the plan spares: those that its capture could not have seen."""
    younger = f"younger than {human_seconds(flush.minimum_age)}" if flush.minimum_age else ""
    exact = counted(flush.minimum_age, "second") if flush.minimum_age else ""
    if flush.captured_at:
        return Quantity(f"born after {flush.captured_at}{f' or {younger} then' if younger else ''}", exact)
    return Quantity(younger or NOT_GIVEN, exact)


def _filter(zone: str, item: FlushFilter) -> PlanFilter:
    return PlanFilter(
        zone=zone or NOT_GIVEN,
        source=_end(item.source, item.source_port),
        destination=_end(item.destination, item.destination_port),
        protocols=", ".join(item.protocols) or "any",
        flows=number(item.flow_count),
    )


def _end(address: str, port: str) -> str:
    return f"{address or 'any'} port {port}" if port else address or "any"
