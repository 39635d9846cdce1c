# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls to AWS, counted by the emulator, are those that the guide to costs tells."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_costs.rst"
# Captures and flushes end at once: they are asked about once.
DURATION = 0
ASKED = 1
POLICY = {
    "default": "allow",
    "rules": [{"name": "desktop", "action": "deny", "protocols": ["tcp"], "destination_port": [23, 3389]}],
}
DROPS = "drop tcp any any -> any 3389 (sid:1;)"
FLUSH = """
- name: Flush what a plan names
  hosts: all
  gather_facts: false
  tasks:
    - name: Flush
      flowops.aws.networkfirewall_flow_flush:
        firewall_arn: "{{ firewall_arn }}"
        region: us-east-1
        endpoint_url: "{{ flow_audit_connection.endpoint_url }}"
        operations: "{{ operations }}"
        wait: true
"""


def formulas() -> dict[str, str]:
    """Return the formulas of the guide by what they are of."""
    return dict(re.findall(r"^   \* - ([A-Z].*)\n     - ``(.+)``$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))


def told(what: str, **letters: int) -> int:
    """Return how many calls the guide tells for something; its letters must be those of the guide's formula."""
    tree = ast.parse(formulas()[what], mode="eval")
    assert {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} == set(letters)
    return _value(tree.body, letters)


def _value(node: ast.expr, letters: dict[str, int]) -> int:
    """Return what a formula of sums and products comes to."""
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, letters), _value(node.right, letters)
        return left + right if isinstance(node.op, ast.Add) else left * right
    if isinstance(node, ast.Name):
        return letters[node.id]
    assert isinstance(node, ast.Constant)
    return int(node.value)


class Audited:
    """A firewall of some zones, and the folder that its files go to."""

    def __init__(self, runner: FirewallRunner, control: Control, name: str, zones: int, flows: int) -> None:
        self.runner, self.control, self.zones = runner, control, zones
        names = [f"us-east-1{'abc'[number]}" for number in range(zones)]
        self.arn = control.add_firewall(name, zones=names, synthetic_flows=flows, seed=zones)["arn"]
        self.folder = runner.started_in()
        # Of each zone, which has as many flows as the others.
        self.pages = zones * -(-flows // zones // 100)

    def calls(self, playbook: str, **variables: Any) -> Counter[str]:
        """Run a playbook over the firewall and return what it asked of AWS, by operation."""
        before = Counter(self.control.calls()["counts"])
        run = self.runner(playbook, {"one": {"firewall_arn": self.arn}}, variables, started_in=self.folder)
        assert run.rc == 0, run.explain()
        return Counter(self.control.calls()["counts"]) - before

    def audited(self) -> Counter[str]:
        return self.calls("flowops.aws.audit", flow_audit_policy=POLICY, flow_audit_report_dir=str(self.folder))

    @property
    def plan(self) -> Path:
        (path,) = self.folder.glob("*-plan.json")
        return path


SIZES = [(1, 90), (1, 450), (3, 2_400)]


@pytest.fixture(scope="module", params=SIZES, ids=str)
def audited(runner: FirewallRunner, control: Control, request: pytest.FixtureRequest) -> Audited:
    zones, flows = request.param
    return Audited(runner, control, f"cost-{zones}-{flows}", zones, flows)


@pytest.fixture(scope="module")
def audit(audited: Audited) -> Counter[str]:
    return audited.audited()


def test_an_audit_by_a_policy(audited: Audited, audit: Counter[str]) -> None:
    assert audit.total() == told("An audit by a policy", z=audited.zones, d=ASKED, p=audited.pages)


def test_an_audit_by_the_rules(audited: Audited) -> None:
    calls = audited.calls("flowops.aws.audit", flow_audit_report_dir="")
    groups = calls["DescribeRuleGroup"]
    expected = told("An audit by the firewall's rules", g=groups, z=audited.zones, d=ASKED, p=audited.pages)
    assert calls.total() == expected


@pytest.mark.parametrize("own_rules", [False, True])
def test_an_audit_of_what_can_be_a_finding(audited: Audited, control: Control, own_rules: bool) -> None:
    more = {} if own_rules else {"flow_audit_policy": POLICY}
    control.set_rules(audited.arn.rpartition("/")[2], [{"name": "own", "rules": DROPS}])
    before = control.calls()["starts"]
    calls = audited.calls("flowops.aws.audit", flow_audit_fetch="findings", flow_audit_report_dir="", **more)
    captures = len(control.calls()["starts"]) - len(before)
    # What a capture lists hangs on the firewall's flows.
    pages = calls["ListFlowOperationResults"]
    assert pages < audited.pages or audited.pages == audited.zones
    letters = {"z": audited.zones, "d": ASKED, "p": pages}
    if own_rules:
        groups = calls["DescribeRuleGroup"] // 2
        expected = told("An audit by the firewall's rules, of what can be a finding", g=groups, **letters)
    else:
        captures //= audited.zones
        expected = told("An audit by a policy, of what can be a finding", k=captures, **letters)
    assert calls.total() == expected, calls


def test_what_is_alive(audited: Audited) -> None:
    calls = audited.calls("flowops.aws.flows", flow_audit_report_dir="")
    assert calls.total() == told("What is alive", z=audited.zones, d=ASKED, p=audited.pages)


def test_a_verification(audited: Audited, audit: Counter[str]) -> None:
    assert audit
    calls = audited.calls("flowops.aws.verify", flow_verify_plan=str(audited.plan), flow_verify_fail_on=[])
    assert calls.total() == told("A verification", z=audited.zones, d=ASKED, p=audited.pages)


@pytest.mark.parametrize(("zones", "flows"), [(1, 450), (3, 2_400)])
def test_a_flush_by_a_plan(runner: FirewallRunner, control: Control, zones: int, flows: int) -> None:
    audited = Audited(runner, control, f"flush-{zones}", zones, flows)
    audited.audited()
    operations = json.loads(audited.plan.read_text(encoding="utf-8"))["operations"]
    calls = audited.calls(FLUSH, operations=operations)
    listed = sum(-(-operation["flow_count"] // 100) for operation in operations)
    assert calls["StartFlowFlush"] == len(operations)
    assert calls.total() == told("A flush by a plan", z=zones, o=len(operations), d=ASKED, q=listed)


@pytest.mark.parametrize(("zones", "flows"), [(1, 300), (3, 900)])
def test_a_remediation_of_a_plan(runner: FirewallRunner, control: Control, zones: int, flows: int) -> None:
    audited = Audited(runner, control, f"remediate-{zones}", zones, flows)
    audited.audited()
    plan = json.loads(audited.plan.read_text(encoding="utf-8"))
    calls = audited.calls(
        "flowops.aws.remediate",
        flow_remediate_plan=str(audited.plan),
        flow_remediate_approved_hash=plan["hash"],
        flow_remediate_evidence_dir=str(audited.folder / "evidence"),
        flow_remediate_max_percent=90,
        flow_remediate_max_flows=flows,
        # Flows that are only seconds old are spared at first, and would be worth another round.
        flow_remediate_rounds=1,
        flow_remediate_fail_on=[],
    )
    flushes, pages = calls["StartFlowFlush"], calls["ListFlowOperationResults"]
    assert flushes - len(plan["operations"]) in (1, 2)
    assert calls.total() == told("A remediation of a plan, in one round", z=zones, f=flushes, d=ASKED, p=pages, q=0)


def test_the_seconds_are_those_of_the_calls() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - ([\d,]+)\n     - ([\d,]+)\n     - ([\d.]+)$", text, re.MULTILINE)
    assert len(rows) == 4
    for flows, pages, seconds in rows:
        of_a_zone = -(-int(flows.replace(",", "")) // 3 // 100)
        assert int(pages.replace(",", "")) == of_a_zone
        assert float(seconds) == pytest.approx(0.05 * (4 + 3 + of_a_zone), abs=0.2)
