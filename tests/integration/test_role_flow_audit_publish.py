# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner, fact, failed, modes
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ZONE = "us-east-1a"
BUCKET = "audit-evidence"
STEM = "123456789012-us-east-1"
FORMATS = ["html", "markdown", "json", "csv", "asff", "ocsf"]
REPORTS = ("report.html", "report.md", "report.json", "findings.csv", "asff.json", "ocsf.jsonl")
DATA = ("flows.jsonl.gz", "findings.jsonl.gz", "plan.json")
POLICY = {
    "rules": [
        {"name": "no-telnet", "action": "deny", "severity": "high", "destination_port": [23]},
        {"name": "no-ftp", "action": "deny", "severity": "low", "destination_port": [21]},
    ]
}
IMPORT = """
- name: Import
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws: {endpoint_url: "{{ endpoint_url }}", region: "{{ region }}"}
  tasks:
    - name: Import what is given
      flowops.aws.securityhub_finding_import:
        src: "{{ src | default(omit) }}"
        findings: "{{ findings | default(omit) }}"
"""


def flow(number: int, port: int) -> dict[str, Any]:
    return {
        "source_address": f"10.0.0.{number + 1}",
        "source_port": 40000 + number,
        "destination_address": "203.0.113.5",
        "destination_port": port,
        "protocol": "tcp",
        "age": 500,
        "packet_count": 10,
        "byte_count": 1000 + number,
    }


def finding(number: int, **members: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number}",
        "ProductArn": "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default",
        "GeneratorId": "test",
        "AwsAccountId": "123456789012",
        "Types": ["Unusual Behaviors/Network Flow"],
        "CreatedAt": "2026-01-31T12:00:00.000Z",
        "UpdatedAt": "2026-01-31T12:00:00.000Z",
        "Severity": {"Label": "LOW"},
        "Title": "A title",
        "Description": "A description",
        "Resources": [{"Type": "Other", "Id": "something"}],
        **members,
    }


@pytest.fixture(scope="module")
def arns(control: Control) -> dict[str, str]:
    for name in ("telnet", "plain", "partly"):
        control.add_firewall(name, flows={ZONE: [flow(number, 23 if number < 3 else 443) for number in range(9)]})
    return {item["firewall_name"]: item["firewall_arn"] for item in control.state()["firewalls"]}


@pytest.fixture(scope="module")
def hub(client: Callable[..., Any]) -> Callable[[], dict[str, dict[str, Any]]]:
    """Ask Security Hub, with plain boto3, for what it holds: {ID: finding}."""
    plain = client("securityhub")
    plain.enable_security_hub()

    def held() -> dict[str, dict[str, Any]]:
        return {
            item["Id"]: item for page in plain.get_paginator("get_findings").paginate() for item in page["Findings"]
        }

    return held


@pytest.fixture(scope="module")
def bucket(client: Callable[..., Any]) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return s3


@pytest.fixture(scope="module")
def run(
    runner: FirewallRunner, arns: dict[str, str], hub: Any, bucket: Any, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    folder = tmp_path_factory.mktemp("reports")
    publish = {"flow_audit_import_to_security_hub": True}
    hosts: dict[str, dict[str, Any]] = {
        "telnet": {
            **publish,
            "flow_audit_reports": FORMATS,
            "flow_audit_s3_bucket": BUCKET,
            "flow_audit_s3_prefix": "audits/today/",
            "flow_audit_fail_on": ["noncompliant"],
        },
        "plain": {"flow_audit_reports": ["json"]},
        "partly": {**publish, "flow_audit_reports": [], "flow_audit_minimum_flow_age": 1},
        "nowhere": {**publish, "flow_audit_report_dir": "", "firewall_arn": arns["plain"]},
    }
    for name, variables in hosts.items():
        variables.setdefault("firewall_arn", arns.get(name))
        variables.setdefault("flow_audit_report_dir", str(folder / name))
    return runner("flowops.aws.audit", hosts, {"flow_audit_policy": POLICY})


def folder_of(run: Run, name: str) -> Path:
    return Path(fact(run, name, "flow_audit_result")["files"]["dest"]["path"]).parent


def test_every_format_is_written_and_told(run: Run) -> None:
    names = {f"{STEM}-telnet-{suffix}": 0o600 for suffix in (*DATA, *REPORTS)}
    assert modes(folder_of(run, "telnet")) == {".": 0o700, **names}
    reports = fact(run, "telnet", "flow_audit_result")["reports"]
    assert [report["format"] for report in reports] == FORMATS
    assert [Path(report["dest"]).name for report in reports] == [f"{STEM}-telnet-{suffix}" for suffix in REPORTS]
    for report in reports:
        assert hashlib.sha256(Path(report["dest"]).read_bytes()).hexdigest() == report["sha256"]


def test_only_what_is_asked_for_is_written(run: Run) -> None:
    assert set(modes(folder_of(run, "plain"))) == {".", *(f"{STEM}-plain-{name}" for name in (*DATA, "report.json"))}
    # The import brings its own file.
    assert set(modes(folder_of(run, "partly"))) == {".", *(f"{STEM}-partly-{name}" for name in (*DATA, "asff.json"))}


def test_the_formats_agree_with_the_result(run: Run) -> None:
    folder, result = folder_of(run, "telnet"), fact(run, "telnet", "flow_audit_result")
    document = json.loads((folder / f"{STEM}-telnet-report.json").read_text(encoding="utf-8"))
    assert document["verdict"] == result["verdict"] == "noncompliant"
    assert document["findings_total"] == result["findings_total"] == 3
    with (folder / f"{STEM}-telnet-findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["source_address"], row["rule"], row["byte_count"]) for row in rows] == [
        (item["source_address"], item["rule"], str(item["byte_count"])) for item in result["findings"]
    ]
    (event,) = map(json.loads, (folder / f"{STEM}-telnet-ocsf.jsonl").read_text(encoding="utf-8").splitlines())
    assert (event["class_uid"], event["count"]) == (2004, 3)


def test_security_hub_holds_what_was_written(run: Run, hub: Any, arns: dict[str, str]) -> None:
    held = {key: item for key, item in hub().items() if key.startswith(f"{arns['telnet']}/")}
    written = json.loads((folder_of(run, "telnet") / f"{STEM}-telnet-asff.json").read_text(encoding="utf-8"))
    assert held == {item["Id"]: {**held[item["Id"]], **item} for item in written}
    states = {item["GeneratorId"]: (item["RecordState"], item["Compliance"]["Status"]) for item in held.values()}
    assert states == {
        "flowops.aws/flow-audit/no-telnet": ("ACTIVE", "FAILED"),
        "flowops.aws/flow-audit/no-ftp": ("ARCHIVED", "PASSED"),
    }


def test_an_audit_of_a_part_of_the_flows_closes_nothing(run: Run, hub: Any, arns: dict[str, str]) -> None:
    held = [item for key, item in hub().items() if key.startswith(f"{arns['partly']}/")]
    assert [(item["GeneratorId"], item["RecordState"]) for item in held] == [
        ("flowops.aws/flow-audit/no-telnet", "ACTIVE")
    ]


def test_what_was_not_to_be_published_is_not(run: Run, hub: Any, bucket: Any, arns: dict[str, str]) -> None:
    assert not [key for key in hub() if key.startswith(f"{arns['plain']}/")]
    assert not [
        item["Key"] for item in bucket.list_objects_v2(Bucket=BUCKET)["Contents"] if "telnet" not in item["Key"]
    ]


def test_the_bucket_holds_every_file_encrypted_and_without_a_grant_to_others(run: Run, bucket: Any) -> None:
    folder = folder_of(run, "telnet")
    keys = {item["Key"] for item in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]}
    plan = json.loads((folder / f"{STEM}-telnet-plan.json").read_text(encoding="utf-8"))
    assert keys == {
        *(f"audits/today/{STEM}-telnet-{suffix}" for suffix in (*DATA, *REPORTS)),
        # Where no later audit writes.
        f"audits/today/plans/{plan['hash']}/{STEM}-telnet-plan.json",
    }
    for key in keys:
        stored = bucket.get_object(Bucket=BUCKET, Key=key)
        assert stored["Body"].read() == (folder / Path(key).name).read_bytes()
        assert stored["ServerSideEncryption"] == "AES256"
        grants = bucket.get_object_acl(Bucket=BUCKET, Key=key)["Grants"]
        assert {grant["Grantee"]["Type"] for grant in grants} == {"CanonicalUser"}


def test_publishing_comes_before_the_verdict_fails_the_play(run: Run) -> None:
    (last,) = failed(run, "telnet")
    assert last.task == "Say the verdict"


def test_publishing_without_a_folder_is_refused_before_anything_is_judged(run: Run) -> None:
    (last,) = failed(run, "nowhere")
    assert_sentence(last.result["msg"], ["flow_audit_report_dir", "''", "flow_audit_import_to_security_hub"])
    with pytest.raises(KeyError):
        fact(run, "nowhere", "flow_audit_result")


def test_an_unknown_format_is_refused(runner: FirewallRunner, arns: dict[str, str], run: Run) -> None:
    hosts = {"plain": {"firewall_arn": arns["plain"], "flow_audit_policy": POLICY, "flow_audit_reports": ["pdf"]}}
    again = runner("flowops.aws.audit", hosts)
    (last,) = failed(again, "plain")
    assert "flow_audit_reports" in last.result["msg"] and "pdf" in last.result["msg"]


def test_more_than_a_batch_is_imported_whole(run_playbook: PlaybookRunner, hub: Any, tmp_path: Path) -> None:
    (tmp_path / "many.json").write_text(json.dumps([finding(number) for number in range(205)]), encoding="utf-8")
    said = run_playbook(IMPORT, {"src": str(tmp_path / "many.json")}, check=True)
    assert said["Import what is given"]["msg"] == "Would import 205 findings into AWS Security Hub."
    assert said["Import what is given"]["changed"] is True
    assert "finding-0" not in hub()
    done = run_playbook(IMPORT, {"src": str(tmp_path / "many.json")})
    assert done.rc == 0, done.explain()
    result = done["Import what is given"]
    assert (result["changed"], result["success_count"], result["failed_findings"]) == (True, 205, [])
    assert {f"finding-{number}" for number in range(205)} <= set(hub())


@pytest.mark.parametrize(
    ("findings", "expected", "imported"),
    [
        # The SDK lets an empty list of resources pass; the service does not.
        (
            [finding(900), finding(901, Resources=[])],
            ["AWS Security Hub refused 1 of 2 findings", "'finding-901'", "at least one resource", "(InvalidInput)"],
            {"finding-900"},
        ),
        # What the SDK's model refuses is found before anything is sent.
        ([finding(910), {"Id": "finding-911"}], ["findings[1]", "'finding-911'", "Missing required parameter"], set()),
        ([finding(920), finding(921, Severity="HIGH")], ["findings[1]", "'finding-921'", "Severity"], set()),
    ],
)
def test_a_refused_finding_is_named(
    run_playbook: PlaybookRunner, hub: Any, findings: list[dict[str, Any]], expected: list[str], imported: set[str]
) -> None:
    before = set(hub())
    done = run_playbook(IMPORT, {"findings": findings})
    assert done.rc == 2
    assert_sentence(done["Import what is given"]["msg"], expected)
    assert set(hub()) - before == imported
