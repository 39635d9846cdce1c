# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.http.faults import Fault
from ansible_collections.flowops.aws.tests.emulator.server import Emulator

# STS's model has no AccessDenied, which is what STS answers.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape")

ROLE = "arn:aws:iam::210987654321:role/audit"


def as_role(emulator: Emulator, client: Callable[..., Any], **options: str) -> Any:
    """Return a client with the credentials of the role."""
    given = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test", **options)["Credentials"]
    return boto3.client(
        "network-firewall",
        region_name="us-east-1",
        endpoint_url=emulator.url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def names(aws: Any) -> list[str]:
    return [row["FirewallName"] for row in aws.list_firewalls()["Firewalls"]]


def test_a_role_leads_into_its_account(emulator: Emulator, control: Control, client: Callable[..., Any]) -> None:
    control.add_firewall("foreign", zones=["us-east-1a"], account_id="210987654321")
    assert names(as_role(emulator, client)) == ["foreign"]
    assert "foreign" not in names(client())
    assert control.calls()["counts"]["AssumeRole"] == 1


def test_a_role_may_demand_an_external_id(emulator: Emulator, control: Control, client: Callable[..., Any]) -> None:
    control.settings(external_ids={ROLE: "sesame"})
    for wrong in ({}, {"ExternalId": "simsim"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            as_role(emulator, client, **wrong)
    assert names(as_role(emulator, client, ExternalId="sesame")) == []
    control.reset()
    assert names(as_role(emulator, client)) == []


def test_who_calls_is_told_counted_and_refused(control: Control, client: Callable[..., Any]) -> None:
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    control.add_fault("access_denied", "GetCallerIdentity")
    with pytest.raises(ClientError, match="not authorized to perform: sts:GetCallerIdentity"):
        client("sts").get_caller_identity()
    assert control.calls()["counts"]["GetCallerIdentity"] == 2


def test_a_fault_may_be_of_one_region_or_account(
    emulator: Emulator, control: Control, client: Callable[..., Any]
) -> None:
    control.add_fault("access_denied", "ListFirewalls", region="eu-west-1")
    control.add_fault("access_denied", "AssumeRole", account_id="210987654321", times=1)
    control.add_fault("internal", "ListFirewalls", account_id="210987654321")
    assert names(client()) == ["egress", "inspection"]
    with pytest.raises(ClientError, match="AccessDenied"):
        names(client(region="eu-west-1"))
    with pytest.raises(ClientError, match="AccessDenied"):
        as_role(emulator, client)
    with pytest.raises(ClientError, match="InternalServerError"):
        names(as_role(emulator, client))
    fault = Fault.from_text("throttle:ListFirewalls:region=eu-west-1:account_id=012345678901")
    assert (fault.region, fault.account_id) == ("eu-west-1", "012345678901")


def test_regions_are_told_and_refused(control: Control, client: Callable[..., Any]) -> None:
    assert "us-east-1" in [region["RegionName"] for region in client("ec2").describe_regions()["Regions"]]
    control.add_fault("access_denied", "DescribeRegions", times=1)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        client("ec2").describe_regions()
    assert control.calls()["counts"] == {"DescribeRegions": 2}


def test_members_of_a_firewall_can_be_set_and_taken_away(aws: Any, control: Control) -> None:
    members = {
        "Firewall": {"TransitGatewayId": "tgw-0123456789abcdef0", "VpcId": None},
        "FirewallStatus": {"Status": "PROVISIONING"},
    }
    arn = control.add_firewall("hub", zones=["us-east-1a"], members=members)["arn"]
    answer = aws.describe_firewall(FirewallArn=arn)
    assert answer["Firewall"]["TransitGatewayId"] == "tgw-0123456789abcdef0"
    assert "VpcId" not in answer["Firewall"]
    assert answer["Firewall"]["FirewallName"] == "hub"
    assert answer["FirewallStatus"]["Status"] == "PROVISIONING"
    assert list(answer["FirewallStatus"]["SyncStates"]) == ["us-east-1a"]


def test_the_most_requests_at_once_are_noted(aws: Any, control: Control) -> None:
    names(aws)
    assert control.calls()["peaks"] == {"ListFirewalls": 1}
    control.add_fault("slow", "ListFirewalls", seconds=2)
    together = [threading.Thread(target=names, args=(aws,)) for _thread in range(3)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    names(aws)
    assert control.calls()["peaks"] == {"ListFirewalls": 3}
