# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What whoever is to approve the plans of a summary is shown: what each would cut, and whether it will be refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from math import log2
from typing import Any

from ..module_utils.errors import counted
from ..module_utils.times import parse_utc
from .report.text import clean, human_seconds

_FILTERS_SHOWN = 3
_RULES_SHOWN = 5
_ALL_PORTS, _ALL_PROTOCOLS = 65536, 256


@dataclass(frozen=True)
class Maxima:
    """The most that the remediation will cut on one firewall: flows, and percent of the captured flows."""

    max_flows: int = 1000
    max_percent: float = 10.0


def widest_of(plan: Mapping[str, Any]) -> list[str]:
    """Return the filters of a plan that match the most addresses, ports and protocols, the widest first, as text."""
    found = {
        _text(item): _width(item) for operation in _operations(plan) for item in operation.get("flow_filters") or ()
    }
    return sorted(found, key=lambda text: (-found[text], text))[:_FILTERS_SHOWN]


def _operations(plan: Mapping[str, Any]) -> list[Any]:
    if "operations" in plan:
        return list(plan["operations"])
    try:
        # A plan that is too large for a result lies in its file, on this machine or on another one.
        with open(str(plan.get("dest")), encoding="utf-8") as file:
            return list(json.load(file)["operations"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _text(item: Mapping[str, Any]) -> str:
    if item.get("any"):
        return "every flow"
    ends = [
        f"{item.get(f'{end}_address') or 'any'}{':' + str(item[f'{end}_port']) if item.get(f'{end}_port') else ''}"
        for end in ("source", "destination")
    ]
    protocols = ",".join(map(str, item.get("protocols") or ()))
    return clean(f"{ends[0]} > {ends[1]}{' ' + protocols if protocols else ''}")


def _width(item: Mapping[str, Any]) -> float:
    """Return the binary logarithm of how many 5-tuples a filter matches, an IPv6 network counted as its IPv4 like."""
    addresses = sum(_free_bits(item.get(f"{end}_address")) for end in ("source", "destination"))
    ports = sum(log2(_ports(item.get(f"{end}_port"))) for end in ("source", "destination"))
    return addresses + ports + log2(len(item.get("protocols") or ()) or _ALL_PROTOCOLS)


def _free_bits(address: Any) -> float:
    try:
        network = ip_network(address, strict=False)
    except ValueError:
        return 32.0
    return min(32.0, float(network.max_prefixlen - network.prefixlen))


def _ports(port: Any) -> int:
    first, _dash, last = str(port if port is not None else "").replace(":", "-").partition("-")
    if not first.isdecimal():
        return _ALL_PORTS
    return max(1, int(last) - int(first) + 1) if last.isdecimal() else 1


def lines_of(summary: Mapping[str, Any], now: datetime, maxima: Maxima) -> list[str]:
    """Return a paragraph for the plan of each firewall, for whoever is to approve them, and a line for all."""
    firewalls = summary["firewalls"]
    told = [line for arn in sorted(firewalls) for line in _paragraph(firewalls[arn], now, maxima)]
    cuts = counted(summary["plan_flow_count"], "flow")
    return [*told, f"All plans: {cuts} to cut, hash {summary['hash']}"]


def _paragraph(audit: Mapping[str, Any], now: datetime, maxima: Maxima) -> Iterable[str]:
    missing = " (flows may be missing)" if audit["partial"] else ""
    broke = f"{audit['findings_total']} of {counted(audit['flow_count'], 'flow')}"
    yield (
        f"{audit['firewall_arn']}: {audit['verdict']}{missing}, {broke} broke the rules at {audit['audited_at']}"
        f"{_age(audit, now)}"
    )
    if audit.get("plan_flow_count"):
        yield from map("    {}".format, _plan(audit, maxima))
    else:
        yield "    nothing to cut"
    inseparable = audit.get("plan_inseparable")
    if inseparable:
        are = "finding is" if inseparable == 1 else "findings are"
        yield f"    {inseparable} {are} left alone because every filter for them would cut innocent flows"
    report = audit.get("report_object")
    if report:
        yield f"    report {_s3(report)}"


def _plan(audit: Mapping[str, Any], maxima: Maxima) -> Iterable[str]:
    cuts = counted(audit["plan_flow_count"], "flow")
    of_all = "an unknown share" if audit.get("fetch") else _percent(audit)
    yield f"the plan cuts {cuts}, {of_all} of all, hash {audit['plan_hash']}"
    if audit.get("fetch"):
        yield "only flows that can be findings were captured, so that the remediation needs flow_remediate_max_flows"
    by_rule = sorted((audit.get("by_rule") or {}).items(), key=lambda item: (-item[1], item[0]))
    if by_rule:
        yield f"by rule: {_listed([f'{clean(name)} {count}' for name, count in by_rule], _RULES_SHOWN)}"
    if audit.get("widest"):
        yield f"its widest filters: {'; '.join(map(clean, audit['widest']))}"
    if audit.get("plan_object"):
        yield f"plan {_s3(audit['plan_object'])}"
    if not audit.get("plan_handed_on", True):
        yield "it was too large to be handed on and was not uploaded, so that it cannot be carried out"
    yield from (f"will be refused: {text}" for text in refusals(audit, maxima))


def refusals(audit: Mapping[str, Any], maxima: Maxima) -> list[str]:
    """Return what the guards of the remediation will say to a plan, as far as its audit tells; empty for nothing."""
    cuts, flows = audit.get("plan_flow_count") or 0, audit.get("flow_count") or 0
    refused = []
    if cuts > maxima.max_flows:
        refused.append(f"{cuts} flows > {maxima.max_flows} (flow_remediate_max_flows)")
    # Of a part of the flows there is no share; the remediation counts all of them once more.
    if flows and not audit.get("fetch") and cuts * 100 > flows * maxima.max_percent:
        refused.append(f"{_percent(audit)} > {maxima.max_percent:g} % (flow_remediate_max_percent)")
    return refused


def _percent(audit: Mapping[str, Any]) -> str:
    flows = audit.get("flow_count") or 0
    return f"{audit['plan_flow_count'] * 100 / flows:.3g} %" if flows else "an unknown share"


def _age(audit: Mapping[str, Any], now: datetime) -> str:
    try:
        seconds = int((now - parse_utc(audit["audited_at"])).total_seconds())
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""
    return f", {human_seconds(max(0, seconds))} ago"


def _s3(place: Mapping[str, Any]) -> str:
    return clean(f"s3://{place.get('bucket')}/{place.get('object')}", 1200)


def _listed(items: Sequence[str], most: int) -> str:
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return f"{', '.join(items[:most])}{rest}"
