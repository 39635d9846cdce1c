# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VPC and subnets around a firewall, made in moto's EC2."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence

from moto.ec2.models import ec2_backends

from ..world.places import region_of_zone
from ..world.state import stable_hex

# An instance can be run from any image; the thirteen hundred that moto would make in every region, nobody looks at.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


def make_network(
    account: str, firewall_name: str, zones: list[str], cidr_blocks: Sequence[str] = ()
) -> tuple[str, dict[str, str]]:
    """Make a VPC (cidr_blocks: the first one IPv4) with one subnet per zone; returns its id and {zone: subnet id}."""
    backend = ec2_backends[account][region_of_zone(zones[0])]
    first, *more = cidr_blocks or ("100.64.0.0/16",)
    vpc = backend.create_vpc(first)
    for block in more:
        ipv6 = ":" in block
        # An IPv6 block is always Amazon's in moto, so by chance.
        backend.associate_vpc_cidr_block(vpc.id, block, ipv6)["cidr_block"] = block
    known = {zone.name for zone in backend.describe_availability_zones()}
    ranges = ipaddress.IPv4Network(first).subnets(new_prefix=28)
    subnets = {}
    for zone, addresses in zip(zones, ranges, strict=False):
        if zone in known:
            subnets[zone] = backend.create_subnet(vpc.id, str(addresses), availability_zone=zone).id
        else:
            # moto knows only some of a region's zones; a log may name any.
            subnets[zone] = f"subnet-{stable_hex(f'{account}/{firewall_name}/{zone}')}"
    return str(vpc.id), subnets
