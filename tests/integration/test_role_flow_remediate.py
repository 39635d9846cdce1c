# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    Identity,
    captured,
    fact,
    failed,
    flow,
    live,
    plan_of,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

DURATION = 0.2
ZONES = ["us-east-1a", "us-east-1b"]
TELNET = "23"
ALLOWED = range(40000, 40100, 2)
POLICY = {
    "rules": [
        {"name": "old-terminals", "action": "allow", "source_port": list(ALLOWED)},
        {"name": "no-telnet", "action": "deny", "destination_port": [23], "protocols": ["tcp"]},
    ]
}

# Audits, lets a flow be born that looks like one of the findings, and remediates.
CHAIN = """
- name: Audit and remediate
  hosts: all
  gather_facts: false
  tasks:
    - name: Audit
      ansible.builtin.include_role:
        name: flowops.aws.flow_audit
    - name: Let a twin of a finding be born
      ansible.builtin.uri:
        url: "{{ flow_audit_connection.endpoint_url }}/_emulator/flows"
        method: POST
        body_format: json
        body: "{{ twin }}"
    - name: Remediate
      ansible.builtin.include_role:
        name: flowops.aws.flow_remediate
      vars:
        flow_remediate_audit: "{{ flow_audit_result }}"
"""


def flows(guilty: int, innocent: int) -> list[dict[str, Any]]:
    """Telnet flows and others, IPv6, UDP and ICMP among them; each innocent one shares something with a guilty one."""
    made = [flow(number, 23) for number in range(1, guilty + 1)]
    for number in range(1, innocent + 1):
        kinds: list[dict[str, Any]] = [
            flow(number, 443),
            flow(number, 23, protocol="udp"),
            flow(number, 24),
            flow(number, 22, source_address=f"fd00::{number}", destination_address="2001:db8::5"),
            {**flow(number, 0, protocol="icmp"), "source_port": None, "destination_port": None},
        ]
        made.append({key: value for key, value in kinds[number % len(kinds)].items() if value is not None})
    return made


def alternating(guilty: int) -> list[dict[str, Any]]:
    """Telnet flows that the policy allows and forbids in turn, by address and port, so that each needs a filter."""
    return [flow(number, 23) for number in range(1, 2 * guilty)]


def is_telnet(found: Identity) -> bool:
    return found[4] == TELNET and found[5] == "6"


def telnet_of(before: Counter[Identity]) -> Counter[Identity]:
    return Counter({found: count for found, count in before.items() if is_telnet(found)})


def forbidden_of(before: Counter[Identity]) -> Counter[Identity]:
    return Counter({found: count for found, count in telnet_of(before).items() if int(found[2]) not in ALLOWED})


# -- from an audit ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain(runner: FirewallRunner, control: Control, aws: Any) -> dict[str, Any]:
    """An audit and its remediation in one play, and what lived on the firewall before and after."""
    control.settings(duration=0.5)
    content = {ZONES[0]: alternating(25) + flows(0, 60), ZONES[1]: alternating(45) + flows(0, 60)}
    arn = control.add_firewall("chain", flows=content)["arn"]
    before = live(aws, arn, ZONES)
    twin = flow(7, 23, age=0, byte_count=77)
    variables = {
        "firewall_arn": arn,
        "flow_audit_policy": POLICY,
        "flow_audit_report_dir": "",
        "flow_remediate_max_percent": 28,
        # What a trial cuts and costs has tests of its own.
        "flow_remediate_trial": False,
        "twin": {"firewall_name": "chain", "zone": ZONES[1], "flows": [twin]},
    }
    run = runner(CHAIN, {"chain": variables})
    assert run.rc == 0, run.explain()
    after = live(aws, arn, ZONES)
    control.settings(duration=0.2)
    return {"arn": arn, "run": run, "before": before, "after": after, "twin": twin}


def test_exactly_the_findings_of_an_audit_are_cut(chain: dict[str, Any]) -> None:
    twin = (ZONES[1], "10.0.0.7", "40007", "203.0.113.5", TELNET, "6", 10, 77)
    assert (forbidden_of(chain["before"]).total(), telnet_of(chain["before"]).total()) == (70, 138)
    # Flow by flow: what was found is gone, all else is there, and so is the twin, born after the capture.
    assert chain["after"] == chain["before"] - forbidden_of(chain["before"]) + Counter([twin])


def test_flows_that_were_born_since_are_told_as_such(chain: dict[str, Any]) -> None:
    result = fact(chain["run"], "chain", "flow_remediate_result")
    assert set(result) == {
        *("firewall_arn", "verdict", "partial", "planned", "gone", "survived", "reborn", "flows"),
        *("inseparable", "dropped", "by_rule", "flush_count", "flow_operations", "stream_exception_policy", "evidence"),
        *("nothing_else", "collateral_count", "collateral", "cut", "ended", "rehearsal", "trial"),
        *("caller_identity", "guards", "plan_hash", "versions", "percent", "capture_age", "asked_for"),
        *("flow_count_before", "flow_count_after", "began_at", "ended_at"),
    }
    assert (result["verdict"], result["planned"], result["survived"], result["reborn"]) == ("reborn", 70, 0, 1)
    assert result["partial"] is False
    assert result["by_rule"] == {"no-telnet": {"planned": 70, "gone": 70, "survived": 0, "reborn": 1}}
    assert [(item["source_port"], item["byte_count"], item["fate"], item["rule"]) for item in result["flows"]] == [
        (40007, 77, "reborn", "no-telnet")
    ]


def test_zones_are_flushed_beside_each_other_and_one_at_a_time(chain: dict[str, Any], control: Control) -> None:
    starts = starts_of(control, chain["arn"], "StartFlowFlush")
    sizes = [(start["request"]["AvailabilityZone"], len(start["request"]["FlowFilters"])) for start in starts]
    assert sorted(sizes) == [(ZONES[0], 5), (ZONES[0], 20), (ZONES[1], 5), (ZONES[1], 20), (ZONES[1], 20)]
    assert {zone for zone, _filters in sizes[:2]} == set(ZONES)
    # The emulator refuses a start in a busy zone; that every request became an operation says that none was tried.
    assert control.calls()["counts"]["StartFlowFlush"] == len(starts)
    result = fact(chain["run"], "chain", "flow_remediate_result")
    assert result["flush_count"] == len(starts)
    assert {item["flow_operation_id"] for item in result["flow_operations"]} == {
        start["flow_operation_id"] for start in starts
    }


# -- from plans and filters -------------------------------------------------------------------------------------------


class Hosts:
    """Firewalls of two zones, each with 5 telnet flows and 15 others in a zone: variables, and what lived there."""

    def __init__(self, control: Control, aws: Any) -> None:
        self.control = control
        self.aws = aws
        self.variables: dict[str, dict[str, Any]] = {}
        self.arns: dict[str, str] = {}
        self.before: dict[str, Counter[Identity]] = {}
        self.after: dict[str, Counter[Identity]] = {}

    def add(self, name: str, *, guilty: int = 5, age: int = 500, **variables: Any) -> dict[str, Any]:
        """Add a firewall; its telnet flows are born last and captured at once. Return the plan that cuts them."""
        arn = self.control.add_firewall(name, flows={zone: flows(0, 15) for zone in ZONES})["arn"]
        capture = {}
        for zone in ZONES:
            records = [{**record, "age": age} for record in flows(guilty, 0)]
            self.control.add_flows(name, zone, records)
            capture |= captured(self.aws, arn, [zone])
        plan = plan_of(arn, capture, is_telnet)
        self.arns[name] = arn
        self.before[name] = live(self.aws, arn, ZONES)
        self.variables[name] = {
            "firewall_arn": arn,
            "flow_remediate_max_percent": 25,
            "flow_remediate_trial": False,
            **variables,
        }
        return plan

    def add_with_plan(self, name: str, **options: Any) -> None:
        """Add a firewall whose plan is given as a mapping."""
        plan = self.add(name, **options)
        self.variables[name].setdefault("flow_remediate_plan", plan)

    def look(self) -> None:
        """Take down what lives on the firewalls now."""
        self.after = {name: live(self.aws, arn, ZONES) for name, arn in self.arns.items()}

    def flushes(self, name: str) -> list[dict[str, Any]]:
        """Return the requests of the flushes that were carried out on a firewall."""
        return [start["request"] for start in starts_of(self.control, self.arns[name], "StartFlowFlush")]


@pytest.fixture(scope="module")
def hosts(chain: dict[str, Any], control: Control, aws: Any) -> Hosts:
    return Hosts(control, aws)


@pytest.fixture(scope="module")
def run(hosts: Hosts, runner: FirewallRunner) -> Run:
    """One run of the playbook over firewalls that each are remediated, or refused, in a way of their own."""
    folder = runner.started_in()
    (folder / "plans").mkdir()
    (folder / "words.json").write_text("just words", encoding="utf-8")
    telnet = {"destination_address": "203.0.113.5", "destination_port": 23, "protocols": ["tcp"]}
    hosts.control.settings(duration=0)
    hosts.add_with_plan("mapping")
    plan = hosts.add("path", flow_remediate_plan="plans/plan.json")
    (folder / "plans" / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    hosts.add_with_plan("zone", flow_remediate_availability_zones=[ZONES[0]], flow_remediate_fail_on=["remediated"])
    hosts.add("filters", flow_remediate_flow_filters=[telnet])
    # Flows that were not a second old when they were captured, as old as what was born since.
    hosts.add_with_plan("young", age=0)
    hosts.add_with_plan("spared", age=0, flow_remediate_rounds=1)
    hosts.add("nothing")
    hosts.variables["nothing"]["flow_remediate_plan"] = {"firewall_arn": hosts.arns["nothing"], "operations": []}
    hosts.add("nobodys", flow_remediate_plan={"operations": plan["operations"]})
    hosts.add_with_plan("too-many", flow_remediate_max_flows=9)
    hosts.add_with_plan("too-large-a-share", flow_remediate_max_percent=24.9)
    hosts.add("too-many-by-filters", flow_remediate_flow_filters=[telnet], flow_remediate_max_flows=9)
    hosts.add("foreign", flow_remediate_plan=plan)
    anonymous = {"operations": plan["operations"]}
    hosts.add("foreign-audit", flow_remediate_audit={"firewall_arn": hosts.arns["path"], "plan": anonymous})
    hosts.variables["foreign-audit"]["flow_remediate_firewall_arn"] = hosts.arns["foreign-audit"]
    hosts.add("audit-without-plan", flow_remediate_audit={"firewall_arn": hosts.arns["path"]})
    hosts.add_with_plan("two-sources", flow_remediate_flow_filters=[telnet])
    hosts.add("no-source")
    hosts.add_with_plan("text-for-a-number", flow_remediate_max_flows="many")
    hosts.add("unknown-filter-key", flow_remediate_flow_filters=[{**telnet, "port": 23}])
    hosts.add("missing-plan", flow_remediate_plan="nowhere.json")
    hosts.add("words-for-a-plan", flow_remediate_plan="words.json")
    hosts.add("list-for-a-plan", flow_remediate_plan=plan["operations"])
    run = runner("flowops.aws.remediate", hosts.variables, started_in=folder)
    hosts.look()
    hosts.control.settings(duration=0.2)
    return run


@pytest.mark.parametrize("name", ["mapping", "path", "filters", "young"])
def test_exactly_what_was_named_is_cut(run: Run, hosts: Hosts, name: str) -> None:
    assert not failed(run, name), failed(run, name)
    assert telnet_of(hosts.before[name]).total() == 10
    assert hosts.after[name] == hosts.before[name] - telnet_of(hosts.before[name])
    result = fact(run, name, "flow_remediate_result")
    assert (result["verdict"], result["planned"], result["gone"], result["survived"]) == ("remediated", 10, 10, 0)
    assert result["partial"] is False
    assert result["flows"] == []
    assert result["firewall_arn"] == hosts.arns[name]
    assert f"{name}: remediated; 10 of 10 flows are gone" in run.recorded("Say what became of them", name).result["msg"]


def test_zones_that_were_not_asked_for_are_left_alone(run: Run, hosts: Hosts) -> None:
    guilty = Counter({found: 1 for found in telnet_of(hosts.before["zone"]) if found[0] == ZONES[0]})
    assert guilty.total() == 5
    assert hosts.after["zone"] == hosts.before["zone"] - guilty
    assert fact(run, "zone", "flow_remediate_result")["planned"] == 5


def test_filters_spare_flows_born_since_their_capture(run: Run, hosts: Hosts) -> None:
    requests = hosts.flushes("filters")
    assert sorted(request["AvailabilityZone"] for request in requests) == ZONES
    assert all(request["MinimumFlowAgeInSeconds"] >= 1 for request in requests)
    assert requests[0]["FlowFilters"] == [
        {"DestinationAddress": {"AddressDefinition": "203.0.113.5"}, "DestinationPort": "23", "Protocols": ["6"]}
    ]


def test_flows_too_young_for_the_first_round_are_cut_by_the_second(run: Run, hosts: Hosts) -> None:
    # The rehearsal of the first round lists none of them, so that nothing has to be flushed in it.
    requests = hosts.flushes("young")
    assert sorted(request["AvailabilityZone"] for request in requests) == ZONES
    result = fact(run, "young", "flow_remediate_result")
    assert result["flush_count"] == len(requests) == 2


def test_survivors_fail_the_play(run: Run, hosts: Hosts) -> None:
    (last,) = failed(run, "spared")
    assert last.task == "Say what became of them"
    assert "spared: survivors; 0 of 10 flows are gone, 10 survived" in last.result["msg"]
    assert hosts.after["spared"] == hosts.before["spared"]
    result = fact(run, "spared", "flow_remediate_result")
    assert (result["verdict"], result["survived"], result["flush_count"]) == ("survivors", 10, 0)
    assert {record["fate"] for record in result["flows"]} == {"survived"}
    assert run.rc == 2


def test_fail_on_fails_once_the_flows_are_cut(run: Run) -> None:
    (last,) = failed(run, "zone")
    assert last.task == "Say what became of them"
    assert last.result["msg"].startswith("zone: remediated; 5 of 5 flows are gone")


def test_nothing_to_do_is_fine_and_changes_nothing(run: Run, hosts: Hosts) -> None:
    assert not failed(run, "nothing")
    assert hosts.flushes("nothing") == []
    assert run.recorded("Cut the flows", "nothing").result["changed"] is False
    assert run.recorded("Say what became of them", "nothing").result["msg"] == (
        "nothing: nothing_to_cut; no flow had to be cut."
    )
    assert fact(run, "nothing", "flow_remediate_result")["verdict"] == "nothing_to_cut"


REFUSED = {
    "too-many": ["10 flows would be cut", "flow_remediate_max_flows, 9", "nothing was cut"],
    "too-large-a-share": ["10 of 40 flows", "25.0 %", "flow_remediate_max_percent, 24.9 %", "nothing was cut"],
    "too-many-by-filters": ["10 flows would be cut", "flow_remediate_max_flows, 9", "nothing was cut"],
    "foreign": ["flow_remediate_plan", "firewall/path'", "firewall/foreign'"],
    "foreign-audit": ["flow_remediate_audit", "firewall/path'", "firewall/foreign-audit'"],
    "audit-without-plan": ["flow_remediate_audit", "it has no plan"],
    "two-sources": ["flow_remediate_plan and flow_remediate_flow_filters are", "exactly one"],
    "no-source": [
        "flow_remediate_audit, flow_remediate_plan, flow_remediate_flow_filters and flow_remediate_addresses",
        "none is",
    ],
    "text-for-a-number": ["flow_remediate_max_flows", "many", "int"],
    "unknown-filter-key": ["flow_remediate_flow_filters", "port", "destination_port"],
    "nobodys": ["flow_remediate_plan", "does not name the firewall"],
    "missing-plan": ["flow_remediate_plan", "nowhere.json", "there is no such file"],
    "words-for-a-plan": ["flow_remediate_plan", "words.json", "JSON"],
    "list-for-a-plan": ["flow_remediate_plan", "operations"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_cut_is_refused(run: Run, hosts: Hosts, name: str) -> None:
    message, *after = (item.result["msg"] for item in failed(run, name))
    # Told once; what comes after says where the evidence is.
    assert all(": refused, for the reason" in text and "flowops-evidence/" in text for text in after)
    for part in REFUSED[name]:
        assert part in message, message
    assert "\n" not in message.removeprefix("Validation of arguments failed:\n"), message
    assert hosts.flushes(name) == []
    assert hosts.after[name] == hosts.before[name]


def test_no_traceback_is_shown(run: Run) -> None:
    assert "Traceback" not in run.output


# -- when clients come back and answers are lost ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def haunted(run: Run, runner: FirewallRunner, control: Control, aws: Any) -> tuple[Run, Hosts]:
    """Every flushed client comes back, the first flush never arrives, and the answer to the second is lost."""
    firewalls = Hosts(control, aws)
    firewalls.add_with_plan("haunted", guilty=25, flow_remediate_max_percent=70)
    control.settings(reconnect=1.0)
    control.add_fault("drop_before", "StartFlowFlush", at=[1])
    control.add_fault("drop_after", "StartFlowFlush", at=[2])
    try:
        found = runner("flowops.aws.remediate", firewalls.variables)
    finally:
        control.clear_faults()
        control.settings(reconnect=0.0)
    firewalls.look()
    return found, firewalls


def test_clients_that_come_back_are_told_and_not_chased(haunted: tuple[Run, Hosts]) -> None:
    run, hosts = haunted
    assert run.rc == 0, run.explain()
    result = fact(run, "haunted", "flow_remediate_result")
    assert (result["verdict"], result["survived"], result["reborn"]) == ("reborn", 0, 50)
    assert len(hosts.flushes("haunted")) == result["flush_count"] == 4
    # Whoever came back has counters of his own.
    assert {found[:6] for found in hosts.after["haunted"]} == {found[:6] for found in hosts.before["haunted"]}
    assert hosts.after["haunted"] != hosts.before["haunted"]


def test_a_flush_whose_answer_was_lost_is_carried_out_once(haunted: tuple[Run, Hosts], control: Control) -> None:
    _run, hosts = haunted
    sent = [(request["AvailabilityZone"], json.dumps(request["FlowFilters"])) for request in hosts.flushes("haunted")]
    assert len(set(sent)) == len(sent) == 4
    lost = [start["lost"] for start in starts_of(control, hosts.arns["haunted"], "StartFlowFlush")]
    assert sorted(lost) == [False, False, False, True]


# -- check mode -------------------------------------------------------------------------------------------------------


def test_check_mode_shows_what_would_be_cut_and_starts_nothing(
    haunted: tuple[Run, Hosts], runner: FirewallRunner, control: Control, aws: Any
) -> None:
    firewalls = Hosts(control, aws)
    firewalls.add_with_plan("looked-at")
    firewalls.add("filtered", flow_remediate_flow_filters=[{"source_address": "10.0.0.1", "destination_port": 23}])
    before = control.calls()["starts"]
    run = runner("flowops.aws.remediate", firewalls.variables, options=["--check", "--diff"])
    assert run.rc == 0, run.explain()
    assert control.calls()["starts"] == before
    planned = run.recorded("Cut the flows", "looked-at").result
    assert planned["changed"] is True
    assert [item["flow_count"] for item in planned["flow_operations"]] == [5, 5]
    shown = [line for line in run.stdout.splitlines() if line.startswith("-us-east-1")]
    assert len(shown) == 10 + 2
    for number in range(1, 6):
        assert any(f"source_address 10.0.0.{number}," in line and f"4000{number}" in line for line in shown), shown
    filtered = run.recorded("Cut the flows", "filtered").result
    assert [item["availability_zone"] for item in filtered["flow_operations"]] == ZONES
