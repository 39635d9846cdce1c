# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.html import html_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.markdown import markdown_of
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import (
    audit,
    finding,
    viewed,
)


def judged(**members: Any) -> dict[str, Any]:
    """Return an audit by the firewall's own rules: 40 passed, 3 dropped, 7 undecided of two reasons."""
    return audit(
        **{
            "flow_count": 50,
            "findings": [finding(rule="egress:7", message="No SSH to the internet")] * 3,
            "findings_total": 3,
            "counts": {
                "by_rule": {"egress:7": 3},
                "by_fate": {"passed": 40, "dropped": 3, "undecided": 7, "contradicting": 0},
            },
            "undecided": [
                {"reason": "direction", "rule": "egress:9", "flow_count": 2},
                {"reason": "c", "description": "content", "rule": "web:1", "hangs_on": "tls.sni", "flow_count": 4},
                {"reason": "c", "description": "content", "rule": "web:2", "hangs_on": "", "flow_count": 1},
            ],
            "firewall_policy": {
                "arn": "arn:aws:network-firewall:eu-central-1:123456789012:firewall-policy/strict",
                "name": "strict",
                "rule_order": "STRICT_ORDER",
                "stateful_default_actions": ["aws:drop_established"],
                "home_net": ["10.0.0.0/8"],
                "in_sync": True,
                "groups": [
                    {
                        "name": "egress",
                        "stateful": True,
                        "priority": 10,
                        "rule_count": 12,
                        "last_modified_time": "2026-01-30",
                        "unread": None,
                    },
                    {"name": "managed", "stateful": True, "priority": 20, "unread": "it may not be read"},
                ],
            },
            "rules": [
                {"name": "egress:7", "action": "deny", "description": "No SSH", "text": "drop tcp", "flow_count": 3}
            ],
            **members,
        }
    )


def both(result: dict[str, Any]) -> list[str]:
    view = viewed(result)
    html = re.sub(r"<(style|script).*?</\1>", "", html_of(view), flags=re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", html).split()), markdown_of(view).replace("\\", "")]


def test_the_firewalls_own_rules_say_what_becomes_of_the_flows() -> None:
    for text in both(judged()):
        assert "3 of 50 live flows would be dropped by the firewall's rules" in text.replace("&#39;", "'")
        assert "policy strict, in strict order, then aws:drop_established. HOME_NET is 10.0.0.0/8." in text
        assert "it may not be read" in text and "still spreading" not in text
        assert re.search(r"would be passed\W+40\W+80 %", text)
        assert re.search(r"egress\W+stateful\W+12\W+10\W+2026-01-30 00:00:00 UTC", text)
        assert "No SSH" in text and "drop tcp" in text


def test_undecided_flows_are_grouped_by_their_reason() -> None:
    rules = viewed(judged()).firewall_rules
    assert rules is not None
    assert [(item.reason, item.flows, [line.label for line in item.rules]) for item in rules.undecided] == [
        ("content", "5 flows", ["web:1 (tls.sni)", "web:2"]),
        ("direction", "2 flows", ["egress:9"]),
    ]
    for text in both(judged()):
        assert "Undecided" in text and "web:1" in text


def test_a_change_is_shown_before_and_after() -> None:
    by_change = {"newly_dropped": 3, "newly_passed": 1, "newly_undecided": 0, "unchanged": 46}
    result = judged()
    result["counts"]["by_change"] = by_change
    result["counts"]["by_fate_before"] = {"passed": 40, "dropped": 9, "undecided": 1}
    rows = [{"key": "10.0.3.17", "bytes": 8100, "packets": 90, "flows": 3}]
    result["changes"] = {"newly_dropped": {"rules": [{"rule": "egress:12", "flow_count": 3}], "source": rows}}
    result["addresses"] = {"10.0.3.17": {"instance_id": "i-0abc", "name": "billing"}}
    for text in both(result):
        assert "3 of 50 live flows would be dropped by the change and are passed today" in text
        assert re.search(r"passed today, dropped then\W+3\W+6 %", text)
        assert re.search(
            r"Before and after.*3 flows passed today, dropped then.*1 flow dropped today, passed then", text, re.S
        )
        assert re.search(r"are passed\W+40\W+80 %", text)
        assert re.search(r"egress:12\W+3\W+100 %", text)
        # Whose flows they are, and who that is.
        assert re.search(r"10\.0\.3\.17.*billing", text, re.S)


def test_flows_that_contradict_the_judgement_are_shown() -> None:
    contradicting = {"count": 2, "attempts": 1, "examples": [finding(source_address="10.9.9.9")]}
    for text in both(judged(contradicting=contradicting)):
        assert "2 flows that could not have begun under these rules" in text
        assert "10.9.9.9:40000 to 198.51.100.7:22" in text
        assert "1 of them looks like an attempt that the firewall is dropping." in text
    for text in both(judged()):
        assert "could not have begun" not in text


def test_rules_that_are_still_spreading_are_said_to_be() -> None:
    result = judged()
    result["firewall_policy"]["in_sync"] = False
    for text in both(result):
        assert "A change is still spreading, so that which rules hold is not known." in text


def test_a_policy_has_no_section_of_the_firewalls_rules() -> None:
    assert viewed(audit()).firewall_rules is None
    for text in both(audit()):
        assert "own rules" not in text and "Undecided" not in text


def clean(**members: Any) -> dict[str, Any]:
    return {"findings": [], "findings_total": 0, "counts": {}, "flow_count": 9, **members}


@pytest.mark.parametrize(
    ("members", "word", "words"),
    [
        (clean(verdict="inconclusive", reasons=["nothing_judged"]), "Inconclusive", "but no rule judged anything"),
        (
            clean(verdict="inconclusive", reasons=["unreadable"], unreadable={"count": 1}),
            "Inconclusive",
            "but 1 flow could not be read",
        ),
        (
            clean(verdict="inconclusive", reasons=["undecided"], counts={"by_fate": {"undecided": 2}}),
            "Inconclusive",
            "none of 9 captured flows would be dropped by the firewall's rules, but 2 flows are undecided",
        ),
        (
            clean(verdict="inconclusive", partial=True, reasons=["partial", "unreadable"], unreadable={"count": 2}),
            "Inconclusive",
            "but flows may be missing and 2 flows could not be read",
        ),
        (
            clean(
                verdict="inconclusive",
                reasons=["contradicting"],
                counts={"by_fate": {"dropped": 0}},
                contradicting={"count": 1},
            ),
            "Inconclusive",
            "but 1 flow contradicts the judgement",
        ),
        (clean(verdict="compliant", unreadable={"count": 3}), "Inconclusive", "but 3 flows could not be read"),
        (clean(verdict="compliant", reasons=["nothing_judged"]), "Inconclusive", "but no rule judged anything"),
        (
            clean(verdict="compliant", counts={"by_fate": {"passed": 7, "undecided": 2}}),
            "Compliant",
            "none of 9 live flows would be dropped by the firewall's rules",
        ),
    ],
)
def test_the_verdict_says_what_is_not_known(members: dict[str, Any], word: str, words: str) -> None:
    verdict = viewed(audit(**members)).verdict
    assert verdict.word == word
    assert verdict.sentence.endswith(words)
    assert "undecided, which this audit was told to ignore" in verdict.missing or word == "Inconclusive"


def test_what_has_changed_since_a_baseline_is_told() -> None:
    drift = {
        "baseline_flow_count": 7000,
        "new_count": 60,
        "new": [finding()],
        "gone_count": 1,
        "gone": [finding(source_address="10.9.9.9")],
        "new_talkers_count": 2,
        "new_talkers": ["198.51.100.7"],
    }
    for text in both(audit(drift=drift)):
        assert "which had 7,000 flows: 60 new flows, 1 flow gone, 2 addresses never seen before." in text
        assert "59 flows more not shown here." in text and "1 address more not shown here." in text
        assert "10.9.9.9:40000 to 198.51.100.7:22 tcp 1.2 MB" in text
    assert viewed(audit()).drift is None


def test_flows_that_could_not_be_read_are_shown_as_they_came() -> None:
    result = audit(unreadable={"count": 3, "examples": [{"source_address": "10.0.0.1", "destination_port": ""}]})
    for text in both(result):
        assert "source_address 10.0.0.1, destination_port (empty)" in text
        assert "2 flows more not shown here." in text
    assert viewed(audit()).unreadable is None


def test_a_rule_says_why_it_is_there() -> None:
    rules = [{"name": "no-ssh", "action": "deny", "description": "Over the bastion only.", "text": "deny tcp port 22"}]
    for text in both(audit(rules=rules)):
        assert "Over the bastion only." in text and "deny tcp port 22" in text


@pytest.mark.parametrize("nonsense", [None, "text", 7, [], [None, 3, "x"], {}, {"a": [1]}, {"": None}])
@pytest.mark.parametrize(
    "member", ["drift", "unreadable", "undecided", "firewall_policy", "reasons", "counts", "rules"]
)
def test_members_of_another_shape_do_not_break_a_report(member: str, nonsense: Any) -> None:
    for text in both(judged(**{member: nonsense})):
        assert "Noncompliant" in text
