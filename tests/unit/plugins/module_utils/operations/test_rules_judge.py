# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.operations.rule_source import FirewallRules
from ansible_collections.flowops.aws.plugins.module_utils.operations.rules_judge import RulesJudge
from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of

NOW = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
RULES = """\
pass tcp any any -> any 443 (msg:"web"; flow:to_server; sid:1;)
pass tcp any 443 -> any any (flow:to_client; sid:2;)
drop tcp any any -> any 22 (msg:"no ssh"; sid:3;)
pass udp any any -> any 53 (content:"x"; sid:4;)
drop udp any any -> any 53 (sid:5;)
pass ip any any -> any any (sid:6;)
"""


def rules(text: str = RULES, changed: datetime | None = NOW - timedelta(hours=1), in_sync: bool | None = True) -> Any:
    policy = {
        "FirewallPolicy": {
            "StatefulRuleGroupReferences": [{"ResourceArn": "arn:group/text", "Priority": 1}],
            "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
        },
        "FirewallPolicyResponse": {"FirewallPolicyArn": "arn:policy/p", "LastModifiedTime": changed},
    }
    group = {
        "RuleGroup": {"RulesSource": {"RulesString": text}},
        "RuleGroupResponse": {"RuleGroupArn": "arn:group/text", "Type": "STATEFUL", "LastModifiedTime": changed},
    }
    return FirewallRules(ruleset_of(policy, [group], home_net=["10.0.0.0/8"]), in_sync=in_sync)


def flow(port: int, protocol: str = "tcp", age: Any = 7200, packets: Any = 50, source: int = 40000) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.5",
        "source_port": source,
        "destination_address": "198.51.100.7",
        "destination_port": port,
        "protocol": protocol,
        "protocol_number": {"tcp": 6, "udp": 17}[protocol],
        "age": age,
        "packet_count": packets,
        "byte_count": 100,
    }


def turned(record: dict[str, Any]) -> dict[str, Any]:
    swapped = dict(record)
    for member in ("address", "port"):
        swapped[f"source_{member}"] = record[f"destination_{member}"]
        swapped[f"destination_{member}"] = record[f"source_{member}"]
    return swapped


def judged(judge: RulesJudge, *pages: list[dict[str, Any]]) -> list[list[str | None]]:
    capture: Any = SimpleNamespace(seen_at=NOW)
    return [
        [finding.rule if finding else None for finding in page.findings]
        for page in judge.pages((capture, page) for page in pages)
    ]


def test_what_the_rules_drop_is_a_finding_and_what_they_do_not_tell_is_undecided(tmp_path: Path) -> None:
    judge = RulesJudge(rules(), str(tmp_path))
    assert judged(judge, [flow(22), flow(80)], [flow(53, "udp")]) == [["text:3", None], [None]]
    result = judge.as_result()
    assert judge.counts()["by_fate"] == {"passed": 1, "dropped": 1, "undecided": 1, "contradicting": 0}
    (undecided,) = result["undecided"]
    assert (undecided["reason"], undecided["rule"], undecided["flow_count"]) == ("content", "text:4", 1)
    (rule,) = result["rules"]
    assert (rule["name"], rule["description"], rule["flow_count"]) == ("text:3", "no ssh", 1)
    assert "drop tcp any any -> any 22" in rule["text"]
    assert judge.reasons == ["undecided"]
    assert RulesJudge(rules(), str(tmp_path), ignore_undecided=True).reasons == []


def test_a_flow_whose_reverse_comes_on_a_later_page_may_have_been_opened_by_either_side(tmp_path: Path) -> None:
    one_way = "drop tcp any any -> any 22 (flow:to_server; sid:1;)"
    alone = RulesJudge(rules(one_way), str(tmp_path))
    assert judged(alone, [flow(22)], [flow(80)]) == [["text:1"], [None]]
    both = RulesJudge(rules(one_way), str(tmp_path))
    assert judged(both, [flow(22)], [turned(flow(22))]) == [[None], [None]]
    assert [item["reason"] for item in both.as_result()["undecided"]] == ["direction"]
    by_port = RulesJudge(rules(one_way), str(tmp_path), initiator="service_port")
    assert judged(by_port, [flow(22)], [turned(flow(22))]) == [["text:1"], ["text:1"]]


@pytest.mark.parametrize(
    ("record", "changed", "in_sync", "found"),
    [
        # Older than the change, or begun while it may still have been spreading.
        (flow(22, age=7200), NOW - timedelta(hours=1), True, "text:3"),
        (flow(22, age=3600 - 599), NOW - timedelta(hours=1), True, "text:3"),
        (flow(22, age=3600 - 601), NOW - timedelta(hours=1), True, None),
        (flow(22, age=0), NOW - timedelta(hours=1), True, None),
        # What is not known tells nothing apart.
        (flow(22, age=None), NOW - timedelta(hours=1), True, "text:3"),
        (flow(22, age=0), None, True, "text:3"),
        (flow(22, age=0), NOW - timedelta(hours=1), None, "text:3"),
    ],
)
def test_a_flow_that_began_under_these_rules_contradicts_that_they_drop_it(
    tmp_path: Path, record: dict[str, Any], changed: datetime | None, in_sync: bool | None, found: str | None
) -> None:
    judge = RulesJudge(rules(changed=changed, in_sync=in_sync), str(tmp_path))
    assert judged(judge, [record]) == [[found]]
    assert judge.fates["contradicting"] == (found is None)


@pytest.mark.parametrize(("packets", "attempt"), [(0, True), (10, True), (11, False), (None, False), ("3", False)])
def test_few_packets_are_an_attempt_and_say_nothing_against_the_rules(
    tmp_path: Path, packets: Any, attempt: bool
) -> None:
    judge = RulesJudge(rules(), str(tmp_path))
    judged(judge, [flow(22, age=0, packets=packets)])
    assert judge.contradicted is not attempt
    assert judge.reasons == ([] if attempt else ["contradicting"])
    assert len(judge.as_result()["contradicting"]["examples"]) == (not attempt)


def test_while_a_change_is_spreading_everything_is_undecided(tmp_path: Path) -> None:
    judge = RulesJudge(rules(in_sync=False), str(tmp_path))
    assert judged(judge, [flow(22), flow(443)]) == [[None, None]]
    assert judge.fates == {"undecided": 2}
    assert [item["reason"] for item in judge.as_result()["undecided"]] == ["not_in_sync"]
    assert any("still spreading" in text for text in judge.warnings())


def test_while_a_change_is_spreading_rules_that_are_tried_are_judged_all_the_same(tmp_path: Path) -> None:
    both = FirewallRules(rules().ruleset, in_sync=False, after=rules("drop tcp any any -> any 22 (sid:1;)").ruleset)
    judge = RulesJudge(both, str(tmp_path))
    assert judged(judge, [flow(22), flow(443)]) == [["text:1", None]]
    assert judge.counts()["by_change"]["newly_dropped"] == 1


def test_a_rule_that_suricata_refuses_is_told_by_group_line_and_reason(tmp_path: Path) -> None:
    judge = RulesJudge(rules("drop tcp any any <- any 22 (sid:1;)\npass ip any any -> any any (sid:2;)"), str(tmp_path))
    judged(judge, [flow(22)])
    assert judge.fates["undecided"] == 1
    assert any("text" in text and "line 1" in text for text in judge.warnings())


def test_changed_rules_find_what_only_they_drop(tmp_path: Path) -> None:
    after = rules('drop tcp any any -> any [22,443] (sid:1;)\npass tcp any any -> any 80 (content:"x"; sid:2;)')
    before = rules("drop tcp any any -> any [22,8080] (sid:1;)")
    both = FirewallRules(before.ruleset, in_sync=True, after=after.ruleset)
    judge = RulesJudge(both, str(tmp_path))
    assert judged(judge, [flow(22), flow(443), flow(8080), flow(25)]) == [[None, "text:1", None, None]]
    counts = judge.counts()
    assert counts["by_fate_before"] == {"passed": 2, "dropped": 2, "undecided": 0}
    assert counts["by_change"] == {"newly_dropped": 1, "newly_passed": 1, "newly_undecided": 0, "unchanged": 2}
    assert counts["by_fate"] == {"passed": 2, "dropped": 2, "undecided": 0, "contradicting": 0}
    (rule,) = judge.as_result()["rules"]
    assert (rule["name"], rule["flow_count"]) == ("text:1", 1)


def test_changed_rules_tell_by_rule_and_by_talker_whose_flows_they_treat_otherwise(tmp_path: Path) -> None:
    before = rules("drop tcp any any -> any 8080 (sid:7;)")
    after = rules("drop tcp any any -> any [22,443] (sid:1;)")
    judge = RulesJudge(FirewallRules(before.ruleset, in_sync=True, after=after.ruleset), str(tmp_path), top_n=1)
    judged(judge, [flow(22), flow(443), flow(8080)], [{**flow(22), "source_address": "10.0.0.9"}])
    changes = judge.as_result()["changes"]
    assert changes["newly_dropped"]["rules"] == [{"rule": "text:1", "flow_count": 3}]
    # What passes then is told by the rule that drops it now.
    assert changes["newly_passed"]["rules"] == [{"rule": "text:7", "flow_count": 1}]
    assert [(row["key"], row["flows"]) for row in changes["newly_dropped"]["source"]] == [
        (flow(22)["source_address"], 2)
    ]
    assert changes["newly_dropped"]["destination"][0]["flows"] == 3
    assert changes["newly_undecided"] == {"rules": [], "source": [], "destination": []}
    assert "changes" not in RulesJudge(rules(), str(tmp_path)).as_result()
