# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event filter of ansible-rulebook: which addresses a security finding is about.

ansible-rulebook runs this file by its path, where no other file of the collection can be imported.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Union

DOCUMENTATION = r"""
---
short_description: Say which addresses a GuardDuty or Security Hub finding is about
description:
  - Takes a finding as an event source for SQS hands it on, in the envelope of EventBridge or of SNS or in none, and
    replaces the event by what a job template needs to isolate the addresses.
  - Reads the findings of GuardDuty, attack sequences too, the AWS Security Finding Format of Security Hub CSPM, and the
    OCSF findings of Security Hub.
  - "The event then has C(addresses) and C(addresses_text) (the same with commas), C(ports), C(firewall) (an ARN, or
    empty), C(firewall_arns) (the ARNs of all firewalls that the finding is about, with commas, or empty for every
    firewall; what C(flowops.aws.isolate) takes as C(flowops_firewall_arns)), C(severity) (V(informational), V(low),
    V(medium), V(high) or V(critical)), C(finding_type), C(finding_id), C(account_id), C(region), C(vpc_ids),
    C(sample), C(archived) and C(actionable), which is true for a finding that is neither a sample nor archived and is
    about an address. C(reason) says why it is not, and is empty when it is."
  - A message with several findings becomes several events, and so does a finding about more than ten addresses.
  - What is no finding, or cannot be read, comes out with C(actionable) false and C(problem), a sentence. It never
    raises an error for what is in a message, because that would end the rulebook.
  - A sample is known by its flag, in each of the forms in which the services write it, or by its title. Where the flag
    cannot be read, C(sample) is true, C(actionable) is false, and C(reason) says so.
  - An address that a finding gives as the local end, or lists as one of its own resource's, is never the other
    side. Where a finding does not say which end is which, private addresses and those of its resource are the local
    end, and none is taken where that leaves both open.
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
      - Without it, or where a finding is about another VPC too, such findings have an empty C(firewall)
        and empty C(firewall_arns), which stands for every firewall.
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
NO_FINDING = "The message holds no finding of GuardDuty or Security Hub."

_FIREWALL = re.compile(r"arn:aws[a-z-]*:network-firewall:[a-z0-9-]{1,32}:[0-9]{12}:firewall/[A-Za-z0-9-]{1,128}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9:/._!@+=-]{1,512}")
# Backdoor:EC2/C&CActivity.B, TTPs/Initial Access/...: spaces and more, but neither braces nor percent signs.
_TYPE = re.compile(r"[A-Za-z0-9:/._!&@+=() -]{1,512}")
_VPC = re.compile(r"vpc-[0-9a-f]{1,32}")
# How Security Hub writes GuardDuty's service.action; items of a list were :0 once and are .0_ now.
_PRODUCT_FIELD = re.compile(
    r"aws/guardduty/service/action/"
    r"(networkConnectionAction|portProbeAction/portProbeDetails(?:[.:][0-9]{1,4}_?)?)/"
    r"(connectionDirection|(?:local|remote)(?:IpDetails/ipAddressV[46]|PortDetails/port))"
)
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}
# OCSF's severity_id; 6 is fatal.
_OCSF_SEVERITIES = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical", 6: "critical"}
_OCSF_CLOSED = {3: "suppressed", 4: "resolved", 5: "archived"}
# Their endpoints called an API, and no flow of theirs is known.
_API_SIGNALS = frozenset({"CLOUD_TRAIL", "S3_DATA_EVENTS", "EKS_AUDIT_LOGS"})

_Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

# Not is_private: to Python the addresses of documentation are private, too, and those between carriers are not.
_INSIDE: tuple[_Network, ...] = (
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("172.16.0.0/12"),
    ipaddress.ip_network("192.168.0.0/16"),
    ipaddress.ip_network("100.64.0.0/10"),
    ipaddress.ip_network("fc00::/7"),
)


class _Ends(NamedTuple):
    """What a connection is between, as the finding writes it: addresses of both sides and ports of the service."""

    remote: list[Any]
    local: list[Any]
    ports: list[Any]


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
    try:
        for finding in findings_in(event):
            found.extend(_of_finding(finding, options))
    except Exception as error:
        found.append(_problem(options, error))
    return found or [_problem(options)]


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
    # The APIs of both services begin it with a capital.
    several = detail.get("findings", detail.get("Findings"))
    for finding in several if isinstance(several, list) else [detail]:
        if isinstance(finding, dict):
            yield finding


def _of_finding(finding: Mapping[str, Any], options: Options) -> list[dict[str, Any]]:
    try:
        for read in (_guardduty, _asff, _ocsf):
            event = read(finding, options)
            if event is not None:
                return list(_in_parts(event))
    except Exception as error:
        # What nobody has thought of costs this finding, not those beside it and not the rulebook.
        return [_problem(options, error)]
    return [_problem(options)]


def _problem(options: Options, error: Exception | None = None) -> dict[str, Any]:
    # The kind of error only: its text may quote the message.
    problem = NO_FINDING if error is None else f"A finding could not be read ({error.__class__.__name__})."
    return {**_event(options, severity=SEVERITIES[0]), "problem": problem, "reason": problem}


def _guardduty(finding: Mapping[str, Any], options: Options) -> dict[str, Any] | None:
    # EventBridge writes the members in camelCase, SDKs begin them with a capital.
    if isinstance(finding.get("Service"), Mapping) and "Severity" in finding:
        finding = _camel(finding)
    service = _mapping(finding, "service")
    if not service or "severity" not in finding or not isinstance(finding.get("type"), str):
        return None
    action = _mapping(service, "action")
    ends = _of_action(action)
    interfaces = _mappings(_mapping(_mapping(finding, "resource"), "instanceDetails"), "networkInterfaces")
    sequence = _mapping(_mapping(service, "detection"), "sequence")
    for resource in _mappings(sequence, "resources"):
        interfaces.append(_mapping(_mapping(resource, "data"), "ec2NetworkInterface"))
    own = _of_interfaces(interfaces)
    observed = _of_sequence(sequence, own)
    local = ends.local + observed.local
    if not local and (ends.remote or observed.remote or "networkConnectionAction" in action):
        # Not the secondary addresses: on a node of a cluster they are those of others.
        for interface in interfaces:
            local += [interface.get("privateIpAddress"), *_list(interface, "ipv6Addresses")]
            local += [item.get("privateIpAddress") for item in _mappings(interface, "privateIpAddresses")[:1]]
    return _event(
        options,
        severity=_severity_of(finding.get("severity"), (1, 4, 7, 9), 10),
        remote=ends.remote + observed.remote,
        local=local,
        own=own,
        ports=ends.ports + observed.ports,
        vpcs=[interface.get("vpcId") for interface in interfaces],
        finding_type=finding.get("type"),
        finding_id=finding.get("id"),
        account_id=finding.get("accountId"),
        region=finding.get("region"),
        sample=_is_sample(_info_of(service), finding.get("title")),
        archived=service.get("archived") is True,
    )


def _asff(finding: Mapping[str, Any], options: Options) -> dict[str, Any] | None:
    # The AWS Security Finding Format.
    if not isinstance(finding.get("SchemaVersion"), str) or not isinstance(finding.get("ProductArn"), str):
        return None
    fields = _mapping(finding, "ProductFields")
    network = _mapping(finding, "Network")
    details = [_mapping(resource, "Details") for resource in _mappings(finding, "Resources")]
    instances = [_mapping(detail, "AwsEc2Instance") for detail in details]
    own = [text for instance in instances for name in ("4", "6") for text in _list(instance, f"IpV{name}Addresses")]
    for detail in details:
        interface = _mapping(detail, "AwsEc2NetworkInterface")
        own += [item.get("PrivateIpAddress") for item in _mappings(interface, "PrivateIpAddresses")]
        own += [item.get("IpV6Address") for item in _mappings(interface, "IpV6Addresses")]
        own.append(interface.get("PublicIp"))

    # GuardDuty's own action under other names; its findings carry it in the one place, in the other or in both.
    action = _of_action(_camel(_mapping(finding, "Action")))
    copied = _of_action(_action_in(fields))
    observed = _of_sequence(_camel(_mapping(_mapping(finding, "Detection"), "Sequence")), own)
    described = _by_place(
        _both_versions(network, "SourceIpV"),
        _both_versions(network, "DestinationIpV"),
        {"IN": "INBOUND", "OUT": "OUTBOUND"}.get(str(network.get("Direction"))),
        own,
    )
    remote = (action.remote or copied.remote) + observed.remote + described.remote
    local = (action.local or copied.local) + observed.local + described.local
    severity = _mapping(finding, "Severity")
    label = str(severity.get("Label")).lower()
    return _event(
        options,
        severity=label if label in SEVERITIES else _severity_of(severity.get("Normalized"), (1, 40, 70, 90), 100),
        remote=remote,
        local=local or (_inner(own) if remote else []),
        own=own,
        ports=[*(action.ports or copied.ports), *observed.ports, network.get("DestinationPort")],
        vpcs=[instance.get("VpcId") for instance in instances],
        arns=_firewalls_of(finding),
        finding_type=_first(finding, "Types"),
        finding_id=finding.get("Id"),
        account_id=finding.get("AwsAccountId"),
        region=finding.get("Region"),
        sample=_is_sample(_additional_info_in(fields), finding.get("Title"), finding.get("Sample")),
        archived=finding.get("RecordState") == "ARCHIVED"
        or fields.get("aws/guardduty/service/archived") == "true"
        or _mapping(finding, "Workflow").get("Status") in ("SUPPRESSED", "RESOLVED"),
    )


def _ocsf(finding: Mapping[str, Any], options: Options) -> dict[str, Any] | None:
    # What Security Hub sends as "Findings Imported V2".
    if not isinstance(finding.get("class_uid"), int) or not isinstance(finding.get("finding_info"), Mapping):
        return None
    resources = _mappings(finding, "resources")
    devices = [_mapping(resource, "device") for resource in resources]
    listed = [*resources, *devices, *[item for device in devices for item in _mappings(device, "network_interfaces")]]
    own = [item.get("ip") for item in listed]
    remote, local, ports = [], [], []
    vpcs = [item.get("vpc_uid") for item in (*resources, *devices)]
    for evidence in _mappings(finding, "evidences"):
        # The source of an API call is no end of a flow.
        if _mapping(evidence, "api"):
            continue
        source, destination = _mapping(evidence, "src_endpoint"), _mapping(evidence, "dst_endpoint")
        connection = _mapping(evidence, "connection_info")
        named = {1: "INBOUND", 2: "OUTBOUND"}.get(_number(connection.get("direction_id")))
        ends = _by_place(
            [source.get("ip")] if source.get("ip") else [],
            [destination.get("ip")] if destination.get("ip") else [],
            named or str(connection.get("direction")).upper(),
            own,
        )
        remote += ends.remote
        local += ends.local
        ports.append(destination.get("port"))
        vpcs += [source.get("vpc_uid"), destination.get("vpc_uid")]
    info, cloud = _mapping(finding, "finding_info"), _mapping(finding, "cloud")
    word = str(finding.get("severity")).lower().replace("fatal", SEVERITIES[-1])
    return _event(
        options,
        severity=_OCSF_SEVERITIES.get(
            _number(finding.get("severity_id")), word if word in SEVERITIES else SEVERITIES[0]
        ),
        remote=remote,
        local=local or (_inner(own) if remote else []),
        own=own,
        ports=ports,
        vpcs=vpcs,
        arns=[resource.get("uid") for resource in resources],
        finding_type=_first(info, "types"),
        finding_id=_mapping(finding, "metadata").get("uid") or info.get("uid"),
        account_id=_mapping(cloud, "account").get("uid"),
        region=cloud.get("region"),
        sample=_is_sample(_unmapped_info(finding), info.get("title")),
        archived=_number(finding.get("status_id")) in _OCSF_CLOSED
        or str(finding.get("status")).lower() in _OCSF_CLOSED.values(),
    )


def _is_sample(info: Mapping[str, Any], title: Any, flag: Any = None) -> bool | None:
    # None for a flag that cannot be read: it may say yes. GuardDuty begins the titles of its samples so, in every form.
    if str(title).lstrip().upper().startswith("[SAMPLE]"):
        return True
    said = [_yes_or_no(value) for value in (flag, *_flags_in(info))]
    return True if True in said else None if None in said else False


def _flags_in(info: Mapping[str, Any]) -> Iterator[Any]:
    # GuardDuty's additionalInfo: the flag itself, and in value all that its API says, as a JSON text.
    for name, value in info.items():
        if str(name).lower() == "sample":
            yield value
        elif str(name).lower() == "value" and isinstance(value, Mapping):
            yield from _flags_in(value)
        elif str(name).lower() == "value" and isinstance(value, str):
            yield from _flags_of_text(value)


def _flags_of_text(text: str) -> Iterator[Any]:
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        # Of a text that was cut off, or is of another kind, only one that does not speak of samples says no.
        yield "?" if "sample" in text.lower() or text.lstrip().startswith("{") else False
        return
    if isinstance(inner, Mapping):
        yield from _flags_in(inner)


def _yes_or_no(value: Any) -> bool | None:
    word = value.strip().lower() if isinstance(value, str) else value
    if word is None or word is False or word in ("", "false", "no"):
        return False
    return True if word is True or word in ("true", "yes") else None


def _additional_info_in(fields: Mapping[str, Any]) -> dict[str, Any]:
    # ASFF's ProductFields, whose names are paths.
    start = "aws/guardduty/service/additionalinfo/"
    return {str(path)[len(start) :]: value for path, value in fields.items() if str(path).lower().startswith(start)}


def _info_of(service: Mapping[str, Any]) -> Mapping[str, Any]:
    info = service.get("additionalInfo")
    return {"value": info} if isinstance(info, str) else _mapping(service, "additionalInfo")


def _unmapped_info(finding: Mapping[str, Any]) -> dict[str, Any]:
    # OCSF has no member for it; what GuardDuty says beside its schema is in unmapped, nested or by paths.
    unmapped = _camel(_mapping(finding, "unmapped"))
    by_path = {}
    for path, value in unmapped.items():
        *way, name = re.split(r"[./]", path)
        if way and way[-1].lower() == "additionalinfo":
            by_path[name] = value
    return {**_info_of(_mapping(unmapped, "service") or unmapped), **by_path}


def _of_action(action: Mapping[str, Any]) -> _Ends:
    # GuardDuty's service.action.
    connection = _mapping(action, "networkConnectionAction")
    probes = _mappings(_mapping(action, "portProbeAction"), "portProbeDetails")
    remote, local = [], []
    for part in (connection, _mapping(action, "rdsLoginAttemptAction"), *probes):
        remote += _both_versions(_mapping(part, "remoteIpDetails"), "ipAddressV")
        local += _both_versions(_mapping(part, "localIpDetails"), "ipAddressV")
    local_port = _mapping(connection, "localPortDetails").get("port")
    remote_port = _mapping(connection, "remotePortDetails").get("port")
    # The port of the service, not the one that a client happened to get.
    ports = {"INBOUND": [local_port], "OUTBOUND": [remote_port]}.get(
        str(connection.get("connectionDirection")), [local_port, remote_port]
    )
    ports += [_mapping(probe, "localPortDetails").get("port") for probe in probes]
    return _Ends(remote, local, [port for port in ports if port is not None])


def _action_in(fields: Mapping[str, Any]) -> dict[str, Any]:
    # GuardDuty's service.action out of ProductFields, whose names are paths and whose values are text.
    parts: dict[str, dict[str, Any]] = {}
    for path, value in fields.items():
        match = _PRODUCT_FIELD.fullmatch(str(path))
        if match:
            name, member = match.groups()
            *way, last = member.split("/")
            parent = parts.setdefault(name, {})
            for step in way:
                parent = parent.setdefault(step, {})
            parent[last] = value
    connection = parts.pop("networkConnectionAction", {})
    return {"networkConnectionAction": connection, "portProbeAction": {"portProbeDetails": list(parts.values())}}


def _of_sequence(sequence: Mapping[str, Any], own: Iterable[Any]) -> _Ends:
    # An attack sequence does not say whose its endpoints are.
    signals = _mappings(sequence, "signals")
    seen = {str(name) for signal in signals for name in _list(signal, "endpointIds")}
    flowing = {
        str(name)
        for signal in signals
        if str(signal.get("type")) not in _API_SIGNALS
        for name in _list(signal, "endpointIds")
    }
    remote: list[Any] = []
    local: list[Any] = []
    ports: list[Any] = []
    for endpoint in _mappings(sequence, "endpoints"):
        name = str(endpoint.get("id"))
        if name in seen and name not in flowing:
            continue
        (local if _is_inside(endpoint.get("ip"), own) else remote).append(endpoint.get("ip"))
        if _mapping(endpoint, "connection").get("direction") == "OUTBOUND":
            ports.append(endpoint.get("port"))
    return _Ends(remote, local, ports)


def _by_place(source: list[Any], destination: list[Any], direction: str | None, own: list[Any]) -> _Ends:
    if direction == "INBOUND":
        return _Ends(source, destination, [])
    if direction == "OUTBOUND":
        return _Ends(destination, source, [])
    ours = [text for text in source + destination if _is_inside(text, own)]
    others = [text for text in source + destination if text not in ours]
    one_is_ours = any(text in ours for text in source) != any(text in ours for text in destination)
    # Of two ends that nobody knows, each may be ours; so may one alone, unless the finding lists what is.
    alone = not (source and destination) and any(_address(text) for text in own)
    return _Ends(others if one_is_ours or (alone and not ours) else [], ours, [])


def _of_interfaces(interfaces: Iterable[Mapping[str, Any]]) -> list[Any]:
    own: list[Any] = []
    for interface in interfaces:
        own.append(interface.get("privateIpAddress"))
        own += [item.get("privateIpAddress") for item in _mappings(interface, "privateIpAddresses")]
        own += [*_list(interface, "ipv6Addresses"), interface.get("publicIp")]
    return own


def _is_inside(text: Any, own: Iterable[Any]) -> bool:
    address = _address(text)
    if address is None:
        return False
    return address in {_address(item) for item in own} or any(address in network for network in _INSIDE)


def _inner(own: Iterable[Any]) -> list[Any]:
    # The firewall sees an instance by these; its public IPv4 address is translated outside of it.
    found = []
    for text in own:
        address = _address(text)
        if address is not None and (address.version == 6 or _is_inside(text, ())):
            found.append(text)
    return found


def _firewalls_of(finding: Mapping[str, Any]) -> list[str]:
    # Of ASFF: the resource is the firewall, by its ARN, or by its name below the account and the region.
    found = []
    for resource in _mappings(finding, "Resources"):
        details = _mapping(_mapping(resource, "Details"), "AwsNetworkFirewallFirewall")
        region = resource.get("Region") or finding.get("Region")
        name, account = details.get("FirewallName"), finding.get("AwsAccountId")
        built = f"arn:{_partition(region)}:network-firewall:{region}:{account}:firewall/{name}"
        known = [str(arn) for arn in (resource.get("Id"), details.get("FirewallArn"), built if name else "")]
        found += [arn for arn in known if _FIREWALL.fullmatch(arn)][:1]
    return found


def _partition(region: Any) -> str:
    for prefix, partition in _PARTITIONS.items():
        if str(region).startswith(prefix):
            return partition
    return "aws"


def _event(
    options: Options,
    severity: str,
    remote: Iterable[Any] = (),
    local: Iterable[Any] = (),
    own: Iterable[Any] = (),
    ports: Iterable[Any] = (),
    vpcs: Iterable[Any] = (),
    arns: Iterable[Any] = (),
    finding_type: Any = "",
    finding_id: Any = "",
    account_id: Any = "",
    region: Any = "",
    sample: bool | None = False,
    archived: bool = False,
) -> dict[str, Any]:
    inner = [_address(text) for text in local]
    ours = {*map(_address, own), *inner}
    others = [address for address in map(_address, remote) if address not in ours]
    chosen = [*(others if options.ends != "local" else ()), *(inner if options.ends != "remote" else ())]
    named = [address for address in chosen if address is not None]
    texts = list(dict.fromkeys(str(address) for address in named if options.allows(address)))
    vpc_ids = [vpc for vpc in vpcs if isinstance(vpc, str) and _VPC.fullmatch(vpc)]
    firewalls = [arn for arn in arns if isinstance(arn, str) and _FIREWALL.fullmatch(arn)]
    if not firewalls and all(vpc in options.firewalls for vpc in vpc_ids):
        # One VPC without a firewall of its own here stands for every firewall.
        firewalls = [options.firewalls[vpc] for vpc in vpc_ids]
    reasons = {
        "It is a sample.": sample is True,
        "Whether it is a sample cannot be read.": sample is None,
        "It was archived, suppressed or resolved.": archived,
        "All its addresses are protected.": bool(named) and not texts,
        "It names no address that can be cut.": not named,
    }
    reason = [text for text, applies in reasons.items() if applies][:1]
    return {
        "addresses": texts,
        "addresses_text": ",".join(texts),
        "ports": sorted({number for number in map(_port, ports) if number}),
        "firewall": firewalls[0] if firewalls else "",
        "firewall_arns": ",".join(dict.fromkeys(firewalls)),
        "severity": severity,
        "finding_type": finding_type if isinstance(finding_type, str) and _TYPE.fullmatch(finding_type) else "",
        "finding_id": _identifier(finding_id),
        "account_id": _identifier(account_id),
        "region": _identifier(region),
        "vpc_ids": list(dict.fromkeys(vpc_ids)),
        "sample": sample is not False,
        "archived": archived,
        "actionable": not reason,
        "reason": "".join(reason),
    }


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


def _severity_of(number: Any, floors: tuple[float, float, float, float], most: int) -> str:
    # A number that AWS never gives, however large, is no severity; comparing is all that every number bears.
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= most:
        return SEVERITIES[0]
    return SEVERITIES[sum(number >= floor for floor in floors)]


def _port(port: Any) -> int | None:
    # Text in ProductFields.
    if isinstance(port, str) and re.fullmatch(r"[0-9]{1,5}", port):
        port = int(port)
    return port if isinstance(port, int) and not isinstance(port, bool) and 0 < port <= 65535 else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _identifier(text: Any) -> str:
    return text if isinstance(text, str) and _IDENTIFIER.fullmatch(text) else ""


def _camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name)[:1].lower() + str(name)[1:]: _camel(item) for name, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _first(parent: Mapping[str, Any], name: str) -> Any:
    items = _list(parent, name)
    return items[0] if items else ""


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
