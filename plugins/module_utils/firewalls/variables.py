# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of a firewall as a host, made of what AWS describes."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import OptionError
from ..flows.arns import parse_firewall_arn
from .accounts import Role

Record = dict[str, Any]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The variables of a firewall, those that every one has first.
_ALWAYS: dict[str, type] = {
    "firewall_arn": str,
    "firewall_name": str,
    "region": str,
    "account_id": str,
    "availability_zones": list,
    "endpoints": dict,
    "tags": dict,
}
_SOMETIMES: dict[str, type] = {
    "assume_role_arn": str,
    "firewall_policy_arn": str,
    "proxy_settings": dict,
    "status": str,
    "sync_state": str,
    "transit_gateway_id": str,
    "transit_gateway_owner_account_id": str,
    "vpc_endpoint_associations": list,
    "vpc_id": str,
}
# Ansible's own, whatever an inventory says.
_OF_ANSIBLE = re.compile(r"(?:ansible|inventory)_.*|environment|group_names|groups|hostvars|omit|play_hosts|vars")


def check_variable(value: Any, option: str) -> str:
    """Return the name of a variable beside a firewall's own; raise OptionError when it cannot be one."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value) or keyword.iskeyword(value):
        raise OptionError(option, value, "give the name of a variable such as firewall_tags")
    # Those that a firewall has now, and those that it may have at another time.
    if value != "tags" and (value in _ALWAYS or value in _SOMETIMES or _OF_ANSIBLE.fullmatch(value)):
        raise OptionError(
            option, value, "the variable is set by this plugin or by Ansible; give another name such as firewall_tags"
        )
    return value


def firewall_record(
    answer: Mapping[str, Any], associations: Sequence[Mapping[str, Any]] | None, role: Role | None
) -> Record:
    """Return a firewall's host variables from what DescribeFirewall and DescribeVpcEndpointAssociation answered.

    Without associations (None) nothing is said of them; role is the one it was found through.
    """
    firewall, status = answer["Firewall"], answer.get("FirewallStatus") or {}
    arn = parse_firewall_arn(firewall["FirewallArn"])
    zones = status.get("SyncStates") or {}
    mapped = [mapping["AvailabilityZone"] for mapping in firewall.get("AvailabilityZoneMappings") or ()]
    record: Record = {
        "firewall_arn": arn.arn,
        "firewall_name": arn.name,
        "region": arn.region,
        "account_id": arn.account_id,
        "availability_zones": sorted(zones or mapped),
        "endpoints": {zone: _snake(zones[zone].get("Attachment") or {}) for zone in sorted(zones)},
        "tags": {tag["Key"]: tag["Value"] for tag in firewall.get("Tags") or ()},
    }
    for name, value in (
        ("vpc_id", firewall.get("VpcId") or (firewall.get("VpcEndpoint") or {}).get("VpcId")),
        ("firewall_policy_arn", firewall.get("FirewallPolicyArn")),
        ("status", status.get("Status")),
        ("sync_state", status.get("ConfigurationSyncStateSummary")),
        ("transit_gateway_id", firewall.get("TransitGatewayId")),
        ("transit_gateway_owner_account_id", firewall.get("TransitGatewayOwnerAccountId")),
        ("proxy_settings", _snake(firewall.get("ProxySettings") or {})),
        ("assume_role_arn", role.arn if role else None),
    ):
        # What a firewall does not have is not there, so that a group can ask whether it is defined.
        if value:
            record[name] = value
    if associations is not None:
        record["vpc_endpoint_associations"] = [_association(item) for item in associations]
    return record


def is_record(value: Any) -> bool:
    """Return whether a value that was kept somewhere is a firewall's host variables."""
    return (
        isinstance(value, dict)
        and set(_ALWAYS) <= set(value)
        and all(isinstance(value[name], kind) for name, kind in {**_ALWAYS, **_SOMETIMES}.items() if name in value)
        and all(isinstance(text, str) for text in (*value["availability_zones"], *value["tags"].values()))
    )


def _association(answer: Mapping[str, Any]) -> Record:
    association, status = answer["VpcEndpointAssociation"], answer.get("VpcEndpointAssociationStatus") or {}
    record: Record = {"vpc_endpoint_association_arn": association["VpcEndpointAssociationArn"]}
    if "VpcId" in association:
        record["vpc_id"] = association["VpcId"]
    for zone, state in (status.get("AssociationSyncState") or {}).items():
        record.update({"availability_zone": zone, **_snake(state.get("Attachment") or {})})
    return record


def _snake(value: Any) -> Any:
    """Return the API's members in snake_case."""
    if isinstance(value, Mapping):
        return {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): _snake(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_snake(item) for item in value]
    return value


def distinct(records: Iterable[Record]) -> list[Record]:
    """Return each firewall once, by account, region and name.

    A firewall that is shared is listed in several accounts, and only its own account may start flow operations.
    """
    found: dict[str, Record] = {}
    for record in records:
        known = found.get(record["firewall_arn"])
        if known is None or (_by_its_owner(record) and not _by_its_owner(known)):
            found[record["firewall_arn"]] = record
    return sorted(found.values(), key=lambda record: tuple(record[key] for key in _PLACE))


def _by_its_owner(record: Record) -> bool:
    return str(record.get("assume_role_arn", "")).split(":")[4:5] == [record["account_id"]]


_PLACE = ("account_id", "region", "firewall_name")
