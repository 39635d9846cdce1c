# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever approves sees what will happen: rules, widest filters, share, age, where things are, and what is refused."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.approver import Maxima, lines_of, refusals, widest_of

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


def audit(**members: Any) -> dict[str, Any]:
    return {
        "firewall_arn": ARN,
        "verdict": "noncompliant",
        "partial": False,
        "flow_count": 30,
        "findings_total": 7,
        "audited_at": (NOW - timedelta(minutes=12)).isoformat(),
        "by_rule": {"telnet": 2, "ssh": 5},
        "widest": ["10.0.0.0/8 > any:23 tcp"],
        "plan_hash": "a" * 64,
        "plan_flow_count": 7,
        "plan_handed_on": True,
        "plan_object": {"bucket": "audits", "object": "plans/plan.json"},
        "report_object": {"bucket": "audits", "object": "report.html"},
        **members,
    }


def lines(*found: dict[str, Any], maxima: Maxima | None = None) -> list[str]:
    firewalls = {item["firewall_arn"]: item for item in found}
    total = sum(item["plan_flow_count"] for item in found)
    return lines_of({"firewalls": firewalls, "plan_flow_count": total, "hash": "b" * 64}, NOW, maxima or Maxima())


def test_the_plan_of_a_firewall_is_shown_with_all_that_will_happen() -> None:
    assert lines(audit()) == [
        f"{ARN}: noncompliant, 7 of 30 flows broke the rules at 2026-01-31T11:48:00+00:00, 12 min ago",
        f"    the plan cuts 7 flows, 23.3 % of all, hash {'a' * 64}",
        "    by rule: ssh 5, telnet 2",
        "    its widest filters: 10.0.0.0/8 > any:23 tcp",
        "    plan s3://audits/plans/plan.json",
        "    will be refused: 23.3 % > 10 % (flow_remediate_max_percent)",
        "    report s3://audits/report.html",
        f"All plans: 7 flows to cut, hash {'b' * 64}",
    ]


def test_nothing_to_cut_and_what_cannot_be_carried_out_are_told() -> None:
    told = lines(audit(plan_flow_count=0, plan_inseparable=1, partial=True, report_object=None))
    assert told[0].startswith(f"{ARN}: noncompliant (flows may be missing), ")
    assert told[1:3] == [
        "    nothing to cut",
        "    1 finding is left alone because every filter for them would cut innocent flows",
    ]
    assert any("it was too large to be handed on" in line for line in lines(audit(plan_handed_on=False)))


@pytest.mark.parametrize(
    ("cuts", "flows", "maxima", "told"),
    [
        (3, 30, Maxima(), []),
        (4, 30, Maxima(), ["13.3 % > 10 % (flow_remediate_max_percent)"]),
        (4, 30, Maxima(3, 50.0), ["4 flows > 3 (flow_remediate_max_flows)"]),
        (4, 30, Maxima(3, 0.5), ["4 flows > 3", "13.3 % > 0.5 %"]),
        (4, 0, Maxima(), []),
    ],
)
def test_what_the_guards_will_refuse_is_known_before(cuts: int, flows: int, maxima: Maxima, told: list[str]) -> None:
    found = refusals(audit(plan_flow_count=cuts, flow_count=flows), maxima)
    assert [text.startswith(start) for text, start in zip(found, told, strict=True)] == [True] * len(told)


def test_of_a_part_of_the_flows_no_share_is_told() -> None:
    part = audit(plan_flow_count=4, flow_count=5, fetch={"fetched": "findings"})
    assert refusals(part, Maxima()) == []
    told = lines(part)
    assert any("the plan cuts 4 flows, an unknown share of all" in line for line in told)
    assert any("needs flow_remediate_max_flows" in line for line in told)


def test_the_widest_filters_come_first_wherever_the_plan_is(tmp_path: Path) -> None:
    filters = [
        {"source_address": "10.0.0.1", "destination_address": "203.0.113.5", "destination_port": "443"},
        {"source_address": "10.0.0.0/8", "destination_port": "22", "protocols": ["tcp"]},
        {"source_address": "10.0.0.0/8", "destination_port": "20-25", "protocols": ["tcp", "udp"]},
        {"source_address": "fd00::1", "destination_address": "fd00::2"},
        {"any": True},
    ]
    operations = [{"flow_filters": filters[:3]}, {"flow_filters": filters[3:] + filters[:1]}]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"operations": operations}), encoding="utf-8")
    told = ["every flow", "10.0.0.0/8 > any:20-25 tcp,udp", "10.0.0.0/8 > any:22 tcp"]
    assert widest_of({"operations": operations}) == widest_of({"dest": str(path)}) == told
    assert widest_of({"dest": "/nowhere"}) == widest_of({}) == []
