# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flush plans: which filters cut exactly the findings of an audit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .filters import MAXIMUM
from .protocols import WITH_PORTS, name_of

FlowKey = tuple[str, str, int, Any, Any]


def key_of(record: Mapping[str, Any]) -> FlowKey | None:
    """Return a flow record's 5-tuple, None when a filter could not name it exactly (no address or no protocol)."""
    source = record.get("source_address")
    destination = record.get("destination_address")
    protocol = record.get("protocol_number")
    if not source or not destination or protocol is None:
        return None
    ports = record.get("source_port"), record.get("destination_port")
    # A port that is no number, or missing where there is one, cannot be asked for.
    if any(isinstance(port, str) or (port is None and protocol in WITH_PORTS) for port in ports):
        return None
    return source, destination, protocol, *ports


def filter_of(key: FlowKey) -> dict[str, Any]:
    """Return the flow filter, as people write it, that names a 5-tuple."""
    source, destination, protocol, source_port, destination_port = key
    written: dict[str, Any] = {"source_address": source, "destination_address": destination}
    if source_port is not None:
        written["source_port"] = source_port
    if destination_port is not None:
        written["destination_port"] = destination_port
    written["protocols"] = [name_of(protocol)]
    return written


class FindingKeys:
    """The 5-tuples of one zone's findings, each with its number of flows, and those shared with innocent flows."""

    def __init__(self) -> None:
        self.flows: dict[FlowKey, int] = {}
        self.unnamable = 0
        self._shared: set[FlowKey] = set()
        self._loose: dict[tuple[Any, ...], list[FlowKey]] | None = None

    def add(self, record: Mapping[str, Any]) -> None:
        """Add one finding's flow record."""
        key = key_of(record)
        if key is None:
            self.unnamable += 1
        else:
            self.flows[key] = self.flows.get(key, 0) + 1

    def exclude(self, record: Mapping[str, Any]) -> None:
        """Note an innocent flow record: findings whose filter would match it too become inseparable."""
        if self._loose is None:
            # A filter without a port condition matches every port, so it must be held against flows that have one.
            self._loose = {}
            for known in self.flows:
                if known[3] is None or known[4] is None:
                    self._loose.setdefault(known[:3], []).append(known)
        key = record.get("source_address"), record.get("destination_address"), record.get("protocol_number")
        ports = record.get("source_port"), record.get("destination_port")
        if (*key, *ports) in self.flows:
            self._shared.add((*key, *ports))  # type: ignore[arg-type]
        for known in self._loose.get(key, ()):
            if known[3] in (None, ports[0]) and known[4] in (None, ports[1]):
                self._shared.add(known)

    def separable(self) -> list[tuple[FlowKey, int]]:
        """Return the 5-tuples that no innocent flow shares, with their numbers of flows, in a fixed order."""
        order = sorted(
            self.flows,
            key=lambda key: tuple(
                ("", 0, part) if isinstance(part, str) else ("", part + 1, "") if part is not None else ("", 0, "")
                for part in key
            ),
        )
        return [(key, self.flows[key]) for key in order if key not in self._shared]

    def inseparable(self) -> int:
        """Return the number of findings that no filter can name without an innocent flow."""
        return self.unnamable + sum(self.flows[key] for key in self._shared)


def build(zones: Sequence[tuple[Mapping[str, Any], FindingKeys]]) -> dict[str, Any]:
    """Return the plan for captures, each (scope with minimum_flow_age in seconds and captured_at, its findings)."""
    operations: list[dict[str, Any]] = []
    inseparable = 0
    for scope, keys in zones:
        named = keys.separable()
        inseparable += keys.inseparable()
        for start in range(0, len(named), MAXIMUM):
            batch = named[start : start + MAXIMUM]
            operations.append(
                {
                    **scope,
                    "flow_filters": [filter_of(key) for key, _flows in batch],
                    "flow_count": sum(flows for _key, flows in batch),
                }
            )
    return {
        "operations": operations,
        "flow_count": sum(operation["flow_count"] for operation in operations),
        "inseparable": inseparable,
        "hash": digest(operations),
    }


def digest(operations: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 (hex) of a plan's operations, equal for equal plans."""
    text = json.dumps(list(operations), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def told_plan(whole: Mapping[str, Any], dest: str | None) -> dict[str, Any]:
    """Return a plan as a result shows it, with the number of its operations and the file that has it."""
    told = {**whole, "operation_count": len(whole["operations"])}
    if dest:
        told["dest"] = dest
    return told
