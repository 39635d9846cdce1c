# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from py_ocsf_models.events.findings.detection_finding import DetectionFinding

from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.ocsf import ocsf_of
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import (
    ARN,
    HOSTILE,
    audit,
    finding,
    rules_of,
)

# Members of OCSF that py-ocsf-models has not modelled yet; it drops what it does not know.
UNMODELLED = {"evidences[].src_endpoint", "evidences[].dst_endpoint", "evidences[].connection_info"}


def events_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    lines = b"".join(ocsf_of(rules_of(result, "ocsf_dest"))).splitlines()
    return [json.loads(line) for line in lines]


def paths_of(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {name for key, item in value.items() for name in ({f"{path}{key}"} | paths_of(item, f"{path}{key}."))}
    if isinstance(value, list):
        return {name for item in value for name in paths_of(item, f"{path.rstrip('.')}[].")}
    return set()


def check(event: dict[str, Any]) -> None:
    """Assert that the model takes the event, and knows each of its members but those it has yet to learn."""
    model = DetectionFinding.model_validate(event)
    known = model.model_dump(mode="json", exclude_unset=True)
    unknown = paths_of(event) - paths_of(known)
    assert {
        path for path in unknown if not any(path == name or path.startswith(f"{name}.") for name in UNMODELLED)
    } == set()


def test_there_is_one_event_for_each_rule_with_findings() -> None:
    events = events_of(audit())
    for event in events:
        check(event)
    assert [
        (event["finding_info"]["analytic"]["name"], event["severity_id"], event["severity"], event["count"])
        for event in events
    ] == [("threats", 5, "Critical", 1), ("no-ssh", 4, "High", 2)]


def test_an_event_says_what_was_found_where_and_when() -> None:
    event = events_of(audit())[1]
    assert (event["class_uid"], event["category_uid"], event["type_uid"]) == (2004, 2, 200401)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["time"] == event["finding_info"]["last_seen_time"] == 1769860800000
    assert event["cloud"]["account"]["uid"] == "123456789012"
    assert event["resources"][0]["uid"] == ARN
    assert event["unmapped"] == {"partial": False, "flow_count": 1512}
    assert "2 of 1,512 live flows" in event["finding_info"]["desc"]
    evidence = event["evidences"][0]
    assert evidence["src_endpoint"] == {"ip": "10.0.0.1", "port": 40000}
    assert evidence["dst_endpoint"] == {"ip": "198.51.100.7", "port": 22}
    assert (evidence["connection_info"]["protocol_name"], evidence["connection_info"]["protocol_num"]) == ("tcp", 6)
    assert evidence["data"]["byte_count"] == 1_234_567
    assert {item["value"] for item in event["observables"]} == {"10.0.0.1", "198.51.100.7"}


def test_a_finding_keeps_its_identifier_and_an_event_has_its_own() -> None:
    first, later = events_of(audit())[0], events_of(audit(audited_at="2026-02-01T12:00:00Z"))[0]
    assert first["finding_info"]["uid"] == later["finding_info"]["uid"]
    assert first["metadata"]["uid"] != later["metadata"]["uid"]


def test_without_findings_there_is_no_event() -> None:
    assert events_of(audit(findings=[], findings_total=0, counts={"by_rule": {}})) == []


def test_a_saved_capture_of_no_known_account_is_told_without_one() -> None:
    (event, _other) = events_of(audit(firewall_arn=None))
    check(event)
    assert event["cloud"] == {"provider": "AWS"}
    assert event["resources"] == [{"name": "egress", "type": "AWS::NetworkFirewall::Firewall"}]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_data(text: str) -> None:
    members = dict.fromkeys(
        ["rule", "severity", "source_address", "source_port", "protocol", "availability_zone"], text
    )
    result = audit(
        findings=[finding(**members)],
        findings_total=1,
        counts={"by_rule": {text: 1}},
        rules=[],
        firewall_name=text,
    )
    (event,) = events_of(result)
    check(event)
    assert (event["class_uid"], event["severity"], event["count"]) == (2004, "Medium", 1)
    assert "src_endpoint" not in event["evidences"][0]
    json.dumps(event, ensure_ascii=False).encode()
    assert event["message"].isprintable()
