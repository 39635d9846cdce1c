# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the bodies of the control door's requests are made of."""

from __future__ import annotations

from typing import Any

from ..world.errors import DoorError
from ..world.flows import FlowRecord
from ..world.protocols import number_of

_RECORD_KEYS = {
    "source_address",
    "source_port",
    "destination_address",
    "destination_port",
    "protocol",
    "protocol_number",
    "age",
    "packet_count",
    "byte_count",
    "availability_zone",
}


def take(body: dict[str, Any], *names: str) -> None:
    """Raise DoorError if the body has other keys than those."""
    unknown = set(body) - set(names)
    if unknown:
        raise DoorError(f"unknown key: {', '.join(sorted(unknown))}; known are {', '.join(names)}")


def seconds_or_ever(body: dict[str, Any], name: str, default: float | None) -> float | None:
    """Return a number of seconds, None for null: for ever."""
    value = body.get(name, default)
    if value is not None and not 0 <= float(value) < float("inf"):
        raise DoorError(f"{name} must be a number of seconds, or null")
    return None if value is None else float(value)


def flow_record(item: Any) -> FlowRecord:
    """Return a flat flow record (protocol by name or number, ports optional) as a FlowRecord, else DoorError."""
    if not isinstance(item, dict) or set(item) - _RECORD_KEYS:
        raise DoorError(f"a flow record is a mapping of {', '.join(sorted(_RECORD_KEYS))}; got {item!r}")
    ports = {}
    for side in ("source_port", "destination_port"):
        value = item.get(side)
        ports[side] = int(value) if value not in (None, "") else None
    try:
        return FlowRecord(
            source_address=item["source_address"],
            destination_address=item["destination_address"],
            protocol=number_of(str(item.get("protocol_number", item.get("protocol", "tcp")))),
            age=float(item.get("age", 0)),
            packet_count=int(item.get("packet_count", 1)),
            byte_count=int(item.get("byte_count", 64)),
            **ports,
        )
    except KeyError as error:
        raise DoorError(f"a flow record needs {error}") from None
