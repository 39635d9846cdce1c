# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ARN of a firewall, of any partition: read once, where it is given, and handed on in parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

from ..errors import OptionError

_ARN = re.compile(
    r"(?P<partition>aws[a-z-]*):network-firewall:(?P<region>[a-z0-9-]+):(?P<account_id>\d{12}):"
    r"(?P<type>[a-z-]+)/(?P<name>[A-Za-z0-9-]{1,128})"
)


@dataclass(frozen=True)
class FirewallArn:
    """The parts of a firewall's ARN, of any partition."""

    arn: str
    partition: str
    region: str
    account_id: str
    name: str

    def __str__(self) -> str:
        return self.arn


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


# A firewall as options name it: by its ARN, or by a name of which AWS has the ARN.
NamedFirewall = Union[FirewallArn, str]


def firewall_of(options: Mapping[str, Any]) -> NamedFirewall:
    """Return the firewall that firewall_arn or firewall_name gives, '' for none; raise OptionError."""
    if options.get("firewall_arn") is not None:
        return parse_firewall_arn(options["firewall_arn"])
    if options.get("firewall_name") is not None:
        return check_firewall_name(options["firewall_name"])
    return ""
