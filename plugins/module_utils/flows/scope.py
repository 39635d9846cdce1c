# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a flow operation covers: the scope of one, and its place, a scope of a firewall."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import FlowOpsError, OptionError, shown
from .arns import FirewallArn

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


class Scope(NamedTuple):
    """The one scope of a flow operation: the option that names it and its value; without them the whole firewall."""

    option: str = ""
    value: str = ""

    def __bool__(self) -> bool:
        return bool(self.option)

    def __str__(self) -> str:
        return self.value or "the whole firewall"

    @property
    def zone(self) -> str | None:
        """The name of the Availability Zone, None for a scope of another kind."""
        return self.value if self.option == "availability_zone" else None

    def named(self) -> dict[str, str]:
        """Return the scope as options and results write it, {option: value}."""
        return {self.option: self.value} if self else {}

    def to_api(self) -> dict[str, str]:
        """Return the scope as the API's request members."""
        return {SCOPE_MEMBERS[self.option]: self.value} if self else {}


WHOLE_FIREWALL = Scope()


@dataclass(frozen=True)
class Place:
    """Where flow operations run: a scope of a firewall."""

    firewall: FirewallArn
    scope: Scope = WHOLE_FIREWALL

    def __str__(self) -> str:
        return str(self.scope)

    def named(self) -> dict[str, str]:
        """Return the place as results write it: firewall_arn and the scope's option."""
        return {"firewall_arn": self.firewall.arn, **self.scope.named()}

    def to_api(self) -> dict[str, str]:
        """Return the place as the API's request members."""
        return {"FirewallArn": self.firewall.arn, **self.scope.to_api()}


class FlowOperation(NamedTuple):
    """A flow operation that AWS has: where it runs, and its ID."""

    place: Place
    flow_operation_id: str

    def to_api(self) -> dict[str, str]:
        """Return the operation as the API's request members."""
        return {**self.place.to_api(), "FlowOperationId": self.flow_operation_id}


def check_operation_id(value: Any, option: str = "flow_operation_id") -> str:
    """Return a flow operation ID; raise OptionError when it does not have the form of one."""
    if not isinstance(value, str) or not _OPERATION_ID.fullmatch(value):
        raise OptionError(
            option,
            value,
            "give the ID that a capture, a flush or a listing returned, such as 0a1b2c3d-0000-4000-8000-0123456789ab",
        )
    return value


def scope_of(options: Mapping[str, Any]) -> Scope:
    """Return the one scope that the options name, WHOLE_FIREWALL when none is; raise FlowOpsError when two are."""
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
        return Scope(name, value)
    return WHOLE_FIREWALL


def scope_at(item: Mapping[str, Any], path: str) -> Scope:
    """Return the scope of an item of an option, such as operations[0]; raise FlowOpsError that names the item."""
    try:
        return scope_of(item)
    except FlowOpsError as error:
        raise FlowOpsError(f"{path}.{error.message}") from error
