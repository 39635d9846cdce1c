# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Network Firewall's flow logs as it writes them to S3: netflow events into flow records.

Source: https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .addresses import address_text
from .protocols import name_of, number_of

# Both directions of a flow are logged when it ends, seconds apart at most; a direction that waits longer than for this
# many other flows stands alone.
MOST_WAITING = 65536


def is_log_entry(line: Mapping[str, Any]) -> bool:
    """Return whether a line of JSON is an entry of a flow log rather than a flow record."""
    return "event" in line and "firewall_name" in line


def records_of_log(entries: Iterable[Mapping[str, Any]], most_waiting: int = MOST_WAITING) -> Iterator[dict[str, Any]]:
    """Yield a flow record for each flow of log entries; firewall_name is added to it.

    Entries that share firewall, zone and flow_id are the two directions of one flow: the first gives the direction,
    packets and bytes are summed. Other events than netflow are passed over; raises ValueError for what is no entry.
    """
    waiting: OrderedDict[tuple[Any, Any, Any], dict[str, Any]] = OrderedDict()
    for entry in entries:
        event = entry.get("event")
        if not isinstance(event, Mapping):
            raise ValueError("an entry of a flow log has an event")
        if event.get("event_type") != "netflow":
            continue
        record = _record_of(entry, event)
        key = entry.get("firewall_name"), entry.get("availability_zone"), event.get("flow_id")
        first = waiting.pop(key, None)
        if first is None:
            waiting[key] = record
            if len(waiting) > most_waiting:
                yield waiting.popitem(last=False)[1]
        else:
            for name in ("packet_count", "byte_count"):
                first[name] = first.get(name, 0) + record.get(name, 0)
            first["age"] = max(first.get("age", 0), record.get("age", 0))
            yield first
    yield from waiting.values()


def _record_of(entry: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, member in (("source", "src"), ("destination", "dest")):
        if event.get(f"{member}_ip"):
            record[f"{name}_address"] = address_text(str(event[f"{member}_ip"]))
        if event.get(f"{member}_port") is not None:
            record[f"{name}_port"] = int(event[f"{member}_port"])
    protocol = event.get("proto")
    if protocol is not None:
        number = number_of(protocol)
        record["protocol"] = str(protocol).lower() if number is None else name_of(number)
        if number is not None:
            record["protocol_number"] = number
    netflow = event.get("netflow")
    for member, name in (("age", "age"), ("pkts", "packet_count"), ("bytes", "byte_count")):
        if isinstance(netflow, Mapping) and netflow.get(member) is not None:
            record[name] = int(netflow[member])
    if entry.get("availability_zone"):
        record["availability_zone"] = str(entry["availability_zone"])
    record["firewall_name"] = str(entry.get("firewall_name"))
    return record
