# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit results that the tests of every report format share."""

from __future__ import annotations

from typing import Any

from ansible_collections.flowops.aws.plugins.plugin_utils.report.audit_reader import audit_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.build import view_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.rules import RuleReport, RuleTally, rule_report
from ansible_collections.flowops.aws.plugins.plugin_utils.report.view import View

ARN = "arn:aws:network-firewall:eu-central-1:123456789012:firewall/egress"

HOSTILE = [
    "=HYPERLINK(0)",
    "{{ 7*7 }}",
    "<script>alert(1)</script>",
    '","RecordState":"ARCHIVED"',
    "one\ntwo\r\nthree\u2028four",
    "\x00\x1b[31m\u202egpj.exe\ud800",
    "x" * 5000,
    "\U0001f525" * 400,
    " ",
]


def finding(**members: Any) -> dict[str, Any]:
    """Return a finding of the rule no-ssh."""
    return {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocol": "tcp",
        "protocol_number": 6,
        "age": 8040,
        "packet_count": 12,
        "byte_count": 1_234_567,
        "availability_zone": "eu-central-1a",
        "rule": "no-ssh",
        "severity": "high",
        **members,
    }


def audit(**members: Any) -> dict[str, Any]:
    """Return an audit result: two deny rules with findings, one without, one expired, one switched off."""
    findings = [finding(), finding(rule="threats", severity="critical", byte_count=5), finding(byte_count=9)]
    return {
        "verdict": "noncompliant",
        "partial": False,
        "firewall_arn": ARN,
        "firewall_name": "egress",
        "audited_at": "2026-01-31T13:00:00+01:00",
        "flow_count": 1512,
        "findings_total": len(findings),
        "findings": findings,
        "counts": {"by_rule": {"no-ssh": 2, "threats": 1}},
        "rules": [
            {"name": "threats", "action": "deny", "severity": "critical"},
            {"name": "no-ssh", "action": "deny", "severity": "high"},
            {"name": "no-ftp", "action": "deny", "severity": "low"},
            {"name": "partner", "action": "allow", "expired": True},
            {"name": "old", "action": "deny", "severity": "low", "expired": True},
            {"name": "off", "action": "deny", "severity": "informational", "enabled": False},
        ],
        **members,
    }


def viewed(result: dict[str, Any], *findings: Any, **options: Any) -> View:
    """Return the view of an audit result as it comes from a module."""
    return view_of(audit_of(result), *findings, **options)


def rules_of(result: dict[str, Any], option: str = "asff_dest") -> RuleReport:
    """Return an audit result rule by rule, with the findings that are inside it."""
    tally = RuleTally()
    view = viewed(result, tally.watch(result.get("findings", [])), whole_file=False)
    return rule_report(audit_of(result), view, tally, option)
