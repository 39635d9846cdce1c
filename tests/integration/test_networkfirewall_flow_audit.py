# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW, cuts, plain_flows
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ZONES = ["us-east-1a", "us-east-1b"]
# The name of a rule in the target's policy.
HOSTILE = "{{ 7*7 }} <b>=1+1</b>"
CORPORATE = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")]


def judged(flow: dict[str, Any]) -> str | None:
    """The name of the rule that the flow breaks, by an evaluation of our own."""
    source, destination = (
        ipaddress.ip_address(flow[f"{side}_address"]["address_definition"]) for side in ("source", "destination")
    )
    port = int(flow["destination_port"])
    if port == 53:
        return None
    inside = any(source in network for network in CORPORATE if network.version == source.version)
    outside = not any(destination in network for network in CORPORATE if network.version == destination.version)
    if inside and outside and (port == 22 or 3380 <= port <= 3390) and flow["protocol"] == "6":
        return HOSTILE
    return "no-telnet" if port == 23 else None


def operations_of(control: Control, aws: Any, arn: str, status: str = "COMPLETED") -> list[dict[str, Any]]:
    control.settings(duration=0, next_status=[status])
    found = []
    for zone in ZONES:
        answer = aws.start_flow_capture(FirewallArn=arn, AvailabilityZone=zone, FlowFilters=EVERY_FLOW)
        found.append({"firewall_arn": arn, "availability_zone": zone, "flow_operation_id": answer["FlowOperationId"]})
    return found


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    arn: str = control.add_firewall("egress", zones=ZONES, synthetic_flows=500)["arn"]
    return arn


@pytest.fixture(scope="module")
def operations(control: Control, aws: Any, arn: str) -> list[dict[str, Any]]:
    return operations_of(control, aws, arn)


# What no flow of the log breaks; a policy without a rule that denies judges nothing.
NOTHING_DENIED = {"rules": [{"name": "no-test-net", "action": "deny", "destination_address": "192.0.2.255"}]}


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, control: Control, aws: Any, arn: str, operations: list[dict[str, Any]]) -> Run:
    partial = operations_of(control, aws, arn, "COMPLETED_WITH_ERRORS")
    failed = operations_of(control, aws, arn, "FAILED")
    return run_playbook.target(
        "networkfirewall_flow_audit",
        {
            "firewall_arn": arn,
            "operations": operations,
            "other_audits": [
                {"id": "compliant", "operations": operations, "policy": NOTHING_DENIED},
                {"id": "denied", "operations": operations, "policy": {"default": "deny", "rules": []}},
                {"id": "partial", "operations": partial, "policy": NOTHING_DENIED},
                {"id": "partial_denied", "operations": partial, "policy": {"default": "deny", "rules": []}},
                {"id": "failed", "operations": failed, "policy": NOTHING_DENIED},
            ],
        },
    )


@pytest.fixture(scope="module")
def findings(aws: Any, arn: str, operations: list[dict[str, Any]]) -> list[tuple[str, str, str, int, int]]:
    """Rule, zone, source, source port and destination port of each finding, a page of each zone in turn."""
    zones = [
        [
            (operation["availability_zone"], flow)
            for flow in plain_flows(
                aws, arn, operation["flow_operation_id"], AvailabilityZone=operation["availability_zone"]
            )
        ]
        for operation in operations
    ]
    in_turn = [
        item for start in range(0, max(map(len, zones)), 100) for flows in zones for item in flows[start : start + 100]
    ]
    found = []
    for zone, flow in in_turn:
        rule = judged(flow)
        if rule:
            source = flow["source_address"]["address_definition"]
            found.append((rule, zone, source, int(flow["source_port"]), int(flow["destination_port"])))
    assert {rule for rule, *_rest in found} == {HOSTILE, "no-telnet"}
    return found


def test_counts_equal_those_of_an_evaluation_apart(run: Run, findings: list[tuple[str, str, str, int, int]]) -> None:
    audit = run["Audit"]
    assert audit["verdict"] == "noncompliant"
    assert audit["partial"] is False
    assert audit["flow_count"] == 500
    assert audit["findings_total"] == len(findings)
    for key, position in (("by_rule", 0), ("by_zone", 1)):
        names = [finding[position] for finding in findings]
        assert audit["counts"][key] == {name: names.count(name) for name in set(names)}


def test_a_hostile_rule_name_comes_back_as_it_was(run: Run) -> None:
    assert HOSTILE in run["Audit"]["counts"]["by_rule"]
    assert "49 <b>" not in run.output


def test_findings_are_capped_and_whole_in_their_file(run: Run, findings: list[tuple[str, str, str, int, int]]) -> None:
    audit = run["Audit"]
    assert len(audit["findings"]) == 5
    raw = Path(audit["files"]["findings_dest"]["path"]).read_bytes()
    written = [json.loads(line) for line in raw.splitlines()]
    keys = ("rule", "availability_zone", "source_address", "source_port", "destination_port")
    assert [tuple(record[key] for key in keys) for record in written] == findings
    assert audit["findings"] == written[:5]
    assert audit["files"]["findings_dest"]["sha256"] == hashlib.sha256(raw).hexdigest()
    assert audit["files"]["findings_dest"]["count"] == len(findings)


def test_files_are_for_their_owner_only(run: Run) -> None:
    files = run["Audit"]["files"]
    assert sorted(files) == ["dest", "findings_dest", "plan_dest"]
    for file in files.values():
        assert stat.S_IMODE(Path(file["path"]).stat().st_mode) == 0o600
    with gzip.open(files["dest"]["path"], "rt", encoding="utf-8") as flows:
        assert sum(1 for _line in flows) == 500


def test_the_plan_cuts_every_finding_and_no_other_flow(
    run: Run, aws: Any, arn: str, operations: list[dict[str, Any]], findings: list[tuple[str, str, str, int, int]]
) -> None:
    plan = json.loads(Path(run["Audit"]["files"]["plan_dest"]["path"]).read_text(encoding="utf-8"))
    for zone, operation_id in ((item["availability_zone"], item["flow_operation_id"]) for item in operations):
        here = [operation for operation in plan["operations"] if operation["availability_zone"] == zone]
        flows = plain_flows(aws, arn, operation_id, AvailabilityZone=zone)
        assert [any(cuts(operation, flow) for operation in here) for flow in flows] == [
            judged(flow) is not None for flow in flows
        ]
        for operation in here:
            assert 1 <= len(operation["flow_filters"]) <= 20
            assert len(operation["flow_counts"]) == len(operation["flow_filters"])
    # Far fewer than the findings are the filters that it takes.
    assert 0 < sum(len(operation["flow_filters"]) for operation in plan["operations"]) < len(findings) / 2
    assert run["Audit"]["plan"]["flow_count"] == len(findings)
    assert (run["Audit"]["plan"]["inseparable"], run["Audit"]["plan"]["collateral"]) == (0, 0)


def test_check_mode_judges_and_writes_nothing(run: Run) -> None:
    assert run["Look what check mode wrote"]["matched"] == 0
    planned, done = run["Audit in check mode"], run["Audit"]
    assert planned["changed"] is True
    assert planned["counts"] == done["counts"]
    assert planned["files"]["findings_dest"]["sha256"] == done["files"]["findings_dest"]["sha256"]


def test_the_same_flows_again_change_no_file(run: Run) -> None:
    assert run["Audit"]["changed"] is True
    assert run["Audit again"]["changed"] is False
    assert run["Audit again"]["findings"] == []


@pytest.mark.parametrize(
    ("name", "verdict", "partial"),
    [
        ("compliant", "compliant", False),
        ("denied", "noncompliant", False),
        ("partial", "inconclusive", True),
        ("partial_denied", "noncompliant", True),
        ("failed", "inconclusive", True),
    ],
)
def test_a_partial_capture_never_passes(run: Run, name: str, verdict: str, partial: bool) -> None:
    results = run["Audit with other policies"]["results"]
    found = {entry["item"]["id"]: entry for entry in results}[name]
    assert (found["verdict"], found["partial"]) == (verdict, partial)
