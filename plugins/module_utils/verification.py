# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the flows that a plan wanted cut: gone, survived, or back again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .filters import Network, keys_of, matcher, parse_network, parse_ports, parse_protocol, to_api, within
from .plan import FlowKey
from .scope import SCOPE_MEMBERS

GONE, SURVIVED, REBORN = "gone", "survived", "reborn"


class Wanted:
    """The flows that the operations of a plan wanted cut in one scope."""

    def __init__(self) -> None:
        self.flow_count = 0
        self.captured_at: datetime | None = None
        self.minimum_flow_age = 0
        self.api_filters: list[dict[str, Any]] = []
        self._exact: set[FlowKey] = set()
        self._general: list[dict[str, Any]] = []
        self._matches_general: Callable[[Mapping[str, Any]], bool] | None = None

    def add(self, operation: Mapping[str, Any], captured_at: datetime | None) -> None:
        """Add one operation of a plan; the earliest capture counts."""
        self.flow_count += operation.get("flow_count") or 0
        if captured_at and (self.captured_at is None or captured_at < self.captured_at):
            self.captured_at = captured_at
        self.minimum_flow_age = operation.get("minimum_flow_age") or 0
        self.api_filters.extend(to_api(operation["flow_filters"]))
        for item in operation["flow_filters"]:
            key = _exact_key(item)
            if key is None:
                self._general.extend(to_api([item]))
            else:
                self._exact.add(key)
        self._matches_general = matcher(self._general) if self._general else None

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Return whether a flow record is one that a filter of the plan names."""
        key = (
            record.get("source_address"),
            record.get("destination_address"),
            record.get("protocol_number"),
            record.get("source_port"),
            record.get("destination_port"),
        )
        if key in self._exact:
            return True
        return self._matches_general is not None and self._matches_general(record)

    def unseen_by(
        self, capture_filters: Sequence[Mapping[str, Any]], minimum_flow_age: int, seen_at: datetime | None
    ) -> bool:
        """Return whether a capture may have passed over flows of the plan, too young for it or outside its filters."""
        old_enough = self.minimum_flow_age
        if self.captured_at is not None and seen_at is not None:
            old_enough += max(0, math.floor((seen_at - self.captured_at).total_seconds()))
        outer = keys_of(capture_filters)
        return minimum_flow_age > old_enough or not all(within(item, outer) for item in self.api_filters)

    def fate(self, record: Mapping[str, Any], seen_at: datetime | None) -> str:
        """Return survived or reborn for a flow that is there again; without times it counts as survived."""
        if self.captured_at is None or seen_at is None or record.get("age") is None:
            return SURVIVED
        return SURVIVED if record["age"] >= math.floor((seen_at - self.captured_at).total_seconds()) else REBORN


def _exact_key(item: Mapping[str, Any]) -> FlowKey | None:
    """Return the 5-tuple that a filter names, None when the filter is wider than one."""
    protocols = item.get("protocols") or []
    if len(protocols) != 1 or item.get("any"):
        return None
    addresses = []
    for name in ("source_address", "destination_address"):
        if not item.get(name):
            return None
        network: Network = parse_network(item[name], name)
        if network.num_addresses != 1:
            return None
        addresses.append(str(network.network_address))
    ports: list[int] = []
    for name in ("source_port", "destination_port"):
        span = parse_ports(item.get(name) if item.get(name) is not None else "any", name)
        if span is None or span[0] != span[1]:
            return None
        ports.append(span[0])
    return addresses[0], addresses[1], parse_protocol(protocols[0], "protocols"), ports[0], ports[1]


def by_scope(operations: Iterable[tuple[Mapping[str, Any], datetime | None]]) -> dict[tuple[str, str], Wanted]:
    """Return what each scope (option, value) of a plan's operations wanted cut."""
    wanted: dict[tuple[str, str], Wanted] = {}
    for operation, captured_at in operations:
        scope = next((name, operation[name]) for name in SCOPE_MEMBERS if operation.get(name))
        wanted.setdefault(scope, Wanted()).add(operation, captured_at)
    return wanted


def verdict_of(survived: int, reborn: int, partial: bool) -> str:
    """Return survivors, reborn, inconclusive (flows may be missing from what was seen) or remediated."""
    if survived:
        return "survivors"
    if reborn:
        return REBORN
    return "inconclusive" if partial else "remediated"


def still_there(records: Sequence[Mapping[str, Any]], wanted: Wanted, seen_at: datetime | None) -> list[dict[str, Any]]:
    """Return the flow records that the plan wanted cut, each with its fate."""
    return [{**record, "fate": wanted.fate(record, seen_at)} for record in records if wanted.matches(record)]
