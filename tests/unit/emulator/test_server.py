# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ansible_collections.flowops.aws.tests.emulator.cli import main
from ansible_collections.flowops.aws.tests.emulator.control import Control, ControlError
from ansible_collections.flowops.aws.tests.emulator.http.validation import validate
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.emulator.world.clock import Clock, SteppedClock
from ansible_collections.flowops.aws.tests.emulator.world.errors import ApiError
from ansible_collections.flowops.aws.tests.emulator.world.generate import planted

PACKAGE = Path(__file__).resolve().parents[2] / "emulator"
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/network-firewall/aws4_request, Signature=0"


def _ask(connection: http.client.HTTPConnection, operation: str, body: Any, **headers: str) -> tuple[int, Any]:
    headers = {"X-Amz-Target": f"NetworkFirewall_20201112.{operation}", "Authorization": SIGNED, **headers}
    connection.request("POST", "/", json.dumps(body), {key: value for key, value in headers.items() if value})
    with connection.getresponse() as response:
        return response.status, json.loads(response.read())


@pytest.fixture
def connection(emulator: Emulator) -> Iterator[http.client.HTTPConnection]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)) as opened:
        yield opened


def test_connections_stay_open(connection: http.client.HTTPConnection, firewall: Any) -> None:
    connection.connect()
    socket = connection.sock
    for _request in range(3):
        assert _ask(connection, "ListFlowOperations", {"FirewallArn": firewall.arn}) == (200, {"FlowOperations": []})
        assert _ask(connection, "ListFirewalls", {})[0] == 200
    assert connection.sock is socket


def test_requests_that_the_sdk_would_not_send(connection: http.client.HTTPConnection, firewall: Any) -> None:
    arn = {"FirewallArn": firewall.arn}
    for body, code in (
        ({**arn, "MaxResults": 0}, "InvalidRequestException"),
        ({**arn, "MaxResults": "7"}, "InvalidRequestException"),
        ({**arn, "MaxResults": True}, "InvalidRequestException"),
        ({}, "InvalidRequestException"),
        ([], "InvalidRequestException"),
    ):
        status, answer = _ask(connection, "ListFlowOperations", body)
        assert (status, answer["__type"]) == (400, code)
    assert _ask(connection, "MakeCoffee", {})[1]["__type"] == "UnknownOperationException"
    status, answer = _ask(connection, "ListFlowOperations", arn, Authorization="")
    assert (status, answer["__type"]) == (400, "MissingAuthenticationTokenException")
    elsewhere = SIGNED.replace("us-east-1", "us-nowhere-9")
    assert _ask(connection, "ListFlowOperations", arn, Authorization=elsewhere)[1]["__type"] == (
        "UnrecognizedClientException"
    )
    connection.request(
        "POST", "/", "{", {"X-Amz-Target": "NetworkFirewall_20201112.ListFlowOperations", "Authorization": SIGNED}
    )
    assert json.loads(connection.getresponse().read())["__type"] == "SerializationException"


@pytest.mark.parametrize(
    ("member", "value"),
    [("FlowFilters", {}), ("FlowFilters", [{"Protocols": "tcp"}]), ("MinimumFlowAgeInSeconds", 1 << 31)],
)
def test_types_of_the_model_hold(member: str, value: Any) -> None:
    request = {"FirewallArn": "arn:aws:x", "FlowFilters": [], member: value}
    with pytest.raises(ApiError, match=member):
        validate("network-firewall", "StartFlowCapture", request)


def test_the_rest_of_aws_is_there(emulator: Emulator, client: Callable[..., Any]) -> None:
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    assert client("sqs").create_queue(QueueName="q")["QueueUrl"]
    s3 = client("s3")
    s3.create_bucket(Bucket="flowops-emulator-test")
    s3.put_object(Bucket="flowops-emulator-test", Key="a", Body=b"flow" * 1000)
    assert s3.get_object(Bucket="flowops-emulator-test", Key="a")["Body"].read() == b"flow" * 1000
    assert client("securityhub").enable_security_hub()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_another_account_does_not_see_the_firewalls(control: Control, aws: Any) -> None:
    control.add_firewall("foreign", zones=["us-east-1a"], account_id="210987654321")
    assert "foreign" not in [item["FirewallName"] for item in aws.list_firewalls()["Firewalls"]]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.describe_firewall(FirewallName="foreign")


def test_a_reset_of_motos_own_does_not_lose_the_firewalls(connection: http.client.HTTPConnection, aws: Any) -> None:
    before = aws.list_firewalls()["Firewalls"]
    connection.request("POST", "/moto-api/reset")
    assert connection.getresponse().read()
    assert aws.list_firewalls()["Firewalls"] == before


def test_a_reset_goes_back_to_the_start(firewall: Any, control: Control) -> None:
    start = control.state()
    firewall.start("flush")
    firewall.finish()
    control.settings(duration=3, next_status=["FAILED"], reconnect=0.5)
    control.add_fault("throttle", "StartFlowCapture")
    control.add_firewall("extra", zones=["us-east-1a"])
    control.add_association("egress", "us-east-1a")
    control.reset()
    assert control.state() == start
    assert control.calls() == {"counts": {}, "peaks": {}, "starts": []}
    assert control.faults() == []
    assert len(firewall.capture()) == 300


def test_two_emulators_of_one_process_share_nothing(firewall: Any, log: Path) -> None:
    with Emulator([log], clock=SteppedClock()) as other:
        other.control.add_firewall("second", zones=["us-east-1a"])
        firewall.start()
        assert other.control.calls()["counts"] == {}
        assert [item["in_progress"] for item in other.control.state()["firewalls"][0]["zones"].values()] == [[], []]
    assert len(firewall.aws.list_firewalls()["Firewalls"]) == 2


def test_nothing_answers_after_stop() -> None:
    emulator = Emulator(clock=SteppedClock()).start()
    control, port = emulator.control, emulator.port
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as kept:
        assert _ask(kept, "ListFirewalls", {})[0] == 200
        emulator.stop()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            kept.request("POST", "/", "{}", {"X-Amz-Target": "x"})
            kept.getresponse()
    with pytest.raises(OSError, match="refused"):
        control.state()
    with pytest.raises(RuntimeError, match="not running"):
        assert emulator.url


def test_operations_put_into_the_past(firewall: Any, control: Control) -> None:
    old = control.add_operations("egress", "us-east-1a", age_seconds=3600, status="FAILED", count=2)
    busy = control.add_operations("egress", "us-east-1a", type="FLOW_FLUSH", status="IN_PROGRESS", remaining=5)
    stuck = control.add_operations("egress", "us-east-1b", status="IN_PROGRESS", remaining=None)
    assert [firewall.describe(item)["FlowOperationStatus"] for item in old] == ["FAILED"] * 2
    for zone in ("us-east-1a", "us-east-1b"):
        with pytest.raises(ClientError, match="already in progress"):
            firewall.start(zone=zone)
    control.advance(5)
    assert firewall.describe(busy[0])["FlowOperationStatus"] == "COMPLETED"
    assert firewall.start(zone="us-east-1a")
    assert firewall.describe(stuck[0])["FlowOperationStatus"] == "IN_PROGRESS"
    done = control.add_operations("inspection", "us-east-1a")[0]
    inspection = firewall.arn.replace("egress", "inspection")
    page = firewall.aws.list_flow_operation_results(FirewallArn=inspection, FlowOperationId=done)
    assert len(page["Flows"]) == 100
    assert control.calls()["starts"][0]["operation"] == "StartFlowCapture"


@pytest.mark.parametrize(
    ("name", "body", "named"),
    [
        ("settings", {"duration": -1}, "duration"),
        ("settings", {"reconnect": 2}, "reconnect"),
        ("settings", {"next_status": ["DONE"]}, "next_status"),
        ("settings", {"status_message": "no_underscore"}, "status_message"),
        ("settings", {"page_default": 101}, "page_default"),
        ("settings", {"stream_exception_policy": "PASS"}, "stream_exception_policy"),
        ("settings", {"speed": 1}, "unknown key: speed"),
        ("firewalls", {"firewall_name": "x"}, "needs zones"),
        ("firewalls", {"firewall_name": "a b", "zones": ["us-east-1a"]}, "letters, digits"),
        ("firewalls", {"firewall_name": "x", "zones": ["us-east-1a", "us-west-2a"]}, "2 regions"),
        ("firewalls", {"firewall_name": "egress", "zones": ["us-east-1a"]}, "exists already"),
        ("firewalls", {"firewall_name": "x", "zones": ["Mars"]}, "Mars"),
        ("flows", {"firewall_name": "egress", "zone": "us-east-1f"}, "us-east-1f"),
        ("flows", {"firewall_name": "nobody", "zone": "us-east-1a"}, "nobody"),
        ("flows", {"firewall_name": "egress", "zone": "us-east-1a", "flows": [{"source": "x"}]}, "flow record"),
        ("operations", {"firewall_name": "egress", "zone": "us-east-1a", "status": "DONE"}, "status"),
        (
            "operations",
            {"firewall_name": "egress", "zone": "us-east-1a", "flow_filters": [{"SourceAddress": {}}]},
            "expected shape",
        ),
        ("clock", {"advance": -1}, "negative"),
        ("executions", {"count": 1}, "flow_execution_id"),
        ("associations", {"firewall_name": "egress", "zone": "us-east-1f"}, "us-east-1f"),
    ],
)
def test_the_control_door_says_what_is_wrong(control: Control, name: str, body: dict[str, Any], named: str) -> None:
    before = control.state()
    with pytest.raises(ControlError, match=named):
        control._ask("POST", name, body)
    assert control.state() == before


def test_an_unknown_door_names_those_there_are(control: Control) -> None:
    with pytest.raises(ControlError, match="GET /_emulator/state"):
        control._ask("GET", "stat")


def test_the_clock_runs_and_can_be_put_forward() -> None:
    clock = Clock()
    assert abs(clock.now() - time.time()) < 1
    clock.advance(100)
    assert 99 < clock.now() - time.time() < 101
    clock.reset()
    assert abs(clock.now() - time.time()) < 1


def test_a_hundred_thousand_flows_are_there_in_seconds(
    emulator: Emulator, control: Control, firewall_of: Callable[[str], Any]
) -> None:
    begun = time.monotonic()
    answer = control.add_firewall("big", zones=["us-east-1a", "us-east-1b", "us-east-1c"], synthetic_flows=100_000)
    assert time.monotonic() - begun < 10
    assert list(answer["zones"].values()) == [33334, 33333, 33333]
    big = firewall_of(answer["arn"])
    ssh = [{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}, "DestinationPort": "22"}]
    flows = big.capture(FlowFilters=ssh)
    assert 500 < len(flows) < 5000
    assert {flow["DestinationPort"] for flow in flows} == {"22"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_line(tmp_path: Path, log: Path, how: int) -> None:
    port_file = tmp_path / "port"
    command = [sys.executable, str(PACKAGE), "--port-file", str(port_file), "--flow-log", str(log), "--duration", "0"]
    command += ["--fault", "throttle:ListFlowOperations:times=1"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        try:
            assert process.stdout is not None and process.stderr is not None
            line = process.stdout.readline()
            port = int(port_file.read_text())
            assert line == f"listening on http://127.0.0.1:{port}\n"
            control = Control(f"http://127.0.0.1:{port}")
            flows = {
                (firewall["firewall_name"], zone): details["flows"]
                for firewall in control.state()["firewalls"]
                for zone, details in firewall["zones"].items()
            }
            assert flows == dict.fromkeys(planted(3, 2, 2, 1200), 300)
            assert [fault["kind"] for fault in control.faults()] == ["throttle"]
            process.send_signal(how)
            assert process.wait(timeout=60) == 0
            assert (process.stdout.read(), process.stderr.read()) == ("", "")
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == [port_file]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--flow-log", "bad.jsonl"], "bad.jsonl, line 1: "),
        (["--flow-log", "absent.jsonl"], "absent.jsonl cannot be read"),
        (["--fault", "explode:*"], "fault kind must be one of"),
        (["--reconnect", "2"], "--reconnect"),
        (["--duration", "-1"], "--duration"),
    ],
)
def test_a_command_line_that_cannot_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.jsonl").write_text("{}\n")
    try:
        status: object = main(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    shown = capsys.readouterr().err
    assert named in shown and "Traceback" not in shown


def test_a_refused_endpoint_is_refused() -> None:
    stopped = Emulator(clock=SteppedClock()).start()
    port = stopped.port
    stopped.stop()
    lost = boto3.client(
        "network-firewall",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with pytest.raises(EndpointConnectionError):
        lost.list_firewalls()
