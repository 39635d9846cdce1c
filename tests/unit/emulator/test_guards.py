# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What guards of a flush look at: sync states, policies of both generations, associations of other accounts."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.flowops.aws.tests.emulator.control import Control, ControlError

OTHER_ACCOUNT = "210987654321"


def status(aws: Any) -> tuple[str, str, dict[str, tuple[str, str]]]:
    """Status, summary, and by zone the status of the policy and of the attachment."""
    found = aws.describe_firewall(FirewallName="egress")["FirewallStatus"]
    zones = {}
    for zone, state in found["SyncStates"].items():
        ((_arn, config),) = state["Config"].items()
        zones[zone] = (config["SyncStatus"], state["Attachment"]["Status"])
    return found["Status"], found["ConfigurationSyncStateSummary"], zones


def test_zones_are_out_of_sync_for_as_long_as_was_said(aws: Any, control: Control) -> None:
    control.set_sync_state("egress", "PENDING", zones=["us-east-1b"], remaining=30)
    pending = {"us-east-1a": ("IN_SYNC", "READY"), "us-east-1b": ("PENDING", "READY")}
    assert status(aws) == ("PROVISIONING", "PENDING", pending)
    control.advance(29)
    assert status(aws) == ("PROVISIONING", "PENDING", pending)
    control.advance(1)
    well = dict.fromkeys(pending, ("IN_SYNC", "READY"))
    assert status(aws) == ("READY", "IN_SYNC", well)
    control.set_sync_state("egress", "CAPACITY_CONSTRAINED")
    control.set_sync_state("egress", "PENDING", zones=["us-east-1a"])
    control.advance(10_000)
    # The summary is that of the worst zone.
    assert status(aws)[1:] == (
        "CAPACITY_CONSTRAINED",
        {"us-east-1a": ("PENDING", "READY"), "us-east-1b": ("CAPACITY_CONSTRAINED", "READY")},
    )
    control.set_sync_state("egress", "IN_SYNC")
    assert status(aws) == ("READY", "IN_SYNC", well)


def test_an_endpoint_may_not_be_ready_though_all_is_in_sync(aws: Any, control: Control) -> None:
    control.set_sync_state("egress", zones=["us-east-1a"], attachment_status="SCALING", remaining=5)
    assert status(aws) == (
        "PROVISIONING",
        "IN_SYNC",
        {"us-east-1a": ("IN_SYNC", "SCALING"), "us-east-1b": ("IN_SYNC", "READY")},
    )


def test_a_reset_brings_all_in_sync(aws: Any, control: Control) -> None:
    control.set_sync_state("egress", "PENDING")
    assert status(aws)[1] == "PENDING"
    control.reset()
    assert status(aws)[1] == "IN_SYNC"


def test_a_policy_may_name_no_stream_exception_policy(aws: Any, control: Control) -> None:
    control.settings(stream_exception_policy=None)
    policy = aws.describe_firewall_policy(FirewallPolicyName="egress-policy")["FirewallPolicy"]
    assert policy["StatefulEngineOptions"] == {"RuleOrder": "STRICT_ORDER"}


@pytest.mark.parametrize("mode", ["ENFORCE", "MONITOR"])
def test_a_next_generation_policy_is_described_by_its_own_call_only(aws: Any, control: Control, mode: str) -> None:
    control.add_firewall("next", zones=["us-east-1a"], policy_mode=mode, stream_exception_policy="DROP")
    arn = aws.describe_firewall(FirewallName="next")["Firewall"]["FirewallPolicyArn"]
    answer = aws.describe_firewall_policy_v2(FirewallPolicyV2Arn=arn)
    assert answer["FirewallPolicyV2Response"]["FirewallPolicyV2Arn"] == arn
    assert answer["FirewallPolicyV2"] == {
        "PolicyMode": mode,
        "FirewallDefaultAction": "DROP",
        "StatefulEngineOptions": {"StreamExceptionPolicy": "DROP"},
    }
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.describe_firewall_policy(FirewallPolicyArn=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.describe_firewall_policy_v2(FirewallPolicyV2Name="egress-policy")


def test_associations_of_other_accounts_are_counted(aws: Any, control: Control) -> None:
    own = control.add_association("egress", "us-east-1a")["arn"]
    hidden = control.add_association("egress", "us-east-1a", account_id=OTHER_ACCOUNT)["arn"]
    listed = control.add_association("egress", "us-east-1b", account_id=OTHER_ACCOUNT, listed=True)["arn"]
    described = aws.describe_firewall(FirewallName="egress")["Firewall"]
    assert described["NumberOfAssociations"] == 3
    page = aws.list_vpc_endpoint_associations(FirewallArn=described["FirewallArn"])["VpcEndpointAssociations"]
    assert [item["VpcEndpointAssociationArn"] for item in page] == [own, listed]
    assert aws.describe_vpc_endpoint_association(VpcEndpointAssociationArn=own)
    for arn in (hidden, listed):
        assert arn.split(":")[4] == OTHER_ACCOUNT
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            aws.describe_vpc_endpoint_association(VpcEndpointAssociationArn=arn)


@pytest.mark.parametrize(
    ("name", "body", "named"),
    [
        ("sync_state", {"firewall_name": "egress", "state": "LATE"}, "PENDING"),
        ("sync_state", {"firewall_name": "egress", "attachment_status": "LATE"}, "SCALING"),
        ("sync_state", {"firewall_name": "egress", "remaining": -1}, "remaining"),
        ("sync_state", {"firewall_name": "egress", "zones": ["us-east-1a", "us-east-1f"]}, "us-east-1f"),
        ("sync_state", {"firewall_name": "nobody"}, "nobody"),
        ("sync_state", {"firewall_name": "egress", "zone": "us-east-1a"}, "unknown key: zone"),
        ("associations", {"firewall_name": "egress", "zone": "us-east-1a", "listed": "no"}, "listed"),
        ("firewalls", {"firewall_name": "x", "zones": ["us-east-1a"], "policy_mode": "WATCH"}, "policy_mode"),
        (
            "firewalls",
            {
                "firewall_name": "x",
                "zones": ["us-east-1a"],
                "policy_mode": "ENFORCE",
                "stream_exception_policy": "CONTINUE",
            },
            "CONTINUE",
        ),
    ],
)
def test_the_door_says_what_is_wrong(aws: Any, control: Control, name: str, body: dict[str, Any], named: str) -> None:
    before = (control.state(), status(aws))
    with pytest.raises(ControlError, match=named):
        control._ask("POST", name, body)
    assert (control.state(), status(aws)) == before
