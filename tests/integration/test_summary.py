# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""summary.yml over reports in folders: one page for all, what is missing and why, what will be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

ARNS = [f"arn:aws:network-firewall:us-east-1:111122223333:firewall/{name}" for name in ("egress", "inside", "lab")]


def report(arn: str, **members: Any) -> dict[str, Any]:
    return {
        "firewall_arn": arn,
        "firewall_name": arn.rpartition("/")[2],
        "verdict": "noncompliant",
        "partial": False,
        "flow_count": 30,
        "findings_total": 7,
        "audited_at": datetime.now(timezone.utc).isoformat(),
        "counts": {"by_severity": {"high": 7}, "by_rule": {"ssh": 5, "telnet": 2}},
        "plan": {
            "operations": [{"flow_filters": [{"source_address": "10.0.0.0/8", "destination_port": "23"}]}],
            "hash": "0" * 64,
            "flow_count": 7,
            "inseparable": 0,
        },
        **members,
    }


@pytest.fixture(scope="module")
def summarize(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    def run(started_in: Path, **variables: Any) -> Run:
        hosts = {f"host-{number}": {"firewall_arn": arn} for number, arn in enumerate(ARNS)}
        runner = FirewallRunner(tmp_path_factory.mktemp("runs"), "http://127.0.0.1:1")
        return runner("flowops.aws.summary", hosts, variables, started_in=started_in)

    return run


def test_one_page_for_all_says_what_is_missing_and_what_will_be_refused(
    summarize: Callable[..., Run], tmp_path: Path
) -> None:
    old = report(ARNS[1], audited_at="2020-01-01T00:00:00+00:00", verdict="compliant")
    (tmp_path / "reports").mkdir()
    for found in (report(ARNS[0]), old):
        name = f"111122223333-us-east-1-{found['firewall_name']}"
        (tmp_path / "reports" / f"{name}-report.json").write_text(json.dumps(found), encoding="utf-8")
        (tmp_path / "reports" / f"{name}-report.html").touch()
    run = summarize(tmp_path, flow_summary_report_dirs="reports")
    assert run.rc == 2
    said = run["Say how it went"]["msg"]
    assert said.startswith("1 firewall: 1 noncompliant; 7 of 30 live flows break the rules; no result of ")
    assert "fleet.html" in said
    lines = run["Show the plans and their hashes to whoever is to approve them"]["msg"]
    assert "    will be refused: 23.3 % > 10 % (flow_remediate_max_percent)" in lines
    page = (tmp_path / "flowops-reports" / "fleet.md").read_text(encoding="utf-8")
    for part in ("egress", "telnet", "is older than 86400 seconds", "no JSON report is in reports"):
        assert part in page, page
    html = (tmp_path / "flowops-reports" / "fleet.html").read_text(encoding="utf-8")
    assert "../reports/111122223333-us-east-1-egress-report.html" in html
    assert "None" not in run.stdout
