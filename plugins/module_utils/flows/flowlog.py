# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Network Firewall's flow logs, and Suricata's own: netflow events into flow records.

Source: https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .records import COUNTS, tidied

# Both directions of a flow are logged when it ends, seconds apart at most; a direction that waits longer than for this
# many other flows stands alone.
MOST_WAITING = 65536
_MEMBERS = {
    "source_address": "src_ip",
    "source_port": "src_port",
    "destination_address": "dest_ip",
    "destination_port": "dest_port",
    "protocol": "proto",
}
_NETFLOW = {"age": "age", "packet_count": "pkts", "byte_count": "bytes"}
# So much of a type that is not known is shown.
_LONGEST_TYPE = 20

_Key = tuple[Any, ...]


def is_log_entry(line: Mapping[str, Any]) -> bool:
    """Return whether a line of JSON is an entry of a flow log, AWS's or Suricata's, rather than a flow record."""
    return ("event" in line and "firewall_name" in line) or ("event_type" in line and "timestamp" in line)


def records_of_log(entries: Iterable[Mapping[str, Any]], most_waiting: int = MOST_WAITING) -> Iterator[dict[str, Any]]:
    """Yield a flow record for each flow of log entries; firewall_name is added to it where the log has it.

    An entry and the next one of the reverse direction are one flow: the first gives the direction, packets and bytes
    are summed. Other events than netflow are passed over; raises ValueError for what is no entry, and where nothing is
    a netflow event.
    """
    waiting: OrderedDict[_Key, list[dict[str, Any]]] = OrderedDict()
    count = 0
    seen: dict[str, None] = {}
    for entry in entries:
        event = entry if "event_type" in entry else entry.get("event")
        if not isinstance(event, Mapping):
            raise ValueError("an entry of a flow log has an event")
        seen.setdefault(str(event.get("event_type"))[:_LONGEST_TYPE])
        if event.get("event_type") != "netflow":
            continue
        record = _record_of(entry, event)
        flow = _flow_of(entry, event, record)
        ends = [(record.get(f"{end}_address"), record.get(f"{end}_port")) for end in ("source", "destination")]
        first = _taken(waiting, (*flow, *reversed(ends)))
        if first is not None:
            count -= 1
            yield _joined(first, record)
            continue
        # Two entries of the same direction are two flows.
        waiting.setdefault((*flow, *ends), []).append(record)
        count += 1
        while count > most_waiting:
            count -= 1
            yield _oldest(waiting)
    if seen and "netflow" not in seen:
        raise ValueError(
            f"it has no netflow event, only {', '.join(sorted(seen))}; give the log of type FLOW, not of ALERT or TLS"
        )
    for records in waiting.values():
        yield from records


def _record_of(entry: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    netflow = event.get("netflow")
    counted = netflow if isinstance(netflow, Mapping) else {}
    given = {name: event.get(member) for name, member in _MEMBERS.items()}
    given.update((name, counted.get(member)) for name, member in _NETFLOW.items())
    record = tidied(given)
    if entry.get("availability_zone"):
        record["availability_zone"] = str(entry["availability_zone"])
    if "firewall_name" in entry:
        record["firewall_name"] = str(entry["firewall_name"])
    return record


def _flow_of(entry: Mapping[str, Any], event: Mapping[str, Any], record: Mapping[str, Any]) -> _Key:
    """Return what both directions of a flow have in common."""
    flow = event.get("flow_id")
    netflow = event.get("netflow")
    if flow is None and isinstance(netflow, Mapping):
        # Both directions say when their flow began.
        flow = netflow.get("start")
    return entry.get("firewall_name"), entry.get("availability_zone"), flow, record.get("protocol")


def _taken(waiting: OrderedDict[_Key, list[dict[str, Any]]], key: _Key) -> dict[str, Any] | None:
    """Return the first record that waits under a key, which it leaves."""
    records = waiting.get(key)
    if records is None:
        return None
    first = records.pop(0)
    if not records:
        del waiting[key]
    return first


def _oldest(waiting: OrderedDict[_Key, list[dict[str, Any]]]) -> dict[str, Any]:
    return _taken(waiting, next(iter(waiting))) or {}


def _joined(first: dict[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flow of two directions; what one of them lacks is not known of both."""
    for name in COUNTS:
        if name in first and name in second:
            first[name] = max(first[name], second[name]) if name == "age" else first[name] + second[name]
        else:
            first.pop(name, None)
    return first
