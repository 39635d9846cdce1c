# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit, remediate and verify live flows with real playbooks, on the emulator."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".venv" / "collections"
REPORTS = ROOT / "reports"
EVIDENCE = "evidence"
PLAYBOOKS = ("audit", "remediate", "verify")
EMULATOR_SECONDS = 60


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def main() -> int:
    """Run the demo and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flow-log", nargs="+", type=Path, help="AWS Network Firewall flow logs to replay")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="where to put the reports")
    options = parser.parse_args()
    # A terminated demo leaves through the same door as an interrupted one, so that the emulator ends with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="flowops-demo-") as folder:
            return run(options.flow_log, options.reports.resolve(), Path(folder))
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130


def run(flow_logs: list[Path] | None, reports: Path, folder: Path) -> int:
    """Run the three playbooks against an emulator of its own and return the first status that is not 0."""
    logs = flow_logs or [generated(folder)]
    for log in logs:
        if not log.is_file():
            raise DemoError(f"FLOW_LOG: '{log}' is not a file; give a flow log in JSON lines, .gz by suffix.")
    with emulator(logs, folder) as url:
        with urlopen(f"{url}/_emulator/state") as answer:
            firewalls = json.load(answer)["firewalls"]
        if not firewalls:
            raise DemoError(f"FLOW_LOG: {', '.join(map(str, logs))} has no netflow event; there is nothing to audit.")
        inventory = write_inventory(folder, firewalls, url, reports)
        for name in PLAYBOOKS:
            print(f"\n--- flowops.aws.{name} ---", flush=True)
            status = playbook(name, inventory)
            if status:
                raise DemoError(f"the playbook flowops.aws.{name} ended with status {status}.")
    print("\n--- flowops.aws.verify, the evidence ---", flush=True)
    status = playbook("verify", inventory, hosts="localhost", evidence_dir=str(reports / EVIDENCE))
    if status:
        raise DemoError(f"the evidence in {reports / EVIDENCE} does not pass: status {status}.")
    print("\nThe reports of what was found before it was cut, open them in a browser:")
    for firewall in firewalls:
        print(f"  {reports / stem(firewall)}-report.html")
    print(f"The evidence of what was cut:\n  {reports / EVIDENCE}")
    return 0


def generated(folder: Path) -> Path:
    """Return a flow log made for the occasion: two firewalls of two zones, with offences planted."""
    log = folder / "flows.jsonl.gz"
    command: list[str | Path] = [sys.executable, ROOT / "tests/emulator/world/generate.py", "--seed", "7"]
    numbers = ["--firewalls", "2", "--zones", "2", "--flows", "3000"]
    subprocess.run([*command, *numbers, "--out", log], check=True, stdout=subprocess.DEVNULL)
    return log


@contextmanager
def emulator(logs: list[Path], folder: Path) -> Iterator[str]:
    """Run the emulator on a free port of loopback and yield its URL; it ends with the block, whatever happens."""
    port_file = folder / "port"
    command: list[str | Path] = [
        sys.executable,
        ROOT / "tests/emulator",
        "--port",
        "0",
        "--port-file",
        port_file,
        "--duration",
        "2",
    ]
    process = subprocess.Popen([*command, "--flow-log", *logs], stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + EMULATOR_SECONDS
        while not port_file.exists():
            if process.poll() is not None:
                raise DemoError(f"the emulator ended with status {process.returncode}.")
            if time.monotonic() > deadline:
                raise DemoError(f"the emulator did not start within {EMULATOR_SECONDS} seconds.")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text().strip()}"
    finally:
        # It has a session of its own, so that Ctrl-C in the terminal reaches the demo alone, which then ends it here.
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stem(firewall: Mapping[str, Any]) -> str:
    """Return how the role flow_audit begins the names of a firewall's files."""
    return f"{firewall['account_id']}-{firewall['region']}-{firewall['firewall_name']}"


def write_inventory(folder: Path, firewalls: list[dict[str, Any]], url: str, reports: Path) -> Path:
    """Write an inventory in which each host is one firewall, and return its path."""
    hosts = {}
    for firewall in firewalls:
        connection = {"region": firewall["region"], "endpoint_url": url}
        plan = str(reports / f"{stem(firewall)}-plan.json")
        hosts[firewall["firewall_name"]] = {
            "firewall_arn": firewall["firewall_arn"],
            "flow_audit_connection": connection,
            "flow_remediate_connection": connection,
            "flow_verify_connection": connection,
            "flow_remediate_plan": plan,
            "flow_verify_plan": plan,
        }
    everyone = {
        "flow_audit_policy_file": str(ROOT / "tests/demo/policy.yml"),
        "flow_audit_report_dir": str(reports),
        "flow_remediate_evidence_dir": str(reports / EVIDENCE),
    }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": everyone}}))
    return inventory


def playbook(name: str, inventory: Path, hosts: str = "all", **variables: str) -> int:
    """Run one playbook of the collection over hosts, each a firewall, and return its exit status."""
    # A configuration of its own, so that the user's neither helps nor harms.
    config = inventory.with_name("ansible.cfg")
    config.write_text("[defaults]\n")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        # The emulator takes any credentials; they are set so that no real ones are looked for.
        "AWS_ACCESS_KEY_ID": "AKIADEMODEMODEMODEMO",
        "AWS_SECRET_ACCESS_KEY": "a-secret-that-only-the-demo-uses",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name_of_other in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_URL"):
        environment.pop(name_of_other, None)
    command: list[str | Path] = ["ansible-playbook", f"flowops.aws.{name}", "-i", inventory]
    command.extend(["-e", json.dumps({"flowops_hosts": hosts, **variables})])
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
