# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook in a real ansible-rulebook, the queue in moto, the controller's API as far as a rulebook calls it."""

from __future__ import annotations

import copy
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
from ansible_collections.flowops.aws.tests.integration.harness.runner import CREDENTIALS, REGION, make_client
from ansible_collections.flowops.aws.tests.unit.extensions.samples import (
    ASFF,
    GUARDDUTY,
    asff,
    envelope,
    guardduty,
    hub,
    ocsf,
)

ROOT = Path(__file__).resolve().parents[2]
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "isolate.yml"
TEMPLATE = "flowops isolate"
ORGANIZATION = "flowops"
SECONDS = 90
EVIL = "{{ lookup('pipe', 'touch pwned') }}"
ARN = f"arn:aws:network-firewall:{REGION}:123456789012:firewall/egress"
OTHER_ARN = f"arn:aws:network-firewall:{REGION}:123456789012:firewall/all"


def _survey() -> dict[str, bool]:
    """Return what the survey of the template asks for, and whether it has to be answered."""
    text = (ROOT / "playbooks" / "vars" / "awx.yml").read_text(encoding="utf-8").replace("!unsafe ", "")
    templates = yaml.safe_load(text)["flowops_awx_templates"]
    (template,) = [item for item in templates if item["name"] == TEMPLATE]
    return {item["variable"]: item["required"] for item in template["survey"]}


class _Controller(ThreadingHTTPServer):
    """A controller with the job template; keeps what it launched, which is less than what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.launched: list[dict[str, Any]] = []
        self.survey = _survey()

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
                "ask_limit_on_launch": False,
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
        # As AWX does it: what the template does not ask for is left out, what it has to be told is missed.
        given = body.get("extra_vars", {})
        missing = [name for name, required in self.server.survey.items() if required and not given.get(name)]
        if missing:
            self.answer({"variables_needed_to_start": missing}, 400)
            return
        self.server.launched.append({name: given[name] for name in given if name in self.server.survey})
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


def _at(address: str, **members: Any) -> dict[str, Any]:
    """Return a GuardDuty finding about the address: one that nothing else in the test is about."""
    finding = copy.deepcopy(guardduty(**members))
    finding["service"]["action"]["networkConnectionAction"]["remoteIpDetails"]["ipAddressV4"] = address
    return envelope(finding)


def _in_hub(address: str, **members: Any) -> dict[str, Any]:
    """Return a finding in Security Hub about the address."""
    finding = copy.deepcopy(asff(**members))
    version = "IpAddressV6" if ":" in address else "IpAddressV4"
    finding["Action"]["NetworkConnectionAction"]["RemoteIpDetails"] = {version: address}
    return envelope({"findings": [finding]})


@pytest.mark.parametrize("source", ["as it is", "with options"])
def test_a_severe_finding_on_the_queue_launches_the_job_template(
    source: str, controller: _Controller, tmp_path: Path
) -> None:
    """Only what is severe, real and not protected; once each; nothing in the job that others have written."""
    # As the guide says it, out of the installed collection.
    rulebook = "flowops.aws.isolate"
    firewall = ""
    if source == "with options":
        # As a user would fill it in.
        text = RULEBOOK.read_text(encoding="utf-8")
        text = text.replace("firewalls: {}", f"firewalls: {{vpc-0123456789abcdef0: '{ARN}'}}")
        text = text.replace("protect: []", "protect: [198.51.100.99]")
        rulebook, firewall = str(tmp_path / "rulebook.yml"), ARN
        Path(rulebook).write_text(text, encoding="utf-8")
    (tmp_path / "vars.yml").write_text(yaml.safe_dump({"findings_queue": "findings", "findings_region": REGION}))
    (tmp_path / "inventory.yml").write_text("all:\n  hosts:\n    localhost:\n      ansible_connection: local\n")
    log = tmp_path / "log"

    service = GUARDDUTY["service"]
    # Each about an address of its own: the throttle would hide what launches by mistake beside what launches rightly.
    nothing = [
        "not json",
        {"hello": EVIL},
        _at("198.51.100.1", severity=2),
        _at("198.51.100.2", severity=10**400),
        _at("198.51.100.3", service={**service, "additionalInfo": {"sample": True}}),
        _at("198.51.100.4", service={**service, "archived": True}),
        _in_hub("198.51.100.5", Sample=True),
        _in_hub("198.51.100.6", Workflow={"Status": "SUPPRESSED"}),
        _in_hub("198.51.100.7", Severity={"Label": "MEDIUM"}),
    ]
    named = [{"Type": "AwsNetworkFirewallFirewall", "Id": OTHER_ARN}]
    launching = [
        _at("198.51.100.99", title=EVIL, id=EVIL, type=EVIL),
        envelope(GUARDDUTY),
        # The same again, as GuardDuty does it, in its two ways: within the time of the throttle.
        envelope({"findings": [ASFF]}),
        _in_hub("198.51.100.23", Resources=named),
        _in_hub("2001:db8::77", Title=EVIL, Severity={"Label": "CRITICAL"}),
        envelope({"findings": [hub()]}),
    ]
    expected = [
        ("198.51.100.23", firewall),
        ("198.51.100.23", OTHER_ARN),
        ("198.51.100.227", firewall),
        ("2001:db8::77", firewall),
    ]
    if source == "as it is":
        expected.append(("198.51.100.99", firewall))

    with Emulator(duration=0.1) as emulator:
        sqs = make_client(emulator.url, "sqs")
        queue = sqs.create_queue(QueueName="findings")["QueueUrl"]

        def send(bodies: list[Any]) -> None:
            for body in bodies:
                text = body if isinstance(body, str) else json.dumps(body)
                sqs.send_message(QueueUrl=queue, MessageBody=text)

        def is_empty() -> bool:
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
            return not any(int(count) for count in counts.values())

        environment = {
            **os.environ,
            **CREDENTIALS,
            "PATH": f"{Path(os.environ['FLOWOPS_RULEBOOK']).parent}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections"),
            "AWS_ENDPOINT_URL": emulator.url,
            "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.2",
        }
        command = [os.environ["FLOWOPS_RULEBOOK"], "--rulebook", rulebook, "--vars", "vars.yml"]
        command += ["--inventory", "inventory.yml", "--controller-url", controller.url, "--controller-token", "token"]
        send([*nothing, *launching])
        with log.open("wb") as stream:
            process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        try:
            _wait_until(lambda: len(controller.launched) >= len(expected), process, log)
            _wait_until(is_empty, process, log)
            # Again when the first have long been launched, and by itself: what is taken off the queue last comes last.
            send([envelope(GUARDDUTY)])
            _wait_until(is_empty, process, log)
            send([envelope({"findings": [ocsf(severity_id=5, evidences=_evidences("203.0.113.200"))]})])
            expected.append(("203.0.113.200", firewall))
            _wait_until(lambda: "203.0.113.200" in json.dumps(controller.launched), process, log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    launches = [(launch["flow_remediate_addresses"], launch["flowops_firewall_arns"]) for launch in controller.launched]
    assert sorted(launches) == sorted(expected)
    for launch in controller.launched:
        assert set(launch) == {"flow_remediate_addresses", "flow_remediate_max_flows", "flowops_firewall_arns"}
        assert launch["flow_remediate_max_flows"] == 1000
        assert "{{" not in json.dumps(launch)
    assert not (tmp_path / "pwned").exists()
    said = log.read_text(encoding="utf-8")
    assert said.count("holds no finding") == 2
    assert said.count("launches nothing. It is a sample.") == 2
    assert said.count("launches nothing. It was archived, suppressed or resolved.") == 2
    assert said.count("launches nothing. All its addresses are protected.") == (source == "with options")


def _evidences(address: str) -> list[dict[str, Any]]:
    connection = {"direction": "Inbound", "direction_id": 1}
    source, destination = {"ip": address, "port": 50123}, {"ip": "10.0.3.17", "port": 22}
    return [{"connection_info": connection, "src_endpoint": source, "dst_endpoint": destination}]
