# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.plugin_utils.report.rules import SAMPLES, RuleTally
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import ARN, audit, finding, rules_of


def test_rules_come_in_the_order_of_the_policy_with_counts_and_largest_flows() -> None:
    report = rules_of(audit())
    assert [(rule.name, rule.severity, rule.count) for rule in report.broken] == [
        ("threats", "critical", 1),
        ("no-ssh", "high", 2),
    ]
    assert [sample["byte_count"] for sample in report.broken[1].samples] == [1_234_567, 9]
    assert [(rule.name, rule.reason) for rule in report.silent] == [
        ("no-ftp", "kept"),
        ("old", "expired"),
        ("off", "disabled"),
    ]


def test_a_rule_that_the_audit_does_not_list_is_there_too() -> None:
    found = [finding(rule="default", severity="medium")]
    report = rules_of(audit(rules=[], findings=found, findings_total=1, counts={"by_rule": {"default": 1}}))
    assert [(rule.name, rule.severity, rule.count) for rule in report.broken] == [("default", "medium", 1)]


@pytest.mark.parametrize(
    "members",
    [
        {"partial": True},
        {"operations": [{"flow_operation_status": "COMPLETED_WITH_ERRORS"}]},
        # Neither counts nor every finding: who knows what the rest is.
        {"counts": {}, "findings_total": 100},
    ],
)
def test_a_rule_is_not_called_kept_when_flows_or_findings_are_missing(members: dict[str, Any]) -> None:
    assert [(rule.name, rule.reason) for rule in rules_of(audit(**members)).silent] == [
        ("old", "expired"),
        ("off", "disabled"),
    ]


def test_findings_that_were_all_read_stand_in_for_counts() -> None:
    report = rules_of(audit(counts={}))
    assert {rule.name: rule.count for rule in report.broken} == {"threats": 1, "no-ssh": 2}
    assert [rule.name for rule in report.silent] == ["no-ftp", "old", "off"]


def test_a_finding_outweighs_a_count_that_denies_it() -> None:
    report = rules_of(audit(counts={"by_rule": {"no-ssh": 0, "threats": 7}}))
    assert {rule.name: rule.count for rule in report.broken} == {"threats": 7, "no-ssh": 2}


def test_samples_are_the_largest_and_the_earlier_of_equals() -> None:
    tally = RuleTally()
    flows = [finding(byte_count=size, age=age) for age, size in enumerate([5, 1, *range(100, 120), 5, 119])]
    assert list(tally.watch(flows)) == flows
    samples = tally.samples("no-ssh")
    assert [sample["byte_count"] for sample in samples] == [119, 119, *range(118, 118 - SAMPLES + 2, -1)]
    assert samples[0]["age"] < samples[1]["age"]


def test_identifiers_are_stable_and_differ_by_rule_and_firewall() -> None:
    later = rules_of(audit(audited_at="2027-01-01T00:00:00Z", flow_count=3, findings=[], counts={}, findings_total=0))
    first, other = rules_of(audit()), rules_of(audit(firewall_arn=ARN.replace("egress", "inside")))
    identifiers = {rule.name: first.identifier(rule) for rule in [*first.broken, *first.silent]}
    assert {rule.name: later.identifier(rule) for rule in later.silent} == identifiers
    assert len(set(identifiers.values())) == len(identifiers) == 5
    assert not {other.identifier(rule) for rule in other.broken} & set(identifiers.values())


def test_the_description_has_the_counts_and_says_that_flows_may_be_missing() -> None:
    report = rules_of(audit())
    text = report.description(report.broken[1])
    assert text.startswith("At 2026-01-31 12:00:00 UTC 2 of 1,512 live flows of egress broke the deny rule no-ssh.")
    assert "10.0.0.1:40000 to 198.51.100.7:22 tcp 1.2 MB" in text
    assert "may be missing" not in text
    partial = rules_of(audit(partial=True))
    assert "The capture is partial: flows may be missing" in partial.description(partial.broken[0])
    assert "has expired and was not applied" in report.description(report.silent[1])
    assert "none of 1,512 live flows of egress broke the deny rule no-ftp" in report.description(report.silent[0])


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"audited_at": None}, "ocsf_dest: each entry has the time of the audit; audit.audited_at must be"),
        ({"audited_at": "yesterday"}, "ocsf_dest: each entry has the time of the audit; audit.audited_at must be"),
        ({"firewall_arn": "egress"}, "audit.firewall_arn: 'egress' is not allowed"),
    ],
)
def test_what_cannot_be_told_is_named(members: dict[str, Any], words: str) -> None:
    with pytest.raises(FlowOpsError) as caught:
        rules_of(audit(**members), "ocsf_dest")
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize("nonsense", [None, 7, "text", [1, None], {"a": [1]}])
@pytest.mark.parametrize("member", ["counts", "rules", "findings", "flow_count", "operations", "firewall_name"])
def test_members_of_another_shape_do_not_break_it(member: str, nonsense: Any) -> None:
    result = audit(**{member: nonsense})
    if not isinstance(nonsense, list):
        result["findings"] = []
    report = rules_of(result)
    for rule in [*report.broken, *report.silent]:
        assert rule.label in report.description(rule)


def test_the_description_says_why_there_is_the_rule() -> None:
    rules = [{"name": "no-ssh", "action": "deny", "description": "Over the bastion only"}]
    report = rules_of(audit(rules=rules, findings=[finding(), finding(rule="threats", message="Listed.")]))
    told = {rule.name: report.description(rule) for rule in report.broken}
    assert "broke the deny rule no-ssh. Over the bastion only. The largest:" in told["no-ssh"]
    assert "broke the deny rule threats. Listed. The largest:" in told["threats"]


def test_a_rule_of_the_firewall_is_not_called_broken() -> None:
    report = rules_of(audit(counts={"by_rule": {"egress:7": 2}, "by_fate": {"dropped": 2}}, findings=[], rules=[]))
    assert report.title(report.broken[0]) == "Live flows that the rule egress:7 of egress would drop"
    assert "live flows of egress are some that the firewall's rule egress:7 would drop." in report.description(
        report.broken[0]
    )
