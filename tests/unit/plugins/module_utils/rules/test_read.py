# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.read import (
    asks_vpc,
    check_home_net,
    missing_groups,
    ruleset_of,
)
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import (
    arn_of,
    flow,
    group,
    policy,
    rules_of,
    verdict,
)

DROP_HOME = "drop tcp $HOME_NET any -> any 443 (sid:1;)"
DROP_EXTERNAL = "drop tcp any any -> $EXTERNAL_NET 443 (sid:1;)"
NEW_YEAR, MARCH = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 3, 1, tzinfo=timezone.utc)


def test_home_net_comes_from_the_option_then_the_policy_then_the_vpc() -> None:
    only = group(DROP_HOME)
    of_policy, of_vpc = policy(only, home="10.0.0.0/8"), policy(only, home=None)
    elsewhere = flow(source="172.16.0.5")
    assert verdict(ruleset_of(of_policy, [only])).fate == "dropped"
    assert verdict(ruleset_of(of_policy, [only], home_net=["172.16.0.0/12"])).fate == "passed"
    assert verdict(ruleset_of(of_policy, [only], home_net=["172.16.0.0/12"]), elsewhere).fate == "dropped"
    assert verdict(ruleset_of(of_vpc, [only], vpc_cidrs=["172.16.0.0/12", "10.0.0.0/24"])).fate == "dropped"
    unknown = verdict(ruleset_of(of_vpc, [only]))
    assert (unknown.fate, unknown.reason, unknown.hangs_on, unknown.rule) == (
        "undecided",
        "variable",
        "$HOME_NET",
        "g:1",
    )


def test_what_hangs_on_no_unknown_variable_is_decided() -> None:
    only = group([DROP_HOME, "drop tcp any any -> any 22 (sid:2;)"])
    rules = ruleset_of(policy(only, home=None), [only])
    assert verdict(rules, flow(ports=(40000, 22))).fate == "dropped"
    assert verdict(rules, flow(ports=(40000, 80))).fate == "passed"


def test_external_net_is_all_but_the_policys_home_net_also_where_a_group_has_its_own() -> None:
    own = group(DROP_EXTERNAL, RuleVariables={"IPSets": {"HOME_NET": {"Definition": ["93.184.216.0/24"]}}})
    assert verdict(ruleset_of(policy(own), [own])).fate == "dropped"
    both = group(DROP_HOME, RuleVariables={"IPSets": {"HOME_NET": {"Definition": ["93.184.216.0/24"]}}})
    assert verdict(ruleset_of(policy(both), [both])).fate == "passed"


def test_variables_and_references_of_a_group() -> None:
    only = group(
        ["drop tcp $SERVERS any -> @LIST $WEB (sid:1;)"],
        RuleVariables={
            "IPSets": {"SERVERS": {"Definition": ["10.0.0.4", "10.0.0.5"]}},
            "PortSets": {"WEB": {"Definition": ["80", "443:444"]}},
        },
        ReferenceSets={"IPSetReferences": {"LIST": {"ReferenceArn": "arn:aws:ec2:us-east-1:1:prefix-list/pl-1"}}},
    )
    lists = {"arn:aws:ec2:us-east-1:1:prefix-list/pl-1": ["93.184.216.0/24"]}
    known = ruleset_of(policy(only), [only], prefix_lists=lists)
    assert not known.problems
    assert verdict(known).fate == "dropped"
    assert verdict(known, flow(destination="8.8.8.8")).fate == "passed"
    unknown = ruleset_of(policy(only), [only])
    found = verdict(unknown, flow(destination="8.8.8.8"))
    assert (found.fate, found.reason, found.hangs_on) == ("undecided", "variable", "@LIST")
    assert verdict(unknown, flow(ports=(40000, 22))).fate == "passed"


def test_a_context_set_is_undecided_by_name() -> None:
    only = group(
        ["drop ip @APPS any -> any any (sid:1;)"], RuleVariables={"ContextSets": {"APPS": {"Definition": ["x"]}}}
    )
    found = verdict(ruleset_of(policy(only), [only]))
    assert (found.fate, found.reason, found.hangs_on) == ("undecided", "context_set", "@APPS")


@pytest.mark.parametrize(
    ("rules", "home", "expected"),
    [(DROP_HOME, None, True), (DROP_EXTERNAL, None, True), (DROP_HOME, "10.0.0.0/8", False),
     ("drop ip any any -> any any (sid:1;)", None, False)],
)  # fmt: skip
def test_whether_the_vpc_has_to_be_asked(rules: str, home: str | None, expected: bool) -> None:
    only = group(rules)
    assert asks_vpc(policy(only, home=home), [only]) is expected


def test_strict_order_is_by_priority_of_the_groups() -> None:
    first, second = (
        group("pass tcp any any -> any 443 (sid:1;)", "a"),
        group("drop tcp any any -> any 443 (sid:1;)", "b"),
    )
    described = policy(first, second)
    assert verdict(ruleset_of(described, [second, first])).fate == "passed"
    references = described["FirewallPolicy"]["StatefulRuleGroupReferences"]
    references[0]["Priority"] = 9
    found = verdict(ruleset_of(described, [first, second]))
    assert (found.fate, found.rule) == ("dropped", "b:1")


def test_drops_become_alerts() -> None:
    only = group("drop tcp any any -> any 443 (sid:1;)")
    described = policy(only)
    described["FirewallPolicy"]["StatefulRuleGroupReferences"][0]["Override"] = {"Action": "DROP_TO_ALERT"}
    rules = ruleset_of(described, [only])
    assert verdict(rules).fate == "passed"
    assert rules.groups[0].drop_to_alert
    assert [rule.action for rule in rules.stateful] == ["alert"]


def test_a_managed_group_that_aws_does_not_show_may_drop() -> None:
    arn = "arn:aws:network-firewall:us-east-1:aws-managed:stateful-rulegroup/ThreatSignaturesDoSStrictOrder"
    described = policy()
    described["FirewallPolicy"]["StatefulRuleGroupReferences"] = [{"ResourceArn": arn, "Priority": 1}]
    hidden = {"RuleGroupResponse": {"RuleGroupArn": arn}}
    found = verdict(ruleset_of(described, [hidden]))
    assert (found.fate, found.reason, found.rule) == ("undecided", "managed_group", "ThreatSignaturesDoSStrictOrder")
    described["FirewallPolicy"]["StatefulRuleGroupReferences"][0]["Override"] = {"Action": "DROP_TO_ALERT"}
    assert verdict(ruleset_of(described, [hidden])).fate == "passed"
    shown = {"RuleGroup": {"RulesSource": {"RulesString": "drop tcp any any -> any 443 (sid:5;)"}}, **hidden}
    described["FirewallPolicy"]["StatefulRuleGroupReferences"][0].pop("Override")
    assert verdict(ruleset_of(described, [shown])).rule == "ThreatSignaturesDoSStrictOrder:5"


def test_a_group_that_could_not_be_read_decides_nothing_behind_it() -> None:
    first, second = (
        group("pass tcp any any -> any 443 (sid:1;)", "a"),
        group("drop ip any any -> any any (sid:1;)", "b"),
    )
    unread = arn_of("b")
    described = policy(first, second)
    assert missing_groups(described, [first]) == [unread]
    rules = ruleset_of(described, [first], problems={unread: "not allowed"})
    assert verdict(rules).fate == "passed"
    found = verdict(rules, flow(ports=(40000, 80)))
    assert (found.fate, found.reason, found.rule) == ("undecided", "unread_group", "b")
    assert [info.unread for info in rules.groups] == ["", "not allowed"]


def test_addresses_validated_by_dns_are_undecided_by_name() -> None:
    only = group("pass ip any any -> any any (sid:1;)")
    for action, expected in (("DROP", "undecided"), ("REJECT", "undecided"), ("ALERT", "passed")):
        rules = ruleset_of(policy(only, Route53ResolvedIPValidation={"Action": action}), [only])
        assert verdict(rules).fate == expected
    assert verdict(ruleset_of(policy(only, Route53ResolvedIPValidation={"Action": "DROP"}), [only])).reason == (
        "route53_resolved_ip_validation"
    )


def test_groups_of_a_next_generation_policy_are_undecided_by_name() -> None:
    only = {"FirewallRuleGroup": {}, "RuleGroupResponse": {"RuleGroupArn": arn_of("g"), "Type": "FIREWALL"}}
    found = verdict(ruleset_of(policy(only), [only]))
    assert (found.fate, found.reason) == ("undecided", "next_generation")


def test_tls_inspection_is_the_reason_where_content_decides() -> None:
    only = group('drop http any any -> any any (http.host; content:"x"; sid:1;)')
    rules = ruleset_of(policy(only, TLSInspectionConfigurationArn="arn:x"), [only])
    found = verdict(rules)
    assert (found.reason, found.hangs_on) == ("tls_inspection", "http.host")
    assert verdict(rules, flow(protocol=17)).fate == "passed"


def five_tuple(action: str, direction: str = "FORWARD", **header: str) -> dict[str, Any]:
    full = {"Protocol": "TCP", "Source": "ANY", "SourcePort": "ANY", "Destination": "ANY", "DestinationPort": "ANY"}
    return {
        "Action": action,
        "Header": {**full, **header, "Direction": direction},
        "RuleOptions": [{"Keyword": "sid", "Settings": ["7"]}, {"Keyword": "msg", "Settings": ['"a message"']}],
    }


@pytest.mark.parametrize(
    ("rule", "record", "expected"),
    [
        (five_tuple("DROP", DestinationPort="443"), None, "dropped"),
        (five_tuple("REJECT", Destination="93.184.216.0/24, 8.8.8.8"), None, "dropped"),
        (five_tuple("DROP", Source="93.184.216.34", SourcePort="80"), None, "passed"),
        (five_tuple("DROP", "ANY", Source="93.184.216.34", SourcePort="443"), None, "dropped"),
        (five_tuple("ALERT"), None, "passed"),
        (five_tuple("DROP", Protocol="UDP"), None, "passed"),
        (five_tuple("DROP", Protocol="IKEV2"), flow(protocol=17), "undecided"),
    ],
)
def test_rules_of_five_tuples(rule: dict[str, Any], record: dict[str, Any] | None, expected: str) -> None:
    only = group(RulesSource={"StatefulRules": [rule]})
    rules = ruleset_of(policy(only), [only])
    found = verdict(rules, record)
    assert not rules.problems
    assert found.fate == expected
    if expected == "dropped":
        assert (found.rule, found.message) == ("g:7", "a message")


def domains(kind: str, *types: str) -> dict[str, Any]:
    return {
        "RulesSourceList": {"Targets": [".example.com", "a.b"], "TargetTypes": list(types), "GeneratedRulesType": kind}
    }


@pytest.mark.parametrize(
    ("kind", "order", "actions"),
    [
        ("ALLOWLIST", "STRICT_ORDER", ["pass"] * 4),
        ("ALLOWLIST", "DEFAULT_ACTION_ORDER", ["pass"] * 4 + ["drop"] * 2),
        ("DENYLIST", "STRICT_ORDER", ["drop"] * 4),
        ("REJECTLIST", "STRICT_ORDER", ["reject"] * 4),
        ("ALERTLIST", "STRICT_ORDER", ["alert"] * 4),
    ],
)
def test_lists_of_domains(kind: str, order: str, actions: list[str]) -> None:
    only = group(RulesSource=domains(kind, "TLS_SNI", "HTTP_HOST"))
    rules = ruleset_of(policy(only, order=order), [only])
    assert not rules.problems
    assert [rule.action for rule in rules.stateful] == actions
    outside = verdict(rules, flow(source="192.168.0.1"))
    assert outside.fate == "passed"
    decided = "passed" if kind == "ALERTLIST" or (kind == "ALLOWLIST" and order == "STRICT_ORDER") else "undecided"
    assert verdict(rules).fate == decided


def test_resolved_domains_decide_nothing() -> None:
    only = group(RulesSource=domains("DENYLIST", "AWS_ROUTE_53_RESOLVED_DOMAIN"))
    found = verdict(ruleset_of(policy(only), [only]))
    assert (found.fate, found.reason) == ("undecided", "resolved_domain")


def test_the_newest_change_is_known_when_all_are() -> None:
    only = group("pass ip any any -> any any (sid:1;)")
    described = policy(only)
    described["FirewallPolicyResponse"]["LastModifiedTime"] = NEW_YEAR
    assert ruleset_of(described, [only]).newest_change is None
    only["RuleGroupResponse"]["LastModifiedTime"] = MARCH
    assert ruleset_of(described, [only]).newest_change == MARCH


@pytest.mark.parametrize(
    ("action", "record", "expected"),
    [
        ("aws:drop_strict", None, "dropped"),
        ("aws:drop_established", None, "dropped"),
        ("aws:drop_established", flow(protocol=17), "dropped"),
        ("aws:drop_established_app_layer", None, "dropped"),
        ("aws:drop_established_app_layer_to_server", None, "dropped"),
        ("aws:alert_strict", None, "passed"),
        ("aws:something_new", None, "undecided"),
    ],
)
def test_default_actions(action: str, record: dict[str, Any] | None, expected: str) -> None:
    found = verdict(rules_of("pass tcp any any -> any 22 (sid:1;)", actions=[action]), record)
    assert found.fate == expected
    assert found.rule == ("" if expected == "passed" else action)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("aws:drop_strict", "dropped"),
        ("aws:drop_established", "passed"),
        ("aws:drop_established_app_layer", "undecided"),
        ("aws:drop_established_app_layer_to_server", "passed"),
    ],
)
def test_default_actions_behind_a_pass_to_the_server(action: str, expected: str) -> None:
    rules = rules_of("pass tcp any any -> any 443 (flow:to_server; sid:1;)", actions=[action])
    assert verdict(rules).fate == expected


def test_default_actions_are_of_strict_order_alone() -> None:
    assert verdict(rules_of(order="DEFAULT_ACTION_ORDER", actions=["aws:drop_strict"])).fate == "passed"


@pytest.mark.parametrize(
    ("cidrs", "problem"),
    [
        (["10.0.0.0/8", "fd00::/8", "::/0", "10.0.0.1"], ""),
        ([], "it is empty"),
        *(([text], f"{text} is not a CIDR") for text in ("x", "any", "!10.0.0.0/8", "10.0.0.1-10.0.0.9", "[10.0.0.1]")),
    ],
)
def test_a_home_net_is_a_list_of_networks(cidrs: list[str], problem: str) -> None:
    assert check_home_net(cidrs) == problem
