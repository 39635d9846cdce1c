# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that were killed in the middle and are run again, and runs in check mode, which begin nothing in earnest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run, environment

DURATION = 0
ZONE = "us-east-1a"
GUILTY = 45
LOG = "killed.log"
POLICY = {"rules": [{"name": "no-telnet", "action": "deny", "destination_port": [23], "protocols": ["tcp"]}]}


def is_telnet(found: Identity) -> bool:
    return found[4] == "23"


# -- killed and run again ---------------------------------------------------------------------------------------------


@dataclass
class Again:
    """What the killed runs had flushed, the run after them, and what lived on each firewall before and after."""

    run: Run
    folder: Path
    flushed: dict[str, list[dict[str, Any]]]
    arns: dict[str, str]
    before: dict[str, Counter[Identity]]
    after: dict[str, Counter[Identity]]


def start(folder: Path, inventory: Mapping[str, Any], mark: str) -> subprocess.Popen[bytes]:
    """Start the playbook over hosts, all that it starts known by a mark in the environment."""
    path = folder / "inventory.json"
    path.write_text(json.dumps(inventory), encoding="utf-8")
    settings = {
        "PWD": str(folder),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOG_PATH": str(folder / LOG),
        **dict([mark.split("=", 1)]),
    }
    return subprocess.Popen(
        [
            *(Path(sys.executable).parent / "ansible-playbook", "--inventory", path, "--forks", "2"),
            *("--extra-vars", "flowops_hosts=all", "flowops.aws.remediate"),
        ],
        cwd=folder,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def marked(mark: str) -> list[int]:
    """Return the processes that have a mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def kill_all(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill a run, its workers and their modules, which have sessions of their own."""
    while found := marked(mark):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.poll()
        time.sleep(0.01)
    process.wait()


@pytest.fixture(scope="module")
def again(runner: FirewallRunner, control: Control, aws: Any) -> Again:
    """A run over two firewalls, each with a plan of three flushes, killed after the first of each and run again."""
    hosts: dict[str, dict[str, Any]] = {"as-planned": {}, "judged": {"flow_remediate_policy": POLICY}}
    arns, before = {}, {}
    for name, variables in hosts.items():
        content = [flow(number, 23 if number <= GUILTY else 443) for number in range(1, 2 * GUILTY)]
        arns[name] = control.add_firewall(name, flows={ZONE: content})["arn"]
        seen = captured(aws, arns[name], [ZONE])
        variables |= {"firewall_arn": arns[name], "flow_remediate_plan": plan_of(arns[name], seen, is_telnet)}
        before[name] = live(aws, arns[name], [ZONE])
    common: dict[str, Any] = {
        "flow_remediate_max_percent": 60,
        "flow_remediate_trial": False,
        "flow_remediate_connection": runner.connection,
    }
    folder = runner.started_in()
    own = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **common}
    mark = f"FLOWOPS_KILL_ME={folder}"
    # What is flushed goes on until the run is dead.
    control.misbehave(flush={"delay": 600})
    process = start(folder, {"all": {"hosts": hosts, "vars": own}}, mark)

    def wait_for(operation: str, count: int) -> None:
        deadline = time.monotonic() + 120
        while any(len(starts_of(control, arn, operation)) < count for arn in arns.values()):
            assert process.poll() is None, (folder / LOG).read_text(encoding="utf-8")
            assert time.monotonic() < deadline, (folder / LOG).read_text(encoding="utf-8")
            time.sleep(0.02)

    try:
        wait_for("StartFlowFlush", 1)
    finally:
        kill_all(process, mark)
        control.behave()
    flushed = {name: starts_of(control, arn, "StartFlowFlush") for name, arn in arns.items()}
    control.advance(600)
    run = runner("flowops.aws.remediate", hosts, common, started_in=folder)
    return Again(run, folder, flushed, arns, before, {name: live(aws, arn, [ZONE]) for name, arn in arns.items()})


@pytest.mark.parametrize("name", ["as-planned", "judged"])
def test_what_a_killed_run_has_flushed_is_not_flushed_again(again: Again, control: Control, name: str) -> None:
    assert len(again.flushed[name]) == 1
    starts = starts_of(control, again.arns[name], "StartFlowFlush")
    # As many as one run makes, each for other flows.
    assert len(starts) == 3
    filters = [json.dumps(item) for start in starts for item in start["request"]["FlowFilters"]]
    assert len(filters) == len(set(filters)) == GUILTY
    assert starts[: len(again.flushed[name])] == again.flushed[name]


@pytest.mark.parametrize("name", ["as-planned", "judged"])
def test_the_run_after_a_killed_one_ends_as_that_would_have(again: Again, name: str) -> None:
    assert not failed(again.run, name), failed(again.run, name)
    guilty = Counter({found: count for found, count in again.before[name].items() if is_telnet(found)})
    assert guilty.total() == GUILTY
    assert again.after[name] == again.before[name] - guilty
    result = fact(again.run, name, "flow_remediate_result")
    assert (result["survived"], result["flush_count"]) == (0, 3)
    # On a busy machine a flush may be later than its minimum age allows for, which is all that may be said of it.
    reasons = result.get("unproved", [])
    assert result["verdict"] == ("unproved" if reasons else "remediated")
    assert all("was carried out later than its minimum age allows for" in reason for reason in reasons), reasons


@pytest.mark.parametrize("name", ["as-planned", "judged"])
def test_its_evidence_names_the_flushes_of_both(again: Again, control: Control, name: str) -> None:
    (killed,) = (again.folder / "flowops-evidence").glob(f"*-{name}/*.part")
    (sealed,) = (again.folder / "flowops-evidence").glob(f"*-{name}/*Z")
    assert killed.name.removesuffix(".part") < sealed.name
    operations = json.loads((sealed / "operations.json").read_bytes())
    ids = [start["flow_operation_id"] for start in starts_of(control, again.arns[name], "StartFlowFlush")]
    assert sorted(item["flow_operation_id"] for item in operations if item["purpose"] == "flush") == sorted(ids)
    earlier = [item["flow_operation_id"] for item in operations if item.get("already_flushed")]
    assert earlier == [start["flow_operation_id"] for start in again.flushed[name]]


# -- check mode -------------------------------------------------------------------------------------------------------


@dataclass
class Looked:
    """A run in check mode with --diff, and the starts that were carried out before and after it."""

    run: Run
    folder: Path
    arns: dict[str, str]
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]

    def diff(self, task: str, name: str) -> list[str]:
        """Return the lines that a task shows in diff mode."""
        text: str = self.run.recorded(task, name).result["diff"]["before"]
        return text.splitlines()


@pytest.fixture(scope="module")
def looked(again: Again, runner: FirewallRunner, control: Control, aws: Any) -> Looked:
    content = [*(flow(number, 23) for number in range(1, 121)), *(flow(number, 21) for number in range(121, 124))]
    rules = {23: "no-telnet", 21: "no-ftp"}
    hosts: dict[str, dict[str, Any]] = {"told": {}, "afresh": {}, "filters": {}}
    arns = {}
    for name, variables in hosts.items():
        innocent = [flow(number, 443) for number in range(1, 11)]
        arns[name] = control.add_firewall(name, flows={ZONE: content + innocent})["arn"]
        variables |= {"firewall_arn": arns[name], "flow_remediate_max_percent": 99}
        plan = plan_of(arns[name], captured(aws, arns[name], [ZONE]), lambda found: found[4] in ("23", "21"))
        findings = [
            {**record, "protocol_number": 6, "availability_zone": ZONE, "rule": rules[record["destination_port"]]}
            for record in content
        ]
        audit = {"firewall_arn": arns[name], "plan": plan, "findings": findings}
        if name != "filters":
            variables["flow_remediate_audit"] = audit
        if name != "told":
            variables["flow_remediate_capture_in_check_mode"] = True
    hosts["filters"]["flow_remediate_addresses"] = "10.0.0.123"
    # Since the audit one of its flows has ended.
    request = {"FirewallArn": arns["afresh"], "AvailabilityZone": ZONE}
    aws.start_flow_flush(**request, FlowFilters=[{"SourceAddress": {"AddressDefinition": "10.0.0.122"}}])
    before = control.calls()["starts"]
    folder = runner.started_in()
    run = runner("flowops.aws.remediate", hosts, started_in=folder, options=["--check", "--diff"])
    assert run.rc == 0, run.explain()
    return Looked(run, folder, arns, before, control.calls()["starts"])


def test_check_mode_starts_no_flush_and_captures_only_where_that_was_asked_for(looked: Looked) -> None:
    assert looked.after[: len(looked.before)] == looked.before
    started = looked.after[len(looked.before) :]
    assert sorted((start["operation"], start["request"]["FirewallArn"]) for start in started) == sorted(
        ("StartFlowCapture", looked.arns[name]) for name in ("afresh", "filters")
    )
    assert list(looked.folder.iterdir()) == []


def test_the_flows_that_would_go_are_shown_by_rule_and_capped(looked: Looked) -> None:
    shown = looked.diff("Cut the flows", "told")
    titles = [line for line in shown if "->" not in line]
    assert titles == ["no-ftp: 3", "  and 3 more", "no-telnet: 120", "  and 20 more"]
    flows = [line for line in shown if " -> 203.0.113.5 port 23 (age " in line]
    assert [line.split()[2] for line in flows] == [f"10.0.0.{number}" for number in range(1, 101)]
    # A person sees it.
    assert [line for line in shown if f"-{line}" not in looked.run.stdout] == []


def test_a_capture_in_check_mode_shows_what_is_there_by_now(looked: Looked) -> None:
    titles = [line for line in looked.diff("Cut the flows", "afresh") if "->" not in line]
    assert titles == ["no-ftp: 2", "  and 2 more", "no-telnet: 120", "  and 20 more"]
    result = looked.run.recorded("Prove the plan", "afresh").result
    assert (result["proved"], result["flow_count"], result["captured_flow_count"]) == (True, 122, 132)
    counted = looked.run.recorded("Count what they match", "filters").result
    assert (counted["flow_count"], counted["partial"]) == (1, False)
    planned = looked.run.recorded("Cut the flows", "filters").result
    assert [item["flow_count"] for item in planned["flow_operations"]] == [1]
    title, line = looked.diff("Cut the flows", "filters")
    assert title == "flow_filters: 1"
    assert "tcp 10.0.0.123 port 40123 -> 203.0.113.5 port 21" in line
