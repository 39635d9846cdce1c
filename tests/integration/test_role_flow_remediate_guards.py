# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans and captures that promise more than they hold: none of them gets past the guards of flow_remediate."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan.plan import digest
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    Identity,
    fact,
    failed,
    live,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION, PlaybookRunner, Run

ZONE = "us-east-1a"
OTHER_ZONE = "us-east-1b"
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
        common = {
            "flow_remediate_firewall_arn": arn,
            "flow_remediate_connection": connection(run_playbook),
            "flow_remediate_trial": False,
        }
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
    operations = [{"availability_zone": ZONE, "flow_filters": [{"any": True}], "flow_count": 1}]
    plan = {"firewall_arn": arn, "operations": operations}
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
    assert "1 finding was left alone" in run.output
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
        "flow_audit_policy": {"rules": [{"name": "none", "action": "deny", "destination_port": 1}]},
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
        policy: {rules: [{name: none, action: deny, destination_address: 192.0.2.255}]}
"""
    wrong = run_playbook(playbook, {"src": str(log), "name": "egres", "partial": False})
    assert wrong["Judge"]["msg"] == "firewall_name: 'egres' is not allowed; the flow log has flows of egress."
    right = run_playbook(playbook, {"src": str(log), "name": "egress", "partial": False})
    assert right["Judge"]["verdict"] == "compliant"
    unsaid = run_playbook(playbook, {"src": str(log), "name": "egress", "partial": None})
    assert unsaid["Judge"]["verdict"] == "inconclusive"


# -- every guard on firewalls where each has a reason to refuse ------------------------------------------------------

TELNET = {"source_address": "10.0.0.0/29", "destination_port": 23, "protocols": ["tcp"]}
HOURS = 7200
# What lets a run go on past each guard; a host that lacks one of them is named after it.
OVERRIDES: dict[str, dict[str, Any]] = {
    "out-of-sync": {"flow_remediate_allow_out_of_sync": True},
    "continue": {"flow_remediate_allow_continue": True},
    "shared": {"flow_remediate_allow_endpoint_associations": True},
    "collateral": {"flow_remediate_allow_collateral": True},
}
REFUSALS = {
    "out-of-sync": ["PENDING, not IN_SYNC", "flow_remediate_sync_timeout, 1 seconds", "allow_out_of_sync"],
    "continue": ["stream exception policy", "is CONTINUE", "flow_remediate_allow_continue"],
    "shared": [
        *(":vpc-endpoint-association/", "1 of other accounts that cannot be seen"),
        "flow_remediate_allow_endpoint_associations",
    ],
    "collateral": ["would cut 1 innocent flows too", "flow_remediate_allow_collateral"],
    "hash": ["flow_remediate_approved_hash, 'abc'"],
    "elsewhere": [
        "flow_remediate_availability_zones: 'us-east-1x' is not allowed; the firewall has the zones us-east-1a."
    ],
}


class Guarded:
    """Firewalls that are out of sync, shared, let cut flows go on, and have an old plan with collateral."""

    def __init__(self, control: Control, aws: Any, folder: Path) -> None:
        self.control = control
        self.aws = aws
        self.folder = folder
        self.hosts: dict[str, dict[str, Any]] = {}
        self.arns: dict[str, str] = {}
        self.before: dict[str, Counter[Identity]] = {}

    def add(self, name: str, zones: tuple[str, ...] = (ZONE,), policy: str | None = "DROP", **variables: Any) -> str:
        """Add a firewall with a stream exception policy, on which nothing would refuse, and return its ARN."""
        flows = [flow(n, 23 if n < 5 else 443, age=20_000) for n in range(200)]
        options = {"flows": dict.fromkeys(zones, flows), "stream_exception_policy": policy}
        arn = str(self.control.add_firewall(name, **options)["arn"])
        self.arns[name] = arn
        self.hosts[name] = {
            "firewall_arn": arn,
            "flow_remediate_evidence_dir": "",
            "flow_remediate_trial": False,
            **variables,
        }
        self.before[name] = live(self.aws, arn, zones)
        return arn

    def add_hazardous(self, name: str, **variables: Any) -> None:
        """Add a firewall on which every guard would refuse, with the overrides of all guards but the one named."""
        overrides = {key: value for guard, given in OVERRIDES.items() if guard != name for key, value in given.items()}
        arn = self.add(name, policy="CONTINUE", **{**overrides, "flow_remediate_sync_timeout": 1, **variables})
        self.hosts[name]["flow_remediate_plan"] = plan(arn, collateral=1)
        self.control.add_association(name, ZONE)
        self.control.add_association(name, ZONE, account_id="210987654321")
        self.control.set_sync_state(name, "PENDING")

    def starts(self, name: str, operation: str = "StartFlowFlush") -> list[dict[str, Any]]:
        """Return the starts on a firewall, without those of the capture that looked at it before."""
        return starts_of(self.control, self.arns[name], operation)[1 if operation == "StartFlowCapture" else 0 :]

    def left(self, name: str, *zones: str) -> Counter[Identity]:
        """Return what is gone from a firewall by now."""
        return self.before[name] - live(self.aws, self.arns[name], zones or (ZONE,))


def plan(arn: str, zones: tuple[str, ...] = (ZONE,), **members: Any) -> dict[str, Any]:
    """A plan as an audit made it two hours ago."""
    captured_at = datetime.now(timezone.utc) - timedelta(seconds=HOURS)
    operations = [
        {
            "availability_zone": zone,
            "minimum_flow_age": 0,
            "captured_at": captured_at.isoformat(),
            "flow_filters": [TELNET],
            "flow_counts": [5],
            "flow_count": 5,
        }
        for zone in zones
    ]
    return {
        "firewall_arn": arn,
        "operations": operations,
        "hash": digest(arn, operations),
        "captured_flow_count": 200 * len(zones),
        **members,
    }


@pytest.fixture(scope="module")
def guarded(
    emulator: Emulator, control: Control, aws: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, Guarded]:
    """One run over a firewall for each guard, and over some on which it goes on."""
    folder = tmp_path_factory.mktemp("guarded")
    runner = FirewallRunner(folder, emulator.url)
    firewalls = Guarded(control, aws, runner.started_in())
    control.settings(duration=0, next_status=[])
    for name in OVERRIDES:
        firewalls.add_hazardous(name)
    firewalls.add_hazardous("hash", flow_remediate_approved_hash="abc")
    firewalls.add_hazardous("elsewhere", flow_remediate_availability_zones=["us-east-1x"])
    firewalls.add_hazardous("overridden")
    run = runner("flowops.aws.remediate", firewalls.hosts, started_in=firewalls.folder)
    control.settings(duration=0.3)
    return run, firewalls


@pytest.fixture(scope="module")
def halves(guarded: tuple[Run, Guarded], emulator: Emulator, control: Control) -> tuple[Run, Guarded]:
    """One run whose first capture is partial and whose second flush fails, of filters in two zones."""
    _run, firewalls = guarded
    control.settings(duration=0)
    firewalls.hosts.clear()
    allowed = {"flow_remediate_flow_filters": [TELNET], "flow_remediate_allow_partial": True}
    firewalls.add("half", (ZONE, OTHER_ZONE), flow_remediate_evidence_dir="evidence", **allowed)
    control.settings(next_status=["COMPLETED_WITH_ERRORS"])
    control.misbehave(flush={"status": "FAILED", "skip": 1})
    runner = FirewallRunner(firewalls.folder, emulator.url)
    run = runner("flowops.aws.remediate", firewalls.hosts, started_in=firewalls.folder)
    control.behave()
    control.settings(duration=0.3)
    return run, firewalls


@pytest.mark.parametrize("name", REFUSALS)
def test_each_guard_refuses_and_names_its_override(guarded: tuple[Run, Guarded], name: str) -> None:
    run, firewalls = guarded
    first, last = failed(run, name)
    message = first.result["msg"]
    assert_sentence(message, REFUSALS[name], name)
    # Told by one task; there is no evidence of which the other could say where it is.
    assert last.result["msg"] == f"{name}: refused, for the reason that the task before gave; 0 flushes begun."
    assert fact(run, name, "flow_remediate_result")["message"] == message
    if name in OVERRIDES:
        assert next(iter(OVERRIDES[name])) in message
        assert "nothing was cut" in message.lower()
    assert firewalls.starts(name) == firewalls.starts(name, "StartFlowCapture") == []
    assert not firewalls.left(name)


def test_overridden_guards_let_it_go_on(guarded: tuple[Run, Guarded]) -> None:
    run, firewalls = guarded
    assert not failed(run, "overridden")
    result = fact(run, "overridden", "flow_remediate_result")
    assert (result["verdict"], result["gone"], result["stream_exception_policy"]) == ("remediated", 5, "CONTINUE")
    assert {found[4] for found in firewalls.left("overridden")} == {"23"}
    assert firewalls.left("overridden").total() == 5
    assert "CONTINUE" in run.recorded("Say what the flush does to clients", "overridden").result["msg"]


def test_a_partial_capture_is_gone_by_when_that_is_allowed(halves: tuple[Run, Guarded]) -> None:
    run, firewalls = halves
    assert run.recorded("Count what they match", "half").result["partial"] is True
    assert {found[0] for found in firewalls.left("half", ZONE, OTHER_ZONE)} < {ZONE, OTHER_ZONE}
    assert firewalls.left("half", ZONE, OTHER_ZONE).total() == 5


def test_a_flush_that_fails_halfway_leaves_evidence_of_what_it_did(halves: tuple[Run, Guarded]) -> None:
    run, firewalls = halves
    first, last = failed(run, "half")
    assert_sentence(first.result["msg"], ["The flow operation", "failed"])
    assert last.result["msg"].startswith("half: failed, for the reason that the task before gave; 2 flushes begun. ")
    begun = [start["flow_operation_id"] for start in firewalls.starts("half")]
    (sealed,) = (firewalls.folder / "evidence").glob("*-half/*Z")
    assert json.loads((sealed / "manifest.json").read_bytes())["verdict"] == "failed"
    assert json.loads((sealed / "verdict.json").read_bytes())["message"] == first.result["msg"]
    operations = json.loads((sealed / "operations.json").read_bytes())
    flushes = {
        item["flow_operation_id"]: item["flow_operation_status"] for item in operations if item["purpose"] == "flush"
    }
    assert sorted(flushes) == sorted(begun)
    assert sorted(flushes.values()) == ["COMPLETED", "FAILED"]


def test_no_traceback_is_shown(guarded: tuple[Run, Guarded]) -> None:
    run, _firewalls = guarded
    assert run.rc == 2
    assert "Traceback" not in run.output
