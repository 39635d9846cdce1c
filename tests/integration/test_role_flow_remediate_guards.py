# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans and captures that promise more than they hold: none of them gets past the guards of flow_remediate."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.runner import REGION, PlaybookRunner, Run

ZONE = "us-east-1a"
AUDIT = """
- name: Audit
  hosts: localhost
  gather_facts: false
  roles:
    - role: flowops.aws.flow_audit
  tasks:
    - name: Told
      ansible.builtin.debug:
        var: flow_audit_result
"""


@pytest.fixture(scope="module")
def firewall(control: Control) -> Callable[[str], str]:
    def make(name: str, extra: list[dict[str, Any]] | None = None) -> str:
        flows = [flow(n, 23 if n < 5 else 443) for n in range(200)] + (extra or [])
        return str(control.add_firewall(name, flows={ZONE: flows})["arn"])

    return make


def flow(number: int, port: int, **members: Any) -> dict[str, Any]:
    return {
        "source_address": f"10.0.0.{number + 1}",
        "source_port": 40000 + number,
        "destination_address": "192.0.2.1",
        "destination_port": port,
        "protocol": "tcp",
        "age": 500,
        "byte_count": 1000,
        "packet_count": 3,
        **members,
    }


def connection(run_playbook: PlaybookRunner) -> dict[str, Any]:
    return {"endpoint_url": run_playbook.endpoint_url, "region": REGION}


@pytest.fixture(scope="module")
def audited(run_playbook: PlaybookRunner) -> Callable[..., dict[str, Any]]:
    def audit(arn: str, rule: dict[str, Any]) -> dict[str, Any]:
        variables = {
            "flow_audit_firewall_arn": arn,
            "flow_audit_connection": connection(run_playbook),
            "flow_audit_policy": {"rules": [{"name": "cut", "action": "deny", **rule}]},
            "flow_audit_report_dir": "",
        }
        run = run_playbook(AUDIT, variables)
        assert run.rc == 0, run.explain()
        result: dict[str, Any] = run["Told"]["flow_audit_result"]
        return result

    return audit


@pytest.fixture(scope="module")
def remediate(run_playbook: PlaybookRunner) -> Callable[..., Run]:
    def go(arn: str, **variables: Any) -> Run:
        text = "- ansible.builtin.import_playbook: flowops.aws.remediate\n"
        common = {"flow_remediate_firewall_arn": arn, "flow_remediate_connection": connection(run_playbook)}
        return run_playbook(text, {**common, **variables})

    return go


def flushes(control: Control, arn: str) -> list[dict[str, Any]]:
    return [
        start
        for start in control.calls()["starts"]
        if start["operation"] == "StartFlowFlush" and start["request"]["FirewallArn"] == arn
    ]


def test_a_plan_that_understates_itself_is_counted_first(
    firewall: Callable[[str], str], remediate: Callable[..., Run], control: Control
) -> None:
    arn = firewall("understated")
    plan = {"operations": [{"availability_zone": ZONE, "flow_filters": [{"any": True}], "flow_count": 1}]}
    run = remediate(arn, flow_remediate_plan=plan, flow_remediate_max_flows=100)
    assert run.rc != 0
    assert "200 flows would be cut" in run.output
    assert flushes(control, arn) == []


def test_a_plan_that_was_changed_is_refused(
    firewall: Callable[[str], str], audited: Callable[..., Any], remediate: Callable[..., Run], control: Control
) -> None:
    arn = firewall("changed")
    plan = audited(arn, {"destination_port": [23]})["plan"]
    plan["operations"][0]["flow_filters"] = [{"any": True}]
    run = remediate(arn, flow_remediate_plan=plan)
    assert run.rc != 0
    assert "its hash" in run.output
    assert flushes(control, arn) == []


def test_a_plan_of_another_firewall_is_refused(
    firewall: Callable[[str], str], audited: Callable[..., Any], remediate: Callable[..., Run], control: Control
) -> None:
    one, other = firewall("one"), firewall("other")
    run = remediate(other, flow_remediate_plan=audited(one, {"destination_port": [23]})["plan"])
    assert run.rc != 0
    assert f"it was made for '{one}'" in run.output
    assert flushes(control, other) == flushes(control, one) == []


def test_a_partial_count_is_no_count(
    firewall: Callable[[str], str], remediate: Callable[..., Run], control: Control
) -> None:
    arn = firewall("partly")
    filters = [{"source_address": "10.0.0.0/8"}]
    control.settings(next_status=["COMPLETED_WITH_ERRORS"])
    run = remediate(arn, flow_remediate_flow_filters=filters)
    assert run.rc != 0
    assert "flow_remediate_allow_partial" in run.output
    assert flushes(control, arn) == []


def test_findings_that_no_filter_can_cut_are_not_called_remediated(
    firewall: Callable[..., str], audited: Callable[..., Any], remediate: Callable[..., Run], control: Control
) -> None:
    ping = {"source_address": "10.0.9.9", "destination_address": "192.0.2.9", "protocol": "icmp", "age": 500}
    arn = firewall("pings", [{**ping, "byte_count": 10}, {**ping, "byte_count": 10_000_000}])
    audit = audited(arn, {"min_bytes": 1_000_000})
    assert (audit["findings_total"], audit["plan"]["inseparable"]) == (1, 1)
    run = remediate(arn, flow_remediate_audit=audit)
    assert run.rc != 0
    assert "1 findings were left alone" in run.output
    assert flushes(control, arn) == []


def test_variables_of_another_role_do_not_reach_in(
    firewall: Callable[[str], str], audited: Callable[..., Any], remediate: Callable[..., Run], control: Control
) -> None:
    arn = firewall("crossed")
    outside = {"flow_verify_flow_filters": [{"any": True}], "flow_verify_fail_on": ["remediated"]}
    run = remediate(arn, flow_remediate_audit=audited(arn, {"destination_port": [23]}), **outside)
    assert run.rc == 0, run.explain()
    assert "remediated; 5 of 5 flows are gone" in run.output
    assert len(flushes(control, arn)) == 1


@pytest.mark.parametrize(("fail_on", "rc"), [("noncompliant", 0), ("compliant", 2), ("noncompliant,compliant", 2)])
def test_a_verdict_in_a_text_is_not_found_inside_another(
    firewall: Callable[[str], str], run_playbook: PlaybookRunner, fail_on: str, rc: int
) -> None:
    variables = {
        "flow_audit_firewall_arn": firewall(f"text-{len(fail_on)}"),
        "flow_audit_connection": connection(run_playbook),
        "flow_audit_policy": {"rules": []},
        "flow_audit_report_dir": "",
        "flow_audit_fail_on": fail_on,
    }
    assert run_playbook(AUDIT, variables).rc == rc


@pytest.mark.parametrize(
    "narrow",
    [{"minimum_flow_age": 100000, "flow_filters": [{"any": True}]}, {"flow_filters": [{"source_address": "10.9.9.9"}]}],
)
def test_a_capture_that_cannot_see_the_plans_flows_proves_nothing(
    firewall: Callable[[str], str], audited: Callable[..., Any], run_playbook: PlaybookRunner, narrow: dict[str, Any]
) -> None:
    arn = firewall(f"narrow-{len(narrow)}")
    plan = audited(arn, {"destination_port": [23]})["plan"]
    playbook = """
- name: Verify
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws: {endpoint_url: "{{ endpoint_url }}", region: "{{ region }}", firewall_arn: "{{ arn }}"}
  tasks:
    - name: Capture
      flowops.aws.networkfirewall_flow_capture: "{{ {'wait': true} | combine(narrow) }}"
      register: capture

    - name: Compare
      flowops.aws.networkfirewall_flow_verify:
        operations: "{{ capture.flow_operations }}"
        plan: "{{ plan.operations }}"
"""
    result = run_playbook(playbook, {"arn": arn, "narrow": narrow, "plan": plan})["Compare"]
    assert (result["verdict"], result["partial"]) == ("inconclusive", True)


def test_a_mistyped_firewall_of_a_log_is_named(run_playbook: PlaybookRunner, tmp_path: Any) -> None:
    entry = {
        "firewall_name": "egress",
        "availability_zone": ZONE,
        "event": {"event_type": "netflow", "src_ip": "10.0.0.1", "dest_ip": "192.0.2.1", "proto": "TCP", "flow_id": 1},
    }
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps(entry) + "\n")
    playbook = """
- name: Judge
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Judge
      flowops.aws.networkfirewall_flow_audit:
        src: "{{ src }}"
        firewall_name: "{{ name }}"
        partial: "{{ partial }}"
        policy: {rules: []}
"""
    wrong = run_playbook(playbook, {"src": str(log), "name": "egres", "partial": False})
    assert wrong["Judge"]["msg"] == "firewall_name: 'egres' is not allowed; the flow log has flows of egress."
    right = run_playbook(playbook, {"src": str(log), "name": "egress", "partial": False})
    assert right["Judge"]["verdict"] == "compliant"
    unsaid = run_playbook(playbook, {"src": str(log), "name": "egress", "partial": None})
    assert unsaid["Judge"]["verdict"] == "inconclusive"
