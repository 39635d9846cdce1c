# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings in the Open Cybersecurity Schema Framework: a Detection Finding (2004) for each rule with findings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..rules import FLOW_MEMBERS, RuleFacts, RuleReport
from ..text import clean, flow_text, integer
from .asff import address_of, port_of
from .base import Format, Material

SCHEMA_VERSION = "1.5.0"

_SEVERITIES = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_IP_ADDRESS = 2
_RULE = 1
_AWS_ACCOUNT = 10


def ocsf_of(report: RuleReport) -> Iterator[bytes]:
    """Yield each rule's Detection Finding as one line of JSON."""
    for rule in report.broken:
        yield json.dumps(_event(report, rule), sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _where(report: RuleReport) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the account and Region of the firewall, and the firewall."""
    cloud: dict[str, Any] = {"provider": "AWS"}
    resource: dict[str, Any] = {"type": "AWS::NetworkFirewall::Firewall", "name": report.firewall_name}
    if report.arn:
        account = report.arn.account_id
        cloud |= {
            "region": report.arn.region,
            "account": {"uid": account, "name": account, "type": "AWS Account", "type_id": _AWS_ACCOUNT},
        }
        resource |= {"uid": report.arn.arn, "region": report.arn.region, "cloud_partition": report.arn.partition}
    return cloud, resource


def _event(report: RuleReport, rule: RuleFacts) -> dict[str, Any]:
    identifier = report.identifier(rule)
    time = int(report.audited_at.timestamp() * 1000)
    description = report.description(rule)
    cloud, resource = _where(report)
    return {
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "time": time,
        "severity_id": _SEVERITIES[rule.severity],
        "severity": rule.severity.capitalize(),
        "status_id": 1,
        "status": "New",
        "count": rule.count,
        "message": report.title(rule),
        "metadata": {
            "version": SCHEMA_VERSION,
            "profiles": ["cloud"],
            # One for each event, where the finding keeps its own in every run.
            "uid": hashlib.sha256(f"{identifier}/{time}".encode()).hexdigest(),
            "product": {"name": "flowops.aws", "vendor_name": "flowops.aws", "feature": {"name": "flow_report"}},
        },
        "cloud": cloud,
        "finding_info": {
            "uid": identifier,
            "title": report.title(rule),
            "desc": description,
            "types": ["Network Flow"],
            "last_seen_time": time,
            "data_sources": ["AWS Network Firewall flow capture"],
            "analytic": {"name": rule.label, "uid": rule.label, "type": "Rule", "type_id": _RULE},
        },
        "resources": [resource],
        "evidences": [_evidence(sample) for sample in rule.samples],
        "observables": _observables(rule),
        "unmapped": {"partial": report.partial, "flow_count": report.flow_count},
    }


def _evidence(flow: Mapping[str, Any]) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "name": flow_text(flow),
        "data": {member: _plain(flow[member]) for member in FLOW_MEMBERS if member in flow},
    }
    for side, member in (("src_endpoint", "source"), ("dst_endpoint", "destination")):
        address, port = address_of(flow.get(f"{member}_address")), port_of(flow.get(f"{member}_port"))
        known = {} if address is None else {"ip": str(address)}
        if known or port is not None:
            evidence[side] = known if port is None else {**known, "port": port}
    connection: dict[str, Any] = {"direction_id": 0, "direction": "Unknown"}
    protocol, number = clean(flow.get("protocol")), integer(flow.get("protocol_number"))
    if protocol:
        connection["protocol_name"] = protocol
    if number is not None:
        connection["protocol_num"] = number
    return {**evidence, "connection_info": connection}


def _observables(rule: RuleFacts) -> list[dict[str, Any]]:
    """Return each address of the samples once, under the path that it has in the event."""
    found: dict[str, str] = {}
    for member, path in (("source", "evidences[].src_endpoint.ip"), ("destination", "evidences[].dst_endpoint.ip")):
        for sample in rule.samples:
            address = address_of(sample.get(f"{member}_address"))
            if address is not None:
                found.setdefault(str(address), path)
    return [
        {"name": path, "type_id": _IP_ADDRESS, "type": "IP Address", "value": address}
        for address, path in found.items()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        return clean(value)
    return int(value)


def _contents(material: Material) -> Iterable[bytes]:
    # Read here, so that what the audit lacks is found before anything is written.
    return list(ocsf_of(material.rules(FORMAT.option)))


FORMAT = Format("ocsf", _contents)
