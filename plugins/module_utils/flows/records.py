# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flow records: one flat mapping for each flow, wherever flows are written out or judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .addresses import address_text, canonical
from .protocols import name_of, number_of

_PROTOCOLS_SEEN: dict[str, tuple[str, int | None]] = {}


def record_of(flow: Mapping[str, Any], scope_zone: str | None = None) -> dict[str, Any]:
    """Return the API's Flow as a flow record (age in seconds, byte_count in bytes); what is absent stays absent."""
    record: dict[str, Any] = {}
    address = flow.get("SourceAddress")
    if address:
        record["source_address"] = address_text(address["AddressDefinition"])
    port = flow.get("SourcePort")
    if port is not None:
        record["source_port"] = int(port) if port.isdigit() else port
    address = flow.get("DestinationAddress")
    if address:
        record["destination_address"] = address_text(address["AddressDefinition"])
    port = flow.get("DestinationPort")
    if port is not None:
        record["destination_port"] = int(port) if port.isdigit() else port
    protocol = flow.get("Protocol")
    if protocol is not None:
        name, number = _protocol(protocol)
        record["protocol"] = name
        if number is not None:
            record["protocol_number"] = number
    for member, name in (("Age", "age"), ("PacketCount", "packet_count"), ("ByteCount", "byte_count")):
        value = flow.get(member)
        if value is not None:
            record[name] = value
    if scope_zone:
        record["availability_zone"] = scope_zone
    return record


def records_of(flows: Iterable[Mapping[str, Any]], scope_zone: str | None = None) -> list[dict[str, Any]]:
    """Return the API's Flows as flow records, each as record_of returns it."""
    records = []
    zone = {"availability_zone": scope_zone} if scope_zone else {}
    for flow in flows:
        # The usual flow has every member; asking for each one costs twice the time.
        try:
            source = flow["SourceAddress"]["AddressDefinition"]
            destination = flow["DestinationAddress"]["AddressDefinition"]
            name, number = _PROTOCOLS_SEEN[flow["Protocol"]]
            if number is None:
                raise KeyError(name)
            records.append(
                {
                    "source_address": address_text(source) if ":" in source or "/" in source else source,
                    "source_port": int(flow["SourcePort"]),
                    "destination_address": (
                        address_text(destination) if ":" in destination or "/" in destination else destination
                    ),
                    "destination_port": int(flow["DestinationPort"]),
                    "protocol": name,
                    "protocol_number": number,
                    "age": flow["Age"],
                    "packet_count": flow["PacketCount"],
                    "byte_count": flow["ByteCount"],
                    **zone,
                }
            )
        except (KeyError, TypeError, ValueError):
            records.append(record_of(flow, scope_zone))
    return records


def _protocol(text: str) -> tuple[str, int | None]:
    known = _PROTOCOLS_SEEN.get(text)
    if known is None:
        number = number_of(text)
        known = (text.lower(), None) if number is None else (name_of(number), number)
        _PROTOCOLS_SEEN[text] = known
    return known


def problem_of(record: Mapping[str, Any]) -> str:
    """Return what keeps a mapping from being a flow record, '' when nothing does."""
    for name in ("source_address", "destination_address"):
        value = record.get(name)
        if not isinstance(value, str) or canonical(value) is None:
            return f"its {name} is {value!r} and not an address"
    for name in ("source_port", "destination_port"):
        value = record.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 65535:
            return f"its {name} is {value!r} and not a number from 0 to 65535"
    for name in ("protocol_number", "age", "packet_count", "byte_count"):
        value = record.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return f"its {name} is {value!r} and not a number from 0 up"
    if "protocol" not in record:
        return "it has no protocol"
    return ""
