# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event filter of ansible-rulebook: which addresses a security finding is about.

ansible-rulebook runs this file by its path, where no other file of the collection can be imported.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Union

DOCUMENTATION = r"""
---
short_description: Say which addresses a GuardDuty or Security Hub finding is about
description:
  - Takes a finding as an event source for SQS hands it on, in the envelope of EventBridge or of SNS or in none, and
    replaces the event by what a job template needs to isolate the addresses.
  - "The event then has C(addresses) and C(addresses_text) (the same with commas), C(ports), C(firewall) (an ARN, or
    empty), C(firewall_name), C(limit) (a host pattern for the inventory plugin C(flowops.aws.networkfirewall)),
    C(severity) (V(informational), V(low), V(medium), V(high) or V(critical)), C(finding_type), C(finding_id),
    C(account_id), C(region), C(vpc_ids), C(sample), C(archived) and C(actionable), which is true for a finding that is
    neither a sample nor archived and is about an address."
  - A message with several findings becomes several events, and so does a finding about more than ten addresses.
  - What is no finding comes out with C(actionable) false and C(problem), a sentence. It never raises an error for
    what is in a message, because that would end the rulebook.
  - Nothing of a finding comes out but checked addresses, numbers, identifiers and words of a fixed choice, so that no
    text of an attacker reaches a template.
options:
  ends:
    description:
      - Which end of the reported connection to take, V(remote) (the other side), V(local) (what was attacked, or has
        been taken over) or V(both).
      - Of API calls no end is taken; they do not flow through the firewall.
    type: str
    choices: [remote, local, both]
    default: remote
  protect:
    description: Addresses and CIDRs that never come out, such as your own gateways and resolvers.
    type: list
    elements: str
    default: []
  firewalls:
    description:
      - The ARN of the firewall by the ID of the VPC that it protects, for findings that do not name a firewall.
      - Without it such findings have an empty C(firewall) and the C(limit) V(networkfirewall), every firewall.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- amazon.aws.aws_sqs_queue:
    region: us-east-1
    name: findings
  filters:
    - flowops.aws.flow_finding:
        protect: [198.51.100.10, 10.0.0.0/8]
        firewalls:
          vpc-0123456789abcdef0: arn:aws:network-firewall:us-east-1:123456789012:firewall/egress
"""

ENDS = ("remote", "local", "both")
# The most that flow_remediate_addresses takes.
ADDRESSES_PER_EVENT = 10
SEVERITIES = ("informational", "low", "medium", "high", "critical")
EVERY_FIREWALL = "networkfirewall"

_FIREWALL = re.compile(r"arn:aws[a-z-]*:network-firewall:([a-z0-9-]{1,32}):([0-9]{12}):firewall/([A-Za-z0-9-]{1,128})")
_IDENTIFIER = re.compile(r"[A-Za-z0-9:/._!@+=-]{1,512}")
_VPC = re.compile(r"vpc-[0-9a-f]{1,32}")

_Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


def main(
    event: Mapping[str, Any],
    ends: str = "remote",
    protect: Iterable[str] | None = None,
    firewalls: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return the events that take the place of an event; raises ValueError for a wrong option of the rulebook."""
    options = Options(ends, [] if protect is None else protect, {} if firewalls is None else firewalls)
    meta = event.get("meta")
    return [{**found, "meta": meta} if isinstance(meta, Mapping) else found for found in normalise(event, options)]


class Options:
    """The checked options of the filter."""

    def __init__(self, ends: str, protect: Iterable[str], firewalls: Mapping[str, str]) -> None:
        if ends not in ENDS:
            raise ValueError(f"ends: '{ends}' is not allowed; give one of {', '.join(ENDS)}.")
        if isinstance(protect, str) or not isinstance(protect, (list, tuple)):
            raise ValueError(f"protect: '{protect}' is not a list of addresses and CIDRs.")
        if not isinstance(firewalls, Mapping):
            raise ValueError(f"firewalls: '{firewalls}' is not a mapping of the IDs of VPCs to ARNs of firewalls.")
        self.ends = ends
        self.protect: list[_Network] = []
        for text in protect:
            try:
                self.protect.append(ipaddress.ip_network(text))
            except ValueError as error:
                raise ValueError(f"protect: '{text}' is neither an address nor a CIDR: {error}.") from error
        for vpc, arn in firewalls.items():
            if not _FIREWALL.fullmatch(str(arn)):
                raise ValueError(f"firewalls: '{arn}', given for '{vpc}', is not the ARN of a firewall.")
        self.firewalls = {str(vpc): str(arn) for vpc, arn in firewalls.items()}

    def allows(self, address: _Address) -> bool:
        """Tell whether the address may be isolated."""
        return not any(address in network for network in self.protect)


def normalise(event: Any, options: Options) -> list[dict[str, Any]]:
    """Return an event for each finding in a message, of ten addresses at most, or one with a problem; never raises."""
    found: list[dict[str, Any]] = []
    for finding in findings_in(event):
        for normalised in (_guardduty(finding, options), _asff(finding, options)):
            if normalised is not None:
                found.extend(_in_parts(normalised))
    if found:
        return found
    return [
        {
            **_event(options, severity=SEVERITIES[0]),
            "problem": "The message holds no finding of GuardDuty or Security Hub.",
        }
    ]


def findings_in(event: Any) -> Iterator[dict[str, Any]]:
    """Yield the findings of a message: bare, below detail (EventBridge), and either of them as Message (SNS)."""
    body = event.get("body", event) if isinstance(event, Mapping) else event
    if isinstance(body, Mapping) and isinstance(body.get("Message"), str):
        try:
            body = json.loads(body["Message"])
        except (ValueError, RecursionError):
            return
    if not isinstance(body, Mapping):
        return
    detail = body.get("detail", body)
    if not isinstance(detail, Mapping):
        return
    several = detail.get("findings")
    for finding in several if isinstance(several, list) else [detail]:
        if isinstance(finding, dict):
            yield finding


def _guardduty(finding: Mapping[str, Any], options: Options) -> dict[str, Any] | None:
    # EventBridge writes the members of GuardDuty's own format in camelCase.
    service = _mapping(finding, "service")
    if not service or "severity" not in finding or not isinstance(finding.get("type"), str):
        return None
    action = _mapping(service, "action")
    connection = _mapping(action, "networkConnectionAction")
    login = _mapping(action, "rdsLoginAttemptAction")
    probes = _mappings(_mapping(action, "portProbeAction"), "portProbeDetails")
    local_port = _mapping(connection, "localPortDetails").get("port")
    remote_port = _mapping(connection, "remotePortDetails").get("port")
    # The port of the service, not the one that a client happened to get.
    ports = {"INBOUND": [local_port], "OUTBOUND": [remote_port]}.get(
        str(connection.get("connectionDirection")), [local_port, remote_port]
    )
    remote, local = [], []
    for part in (connection, login, *probes):
        remote += _both_versions(_mapping(part, "remoteIpDetails"), "ipAddressV")
        local += _both_versions(_mapping(part, "localIpDetails"), "ipAddressV")
    interfaces = _mappings(_mapping(_mapping(finding, "resource"), "instanceDetails"), "networkInterfaces")
    if not local and (remote or connection or probes):
        local = [interface.get("privateIpAddress") for interface in interfaces]
    return _event(
        options,
        severity=_severity_of(finding.get("severity"), (1, 4, 7, 9)),
        remote=remote,
        local=local,
        ports=[*ports, *[_mapping(probe, "localPortDetails").get("port") for probe in probes]],
        vpcs=[interface.get("vpcId") for interface in interfaces],
        arns=[],
        finding_type=finding.get("type"),
        finding_id=finding.get("id"),
        account_id=finding.get("accountId"),
        region=finding.get("region"),
        sample=_mapping(service, "additionalInfo").get("sample") is True,
        archived=service.get("archived") is True,
    )


def _asff(finding: Mapping[str, Any], options: Options) -> dict[str, Any] | None:
    # The AWS Security Finding Format.
    if not isinstance(finding.get("SchemaVersion"), str) or not isinstance(finding.get("ProductArn"), str):
        return None
    action = _mapping(finding, "Action")
    connection = _mapping(action, "NetworkConnectionAction")
    probes = _mappings(_mapping(action, "PortProbeAction"), "PortProbeDetails")
    network = _mapping(finding, "Network")
    resources = _mappings(finding, "Resources")
    instances = [_mapping(_mapping(resource, "Details"), "AwsEc2Instance") for resource in resources]

    local_port = _mapping(connection, "LocalPortDetails").get("Port")
    remote_port = _mapping(connection, "RemotePortDetails").get("Port")
    ports = {"INBOUND": [local_port], "OUTBOUND": [remote_port]}.get(
        str(connection.get("ConnectionDirection")), [local_port, remote_port]
    )
    remote, local = [], []
    for part in (connection, *probes):
        remote += _both_versions(_mapping(part, "RemoteIpDetails"), "IpAddressV")
        local += _both_versions(_mapping(part, "LocalIpDetails"), "IpAddressV")
    source, destination = _both_versions(network, "SourceIpV"), _both_versions(network, "DestinationIpV")
    direction = network.get("Direction")
    if direction == "IN":
        remote, local = remote + source, local + destination
    elif direction == "OUT":
        remote, local = remote + destination, local + source
    else:
        for text in source + destination:
            address = _address(text)
            (local if address is not None and address.is_private else remote).append(text)
    if not local and remote:
        for instance in instances:
            for text in [*_list(instance, "IpV4Addresses"), *_list(instance, "IpV6Addresses")]:
                address = _address(text)
                if address is not None and (address.version == 6 or address.is_private):
                    local.append(text)

    severity = _mapping(finding, "Severity")
    label = str(severity.get("Label")).lower()
    return _event(
        options,
        severity=label if label in SEVERITIES else _severity_of(severity.get("Normalized"), (1, 40, 70, 90)),
        remote=remote,
        local=local,
        ports=[*ports, network.get("DestinationPort"), *[_mapping(p, "LocalPortDetails").get("Port") for p in probes]],
        vpcs=[instance.get("VpcId") for instance in instances],
        arns=[resource.get("Id") for resource in resources],
        finding_type=next(iter(_list(finding, "Types")), ""),
        finding_id=finding.get("Id"),
        account_id=finding.get("AwsAccountId"),
        region=finding.get("Region"),
        sample=_mapping(finding, "ProductFields").get("aws/guardduty/service/additionalInfo/sample") == "true"
        or finding.get("Sample") is True,
        archived=finding.get("RecordState") == "ARCHIVED"
        or _mapping(finding, "Workflow").get("Status") in ("SUPPRESSED", "RESOLVED"),
    )


def _event(
    options: Options,
    severity: str,
    remote: Iterable[Any] = (),
    local: Iterable[Any] = (),
    ports: Iterable[Any] = (),
    vpcs: Iterable[Any] = (),
    arns: Iterable[Any] = (),
    finding_type: Any = "",
    finding_id: Any = "",
    account_id: Any = "",
    region: Any = "",
    sample: bool = False,
    archived: bool = False,
) -> dict[str, Any]:
    chosen = [*(remote if options.ends != "local" else ()), *(local if options.ends != "remote" else ())]
    addresses = [address for address in map(_address, chosen) if address is not None and options.allows(address)]
    vpc_ids = [vpc for vpc in vpcs if isinstance(vpc, str) and _VPC.fullmatch(vpc)]
    named = [arn for arn in arns if isinstance(arn, str) and _FIREWALL.fullmatch(arn)]
    firewall = next(iter([*named, *[options.firewalls[vpc] for vpc in vpc_ids if vpc in options.firewalls]]), "")
    texts = list(dict.fromkeys(map(str, addresses)))
    return {
        "addresses": texts,
        "addresses_text": ",".join(texts),
        "ports": sorted({port for port in ports if _is_port(port)}),
        "firewall": firewall,
        **_names_of(firewall),
        "severity": severity,
        "finding_type": _identifier(finding_type),
        "finding_id": _identifier(finding_id),
        "account_id": _identifier(account_id),
        "region": _identifier(region),
        "vpc_ids": list(dict.fromkeys(vpc_ids)),
        "sample": sample,
        "archived": archived,
        "actionable": bool(texts) and not sample and not archived,
    }


def _names_of(firewall: str) -> dict[str, str]:
    match = _FIREWALL.fullmatch(firewall)
    if match is None:
        return {"firewall_name": "", "limit": EVERY_FIREWALL}
    region, account, name = match.groups()
    # The second is what the inventory calls the host where two firewalls have one name; only one of the two exists.
    return {"firewall_name": name, "limit": f"{name},{name}_{region}_{account}"}


def _in_parts(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    addresses = event["addresses"]
    for start in range(0, max(len(addresses), 1), ADDRESSES_PER_EVENT):
        part = addresses[start : start + ADDRESSES_PER_EVENT]
        yield {**event, "addresses": part, "addresses_text": ",".join(part)}


def _address(text: Any) -> _Address | None:
    # None for what is no address or no host's address: a filter of it would match nothing, or far too much.
    if not isinstance(text, str) or "%" in text:
        return None
    try:
        address: _Address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        return None
    if address.version == 4 and address.is_reserved:
        return None
    return address


def _severity_of(number: Any, floors: tuple[float, float, float, float]) -> str:
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
        return SEVERITIES[0]
    return SEVERITIES[sum(number >= floor for floor in floors)]


def _is_port(port: Any) -> bool:
    return isinstance(port, int) and not isinstance(port, bool) and 0 < port <= 65535


def _identifier(text: Any) -> str:
    return text if isinstance(text, str) and _IDENTIFIER.fullmatch(text) else ""


def _mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def _list(parent: Mapping[str, Any], name: str) -> list[Any]:
    value = parent.get(name)
    return value if isinstance(value, list) else []


def _mappings(parent: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [item for item in _list(parent, name) if isinstance(item, Mapping)]


def _both_versions(parent: Mapping[str, Any], prefix: str) -> list[Any]:
    return [parent[name] for name in (f"{prefix}4", f"{prefix}6") if parent.get(name)]
