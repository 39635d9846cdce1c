# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of this collection's own code share: AWS's side in-process, clocks that never sleep, a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from ansible_collections.amazon.aws.plugins.module_utils import cloud
from botocore.config import Config

from ansible_collections.flowops.aws.plugins.module_utils.aws.clients import client_config
from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.emulator.world.clock import SteppedClock

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
ZONES = ("us-east-1a", "us-east-1b")
DURATION = 10.0


class LinkedClock:
    """The product's clock, tied to AWS's: a sleep moves both and takes no time."""

    def __init__(self, aws_clock: SteppedClock) -> None:
        self.aws_clock = aws_clock
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.aws_clock.now()

    time = monotonic

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.aws_clock.advance(seconds)
        self.on_sleep()


class Params(dict[str, Any]):
    """A module's options: those not given are there, as null."""

    def __missing__(self, _name: str) -> None:
        return None


class FakeModule:
    """What the product asks of an AnsibleAWSModule, without a process of its own."""

    def __init__(self, connect: Callable[..., Any], params: dict[str, Any], check_mode: bool, tmpdir: str) -> None:
        self.params = Params(params)
        self.check_mode = check_mode
        self.tmpdir = tmpdir
        self.warnings: list[str] = []
        self.deprecations: list[str] = []
        self._diff = False
        self._connect = connect

    def client(self, service: str, aws_config: Any = None) -> Any:
        return self._connect(service, config=aws_config)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def deprecate(self, message: str, **_options: Any) -> None:
        self.deprecations.append(message)


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    clock = SteppedClock()
    with Emulator(duration=DURATION, clock=clock) as emulator:
        emulator.control.add_firewall("egress", zones=list(ZONES), synthetic_flows=600, seed=4)
        emulator.world.remember()
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def control(emulator: Emulator) -> Control:
    return emulator.control


@pytest.fixture
def clock(emulator: Emulator) -> LinkedClock:
    aws_clock = emulator.world.clock
    assert isinstance(aws_clock, SteppedClock)
    return LinkedClock(aws_clock)


@pytest.fixture
def retry_sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let AWSRetry, which takes no clock, note its sleeps and not sleep."""
    slept: list[float] = []
    monkeypatch.setattr(cloud, "time", SimpleNamespace(sleep=slept.append))
    return slept


@pytest.fixture
def connect(emulator: Emulator) -> Callable[..., Any]:
    def make(service: str = "network-firewall", config: Any = None, region: str = "us-east-1") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=emulator.url,
            aws_access_key_id="AKIATESTTESTTESTTEST",
            aws_secret_access_key="secret-of-a-test-that-is-long-enough",
            config=config or client_config({"proxies": {}}),
        )

    return make


@pytest.fixture
def plain(emulator: Emulator, connect: Callable[..., Any]) -> Any:
    """A client that has never met the product."""
    return connect(config=Config(proxies={}))


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def api(
    connect: Callable[..., Any], clock: LinkedClock, warnings: list[str], retry_sleeps: list[float]
) -> NetworkFirewall:
    return NetworkFirewall(connect(), clock=clock, warn=warnings.append)


@pytest.fixture
def module_of(connect: Callable[..., Any], retry_sleeps: list[float], tmp_path: Path) -> Callable[..., FakeModule]:
    def make(params: dict[str, Any], check_mode: bool = False) -> FakeModule:
        return FakeModule(connect, params, check_mode, str(tmp_path))

    return make


@pytest.fixture
def capture_of(plain: Any, control: Control) -> Callable[..., str]:
    """Take a capture of every flow with plain boto3, finished on return; gives its ID."""

    def make(zone: str = ZONES[0], **options: Any) -> str:
        everything = [{"SourceAddress": {"AddressDefinition": network}} for network in ("0.0.0.0/0", "::/0")]
        answer = plain.start_flow_capture(
            FirewallArn=ARN, AvailabilityZone=zone, FlowFilters=options.pop("FlowFilters", everything), **options
        )
        control.advance(DURATION)
        identifier: str = answer["FlowOperationId"]
        return identifier

    return make


@pytest.fixture
def flows_of(plain: Any) -> Callable[..., list[dict[str, Any]]]:
    """Read an operation's flows with a plain boto3 loop, as anybody would write it."""

    def read(flow_operation_id: str, arn: str = ARN) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"FirewallArn": arn, "FlowOperationId": flow_operation_id}
        while True:
            page = plain.list_flow_operation_results(**request)
            found.extend(page["Flows"])
            if "NextToken" not in page:
                return found
            request["NextToken"] = page["NextToken"]

    return read
