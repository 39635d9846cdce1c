# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.emulator.world.clock import SteppedClock
from ansible_collections.flowops.aws.tests.emulator.world.generate import write_log
from ansible_collections.flowops.aws.tests.emulator.world.state import EVERYTHING

LOG = {"seed": 3, "firewalls": 2, "zones": 2, "flows": 1200}


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("emulator") / "flows.jsonl.gz"
    write_log(path, **LOG)
    return path


@pytest.fixture(scope="session")
def running(log: Path) -> Iterator[Emulator]:
    with Emulator([log], duration=10.0, clock=SteppedClock()) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def control(emulator: Emulator) -> Control:
    return emulator.control


@pytest.fixture(scope="session")
def client(running: Emulator) -> Callable[..., Any]:
    """Make (once) a client that never retries, so that a test sees each answer."""
    made: dict[tuple[str, str], Any] = {}

    def make(service: str = "network-firewall", region: str = "us-east-1") -> Any:
        if (service, region) not in made:
            made[(service, region)] = boto3.client(
                service,
                region_name=region,
                endpoint_url=running.url,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=20, proxies={}),
            )
        return made[(service, region)]

    return make


@pytest.fixture
def aws(emulator: Emulator, client: Callable[..., Any]) -> Any:
    return client()


class Firewall:
    """One firewall seen through boto3, with the few moves the tests repeat."""

    def __init__(self, aws: Any, control: Control, arn: str) -> None:
        self.aws = aws
        self.control = control
        self.arn = arn

    def start(self, kind: str = "capture", zone: str = "us-east-1a", **options: Any) -> str:
        options.setdefault("FlowFilters", EVERYTHING)
        if not {"AvailabilityZone", "AvailabilityZoneId", "VpcEndpointId", "VpcEndpointAssociationArn"} & set(options):
            options["AvailabilityZone"] = zone
        call = self.aws.start_flow_flush if kind == "flush" else self.aws.start_flow_capture
        identifier: str = call(FirewallArn=self.arn, **options)["FlowOperationId"]
        return identifier

    def finish(self) -> None:
        self.control.advance(10.0)

    def capture(self, **options: Any) -> list[dict[str, Any]]:
        identifier = self.start(**options)
        self.finish()
        return self.flows(identifier)

    def describe(self, identifier: str, **scope: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.aws.describe_flow_operation(
            FirewallArn=self.arn, FlowOperationId=identifier, **scope
        )
        return answer

    def results(self, identifier: str, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.aws.list_flow_operation_results(
            FirewallArn=self.arn, FlowOperationId=identifier, **options
        )
        return answer

    def flows(self, identifier: str, step: int | None = None) -> list[dict[str, Any]]:
        options: dict[str, Any] = {} if step is None else {"MaxResults": step}
        found: list[dict[str, Any]] = []
        while True:
            page = self.results(identifier, **options)
            found.extend(page["Flows"])
            if "NextToken" not in page:
                return found
            options["NextToken"] = page["NextToken"]

    def live(self, zone: str = "us-east-1a") -> int:
        firewalls = self.control.state()["firewalls"]
        found: int = next(item for item in firewalls if item["firewall_arn"] == self.arn)["zones"][zone]["flows"]
        return found


@pytest.fixture
def firewall(aws: Any, control: Control) -> Firewall:
    """The generated log's firewall "egress" with the zones us-east-1a and us-east-1b."""
    return Firewall(aws, control, "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress")


@pytest.fixture
def firewall_of(aws: Any, control: Control) -> Callable[[str], Firewall]:
    """Make the boto3 view of any firewall, by its ARN."""
    return lambda arn: Firewall(aws, control, arn)
