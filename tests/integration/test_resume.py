# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION, PlaybookRunner, environment

ZONES = ["us-east-1a", "us-east-1b"]
PLAYBOOK = """
- name: Audit
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Judge
      flowops.aws.networkfirewall_flow_audit:
        endpoint_url: "{{ endpoint_url }}"
        region: "{{ region }}"
        firewall_arn: "{{ firewall_arn }}"
        operations: "{{ operations }}"
        resume: "{{ resume }}"
        dest: "{{ folder }}/flows.jsonl.gz"
        findings_dest: "{{ folder }}/findings.jsonl"
        plan_dest: "{{ folder }}/plan.json"
        policy:
          rules:
            - {name: web, action: deny, destination_port: [443], min_age: 100}
"""
FILES = ("flows.jsonl.gz", "findings.jsonl", "plan.json")


@pytest.fixture(scope="module")
def captures(control: Control, aws: Any) -> dict[str, Any]:
    arn = control.add_firewall("egress", zones=ZONES, synthetic_flows=6000)["arn"]
    operations = []
    for zone in ZONES:
        started = aws.start_flow_capture(FirewallArn=arn, AvailabilityZone=zone, FlowFilters=EVERY_FLOW)
        operations.append({"flow_operation_id": started["FlowOperationId"], "availability_zone": zone})
    control.advance(5)
    return {"firewall_arn": arn, "operations": operations}


def kept(folder: Path) -> int:
    journal = folder / "flows.jsonl.gz.resume"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def killed_in_the_middle(run_playbook: PlaybookRunner, folder: Path, variables: dict[str, Any]) -> int:
    """Run the playbook, kill it and all its children once some pages are kept, and return how many lines were."""
    playbook = folder / "playbook.yml"
    playbook.write_text(PLAYBOOK)
    variables = {"ansible_python_interpreter": sys.executable, **variables}
    mark = f"FLOWOPS_KILL_ME={folder}"
    command = [Path(sys.executable).parent / "ansible-playbook", "--inventory", "localhost,", "--connection", "local"]
    process = subprocess.Popen(
        [*command, playbook, "--extra-vars", json.dumps(variables)],
        env=environment({"ANSIBLE_HOME": str(run_playbook.folder / "home"), **dict([mark.split("=", 1)])}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while kept(folder) < 12 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    # Ansible's workers and their modules have sessions of their own; they are known by their environment.
    for pid in marked(mark):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert marked(mark) == []
    return kept(folder)


def marked(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return sorted(found)


@pytest.mark.parametrize("torn", [False, True], ids=["whole-lines", "torn-line"])
def test_a_killed_audit_goes_on_and_ends_with_the_same_files(
    run_playbook: PlaybookRunner, control: Control, captures: dict[str, Any], tmp_path: Path, torn: bool
) -> None:
    folders = {name: tmp_path / name for name in ("straight", "resumed")}
    for folder in folders.values():
        folder.mkdir()
    common = {**captures, "endpoint_url": run_playbook.endpoint_url, "region": REGION}
    straight = run_playbook(PLAYBOOK, {**common, "resume": False, "folder": str(folders["straight"])})["Judge"]

    control.add_fault("slow", "ListFlowOperationResults", every=1, seconds=0.05)
    lines = killed_in_the_middle(
        run_playbook, folders["resumed"], {**common, "resume": True, "folder": str(folders["resumed"])}
    )
    control.clear_faults()
    pages = 6000 // 100
    assert 12 <= lines < pages, "it was not killed in the middle"
    assert not any((folders["resumed"] / name).exists() for name in FILES)
    journal = folders["resumed"] / "flows.jsonl.gz.resume"
    assert journal.stat().st_mode & 0o777 == 0o600
    if torn:
        whole = journal.read_bytes()
        journal.write_bytes(whole[: -len(whole.splitlines()[-1]) // 2])

    before = control.calls()["counts"]["ListFlowOperationResults"]
    resumed = run_playbook(PLAYBOOK, {**common, "resume": True, "folder": str(folders["resumed"])})["Judge"]
    asked = control.calls()["counts"]["ListFlowOperationResults"] - before
    # What the killed run had sent, one request for each zone at most, may be counted only now.
    late = len(captures["operations"])
    assert asked <= pages - (lines - 1) + late + (1 if torn else 0) < pages
    for name in FILES:
        # The plan names the file of its findings, which lies in each run's own folder.
        expected = (folders["straight"] / name).read_bytes()
        expected = expected.replace(str(folders["straight"]).encode(), str(folders["resumed"]).encode())
        assert (folders["resumed"] / name).read_bytes() == expected, name
    for key in ("verdict", "partial", "flow_count", "findings_total", "counts", "top", "findings", "operations"):
        assert resumed[key] == straight[key], key
    assert resumed["flow_count"] == 6000
    assert not journal.exists()


def test_what_was_kept_of_another_capture_is_not_used(
    run_playbook: PlaybookRunner, captures: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "flows.jsonl.gz.resume").write_text('{"captures":[["another",{}]]}\n{"at":0,"flows":[{}]}\n')
    common = {**captures, "endpoint_url": run_playbook.endpoint_url, "region": REGION}
    result = run_playbook(PLAYBOOK, {**common, "resume": True, "folder": str(tmp_path)})["Judge"]
    assert result["flow_count"] == 6000
    assert not (tmp_path / "flows.jsonl.gz.resume").exists()
