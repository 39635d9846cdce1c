# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit, remediate and verify live flows with real playbooks, on the emulator."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / ".venv" / "collections"
# make runs this file as a script.
sys.path.insert(0, str(COLLECTIONS))
from ansible_collections.flowops.aws.tests.emulator.control import Control  # noqa: E402 - it has to be found first

REPORTS = ROOT / "reports"
EVIDENCE = "evidence"
EMULATOR_SECONDS = 60
LONGEST_LINE = 220
# A remediation cuts no more than 10 percent of the flows unless it is told to.
MOST_PERCENT = 8
PAGES = 3


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
    """Run the playbooks against an emulator of its own, tell the story, and return 0; raise DemoError at a failure."""
    logs = flow_logs or [generated(folder)]
    for log in logs:
        if not log.is_file():
            raise DemoError(f"FLOW_LOG: '{log}' is not a file; give a flow log in JSON lines, .gz by suffix.")
    reports.mkdir(mode=0o700, parents=True, exist_ok=True)
    with emulator(logs, folder) as url:
        control = Control(url)
        firewalls = control.state()["firewalls"]
        if not firewalls:
            raise DemoError(f"FLOW_LOG: {', '.join(map(str, logs))} has no netflow event; there is nothing to audit.")
        stage = Stage(write_inventory(folder, firewalls, url, reports), reports / "demo.log")
        several = f"{len(firewalls)} firewalls" if len(firewalls) > 1 else "one firewall"
        print(f"An emulator of AWS with {several}. All that is printed is in {stage.log}\n")
        stage.play("flows", "What is alive right now")
        stage.play("audit", "Which flows break the policy, tests/demo/policy.yml")
        stage.play("remediate", "Cut exactly those, and prove it")
        stage.play("verify", "Are they still there?")
        stage.play("verify", "Was the evidence altered?", hosts="localhost", evidence_dir=str(reports / EVIDENCE))
        change_a_rule(stage, control, firewalls, reports)
    tell_where(firewalls, reports)
    return 0


class Stage:
    """Plays playbooks, all output into a log, and prints what they say last of each firewall."""

    def __init__(self, inventory: Path, log: Path) -> None:
        self.inventory = inventory
        self.log = log
        self.step = 0
        log.write_text("", encoding="utf-8")
        log.chmod(0o600)

    def play(self, name: str, title: str, hosts: str = "all", **variables: str) -> None:
        """Run a playbook of the collection, or a file, over hosts, each a firewall; raise DemoError when it fails."""
        self.step += 1
        print(f"{self.step}. {title} ({Path(name).name})", flush=True)
        done = playbook(name, self.inventory, hosts, **variables)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"--- {self.step}. {title} ---\n{done.stdout}\n")
        if done.returncode:
            print(done.stdout, file=sys.stderr)
            raise DemoError(f"the playbook {name} ended with status {done.returncode}; its output is above.")
        for line in story_of(done.stdout):
            print(f"   {line}")


def story_of(output: str) -> list[str]:
    """Return what a playbook's output says last of each host, the first line of what is a table."""
    said = {}
    for host, result in re.findall(r"^ok: \[([^]]+)\] => (\{\n.*?^\})$", output, flags=re.MULTILINE | re.DOTALL):
        message = json.loads(result).get("msg")
        if message:
            said[host] = message[0] if isinstance(message, list) else message
    return [textwrap.shorten(str(text), LONGEST_LINE, placeholder=" ...") for text in dict.fromkeys(said.values())]


def change_a_rule(stage: Stage, control: Control, firewalls: list[dict[str, Any]], reports: Path) -> None:
    """Let one firewall drop what it has passed so far: what is alive stays alive, until it is found and cut."""
    for firewall in firewalls:
        port = a_rare_port(reports / f"{stem(firewall)}-live.json")
        if port:
            break
    else:
        print("\nNo port of these flows is rare enough for a rule about it; the last step was left out.")
        return
    number, protocol = port
    name = firewall["firewall_name"]
    dropped = f'drop {protocol} any any -> any {number} (msg:"port {number} is closed now"; sid:1; rev:1;)'
    control.set_rules(name, [{"name": "demo", "rules": f"{dropped}\npass ip any any -> any any (sid:2; rev:1;)"}])
    title = f"A rule of {name} changes, to drop port {number}: what it passed lives on, and needs no policy to be found"
    stage.play(str(ROOT / "tests/demo/rules.yml"), title, hosts=name)


def a_rare_port(report: Path) -> tuple[int, str] | None:
    """Return a port of TCP or UDP that some flows have, and no more than the remediation cuts; None for none."""
    live = json.loads(report.read_text(encoding="utf-8"))
    for entry in live["top"]["by_flows"]["port"]:
        number, _slash, protocol = entry["key"].partition("/")
        if protocol in ("tcp", "udp") and 0 < entry["flows"] <= live["flow_count"] * MOST_PERCENT / 100:
            return int(number), protocol
    return None


def tell_where(firewalls: list[dict[str, Any]], reports: Path) -> None:
    """Print where the pages and the evidence are."""
    print("\nOpen these in a browser, what was found before it was cut:")
    for firewall in firewalls[:PAGES]:
        print(f"   {reports / stem(firewall)}-report.html")
    if len(firewalls) > PAGES:
        print(f"   and those of {len(firewalls) - PAGES} more firewalls beside them")
    print(f"The evidence of what was cut: {reports / EVIDENCE}")


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
        "flow_audit_reports": ["html", "markdown", "csv", "json"],
        "flow_audit_top_n": 50,
        "flow_remediate_evidence_dir": str(reports / EVIDENCE),
    }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": everyone}}))
    return inventory


def playbook(name: str, inventory: Path, hosts: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook of the collection, or a file, over hosts, and return its status with all that it printed."""
    # A configuration of its own, so that the user's neither helps nor harms.
    config = inventory.with_name("ansible.cfg")
    config.write_text("[defaults]\n")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "ANSIBLE_NOCOLOR": "1",
        # The emulator takes any credentials; they are set so that no real ones are looked for.
        "AWS_ACCESS_KEY_ID": "AKIADEMODEMODEMODEMO",
        "AWS_SECRET_ACCESS_KEY": "a-secret-that-only-the-demo-uses",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name_of_other in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_URL"):
        environment.pop(name_of_other, None)
    played = name if "/" in name else f"flowops.aws.{name}"
    command: list[str | Path] = ["ansible-playbook", played, "-i", inventory]
    command.extend(["-e", json.dumps({"flowops_hosts": hosts, **variables})])
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
    return subprocess.run(command, env=environment, check=False, **streams)


if __name__ == "__main__":
    sys.exit(main())
