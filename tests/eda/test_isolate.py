# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook in a real ansible-rulebook, the queue in moto, the controller's API as far as a rulebook calls it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.runner import CREDENTIALS, REGION, make_client
from ansible_collections.flowops.aws.tests.unit.extensions.samples import ASFF, GUARDDUTY, asff, envelope, guardduty

ROOT = Path(__file__).resolve().parents[2]
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "isolate.yml"
TEMPLATE = "flowops isolate"
ORGANIZATION = "flowops"
SECONDS = 90
EVIL = "{{ lookup('pipe', 'touch pwned') }}"


class _Controller(ThreadingHTTPServer):
    """A controller with one job template; keeps what it was asked to launch."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.launched: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Controller

    def answer(self, body: Any, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if "unified_job_templates" in url.path:
            names = parse_qs(url.query).get("name", [])
            template = {
                "id": 7,
                "name": TEMPLATE,
                "type": "job_template",
                "ask_limit_on_launch": True,
                "ask_variables_on_launch": False,
                "ask_inventory_on_launch": False,
                "ask_labels_on_launch": False,
                "summary_fields": {"organization": {"id": 1, "name": ORGANIZATION}},
                "related": {"launch": "/api/v2/job_templates/7/launch/"},
            }
            self.answer({"count": 1, "next": None, "results": [template] if names == [TEMPLATE] else []})
        elif "/jobs" in url.path:
            job = {"id": 9, "status": "successful", "created": "2026-11-21T10:00:00Z", "name": TEMPLATE}
            self.answer({**job, "count": 1, "next": None, "results": [job], "artifacts": {}})
        else:
            self.answer({"version": "24.6.1", "count": 1, "next": None, "results": [{"id": 1, "name": ORGANIZATION}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.launched.append(body)
        self.answer({"id": 9, "job": 9, "url": "/api/v2/jobs/9/", "status": "pending"}, 201)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def controller() -> Iterator[_Controller]:
    """Run a controller on a free port of loopback."""
    with _Controller() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def _wait_until(condition: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


@pytest.mark.parametrize("source", ["as it is", "with options"])
def test_a_severe_finding_on_the_queue_launches_the_job_template(
    source: str, controller: _Controller, tmp_path: Path
) -> None:
    """Only what is severe, real and not protected; once each; nothing in the job that others have written."""
    rulebook = tmp_path / "rulebook.yml"
    text = RULEBOOK.read_text(encoding="utf-8")
    expected_limit = "networkfirewall"
    if source == "with options":
        # As a user would fill it in.
        arn = f"arn:aws:network-firewall:{REGION}:123456789012:firewall/egress"
        text = text.replace("firewalls: {}", f"firewalls: {{vpc-0123456789abcdef0: '{arn}'}}")
        text = text.replace("protect: []", "protect: [198.51.100.99]")
        expected_limit = f"egress,egress_{REGION}_123456789012"
    rulebook.write_text(text, encoding="utf-8")
    (tmp_path / "vars.yml").write_text(yaml.safe_dump({"findings_queue": "findings", "findings_region": REGION}))
    (tmp_path / "inventory.yml").write_text("all:\n  hosts:\n    localhost:\n      ansible_connection: local\n")
    log = tmp_path / "log"

    low = guardduty(severity=2)
    sample = asff(Sample=True)
    guarded = guardduty(title=EVIL, id=EVIL, type=EVIL)
    guarded["service"]["action"]["networkConnectionAction"]["remoteIpDetails"]["ipAddressV4"] = "198.51.100.99"
    hub = asff(Title=EVIL, Severity={"Label": "CRITICAL"})
    hub["Action"]["NetworkConnectionAction"]["RemoteIpDetails"]["IpAddressV4"] = "2001:db8::77"
    bodies = ["not json", json.dumps({"hello": EVIL})]
    bodies += [json.dumps(envelope(low)), json.dumps(envelope({"findings": [sample]})), json.dumps(envelope(guarded))]
    # Twice, as GuardDuty does; the second is within the time of the throttle.
    bodies += [json.dumps(envelope(GUARDDUTY)), json.dumps(envelope({"findings": [ASFF]}))]
    bodies += [json.dumps(envelope({"findings": [hub]}))]
    expected = ["198.51.100.23", "2001:db8::77"]
    if source == "as it is":
        expected.append("198.51.100.99")

    with Emulator(duration=0.1) as emulator:
        sqs = make_client(emulator.url, "sqs")
        queue = sqs.create_queue(QueueName="findings")["QueueUrl"]
        for body in bodies:
            sqs.send_message(QueueUrl=queue, MessageBody=body)
        environment = {
            **os.environ,
            **CREDENTIALS,
            "PATH": f"{Path(os.environ['FLOWOPS_RULEBOOK']).parent}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections"),
            "AWS_ENDPOINT_URL": emulator.url,
            "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.2",
        }
        command = [os.environ["FLOWOPS_RULEBOOK"], "--rulebook", str(rulebook), "--vars", "vars.yml"]
        command += ["--inventory", "inventory.yml", "--controller-url", controller.url, "--controller-token", "token"]
        with log.open("wb") as stream:
            process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        try:
            # The queue keeps no order: wait for all that should launch, then until nothing is left that could.
            _wait_until(lambda: len(controller.launched) >= len(expected), process, log)

            def is_empty() -> bool:
                names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
                counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
                return not any(int(count) for count in counts.values())

            _wait_until(is_empty, process, log)
            _wait_until(lambda: log.read_text().count("holds no finding") >= 2, process, log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    assert sorted(launch["extra_vars"]["flow_remediate_addresses"] for launch in controller.launched) == sorted(
        expected
    )
    for launch in controller.launched:
        assert launch["limit"] == expected_limit
        assert set(launch["extra_vars"]) == {"flow_remediate_addresses", "flow_remediate_max_flows"}
        assert launch["extra_vars"]["flow_remediate_max_flows"] == 1000
        assert "{{" not in json.dumps(launch)
    assert not (tmp_path / "pwned").exists()
