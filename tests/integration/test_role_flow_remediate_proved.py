# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remediations of firewalls whose service differs from its documentation: what was really cut, and what was said."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.files import read_records
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    fact,
    failed,
    flow,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

ZONE = "us-east-1a"
GUILTY = 6
POLICY = {"rules": [{"name": "no-telnet", "action": "deny", "destination_port": [23], "protocols": ["tcp"]}]}
CHAIN = """
- name: Audit and remediate
  hosts: all
  gather_facts: false
  tasks:
    - name: Audit
      ansible.builtin.include_role:
        name: flowops.aws.flow_audit
    - name: Let flows come and go, and the service change its mind
      ansible.builtin.uri:
        url: "{{ flow_audit_connection.endpoint_url }}/_emulator/{{ item.door }}"
        method: POST
        body_format: json
        body: "{{ item.body }}"
      loop: "{{ meanwhile | default([]) }}"
    - name: Remediate
      ansible.builtin.include_role:
        name: flowops.aws.flow_remediate
      vars:
        flow_remediate_audit: "{{ flow_audit_result | combine(lie | default({}), recursive=true) }}"
"""


def guilty(number: int, **members: Any) -> dict[str, Any]:
    """A telnet flow between addresses of its own."""
    return flow(number, 23, destination_address=f"203.0.113.{number}", **members)


def world() -> list[dict[str, Any]]:
    """Findings, and innocent flows that share a port, a protocol or an address with them, in either direction."""
    innocents = [flow(100 + number, 443, destination_address=f"203.0.113.{number}") for number in range(1, GUILTY + 1)]
    innocents += [flow(number, 23, protocol="udp", destination_address="198.51.100.7") for number in range(1, 4)]
    innocents += [flow(150 + number, 80, destination_address="198.51.100.9") for number in range(20)]
    return [guilty(number) for number in range(1, GUILTY + 1)] + innocents


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(duration=0.1) as running:
        yield running


@pytest.fixture(scope="module")
def runner(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> FirewallRunner:
    return FirewallRunner(tmp_path_factory.mktemp("runs"), emulator.url)


class Scenes:
    """Runs the chain on new firewalls, and knows what was really cut on each."""

    def __init__(self, control: Control, runner: FirewallRunner) -> None:
        self.control = control
        self.runner = runner
        self.arns: dict[str, str] = {}

    def play(
        self,
        hosts: Mapping[str, Mapping[str, Any]],
        worlds: Mapping[str, list[dict[str, Any]]] | None = None,
        **wrong: dict[str, Any],
    ) -> Run:
        """Run the chain on a firewall for each host, with the service misbehaving while it remediates."""
        variables = {}
        for name, given in hosts.items():
            self.arns[name] = self.control.add_firewall(name, flows={ZONE: (worlds or {}).get(name) or world()})["arn"]
            variables[name] = {
                "firewall_arn": self.arns[name],
                "flow_audit_policy": POLICY,
                "flow_remediate_max_percent": 50,
                "flow_remediate_rounds": 1,
                **given,
            }
        self.control.misbehave(**wrong)
        try:
            return self.runner(CHAIN, variables)
        finally:
            self.control.behave()

    def cut(self, name: str) -> list[dict[str, Any]]:
        """Return the flows that were really cut on a firewall."""
        return [record for record in self.control.cut() if record["firewall_arn"] == self.arns[name]]

    def innocents(self, name: str) -> list[dict[str, Any]]:
        """Return those of them that are no telnet flows."""
        return [item for item in self.cut(name) if (item["destination_port"], item["protocol_number"]) != (23, 6)]

    def flushes(self, name: str) -> int:
        """Return how many flushes were started on a firewall."""
        return len(starts_of(self.control, self.arns[name], "StartFlowFlush"))


@pytest.fixture(scope="module")
def scenes(control: Control, runner: FirewallRunner) -> Scenes:
    return Scenes(control, runner)


def verdict_of(run: Run, name: str) -> dict[str, Any]:
    """Return the verdict that the evidence of a run has."""
    (folder,) = (Path(item.result["path"]) for item in run.tasks if item.host == name and "manifest" in item.result)
    told: dict[str, Any] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    return {**told, "folder": folder}


def test_a_service_as_documented_is_proved(scenes: Scenes) -> None:
    run = scenes.play({"documented": {}})
    assert run.rc == 0, run.explain()
    result = fact(run, "documented", "flow_remediate_result")
    assert (result["verdict"], result["nothing_else"], result["collateral_count"]) == ("remediated", "proved", 0)
    assert (result["planned"], result["cut"], result["ended"]) == (GUILTY, GUILTY, 0)
    assert result["rehearsal"]["passed"] and result["trial"]["passed"]
    assert (len(scenes.cut("documented")), scenes.innocents("documented")) == (GUILTY, [])
    told = verdict_of(run, "documented")
    assert told["nothing_else"] == "proved"
    assert len(list(read_records(str(told["folder"] / "flushed.jsonl.gz")))) == GUILTY
    assert "nothing else was touched: proved" in run.recorded("Say what became of them", "documented").result["msg"]


def test_conditions_joined_by_or_are_seen_by_the_rehearsal(scenes: Scenes) -> None:
    run = scenes.play({"both-or": {}}, capture={"conditions": "or"}, flush={"conditions": "or"})
    assert run.rc == 2, run.explain()
    assert (scenes.cut("both-or"), scenes.flushes("both-or")) == ([], 0)
    told = verdict_of(run, "both-or")
    assert (told["verdict"], told["rehearsal"]["passed"]) == ("rehearsal", False)
    assert fact(run, "both-or", "flow_remediate_result")["verdict"] == "rehearsal"
    assert "The rehearsal shows that the flushes would hit flows that are not to be cut" in told["message"]


def test_a_flush_that_alone_joins_conditions_by_or_is_stopped_by_the_trial(scenes: Scenes) -> None:
    run = scenes.play({"flush-or": {}}, flush={"conditions": "or"})
    assert run.rc == 2, run.explain()
    result = fact(run, "flush-or", "flow_remediate_result")
    assert (result["verdict"], result["nothing_else"], result["trial"]["passed"]) == ("collateral", "collateral", False)
    # The trial's addresses have one innocent flow each, and no other flush was begun.
    assert scenes.flushes("flush-or") == 1
    assert (len(scenes.cut("flush-or")), len(scenes.innocents("flush-or"))) == (2, 1)
    assert result["collateral_count"] == 1
    (hit,) = result["collateral"]
    assert (hit["kind"], hit["destination_port"]) == ("innocent", 443)
    assert "1 flow was cut that is no finding" in run.recorded("Say what became of them", "flush-or").result["msg"]


def test_a_flush_that_hits_either_direction_is_stopped_by_the_trial(scenes: Scenes) -> None:
    # Connections that the other side began, so that the other direction of a finding's addresses is innocent.
    others = [
        {
            **flow(number, 0),
            "source_address": f"203.0.113.{number}",
            "source_port": 50000 + number,
            "destination_address": f"10.0.0.{number}",
            "destination_port": 8000,
        }
        for number in range(1, GUILTY + 1)
    ]
    run = scenes.play({"either": {}}, {"either": world() + others}, flush={"either_direction": True})
    assert run.rc == 2, run.explain()
    result = fact(run, "either", "flow_remediate_result")
    assert (result["verdict"], result["trial"]["passed"], scenes.flushes("either")) == ("collateral", False, 1)
    assert (len(scenes.cut("either")), len(scenes.innocents("either"))) == (2, 1)


def test_a_flush_that_ignores_ages_is_stopped_by_the_trial(scenes: Scenes) -> None:
    # Each finding's client has begun the same connection anew since the audit, from another port.
    born = [guilty(number, age=0, source_port=60000 + number) for number in range(1, GUILTY + 1)]
    twins = [
        {"door": "flows", "body": {"firewall_name": "ages", "zone": ZONE, "before": "StartFlowFlush", "flows": born}}
    ]
    run = scenes.play({"ages": {"meanwhile": twins}}, flush={"ignore_age": True})
    assert run.rc == 2, run.explain()
    result = fact(run, "ages", "flow_remediate_result")
    assert (result["verdict"], result["trial"]["passed"], scenes.flushes("ages")) == ("collateral", False, 1)
    cut = scenes.cut("ages")
    assert (len(cut), sum(not item["matched"] for item in cut)) == (2, 1)


def test_what_aws_does_not_list_is_not_proved(scenes: Scenes) -> None:
    run = scenes.play({"silent": {}}, flush={"lists": "nothing"})
    result = fact(run, "silent", "flow_remediate_result")
    assert run.rc == 0, run.explain()
    assert (result["verdict"], result["nothing_else"], result["gone"]) == ("unproved", "unproved", GUILTY)
    assert "AWS lists no flow for" in " ".join(result["unproved"])
    assert scenes.innocents("silent") == []


def test_more_flows_gone_than_end_by_themselves_are_suspected(scenes: Scenes) -> None:
    # With a trial it would end there.
    run = scenes.play({"suspicious": {"flow_remediate_trial": False}}, flush={"lists": "nothing", "extra": 8})
    assert run.rc == 2, run.explain()
    result = fact(run, "suspicious", "flow_remediate_result")
    assert (result["verdict"], result["nothing_else"]) == ("suspected", "suspected")
    assert len(scenes.innocents("suspicious")) >= 8


def test_a_flush_that_completes_with_errors_is_never_proved(scenes: Scenes) -> None:
    run = scenes.play({"errors": {}}, flush={"status": "COMPLETED_WITH_ERRORS", "removes": "matched"})
    result = fact(run, "errors", "flow_remediate_result")
    assert (result["verdict"], result["nothing_else"]) == ("unproved", "unproved"), run.explain()
    assert "completed with errors" in " ".join(result["unproved"])


def test_rows_that_cannot_be_read_are_never_proved(scenes: Scenes) -> None:
    run = scenes.play({"rows": {}}, flush={"rows": [{"member": "Age", "form": "absent"}]})
    result = fact(run, "rows", "flow_remediate_result")
    assert (result["verdict"], result["nothing_else"]) == ("unproved", "unproved"), run.explain()


def test_a_flush_that_joins_conditions_by_or_and_lists_nothing_is_stopped_by_the_trial(scenes: Scenes) -> None:
    run = scenes.play({"silent-or": {}}, flush={"conditions": "or", "lists": "nothing"})
    assert run.rc == 2, run.explain()
    result = fact(run, "silent-or", "flow_remediate_result")
    assert (result["verdict"], result["trial"]["passed"]) == ("suspected", False)
    assert "1 of 1 flows that share an address with the one that was tried are gone" in result["unproved"][0]
    assert (scenes.flushes("silent-or"), len(scenes.innocents("silent-or"))) == (1, 1)


def test_a_flush_that_joins_conditions_by_or_and_lists_what_cannot_be_read_is_stopped(scenes: Scenes) -> None:
    run = scenes.play(
        {"blurred": {"flow_remediate_max_percent": "50.0"}, "no-share": {"flow_remediate_max_percent": "nan"}},
        flush={"conditions": "or", "rows": [{"member": "DestinationPort", "form": "absent"}]},
    )
    assert run.rc == 2, run.explain()
    result = fact(run, "blurred", "flow_remediate_result")
    assert (result["verdict"], result["trial"]["passed"]) == ("suspected", False)
    assert "lists more flows than its filters had matched in its rehearsal" in " ".join(result["unproved"])
    assert (scenes.flushes("blurred"), len(scenes.innocents("blurred"))) == (1, 1)
    assert "flow_remediate_max_percent: 'nan' is not allowed" in failed(run, "no-share")[0].result["msg"]
    assert scenes.cut("no-share") == []


def test_a_flush_that_lists_a_part_of_what_it_cut_is_suspected(scenes: Scenes) -> None:
    run = scenes.play({"part": {}}, flush={"lists": "first", "extra": 8})
    assert run.rc == 2, run.explain()
    result = fact(run, "part", "flow_remediate_result")
    assert (result["verdict"], result["nothing_else"]) == ("suspected", "suspected")
    assert "AWS lists fewer flows for 1 flush than are gone" in " ".join(result["unproved"])
    assert len(scenes.innocents("part")) >= 8


def test_a_flush_of_an_earlier_run_is_asked_what_it_hit(scenes: Scenes, monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand = """    - name: Flush as a run did that was interrupted
      flowops.aws.networkfirewall_flow_flush:
        firewall_arn: "{{ firewall_arn }}"
        operations: "{{ flow_audit_result.plan.operations }}"
        wait: true
      module_defaults:
        group/flowops.aws.aws: "{{ flow_remediate_connection }}"
"""
    monkeypatch.setitem(
        globals(), "CHAIN", CHAIN.replace("    - name: Remediate\n", f"{by_hand}    - name: Remediate\n")
    )
    run = scenes.play({"interrupted": {}}, flush={"conditions": "or"})
    assert run.rc == 2, run.explain()
    result = fact(run, "interrupted", "flow_remediate_result")
    assert (result["verdict"], result["planned"], scenes.flushes("interrupted")) == ("collateral", 0, 1)
    assert result["collateral_count"] == len(scenes.innocents("interrupted")) > 1
    assert len(list(read_records(str(verdict_of(run, "interrupted")["folder"] / "flushed.jsonl.gz")))) > GUILTY


def test_nothing_handed_in_vouches_for_anything(scenes: Scenes) -> None:
    """A plan that names more than its audit found, and a guard that was mistyped."""
    wide = {"plan": {"operations": [], "hash": None}}
    hosts: dict[str, dict[str, Any]] = {
        # Says that it cuts 5 flows, and names every flow.
        "lying": {"flow_remediate_max_flows": 5, "lie": copy.deepcopy(wide)},
        "mistyped": {"flow_remediate_max_flow": 5},
    }
    hosts["lying"]["lie"]["plan"]["operations"] = [
        {
            "availability_zone": ZONE,
            "flow_filters": [{"any": True}],
            "flow_count": 5,
            "flow_counts": [5],
            "captured_at": "2020-01-01T00:00:00+00:00",
        }
    ]
    run = scenes.play(hosts)
    assert run.rc == 2, run.explain()
    assert (scenes.cut("lying"), scenes.flushes("lying")) == ([], 0)
    assert (scenes.cut("mistyped"), scenes.flushes("mistyped")) == ([], 0)
    told = failed(run, "mistyped")[0]
    assert "flow_remediate_max_flow" in told.result["msg"] and "flow_remediate_max_flows" in told.result["msg"]


# -- when nobody knows the time ---------------------------------------------------------------------------------------

TIMELESS = """
- name: Flush
  hosts: all
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws: "{{ flow_remediate_connection }}"
  tasks:
    - name: Flush by hand
      flowops.aws.networkfirewall_flow_flush: "{{ {'firewall_arn': firewall_arn, 'wait': true} | combine(by_hand) }}"
      when: by_hand is defined

    - name: Remediate
      ansible.builtin.include_role:
        name: flowops.aws.flow_remediate
      when: by_hand is not defined
"""
TELNET = {"destination_port": 23, "protocols": ["tcp"], "destination_address": "203.0.113.0/24"}
WRITTEN = {"availability_zone": ZONE, "flow_filters": [TELNET]}
BY_HAND: dict[str, dict[str, Any]] = {
    "module-filters": {"by_hand": {"flow_filters": [TELNET], "availability_zone": ZONE}},
    "module-operations": {"by_hand": {"operations": [WRITTEN]}},
    "module-captured-at": {
        "by_hand": {"flow_filters": [TELNET], "availability_zone": ZONE, "captured_at": "2026-01-31T12:00:00+00:00"}
    },
    "role-filters": {"flow_remediate_flow_filters": [TELNET]},
    "role-addresses": {"flow_remediate_addresses": ["203.0.113.1"]},
    "role-plan": {"flow_remediate_plan": {"operations": [WRITTEN]}},
    "role-plan-and-policy": {"flow_remediate_plan": {"operations": [WRITTEN]}, "flow_remediate_policy": POLICY},
}


@pytest.fixture(scope="module")
def timeless(scenes: Scenes) -> Run:
    """Flushes in every way in which they can be asked for, of a service that never says what time it is."""
    hosts = {}
    for name, given in BY_HAND.items():
        scenes.arns[name] = scenes.control.add_firewall(name, flows={ZONE: world()})["arn"]
        hosts[name] = {"firewall_arn": scenes.arns[name], "flow_remediate_max_percent": 50, **copy.deepcopy(given)}
        if "flow_remediate_plan" in given:
            hosts[name]["flow_remediate_plan"]["firewall_arn"] = scenes.arns[name]
    scenes.control.misbehave(capture={"timestamp": "absent"}, flush={"timestamp": "absent"})
    scenes.control.settings(date_offset=None)
    try:
        return scenes.runner(TIMELESS, hosts)
    finally:
        scenes.control.settings(date_offset=0.0)
        scenes.control.behave()


@pytest.mark.parametrize("name", BY_HAND)
def test_nothing_is_flushed_when_nobody_knows_the_time(timeless: Run, scenes: Scenes, name: str) -> None:
    message = failed(timeless, name)[0].result["msg"]
    assert re.search(r"have no Date|neither flow_request_timestamp nor service_time", message), message
    assert re.search(r"born|how old", message), message
    assert (scenes.flushes(name), scenes.cut(name)) == (0, [])
