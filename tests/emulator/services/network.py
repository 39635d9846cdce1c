# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VPC and subnets around a firewall, made in moto's EC2."""

from __future__ import annotations

from moto.ec2.models import ec2_backends

from ..world.places import region_of_zone
from ..world.state import stable_hex


def make_network(account: str, firewall_name: str, zones: list[str]) -> tuple[str, dict[str, str]]:
    """Make a VPC with one subnet per zone; returns the VPC's id and {zone: subnet id}."""
    backend = ec2_backends[account][region_of_zone(zones[0])]
    vpc = backend.create_vpc("100.64.0.0/16")
    known = {zone.name for zone in backend.describe_availability_zones()}
    subnets = {}
    for number, zone in enumerate(zones):
        if zone in known:
            subnets[zone] = backend.create_subnet(vpc.id, f"100.64.{number}.0/28", availability_zone=zone).id
        else:
            # moto knows only some of a region's zones; a log may name any.
            subnets[zone] = f"subnet-{stable_hex(f'{account}/{firewall_name}/{zone}')}"
    return str(vpc.id), subnets
