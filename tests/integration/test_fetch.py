# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audits that fetch only what can be a finding, beside those that fetch every flow, and what follows from them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.emulator.world.generate import write_log
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    calls_of,
    fact,
    failed,
    flow,
    live,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

ROOT = Path(__file__).resolve().parents[2]
ZONES = ["us-east-1a", "us-east-1b"]
FLOWS = 12_000
PLAYBOOK = "flowops.aws.audit"
RULES = """
pass ip 10.0.0.0/8 any <> 10.0.0.0/8 any (sid:1;)
drop tcp any any -> any 3389 (msg:"no rdp"; sid:2;)
drop tls any any -> any 993 (tls.sni; content:"x"; sid:3;)
"""
CUT = """
- hosts: "{{ flowops_hosts }}"
  gather_facts: false
  roles:
    - flowops.aws.flow_audit
    - role: flowops.aws.flow_remediate
      vars:
        flow_remediate_audit: "{{ flow_audit_result }}"
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    path = tmp_path_factory.mktemp("log") / "flows.jsonl.gz"
    write_log(path, seed=5, firewalls=1, zones=2, flows=FLOWS)
    with Emulator([path], duration=0.1) as running:
        yield running


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    control.set_rules("egress", [{"name": "own", "rules": RULES}], home_net=["10.0.0.0/8"])
    (firewall,) = control.state()["firewalls"]
    return str(firewall["firewall_arn"])


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    given: dict[str, Any] = yaml.safe_load((ROOT / "tests/demo/policy.yml").read_text(encoding="utf-8"))
    threats = (ROOT / "tests/demo/threats.txt").read_text(encoding="utf-8")
    lines = [line.partition("#")[0].strip() for line in threats.splitlines()]
    return {**given, "sets": {**given["sets"], "threats": [line for line in lines if line]}}


def told_of(result: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    """The flows that an audit wrote as findings, and the rule that each breaks, without what grows."""
    members = ("availability_zone", "source_address", "source_port", "destination_address", "destination_port", "rule")
    with gzip.open(result["files"]["findings_dest"]["path"], "rt", encoding="utf-8") as file:
        return Counter(tuple(json.loads(line).get(member) for member in members) for line in file)


class Audits:
    """Audits of the same firewall, one after another, and how many pages of flows each of them read."""

    def __init__(self, runner: FirewallRunner, control: Control, arn: str) -> None:
        self.runner = runner
        self.control = control
        self.arn = arn
        self.pages: dict[str, int] = {}

    def __call__(self, fetch: str, **variables: Any) -> tuple[Run, dict[str, Any]]:
        before = calls_of(self.control)["ListFlowOperationResults"]
        run = self.runner(PLAYBOOK, {"egress": {"firewall_arn": self.arn, "flow_audit_fetch": fetch, **variables}})
        assert run.rc == 0, run.explain()
        self.pages[fetch] = calls_of(self.control)["ListFlowOperationResults"] - before
        return run, fact(run, "egress", "flow_audit_result")


@pytest.fixture(scope="module")
def audits(runner: FirewallRunner, control: Control, arn: str) -> Audits:
    return Audits(runner, control, arn)


def test_a_policy_finds_the_same_on_a_fraction_of_the_pages(
    audits: Audits, policy: dict[str, Any], control: Control, arn: str
) -> None:
    _run, whole = audits("all", flow_audit_policy=policy)
    run, part = audits("findings", flow_audit_policy=policy)
    assert told_of(part) == told_of(whole) and whole["findings_total"] > 100
    assert (part["verdict"], part["reasons"], part["partial"]) == ("noncompliant", [], False)
    assert part["counts"] == whole["counts"]
    assert whole["flow_count"] == FLOWS and part["flow_count"] < FLOWS / 10
    assert audits.pages["findings"] <= audits.pages["all"] / 10
    # The plan cuts the same flows, and says that nobody knows of how many.
    assert part["plan"]["flow_count"] == whole["plan"]["flow_count"] == whole["findings_total"]
    assert part["plan"]["fetch"] == "findings" and "captured_flow_count" not in part["plan"]
    # Old flows alone are asked for by a capture of their own, one a zone at a time.
    asked = part["fetch"]["captures"]
    assert part["fetch"]["fetched"] == "findings" and {item["minimum_flow_age"] for item in asked} == {0, 3598}
    assert all(1 <= len(item["flow_filters"]) <= 20 for item in asked)
    starts = starts_of(control, arn, "StartFlowCapture")[len(ZONES) :]
    assert len(starts) == len(ZONES) * len(asked)
    assert "Only flows that can be findings were captured and counted." in run.output
    report = Path(next(item["dest"] for item in part["reports"] if item["format"] == "markdown"))
    assert "cannot be asked for" in report.read_text(encoding="utf-8")


def test_the_firewalls_own_rules_find_the_same(audits: Audits) -> None:
    _run, whole = audits("all")
    _run, part = audits("findings")
    assert told_of(part) == told_of(whole) and whole["findings_total"] > 20
    fates, others = part["counts"]["by_fate"], whole["counts"]["by_fate"]
    assert (fates["dropped"], fates["undecided"]) == (others["dropped"], others["undecided"])
    assert others["undecided"] > 20 and fates["passed"] < others["passed"] / 3
    assert part["undecided"] == whole["undecided"]
    assert audits.pages["findings"] <= audits.pages["all"] / 3


def test_nothing_found_is_compliant_and_says_what_was_asked_for(audits: Audits) -> None:
    rules = [{"name": "no-chargen", "action": "deny", "destination_port": [19]}]
    _run, result = audits("findings", flow_audit_policy={"rules": rules}, flow_audit_report_dir="")
    assert (result["verdict"], result["flow_count"], result["findings_total"]) == ("compliant", 0, 0)
    assert result["fetch"]["fetched"] == "findings" and "cannot be asked for" in result["fetch"]["description"]


def test_everything_is_captured_where_nothing_less_would_do(audits: Audits) -> None:
    run, result = audits(
        "findings",
        flow_audit_policy={"default": "deny", "rules": []},
        flow_audit_report_dir="",
        flow_audit_max_findings=1,
    )
    assert result["fetch"]["fetched"] == "all" and result["flow_count"] == FLOWS
    assert "Every flow is captured: the best 20 filters" in run.output
    assert result["plan"]["captured_flow_count"] == FLOWS


def test_what_somebody_asks_for_bounds_what_is_captured(audits: Audits, control: Control, arn: str) -> None:
    bounds = [{"source_address": "10.20.0.0/16", "destination_port": "20-30"}]
    rules = [{"name": "ssh", "action": "deny", "destination_port": [22, 443], "protocols": ["tcp"]}]
    more = {"flow_audit_policy": {"rules": rules}, "flow_audit_flow_filters": bounds, "flow_audit_report_dir": ""}
    _run, result = audits("findings", **more)
    filters = starts_of(control, arn, "StartFlowCapture")[-1]["request"]["FlowFilters"]
    assert filters == [
        {"SourceAddress": {"AddressDefinition": "10.20.0.0/16"}, "DestinationPort": "22", "Protocols": ["6"]}
    ]
    assert result["findings_total"] == result["flow_count"] > 0


# -- rules that change, and captures that take too long ----------------------------------------------------------------


CHANGING = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws: {endpoint_url: "{{ endpoint_url }}", region: "{{ region }}"}
  tasks:
    - name: Capture what a rule can find
      flowops.aws.networkfirewall_flow_capture:
        firewall_arn: "{{ arn }}"
        flow_filters: [{any: true}]
        fetch: findings
        policy: {rules: [{name: telnet, action: deny, destination_port: [23]}]}
        wait: true
      register: capture

    - name: Judge by another one
      flowops.aws.networkfirewall_flow_audit:
        firewall_arn: "{{ arn }}"
        operations: "{{ capture.flow_operations }}"
        policy: {rules: [{name: chargen, action: deny, destination_port: [19]}]}

    - name: Judge by the same
      flowops.aws.networkfirewall_flow_audit:
        firewall_arn: "{{ arn }}"
        operations: "{{ capture.flow_operations }}"
        policy: {rules: [{name: telnet, action: deny, destination_port: [23]}]}

    - name: Compare with a baseline
      flowops.aws.networkfirewall_flow_audit:
        firewall_arn: "{{ arn }}"
        operations: "{{ capture.flow_operations }}"
        policy: {rules: [{name: telnet, action: deny, destination_port: [23]}]}
        baseline: /dev/null
      ignore_errors: true

    - name: Give a policy for nothing
      flowops.aws.networkfirewall_flow_capture:
        firewall_arn: "{{ arn }}"
        flow_filters: [{any: true}]
        policy: {rules: []}
      ignore_errors: true

    - name: Capture for too short a time
      flowops.aws.networkfirewall_flow_capture:
        firewall_arn: "{{ arn }}"
        flow_filters: [{any: true}]
        wait: true
        wait_timeout: 1
      ignore_errors: true
"""


def test_rules_that_have_changed_since_are_never_compliant(run_playbook: Any, arn: str, control: Control) -> None:
    control.settings(duration=2)
    run = run_playbook(CHANGING, {"arn": arn})
    control.settings(duration=0.1)
    other = run["Judge by another one"]
    assert (other["verdict"], other["partial"], other["reasons"]) == ("inconclusive", True, ["partial"])
    assert "has changed since they were captured" in run.output
    assert run["Judge by the same"]["partial"] is False
    messages = {
        name: run.recorded(name).result["msg"] for name in ("Compare with a baseline", "Give a policy for nothing")
    }
    assert_sentence(messages["Compare with a baseline"], ["baseline", "fetch=findings"])
    assert_sentence(messages["Give a policy for nothing"], ["policy", "fetch=findings"])
    late = run.recorded("Capture for too short a time").result["msg"]
    assert "wait_timeout, 1 seconds" in late and "fetch=findings" in late and "flow_audit_fetch: findings" in late


# -- remediation -------------------------------------------------------------------------------------------------------


def test_the_plan_of_a_part_is_carried_out_with_a_maximum_and_refused_without(
    runner: FirewallRunner, control: Control, aws: Any
) -> None:
    hosts = {}
    for name, more in (("refused", {}), ("cut", {"flow_remediate_max_flows": 50})):
        records = [flow(number, 23) for number in range(1, 31)] + [flow(number, 443) for number in range(31, 200)]
        made = control.add_firewall(name, flows={ZONES[0]: records})["arn"]
        hosts[name] = {
            "firewall_arn": made,
            "flow_audit_fetch": "findings",
            "flow_audit_policy": {"rules": [{"name": "no-telnet", "action": "deny", "destination_port": [23]}]},
            "flow_remediate_max_percent": 50,
            **more,
        }
    run = runner(CUT, hosts)
    message = str(failed(run, "refused")[0].result["msg"])
    assert "flow_remediate_max_flows" in message, run.explain()
    assert "30 flows would be cut" in message
    assert not starts_of(control, hosts["refused"]["firewall_arn"], "StartFlowFlush")
    result = fact(run, "cut", "flow_remediate_result")
    assert (result["verdict"], result["planned"], result["gone"]) == ("remediated", 30, 30), run.explain()
    left = live(aws, hosts["cut"]["firewall_arn"], ZONES[:1])
    assert left.total() == 169 and not [found for found in left if found[4] == "23"]
