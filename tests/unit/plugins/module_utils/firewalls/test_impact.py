# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import botocore.loaders
import pytest

from ansible_collections.flowops.aws.plugins.module_utils.firewalls.impact import (
    association,
    impact,
    in_sync,
    out_of_sync,
    stream_effect,
    stream_exception_policy,
    sync_effect,
    sync_states,
)

PREFIX = "arn:aws:network-firewall:us-east-1:123456789012"
POLICY = f"{PREFIX}:firewall-policy/MyPolicy"
RULES = f"{PREFIX}:stateful-rulegroup/CamelCase"


def shapes(name: str) -> list[str]:
    """The values that the SDK's model gives an enumeration."""
    model = botocore.loaders.create_loader().load_service_model("network-firewall", "service-2")
    found: list[str] = model["shapes"][name]["enum"]
    return found


def described(state: str = "IN_SYNC", **firewall: Any) -> dict[str, Any]:
    return {
        "Firewall": {
            "FirewallArn": f"{PREFIX}:firewall/egress",
            "FirewallName": "egress",
            "FirewallPolicyArn": POLICY,
            **firewall,
        },
        "FirewallStatus": {"Status": "READY", "ConfigurationSyncStateSummary": state, "SyncStates": {}},
    }


def association_answer(arn: str = f"{PREFIX}:vpc-endpoint-association/0a", **zones: str) -> dict[str, Any]:
    """An answer of DescribeVpcEndpointAssociation; zones gives the subnet of each."""
    return {
        "VpcEndpointAssociation": {
            "VpcEndpointAssociationArn": arn,
            "VpcId": "vpc-1",
            "SubnetMapping": {"SubnetId": "subnet-1"},
        },
        "VpcEndpointAssociationStatus": {
            "Status": "READY",
            "AssociationSyncState": {
                zone.replace("_", "-"): {"Attachment": {"SubnetId": subnet, "EndpointId": f"vpce-of-{subnet}"}}
                for zone, subnet in zones.items()
            },
        },
    }


# -- the configuration's sync ----------------------------------------------------------------------------------------


def test_only_in_sync_is_in_sync() -> None:
    states = shapes("ConfigurationSyncState")
    assert [state for state in states if in_sync({"ConfigurationSyncStateSummary": state})] == ["IN_SYNC"]
    assert not in_sync({})


def one_sentence(text: str) -> None:
    assert text.endswith(".") and "\n" not in text and "  " not in text


@pytest.mark.parametrize(
    ("shape", "effect"), [("ConfigurationSyncState", sync_effect), ("StreamExceptionPolicy", stream_effect)]
)
def test_every_state_that_the_sdk_knows_has_a_sentence_of_its_own(shape: str, effect: Any) -> None:
    known = shapes(shape)
    found = {effect(value) for value in known}
    assert len(found) == len(known) == 3
    for text in found:
        one_sentence(text)
        assert "not known" not in text
    stranger = effect("FAIL\nOPEN")
    one_sentence(stranger)
    assert "'FAIL\\nOPEN'" in stranger and "not known" in stranger


def test_sync_states_keep_the_arns_and_zones_that_are_keys() -> None:
    status = {
        "SyncStates": {
            "us-east-1b": {
                "Attachment": {
                    "SubnetId": "subnet-b",
                    "EndpointId": "vpce-b",
                    "Status": "ERROR",
                    "StatusMessage": "no",
                },
                "Config": {
                    RULES: {"SyncStatus": "CAPACITY_CONSTRAINED", "UpdateToken": "2"},
                    POLICY: {"SyncStatus": "IN_SYNC", "UpdateToken": "1"},
                },
            },
            "us-east-1a": {
                "Attachment": {"SubnetId": "subnet-a", "EndpointId": "vpce-a", "Status": "READY"},
                "Config": {POLICY: {"SyncStatus": "PENDING"}, RULES: {"SyncStatus": "NOT_SUBSCRIBED"}},
            },
            "us-east-1c": {},
        }
    }
    states = sync_states(status)
    assert list(states) == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert states["us-east-1b"] == {
        "attachment": {"subnet_id": "subnet-b", "endpoint_id": "vpce-b", "status": "ERROR", "status_message": "no"},
        "config": {
            POLICY: {"sync_status": "IN_SYNC", "update_token": "1"},
            RULES: {"sync_status": "CAPACITY_CONSTRAINED", "update_token": "2"},
        },
    }
    assert states["us-east-1c"] == {"attachment": {}, "config": {}}
    assert out_of_sync(states) == [
        {"availability_zone": "us-east-1a", "resource_arn": POLICY, "sync_status": "PENDING"},
        {"availability_zone": "us-east-1a", "resource_arn": RULES, "sync_status": "NOT_SUBSCRIBED"},
        {"availability_zone": "us-east-1b", "resource_arn": RULES, "sync_status": "CAPACITY_CONSTRAINED"},
    ]


def test_a_firewall_without_a_zone_has_no_states() -> None:
    assert sync_states({}) == {} and out_of_sync({}) == []


# -- the stream exception policy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "next_generation", "expected"),
    [
        ({}, False, "DROP"),
        ({"StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"}}, False, "DROP"),
        ({"StatefulEngineOptions": {"StreamExceptionPolicy": "CONTINUE"}}, False, "CONTINUE"),
        ({"StatefulEngineOptions": {"StreamExceptionPolicy": "REJECT"}}, False, "REJECT"),
        ({}, True, "REJECT"),
        ({"PolicyMode": "ENFORCE"}, True, "REJECT"),
        ({"PolicyMode": "ENFORCE", "StatefulEngineOptions": {"StreamExceptionPolicy": "DROP"}}, True, "DROP"),
        ({"PolicyMode": "MONITOR", "StatefulEngineOptions": {"StreamExceptionPolicy": "DROP"}}, True, "CONTINUE"),
    ],
)
def test_the_policy_in_force(policy: dict[str, Any], next_generation: bool, expected: str) -> None:
    assert stream_exception_policy(policy, next_generation) == expected


def test_the_mode_is_told_of_a_next_generation_policy_only() -> None:
    assert "policy_mode" not in impact(described(), {"PolicyMode": "MONITOR"}, False, [])
    assert impact(described(), {}, True, [])["policy_mode"] == "ENFORCE"
    assert impact(described(), {"PolicyMode": "MONITOR"}, True, [])["policy_mode"] == "MONITOR"


# -- VPC endpoint associations ---------------------------------------------------------------------------------------


def test_an_association_in_short() -> None:
    assert association(association_answer(us_east_1b="subnet-1")) == {
        "vpc_endpoint_association_arn": f"{PREFIX}:vpc-endpoint-association/0a",
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "availability_zone": "us-east-1b",
        "vpc_endpoint_id": "vpce-of-subnet-1",
        "status": "READY",
    }


def test_of_several_zones_that_of_the_subnet_is_meant() -> None:
    found = association(association_answer(us_east_1a="subnet-9", us_east_1b="subnet-1"))
    assert (found["availability_zone"], found["vpc_endpoint_id"]) == ("us-east-1b", "vpce-of-subnet-1")
    assert association(association_answer(us_east_1a="subnet-9"))["availability_zone"] == "us-east-1a"


def test_an_association_that_aws_does_not_describe_is_its_arn() -> None:
    arn = f"{PREFIX}:vpc-endpoint-association/0b"
    found = association({"VpcEndpointAssociation": {"VpcEndpointAssociationArn": arn}})
    assert found.pop("vpc_endpoint_association_arn") == arn
    assert len(found) == 5 and set(found.values()) == {None}


@pytest.mark.parametrize(("number", "listed", "hidden"), [(3, 1, 2), (1, 1, 0), (0, 0, 0), (1, 2, 0), (None, 0, 0)])
def test_what_is_not_listed_is_hidden(number: int | None, listed: int, hidden: int) -> None:
    counted = {} if number is None else {"NumberOfAssociations": number}
    result = impact(described(**counted), {}, False, [association_answer()] * listed)
    assert result["number_of_associations"] == (number or 0)
    assert result["hidden_association_count"] == hidden
    assert len(result["vpc_endpoint_associations"]) == listed


def test_the_number_beside_the_firewall_counts_too() -> None:
    result = impact({**described(), "NumberOfAssociations": 4}, {}, False, [])
    assert (result["number_of_associations"], result["hidden_association_count"]) == (4, 4)


def test_what_is_told_of_the_firewall() -> None:
    result = impact(described("PENDING"), {}, False, [])
    assert result["firewall_arn"] == f"{PREFIX}:firewall/egress"
    assert (result["firewall_name"], result["firewall_policy_arn"]) == ("egress", POLICY)
    assert (result["in_sync"], result["configuration_sync_state"]) == (False, "PENDING")
    assert result["configuration_sync_state_effect"] == sync_effect("PENDING")
    assert result["stream_exception_policy_effect"] == stream_effect("DROP")
