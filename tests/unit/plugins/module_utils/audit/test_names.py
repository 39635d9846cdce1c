# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.names import (
    batches,
    instance_of,
    interfaces_of,
    name_tag,
    one_of,
    private_addresses,
    told,
)
from ansible_collections.flowops.aws.plugins.module_utils.flows.addresses import is_private


def interface(identifier: str, *addresses: str, vpc_id: str = "vpc-1", **members: Any) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": identifier,
        "PrivateIpAddresses": [{"PrivateIpAddress": text} for text in addresses if ":" not in text],
        "Ipv6Addresses": [{"Ipv6Address": text} for text in addresses if ":" in text],
        "VpcId": vpc_id,
        "SubnetId": "subnet-1",
        **members,
    }


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("10.0.0.0", True),
        ("10.255.255.255", True),
        ("9.255.255.255", False),
        ("11.0.0.0", False),
        ("172.16.0.0", True),
        ("172.31.255.255", True),
        ("172.15.255.255", False),
        ("172.32.0.0", False),
        ("192.168.255.255", True),
        ("192.169.0.0", False),
        ("100.64.0.0", True),
        ("100.127.255.255", True),
        ("100.63.255.255", False),
        ("100.128.0.0", False),
        ("fc00::", True),
        ("fdff:ffff::1", True),
        ("fbff::1", False),
        ("fe00::1", False),
        # Python calls these private, and no network interface of a VPC has them.
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("198.51.100.7", False),
        ("fe80::1", False),
        ("::1", False),
        ("10.0.0.0/8", False),
        ("?", False),
        ("", False),
    ],
)
def test_only_addresses_of_private_networks_are_looked_up(text: str, private: bool) -> None:
    assert is_private(text) is private


def test_every_private_address_is_wanted_once_and_those_of_findings_come_first() -> None:
    findings = [
        {"source_address": "10.0.0.2", "destination_address": "198.51.100.7"},
        {"source_address": "10.0.0.1", "destination_address": "fd00:0::1"},
        {"source_address": "10.0.0.2", "destination_address": "?"},
        {"protocol": "icmp"},
    ]
    top = {
        "by_bytes": {
            "source": [{"key": "10.0.0.3"}, {"key": "10.0.0.1"}],
            "destination": [{"key": "fd00::1"}],
            "pair": [{"key": "10.0.0.3 -> 10.0.0.4"}, {"key": "fd00::2 -> 198.51.100.8"}],
            "port": [{"key": "443/tcp"}],
        },
        "by_age": {"source": [{"key": "100.64.0.9", "age": 5}]},
    }
    assert private_addresses(findings, top) == [
        "10.0.0.2",
        "10.0.0.1",
        "fd00::1",
        "10.0.0.3",
        "10.0.0.4",
        "fd00::2",
        "100.64.0.9",
    ]
    assert private_addresses([], {}) == []


def test_interfaces_are_found_by_any_of_their_addresses_and_counted_once() -> None:
    first = interface("eni-1", "10.0.0.1", "10.0.0.2", "FD00:0:0::1")
    second = interface("eni-2", "10.0.0.2", vpc_id="vpc-2")
    found = interfaces_of(["10.0.0.1", "10.0.0.2", "fd00::1", "10.0.0.9"], [first, second, first])
    assert found == {"10.0.0.1": [first], "10.0.0.2": [first, second], "fd00::1": [first]}


def test_an_interface_without_lists_is_found_by_its_own_address() -> None:
    only = {"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.1"}
    assert interfaces_of(["10.0.0.1"], [only]) == {"10.0.0.1": [only]}


def test_the_firewalls_vpc_decides_between_several_interfaces() -> None:
    here, there, elsewhere = (interface(f"eni-{n}", "10.0.0.1", vpc_id=f"vpc-{n}") for n in (1, 2, 3))
    assert one_of([there], "vpc-1") is there
    assert one_of([there], None) is there
    assert one_of([here, there], "vpc-1") is here
    assert one_of([there, here], "vpc-1") is here
    assert one_of([there, elsewhere], "vpc-1") is None
    assert one_of([here, there], None) is None
    assert one_of([here, {**here, "NetworkInterfaceId": "eni-9"}], "vpc-1") is None
    # A VPC that is not known is not the same as another that is not.
    assert one_of([interface("eni-4", vpc_id=""), there], "") is None


@pytest.mark.parametrize(
    ("members", "names", "name"),
    [
        ({"TagSet": [{"Key": "Name", "Value": "tag"}], "Description": "text"}, {"i-1": "web-7"}, "web-7"),
        ({"TagSet": [{"Key": "Name", "Value": "tag"}], "Description": "text"}, {"i-2": "web-8"}, "tag"),
        ({"TagSet": [{"Key": "name", "Value": "tag"}], "Description": "text"}, {}, "text"),
        ({"TagSet": [{"Key": "Name", "Value": ""}], "Description": "text"}, {}, "text"),
        ({"TagSet": [], "Description": ""}, {}, None),
        ({}, {}, None),
    ],
)
def test_the_instances_name_goes_before_the_interfaces_tag_and_description(
    members: dict[str, Any], names: dict[str, str], name: str | None
) -> None:
    item = told(interface("eni-1", "10.0.0.1", Attachment={"InstanceId": "i-1"}, **members), names)
    assert item.get("name") == name
    assert ("name" in item) is (name is not None)


def test_what_is_told_is_what_is_known() -> None:
    assert told(interface("eni-1", AvailabilityZone="us-east-1a", Attachment={"InstanceId": "i-1"}), {"i-1": "a"}) == {
        "network_interface_id": "eni-1",
        "instance_id": "i-1",
        "name": "a",
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "availability_zone": "us-east-1a",
    }
    # What AWS attaches for a service of its own has no instance of ours.
    assert told(interface("eni-1", Attachment={"InstanceOwnerId": "amazon-elb"}, Description="ELB app/x"), {}) == {
        "network_interface_id": "eni-1",
        "name": "ELB app/x",
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
    }
    assert told(None, {"i-1": "a"}) == {"ambiguous": True}


def test_absent_members_are_no_trouble() -> None:
    assert instance_of({}) is None and instance_of({"Attachment": None}) is None
    assert name_tag(None) is None and name_tag([{"Key": "Name"}]) is None


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (200, [200]), (201, [200, 1]), (450, [200, 200, 50])])
def test_batches_hold_everything_in_order(count: int, sizes: list[int]) -> None:
    items = [str(number) for number in range(count)]
    found = list(batches(items, 200))
    assert [len(batch) for batch in found] == sizes
    assert [item for batch in found for item in batch] == items
