# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.ruleset import Ruleset
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import flow, group, policy, verdict


def rule(priority: int, action: str, **match: Any) -> dict[str, Any]:
    return {"Priority": priority, "RuleDefinition": {"Actions": [action], "MatchAttributes": match}}


def hosts(*texts: str) -> list[dict[str, str]]:
    return [{"AddressDefinition": text} for text in texts]


def ports(first: int, last: int) -> list[dict[str, int]]:
    return [{"FromPort": first, "ToPort": last}]


def stateless(*rules: dict[str, Any], default: str = "aws:forward_to_sfe", stateful: str = "") -> Ruleset:
    first = group(name="s", RulesSource={"StatelessRulesAndCustomActions": {"StatelessRules": list(rules)}})
    second = group(stateful or "# none")
    described = policy(first, second)
    described["FirewallPolicy"]["StatelessDefaultActions"] = ["count", default]
    return ruleset_of(described, [first, second])


DROP_443 = rule(1, "aws:drop", DestinationPorts=ports(443, 443), Protocols=[6])
PASS_BOTH = (
    rule(1, "aws:pass", Sources=hosts("10.0.0.0/8"), Protocols=[6]),
    rule(2, "aws:pass", Destinations=hosts("10.0.0.0/8"), Protocols=[6]),
)


def test_a_dropped_side_is_a_dropped_connection() -> None:
    found = verdict(stateless(DROP_443))
    assert (found.fate, found.rule) == ("dropped", "s:1")
    assert found.text == "drop 6 any any -> any 443-443"
    reply = rule(3, "aws:drop", SourcePorts=ports(443, 443), Protocols=[6])
    assert verdict(stateless(reply)).fate == "dropped"


def test_of_a_datagram_no_reply_need_come() -> None:
    reply = rule(3, "aws:drop", SourcePorts=ports(443, 443), Protocols=[17])
    found = verdict(stateless(reply), flow(protocol=17))
    assert (found.fate, found.reason, found.rule) == ("undecided", "reply", "s:3")


def test_the_lowest_priority_decides() -> None:
    allowed = rule(5, "aws:forward_to_sfe", Destinations=hosts("93.184.216.34"))
    first = {**allowed, "Priority": 1}
    assert verdict(stateless({**DROP_443, "Priority": 2}, allowed)).fate == "dropped"
    assert verdict(stateless({**DROP_443, "Priority": 2}, first)).fate == "passed"


def test_what_passes_both_ways_is_never_seen_by_stateful_rules() -> None:
    drop = "drop ip any any -> any any (sid:1;)"
    assert verdict(stateless(*PASS_BOTH, stateful=drop)).fate == "passed"
    half = verdict(stateless(PASS_BOTH[0], stateful=drop))
    assert (half.fate, half.reason, half.rule) == ("undecided", "half_seen", "s:1")
    assert verdict(stateless(*PASS_BOTH, stateful=drop), flow(protocol=17)).fate == "dropped"


@pytest.mark.parametrize(
    ("default", "expected", "name"),
    [("aws:drop", "dropped", "aws:drop"), ("aws:pass", "passed", ""), ("aws:forward_to_sfe", "dropped", "g:1")],
)
def test_default_actions(default: str, expected: str, name: str) -> None:
    found = verdict(stateless(default=default, stateful="drop ip any any -> any any (sid:1;)"))
    assert (found.fate, found.rule) == (expected, name)


def test_flags_are_not_known() -> None:
    flagged = rule(1, "aws:drop", Protocols=[6], TCPFlags=[{"Flags": ["SYN"], "Masks": ["SYN", "ACK"]}])
    found = verdict(stateless(flagged))
    assert (found.fate, found.reason) == ("undecided", "tcp_flags")
    assert verdict(stateless(flagged), flow(protocol=17)).fate == "passed"
    # Whatever the flags do, the stateful rules drop what is left.
    assert verdict(stateless(flagged, stateful="drop tcp any any -> any any (sid:1;)")).fate == "dropped"


def test_ports_are_asked_where_there_are_any() -> None:
    drop = rule(1, "aws:drop", DestinationPorts=ports(443, 443))
    assert verdict(stateless(drop), flow(ports=(0, 0), protocol=1)).fate == "passed"
    every = rule(1, "aws:drop", DestinationPorts=ports(0, 65535))
    assert verdict(stateless(every), flow(ports=(0, 0), protocol=1)).fate == "undecided"


def test_a_group_that_could_not_be_read_may_do_anything() -> None:
    first = group(name="s", RulesSource={"StatelessRulesAndCustomActions": {"StatelessRules": [DROP_443]}})
    found = verdict(ruleset_of(policy(first), []))
    assert (found.fate, found.reason, found.rule) == ("undecided", "unread_group", "s")


def test_a_rule_that_cannot_be_read_may_match_anything() -> None:
    found = verdict(stateless(rule(1, "aws:drop", Sources=hosts("nowhere"))))
    assert (found.fate, found.reason) == ("undecided", "unreadable")


def test_an_action_that_is_not_known_may_be_any() -> None:
    found = verdict(stateless(rule(1, "aws:inspect", Protocols=[6])))
    assert (found.fate, found.reason, found.rule) == ("undecided", "unreadable", "s")
