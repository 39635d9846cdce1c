# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.world.places import region_of_zone, zone_id


def test_the_firewalls_of_the_log_are_listed_and_described(aws: Any, client: Callable[..., Any]) -> None:
    listed = aws.list_firewalls()["Firewalls"]
    assert [item["FirewallName"] for item in listed] == ["egress", "inspection"]
    by_arn = aws.describe_firewall(FirewallArn=listed[0]["FirewallArn"])
    by_name = aws.describe_firewall(FirewallName="egress")
    assert by_arn["Firewall"] == by_name["Firewall"]
    status = by_arn["FirewallStatus"]
    assert (status["Status"], status["ConfigurationSyncStateSummary"]) == ("READY", "IN_SYNC")
    assert sorted(status["SyncStates"]) == ["us-east-1a", "us-east-1b"]
    subnets = {
        item["SubnetId"]: item["AvailabilityZone"]
        for item in client("ec2").describe_subnets(
            Filters=[{"Name": "vpc-id", "Values": [by_arn["Firewall"]["VpcId"]]}]
        )["Subnets"]
    }
    for zone, state in status["SyncStates"].items():
        attachment = state["Attachment"]
        assert attachment["Status"] == "READY"
        assert attachment["EndpointId"].startswith("vpce-")
        assert subnets[attachment["SubnetId"]] == zone
        assert [config["SyncStatus"] for config in state["Config"].values()] == ["IN_SYNC"]
    assert len(subnets) == 2
    assert by_arn["Firewall"]["NumberOfAssociations"] == 0
    assert by_arn["Firewall"]["Tags"] == [{"Key": "Name", "Value": "egress"}]
    assert aws.list_tags_for_resource(ResourceArn=listed[0]["FirewallArn"])["Tags"] == by_arn["Firewall"]["Tags"]


def test_every_answer_fits_the_sdks_model(firewall: Any, control: Control) -> None:
    association = control.add_association("egress", "us-east-1a")["arn"]
    described = firewall.aws.describe_firewall(FirewallArn=firewall.arn)["Firewall"]
    policy = firewall.aws.describe_firewall_policy(FirewallPolicyArn=described["FirewallPolicyArn"])
    assert policy["FirewallPolicyResponse"]["FirewallPolicyArn"] == described["FirewallPolicyArn"]
    assert described["NumberOfAssociations"] == 1
    assert (
        firewall.aws.describe_vpc_endpoint_association(VpcEndpointAssociationArn=association)["VpcEndpointAssociation"][
            "FirewallArn"
        ]
        == firewall.arn
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"FirewallName": "nobody"},
        {
            "FirewallName": "inspection",
            "FirewallArn": "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress",
        },
        {"FirewallArn": "arn:aws:ec2:us-east-1:123456789012:vpc/x"},
        {"FirewallName": "not a name"},
    ],
)
def test_a_firewall_that_cannot_be_described(aws: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(ClientError, match=r"InvalidRequestException|ResourceNotFoundException"):
        aws.describe_firewall(**wrong)


def test_the_stream_exception_policy_can_be_set_for_all_or_for_one(aws: Any, control: Control) -> None:
    def policy(name: str) -> str:
        answer = aws.describe_firewall_policy(FirewallPolicyName=f"{name}-policy")
        found: str = answer["FirewallPolicy"]["StatefulEngineOptions"]["StreamExceptionPolicy"]
        return found

    assert policy("egress") == "DROP"
    control.settings(stream_exception_policy="CONTINUE")
    control.add_firewall("own", zones=["us-east-1a"], stream_exception_policy="REJECT")
    assert (policy("egress"), policy("own")) == ("CONTINUE", "REJECT")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        policy("nobody")


def test_associations_are_paged_and_described(firewall: Any, control: Control) -> None:
    zones = ["us-east-1a", "us-east-1b", "us-east-1a"]
    arns = [control.add_association("egress", zone)["arn"] for zone in zones]
    control.add_association("inspection", "us-east-1a")
    pages = list(
        firewall.aws.get_paginator("list_vpc_endpoint_associations").paginate(
            FirewallArn=firewall.arn, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["VpcEndpointAssociations"]) for page in pages] == [2, 1]
    assert [item["VpcEndpointAssociationArn"] for page in pages for item in page["VpcEndpointAssociations"]] == arns
    assert len(firewall.aws.list_vpc_endpoint_associations()["VpcEndpointAssociations"]) == 4
    for arn, zone in zip(arns, zones, strict=True):
        answer = firewall.aws.describe_vpc_endpoint_association(VpcEndpointAssociationArn=arn)
        state = answer["VpcEndpointAssociationStatus"]["AssociationSyncState"]
        assert list(state) == [zone]
        assert state[zone]["Attachment"]["SubnetId"] == answer["VpcEndpointAssociation"]["SubnetMapping"]["SubnetId"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        firewall.aws.describe_vpc_endpoint_association(VpcEndpointAssociationArn=arns[0] + "0")


@pytest.mark.parametrize(
    ("zone", "region", "partition"),
    [
        ("us-gov-west-1a", "us-gov-west-1", "aws-us-gov"),
        ("cn-north-1b", "cn-north-1", "aws-cn"),
        ("eu-central-1c", "eu-central-1", "aws"),
    ],
)
def test_firewalls_live_in_their_own_region_and_partition(
    control: Control,
    client: Callable[..., Any],
    emulator: Any,
    firewall_of: Callable[[str], Any],
    zone: str,
    region: str,
    partition: str,
) -> None:
    arn = control.add_firewall("abroad", zones=[zone], synthetic_flows=3)["arn"]
    assert arn == f"arn:{partition}:network-firewall:{region}:123456789012:firewall/abroad"
    there = firewall_of(arn)
    there.aws = client(region=region)
    assert there.aws.list_firewalls()["Firewalls"] == [{"FirewallName": "abroad", "FirewallArn": arn}]
    assert there.aws.describe_firewall(FirewallName="abroad")["Firewall"]["FirewallArn"] == arn
    assert len(there.capture(zone=zone)) == 3
    assert len(client().list_firewalls()["Firewalls"]) == 2
    control.reset()
    assert there.aws.list_firewalls()["Firewalls"] == []


@pytest.mark.parametrize(
    ("zone", "region", "identifier"),
    [
        ("us-east-1a", "us-east-1", "use1-az1"),
        ("ap-southeast-2c", "ap-southeast-2", "apse2-az3"),
        ("us-gov-west-1b", "us-gov-west-1", "usgw1-az2"),
        ("cn-northwest-1a", "cn-northwest-1", "cnnw1-az1"),
        ("us-west-2-lax-1a", "us-west-2", "usw2-az1"),
    ],
)
def test_zone_names(zone: str, region: str, identifier: str) -> None:
    assert (region_of_zone(zone), zone_id(zone)) == (region, identifier)


@pytest.mark.parametrize("zone", ["us-east-1", "a", "", "US-EAST-1A", "use1-az1"])
def test_what_is_no_zone_name(zone: str) -> None:
    with pytest.raises(ValueError, match="Availability Zone"):
        region_of_zone(zone)
