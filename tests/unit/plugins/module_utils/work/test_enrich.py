# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.aws.others import Ec2
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import Scope
from ansible_collections.flowops.aws.plugins.module_utils.work.enrich import enriched
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_audit import audit
from ansible_collections.flowops.aws.plugins.module_utils.work.result import RESULT_LIMIT

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
ZONE = [Scope("availability_zone", "us-east-1a")]


# What a test makes in moto's EC2 outlives it: each has a network of its own.
_NETWORKS = itertools.count(20)


@pytest.fixture
def ec2(connect: Callable[..., Any]) -> Any:
    return connect("ec2")


@pytest.fixture
def network() -> str:
    """The first two numbers of this test's own addresses."""
    return f"10.{next(_NETWORKS)}"


@pytest.fixture
def subnet_of(ec2: Any, network: str) -> Callable[..., str]:
    """Make a subnet of this test's network, in a VPC of its own unless one is given."""

    def make(vpc_id: str | None = None) -> str:
        if vpc_id is None:
            vpc_id = ec2.create_vpc(CidrBlock=f"{network}.0.0/16")["Vpc"]["VpcId"]
        else:
            ec2.associate_vpc_cidr_block(VpcId=vpc_id, CidrBlock=f"{network}.0.0/16")
        answer = ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"{network}.0.0/16", AvailabilityZone="us-east-1a")
        subnet: str = answer["Subnet"]["SubnetId"]
        return subnet

    return make


def run_instance(ec2: Any, subnet_id: str, address: str, name: str | None) -> str:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}] if name else []
    answer = ec2.run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet_id,
        PrivateIpAddress=address,
        TagSpecifications=tags,
    )
    identifier: str = answer["Instances"][0]["InstanceId"]
    return identifier


def result_of(*sources: str) -> dict[str, Any]:
    return {
        "findings": [{"source_address": text, "destination_address": "198.51.100.7"} for text in sources],
        "top": {},
    }


@pytest.fixture
def look_up(api: NetworkFirewall, module_of: Callable[..., Any]) -> Callable[..., Any]:
    def make(result: dict[str, Any], scopes: list[Scope] | None = None) -> tuple[dict[str, Any], Any]:
        module = module_of({"policy": {}})
        return enriched(module, api, parse_firewall_arn(ARN), ZONE if scopes is None else scopes, result)[
            "addresses"
        ], module

    return make


def test_an_instance_and_an_interface_are_named(ec2: Any, subnet_of: Any, network: str, look_up: Any) -> None:
    subnet, first, second = subnet_of(), f"{network}.3.17", f"{network}.3.19"
    instance = run_instance(ec2, subnet, first, "web-7")
    made = ec2.create_network_interface(
        SubnetId=subnet,
        PrivateIpAddress=f"{network}.3.18",
        Description="ELB app/x",
        Ipv6Addresses=[{"Ipv6Address": "fd00:20::5"}],
    )["NetworkInterface"]
    ec2.assign_private_ip_addresses(NetworkInterfaceId=made["NetworkInterfaceId"], PrivateIpAddresses=[second])
    found, module = look_up(result_of(first, second, "fd00:20::5", f"{network}.9.9", "8.8.8.8"))
    where = {"vpc_id": made["VpcId"], "subnet_id": subnet, "availability_zone": "us-east-1a"}
    balancer = {"network_interface_id": made["NetworkInterfaceId"], "name": "ELB app/x", **where}
    assert found == {
        first: {
            "network_interface_id": found[first]["network_interface_id"],
            "instance_id": instance,
            "name": "web-7",
            **where,
        },
        second: balancer,
        "fd00:20::5": balancer,
    }
    assert list(found) == [first, second, "fd00:20::5"]
    assert module.warnings == []


def test_without_a_private_address_nothing_is_asked(look_up: Any, control: Any) -> None:
    assert look_up(result_of("8.8.8.8", "2001:db8::1"))[0] == {}
    assert control.calls()["counts"] == {}


def test_addresses_are_asked_for_in_batches_of_200_and_never_twice(look_up: Any, control: Any, network: str) -> None:
    sources = [f"{network}.{number // 250}.{number % 250}" for number in range(401)]
    look_up(result_of(*sources, *sources, "fd00:21::1"))
    # Three of IPv4, one of IPv6, and no instance to ask about.
    assert control.calls()["counts"] == {"DescribeNetworkInterfaces": 4}


def test_at_most_a_thousand_addresses_are_looked_up(look_up: Any, control: Any, network: str) -> None:
    found, module = look_up(result_of(*(f"{network}.{number // 250}.{number % 250}" for number in range(1001))))
    assert found == {} and control.calls()["counts"] == {"DescribeNetworkInterfaces": 5}
    (warning,) = module.warnings
    assert "only the first 1,000 of the 1,001 private addresses" in warning


def test_every_page_is_read(
    ec2: Any, subnet_of: Any, network: str, connect: Any, retry_sleeps: list[float], control: Any
) -> None:
    subnet = subnet_of()
    wanted = [f"{network}.0.{number}" for number in range(10, 16)]
    for address in wanted:
        run_instance(ec2, subnet, address, f"name of {address}")
    control.add_fault("throttle", "DescribeNetworkInterfaces", at=[2])
    control.add_fault("throttle", "DescribeInstances", at=[2])
    api = Ec2(connect("ec2"), page_size=5)
    interfaces = list(api.network_interfaces("addresses.private-ip-address", wanted))
    assert sorted(item["PrivateIpAddress"] for item in interfaces) == sorted(wanted)
    ids = [item["Attachment"]["InstanceId"] for item in interfaces]
    # An instance that is gone does not fail the others.
    found = list(api.instances([*ids, "i-0123456789abcdef0"]))
    assert sorted(item["InstanceId"] for item in found) == sorted(ids)
    assert control.calls()["counts"] == {"DescribeNetworkInterfaces": 3, "DescribeInstances": 3}
    assert len(retry_sleeps) == 2


def test_an_answer_that_is_not_whole_is_asked_for_again(connect: Any, retry_sleeps: list[float]) -> None:
    client = connect("ec2")
    answers: list[Any] = [{"ResponseMetadata": {}}, {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}]}]
    client.describe_network_interfaces = lambda **_request: answers.pop(0)
    found = list(Ec2(client).network_interfaces("addresses.private-ip-address", ["10.0.0.1"]))
    assert [item["NetworkInterfaceId"] for item in found] == ["eni-1"] and answers == []


@pytest.fixture
def twice(ec2: Any, subnet_of: Any, network: str, plain: Any) -> dict[str, str]:
    """Two addresses of two interfaces each, contested and foreign; one of the four is in the firewall's VPC."""
    contested, foreign = f"{network}.0.10", f"{network}.0.11"
    home = plain.describe_firewall(FirewallArn=ARN)["Firewall"]["VpcId"]
    for description, vpc_id, address in (
        ("there", None, contested),
        ("here", home, contested),
        ("one", None, foreign),
        ("two", None, foreign),
    ):
        ec2.create_network_interface(SubnetId=subnet_of(vpc_id), PrivateIpAddress=address, Description=description)
    return {"contested": contested, "foreign": foreign}


def test_an_address_in_two_vpcs_is_that_of_the_firewalls_vpc_or_ambiguous(
    twice: dict[str, str], look_up: Any, control: Any
) -> None:
    result = result_of(*twice.values())
    before = control.calls()["counts"]["DescribeFirewall"]
    found, module = look_up(result)
    assert found[twice["contested"]]["name"] == "here"
    assert found[twice["foreign"]] == {"ambiguous": True}
    assert module.warnings == [] and control.calls()["counts"]["DescribeFirewall"] == before + 1
    # The flows of an endpoint in another VPC are not those of the firewall's own.
    ambiguous = {address: {"ambiguous": True} for address in twice.values()}
    assert look_up(result, [*ZONE, Scope("vpc_endpoint_association_arn", "arn")])[0] == ambiguous
    control.add_association("egress", "us-east-1a")
    assert look_up(result)[0] == ambiguous


def test_a_firewall_that_may_not_be_described_leaves_the_address_ambiguous(
    twice: dict[str, str], look_up: Any, control: Any
) -> None:
    control.add_fault("access_denied", "DescribeFirewall")
    found, module = look_up(result_of(*twice.values()))
    assert found == {address: {"ambiguous": True} for address in twice.values()}
    (warning,) = module.warnings
    assert "network-firewall:DescribeFirewall" in warning and "(AccessDeniedException)" in warning


def test_two_missing_permissions_are_one_warning_too(
    ec2: Any, subnet_of: Any, network: str, twice: dict[str, str], look_up: Any, control: Any
) -> None:
    instance = run_instance(ec2, subnet_of(), f"{network}.0.12", "web-7")
    for operation in ("DescribeFirewall", "DescribeInstances"):
        control.add_fault("access_denied", operation)
    found, module = look_up(result_of(*twice.values(), f"{network}.0.12"))
    assert len(module.warnings) == 1
    assert found[f"{network}.0.12"]["instance_id"] == instance
    assert found[twice["contested"]] == {"ambiguous": True}


@pytest.mark.parametrize("operation", ["DescribeNetworkInterfaces", "DescribeInstances"])
def test_a_missing_permission_is_one_warning_that_names_it(
    ec2: Any, subnet_of: Any, network: str, look_up: Any, control: Any, operation: str
) -> None:
    instance = run_instance(ec2, subnet_of(), f"{network}.0.10", "web-7")
    control.add_fault("access_denied", operation)
    found, module = look_up(result_of(f"{network}.0.10", *(f"{network}.1.{number}" for number in range(250))))
    (warning,) = module.warnings
    assert "\n" not in warning and "(UnauthorizedOperation)" in warning
    assert "ec2:DescribeNetworkInterfaces, ec2:DescribeInstances" in warning
    # Without the instance's name the interface still says which instance it is.
    known = {address: item["instance_id"] for address, item in found.items()}
    assert known == ({f"{network}.0.10": instance} if operation == "DescribeInstances" else {})
    assert "web-7" not in str(found)


def test_any_other_failure_is_a_warning_too(look_up: Any, control: Any) -> None:
    control.add_fault("expired_token", "DescribeNetworkInterfaces")
    found, module = look_up(result_of("10.27.0.10"))
    (warning,) = module.warnings
    assert found == {} and "(RequestExpired)" in warning and "Allow" not in warning


def test_addresses_give_way_to_findings(ec2: Any, subnet_of: Any, network: str, look_up: Any) -> None:
    subnet = subnet_of()
    wanted = [f"{network}.0.{number}" for number in range(10, 20)]
    for address in wanted:
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address, Description="x" * 250)
    result = result_of(*wanted)
    result["filling"] = "x" * (RESULT_LIMIT - 20_000 - 2_500 - len(json.dumps(result)))
    found, module = look_up(result)
    assert 0 < len(found) < 10 and list(found) == wanted[: len(found)]
    assert len(json.dumps({**result, "addresses": found})) < RESULT_LIMIT - 20_000
    (warning,) = module.warnings
    assert f"only {len(found)} of 10 addresses fit" in warning
    result["filling"] = "x" * RESULT_LIMIT
    assert look_up(result)[0] == {}


def params(**options: Any) -> dict[str, Any]:
    policy = {"rules": [{"name": "all", "action": "deny"}]}
    return {"firewall_arn": ARN, "policy": policy, "max_findings": 5, "top_n": 3, "enrich": True, **options}


def test_an_audit_looks_up_what_it_returns(
    capture_of: Callable[..., str], module_of: Callable[..., Any], control: Any, ec2: Any
) -> None:
    operations = [{**ZONE[0].named(), "flow_operation_id": capture_of()}]
    plain = audit(module_of(params(operations=operations, enrich=False)))
    assert "addresses" not in plain and "DescribeNetworkInterfaces" not in control.calls()["counts"]
    source = next(item["source_address"] for item in plain["findings"] if item["source_address"].startswith("10."))
    cidr = f"{source.rpartition('.')[0]}.0/24"
    subnet = ec2.create_subnet(VpcId=ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"], CidrBlock=cidr)["Subnet"]
    ec2.create_network_interface(SubnetId=subnet["SubnetId"], PrivateIpAddress=source, Description="found")
    module = module_of(params(operations=operations), check_mode=True)
    result = audit(module)
    assert {address: item["name"] for address, item in result.pop("addresses").items()} == {source: "found"}
    assert {**result, "audited_at": None} == {**plain, "audited_at": None}


def test_a_file_is_judged_without_looking_anything_up(module_of: Callable[..., Any], control: Any) -> None:
    with pytest.raises(FlowOpsError, match="src and enrich were given together"):
        audit(module_of(params(src="/nowhere.jsonl", firewall_arn=None)))
    assert control.calls()["counts"] == {}
