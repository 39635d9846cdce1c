# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of firewalls, its inventory, the slices that AWX would make of it, and what the audit of each found."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from ansible_collections.flowops.aws.tests.benchmark.measuring import BenchmarkError

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
SLICES = 4
# A part of what flow_audit writes for each firewall: its name in the folder, and the members that no run shares.
REPORT = "-report.json"
FINDINGS = "-findings.jsonl.gz"
MEMBERS = ("source_address", "source_port", "destination_address", "destination_port", "protocol_number")
POLICY = {
    "rules": [
        {"name": "cleartext-or-desktop", "action": "deny", "protocols": ["tcp"], "destination_port": [23, 3389]},
    ],
    "default": "allow",
}

# What one audit found: the verdict and the counts, and the 5-tuples with their rules.
Found = tuple[Mapping[str, Any], frozenset[tuple[Any, ...]]]


def source(prefix: str) -> dict[str, Any]:
    """Return the configuration of the inventory plugin for the firewalls with that prefix."""
    return {
        "plugin": "flowops.aws.networkfirewall",
        "regions": ["us-east-1"],
        "include": [f"{prefix}*"],
        "tags_variable": "firewall_tags",
        "compose": {"flow_audit_connection": "{'region': region}"},
    }


def job_variables(folder: Path) -> dict[str, Any]:
    """Return the variables of a job that audits all its hosts and leaves what found_in reads in a folder."""
    return {
        "flowops_hosts": "all",
        "flow_audit_policy": POLICY,
        "flow_audit_reports": ["json"],
        "flow_audit_report_dir": str(folder),
        "flow_audit_fail_on": [],
    }


def found_in(folder: Path) -> dict[str, Found]:
    """Return what the audits found whose files are in a folder, by firewall; raise BenchmarkError when a file lacks."""
    found: dict[str, Found] = {}
    for report in sorted(folder.glob(f"*{REPORT}")):
        audit = json.loads(report.read_text(encoding="utf-8"))
        findings = report.with_name(report.name.removesuffix(REPORT) + FINDINGS)
        if not findings.is_file():
            raise BenchmarkError(f"{report} has no findings beside it.")
        with gzip.open(findings, "rt", encoding="utf-8") as lines:
            flows = [json.loads(line) for line in lines]
        told = {name: audit[name] for name in ("verdict", "partial", "flow_count", "findings_total")}
        found[audit["firewall_name"]] = told, frozenset(tuple(flow[name] for name in MEMBERS) for flow in flows)
    return found


def check_union(whole: Mapping[str, Found], parts: Iterable[Mapping[str, Found]], hosts: Set[str]) -> None:
    """Raise BenchmarkError unless slices that have no host in common found together what the run of all hosts did."""
    union: dict[str, Found] = {}
    for part in parts:
        if twice := sorted(set(union) & set(part)):
            raise BenchmarkError(f"two slices audited {', '.join(twice)}.")
        union.update(part)
    if whole.keys() != hosts or union != whole:
        raise BenchmarkError(f"{len(whole)} of {len(hosts)} firewalls were audited, {len(union)} of them in slices.")


def check_script(whole: Mapping[str, Found], counts: Mapping[str, list[int]]) -> None:
    """Raise BenchmarkError unless the script counted the same flows and findings of each firewall."""
    if counts != {name: [told["flow_count"], told["findings_total"]] for name, (told, _flows) in whole.items()}:
        raise BenchmarkError("the script did not find what the audit found.")
