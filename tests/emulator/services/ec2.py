# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 on moto: network interfaces by any of their addresses, prefix lists in pages; counted, and refused on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.utilities.utils import get_partition

from ..http.faults import Faults
from ..world.world import World

_LARGEST_PAGE = 1000
_LARGEST_ENTRIES = 100
_MOST_FILTER_VALUES = 200
_ADDRESS_FILTERS: dict[str, Callable[[Any], set[str]]] = {
    "addresses.private-ip-address": lambda interface: {
        item["PrivateIpAddress"] for item in interface.private_ip_addresses
    },
    "ipv6-addresses.ipv6-address": lambda interface: set(interface.ipv6_addresses),
}
# Of the faults, those that are an answer: code and sentence, as EC2 says them.
_REFUSALS = {
    "access_denied": ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    "expired_token": ("RequestExpired", "Request has expired."),
    "throttle": ("RequestLimitExceeded", "Request limit exceeded."),
    "internal": ("InternalError", "An internal error has occurred"),
    "unavailable": ("Unavailable", "The service is unavailable. Please try again shortly."),
}


def _page(response: EC2Response, member: str, items: list[Any], largest: int) -> ActionResult:
    """Return the page of items that a request asks for."""
    start = int(response._get_param("NextToken") or 0)
    end = start + int(response._get_param("MaxResults") or largest)
    answer: dict[str, Any] = {member: items[start:end]}
    if end < len(items):
        answer["NextToken"] = str(end)
    return ActionResult(answer)


def make_response_class(world: World, faults: Faults) -> type[EC2Response]:
    """Return moto's EC2 handler with what the lookup of addresses needs and moto lacks."""

    def arrived(response: EC2Response, operation: str) -> None:
        world.count(operation)
        for fault in faults.meet(operation, response.current_account, response.region):
            if fault.kind in _REFUSALS:
                raise EC2ClientError(*_REFUSALS[fault.kind])

    class AddressesResponse(EC2Response):
        def describe_instances(self) -> ActionResult:
            arrived(self, "DescribeInstances")
            return super().describe_instances()

        def describe_regions(self) -> ActionResult:
            arrived(self, "DescribeRegions")
            # moto tells the regions of every partition, in most of which the caller's credentials are nothing.
            regions = self.ec2_backend.describe_regions(self._get_param("RegionNames", []))
            here = get_partition(self.region)
            return ActionResult({"Regions": [region for region in regions if get_partition(region.name) == here]})

        def describe_vpcs(self) -> ActionResult:
            arrived(self, "DescribeVpcs")
            return super().describe_vpcs()

        def get_managed_prefix_list_entries(self) -> ActionResult:
            arrived(self, "GetManagedPrefixListEntries")
            identifier = self._get_param("PrefixListId")
            if self.ec2_backend.get_managed_prefix_list_entries(identifier) is None:
                raise EC2ClientError(
                    "InvalidPrefixListID.NotFound", f"The prefix list ID '{identifier}' does not exist"
                )
            # moto answers with all of them, AWS with at most a hundred a page.
            entries = super().get_managed_prefix_list_entries().result["Entries"]
            return _page(self, "Entries", entries, _LARGEST_ENTRIES)

        def describe_network_interfaces(self) -> ActionResult:
            arrived(self, "DescribeNetworkInterfaces")
            filters = self._filters_from_querystring()
            if sum(len(values) for values in filters.values()) > _MOST_FILTER_VALUES:
                raise EC2ClientError("FilterLimitExceeded", "The maximum number of filter values is 200")
            ours = {name: set(filters.pop(name)) for name in list(filters) if name in _ADDRESS_FILTERS}
            interfaces = [
                interface
                for interface in self.ec2_backend.get_all_network_interfaces(
                    self._get_param("NetworkInterfaceIds", []), filters
                )
                if all(values & _ADDRESS_FILTERS[name](interface) for name, values in ours.items())
            ]
            return _page(self, "NetworkInterfaces", interfaces, _LARGEST_PAGE)

    return AddressesResponse
