# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.accounts import (
    Role,
    parse_role_arn,
)
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.variables import (
    check_variable,
    distinct,
    firewall_record,
    is_record,
)
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.firewalls.records import ACCOUNT, OTHER, record


def described(name: str = "egress", **members: Any) -> dict[str, Any]:
    """Return what DescribeFirewall says of a firewall with one zone."""
    return {
        "Firewall": {
            "FirewallName": name,
            "FirewallArn": record(name)["firewall_arn"],
            "FirewallPolicyArn": "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/strict",
            "VpcId": "vpc-0a",
            "Tags": [{"Key": "Name", "Value": "edge"}, {"Key": "Empty", "Value": ""}],
            **members,
        },
        "FirewallStatus": {
            "Status": "READY",
            "ConfigurationSyncStateSummary": "IN_SYNC",
            "SyncStates": {
                "us-east-1b": {"Attachment": {"SubnetId": "subnet-0b", "EndpointId": "vpce-0b", "Status": "CREATING"}},
                "us-east-1a": {"Attachment": {"SubnetId": "subnet-0a", "EndpointId": "vpce-0a", "Status": "READY"}},
            },
        },
    }


@pytest.mark.parametrize("name", ["tags", "firewall_tags", "_t1", "TAGS"])
def test_the_name_of_a_variable(name: str) -> None:
    assert check_variable(name, "tags_variable") == name


@pytest.mark.parametrize("name", ["my tags", "été", "class", "None", "1a", "", "a\n", None, 7])
def test_what_is_no_name_of_a_variable(name: Any) -> None:
    with pytest.raises(FlowOpsError, match="^tags_variable: .*such as firewall_tags"):
        check_variable(name, "tags_variable")


@pytest.mark.parametrize(
    "name", ["firewall_arn", "vpc_id", "proxy_settings", "ansible_connection", "ansible_x", "inventory_dir", "groups"]
)
def test_a_variable_that_is_somebodys_already(name: str) -> None:
    with pytest.raises(FlowOpsError, match=f"^tags_variable: '{name}' is not allowed; .*set by"):
        check_variable(name, "tags_variable")


def test_the_variables_of_a_firewall() -> None:
    assert firewall_record(described(), [], None) == {
        "firewall_arn": record()["firewall_arn"],
        "firewall_name": "egress",
        "region": "us-east-1",
        "account_id": ACCOUNT,
        "vpc_id": "vpc-0a",
        "firewall_policy_arn": "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/strict",
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "endpoints": {
            "us-east-1a": {"endpoint_id": "vpce-0a", "subnet_id": "subnet-0a", "status": "READY"},
            "us-east-1b": {"endpoint_id": "vpce-0b", "subnet_id": "subnet-0b", "status": "CREATING"},
        },
        "vpc_endpoint_associations": [],
        "tags": {"Name": "edge", "Empty": ""},
        "status": "READY",
        "sync_state": "IN_SYNC",
    }


@pytest.mark.parametrize("role", [None, Role("arn:aws:iam::111122223333:role/audit", "aws", ACCOUNT)])
def test_what_is_kept_of_a_firewall_is_known_again(role: Role | None) -> None:
    found = firewall_record(described(), None, role)
    assert is_record(found)
    for name in ("firewall_arn", "tags", "endpoints"):
        assert not is_record({key: value for key, value in found.items() if key != name})
        assert not is_record({**found, name: 7})
    assert not is_record({**found, "vpc_id": None})
    assert not is_record({**found, "tags": {"a": 1}})
    assert not is_record([found])


def test_the_variables_of_associations() -> None:
    arn = f"arn:aws:network-firewall:us-east-1:{ACCOUNT}:vpc-endpoint-association/0a"
    answers = [
        {
            "VpcEndpointAssociation": {"VpcEndpointAssociationArn": arn, "VpcId": "vpc-0b"},
            "VpcEndpointAssociationStatus": {
                "Status": "READY",
                "AssociationSyncState": {
                    "us-east-1a": {"Attachment": {"SubnetId": "subnet-0c", "EndpointId": "vpce-0c", "Status": "READY"}}
                },
            },
        },
        # One that AWS does not describe to us.
        {"VpcEndpointAssociation": {"VpcEndpointAssociationArn": arn + "b"}},
    ]
    assert firewall_record(described(), answers, None)["vpc_endpoint_associations"] == [
        {
            "vpc_endpoint_association_arn": arn,
            "vpc_id": "vpc-0b",
            "availability_zone": "us-east-1a",
            "endpoint_id": "vpce-0c",
            "subnet_id": "subnet-0c",
            "status": "READY",
        },
        {"vpc_endpoint_association_arn": arn + "b"},
    ]
    assert "vpc_endpoint_associations" not in firewall_record(described(), None, None)


def test_what_only_some_firewalls_have() -> None:
    plain = firewall_record(described(), [], None)
    assert not {"transit_gateway_id", "proxy_settings", "assume_role_arn"} & set(plain)
    answer = described(
        TransitGatewayId="tgw-0a",
        TransitGatewayOwnerAccountId=OTHER,
        AvailabilityZoneMappings=[{"AvailabilityZone": "us-east-1d"}],
        ProxySettings={"ListenerProperties": [{"Port": 3128, "Type": "HTTP"}], "DomainName": "proxy.example.com"},
    )
    del answer["Firewall"]["VpcId"]
    # Not set up anywhere yet.
    answer["FirewallStatus"] = {"Status": "PROVISIONING"}
    role = parse_role_arn(f"arn:aws:iam::{ACCOUNT}:role/audit", "assume_role_arns")
    found = firewall_record(answer, [], role)
    assert found["transit_gateway_id"] == "tgw-0a"
    assert found["transit_gateway_owner_account_id"] == OTHER
    assert found["proxy_settings"] == {
        "listener_properties": [{"port": 3128, "type": "HTTP"}],
        "domain_name": "proxy.example.com",
    }
    assert found["assume_role_arn"] == role.arn
    assert found["availability_zones"] == ["us-east-1d"]
    assert found["endpoints"] == {}
    assert not {"vpc_id", "sync_state"} & set(found)
    proxy = firewall_record(described(VpcId=None, VpcEndpoint={"VpcId": "vpc-0c"}), [], None)
    assert proxy["vpc_id"] == "vpc-0c"


def test_a_shared_firewall_is_one_host_found_through_its_own_account() -> None:
    by_owner = record(assume_role_arn=f"arn:aws:iam::{ACCOUNT}:role/audit")
    by_other = record(assume_role_arn=f"arn:aws:iam::{OTHER}:role/audit")
    by_caller = record()
    own = record("own", account=OTHER)
    for order in ([by_other, by_owner], [by_owner, by_other], [by_caller, by_owner], [by_owner, by_caller]):
        assert distinct([own, *order]) == [by_owner, own]
    assert distinct([by_caller, by_other]) == [by_caller]
