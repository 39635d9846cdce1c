# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.operations.rule_source import (
    FirewallRules,
    check_rule_options,
    live_rules,
    saved_rules,
)
from ansible_collections.flowops.aws.plugins.module_utils.rules.judge import Judge
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.unit.plugins.conftest import ARN

RULES = """\
drop tcp $HOME_NET any -> any 22 (msg:"no ssh"; sid:1;)
drop tcp @LISTED any -> any 25 (sid:2;)
pass ip any any -> any any (sid:3;)
"""
REFERENCE = "arn:aws:ec2:us-east-1:123456789012:prefix-list/{}"


def flow(source: str = "10.1.2.3", port: int = 22) -> dict[str, Any]:
    ends = {"source_address": source, "source_port": 40000, "destination_address": "198.51.100.7"}
    return {**ends, "destination_port": port, "protocol": "tcp", "protocol_number": 6}


def fates(rules: FirewallRules, *records: dict[str, Any]) -> list[tuple[str, str]]:
    return [(verdict.fate, verdict.reason) for verdict in Judge(rules.ruleset).judge(records)]


@pytest.fixture
def read(api: NetworkFirewall, connect: Callable[..., Any]) -> Callable[..., FirewallRules]:
    def make(**given: Any) -> FirewallRules:
        return live_rules(api, lambda: connect("ec2"), parse_firewall_arn(ARN), given)

    return make


@pytest.fixture
def prefix_list(connect: Callable[..., Any]) -> str:
    entries = [{"Cidr": f"203.0.113.{number}/32"} for number in range(3)]
    answer = connect("ec2").create_managed_prefix_list(
        PrefixListName="listed", MaxEntries=5, AddressFamily="IPv4", Entries=entries
    )
    return str(answer["PrefixList"]["PrefixListId"])


def with_list(prefix_list: str) -> dict[str, Any]:
    return {
        "name": "text",
        "rule_group": {
            "ReferenceSets": {"IPSetReferences": {"LISTED": {"ReferenceArn": REFERENCE.format(prefix_list)}}},
            "RulesSource": {"RulesString": RULES},
            "StatefulRuleOptions": {"RuleOrder": "STRICT_ORDER"},
        },
    }


def test_policy_groups_prefix_lists_and_the_policys_home_net(
    read: Callable[..., FirewallRules], control: Control, prefix_list: str
) -> None:
    control.set_rules("egress", [with_list(prefix_list)], home_net=["10.1.0.0/16"], changed_seconds_ago=3600)
    rules = read()
    assert rules.unread == ()
    assert rules.in_sync is True
    assert rules.ruleset.newest_change is not None
    assert [rule.name for rule in rules.ruleset.stateful if rule.sid] == ["text:1", "text:2", "text:3"]
    assert fates(rules, flow(), flow("10.2.0.1"), flow("203.0.113.1", 25), flow("203.0.113.9", 25)) == [
        ("dropped", ""),
        ("passed", ""),
        ("dropped", ""),
        ("passed", ""),
    ]


def test_what_is_given_stands_for_the_policys_home_net(
    read: Callable[..., FirewallRules], control: Control, prefix_list: str
) -> None:
    control.set_rules("egress", [with_list(prefix_list)], home_net=["10.1.0.0/16"])
    assert fates(read(home_net=["10.2.0.0/16"]), flow(), flow("10.2.0.1")) == [("passed", ""), ("dropped", "")]


@pytest.mark.parametrize(
    ("blocks", "fate", "said"),
    [
        (["10.1.0.0/16"], [("dropped", ""), ("passed", "")], ""),
        (["10.1.0.0/16", "10.2.0.0/16"], [("undecided", "variable")] * 2, "has 2 CIDR blocks"),
    ],
)
def test_home_net_is_the_vpcs_where_it_has_one_block_alone(
    read: Callable[..., FirewallRules], control: Control, blocks: list[str], fate: Any, said: str
) -> None:
    control.add_firewall("second", zones=["us-east-1a"], vpc_cidr_blocks=blocks)
    control.set_rules("second", [{"name": "text", "rules": RULES.replace("@LISTED", "any")}])
    rules = read_other(read, "second")
    assert fates(rules, flow(), flow("10.2.0.1")) == fate
    assert any(said in text for text in rules.unread) is bool(said)


def read_other(read: Callable[..., FirewallRules], name: str) -> FirewallRules:
    closure: Any = read
    api, connect = (cell.cell_contents for cell in closure.__closure__)
    return live_rules(api, lambda: connect("ec2"), parse_firewall_arn(ARN.replace("egress", name)), {})


def test_a_firewall_without_a_vpc_has_no_known_home_net(read: Callable[..., FirewallRules], control: Control) -> None:
    control.add_firewall("transit", zones=["us-east-1a"], members={"Firewall": {"VpcId": None}})
    control.set_rules("transit", [{"name": "text", "rules": RULES.replace("@LISTED", "any")}])
    rules = read_other(read, "transit")
    assert fates(rules, flow()) == [("undecided", "variable")]
    assert rules.unread == ("The firewall is in no VPC of its own, so that HOME_NET is not known.",)


@pytest.mark.parametrize(
    ("operation", "said", "fate"),
    [
        ("DescribeRuleGroup", "network-firewall:DescribeRuleGroup", ("undecided", "unread_group")),
        ("DescribeFirewallPolicy", "network-firewall:DescribeFirewallPolicy", ("undecided", "unread_group")),
        ("DescribeVpcs", "ec2:DescribeVpcs", ("undecided", "variable")),
        ("GetManagedPrefixListEntries", "ec2:GetManagedPrefixListEntries", ("undecided", "variable")),
    ],
)
def test_a_missing_permission_is_named_and_its_rules_are_undecided(
    read: Callable[..., FirewallRules],
    control: Control,
    prefix_list: str,
    operation: str,
    said: str,
    fate: tuple[str, str],
) -> None:
    control.set_rules("egress", [with_list(prefix_list)])
    control.add_fault("access_denied", operation)
    rules = read()
    (sentence,) = rules.unread
    assert said in sentence
    port = 25 if operation == "GetManagedPrefixListEntries" else 22
    assert fates(rules, flow(port=port)) == [fate]


def test_a_home_net_that_no_rule_looks_for_is_not_missed(read: Callable[..., FirewallRules], control: Control) -> None:
    control.set_rules("egress", [{"name": "text", "rules": "drop tcp any any -> any 22 (sid:1;)"}])
    control.add_fault("access_denied", "DescribeVpcs")
    assert read().unread == ()


def test_each_group_is_asked_for_once_and_trouble_on_the_way_loses_nothing(
    read: Callable[..., FirewallRules], control: Control, retry_sleeps: list[float]
) -> None:
    groups = [{"name": f"g{number}", "rules": f"drop tcp any any -> any {number} (sid:1;)"} for number in range(1, 21)]
    control.set_rules("egress", groups, home_net=["10.0.0.0/8"])
    before = control.calls()["counts"].get("DescribeRuleGroup", 0)
    names = [rule.name for rule in read().ruleset.stateful if rule.sid]
    assert names == [f"g{number}:1" for number in range(1, 21)]
    assert control.calls()["counts"]["DescribeRuleGroup"] == before + 20
    control.add_fault("throttle", "DescribeRuleGroup", every=3)
    assert [rule.name for rule in read().ruleset.stateful if rule.sid] == names
    assert retry_sleeps


def test_while_a_change_is_spreading_nothing_is_in_sync(read: Callable[..., FirewallRules], control: Control) -> None:
    control.set_rules("egress", [{"name": "text", "rules": "drop ip any any -> any any (sid:1;)"}], pending=60)
    assert read().in_sync is False


POLICY = {
    "FirewallPolicy": {
        "StatelessDefaultActions": ["aws:forward_to_sfe"],
        "StatefulRuleGroupReferences": [{"ResourceArn": "arn:group/text", "Priority": 1}],
        "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
    },
    "FirewallPolicyResponse": {"FirewallPolicyArn": "arn:policy/p", "FirewallPolicyName": "p"},
}
GROUP = {
    "RuleGroup": {"RulesSource": {"RulesString": RULES.replace("@LISTED", "any")}},
    "RuleGroupResponse": {"RuleGroupArn": "arn:group/text", "RuleGroupName": "text", "Type": "STATEFUL"},
}
WRITTEN = {"policy": POLICY, "groups": [], "problems": {}, "prefix_lists": {}, "unread": []}


def test_saved_answers_are_judged_by_without_asking_aws(tmp_path: Path) -> None:
    policy, group = tmp_path / "policy.json", tmp_path / "group.json"
    policy.write_text(json.dumps(POLICY), encoding="utf-8")
    group.write_text(json.dumps(GROUP), encoding="utf-8")
    given = {"firewall_policy_src": str(policy), "rule_group_srcs": [str(group)], "home_net": ["10.1.0.0/16"]}
    rules = saved_rules(given)
    assert rules.in_sync is None
    assert fates(rules, flow(), flow("10.2.0.1")) == [("dropped", ""), ("passed", "")]


def test_what_is_kept_is_text_that_a_file_can_hold(tmp_path: Path) -> None:
    policy, group = tmp_path / "policy.json", tmp_path / "group.json"
    policy.write_text(json.dumps(POLICY), encoding="utf-8")
    hostile = {
        **GROUP,
        "RuleGroup": {"RulesSource": {"RulesString": 'drop ip any any -> any any (msg:"\ud800"; sid:1;)'}},
    }
    group.write_text(json.dumps(hostile), encoding="utf-8")
    rules = saved_rules({"firewall_policy_src": str(policy), "rule_group_srcs": [str(group)]})
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(rules.answers, ensure_ascii=False), encoding="utf-8")
    assert fates(saved_rules({"firewall_policy_src": str(kept)}), flow()) == [("dropped", "")]


@pytest.mark.parametrize(
    ("policy", "groups", "said"),
    [
        ("{", [], "policy. line 1: it is not JSON"),
        ("[]", [], "firewall_policy_src.*not a mapping"),
        (json.dumps(GROUP), [], "firewall_policy_src.*DescribeFirewallPolicy"),
        (json.dumps(POLICY), [], "rule_group_srcs.*'arn:group/text'.*is missing"),
        (json.dumps(POLICY), [json.dumps(POLICY)], "rule_group_srcs.*DescribeRuleGroup"),
        (
            json.dumps({"FirewallPolicy": {"StatefulEngineOptions": []}}),
            [],
            "StatefulEngineOptions is .., not a mapping",
        ),
        (json.dumps(POLICY), ['{"RuleGroupResponse": "x"}'], "rule_group_srcs.*its RuleGroupResponse is 'x', not a"),
        (json.dumps({**WRITTEN, "policy": {}}), [], "firewall_policy_src.*its policy.FirewallPolicy is missing"),
        (json.dumps({**WRITTEN, "groups": {}}), [], "firewall_policy_src.*its groups is {}, not a list"),
        (json.dumps(WRITTEN), [], "firewall_policy_src.*'arn:group/text', which its policy names, is missing"),
        (json.dumps({**WRITTEN, "problems": {"arn:group/text": "x"}, "home_net": ["here"]}), [], "here is not a CIDR"),
    ],
)
def test_saved_answers_that_do_not_belong_together(tmp_path: Path, policy: str, groups: list[str], said: str) -> None:
    (tmp_path / "policy").write_text(policy, encoding="utf-8")
    paths = []
    for number, text in enumerate(groups):
        paths.append(str(tmp_path / str(number)))
        Path(paths[-1]).write_text(text, encoding="utf-8")
    with pytest.raises(FlowOpsError, match=said):
        saved_rules({"firewall_policy_src": str(tmp_path / "policy"), "rule_group_srcs": paths})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"home_net": ["10.0.0.0/33"]}, "firewall_rules.home_net: .*10.0.0.0/33"),
        ({"home_net": []}, "firewall_rules.home_net: .*empty"),
        ({"rule_group_srcs": ["a"]}, "without firewall_policy_src"),
        ({"initiator": "client"}, "firewall_rules.initiator: 'client' is not allowed; give one of source, unknown"),
        ({"on_undecided": "fail"}, "firewall_rules.on_undecided: 'fail' is not allowed"),
    ],
)
def test_options_that_cannot_be_meant(given: dict[str, Any], said: str) -> None:
    with pytest.raises(FlowOpsError, match=said):
        check_rule_options(given)
