# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWS side of the benchmark: the emulator as a process of its own, its pages rendered before anyone is timed."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ansible_collections.flowops.aws.tests.benchmark.measuring import BenchmarkError
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW
from ansible_collections.flowops.aws.tests.integration.harness.runner import environment, make_client

EMULATOR = Path(__file__).resolve().parents[1] / "emulator"
START_SECONDS = 60
# A log of some 200,000 flows is read first.
LOG_SECONDS = 600
# It is held for a signature by its looks alone.
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST/20260101/us-east-1/network-firewall/aws4_request"


@dataclass(frozen=True)
class Taken:
    """A finished capture: its firewall, the operation of each zone, its flows."""

    arn: str
    operations: list[dict[str, str]]
    flow_count: int

    def of_first_zone(self) -> Taken:
        """Return the capture of its first zone alone."""
        return Taken(self.arn, self.operations[:1], self.flow_count // len(self.operations))


class Aws:
    """A running emulator."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.control = Control(url, timeout=600)
        self.control.settings(duration=0)

    def capture(self, name: str, zones: int, flows: int) -> Taken:
        """Make a firewall of so many zones with so many flows in all, and capture them."""
        names = [f"us-east-1{chr(ord('a') + number)}" for number in range(zones)]
        arn = self.control.add_firewall(name, zones=names, synthetic_flows=flows, seed=1)["arn"]
        client = make_client(self.url)
        operations = []
        for zone in names:
            answer = client.start_flow_capture(FirewallArn=arn, AvailabilityZone=zone, FlowFilters=EVERY_FLOW)
            operations.append({"flow_operation_id": answer["FlowOperationId"], "availability_zone": zone})
        return Taken(arn, operations, flows)

    def read(self, taken: Taken) -> float:
        """Read every page over one bare connection, without SDK; returns the pages a second."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)
        headers = {
            "Authorization": SIGNED,
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "NetworkFirewall_20201112.ListFlowOperationResults",
        }
        pages = 0
        begun = time.perf_counter()
        for operation in taken.operations:
            request = {
                "FirewallArn": taken.arn,
                "FlowOperationId": operation["flow_operation_id"],
                "AvailabilityZone": operation["availability_zone"],
            }
            while True:
                connection.request("POST", "/", json.dumps(request), headers)
                response = connection.getresponse()
                body = response.read()
                if response.status != 200:
                    raise BenchmarkError(f"the emulator answered {response.status}: {body[:500].decode()}")
                pages += 1
                # The token stands behind the flows; reading those would measure this process.
                token = json.loads(b"{" + body[body.rindex(b"]") + 1 :].lstrip(b", ")).get("NextToken")
                if token is None:
                    break
                request["NextToken"] = token
        rate = pages / (time.perf_counter() - begun)
        connection.close()
        return rate


@contextmanager
def emulator(folder: Path, *logs: Path) -> Iterator[Aws]:
    """Run an emulator, with the firewalls of flow logs, in a child process as long as the block lasts."""
    port_file = folder / "port"
    with open(folder / "emulator.log", "w+", encoding="utf-8") as log:
        options = ["--flow-log", *map(str, logs)] if logs else []
        process = subprocess.Popen(
            [sys.executable, str(EMULATOR), "--port-file", str(port_file), *options],
            env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + (LOG_SECONDS if logs else START_SECONDS)
            while not port_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise BenchmarkError(f"the emulator did not start:\n{log.read()}")
                time.sleep(0.05)
            yield Aws(f"http://127.0.0.1:{port_file.read_text(encoding='ascii').strip()}")
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)
