# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet as the inventory plugin lists it, audited whole and in four slices; make bench does it with 60 firewalls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.benchmark import fleet
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.runner import environment
from ansible_collections.flowops.aws.tests.integration.harness.slicing import plain, slice_of, write_inventory
from ansible_collections.flowops.aws.tests.integration.harness.warm import warmed

# Not a multiple of the slices: AWX makes some of them larger.
NAMES = [f"fleet-{number:02}" for number in range(6)]
FLOWS = 60


class Commands:
    """Runs Ansible's commands in a folder of their own, as a user would whose credentials are in the environment."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.settings = {
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_CALLBACK_PLUGINS": None,
            "ANSIBLE_ROLES_PATH": None,
            "AWS_URL": endpoint_url,
        }

    def __call__(self, *words: str | Path) -> str:
        """Run a command of Ansible's, its first word, and return what it printed; AssertionError when it failed."""
        command = [str(Path(sys.executable).parent / words[0]), *map(str, words[1:])]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=warmed(environment({**self.settings, "PWD": str(self.folder)})),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def commands(emulator: Emulator, control: Control, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    for number, name in enumerate(NAMES):
        control.add_firewall(name, zones=fleet.ZONES, synthetic_flows=len(fleet.ZONES) * FLOWS, seed=number)
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "fleet.networkfirewall.yml").write_text(yaml.safe_dump(fleet.source("fleet-")), encoding="utf-8")
    return Commands(folder, emulator.url)


@pytest.fixture(scope="module")
def hosts(commands: Commands) -> dict[str, Any]:
    """The firewalls, as the inventory plugin lists them for AWX."""
    listed = commands("ansible-inventory", "--inventory", "fleet.networkfirewall.yml", "--list", "--export")
    return dict(plain(json.loads(listed))["_meta"]["hostvars"])


def audit(commands: Commands, hosts: Mapping[str, Any], folder: Path) -> dict[str, fleet.Found]:
    """Audit these hosts as a job would and return what was found, by firewall."""
    folder.mkdir()
    write_inventory(folder / "hosts", hosts)
    (folder / "vars.json").write_text(json.dumps(fleet.job_variables(folder)), encoding="utf-8")
    forks = str(2 * (os.cpu_count() or 1))
    words = ("--inventory", folder / "hosts", "--forks", forks, "--extra-vars", f"@{folder / 'vars.json'}")
    commands("ansible-playbook", *words, "flowops.aws.audit")
    return fleet.found_in(folder)


def test_the_graph_shows_every_firewall(commands: Commands) -> None:
    graph = commands("ansible-inventory", "--inventory", "fleet.networkfirewall.yml", "--graph")
    assert [line.removeprefix("  |  |--") for line in graph.splitlines() if "fleet-" in line] == NAMES


def test_four_slices_together_find_what_the_whole_does(
    commands: Commands, hosts: dict[str, Any], tmp_path: Path
) -> None:
    whole = audit(commands, hosts, tmp_path / "whole")
    assert list(whole) == NAMES
    assert {told["flow_count"] for told, _flows in whole.values()} == {len(fleet.ZONES) * FLOWS}
    assert all(told["findings_total"] == len(flows) > 0 for told, flows in whole.values())
    slices = [
        audit(commands, slice_of(hosts, number, fleet.SLICES), tmp_path / str(number))
        for number in range(1, fleet.SLICES + 1)
    ]
    assert [len(found) for found in slices] == [2, 2, 1, 1]
    assert {name: found for part in slices for name, found in part.items()} == whole
