# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.plan.plan import Plan, checked_operations, digest, read_plan

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
OTHER = "arn:aws:network-firewall:us-east-1:111122223333:firewall/ingress"
TELNET = {"source_address": "10.0.0.0/8", "destination_port": 23, "protocols": ["tcp"]}
OPERATION: dict[str, Any] = {
    "availability_zone": "us-east-1a",
    "minimum_flow_age": 60,
    "captured_at": "2026-01-31T12:00:00+00:00",
    "flow_filters": [TELNET],
    "flow_counts": [5],
    "flow_count": 5,
}


def plan(**members: Any) -> dict[str, Any]:
    return {"firewall_arn": ARN, "operations": [OPERATION], **members}


def said_of(value: Any) -> str:
    with pytest.raises(FlowOpsError) as raised:
        Plan.from_json(value, "flow_remediate_plan")
    return raised.value.message


def test_the_digest_is_of_the_form_the_firewall_and_the_operations() -> None:
    text = json.dumps(
        {"firewall_arn": ARN, "format_version": 1, "operations": [OPERATION]}, sort_keys=True, separators=(",", ":")
    )
    assert digest(ARN, [OPERATION]) == hashlib.sha256(text.encode()).hexdigest()
    assert digest(OTHER, [OPERATION]) != digest(ARN, [OPERATION])


def test_a_plan_comes_back_from_its_json_as_it_was() -> None:
    findings = {"path": "/tmp/findings.jsonl", "sha256": "0" * 64}
    whole = Plan(ARN, [OPERATION], 5, inseparable=2, collateral=0, captured_flow_count=100, findings=findings)
    told = json.loads(json.dumps(whole.to_json()))
    assert Plan.from_json(told) == whole
    assert (told["format_version"], told["hash"]) == (1, digest(ARN, [OPERATION]))
    assert "captured_flow_count" not in Plan(ARN, [OPERATION]).to_json()


def test_an_approval_of_one_firewall_fits_no_other() -> None:
    told = {**Plan(ARN, [OPERATION]).to_json(), "firewall_arn": OTHER}
    assert "its hash" in said_of(told) and "is not that of its firewall and operations" in said_of(told)
    with pytest.raises(FlowOpsError, match="made for '.*egress', not for firewall_arn, '.*ingress'"):
        Plan.from_json(plan()).check_firewall(OTHER)
    Plan.from_json(plan()).check_firewall(ARN)


def test_equal_plans_have_one_digest_however_ansible_hands_them_on() -> None:
    filled = {
        **OPERATION,
        "vpc_endpoint_id": None,
        "flow_filters": [{**TELNET, "destination_port": "23", "source_port": None, "any": False}],
    }
    assert digest(ARN, checked_operations([filled], "plan")) == digest(ARN, [OPERATION])
    everything = {**OPERATION, "flow_filters": [{"any": True, "source_address": None}]}
    assert checked_operations([everything], "plan")[0]["flow_filters"] == [{"any": True}]


@pytest.mark.parametrize("member", ["minimum_flow_age", "flow_count", "captured_at", "flow_counts", "flow_filters"])
def test_the_digest_changes_with_every_member(member: str) -> None:
    other = {
        "minimum_flow_age": 0,
        "flow_count": 6,
        "captured_at": "2026-01-31T12:00:01+00:00",
        "flow_counts": [6],
        "flow_filters": [{**TELNET, "destination_port": "23-24"}],
    }
    assert digest(ARN, [{**OPERATION, member: other[member]}]) != digest(ARN, [OPERATION])


@pytest.mark.parametrize(
    "value,words",
    [
        (None, "it is not a plan"),
        ([OPERATION], "it is not a plan"),
        ({"firewall_arn": ARN}, "it is not a plan"),
        ({"firewall_arn": ARN, "operations": "all"}, "it is not a plan"),
        ({"operations": [OPERATION]}, "flow_remediate_plan: it does not name the firewall"),
        (plan(firewall_arn="arn:aws:s3:::bucket"), "flow_remediate_plan.firewall_arn: 'arn:aws:s3:::bucket'"),
        (plan(firewall_arn=7), "flow_remediate_plan.firewall_arn: 7"),
        (plan(format_version=2), "flow_remediate_plan.format_version: 2"),
        (plan(format_version=True), "flow_remediate_plan.format_version: True"),
        (plan(hash="f" * 64), "its hash, 'ffff"),
        (plan(flow_count=-1), "flow_remediate_plan.flow_count: -1"),
        (plan(inseparable=True), "flow_remediate_plan.inseparable: True"),
        (plan(captured_flow_count=10**30), "flow_remediate_plan.captured_flow_count: 1000"),
        (plan(findings={"path": 1, "sha256": "0"}), "flow_remediate_plan.findings"),
        (plan(findings="/etc/shadow"), "flow_remediate_plan.findings"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_member_that_is_wrong(value: Any, words: str) -> None:
    assert words in said_of(value)


@pytest.mark.parametrize(
    "operation,words",
    [
        ("all", "operations[0]: it is not a mapping"),
        ({**OPERATION, "firewall_arn": OTHER}, "operations[0]: 'firewall_arn' is not allowed"),
        ({**OPERATION, "availability_zone": None}, "operations[0]: it has no scope"),
        ({**OPERATION, "availability_zone": ["a"]}, "operations[0].availability_zone: ['a']"),
        ({**OPERATION, "vpc_endpoint_id": "vpce-1"}, "operations[0].availability_zone"),
        ({**OPERATION, "flow_filters": []}, "operations[0].flow_filters: 0 filters"),
        ({**OPERATION, "flow_filters": TELNET}, "operations[0].flow_filters: it is not a list"),
        ({**OPERATION, "flow_filters": [{"source_address": "x"}]}, "operations[0].flow_filters[0].source_address: 'x'"),
        ({**OPERATION, "minimum_flow_age": 10**30}, "operations[0].minimum_flow_age: 1000"),
        ({**OPERATION, "minimum_flow_age": 2**31}, "operations[0].minimum_flow_age: 2147483648"),
        ({**OPERATION, "minimum_flow_age": -1}, "operations[0].minimum_flow_age: -1"),
        ({**OPERATION, "minimum_flow_age": 1.5}, "operations[0].minimum_flow_age: 1.5"),
        ({**OPERATION, "minimum_flow_age": True}, "operations[0].minimum_flow_age: True"),
        ({**OPERATION, "flow_count": "5"}, "operations[0].flow_count: '5'"),
        ({**OPERATION, "flow_counts": [1, 2]}, "operations[0].flow_counts: [1, 2]"),
        ({**OPERATION, "flow_counts": [-1]}, "operations[0].flow_counts[0]: -1"),
        ({**OPERATION, "captured_at": "yesterday"}, "operations[0].captured_at: 'yesterday'"),
        ({**OPERATION, "captured_at": 0}, "operations[0].captured_at: 0"),
    ],
)
def test_a_wrong_operation_is_refused_by_its_path(operation: Any, words: str) -> None:
    assert words in said_of({"firewall_arn": ARN, "operations": [operation]})


def test_a_plan_is_narrowed_to_zones_with_its_count() -> None:
    other = {**OPERATION, "availability_zone": "us-east-1b", "flow_count": 7}
    whole = Plan.from_json(plan(operations=[OPERATION, other], flow_count=12, inseparable=1))
    narrow = whole.in_zones(["us-east-1b"])
    assert (list(narrow.operations), narrow.flow_count, narrow.inseparable) == ([other], 7, 1)
    assert narrow.hash == digest(ARN, [other])
    assert whole.in_zones([]) is whole


def test_a_result_tells_how_many_operations_there_are_and_where() -> None:
    whole = Plan(ARN, [OPERATION], 5)
    assert whole.as_result() == {**whole.to_json(), "operation_count": 1}
    assert whole.as_result("/tmp/plan.json")["dest"] == "/tmp/plan.json"


def test_a_plan_is_read_from_its_file_and_a_missing_one_is_said_to_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    with pytest.raises(FlowOpsError, match="flow_remediate_plan: '.*' is not allowed; there is no such file"):
        read_plan(str(path), "flow_remediate_plan")
    whole = Plan(ARN, [OPERATION], 5)
    path.write_text(json.dumps(whole.to_json()) + "\n", encoding="utf-8")
    assert read_plan(str(path)) == whole
    path.write_text('{"operations": [], "operations": []}', encoding="utf-8")
    with pytest.raises(FlowOpsError, match="has a key twice"):
        read_plan(str(path))
    path.write_text(json.dumps(whole.to_json()).replace('"minimum_flow_age": 60', f'"minimum_flow_age": {10**30}'))
    with pytest.raises(FlowOpsError, match="more than 20 digits"):
        read_plan(str(path))
