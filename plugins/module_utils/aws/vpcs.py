# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EC2 tells of the addresses that a firewall's rules speak of by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import shown
from .failures import calling, needing
from .listing import Listing, Paging
from .retries import ask_until_whole

_GONE = ("disassociated", "disassociating", "failed")


class Vpcs:
    """Amazon EC2's VPCs and prefix lists through one SDK client."""

    def __init__(self, client: Any, page_size: int = 100) -> None:
        self.client = client
        self.paging = Paging(page_size=page_size)
        ask_until_whole(client, {"describe_vpcs": "Vpcs", "get_managed_prefix_list_entries": "Entries"})

    def cidrs_of(self, vpc_id: str) -> list[str]:
        """Return the CIDR blocks of a VPC, of both IP versions, the primary one first; raise AwsError."""
        with needing("ec2:DescribeVpcs"), calling(f"describe the VPC {shown(vpc_id)}"):
            answer = self.client.describe_vpcs(VpcIds=[vpc_id])
        found = [cidr for vpc in answer["Vpcs"] for cidr in _cidrs(vpc)]
        return list(dict.fromkeys(found))

    def prefix_list(self, prefix_list_id: str) -> list[str]:
        """Return the CIDRs of a prefix list; raise AwsError."""
        doing = f"read the prefix list {shown(prefix_list_id)}"
        request = {"PrefixListId": prefix_list_id}
        listing = Listing(self.client, "get_managed_prefix_list_entries", request, self.paging, "Entries", doing)
        with needing("ec2:GetManagedPrefixListEntries"):
            return [str(entry["Cidr"]) for page in listing for entry in page["Entries"]]


def _cidrs(vpc: Mapping[str, Any]) -> Iterator[str]:
    if vpc.get("CidrBlock"):
        yield str(vpc["CidrBlock"])
    for member, cidr, state in (
        ("CidrBlockAssociationSet", "CidrBlock", "CidrBlockState"),
        ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState"),
    ):
        for item in vpc.get(member) or ():
            if (item.get(state) or {}).get("State") not in _GONE:
                yield str(item[cidr])
