# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs real ansible-playbook on this machine and reads what every task returned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from ansible_collections.flowops.aws.tests.integration.harness.warm import warmed

HARNESS = Path(__file__).resolve().parent
HERE = HARNESS.parent
TARGETS = HERE / "targets"
REGION = "us-east-1"

# The secret is as long as a real one: Ansible hides a short secret wherever its characters happen to occur.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI+K7MDENG/bPxRfiCYTESTTESTTEST",
}


@dataclass(frozen=True)
class Recorded:
    """One task's result on one host; status is ok, failed, skipped or unreachable, seconds since the task began."""

    task: str
    host: str
    status: str
    ignored: bool
    seconds: float
    result: dict[str, Any]


@dataclass
class Run:
    """One run of ansible-playbook: exit status, output, and the results of all tasks in order."""

    rc: int
    stdout: str
    stderr: str
    tasks: list[Recorded] = field(default_factory=list)

    @property
    def output(self) -> str:
        """Return stdout and stderr, one after the other."""
        return self.stdout + self.stderr

    def recorded(self, task: str, host: str | None = None) -> Recorded:
        """Return the last result of the task with that name; KeyError when it never ran."""
        for item in reversed(self.tasks):
            if item.task == task and host in (None, item.host):
                return item
        raise KeyError(f"no task {task!r} ran; there were {', '.join(dict.fromkeys(item.task for item in self.tasks))}")

    def __getitem__(self, task: str) -> dict[str, Any]:
        """Return what the task with that name returned, the last time it ran."""
        return self.recorded(task).result

    def all(self, task: str) -> list[dict[str, Any]]:
        """Return what the task returned each time it ran."""
        return [item.result for item in self.tasks if item.task == task]

    def items(self, task: str, key: str = "id") -> dict[str, dict[str, Any]]:
        """Return the results of a loop, by a key of its items."""
        return {entry["item"][key]: entry for entry in self[task]["results"]}

    def explain(self) -> str:
        """Return the output for the message of an assertion."""
        return f"rc {self.rc}\n{self.stdout}\n{self.stderr}"


def make_client(endpoint_url: str, service: str = "network-firewall", region: str = REGION) -> Any:
    """Return a plain boto3 client that never retries."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30, proxies={}),
    )


def environment(extra: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return the environment of a run: nothing of the caller's AWS, Ansible or Python settings, then extra."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANSIBLE_", "AWS_", "PYTHON")) and "proxy" not in name.lower()
    }
    collections = os.environ.get("FLOWOPS_COLLECTIONS") or os.environ.get("ANSIBLE_COLLECTIONS_PATH")
    own = HERE.parents[1] / ".venv" / "collections"
    if not collections and own.is_dir():
        collections = str(own)
    if not collections:
        # Beside the checkout this file was imported from, when that lies in a tree of collections.
        collections = next(
            (entry for entry in sys.path if (Path(entry) / "ansible_collections/amazon/aws").is_dir()), ""
        )
    if collections:
        kept["ANSIBLE_COLLECTIONS_PATH"] = collections
    kept.update(
        CREDENTIALS,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
        LC_ALL="C.UTF-8",
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_FORCE_COLOR="0",
        ANSIBLE_PIPELINING="1",
        ANSIBLE_RETRY_FILES_ENABLED="0",
        ANSIBLE_LOCALHOST_WARNING="0",
        ANSIBLE_CALLBACK_PLUGINS=str(HARNESS / "plugins" / "callback"),
        ANSIBLE_ROLES_PATH=str(TARGETS),
        # No ~/.aws of whoever runs the tests, and no wait for an instance's metadata.
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    for name, value in (extra or {}).items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    return kept


class PlaybookRunner:
    """Runs playbooks with the fake credentials; endpoint_url and region are given to each as extra variables."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.endpoint_url = endpoint_url

    def __call__(
        self,
        playbook: str | Path,
        extra_vars: Mapping[str, Any] | None = None,
        env: Mapping[str, str | None] | None = None,
        *,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        timeout: float = 300.0,
    ) -> Run:
        """Run a playbook given as a path or as YAML text; env None removes a variable; timeout in seconds."""
        scratch = Path(tempfile.mkdtemp(dir=self.folder))
        path = Path(playbook) if isinstance(playbook, Path) or "\n" not in playbook else scratch / "playbook.yml"
        if path.parent == scratch:
            path.write_text(str(playbook), encoding="utf-8")
        output_dir = scratch / "output"
        output_dir.mkdir()
        variables = {
            "endpoint_url": self.endpoint_url,
            "region": REGION,
            "output_dir": str(output_dir),
            "ansible_python_interpreter": sys.executable,
            **(extra_vars or {}),
        }
        (scratch / "ansible.cfg").touch()
        (scratch / "vars.json").write_text(json.dumps(variables), encoding="utf-8")
        record = scratch / "record.jsonl"
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "--inventory", "localhost,"]
        command += ["--connection", "local", "--extra-vars", f"@{scratch / 'vars.json'}"]
        command += ["--check"] * check + ["--diff"] * diff + ["-" + "v" * verbosity] * bool(verbosity)
        done = subprocess.run(
            [*command, str(path)],
            cwd=scratch,
            env=warmed(
                environment(
                    {
                        # As a shell sets it; files that are named without a folder go there.
                        "PWD": str(scratch),
                        "FLOWOPS_RECORD": str(record),
                        "ANSIBLE_CONFIG": str(scratch / "ansible.cfg"),
                        "ANSIBLE_HOME": str(self.folder / "home"),
                        **(env or {}),
                    }
                )
            ),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
        )
        tasks = []
        if record.exists():
            lines = record.read_text(encoding="utf-8").splitlines()
            tasks = [Recorded(**json.loads(line)) for line in lines]
        return Run(done.returncode, done.stdout, done.stderr, tasks)

    def target(self, name: str, extra_vars: Mapping[str, Any] | None = None, **options: Any) -> Run:
        """Run the target of that name, as ansible-test would, and return the run; AssertionError when it failed."""
        playbook = f"- name: Target\n  hosts: localhost\n  gather_facts: false\n  roles:\n    - {name}\n"
        run = self(playbook, extra_vars, **options)
        if run.rc:
            raise AssertionError(f"the target {name} failed\n{run.explain()}")
        return run
