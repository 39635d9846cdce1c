# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewall ARNs and the scope of a flow operation: option values in, API parameters out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import FlowOpsError, OptionError, shown

# Option name to the API's member, and the botocore release whose model knows that member first.
SCOPE_MEMBERS: dict[str, str] = {
    "availability_zone": "AvailabilityZone",
    "availability_zone_id": "AvailabilityZoneId",
    "vpc_endpoint_id": "VpcEndpointId",
    "vpc_endpoint_association_arn": "VpcEndpointAssociationArn",
}
MEMBER_SINCE: dict[str, str] = {
    "AvailabilityZoneId": "1.43.117",
    "VpcEndpointId": "1.38.25",
    "VpcEndpointAssociationArn": "1.38.25",
}

_ARN = re.compile(
    r"(?P<partition>aws[a-z-]*):network-firewall:(?P<region>[a-z0-9-]+):(?P<account_id>\d{12}):"
    r"(?P<type>[a-z-]+)/(?P<name>[A-Za-z0-9-]{1,128})"
)
_OPERATION_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SCOPE_SHAPES: dict[str, tuple[str, str]] = {
    "availability_zone": (r"[a-z0-9-]+[a-z]", "give the name of an Availability Zone such as us-east-1a"),
    "availability_zone_id": (r"[a-z0-9-]+-az\d+", "give the ID of an Availability Zone such as use1-az1"),
    "vpc_endpoint_id": (r"vpce-[a-zA-Z0-9]+", "give the ID of a VPC endpoint such as vpce-0123456789abcdef0"),
    "vpc_endpoint_association_arn": (
        r"arn:aws[a-z-]*:network-firewall:[a-z0-9-]+:\d{12}:vpc-endpoint-association/[A-Za-z0-9-]+",
        "give an ARN such as arn:aws:network-firewall:us-east-1:111122223333:vpc-endpoint-association/0123abcd",
    ),
}


@dataclass(frozen=True)
class FirewallArn:
    """The parts of a firewall's ARN, of any partition."""

    arn: str
    partition: str
    region: str
    account_id: str
    name: str


def parse_firewall_arn(value: str, option: str = "firewall_arn") -> FirewallArn:
    """Return the parts of a firewall's ARN; raise OptionError when it is not one."""
    text = value[4:] if isinstance(value, str) and value.startswith("arn:") else ""
    match = _ARN.fullmatch(text)
    if match is None or match["type"] != "firewall":
        raise OptionError(
            option,
            value,
            "give a firewall's ARN such as arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
            " (partitions aws, aws-us-gov and aws-cn alike)",
        )
    return FirewallArn(value, match["partition"], match["region"], match["account_id"], match["name"])


def check_firewall_name(value: str) -> str:
    """Return a firewall's name; raise OptionError when AWS could not have given it."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,128}", value):
        raise OptionError("firewall_name", value, "give 1 to 128 letters, digits and hyphens")
    return value


def check_operation_id(value: str, option: str = "flow_operation_id") -> str:
    """Return a flow operation ID; raise OptionError when it does not have the form of one."""
    if not isinstance(value, str) or not _OPERATION_ID.fullmatch(value):
        raise OptionError(
            option,
            value,
            "give the ID that a capture, a flush or a listing returned, such as 0a1b2c3d-0000-4000-8000-0123456789ab",
        )
    return value


def scope_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the one scope named by the options as {option: value}, empty when none is; raise when two are."""
    # An empty value is a mistake, not a wish for every zone.
    given = {name: options[name] for name in SCOPE_MEMBERS if options.get(name) is not None}
    if len(given) > 1:
        said = " and ".join(f"{name} {shown(value)}" for name, value in given.items())
        raise FlowOpsError(
            f"{said} were given together; a flow operation has one scope, give only one of {', '.join(SCOPE_MEMBERS)}."
        )
    for name, value in given.items():
        shape, allowed = _SCOPE_SHAPES[name]
        if not isinstance(value, str) or not re.fullmatch(shape, value):
            raise OptionError(name, value, allowed)
    return given


def scope_to_api(scope: Mapping[str, str]) -> dict[str, str]:
    """Return a scope {option: value} as the API's request members."""
    return {SCOPE_MEMBERS[name]: value for name, value in scope.items()}


def scope_text(scope: Mapping[str, str]) -> str:
    """Return a scope as words for a message, 'the whole firewall' when there is none."""
    return ", ".join(scope.values()) or "the whole firewall"
