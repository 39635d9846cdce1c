# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence, snake
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ZONES = ["us-east-1a", "us-east-1b"]
OTHER_ACCOUNT = "210987654321"
# Firewall, what its policy says and, for a Next Generation policy, its mode; then what is in force.
STREAMS: list[tuple[str, str | None, str | None, str]] = [
    ("drops", "DROP", None, "DROP"),
    ("continues", "CONTINUE", None, "CONTINUE"),
    ("rejects", "REJECT", None, "REJECT"),
    ("next-drops", "DROP", "ENFORCE", "DROP"),
    ("next-says-nothing", None, "ENFORCE", "REJECT"),
    ("next-watches", "DROP", "MONITOR", "CONTINUE"),
]
WORDS = {"DROP": "time-out", "CONTINUE": "achieve nothing", "REJECT": "reset (RST)"}


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    arn: str = control.add_firewall("egress", zones=ZONES)["arn"]
    control.add_firewall("other", zones=ZONES)
    control.add_association("other", "us-east-1a")
    for name, stream, mode, _in_force in STREAMS:
        control.add_firewall(name, zones=ZONES, stream_exception_policy=stream, policy_mode=mode)
    return arn


@pytest.fixture(scope="module")
def associations(control: Control, arn: str) -> list[str]:
    """Two of the caller's account, one of another that AWS lists, and two of another that it only counts."""
    control.settings(page_default=2)
    found = [control.add_association("egress", zone)["arn"] for zone in ZONES]
    found.append(control.add_association("egress", "us-east-1a", account_id=OTHER_ACCOUNT, listed=True)["arn"])
    for zone in ZONES:
        control.add_association("egress", zone, account_id=OTHER_ACCOUNT)
    return found


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, arn: str, associations: list[str]) -> Run:
    streams = [{"id": name} for name, _stream, _mode, _in_force in STREAMS]
    return run_playbook.target("networkfirewall_flow_flush_impact_info", {"firewall_arn": arn, "streams": streams})


def told(result: dict[str, Any]) -> dict[str, Any]:
    """What the module returned, without what Ansible adds."""
    added = ("changed", "invocation", "failed", "warnings", "deprecations")
    return {key: value for key, value in result.items() if key not in added}


def test_the_firewall_is_found_by_name_and_by_arn(run: Run, aws: Any, arn: str) -> None:
    by_name = run["Ask by name"]
    described = aws.describe_firewall(FirewallName="egress")["Firewall"]
    assert (by_name["firewall_arn"], by_name["firewall_name"]) == (arn, "egress")
    assert by_name["firewall_policy_arn"] == described["FirewallPolicyArn"]
    assert by_name["changed"] is False
    assert told(run["Ask by ARN in check mode"]) == told(by_name)


def test_in_sync(run: Run, aws: Any) -> None:
    result = run["Ask by name"]
    assert (result["in_sync"], result["configuration_sync_state"], result["out_of_sync"]) == (True, "IN_SYNC", [])
    assert "in force at every endpoint" in result["configuration_sync_state_effect"]
    states = aws.describe_firewall(FirewallName="egress")["FirewallStatus"]["SyncStates"]
    assert result["sync_states"] == {
        zone: {
            "attachment": snake(state["Attachment"]),
            "config": {name: snake(item) for name, item in state["Config"].items()},
        }
        for zone, state in states.items()
    }
    assert list(result["sync_states"]) == ZONES


@pytest.mark.parametrize(
    ("task", "state", "zone", "attachments", "words"),
    [
        ("Ask when the capacity is too small", "CAPACITY_CONSTRAINED", "us-east-1b", ["READY", "READY"], "capacity"),
        ("Ask while changes are on their way", "PENDING", "us-east-1a", ["SCALING", "READY"], "not reached"),
    ],
)
def test_out_of_sync(run: Run, task: str, state: str, zone: str, attachments: list[str], words: str) -> None:
    result = run[task]
    assert (result["in_sync"], result["configuration_sync_state"]) == (False, state)
    assert words in result["configuration_sync_state_effect"]
    assert result["out_of_sync"] == [
        {"availability_zone": zone, "resource_arn": result["firewall_policy_arn"], "sync_status": state}
    ]
    assert [item["attachment"]["status"] for item in result["sync_states"].values()] == attachments


def test_a_wait_that_runs_out_tells_what_it_saw_last(run: Run) -> None:
    recorded = run.recorded("Wait in vain")
    assert recorded.status == "ok"
    assert told(recorded.result) == told(run["Ask while changes are on their way"])
    assert recorded.result["in_sync"] is False
    # Not before its time, and not long after.
    assert 2 <= recorded.seconds < 12


def test_a_wait_ends_when_the_changes_have_arrived(run: Run) -> None:
    recorded = run.recorded("Wait until changes have arrived")
    assert (recorded.result["in_sync"], recorded.result["configuration_sync_state"]) == (True, "IN_SYNC")
    assert recorded.result["out_of_sync"] == []
    assert recorded.seconds < 30


@pytest.mark.parametrize(("name", "stream", "mode", "in_force"), STREAMS)
def test_each_stream_exception_policy(run: Run, name: str, stream: str | None, mode: str | None, in_force: str) -> None:
    result = run.items("Ask about each policy")[name]
    assert result["stream_exception_policy"] == in_force
    assert WORDS[in_force] in result["stream_exception_policy_effect"]
    assert result.get("policy_mode") == mode
    assert (result["vpc_endpoint_associations"], result["number_of_associations"]) == ([], 0)
    assert result["hidden_association_count"] == 0


def test_a_policy_that_names_none_drops(run: Run) -> None:
    assert run["Ask about a policy that names none"]["stream_exception_policy"] == "DROP"


def test_associations_of_ones_own_and_of_others(run: Run, aws: Any, associations: list[str]) -> None:
    result = run["Ask by name"]
    expected = []
    for arn, zone in zip(associations, ZONES, strict=False):
        answer = aws.describe_vpc_endpoint_association(VpcEndpointAssociationArn=arn)
        attachment = answer["VpcEndpointAssociationStatus"]["AssociationSyncState"][zone]["Attachment"]
        expected.append(
            {
                "vpc_endpoint_association_arn": arn,
                "vpc_id": answer["VpcEndpointAssociation"]["VpcId"],
                "subnet_id": attachment["SubnetId"],
                "availability_zone": zone,
                "vpc_endpoint_id": attachment["EndpointId"],
                "status": "READY",
            }
        )
    unknown = dict.fromkeys(("vpc_id", "subnet_id", "availability_zone", "vpc_endpoint_id", "status"))
    theirs = {"vpc_endpoint_association_arn": associations[2], **unknown}
    assert result["vpc_endpoint_associations"] == [*expected, theirs]
    assert (result["number_of_associations"], result["hidden_association_count"]) == (5, 2)


def test_throttling_is_survived(run: Run) -> None:
    assert told(run["Ask while throttled"]) == told(run["Wait until changes have arrived"])
    before, after = (run[f"Count the calls {when}"]["json"]["counts"] for when in ("before", "after"))
    # Two of each were throttled; the three listed associations come on two pages.
    assert {name: after[name] - before[name] for name in after if after[name] > before[name]} == {
        "DescribeFirewall": 2 + 1,
        "DescribeFirewallPolicy": 2 + 1,
        "ListVpcEndpointAssociations": 2 + 2,
        "DescribeVpcEndpointAssociation": 2 + 3,
    }


@pytest.mark.parametrize(
    "call",
    [
        "DescribeFirewall",
        "DescribeFirewallPolicy",
        "ListVpcEndpointAssociations",
        "DescribeVpcEndpointAssociation",
    ],
)
def test_a_missing_permission_is_named(run: Run, call: str) -> None:
    recorded = run.recorded(f"Ask without {call}")
    assert recorded.status == "failed"
    assert_sentence(
        recorded.result["msg"], ["AccessDeniedException", f"the permission network-firewall:{call} is missing"]
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("no_time", ["wait_timeout: 0", "from 1 up"]),
        ("word", ["wait_timeout", "soon", "int"]),
        ("both", ["firewall_arn", "firewall_name", "mutually exclusive"]),
        ("bad_name", ["firewall_name: 'a firewall'", "letters, digits and hyphens"]),
        ("bad_arn", ["firewall_arn: 'egress'", "give a firewall's ARN"]),
        ("nobody", ["'nobody'", "ResourceNotFoundException"]),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, name: str, parts: list[str]) -> None:
    result = run.items("Ask with a mistake")[name]
    assert result["failed"] is True
    assert_sentence(result["msg"], parts)


def test_nothing_but_descriptions_was_asked_for(run: Run, control: Control) -> None:
    calls = control.calls()
    assert calls["starts"] == []
    assert set(calls["counts"]) == {
        "DescribeFirewall",
        "DescribeFirewallPolicy",
        "DescribeFirewallPolicyV2",
        "ListVpcEndpointAssociations",
        "DescribeVpcEndpointAssociation",
    }
    assert "Traceback" not in run.output
