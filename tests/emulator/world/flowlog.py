# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads AWS Network Firewall flow logs: JSON lines in the envelope that AWS writes to S3."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .errors import FlowLogError
from .flows import FlowRecord, address_key
from .places import region_of_zone
from .protocols import number_of


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        opener: Any = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as stream:
            yield from enumerate(stream, start=1)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FlowLogError(f"flow log {path} cannot be read: {reason}") from None


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing or not a text")
    return value


def _number(record: dict[str, Any], name: str) -> int:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} is missing or not a whole number")
    return value


def _port(event: dict[str, Any], name: str) -> int | None:
    if name not in event:
        return None
    port = _number(event, name)
    if port > 65535:
        raise ValueError(f"{name} {port} is above 65535")
    return port


def _flow(line: str) -> tuple[str, str, int, FlowRecord] | None:
    entry = json.loads(line)
    if not isinstance(entry, dict) or not isinstance(entry.get("event"), dict):
        raise ValueError("not a flow log record: it has no event")
    event = entry["event"]
    if event.get("event_type") != "netflow":
        return None
    zone = _text(entry, "availability_zone")
    region_of_zone(zone)
    netflow = event.get("netflow")
    if not isinstance(netflow, dict):
        raise ValueError("event.netflow is missing")
    record = FlowRecord(
        source_address=_text(event, "src_ip"),
        destination_address=_text(event, "dest_ip"),
        source_port=_port(event, "src_port"),
        destination_port=_port(event, "dest_port"),
        protocol=number_of(_text(event, "proto")),
        age=_number(netflow, "age"),
        packet_count=_number(netflow, "pkts"),
        byte_count=_number(netflow, "bytes"),
    )
    if address_key(record.source_address) >> 128 != address_key(record.destination_address) >> 128:
        raise ValueError("src_ip and dest_ip are of different IP versions")
    return _text(entry, "firewall_name"), zone, _number(event, "flow_id"), record


def read_flow_logs(paths: Iterable[str | Path]) -> dict[tuple[str, str], list[FlowRecord]]:
    """Return the flows of each (firewall name, zone), in order of first record; FlowLogError names file and line.

    Two records with the same flow_id are the two directions of one flow: the first one's addresses stay, packets and
    bytes are summed, the age is the larger one.
    """
    flows: dict[tuple[str, str], dict[int, FlowRecord]] = {}
    for path in map(Path, paths):
        for number, line in _lines(path):
            if not line.strip():
                continue
            try:
                found = _flow(line)
            except ValueError as error:
                raise FlowLogError(f"flow log {path}, line {number}: {error}") from None
            if found is None:
                continue
            name, zone, flow_id, record = found
            table = flows.setdefault((name, zone), {})
            first = table.get(flow_id)
            if first is not None:
                record = FlowRecord(
                    source_address=first.source_address,
                    destination_address=first.destination_address,
                    source_port=first.source_port,
                    destination_port=first.destination_port,
                    protocol=first.protocol,
                    age=max(first.age, record.age),
                    packet_count=first.packet_count + record.packet_count,
                    byte_count=first.byte_count + record.byte_count,
                )
            table[flow_id] = record
    return {key: list(table.values()) for key, table in flows.items()}
