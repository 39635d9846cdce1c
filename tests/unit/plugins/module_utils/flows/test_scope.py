# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import check_firewall_name, parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import (
    WHOLE_FIREWALL,
    check_operation_id,
    scope_of,
)

ASSOCIATION = "arn:aws:network-firewall:us-east-1:111122223333:vpc-endpoint-association/0123abcd-4567"


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-northwest-1")],
)
def test_the_arn_of_every_partition_is_taken_apart(partition: str, region: str) -> None:
    arn = f"arn:{partition}:network-firewall:{region}:111122223333:firewall/egress-1"
    parsed = parse_firewall_arn(arn)
    assert (parsed.arn, parsed.partition, parsed.region) == (arn, partition, region)
    assert (parsed.account_id, parsed.name) == ("111122223333", "egress-1")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "egress",
        "arn:aws:network-firewall:us-east-1:111122223333:firewall/",
        "arn:aws:network-firewall:us-east-1:11112222333:firewall/egress",
        "arn:aws:network-firewall::111122223333:firewall/egress",
        "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/egress",
        "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress/more",
        "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress\n",
        "arn:aws:network-firewall:us-east-1:111122223333:firewall/a b",
        "arn:aws:network-firewall:us-east-1:111122223333:firewall/" + "x" * 129,
        "arn:aws:ec2:us-east-1:111122223333:firewall/egress",
        "arn:gcp:network-firewall:us-east-1:111122223333:firewall/egress",
        " arn:aws:network-firewall:us-east-1:111122223333:firewall/egress",
        ASSOCIATION,
        None,
        7,
    ],
)
def test_a_malformed_arn_is_refused_with_an_example(arn: Any) -> None:
    with pytest.raises(OptionError) as caught:
        parse_firewall_arn(arn, "operations[0].firewall_arn")
    assert caught.value.message.startswith("operations[0].firewall_arn: ")
    assert "firewall/egress" in caught.value.message.split(";")[1]
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", ["", "a b", "a/b", "{{ 7*7 }}", "x" * 129, "a\n"])
def test_a_name_that_aws_could_not_have_given_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match="firewall_name: "):
        check_firewall_name(name)
    assert check_firewall_name("egress-1") == "egress-1"


@pytest.mark.parametrize(
    "value", ["", None, 7, "0a1b2c3d", "0A1B2C3D-0000-4000-8000-0123456789AB", "x" * 36, {"id": 1}]
)
def test_an_operation_id_of_another_form_is_refused(value: Any) -> None:
    with pytest.raises(OptionError, match="flow_operation_id: "):
        check_operation_id(value)
    assert check_operation_id("0a1b2c3d-0000-4000-8000-0123456789ab") == "0a1b2c3d-0000-4000-8000-0123456789ab"


@pytest.mark.parametrize(
    ("option", "value", "member"),
    [
        ("availability_zone", "us-east-1a", "AvailabilityZone"),
        ("availability_zone", "us-east-1-bos-1a", "AvailabilityZone"),
        ("availability_zone_id", "use1-az1", "AvailabilityZoneId"),
        ("vpc_endpoint_id", "vpce-0123456789abcdef0", "VpcEndpointId"),
        ("vpc_endpoint_association_arn", ASSOCIATION, "VpcEndpointAssociationArn"),
    ],
)
def test_each_scope_becomes_the_apis_member(option: str, value: str, member: str) -> None:
    # A module's options come with the ones not given as null.
    options = dict.fromkeys(
        ("availability_zone", "availability_zone_id", "vpc_endpoint_id", "vpc_endpoint_association_arn")
    )
    scope = scope_of({**options, option: value, "wait": True})
    assert scope == (option, value)
    assert scope.named() == {option: value}
    assert scope.to_api() == {member: value}
    assert str(scope) == value


def test_no_scope_is_the_whole_firewall() -> None:
    assert scope_of({"availability_zone": None, "vpc_endpoint_id": None}) is WHOLE_FIREWALL
    assert not WHOLE_FIREWALL and WHOLE_FIREWALL.named() == WHOLE_FIREWALL.to_api() == {}


def test_an_empty_scope_is_a_mistake_and_no_wish_for_the_whole_firewall() -> None:
    with pytest.raises(OptionError, match="vpc_endpoint_id: '' is not allowed"):
        scope_of({"vpc_endpoint_id": ""})
    assert str(WHOLE_FIREWALL) == "the whole firewall"


def test_two_scopes_are_refused_naming_both() -> None:
    with pytest.raises(FlowOpsError) as caught:
        scope_of({"availability_zone": "us-east-1a", "availability_zone_id": "use1-az1"})
    for part in ("availability_zone 'us-east-1a'", "availability_zone_id 'use1-az1'", "only one"):
        assert part in caught.value.message


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("availability_zone", "us-east-1"),
        ("availability_zone", "US-EAST-1A"),
        ("availability_zone", 7),
        ("availability_zone_id", "us-east-1a"),
        ("vpc_endpoint_id", "eni-0123"),
        ("vpc_endpoint_association_arn", "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"),
    ],
)
def test_a_scope_of_another_form_is_refused(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=f"^{option}: "):
        scope_of({option: value})
