# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flow records captures have, told by the emulator's filters, which share no line with ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.flows.asking import Pass
from ansible_collections.flowops.aws.plugins.module_utils.flows.filters import to_api
from ansible_collections.flowops.aws.tests.emulator.world.filters import V4, V6, Filter, compile_filters

# What the emulator has where a flow has no port.
NO_PORT = -1


def captured(passes: Iterable[Pass], records: Sequence[dict[str, Any]]) -> list[set[int]]:
    """The places of the records that each capture has."""
    found = []
    for flow_filters, age in passes:
        filters = compile_filters(to_api(flow_filters))
        found.append({at for at, record in enumerate(records) if record["age"] >= age and _hit(filters, record)})
    return found


def _hit(filters: list[Filter], record: dict[str, Any]) -> bool:
    source, destination = (_number(record[name]) for name in ("source_address", "destination_address"))
    ports = record.get("source_port", NO_PORT), record.get("destination_port", NO_PORT)
    return any(item.holds(source, destination, ports, record["protocol_number"]) for item in filters)


def _number(text: str) -> int:
    address = ip_address(text)
    return (V4 if address.version == 4 else V6) | int(address)
