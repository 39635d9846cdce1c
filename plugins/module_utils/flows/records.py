# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flow records: one flat mapping for each flow, wherever flows are written out or judged.

A member that is absent, or a text where a number belongs, is not known. A protocol without ports has no port members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .addresses import address_text
from .protocols import WITH_PORTS, name_of, number_of

ADDRESSES = ("source_address", "destination_address")
PORTS = ("source_port", "destination_port")
COUNTS = ("age", "packet_count", "byte_count")
_LAST_PROTOCOL = 255
_LAST_PORT = 65535
_LAST_COUNT = 2**63 - 1
# A flow's members, and how the API calls them.
_API = {
    "source_address": "SourceAddress",
    "source_port": "SourcePort",
    "destination_address": "DestinationAddress",
    "destination_port": "DestinationPort",
    "protocol": "Protocol",
    "age": "Age",
    "packet_count": "PacketCount",
    "byte_count": "ByteCount",
}
_MOST_PROTOCOLS = 4096


class _Protocols(dict[str, "tuple[str, int | None]"]):
    """For each text of a protocol its name, and its number where it is known."""

    def __missing__(self, text: str) -> tuple[str, int | None]:
        number = number_of(text)
        known = (text.lower(), None) if number is None else (name_of(number), number)
        if len(self) < _MOST_PROTOCOLS:
            self[text] = known
        return known


class _Ports(dict[str, int]):
    """For each text of a port its number; a KeyError for an invalid one."""

    def __missing__(self, text: str) -> int:
        port = _number(text, _LAST_PORT)
        if port is None:
            raise KeyError(text)
        if str(port) == text:
            self[text] = port
        return port


_PROTOCOLS = _Protocols()
_PORTS = _Ports()


def _number(value: Any, last: int) -> int | None:
    """Return a whole number from 0 to last, or a text of its digits, as the number; None for all else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(last)):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= last else None


def record_of(flow: Any, scope_zone: str | None = None) -> dict[str, Any]:
    """Return the API's Flow as a flow record (age in seconds, byte_count in bytes); what is absent stays absent."""
    given = flow if isinstance(flow, Mapping) else {}
    record = {name: given.get(member) for name, member in _API.items()}
    for name in ADDRESSES:
        address = record[name]
        record[name] = address.get("AddressDefinition") if isinstance(address, Mapping) else None
    if scope_zone:
        record["availability_zone"] = scope_zone
    return tidied(record)


def tidied(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with the members of a flow record as one; what it has besides those is kept."""
    record: dict[str, Any] = {}
    for name, value in given.items():
        if name in ADDRESSES:
            value = address_text(value) if isinstance(value, str) and value else None
        elif name in PORTS:
            value = _port(value)
        elif name in COUNTS:
            value = _number(value, _LAST_COUNT)
        elif name in ("protocol", "protocol_number"):
            record.update(_protocol(given))
            continue
        if value is not None:
            record[name] = value
    if record.get("protocol_number", 6) not in WITH_PORTS:
        # Of these AWS shows no ports, ANY or 0; a number may be the type or the code of ICMP.
        record = {
            name: value for name, value in record.items() if name not in PORTS or (value and value.__class__ is int)
        }
    return record


def _port(value: Any) -> Any:
    number = _number(value, _LAST_PORT)
    # A text such as ANY says in a report why the port is not known.
    return number if number is not None else value if isinstance(value, str) and value else None


def _protocol(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a protocol's name, and its number where that is known."""
    text, number = given.get("protocol"), _number(given.get("protocol_number"), _LAST_PROTOCOL)
    if text is None or text == "" or not isinstance(text, (str, int)):
        return {} if number is None else {"protocol": name_of(number), "protocol_number": number}
    name, known = _PROTOCOLS[str(text)]
    if known is None or number not in (None, known):
        # Where the two contradict each other, neither is known.
        known = number if known is None else None
    return {"protocol": name} if known is None else {"protocol": name, "protocol_number": known}


def records_of(flows: Iterable[Any], scope_zone: str | None = None) -> list[dict[str, Any]]:
    """Return the API's Flows as flow records, each as record_of returns it."""
    records = []
    zone = {"availability_zone": scope_zone} if scope_zone else {}
    for flow in flows:
        # The usual flow has every member; asking for each one costs twice the time.
        try:
            source = flow["SourceAddress"]["AddressDefinition"]
            destination = flow["DestinationAddress"]["AddressDefinition"]
            name, number = _PROTOCOLS[flow["Protocol"]]
            age, packets, size = flow["Age"], flow["PacketCount"], flow["ByteCount"]
            # An or refuses what is no number, and is in bounds when all three are.
            if number not in WITH_PORTS or not 0 <= age | packets | size <= _LAST_COUNT:
                raise KeyError(name)
            records.append(
                {
                    "source_address": address_text(source) if ":" in source or "/" in source else source,
                    "source_port": _PORTS[flow["SourcePort"]],
                    "destination_address": (
                        address_text(destination) if ":" in destination or "/" in destination else destination
                    ),
                    "destination_port": _PORTS[flow["DestinationPort"]],
                    "protocol": name,
                    "protocol_number": number,
                    "age": age,
                    "packet_count": packets,
                    "byte_count": size,
                    **zone,
                }
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            records.append(record_of(flow, scope_zone))
    return records


def problem_of(record: Mapping[str, Any]) -> str:
    """Return what keeps a mapping from being a flow record, '' when nothing does."""
    if not any(name in record for name in (*ADDRESSES, "protocol")):
        return "it has neither an address nor a protocol"
    return ""
