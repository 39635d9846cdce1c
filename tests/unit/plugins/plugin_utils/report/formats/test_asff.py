# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator
from moto import mock_aws

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.asff import asff_of
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import (
    ARN,
    HOSTILE,
    audit,
    finding,
    rules_of,
)

MODEL = botocore.session.get_session().get_service_model("securityhub")
# What the API's documentation says of lengths, which its model leaves to the service.
LONGEST = {
    "Id": 512,
    "ProductArn": 2048,
    "ProductName": 128,
    "GeneratorId": 512,
    "AwsAccountId": 12,
    "Title": 256,
    "Description": 1024,
}
TIMES = ("CreatedAt", "UpdatedAt", "LastObservedAt")


def findings_of(result: dict[str, Any], archive: bool = True) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(asff_of(rules_of(result), archive))
    return found


def flaws(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Yield what the model forbids although the SDK's own validation lets it pass: enums and patterns."""
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from flaws(item, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from flaws(item, shape.member, f"{path}[{index}]")
    elif shape.type_name == "map":
        for name, item in value.items():
            yield from flaws(name, shape.key, f"{path} key {name}")
            yield from flaws(item, shape.value, f"{path}.{name}")
    elif shape.type_name == "string":
        if getattr(shape, "enum", None) and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.enum}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(pattern, value):
            yield f"{path}: {value!r} does not match {pattern}"


def check(findings: list[dict[str, Any]]) -> None:
    """Assert that the findings fit the SDK's model of AwsSecurityFinding and the lengths of its documentation."""
    shape = MODEL.shape_for("AwsSecurityFinding")
    for item in findings:
        report = ParamValidator().validate(item, shape)
        assert not report.has_errors(), report.generate_report()
        assert list(flaws(item, shape, "finding")) == []
        assert {name: len(item[name]) for name in LONGEST if len(item[name]) > LONGEST[name]} == {}
        assert len(item["AwsAccountId"]) == 12
        for name in TIMES:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", item.get(name, item["CreatedAt"]))
        assert 1 <= len(item["Resources"]) <= 32
        assert len(item["ProductFields"]) <= 50
        assert all(len(name) <= 128 and len(text) <= 2048 for name, text in item["ProductFields"].items())
        assert len(item.get("Network", {}).get("Protocol", "")) <= 16
        assert len(json.dumps(item)) < 240_000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-this-test-that-is-long-enough")
    with mock_aws():
        yield boto3.client("securityhub", region_name="eu-central-1")


def held(hub: Any) -> dict[str, dict[str, Any]]:
    return {item["Id"]: item for item in hub.get_findings()["Findings"]}


def test_there_is_one_finding_for_each_deny_rule() -> None:
    findings = findings_of(audit())
    check(findings)
    assert [
        (
            item["GeneratorId"].removeprefix("flowops.aws/flow-audit/"),
            item["Severity"]["Label"],
            item["RecordState"],
            item["Compliance"]["Status"],
        )
        for item in findings
    ] == [
        ("threats", "CRITICAL", "ACTIVE", "FAILED"),
        ("no-ssh", "HIGH", "ACTIVE", "FAILED"),
        ("no-ftp", "LOW", "ARCHIVED", "PASSED"),
        ("old", "LOW", "ARCHIVED", "NOT_AVAILABLE"),
        ("off", "INFORMATIONAL", "ARCHIVED", "NOT_AVAILABLE"),
    ]
    assert all(item["FindingProviderFields"]["Severity"] == item["Severity"] for item in findings)


def test_a_finding_says_what_was_found_where_and_when() -> None:
    item = findings_of(audit())[1]
    assert item["ProductArn"] == "arn:aws:securityhub:eu-central-1:123456789012:product/123456789012/default"
    assert item["AwsAccountId"] == "123456789012"
    assert {item[name] for name in TIMES} == {"2026-01-31T12:00:00.000Z"}
    assert item["Title"] == "Live flows break the rule no-ssh of egress"
    assert "2 of 1,512 live flows" in item["Description"]
    assert item["Network"] == {
        "Protocol": "TCP",
        "SourceIpV4": "10.0.0.1",
        "SourcePort": 40000,
        "DestinationIpV4": "198.51.100.7",
        "DestinationPort": 22,
    }
    assert item["Resources"] == [
        {
            "Type": "AwsNetworkFirewallFirewall",
            "Id": ARN,
            "Partition": "aws",
            "Region": "eu-central-1",
            "Details": {"AwsNetworkFirewallFirewall": {"FirewallArn": ARN, "FirewallName": "egress"}},
        }
    ]
    assert item["ProductFields"]["flowops.aws/findings"] == "2"
    assert item["ProductFields"]["flowops.aws/flow/01"] == "10.0.0.1:40000 to 198.51.100.7:22 tcp 1.2 MB"


@pytest.mark.parametrize(
    ("partition", "region", "written"),
    [
        ("aws-us-gov", "us-gov-west-1", "aws-us-gov"),
        ("aws-cn", "cn-north-1", "aws-cn"),
        ("aws-iso", "us-iso-east-1", None),
    ],
)
def test_other_partitions_are_named_where_security_hub_knows_them(
    partition: str, region: str, written: str | None
) -> None:
    arn = f"arn:{partition}:network-firewall:{region}:123456789012:firewall/egress"
    findings = findings_of(audit(firewall_arn=arn))
    check(findings)
    assert findings[0]["ProductArn"].startswith(f"arn:{partition}:securityhub:{region}:123456789012:")
    assert findings[0]["Resources"][0].get("Partition") == written


def test_a_partial_capture_closes_nothing_that_was_judged() -> None:
    findings = findings_of(audit(partial=True))
    assert [item["Compliance"]["Status"] for item in findings] == ["FAILED", "FAILED", "NOT_AVAILABLE", "NOT_AVAILABLE"]
    assert "flows may be missing" in findings[0]["Description"]
    assert findings[0]["ProductFields"]["flowops.aws/partial"] == "true"


def test_without_archive_only_findings_are_told() -> None:
    assert {item["RecordState"] for item in findings_of(audit(), archive=False)} == {"ACTIVE"}


def test_addresses_that_are_none_are_left_out_of_the_network() -> None:
    flow = finding(source_address="fd00::1", destination_address="a name", source_port="x", destination_port=70000)
    result = audit(findings=[flow], findings_total=1, counts={"by_rule": {"no-ssh": 1}})
    findings = findings_of(result)
    check(findings)
    assert findings[0]["Network"] == {"Protocol": "TCP", "SourceIpV6": "fd00::1"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_data_within_the_limits(text: str) -> None:
    members = dict.fromkeys(
        ["rule", "severity", "source_address", "source_port", "protocol", "availability_zone"], text
    )
    result = audit(
        findings=[finding(**members)],
        findings_total=1,
        counts={"by_rule": {text: 1}},
        rules=[{"name": text, "action": "deny", "severity": text}],
        firewall_name=text,
    )
    findings = findings_of(result)
    check(findings)
    (item,) = findings
    assert (item["RecordState"], item["Severity"]["Label"]) == ("ACTIVE", "MEDIUM")
    json.dumps(item, ensure_ascii=False).encode()
    assert "\u202e" not in item["Title"]


def test_security_hub_takes_the_findings_and_the_next_run_closes_them(hub: Any) -> None:
    answer = hub.batch_import_findings(Findings=findings_of(audit()))
    assert (answer["FailedCount"], answer["SuccessCount"]) == (0, 5)
    first = held(hub)
    later = audit(
        verdict="compliant",
        audited_at="2026-02-01T12:00:00Z",
        findings=[],
        findings_total=0,
        counts={"by_rule": {}},
    )
    assert hub.batch_import_findings(Findings=findings_of(later))["FailedCount"] == 0
    second = held(hub)
    assert second.keys() == first.keys()
    assert {item["RecordState"] for item in second.values()} == {"ARCHIVED"}
    assert {item["UpdatedAt"] for item in second.values()} == {"2026-02-01T12:00:00.000Z"}


def test_an_audit_without_an_arn_is_refused() -> None:
    with pytest.raises(FlowOpsError, match=r"^asff_dest: .* audit\.firewall_arn must be given.*\.$"):
        findings_of(audit(firewall_arn=""))
