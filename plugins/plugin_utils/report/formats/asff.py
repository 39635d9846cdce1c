# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings for AWS Security Hub in its finding format (ASFF): one for each rule of a firewall."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from ....module_utils.errors import FlowOpsError
from ....module_utils.flows.arns import FirewallArn
from ..rules import RuleFacts, RuleReport
from ..text import clean, cut, flow_text, integer
from .base import Format, Material

_SCHEMA_VERSION = "2018-10-08"
_TYPES = ["Unusual Behaviors/Network Flow"]
# The ones that Security Hub's own list of partitions has under the same name as ARNs do.
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
_RECOMMENDATION = (
    "Look at the report of the audit, then cut these flows with the role flowops.aws.flow_remediate and the flush plan"
    " of the audit. A changed rule of the firewall does not end flows that it allowed before."
)


def asff_of(report: RuleReport, archive: bool = True) -> str:
    """Return a JSON list of findings; with archive also those that close what earlier runs have opened."""
    if report.arn is None:
        raise FlowOpsError(
            "asff_dest: a finding of Security Hub names an account and a Region; audit.firewall_arn must be given,"
            " for a saved capture as the option firewall_arn of networkfirewall_flow_audit."
        )
    findings = [
        *(_finding(report, report.arn, rule) for rule in report.broken),
        *(_finding(report, report.arn, rule) for rule in report.silent if archive),
    ]
    return json.dumps(findings, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _finding(report: RuleReport, arn: FirewallArn, rule: RuleFacts) -> dict[str, Any]:
    moment = report.audited_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{report.audited_at.microsecond // 1000:03}Z"
    severity = {"Label": rule.severity.upper(), "Original": rule.severity}
    active = rule.count > 0
    resource: dict[str, Any] = {
        "Type": "AwsNetworkFirewallFirewall",
        "Id": arn.arn,
        "Region": arn.region,
        "Details": {"AwsNetworkFirewallFirewall": {"FirewallArn": arn.arn, "FirewallName": arn.name}},
    }
    if arn.partition in _PARTITIONS:
        resource["Partition"] = arn.partition
    finding: dict[str, Any] = {
        "SchemaVersion": _SCHEMA_VERSION,
        "Id": f"{arn.arn}/flow-audit/{report.identifier(rule)}",
        "ProductArn": f"arn:{arn.partition}:securityhub:{arn.region}:{arn.account_id}:product/{arn.account_id}/default",
        "ProductName": "flowops.aws",
        "GeneratorId": cut(f"flowops.aws/flow-audit/{rule.label}", 512),
        "AwsAccountId": arn.account_id,
        "Types": _TYPES,
        "CreatedAt": moment,
        "UpdatedAt": moment,
        "Severity": severity,
        # What Security Hub reads on later imports, when a person may have changed the finding's own severity.
        "FindingProviderFields": {"Severity": severity, "Types": _TYPES},
        "Title": cut(report.title(rule), 256),
        "Description": cut(report.description(rule), 1024),
        "ProductFields": _product_fields(report, rule),
        "Resources": [resource],
        "Compliance": {"Status": _status(rule)},
        "RecordState": "ACTIVE" if active else "ARCHIVED",
    }
    if active:
        finding["LastObservedAt"] = moment
        finding["Remediation"] = {"Recommendation": {"Text": _RECOMMENDATION}}
        network = _network(rule.samples[0]) if rule.samples else {}
        if network:
            finding["Network"] = network
    return finding


def _status(rule: RuleFacts) -> str:
    if rule.count:
        return "FAILED"
    return "PASSED" if rule.reason == "kept" else "NOT_AVAILABLE"


def _product_fields(report: RuleReport, rule: RuleFacts) -> dict[str, str]:
    fields = {
        "flowops.aws/rule": cut(rule.label, 2048),
        "flowops.aws/findings": str(rule.count),
        "flowops.aws/partial": "true" if report.partial else "false",
    }
    if report.flow_count is not None:
        fields["flowops.aws/flows"] = str(report.flow_count)
    for number, sample in enumerate(rule.samples, 1):
        fields[f"flowops.aws/flow/{number:02}"] = cut(flow_text(sample), 2048)
    return fields


def _network(flow: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flow as Security Hub's Network, without what is no address, port or protocol."""
    network: dict[str, Any] = {}
    for side, member in (("Source", "source"), ("Destination", "destination")):
        address = address_of(flow.get(f"{member}_address"))
        if address is not None:
            network[f"{side}IpV{address.version}"] = str(address)
        port = port_of(flow.get(f"{member}_port"))
        if port is not None:
            network[f"{side}Port"] = port
    protocol = clean(flow.get("protocol"))
    if 0 < len(protocol) <= 16 and protocol.strip():
        network["Protocol"] = protocol.upper()
    return network


def address_of(value: Any) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a text holds, None for anything else."""
    try:
        return ip_address(clean(value))
    except ValueError:
        return None


def port_of(value: Any) -> int | None:
    """Return a port number, None when it is invalid."""
    port = integer(value)
    return port if port is not None and 0 <= port <= 65535 else None


def _contents(material: Material) -> Iterable[bytes]:
    return [asff_of(material.rules(FORMAT.option), archive=material.archive).encode()]


FORMAT = Format("asff", _contents)
