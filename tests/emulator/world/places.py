# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regions, zones, partitions and ARNs."""

from __future__ import annotations

import re
from functools import cache

from botocore.session import Session

_ZONE = re.compile(r"^([a-z]{2}(?:-[a-z]+)+-\d+)(?:-[a-z]+-\d+)?([a-z])$")
_FIREWALL_ARN = re.compile(r"^arn:(aws[a-z-]*):network-firewall:([a-z0-9-]+):(\d{12}):firewall/([a-zA-Z0-9-]{1,128})$")
_DIRECTIONS = {
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
    "central": "c",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "gov": "g",
}


def region_of_zone(zone: str) -> str:
    """Return the region of a zone name (us-east-1a: us-east-1; us-west-2-lax-1a: us-west-2), else ValueError."""
    found = _ZONE.match(zone)
    if not found:
        raise ValueError(f"{zone!r} is not the name of an Availability Zone")
    return found.group(1)


def zone_id(zone: str) -> str:
    """Return the id of a zone name: us-east-1a is use1-az1, ap-southeast-2c is apse2-az3."""
    region = region_of_zone(zone)
    parts = region.split("-")
    short = parts[0] + "".join(_DIRECTIONS.get(part, part) for part in parts[1:])
    return f"{short}-az{ord(zone[-1]) - ord('a') + 1}"


def partition_of(region: str) -> str:
    """Return the ARN partition of a region."""
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws"


def arn(region: str, account: str, resource: str) -> str:
    """Return a network-firewall ARN; resource is e.g. firewall/egress."""
    return f"arn:{partition_of(region)}:network-firewall:{region}:{account}:{resource}"


@cache
def known_regions() -> frozenset[str]:
    """Return the regions of every partition that the installed SDK knows."""
    session = Session()
    return frozenset(
        region
        for partition in session.get_available_partitions()
        for service in ("ec2", "network-firewall")
        for region in session.get_available_regions(service, partition)
    )


def is_firewall_arn(value: str) -> bool:
    """Say whether value is the ARN of a firewall."""
    return bool(_FIREWALL_ARN.match(value))
