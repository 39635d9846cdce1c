# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks over an inventory in which each host is one firewall, and looks at what lives on the firewalls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW, plain_pages
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION, Recorded, Run, environment
from ansible_collections.flowops.aws.tests.integration.harness.warm import warmed

# What tells one flow from every other in the tests' firewalls: zone, 5-tuple, packets and bytes. Ages grow.
Identity = tuple[str, str, str, str, str, str, int, int]


class FirewallRunner:
    """Runs playbooks over hosts {name: variables}; a run's folder counts as the one that it was started in."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.connection = {"region": REGION, "endpoint_url": endpoint_url}

    def started_in(self) -> Path:
        """Return a new folder to start a run in."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def __call__(
        self,
        playbook: str,
        hosts: Mapping[str, Mapping[str, Any]],
        common: Mapping[str, Any] | None = MappingProxyType({}),
        *,
        env: Mapping[str, str | None] | None = None,
        started_in: Path | None = None,
        options: Sequence[str] = (),
        forks: int = 2,
    ) -> Run:
        """Run a playbook, a name or YAML text, over every host; common variables None leave the connection out.

        With one fork the hosts take each task in their order.
        """
        scratch = self.started_in()
        folder = started_in or scratch
        if "\n" in playbook:
            path = scratch / "playbook.yml"
            path.write_text(playbook, encoding="utf-8")
            playbook = str(path)
        connections = {
            f"{role}_connection": self.connection
            for role in ("flow_audit", "flow_remediate", "flow_verify", "flow_execution_audit")
        }
        everyone = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            **({} if common is None else {**connections, **common}),
        }
        inventory = scratch / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": dict(hosts), "vars": everyone}}), encoding="utf-8")
        record = scratch / "record.jsonl"
        settings = {
            "FLOWOPS_RECORD": str(record),
            "ANSIBLE_CONFIG": str(self._config()),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "PWD": str(folder),
            **(env or {}),
        }
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "ansible-playbook"),
                *("--inventory", str(inventory), "--forks", str(forks), "--extra-vars", "flowops_hosts=all"),
                *options,
                playbook,
            ],
            cwd=folder,
            env=warmed(environment(settings)),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=300,
        )
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return Run(done.returncode, done.stdout, done.stderr, [Recorded(**json.loads(line)) for line in lines])

    def _config(self) -> Path:
        config = self.folder / "ansible.cfg"
        config.touch()
        return config


def flow(number: int, port: int = 23, **members: Any) -> dict[str, Any]:
    """Return the record of a flow that its number tells from all others of a firewall."""
    return {
        "source_address": f"10.0.0.{number}",
        "source_port": 40000 + number,
        "destination_address": "203.0.113.5",
        "destination_port": port,
        "protocol": "tcp",
        "age": 500,
        "packet_count": 10,
        "byte_count": 1000 + number,
        **members,
    }


def failed(run: Run, host: str) -> list[Recorded]:
    """Return the tasks that failed on a host."""
    return [item for item in run.tasks if item.host == host and item.status == "failed"]


def fact(run: Run, host: str, name: str) -> Any:
    """Return what the last set_fact of a variable gave it on a host; KeyError when none did."""
    for item in reversed(run.tasks):
        facts = item.result.get("ansible_facts", {})
        if item.host == host and item.status == "ok" and name in facts:
            return facts[name]
    raise KeyError(f"{name} was never set on {host}\n{run.explain()}")


@dataclass(frozen=True)
class Seen:
    """What a plain capture of one zone saw: the API's flows, and when AWS says it was taken."""

    flows: list[dict[str, Any]]
    taken_at: datetime


def captured(aws: Any, arn: str, zones: Sequence[str]) -> dict[str, Seen]:
    """Capture every flow of the zones by the plainest calls there are."""
    started = {
        zone: aws.start_flow_capture(FirewallArn=arn, AvailabilityZone=zone, FlowFilters=EVERY_FLOW)["FlowOperationId"]
        for zone in zones
    }
    seen = {}
    for zone, flow_operation_id in started.items():
        operation = {"FirewallArn": arn, "AvailabilityZone": zone, "FlowOperationId": flow_operation_id}
        while (described := aws.describe_flow_operation(**operation))["FlowOperationStatus"] == "IN_PROGRESS":
            time.sleep(0.02)
        pages = plain_pages(aws.list_flow_operation_results, "NextToken", **operation)
        seen[zone] = Seen([flow for page in pages for flow in page["Flows"]], described["FlowRequestTimestamp"])
    return seen


def live(aws: Any, arn: str, zones: Sequence[str]) -> Counter[Identity]:
    """Return the flows that live in the zones of a firewall."""
    return Counter(identity(zone, flow) for zone, seen in captured(aws, arn, zones).items() for flow in seen.flows)


def plan_of(arn: str, capture: Mapping[str, Seen], guilty: Callable[[Identity], bool]) -> dict[str, Any]:
    """Return a plan, as an audit would make it, that cuts the guilty flows of a capture."""
    operations = []
    for zone, seen in capture.items():
        filters = [
            {
                "source_address": found[1],
                "source_port": int(found[2]),
                "destination_address": found[3],
                "destination_port": int(found[4]),
                "protocols": [found[5]],
            }
            for found in (identity(zone, flow) for flow in seen.flows)
            if guilty(found)
        ]
        for start in range(0, len(filters), 20):
            batch = filters[start : start + 20]
            operations.append(
                {
                    "availability_zone": zone,
                    "minimum_flow_age": 0,
                    "captured_at": seen.taken_at.isoformat(),
                    "flow_filters": batch,
                    "flow_count": len(batch),
                }
            )
    count = sum(len(seen.flows) for seen in capture.values())
    return {"firewall_arn": arn, "operations": operations, "captured_flow_count": count}


def identity(zone: str, flow: Mapping[str, Any]) -> Identity:
    """Return what tells one of the API's flows from the others."""
    return (
        zone,
        flow["SourceAddress"]["AddressDefinition"],
        flow.get("SourcePort", ""),
        flow["DestinationAddress"]["AddressDefinition"],
        flow.get("DestinationPort", ""),
        flow["Protocol"],
        flow["PacketCount"],
        flow["ByteCount"],
    )


def calls_of(control: Control) -> Counter[str]:
    """Return the number of requests that have reached the emulator so far, by operation."""
    return Counter(control.calls()["counts"])


def starts_of(control: Control, arn: str, operation: str) -> list[dict[str, Any]]:
    """Return the starts of an operation that were carried out on a firewall, in their order."""
    return [
        start
        for start in control.calls()["starts"]
        if start["operation"] == operation and start["request"]["FirewallArn"] == arn
    ]


def modes(folder: Path) -> dict[str, int]:
    """Return the permissions of a folder ('.') and of each file in it."""
    return {
        ".": os.stat(folder).st_mode & 0o777,
        **{path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()},
    }
