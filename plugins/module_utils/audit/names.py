# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is behind an address: which addresses of an audit to look up, and what EC2's answers say about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..flows.addresses import canonical, is_private

MOST_ADDRESSES = 1000

_TALKER_KINDS = ("source", "destination", "pair")
_BETWEEN_PAIR = " -> "


def private_addresses(findings: Iterable[Mapping[str, Any]], top: Mapping[str, Any]) -> list[str]:
    """Return the private addresses of findings (flow records) and of rankings, each once, findings first."""
    seen = (text for text in _addresses(findings, top) if is_private(text))
    return list(dict.fromkeys(canonical(text) or text for text in seen))


def _addresses(findings: Iterable[Mapping[str, Any]], top: Mapping[str, Any]) -> Iterator[str]:
    for finding in findings:
        for member in ("source_address", "destination_address"):
            if isinstance(finding.get(member), str):
                yield finding[member]
    for rankings in top.values():
        for kind in _TALKER_KINDS:
            for row in rankings.get(kind, ()):
                yield from str(row["key"]).split(_BETWEEN_PAIR)


def interfaces_of(
    addresses: Iterable[str], interfaces: Iterable[Mapping[str, Any]]
) -> dict[str, list[Mapping[str, Any]]]:
    """Return for each of the addresses the network interfaces (EC2's NetworkInterface) that have it, if any do."""
    wanted = set(addresses)
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for interface in interfaces:
        for address in _addresses_of(interface):
            if address in wanted:
                # An interface with several of the addresses is in several answers.
                found.setdefault(address, {})[interface["NetworkInterfaceId"]] = interface
    return {address: list(by_id.values()) for address, by_id in found.items()}


def _addresses_of(interface: Mapping[str, Any]) -> Iterator[str]:
    texts = [interface.get("PrivateIpAddress")]
    texts += [item.get("PrivateIpAddress") for item in interface.get("PrivateIpAddresses") or ()]
    texts += [item.get("Ipv6Address") for item in interface.get("Ipv6Addresses") or ()]
    for text in texts:
        address = canonical(text) if text else None
        if address:
            yield address


def one_of(interfaces: Sequence[Mapping[str, Any]], vpc_id: str | None) -> Mapping[str, Any] | None:
    """Return the only one of the interfaces that have an address, or the only one in the VPC, None if none is."""
    if len(interfaces) > 1:
        interfaces = [interface for interface in interfaces if vpc_id and interface.get("VpcId") == vpc_id]
    return interfaces[0] if len(interfaces) == 1 else None


def instance_of(interface: Mapping[str, Any]) -> str | None:
    """Return the ID of the instance that an interface is attached to, None when it is attached to none."""
    instance_id = (interface.get("Attachment") or {}).get("InstanceId")
    return str(instance_id) if instance_id else None


def name_tag(tags: Iterable[Mapping[str, Any]] | None) -> str | None:
    """Return the value of the tag Name among EC2's tags, None without one that says something."""
    return next((str(tag["Value"]) for tag in tags or () if tag.get("Key") == "Name" and tag.get("Value")), None)


def told(interface: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what a result says of an address behind which an interface is; None says that several may be.

    Names are the Name tags of instances by ID; what is not known is absent.
    """
    if interface is None:
        return {"ambiguous": True}
    instance_id = instance_of(interface)
    name = names.get(instance_id) if instance_id else None
    item = {
        "network_interface_id": interface["NetworkInterfaceId"],
        "instance_id": instance_id,
        "name": name or name_tag(interface.get("TagSet")) or interface.get("Description"),
        "vpc_id": interface.get("VpcId"),
        "subnet_id": interface.get("SubnetId"),
        "availability_zone": interface.get("AvailabilityZone"),
    }
    return {member: value for member, value in item.items() if value}


def batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield the items in their order, at most size at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
