# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""flows.yml: what is alive, for every host of an inventory, without a policy and without a verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner, fact, failed, starts_of
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

DURATION = 0.1
ZONES = ["us-east-1a", "us-east-1b"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def run(emulator: Emulator, control: Control, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    hosts: dict[str, Any] = {}
    for number, name in enumerate(("egress", "lab")):
        arn = control.add_firewall(name, zones=ZONES, synthetic_flows=300 - 100 * number, seed=number)["arn"]
        # What an inventory may have for audits is no hindrance, and a filter comes as a command line gives it.
        hosts[name] = {"firewall_arn": arn, "flow_audit_policy_file": "/nowhere/policy.yml"}
    hosts["lab"]["flow_audit_flow_filters"] = "[{destination_port: 443, source_address: 0.0.0.0/0}]"
    hosts["none"] = {"firewall_arn": "egress"}
    common = {
        "flow_audit_report_dir": folder.name,
        "flow_audit_reports": "html,markdown,json",
        "flow_audit_title": "What is alive",
    }
    done = FirewallRunner(tmp_path_factory.mktemp("runs"), emulator.url)(
        "flowops.aws.flows", hosts, common, started_in=folder.parent
    )
    assert not failed(done, "egress"), done.explain()
    return done


def test_everything_that_is_alive_is_counted_and_nothing_is_judged(run: Run) -> None:
    live = fact(run, "egress", "flow_audit_live")
    assert live["flow_count"] == 300
    assert sum(item["flow_count"] for item in live["operations"]) == 300
    assert live["findings_total"] == 0
    said = json.dumps([item.result.get("msg") for item in run.tasks if item.host == "egress"])
    assert "compliant" not in said
    assert "inconclusive" not in said


def test_the_table_says_talkers_ports_ages_zones_and_the_fleet(run: Run) -> None:
    lines = run.recorded("Say what is alive", "egress").result["msg"]
    assert lines[0].startswith("egress (")
    assert lines[0].endswith(": 300 live flows")
    for head in ("Zone", "Pairs with the most bytes", "Ports with the most flows", "Longest-lived"):
        assert any(line.startswith(head) for line in lines), lines
    fleet = run["Say how many flows are alive, by firewall and zone"]["msg"]
    assert fleet[0].startswith("2 firewalls, ")
    assert [line.split()[0] for line in fleet[2:4]] == ["egress", "egress"]


def test_filters_are_as_everywhere(run: Run, control: Control) -> None:
    live = fact(run, "lab", "flow_audit_live")
    assert 0 < live["flow_count"] < 200
    started = starts_of(control, live["firewall_arn"], "StartFlowCapture")
    assert len(started) == len(ZONES)


def test_the_reports_stand_beside_those_of_an_audit_and_say_no_verdict(run: Run, folder: Path) -> None:
    names = sorted(path.name.partition("egress")[2] for path in folder.iterdir() if "egress" in path.name)
    assert names == ["-live-flows.jsonl.gz", "-live.html", "-live.json", "-live.md"]
    page = next(folder.glob("*egress-live.md")).read_text(encoding="utf-8")
    assert "What is alive" in page
    assert "300 live flows, and none of them was judged" in page
    assert "nconclusive" not in page


def test_a_host_that_is_no_firewall_is_named(run: Run) -> None:
    (last,) = failed(run, "none")
    assert "flow_audit_firewall_arn: 'egress' is not allowed" in last.result["msg"]
