# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.rules.change import (
    CHANGES,
    Change,
    change_of,
    changed,
    check_changed,
)
from ansible_collections.flowops.aws.plugins.module_utils.rules.handed import group_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.verdicts import FATES, Verdict
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import (
    arn_of,
    flow,
    group,
    policy,
    verdict,
)

TEXT = "drop tcp any any -> any 443 (sid:1;)\n"
GROUP = {"RulesSource": {"RulesString": TEXT}}
RESOURCE = {"Type": "AWS::NetworkFirewall::RuleGroup", "Properties": {"RuleGroupName": "g", "RuleGroup": GROUP}}
BLOCK = {
    "rule_variables": [{"ip_sets": [{"key": "WEB", "ip_set": [{"definition": ["10.0.0.5"]}]}]}],
    "rules_source": [{"rules_string": "drop tcp $WEB any -> any 443 (sid:1;)"}],
    "stateful_rule_options": [{"rule_order": "STRICT_ORDER"}],
}
FIVE_TUPLE = {
    "rules_source": {
        "stateful_rule": {
            "action": "DROP",
            "header": {
                "protocol": "TCP", "source": "ANY", "source_port": "ANY", "direction": "FORWARD", "destination": "ANY",
                "destination_port": "443",
            },
            "rule_option": [{"keyword": "sid", "settings": ["1"]}],
        }
    }
}  # fmt: skip
STATELESS = {
    "rules_source": [
        {
            "stateless_rules_and_custom_actions": [
                {
                    "stateless_rule": [
                        {
                            "priority": 3,
                            "rule_definition": [
                                {
                                    "actions": ["aws:drop"],
                                    "match_attributes": [
                                        {
                                            "protocols": [6],
                                            "destination": [{"address_definition": "0.0.0.0/0"}],
                                            "destination_port": [{"from_port": 443, "to_port": 443}],
                                        }
                                    ],
                                }
                            ],
                        }
                    ]
                }
            ]
        }
    ]
}
DOMAINS = {
    "rules_source": {
        "rules_source_list": {"generated_rules_type": "DENYLIST", "target_types": ["TLS_SNI"], "targets": ["a.b"]}
    }
}


def terraform(group_block: Any = None, **attributes: Any) -> dict[str, Any]:
    return {"resource": {"aws_networkfirewall_rule_group": {"x": [{"rule_group": group_block, **attributes}]}}}


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        f"# a comment\n{TEXT}",
        GROUP,
        {"RuleGroup": GROUP, "RuleGroupResponse": {"RuleGroupName": "g", "Type": "STATEFUL"}, "UpdateToken": "x"},
        {"RuleGroupName": "g", "Type": "STATEFUL", "Capacity": 10, "RuleGroup": GROUP},
        {"RuleGroupName": "g", "Type": "STATEFUL", "Capacity": 10, "Rules": TEXT},
        RESOURCE,
        {"Resources": {"Group": RESOURCE, "Other": {"Type": "AWS::EC2::VPC"}}},
        terraform(BLOCK),
        terraform([BLOCK]),
        terraform(FIVE_TUPLE),
        terraform(rules=TEXT),
        {"planned_values": {"root_module": {"resources": [
            {"type": "aws_networkfirewall_rule_group", "values": {"rule_group": [BLOCK]}}, {"type": "aws_vpc"},
        ]}}},
        {"planned_values": {"root_module": {"child_modules": [{"child_modules": [{"resources": [
            {"type": "aws_networkfirewall_rule_group", "values": {"rule_group": [BLOCK]}},
        ]}]}]}}},
        BLOCK,
    ],
)  # fmt: skip
def test_a_rule_group_in_every_form_that_people_have(content: Any) -> None:
    given = group_of(content if isinstance(content, str) else json.dumps(content), "new")
    described = group(**given)
    rules = ruleset_of(policy(described), [described])
    assert not rules.problems
    found = verdict(rules)
    assert (found.fate, found.rule) == ("dropped", "g:1")
    assert verdict(rules, flow(ports=(40000, 80))).fate == "passed"


def test_stateless_rules_and_domains_of_terraform() -> None:
    stateless = group(**group_of(json.dumps(STATELESS), "new"))
    assert verdict(ruleset_of(policy(stateless), [stateless])).rule == "g:3"
    domains = group(**group_of(json.dumps(terraform(DOMAINS)), "new"))
    assert verdict(ruleset_of(policy(domains), [domains])).reason == "content"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no rules in it"),
        ("# only a comment\n\n", "has no rules in it"),
        ("{", "is not JSON"),
        ("[]", "holds no stateful or stateless rule group"),
        ('{"FirewallPolicy": {}}', "holds no stateful or stateless rule group"),
        ('{"RuleGroup": {"RulesSource": {}}}', "without rules"),
        ('{"RuleGroup": {"RulesSource": {"RulesString": "# nothing"}}}', "without rules"),
        ("[" * 100_000, "is nested too deep"),
        (json.dumps(terraform({"rules_source": {"rules_source_list": {"targets": "a.b"}}})), "Targets is 'a.b', not a"),
        ('{"RulesSource": {"StatefulRules": [7]}}', "its RulesSource.StatefulRules[0] is 7, not a mapping"),
        ('{"RulesSource": {"RulesString": 7}}', "its RulesSource.RulesString is 7, not text"),
        ('{"RuleGroupResponse": {"Type": "IPS"}, "IpsRuleGroup": {}}', "of type IPS, of a Next Generation policy"),
        (json.dumps({"Resources": {"A": RESOURCE, "B": RESOURCE}}), "holds 2 rule groups"),
        ('resource "aws_networkfirewall_rule_group" "x" {\n}', "neither Suricata rules nor JSON"),
    ],
)
def test_what_is_no_rule_group_is_told_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(FlowOpsError) as told:
        group_of(text, "new.rules")
    assert told.value.message.startswith("'new.rules' ")
    assert why in told.value.message
    assert told.value.message.endswith(".")


PASS = "pass tcp any any -> any 443 (sid:1;)"


def two() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    groups = [group(PASS, "allow"), group(TEXT, "deny")]
    return policy(*groups), groups


def fate_after(*changes: Change, **more: Any) -> str:
    described, groups = two()
    return verdict(ruleset_of(*changed(described, groups, changes)), **more).fate


def test_groups_are_replaced_added_and_taken_away() -> None:
    assert fate_after() == "passed"
    assert fate_after(Change("allow", TEXT)) == "dropped"
    assert fate_after(Change(arn_of("allow"), TEXT)) == "dropped"
    assert fate_after(Change("allow", state="absent")) == "dropped"
    assert fate_after(Change("first", TEXT, priority=0)) == "dropped"
    assert fate_after(Change("last", TEXT, priority=30)) == "passed"


def test_what_is_there_is_not_changed() -> None:
    described, groups = two()
    before = json.dumps([described, groups])
    changed(described, groups, [Change("allow", state="absent"), Change("deny", PASS), Change("x", TEXT, priority=7)])
    assert json.dumps([described, groups]) == before


def test_text_alone_keeps_the_variables_of_its_group() -> None:
    old = group(PASS, RuleVariables={"IPSets": {"WEB": {"Definition": ["10.0.0.5"]}}})
    after = ruleset_of(*changed(policy(old), [old], [Change("g", "drop tcp $WEB any -> any any (sid:1;)")]))
    assert verdict(after).fate == "dropped"


def test_json_says_what_variables_its_group_has() -> None:
    old = group(PASS, RuleVariables={"IPSets": {"HOME_NET": {"Definition": ["172.16.0.0/12"]}}})
    text = "drop tcp $HOME_NET any -> any any (sid:1;)"
    whole = json.dumps({"RulesSource": {"RulesString": text}})
    for source, expected in ((text, "passed"), (json.dumps({"Rules": text}), "passed"), (whole, "dropped")):
        assert verdict(ruleset_of(*changed(policy(old), [old], [Change("g", source)]))).fate == expected


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change("new", TEXT), "The policy has no rule group 'new' (it has allow, deny); give a priority to add one."),
        (Change("new", TEXT, priority=2), "The priority 2 of 'new' is that of 'deny'; give another one."),
        (Change("new", state="absent"), "The policy has no rule group 'new' to take away; it has allow, deny."),
        (Change("deny", "", "empty.rules"), "'empty.rules' has no rules in it"),
        (
            Change(
                "deny", json.dumps({**GROUP, "StatefulRuleOptions": {"RuleOrder": "DEFAULT_ACTION_ORDER"}}), "x.json"
            ),
            "'x.json' is a rule group of DEFAULT_ACTION_ORDER, and the policy's order is STRICT_ORDER.",
        ),
        (Change("deny", json.dumps(STATELESS), "s.json"), "'s.json' is a stateless rule group, which 'deny' is not."),
    ],
)
def test_a_change_that_cannot_be_made_is_told_in_a_sentence(change: Change, why: str) -> None:
    described, groups = two()
    with pytest.raises(FlowOpsError) as told:
        changed(described, groups, [change])
    assert why in told.value.message


def test_changes_must_leave_some_rules() -> None:
    described, groups = two()
    with pytest.raises(FlowOpsError, match="leave the policy without rules"):
        changed(described, groups, [Change("allow", state="absent"), Change("deny", state="absent")])


def test_a_name_that_two_groups_have_needs_the_arn() -> None:
    stateless = group(name="g", **group_of(json.dumps(STATELESS), "x"))
    both = [group(PASS), stateless]
    with pytest.raises(FlowOpsError, match="has 2 rule groups named 'g'; give the ARN"):
        changed(policy(*both), both, [Change("g", TEXT)])


def test_a_bad_line_of_a_change_is_told_before_anything_is_judged() -> None:
    described, groups = two()
    change = Change("deny", f"{TEXT}\ndrop tcp any any => any any (sid:2;)", "new.rules")
    rules = ruleset_of(*changed(described, groups, [change]))
    with pytest.raises(FlowOpsError) as told:
        check_changed(rules, [change])
    assert told.value.message == "'new.rules' line 3, column 18: => is not a direction (-> or <>)."
    check_changed(ruleset_of(described, groups), [change])


@pytest.mark.parametrize("after", FATES)
def test_what_a_change_makes_of_a_flow(after: str) -> None:
    assert change_of(Verdict(after), Verdict(after)) == "unchanged"
    other = next(fate for fate in FATES if fate != after)
    assert change_of(Verdict(other), Verdict(after)) == f"newly_{after}"
    assert f"newly_{after}" in CHANGES
