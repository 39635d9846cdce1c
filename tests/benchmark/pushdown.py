# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audits of a whole firewall that fetch every flow, and those that fetch what can be a finding."""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.flowops.aws.tests.benchmark.aws import Aws
from ansible_collections.flowops.aws.tests.benchmark.measuring import (
    BenchmarkError,
    Cost,
    Figure,
    cost_of_command,
    interleaved,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION

DEMO = Path(__file__).resolve().parents[1] / "demo"
PAGES = "ListFlowOperationResults"
PAGE_SECONDS = 0.05
FETCHES = ("all", "findings")
MEMBERS = ("source_address", "source_port", "destination_address", "destination_port", "protocol", "rule")


def figures(folder: Path, aws: Aws, flows: int, rounds: int, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines: the audit of the demo's policy over the emulator's one firewall, both ways."""
    (firewall,) = aws.control.state()["firewalls"]
    pages: Counter[str] = Counter()
    found: dict[str, Counter[tuple[Any, ...]]] = {}

    def audit(fetch: str) -> Callable[[], Cost]:
        def run() -> Cost:
            before = aws.control.calls()["counts"].get(PAGES, 0)
            reports = folder / fetch
            cost = cost_of_command(
                _command(folder, aws, str(firewall["firewall_arn"]), fetch, reports), folder, environment
            )
            pages[fetch] = aws.control.calls()["counts"][PAGES] - before
            found[fetch] = _findings(reports)
            return cost

        return run

    aws.control.add_fault("slow", PAGES, seconds=PAGE_SECONDS)
    try:
        cost = interleaved(rounds, {fetch: audit(fetch) for fetch in FETCHES})
    finally:
        aws.control.clear_faults()
    if found["all"] != found["findings"]:
        raise BenchmarkError("the two audits did not find the same flows.")
    of = f"the demo's policy over {flows:,} flows at {PAGE_SECONDS * 1000:.0f} ms a page"
    yield Figure("pushdown", cost["findings"], cost["all"], f"{of}, fetch findings / all", "<= 0.12").line()
    share = pages["findings"] / pages["all"]
    yield (
        f"{'':<14}{share:6.3f} x  pages: {pages['findings']:,} against {pages['all']:,}; both found the same"
        f" {found['all'].total():,} findings  aim: <= 0.05"
    )


def _command(folder: Path, aws: Aws, arn: str, fetch: str, reports: Path) -> list[str | Path]:
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "flow_audit_firewall_arn": arn,
        "flow_audit_connection": {"endpoint_url": aws.url, "region": REGION},
        "flow_audit_policy_file": str(DEMO / "policy.yml"),
        "flow_audit_fetch": fetch,
        "flow_audit_report_dir": str(reports),
        "flow_audit_reports": ["json"],
    }
    path = folder / f"{fetch}.json"
    path.write_text(json.dumps(variables), encoding="utf-8")
    playbook = Path(sys.executable).parent / "ansible-playbook"
    return [playbook, "--inventory", "localhost,", "--extra-vars", f"@{path}", "flowops.aws.audit"]


def _findings(reports: Path) -> Counter[tuple[Any, ...]]:
    (path,) = reports.glob("*-findings.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return Counter(tuple(json.loads(line).get(member) for member in MEMBERS) for line in file)
