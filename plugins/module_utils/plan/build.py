# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flush plans: the operations that cut the findings of an audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from ..flows.filters import MAXIMUM
from ..flows.protocols import name_of
from ..flows.scope import SCOPE_MEMBERS
from .boxes import Findings, FlowKey
from .compile import Compiled, Cutting, Innocents, compile_findings
from .plan import Plan, flows_of

_INSEPARABLE_SHOWN = 100


def build(firewall_arn: str, captures: Sequence[tuple[Mapping[str, Any], Compiled]]) -> Plan:
    """Return the plan for captures, each (scope with minimum_flow_age (seconds) and captured_at, what was compiled)."""
    operations = [operation for scope, compiled in captures for operation in _operations_of(scope, compiled.cuttings)]
    inseparable = [{**_named(scope), **_members(key)} for scope, compiled in captures for key in compiled.inseparable]
    return Plan(
        firewall_arn,
        operations,
        flow_count=flows_of(operations),
        inseparable=sum(compiled.inseparable_flow_count for _scope, compiled in captures),
        inseparable_flows=inseparable[:_INSEPARABLE_SHOWN],
        collateral=sum(cutting.collateral for _scope, compiled in captures for cutting in compiled.cuttings),
    )


def compile_best(
    scope: Mapping[str, Any],
    findings: Findings,
    innocents: Innocents,
    api_filters: Sequence[Mapping[str, Any]] = (),
    allow_collateral: bool = False,
) -> Compiled:
    """Return what compile_findings makes of a capture with the given scope, in as few operations as it finds.

    Ages spare filters, but filters of different ages cannot share an operation.
    """
    found = []
    for by_age in (True, False):
        age = scope["minimum_flow_age"]
        compiled = compile_findings(findings, innocents, api_filters, age, allow_collateral, by_age)
        operations = len(list(_operations_of(scope, compiled.cuttings)))
        found.append((operations, len(compiled.cuttings), by_age, compiled))
        # Ages spare filters, so without them there are hardly fewer; what is packed as tightly as can be stays.
        if operations <= -(-len(compiled.cuttings) // MAXIMUM):
            break
    return min(found, key=itemgetter(0, 1, 2))[-1]


def _operations_of(scope: Mapping[str, Any], cuttings: Sequence[Cutting]) -> Iterator[dict[str, Any]]:
    """Yield operations of at most 20 filters; filters share one as far as their ages allow."""
    base = scope["minimum_flow_age"]
    left = sorted(cuttings, key=lambda cutting: -cutting.lowest_age)
    while left:
        age = left[0].lowest_age
        fits = [age <= cutting.highest_age for cutting in left]
        here = [
            cutting
            for cutting, fit in zip(left, fits, strict=True)
            if fit and (cutting.lowest_age > base or age == base)
        ]
        # Those that need no higher age than the capture's fill what room there is.
        others = [cutting for cutting, fit in zip(left, fits, strict=True) if fit and cutting.lowest_age <= base < age]
        here += others[: -len(here) % MAXIMUM]
        taken = set(map(id, here))
        left = [cutting for cutting in left if id(cutting) not in taken]
        for start in range(0, len(here), MAXIMUM):
            batch = here[start : start + MAXIMUM]
            yield {
                **scope,
                "minimum_flow_age": age,
                "flow_filters": [cutting.written for cutting in batch],
                "flow_counts": [cutting.matched for cutting in batch],
                "flow_count": sum(cutting.flow_count for cutting in batch),
            }


def _named(scope: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in scope.items() if name in SCOPE_MEMBERS}


def _members(key: FlowKey) -> dict[str, Any]:
    source, destination, protocol, source_port, destination_port = key
    ports = {"source_port": source_port, "destination_port": destination_port}
    return {
        "source_address": source,
        "destination_address": destination,
        **{name: port for name, port in ports.items() if port is not None},
        "protocol": name_of(protocol),
    }
