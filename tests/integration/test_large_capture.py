# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

SIZES = {"small": 10_000, "large": 100_000}
# Python's own allocations differ a little from run to run.
ALLOWANCE = 1.15
# With the talkers, which are exact up to 100,000 addresses and ports of each kind, in kB.
MOST_WITH_TALKERS = 120_000

# Stands between Ansible and Python, and notes the largest resident size of the module it ran, in kB.
INTERPRETER = """#!{python}
import os
import resource
import subprocess
import sys

done = subprocess.run([{python!r}, *sys.argv[1:]])
with open(os.environ["FLOWOPS_PEAKS"], "a") as file:
    file.write(f"{{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}}\\n")
sys.exit(done.returncode)
"""

PLAYBOOK = """
- name: Large
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws:
      endpoint_url: "{{ endpoint_url }}"
      region: "{{ region }}"
      firewall_arn: "{{ firewall_arn }}"
  tasks:
    - name: Read
      flowops.aws.networkfirewall_flow_operation_result_info:
        flow_operation_id: "{{ flow_operation_id }}"
        dest: "{{ output_dir }}/flows.jsonl.gz"
      environment:
        FLOWOPS_PEAKS: "{{ output_dir }}/read"

    - name: Judge
      flowops.aws.networkfirewall_flow_audit:
        operations: [{flow_operation_id: "{{ flow_operation_id }}"}]
        findings_dest: "{{ output_dir }}/findings.jsonl.gz"
        policy:
          rules:
            - {name: no-telnet, action: deny, destination_port: [23]}
      environment:
        FLOWOPS_PEAKS: "{{ output_dir }}/judge"

    - name: Judge without talkers
      flowops.aws.networkfirewall_flow_audit:
        operations: [{flow_operation_id: "{{ flow_operation_id }}"}]
        top_n: 0
        policy:
          rules:
            - {name: no-telnet, action: deny, destination_port: [23]}
      environment:
        FLOWOPS_PEAKS: "{{ output_dir }}/without"
"""


class Measured:
    """The runs over captures of two sizes, and the peak memory of each task in kB."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.folders: dict[str, Path] = {}

    def peak(self, size: str, task: str) -> int:
        return max(int(line) for line in (self.folders[size] / task).read_text().split())


@pytest.fixture(scope="module")
def measured(
    run_playbook: PlaybookRunner, control: Control, aws: Any, tmp_path_factory: pytest.TempPathFactory
) -> Measured:
    interpreter = tmp_path_factory.mktemp("interpreter") / "python"
    interpreter.write_text(INTERPRETER.format(python=sys.executable), encoding="utf-8")
    interpreter.chmod(0o755)
    control.settings(duration=0)
    found = Measured()
    for size, count in SIZES.items():
        arn = control.add_firewall(size, zones=["us-east-1a"], synthetic_flows=count)["arn"]
        operation = aws.start_flow_capture(FirewallArn=arn, FlowFilters=EVERY_FLOW)["FlowOperationId"]
        folder = tmp_path_factory.mktemp(size)
        run = run_playbook(
            PLAYBOOK,
            {
                "firewall_arn": arn,
                "flow_operation_id": operation,
                "output_dir": str(folder),
                "ansible_python_interpreter": str(interpreter),
            },
            # Not a fork of a process that is large already.
            env={"PYTHONPATH": ""},
        )
        assert run.rc == 0, run.explain()
        found.runs[size], found.folders[size] = run, folder
    return found


def test_every_flow_is_read_and_judged(measured: Measured) -> None:
    for size, count in SIZES.items():
        run = measured.runs[size]
        assert run["Read"]["flow_count"] == run["Judge"]["flow_count"] == count
        ports = []
        with gzip.open(measured.folders[size] / "flows.jsonl.gz", "rt", encoding="utf-8") as lines:
            ports = [json.loads(line)["destination_port"] for line in lines]
        assert len(ports) == count
        assert run["Judge"]["findings_total"] == ports.count(23) > 0
        assert run["Judge"]["verdict"] == "noncompliant"


def test_the_result_stays_small(measured: Measured) -> None:
    for task in ("Read", "Judge"):
        assert len(json.dumps(measured.runs["large"][task])) < 500_000


@pytest.mark.parametrize("task", ["read", "without"])
def test_memory_does_not_grow_with_the_number_of_flows(measured: Measured, task: str) -> None:
    small, large = measured.peak("small", task), measured.peak("large", task)
    assert large <= small * ALLOWANCE, f"{small:,} kB for 10,000 flows, {large:,} kB for 100,000"


def test_talkers_are_kept_in_little_memory(measured: Measured) -> None:
    assert measured.peak("large", "judge") <= MOST_WITH_TALKERS
