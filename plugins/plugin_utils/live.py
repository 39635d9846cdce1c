# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is alive on firewalls, as lines of a table for a terminal: no verdict, since nothing was judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..module_utils.errors import counted
from .report.text import clean, human_bytes, human_seconds, number

_LONGEST_KEY = 60
_SCOPES = ("availability_zone", "availability_zone_id", "vpc_endpoint_id", "vpc_endpoint_association_arn")
# What is shown: the list, the measure by which it is ordered, the dimension.
_LISTS = (
    ("Pairs with the most bytes", "by_bytes", "pair"),
    ("Sources with the most bytes", "by_bytes", "source"),
    ("Destinations with the most bytes", "by_bytes", "destination"),
    ("Ports with the most flows", "by_flows", "port"),
)


def live_lines(result: Mapping[str, Any], rows: int = 5) -> list[str]:
    """Return what is alive on one firewall, from the result of an audit: at most so many rows of each list."""
    top = result.get("top") or {}
    lines = [_headline(result), *_columns(_zones(result))]
    for title, measure, dimension in _LISTS:
        entries = (top.get(measure) or {}).get(dimension) or []
        if entries:
            heads = (title, "bytes", "packets", "flows")
            lines += ["", *_columns([heads, *map(_talker, entries[:rows])])]
    oldest = (top.get("by_age") or {}).get("pair") or []
    if oldest:
        lines += ["", *_columns([("Longest-lived", "age"), *map(_aged, oldest[:rows])])]
    return lines


def fleet_lines(results: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return how many flows are alive by firewall and zone, the firewalls with the most flows first."""
    ordered = sorted(results, key=lambda item: (-int(item.get("flow_count") or 0), _name(item)))
    heads = ("Firewall", "account", "Region", "zone", "flows")
    rows = [(_name(item), *_place(item), zone, number(count)) for item in ordered for zone, count in _by_zone(item)]
    total = sum(int(item.get("flow_count") or 0) for item in ordered)
    return [f"{counted(len(ordered), 'firewall')}, {counted(total, 'live flow')}", *_columns([heads, *rows], left=4)]


def _headline(result: Mapping[str, Any]) -> str:
    account, region = _place(result)
    missing = "; flows may be missing from the capture" if result.get("partial") else ""
    return f"{_name(result)} ({account}, {region}): {counted(int(result.get('flow_count') or 0), 'live flow')}{missing}"


def _zones(result: Mapping[str, Any]) -> list[Sequence[str]]:
    return [("Zone", "flows"), *((zone, number(count)) for zone, count in _by_zone(result))]


def _by_zone(result: Mapping[str, Any]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for operation in result.get("operations") or ():
        zone = next((clean(operation[scope]) for scope in _SCOPES if operation.get(scope)), "-")
        counts[zone] += int(operation.get("flow_count") or 0)
    return sorted(counts.items()) or [("-", 0)]


def _talker(entry: Mapping[str, Any]) -> Sequence[str]:
    # Of very many keys the numbers are what was seen at least.
    least = ">= " if entry.get("error") else ""
    counts = [entry.get(name) for name in ("bytes", "packets", "flows")]
    size, *others = ("-" if count is None else f"{least}{_said(index, count)}" for index, count in enumerate(counts))
    return (_key(entry), size, *others)


def _said(index: int, count: Any) -> str:
    return human_bytes(int(count)) if index == 0 else number(int(count))


def _aged(entry: Mapping[str, Any]) -> Sequence[str]:
    return (_key(entry), human_seconds(int(entry.get("age") or 0)))


def _key(entry: Mapping[str, Any]) -> str:
    return clean(entry.get("key"), _LONGEST_KEY)


def _name(result: Mapping[str, Any]) -> str:
    return clean(result.get("firewall_name")) or clean(result.get("firewall_arn")).rpartition("/")[2] or "-"


def _place(result: Mapping[str, Any]) -> tuple[str, str]:
    parts = clean(result.get("firewall_arn")).split(":")
    return (parts[4], parts[3]) if len(parts) > 5 else ("-", "-")


def _columns(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Return rows with their columns below each other, the first ones flush left and the numbers flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_cell(row, widths, index, left) for index in range(len(widths))).rstrip() for row in rows]


def _cell(row: Sequence[str], widths: Sequence[int], index: int, left: int) -> str:
    return row[index].ljust(widths[index]) if index < left else row[index].rjust(widths[index])
