# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.shown import shown
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import (
    fate,
    flow,
    group,
    policy,
    rules_of,
)

HANDSHAKE = "pass tcp any any -> any any (flow:not_established,to_server; sid:900;)"
PASS_443 = "pass tcp any any -> any 443 (sid:1;)"
TO_SERVER = "drop tcp any any -> any 443 (flow:to_server; sid:2;)"
SNI = 'drop tls any any -> any 443 (tls.sni; content:"bad"; sid:3;)'
ESTABLISHED = "drop tcp any any -> any any (flow:established; sid:99;)"


def advice(*rules: str) -> dict[str, list[tuple[str, str]]]:
    rows = shown(rules_of(*rules))
    return {row["rule"]: [(each["advice"], each["rule"]) for each in row["advice"]] for row in rows if row["advice"]}


def test_rules_are_shown_in_the_order_of_their_evaluation() -> None:
    stateless = {
        "Priority": 5,
        "RuleDefinition": {
            "Actions": ["aws:drop"],
            "MatchAttributes": {"Protocols": [6], "TCPFlags": [{"Flags": ["SYN"]}]},
        },
    }
    groups = [
        group(["drop tcp @LIST any -> any any (sid:1;)", 'drop ip any any -> any any (msg:"all"; sid:2;)']),
        group(name="s", RulesSource={"StatelessRulesAndCustomActions": {"StatelessRules": [stateless]}}),
    ]
    groups[0]["RuleGroup"]["ReferenceSets"] = {"IPSetReferences": {"LIST": {"ReferenceArn": "arn:x"}}}
    rows = list(shown(ruleset_of(policy(*groups, actions=["aws:drop_strict"]), groups)))
    assert [(row["rule"], row["action"], row["type"], row["scope"], row["decided_by_5_tuple"]) for row in rows] == [
        ("s:5", "drop", "stateless", "packet", False),
        ("s:5", "drop", "stateless", "packet", False),
        ("g:1", "drop", "ip_only", "flow", False),
        ("g:2", "drop", "ip_only", "flow", True),
        ("aws:drop_strict", "drop", "default", "packet", True),
    ]
    assert (rows[2]["reason"], rows[2]["hangs_on"], rows[2]["why"]) == (
        "variable",
        "@LIST",
        "what a variable stands for is not known",
    )
    assert (rows[3]["sid"], rows[3]["line"], rows[3]["message"], rows[3]["group"]) == (2, 2, "all", "g")


def test_a_rule_that_looks_into_data_says_so() -> None:
    (row,) = shown(rules_of(SNI))
    assert (row["decided_by_5_tuple"], row["reason"], row["hangs_on"], row["type"]) == (
        False,
        "content",
        "tls.sni",
        "app_tx",
    )


@pytest.mark.parametrize(
    ("rules", "expected", "effect"),
    [
        # Suricata drops this connection at its first established packet: the pass of port 443 never fired.
        ((HANDSHAKE, PASS_443, ESTABLISHED), {"g:1": [("never_fires", "g:900")]}, "dropped"),
        ((HANDSHAKE, "pass tcp any any -> any 443 (flow:to_server; sid:1;)"), {}, "passed"),
        ((PASS_443, ESTABLISHED), {}, "passed"),
        # Suricata drops the first packet alone, and marks the flow as passed.
        ((TO_SERVER, PASS_443), {"g:2": [("one_packet", "g:1")]}, "undecided"),
        ((HANDSHAKE, TO_SERVER, PASS_443), {"g:1": [("never_fires", "g:900")]}, "dropped"),
        # Suricata drops this connection at the reply, whose destination port is the client's.
        (("drop tcp any any -> any !443 (sid:4;)",), {"g:4": [("matches_replies", "")]}, "dropped"),
        (("drop tcp any any -> any !443 (flow:to_server; sid:4;)",), {}, "passed"),
        (("drop tcp $HOME_NET any -> 93.184.216.0/24 !443 (sid:4;)",), {}, "passed"),
        # Suricata passes the flow at its first packet, and never looks at what it carries.
        ((PASS_443, SNI), {"g:1": [("blinds_rules", "g:3")]}, "passed"),
        ((SNI, PASS_443), {"g:1": [("blinds_rules", "g:3")]}, "passed"),
        ((SNI, "pass tcp any any -> any 443 (flow:to_server; sid:1;)"), {}, "undecided"),
        (("pass tcp any any -> 8.8.8.8 443 (sid:1;)", SNI), {}, "undecided"),
    ],
)  # fmt: skip
def test_advice_where_the_order_defeats_the_author(
    rules: tuple[str, ...], expected: dict[str, Any], effect: str
) -> None:
    assert advice(*rules) == expected
    assert fate(rules) == effect


def test_external_net_has_no_ipv6_where_home_net_has_none() -> None:
    rule = "drop tcp $HOME_NET any -> $EXTERNAL_NET 25 (flow:to_server; sid:1;)"
    six = flow("2001:db8::5", "2001:db8:1::6", (40000, 25))
    assert advice(rule) == {"g:1": [("external_net_without_ipv6", "")]}
    assert fate([rule], six) == "passed"
    assert not next(iter(shown(rules_of(rule, home="10.0.0.0/8,2001:db8::/48"))))["advice"]
    assert fate([rule], six, home="10.0.0.0/8,2001:db8::/48") == "dropped"


def test_advice_is_a_sentence() -> None:
    rows = shown(rules_of(HANDSHAKE, PASS_443, TO_SERVER, "drop tcp any any -> any !443 (sid:4;)", SNI))
    sentences = [each["sentence"] for row in rows for each in row["advice"]]
    assert len(sentences) == 3
    assert all(sentence.endswith(".") for sentence in sentences)
