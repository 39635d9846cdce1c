# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewall policies, rule groups, VPCs and prefix lists: what a judge of flows by the firewall's own rules reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.flowops.aws.tests.emulator.control import Control, ControlError

ZONES = ["us-east-1a", "us-east-1b"]
TEXT = "# egress\npass tcp $HOME_NET any -> any 443 (sid:1;)\ndrop ip any any -> any any (sid:2;)\n"
FIVE_TUPLES = {
    "RulesSource": {
        "StatefulRules": [
            {
                "Action": "DROP",
                "Header": {
                    "Protocol": "TCP",
                    "Source": "10.0.0.0/8",
                    "SourcePort": "ANY",
                    "Direction": "FORWARD",
                    "Destination": "ANY",
                    "DestinationPort": "22",
                },
                "RuleOptions": [{"Keyword": "sid", "Settings": ["1"]}],
            }
        ]
    },
    "RuleVariables": {
        "IPSets": {"HOME_NET": {"Definition": ["10.0.0.0/8"]}},
        "PortSets": {"SSH": {"Definition": ["22"]}},
    },
    "ReferenceSets": {
        "IPSetReferences": {"OFFICES": {"ReferenceArn": "arn:aws:ec2:us-east-1:123456789012:prefix-list/pl-1"}}
    },
    "StatefulRuleOptions": {"RuleOrder": "STRICT_ORDER"},
}
DOMAINS = {
    "RulesSource": {
        "RulesSourceList": {
            "Targets": [".example.com"],
            "TargetTypes": ["TLS_SNI", "HTTP_HOST"],
            "GeneratedRulesType": "ALLOWLIST",
        }
    }
}
STATELESS = {
    "RulesSource": {
        "StatelessRulesAndCustomActions": {
            "StatelessRules": [
                {
                    "RuleDefinition": {
                        "MatchAttributes": {
                            "Sources": [{"AddressDefinition": "10.0.0.0/8"}],
                            "DestinationPorts": [{"FromPort": 53, "ToPort": 53}],
                            "Protocols": [17],
                        },
                        "Actions": ["aws:pass", "counted"],
                    },
                    "Priority": 1,
                }
            ],
            "CustomActions": [
                {
                    "ActionName": "counted",
                    "ActionDefinition": {"PublishMetricAction": {"Dimensions": [{"Value": "dns"}]}},
                }
            ],
        }
    }
}


@pytest.fixture
def ruled(control: Control, firewall_of: Callable[[str], Any]) -> Any:
    """A firewall of two zones in a VPC of IPv4 and IPv6 blocks, still without rules."""
    blocks = ["10.20.0.0/16", "10.21.0.0/24", "2001:db8:1::/56"]
    return firewall_of(control.add_firewall("ruled", zones=ZONES, vpc_cidr_blocks=blocks)["arn"])


def _policy(ruled: Any) -> dict[str, Any]:
    answer: dict[str, Any] = ruled.aws.describe_firewall_policy(FirewallPolicyName="ruled-policy")
    return answer


def _group(ruled: Any, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = ruled.aws.describe_rule_group(RuleGroupArn=arn)
    return answer


def _configs(ruled: Any) -> dict[str, str]:
    status = ruled.aws.describe_firewall(FirewallArn=ruled.arn)["FirewallStatus"]
    configs = {zone: state["Config"] for zone, state in status["SyncStates"].items()}
    assert configs["us-east-1a"] == configs["us-east-1b"]
    found = {arn.rpartition("/")[2]: item["SyncStatus"] for arn, item in configs["us-east-1a"].items()}
    return {"summary": status["ConfigurationSyncStateSummary"], **found}


def _refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    code: str = raised.value.response["Error"]["Code"]
    return code


def test_a_firewall_without_rules_has_a_policy_without_groups(ruled: Any) -> None:
    policy = _policy(ruled)["FirewallPolicy"]
    assert policy["StatefulEngineOptions"]["RuleOrder"] == "STRICT_ORDER" and not any("Group" in key for key in policy)
    assert _configs(ruled) == {"summary": "IN_SYNC", "ruled-policy": "IN_SYNC"}


def test_a_strict_policy_over_groups_of_every_form(ruled: Any, control: Control) -> None:
    control.advance(5000)
    answer = control.set_rules(
        "ruled",
        [
            {"name": "dns", "type": "STATELESS", "rule_group": STATELESS, "priority": 7},
            {"name": "text", "rules": TEXT},
            {"name": "tuples", "rule_group": FIVE_TUPLES, "priority": 90, "override": "DROP_TO_ALERT"},
            {"name": "domains", "rule_group": DOMAINS, "capacity": 50, "changed_seconds_ago": 4000},
        ],
        default_actions=["aws:drop_established", "aws:alert_established"],
        stateless_default_actions=["aws:pass"],
        home_net=["10.0.0.0/8"],
        policy={
            "TLSInspectionConfigurationArn": "arn:aws:network-firewall:us-east-1:123456789012:tls-configuration/t",
            "StatelessFragmentDefaultActions": ["aws:drop"],
        },
        changed_seconds_ago=600,
    )
    now, arns = control.state()["now"], answer["rule_group_arns"]
    assert arns["dns"] == "arn:aws:network-firewall:us-east-1:123456789012:stateless-rulegroup/dns"
    described = _policy(ruled)
    policy, response = described["FirewallPolicy"], described["FirewallPolicyResponse"]
    assert policy["StatelessRuleGroupReferences"] == [{"ResourceArn": arns["dns"], "Priority": 7}]
    assert policy["StatefulRuleGroupReferences"] == [
        {"ResourceArn": arns["text"], "Priority": 2},
        {"ResourceArn": arns["tuples"], "Priority": 90, "Override": {"Action": "DROP_TO_ALERT"}},
        {"ResourceArn": arns["domains"], "Priority": 4},
    ]
    assert policy["StatefulDefaultActions"] == ["aws:drop_established", "aws:alert_established"]
    assert policy["StatelessDefaultActions"] == ["aws:pass"]
    assert policy["StatelessFragmentDefaultActions"] == ["aws:drop"]
    assert policy["PolicyVariables"] == {"RuleVariables": {"HOME_NET": {"Definition": ["10.0.0.0/8"]}}}
    assert policy["TLSInspectionConfigurationArn"].endswith("/t")
    assert response["LastModifiedTime"].timestamp() == now - 600
    assert (response["ConsumedStatelessRuleCapacity"], response["ConsumedStatefulRuleCapacity"]) == (1000, 2050)
    text, tuples, domains, dns = (_group(ruled, arns[name]) for name in ("text", "tuples", "domains", "dns"))
    assert text["RuleGroup"] == {
        "RulesSource": {"RulesString": TEXT},
        "StatefulRuleOptions": {"RuleOrder": "STRICT_ORDER"},
    }
    assert (tuples["RuleGroup"], domains["RuleGroup"], dns["RuleGroup"]) == (FIVE_TUPLES, DOMAINS, STATELESS)
    assert [item["RuleGroupResponse"]["ConsumedCapacity"] for item in (text, tuples, domains, dns)] == [2, 1, 1, 1]
    assert text["RuleGroupResponse"]["LastModifiedTime"].timestamp() == now - 600
    assert domains["RuleGroupResponse"]["LastModifiedTime"].timestamp() == now - 4000
    assert _configs(ruled) == dict.fromkeys(["summary", "ruled-policy", "dns", "text", "tuples", "domains"], "IN_SYNC")


def test_an_action_order_policy_has_no_priorities(ruled: Any, control: Control) -> None:
    control.set_rules("ruled", [{"name": "text", "rules": TEXT}], rule_order="DEFAULT_ACTION_ORDER")
    policy = _policy(ruled)["FirewallPolicy"]
    assert policy["StatefulEngineOptions"]["RuleOrder"] == "DEFAULT_ACTION_ORDER"
    (reference,) = policy["StatefulRuleGroupReferences"]
    assert set(reference) == {"ResourceArn"}
    group = _group(ruled, reference["ResourceArn"])["RuleGroup"]
    assert group["StatefulRuleOptions"] == {"RuleOrder": "DEFAULT_ACTION_ORDER"}


def test_managed_groups_shown_hidden_and_listed(ruled: Any, control: Control) -> None:
    shown = {"name": "ThreatSignaturesBotnetStrictOrder", "managed": True, "rules": TEXT, "override": "DROP_TO_ALERT"}
    hidden = {"name": "AttackInfrastructureStrictOrder", "managed": True, "hidden": True}
    arns = control.set_rules("ruled", [shown, hidden, {"name": "own", "rules": TEXT}])["rule_group_arns"]
    managed = "arn:aws:network-firewall:us-east-1:aws-managed:stateful-rulegroup/"
    assert arns[shown["name"]] == f"{managed}ThreatSignaturesBotnetStrictOrder"
    assert _group(ruled, arns[shown["name"]])["RuleGroup"]["RulesSource"]["RulesString"] == TEXT
    assert "RuleGroup" not in _group(ruled, arns[hidden["name"]])
    assert [row["Name"] for row in ruled.aws.list_rule_groups()["RuleGroups"]] == ["own"]
    listed = ruled.aws.list_rule_groups(Scope="MANAGED", MaxResults=1)
    more = ruled.aws.list_rule_groups(Scope="MANAGED", MaxResults=1, NextToken=listed["NextToken"])
    assert [row["Name"] for row in (*listed["RuleGroups"], *more["RuleGroups"])] == [shown["name"], hidden["name"]]
    assert ruled.aws.list_rule_groups(Type="STATELESS")["RuleGroups"] == []
    assert "ruled-policy" in [row["Name"] for row in ruled.aws.list_firewall_policies()["FirewallPolicies"]]


def test_a_changed_rule_is_newer_and_reaches_the_zones_late(ruled: Any, control: Control) -> None:
    control.add_flows("ruled", ZONES[0], [_flow(age=3600)])
    arn = control.set_rules("ruled", [{"name": "text", "rules": TEXT}])["rule_group_arns"]["text"]
    before, policy = _group(ruled, arn), _policy(ruled)
    control.advance(100)
    changed = control.change_rules("text", "drop tcp any any -> any 22 (sid:3;)", pending=60)
    after = _group(ruled, arn)
    assert after["RuleGroup"]["RulesSource"]["RulesString"].startswith("drop tcp")
    assert after["RuleGroup"]["StatefulRuleOptions"] == {"RuleOrder": "STRICT_ORDER"}
    assert after["UpdateToken"] == changed["update_token"] != before["UpdateToken"]
    assert after["RuleGroupResponse"]["LastModifiedTime"].timestamp() == control.state()["now"]
    assert _policy(ruled)["UpdateToken"] == policy["UpdateToken"]
    assert _configs(ruled) == {"summary": "PENDING", "ruled-policy": "IN_SYNC", "text": "PENDING"}
    control.advance(60)
    assert _configs(ruled)["summary"] == "IN_SYNC"
    # The flow is older than the change.
    (flow,) = ruled.capture()
    assert flow["Age"] == 3600 + 160


def test_a_sync_that_never_comes(ruled: Any, control: Control) -> None:
    control.set_rules("ruled", [{"name": "text", "rules": TEXT}], pending=None)
    control.advance(10**6)
    assert _configs(ruled) == dict.fromkeys(["summary", "ruled-policy", "text"], "PENDING")


def _flow(**members: Any) -> dict[str, Any]:
    return {
        "source_address": "10.20.0.5",
        "source_port": 40000,
        "destination_address": "203.0.113.9",
        "destination_port": 22,
        "protocol": "tcp",
        **members,
    }


def test_a_service_that_does_not_tell_the_last_change(ruled: Any, control: Control) -> None:
    arn = control.set_rules("ruled", [{"name": "text", "rules": TEXT}], changed_seconds_ago=None)["rule_group_arns"]
    assert "LastModifiedTime" not in _policy(ruled)["FirewallPolicyResponse"]
    assert "LastModifiedTime" not in _group(ruled, arn["text"])["RuleGroupResponse"]


def test_the_last_change_is_told_by_the_service_s_clock(ruled: Any, control: Control) -> None:
    control.settings(clock_offset=-500)
    control.set_rules("ruled", [])
    assert _policy(ruled)["FirewallPolicyResponse"]["LastModifiedTime"].timestamp() == control.state()["now"] - 500


@pytest.mark.parametrize(
    "request_",
    [{}, {"RuleGroupName": "text"}, {"RuleGroupName": "text", "Type": "CONTEXT"}],
    ids=["nothing", "a name alone", "an unknown type"],
)
def test_a_rule_group_is_asked_for_by_its_arn_or_by_name_and_type(
    ruled: Any, control: Control, request_: dict[str, Any]
) -> None:
    control.set_rules("ruled", [{"name": "text", "rules": TEXT}])
    assert _refusal(lambda: ruled.aws.describe_rule_group(**request_)) == "InvalidRequestException"
    found = ruled.aws.describe_rule_group(RuleGroupName="text", Type="STATEFUL")
    assert found["RuleGroupResponse"]["RuleGroupName"] == "text"
    assert _refusal(lambda: ruled.aws.describe_rule_group(RuleGroupName="text", Type="STATELESS")) == (
        "ResourceNotFoundException"
    )
    assert _refusal(lambda: ruled.aws.list_rule_groups(Scope="OTHERS")) == "InvalidRequestException"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("access_denied", "AccessDeniedException"),
        ("throttle", "ThrottlingException"),
        ("internal", "InternalServerError"),
        ("expired_token", "ExpiredTokenException"),
    ],
)
@pytest.mark.parametrize("operation", ["DescribeFirewallPolicy", "DescribeRuleGroup", "ListRuleGroups"])
def test_faults_of_the_reading(ruled: Any, control: Control, operation: str, kind: str, code: str) -> None:
    arns = control.set_rules("ruled", [{"name": "text", "rules": TEXT}])["rule_group_arns"]
    calls: dict[str, Callable[[], Any]] = {
        "DescribeFirewallPolicy": lambda: _policy(ruled),
        "DescribeRuleGroup": lambda: _group(ruled, arns["text"]),
        "ListRuleGroups": ruled.aws.list_rule_groups,
    }
    control.add_fault(kind, operation, times=1)
    assert _refusal(calls[operation]) == code
    assert calls[operation]() and control.calls()["counts"][operation] == 2


def test_one_group_may_not_be_read(ruled: Any, control: Control) -> None:
    groups = [{"name": name, "rules": TEXT} for name in ("open", "closed")]
    arns = control.set_rules("ruled", groups)["rule_group_arns"]
    control.change_rules("closed", denied=True)
    assert _refusal(lambda: _group(ruled, arns["closed"])) == "AccessDeniedException"
    assert "RuleGroup" in _group(ruled, arns["open"])


def test_firewalls_of_one_policy_and_a_group_of_another_account(ruled: Any, control: Control) -> None:
    control.add_firewall("other", zones=ZONES, policy_name="ruled-policy")
    shared = {"name": "shared", "rules": TEXT, "account_id": "210987654321"}
    arn = control.set_rules("other", [shared])["rule_group_arns"]["shared"]
    assert ":210987654321:" in arn
    assert _policy(ruled)["FirewallPolicyResponse"]["NumberOfAssociations"] == 2
    assert _group(ruled, arn)["RuleGroupResponse"]["NumberOfAssociations"] == 2
    assert ruled.aws.list_rule_groups()["RuleGroups"] == []


def test_a_next_generation_policy_is_described_by_its_own_call_alone(
    control: Control, firewall_of: Callable[[str], Any]
) -> None:
    next_one = firewall_of(control.add_firewall("next", zones=ZONES[:1], policy_mode="ENFORCE")["arn"])
    rules = {"RulesSource": {"RulesString": "drop tcp:all any any -> any 22 (sid:1;)"}}
    arn = control.set_rules("next", [{"name": "first", "type": "FIREWALL", "rule_group": rules}])["rule_group_arns"]
    assert _refusal(lambda: next_one.aws.describe_firewall_policy(FirewallPolicyName="next-policy")) == (
        "ResourceNotFoundException"
    )
    described = next_one.aws.describe_firewall_policy_v2(FirewallPolicyV2Name="next-policy")
    assert described["FirewallPolicyV2"]["PolicyMode"] == "ENFORCE"
    assert _group(next_one, arn["first"])["FirewallRuleGroup"] == rules


def test_the_vpc_of_a_firewall(ruled: Any, control: Control, client: Callable[..., Any]) -> None:
    vpc_id = ruled.aws.describe_firewall(FirewallArn=ruled.arn)["Firewall"]["VpcId"]
    (vpc,) = client("ec2").describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    assert vpc["CidrBlock"] == "10.20.0.0/16"
    assert [item["CidrBlock"] for item in vpc["CidrBlockAssociationSet"]] == ["10.20.0.0/16", "10.21.0.0/24"]
    assert [item["Ipv6CidrBlock"] for item in vpc["Ipv6CidrBlockAssociationSet"]] == ["2001:db8:1::/56"]
    control.add_fault("access_denied", "DescribeVpcs")
    assert _refusal(lambda: client("ec2").describe_vpcs(VpcIds=[vpc_id])) == "UnauthorizedOperation"
    assert control.calls()["counts"]["DescribeVpcs"] == 2


def test_a_prefix_list_in_pages(ruled: Any, control: Control, client: Callable[..., Any]) -> None:
    ec2 = client("ec2")
    blocks = [f"10.{number // 256}.{number % 256}.0/24" for number in range(230)]
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=300,
        Entries=[{"Cidr": block, "Description": "office"} for block in blocks],
    )["PrefixList"]
    assert len(ec2.get_managed_prefix_list_entries(PrefixListId=made["PrefixListId"])["Entries"]) == 100
    pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=made["PrefixListId"])
    assert [entry["Cidr"] for page in pages for entry in page["Entries"]] == blocks
    assert _refusal(lambda: ec2.get_managed_prefix_list_entries(PrefixListId="pl-0123456789abcdef0")) == (
        "InvalidPrefixListID.NotFound"
    )
    control.add_fault("throttle", "GetManagedPrefixListEntries")
    assert _refusal(lambda: ec2.get_managed_prefix_list_entries(PrefixListId=made["PrefixListId"])) == (
        "RequestLimitExceeded"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"rule_order": "FIRST"}, "rule_order must be STRICT_ORDER or DEFAULT_ACTION_ORDER"),
        ({"groups": [{"name": "a"}]}, "the rule group 'a' needs rules"),
        ({"groups": [{"name": "a", "rules": TEXT, "type": "OTHER"}]}, "type must be one of STATEFUL"),
        ({"groups": [{"name": "a", "rule_group": {"RulesSource": {"StatefulRules": [{}]}}}]}, "this is no RuleGroup: "),
        ({"default_actions": "aws:pass"}, "this is no FirewallPolicy: "),
        ({"groups": [{"name": "a", "rules": TEXT, "override": "ALERT"}]}, "enum value set"),
        ({"changed_seconds_ago": -1}, "changed_seconds_ago must be a number of seconds"),
    ],
)
def test_rules_that_make_no_sense(ruled: Any, control: Control, body: dict[str, Any], message: str) -> None:
    with pytest.raises(ControlError, match=message):
        control.set_rules("ruled", **{"groups": [], **body})
    assert "StatefulRuleGroupReferences" not in _policy(ruled)["FirewallPolicy"]


def test_a_reset_takes_the_rules_away(ruled: Any, control: Control) -> None:
    control.set_rules("ruled", [{"name": "text", "rules": TEXT}])
    control.reset()
    assert ruled.aws.list_rule_groups()["RuleGroups"] == []
    with pytest.raises(ControlError, match="0 rule groups are called 'text'"):
        control.change_rules("text", TEXT)
