# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import stat
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner

ZONE = "us-east-1a"
BEFORE = 'pass ip any any -> any any (msg:"all"; sid:1;)'
AFTER = """\
drop tcp 10.0.0.0/8 any -> any 22 (msg:"no ssh"; sid:1;)
drop tls 10.0.0.0/8 any -> any 443 (tls.sni; content:"example.com"; sid:2;)
"""
PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws: {region: us-east-1, endpoint_url: "{{ endpoint_url }}"}
  tasks:
    - name: Capture
      flowops.aws.networkfirewall_flow_capture: {firewall_name: rules, flow_filters: [{any: true}], wait: true}
      register: capture

    - name: Judge by the rules as they are
      flowops.aws.networkfirewall_flow_audit:
        firewall_name: rules
        operations: "{{ capture.flow_operations }}"
        plan: true
        dest: "{{ folder }}/flows.jsonl"
        findings_dest: "{{ folder }}/findings.jsonl"
        undecided_dest: "{{ folder }}/undecided.jsonl"
        rules_dest: "{{ folder }}/kept-rules.json"
      register: stale

    - name: Judge again by the rules that were kept, without AWS
      flowops.aws.networkfirewall_flow_audit:
        src: "{{ folder }}/flows.jsonl"
        partial: false
        region: us-east-1
        endpoint_url: http://127.0.0.1:9
        firewall_rules: {firewall_policy_src: "{{ folder }}/kept-rules.json"}
      register: again

    - name: Look at a change of the rules that were kept
      flowops.aws.networkfirewall_firewall_rule_info:
        firewall_policy_src: "{{ folder }}/kept-rules.json"
        changes: [{rule_group: text, src: "{{ folder }}/new.rules"}]
      register: kept

    - name: Try a change
      flowops.aws.networkfirewall_flow_audit:
        firewall_name: rules
        operations: "{{ capture.flow_operations }}"
        firewall_rules: {changes: [{rule_group: text, src: "{{ folder }}/new.rules"}]}
      register: what_if

    - name: Try it on the saved capture, without AWS
      flowops.aws.networkfirewall_flow_audit:
        src: "{{ folder }}/flows.jsonl"
        partial: false
        region: us-east-1
        endpoint_url: http://127.0.0.1:9
        firewall_rules:
          firewall_policy_src: "{{ folder }}/policy.json"
          rule_group_srcs: "{{ folder }}/group.json"
          changes: [{rule_group: text, src: "{{ folder }}/new.rules"}]
      register: offline

    - name: Look at the rules
      flowops.aws.networkfirewall_firewall_rule_info: {firewall_name: rules}
      register: shown

    - name: Make mistakes
      flowops.aws.networkfirewall_flow_audit: "{{ item | combine({'firewall_name': 'rules', 'operations': taken}) }}"
      vars: {taken: "{{ capture.flow_operations }}"}
      loop:
        - {firewall_rules: {changes: [{rule_group: nowhere, src: "{{ folder }}/new.rules"}]}}
        - {firewall_rules: {changes: [{rule_group: text, src: "{{ folder }}/bad.rules"}]}}
        - {firewall_rules: {changes: [{rule_group: text, src: "{{ folder }}/missing.rules"}]}}
        - {firewall_rules: {changes: [{rule_group: text, src: "{{ folder }}/empty.rules"}]}}
        - {firewall_rules: {changes: [{rule_group: text, state: absent}]}}
        - {firewall_rules: {home_net: [here]}}
        - {firewall_rules: {}, policy: {rules: []}}
        - {rules_dest: "{{ folder }}/none.json", policy: {rules: []}}
        - {firewall_rules: {firewall_policy_src: "{{ folder }}/kept-rules.json", rule_group_srcs: [group.json]}}
        - {firewall_rules: {firewall_policy_src: "{{ folder }}/torn-rules.json"}}
      register: mistakes
      ignore_errors: true
"""


def flow(port: int, age: int, **more: Any) -> dict[str, Any]:
    ends = {"source_address": "10.0.0.5", "source_port": 40000 + port, "destination_address": "198.51.100.7"}
    return {
        **ends,
        "destination_port": port,
        "protocol": "tcp",
        "age": age,
        "packet_count": 50,
        "byte_count": 5000,
        **more,
    }


@pytest.fixture(scope="module")
def results(control: Control, run_playbook: PlaybookRunner, aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("rules")
    control.settings(duration=0)
    flows = [flow(22, 7200), flow(2222, 7200), flow(443, 7200)]
    arn = control.add_firewall("rules", flows={ZONE: flows})["arn"]
    control.set_rules("rules", [{"name": "text", "rules": BEFORE}], home_net=["10.0.0.0/8"], changed_seconds_ago=9000)
    policy = aws.describe_firewall(FirewallArn=arn)["Firewall"]["FirewallPolicyArn"]
    described = aws.describe_firewall_policy(FirewallPolicyArn=policy)
    (group,) = described["FirewallPolicy"]["StatefulRuleGroupReferences"]
    for name, answer in (
        ("policy", described),
        ("group", aws.describe_rule_group(RuleGroupArn=group["ResourceArn"])),
    ):
        answer.pop("ResponseMetadata")
        (folder / f"{name}.json").write_text(json.dumps(answer, default=str), encoding="utf-8")
    (folder / "new.rules").write_text(AFTER.replace("any 22", "any [22,2222]"), encoding="utf-8")
    (folder / "bad.rules").write_text(AFTER + "drop tcp any any <- any any (sid:9;)\n", encoding="utf-8")
    torn = {"policy": {}, "groups": {}, "problems": {}, "prefix_lists": {}, "unread": []}
    (folder / "torn-rules.json").write_text(json.dumps(torn), encoding="utf-8")
    (folder / "empty.rules").write_text("# nothing\n", encoding="utf-8")
    control.change_rules("text", AFTER, changed_seconds_ago=1800)
    run = run_playbook(PLAY, {"folder": str(folder)})
    assert run.rc == 0, run.explain()
    return folder, run


def of(run: Any, task: str) -> dict[str, Any]:
    result: dict[str, Any] = run[task]
    return result


def test_live_flows_that_could_not_begin_any_more_are_found_without_a_policy(results: Any) -> None:
    folder, run = results
    stale = of(run, "Judge by the rules as they are")
    assert stale["verdict"] == "noncompliant"
    assert stale["counts"]["by_fate"] == {"passed": 1, "dropped": 1, "undecided": 1, "contradicting": 0}
    (finding,) = stale["findings"]
    assert (finding["rule"], finding["message"], finding["destination_port"]) == ("text:1", "no ssh", 22)
    assert stale["reasons"] == ["undecided"]
    assert [(item["reason"], item["rule"]) for item in stale["undecided"]] == [("content", "text:2")]
    assert stale["plan"]["flow_count"] == 1
    assert stale["firewall_policy"]["rule_order"] == "STRICT_ORDER"
    (undecided,) = map(json.loads, (folder / "undecided.jsonl").read_text(encoding="utf-8").splitlines())
    assert (undecided["destination_port"], undecided["reason"]) == (443, "content")


@pytest.mark.parametrize("task", ["Try a change", "Try it on the saved capture, without AWS"])
def test_a_change_finds_what_it_would_newly_drop(results: Any, task: str) -> None:
    _folder, run = results
    found = of(run, task)
    ports = [finding["destination_port"] for finding in found["findings"]]
    if task == "Try a change":
        assert ports == [2222]
        assert found["counts"]["by_change"]["newly_dropped"] == 1
    else:
        # The saved rules are those from before.
        assert sorted(ports) == [22, 2222]
        assert found["counts"]["by_change"] == {
            "newly_dropped": 2,
            "newly_passed": 0,
            "newly_undecided": 1,
            "unchanged": 0,
        }
        assert found["firewall_policy"]["in_sync"] is None


def test_what_was_judged_by_is_kept_and_judges_the_same_again(results: Any) -> None:
    folder, run = results
    stale = of(run, "Judge by the rules as they are")
    again = of(run, "Judge again by the rules that were kept, without AWS")
    assert again["counts"]["by_fate"] == stale["counts"]["by_fate"]
    assert [flow["rule"] for flow in again["findings"]] == [flow["rule"] for flow in stale["findings"]]
    assert again["firewall_policy"]["home_net"] == stale["firewall_policy"]["home_net"] == "10.0.0.0/8"
    path = folder / "kept-rules.json"
    assert "no ssh" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stale["plan"]["rules"] == {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert "[22,2222]" in of(run, "Look at a change of the rules that were kept")["rules"][0]["text"]


def test_the_rules_are_shown_in_the_order_in_which_they_are_asked(results: Any) -> None:
    _folder, run = results
    shown = of(run, "Look at the rules")
    assert [rule["rule"] for rule in shown["rules"]][:2] == ["text:1", "text:2"]
    assert shown["rules"][1]["decided_by_5_tuple"] is False
    assert shown["rules"][1]["reason"] == "content"


def test_each_mistake_is_one_sentence(results: Any) -> None:
    folder, run = results
    said = [item["msg"] for item in of(run, "Make mistakes")["results"]]
    for sentence, words in zip(
        said,
        [
            "no rule group 'nowhere'",
            f"'{folder}/bad.rules' line 3, column",
            "there is no such file",
            "empty",
            "without rules",
            "home_net",
            "mutually exclusive",
            "rules_dest and policy were given together",
            "rule_group_srcs: were given together with a firewall_policy_src",
            "its policy.FirewallPolicy is missing",
        ],
        strict=True,
    ):
        assert words in sentence
        assert "Traceback" not in sentence


ROLE = """
- name: Without a policy
  import_playbook: flowops.aws.audit
- name: What if
  import_playbook: flowops.aws.what_if
  vars: {flow_audit_rule_changes: [{rule_group: text, src: "{{ folder }}/new.rules"}]}
"""


@pytest.fixture(scope="module")
def played(results: Any, run_playbook: PlaybookRunner, aws: Any) -> Any:
    folder, _run = results
    arn = aws.describe_firewall(FirewallName="rules")["Firewall"]["FirewallArn"]
    play = folder / "role.yml"
    play.write_text(ROLE, encoding="utf-8")
    extra: dict[str, Any] = {
        "folder": str(folder),
        "flow_audit_firewall_arn": arn,
        "flow_audit_report_dir": str(folder / "reports"),
    }
    extra["flow_audit_connection"] = {"endpoint_url": run_playbook.endpoint_url, "region": "us-east-1"}
    return folder, run_playbook(play, {**extra, "flow_audit_reports": ["html", "json"]})


def test_an_audit_needs_no_policy_and_a_change_that_drops_flows_fails(played: Any) -> None:
    folder, run = played
    assert run.rc == 2, run.explain()
    assert len(run.all("Say the verdict")) == 2, run.explain()
    first, second = run.all("Say the verdict")
    assert "1 of 3 live flows could not begin any more under its rules, and 1 are undecided" in first["msg"]
    assert "of 3 flows the changes would newly drop 1 and newly let pass 0" in second["msg"]
    (report,) = (folder / "reports").glob("*-report.html")
    assert "text:1" in report.read_text(encoding="utf-8")
    assert list((folder / "reports").glob("*-undecided.jsonl.gz"))
    assert "[WARNING]" not in run.output


CUT = """
- name: Without a policy
  import_playbook: flowops.aws.audit
- name: Cut what could not begin any more
  import_playbook: flowops.aws.remediate
  vars: {{flow_remediate_plan: {plan}}}
"""


def test_the_evidence_keeps_the_rules_that_were_judged_by(played: Any, run_playbook: PlaybookRunner, aws: Any) -> None:
    folder, _run = played
    arn = aws.describe_firewall(FirewallName="rules")["Firewall"]["FirewallArn"]
    play = folder / "cut.yml"
    play.write_text(CUT.format(plan=f"{folder}/cut/123456789012-us-east-1-rules-plan.json"), encoding="utf-8")
    extra: dict[str, Any] = {"flow_audit_firewall_arn": arn, "flow_audit_report_dir": f"{folder}/cut"}
    extra |= {"flow_remediate_firewall_arn": arn, "flow_remediate_evidence_dir": f"{folder}/evidence"}
    extra |= {"flow_remediate_max_percent": 50}
    for role in ("audit", "remediate"):
        extra[f"flow_{role}_connection"] = {"endpoint_url": run_playbook.endpoint_url, "region": "us-east-1"}
    run = run_playbook(play, extra)
    assert run.rc == 0, run.explain()
    (evidence,) = (folder / "evidence").glob("*/*/manifest.json")
    kept = (evidence.parent / "rules.json").read_bytes()
    assert json.loads(evidence.read_text(encoding="utf-8"))["about"]["rules_sha256"] == hashlib.sha256(kept).hexdigest()
    assert b"no ssh" in kept
