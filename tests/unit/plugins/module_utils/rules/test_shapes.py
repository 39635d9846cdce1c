# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.read import missing_groups, ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.shapes import GROUP_ANSWER, POLICY_ANSWER, misfit
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import group, policy

FIVE_TUPLE = {
    "Action": "DROP",
    "Header": {
        "Protocol": "TCP", "Source": "ANY", "SourcePort": "ANY", "Direction": "FORWARD", "Destination": "ANY",
        "DestinationPort": "25",
    },
    "RuleOptions": [{"Keyword": "sid", "Settings": ["1"]}],
}  # fmt: skip
STATELESS = {
    "Priority": 1,
    "RuleDefinition": {
        "Actions": ["aws:pass", "counted"],
        "MatchAttributes": {
            "Sources": [{"AddressDefinition": "10.0.0.0/8"}],
            "DestinationPorts": [{"FromPort": 443, "ToPort": 443}],
            "Protocols": [6],
            "TCPFlags": [{"Flags": ["SYN"], "Masks": ["SYN"]}],
        },
    },
}
GROUPS = (
    group(
        "drop tcp $WEB any -> @LISTED $PORTS (sid:1;)",
        "text",
        RuleVariables={
            "IPSets": {"WEB": {"Definition": ["10.0.0.5"]}},
            "PortSets": {"PORTS": {"Definition": ["443", "80:90"]}},
        },
        ReferenceSets={"IPSetReferences": {"LISTED": {"ReferenceArn": "arn:aws:ec2:us-east-1:1:prefix-list/pl-1"}}},
        StatefulRuleOptions={"RuleOrder": "STRICT_ORDER"},
    ),
    group(None, "five", RulesSource={"StatefulRules": [FIVE_TUPLE]}),
    group(
        None,
        "names",
        RulesSource={
            "RulesSourceList": {"GeneratedRulesType": "ALLOWLIST", "TargetTypes": ["TLS_SNI"], "Targets": ["a.b"]}
        },
    ),
    group(None, "less", RulesSource={"StatelessRulesAndCustomActions": {"StatelessRules": [STATELESS]}}),
)
POLICY = policy(*GROUPS, actions=["aws:drop_established"], Route53ResolvedIPValidation={"Action": "DROP"})
WRONG = (None, "x", "", 5, -1, True, 1.5, [], {}, ["x"], [None], [[]], [{}], {"x": "y"})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def with_wrong(value: Any, path: tuple[Any, ...]) -> Iterator[Any]:
    """Yield copies of a value with something else at a place of it, and with nothing there."""
    for wrong in (*WRONG, WRONG):
        found = copy.deepcopy(value)
        inner = found
        for key in path[:-1]:
            inner = inner[key]
        if wrong is WRONG:
            del inner[path[-1]]
        else:
            inner[path[-1]] = wrong
        yield found


def read(described: Any, groups: list[Any]) -> None:
    """Read the rules as those of saved answers are read, once their shape is right."""
    if not missing_groups(described, groups):
        ruleset_of(described, groups)


def test_what_has_the_right_shape_can_be_read_whatever_is_wrong_in_it() -> None:
    refused = taken = 0
    for path in places(POLICY):
        for described in with_wrong(POLICY, path):
            wrong = misfit(described, POLICY_ANSWER)
            refused, taken = refused + bool(wrong), taken + (not wrong)
            if not wrong:
                read(described, list(GROUPS))
    for number, one in enumerate(GROUPS):
        for path in places(one):
            for changed in with_wrong(one, path):
                wrong = misfit(changed, GROUP_ANSWER)
                refused, taken = refused + bool(wrong), taken + (not wrong)
                if not wrong:
                    read(policy(one), [*GROUPS[:number], changed, *GROUPS[number + 1 :]])
    assert refused > 500
    assert taken > 100


def test_what_aws_answers_has_the_right_shape() -> None:
    assert misfit(POLICY, POLICY_ANSWER) == ""
    assert [misfit(one, GROUP_ANSWER) for one in GROUPS] == [""] * len(GROUPS)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "it is [], not a mapping"),
        ({}, "its FirewallPolicy is missing"),
        ({"FirewallPolicy": {"StatefulEngineOptions": {"RuleOrder": "STRICT"}}},
         "its FirewallPolicy.StatefulEngineOptions.RuleOrder is 'STRICT', not one of DEFAULT_ACTION_ORDER, "
         "STRICT_ORDER"),
        ({"FirewallPolicy": {"StatefulRuleGroupReferences": [{"Priority": 1}]}},
         "its FirewallPolicy.StatefulRuleGroupReferences[0].ResourceArn is missing"),
        ({"FirewallPolicy": {"StatefulRuleGroupReferences": [{"ResourceArn": "a", "Priority": True}]}},
         "its FirewallPolicy.StatefulRuleGroupReferences[0].Priority is True, not a whole number"),
        ({"FirewallPolicy": {"PolicyVariables": {"RuleVariables": {"HOME_NET": None}}}},
         "its FirewallPolicy.PolicyVariables.RuleVariables.HOME_NET is None, not a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(value: Any, said: str) -> None:
    assert misfit(value, POLICY_ANSWER) == said
