# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of flow_report: read everything once, render what was asked for, and only then write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...module_utils.errors import OptionError
from .audit_reader import audit_of
from .build import MAX_ROWS, MAX_ROWS_LIMIT, view_of
from .findings import findings_of_file
from .formats.base import Material
from .formats.registry import FORMATS
from .rules import RuleTally, rule_report
from .write import Report, check_paths, write_reports

DESTS = tuple(item.option for item in FORMATS)
PATHS = ("findings_src", *DESTS)
ARGUMENT_SPEC: dict[str, Any] = {
    "audit": {"type": "dict", "required": True},
    "findings_src": {"type": "path"},
    **{option: {"type": "path"} for option in DESTS},
    "asff_archive": {"type": "bool", "default": True},
    "title": {"type": "str", "default": "Flow audit"},
    "max_rows": {"type": "int", "default": MAX_ROWS},
}


def report_audit(options: Mapping[str, Any], paths: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
    """Write the reports that paths ask for (option to absolute path), and return what the task returns.

    Raise FlowOpsError before anything is written when an option is bad or the audit lacks what a format needs.
    """
    _check(options, paths)
    material = _material(options, paths)
    reports = [
        Report(item.option, item.name, paths[item.option], item.blocks(material, paths[item.option]))
        for item in FORMATS
        if item.option in paths
    ]
    warnings = [*material.view.warnings, *_left_out(material, paths)]
    outcome = write_reports(reports, dry_run=dry_run)
    return {**outcome, "warnings": warnings} if warnings else outcome


def _check(options: Mapping[str, Any], paths: Mapping[str, str]) -> None:
    """Raise OptionError for what can be known to be wrong before anything is read or written."""
    if not 0 <= options["max_rows"] <= MAX_ROWS_LIMIT:
        raise OptionError("max_rows", options["max_rows"], f"it must be a number from 0 to {MAX_ROWS_LIMIT}")
    check_paths(paths, DESTS)


def _material(options: Mapping[str, Any], paths: Mapping[str, str]) -> Material:
    """Return what the formats are given, after reading the findings once; raise OptionError."""
    audit = audit_of(options["audit"])
    src = paths.get("findings_src")

    def findings() -> Iterator[Any]:
        return iter(audit.findings) if src is None else findings_of_file(src)

    tally = RuleTally()
    view = view_of(
        audit,
        tally.watch(findings()),
        title=options["title"],
        max_rows=options["max_rows"],
        whole_file=src is not None,
    )
    return Material(
        audit=audit,
        view=view,
        findings=findings,
        rules=lambda option: rule_report(audit, view, tally, option),
        archive=options["asff_archive"],
    )


def _left_out(material: Material, paths: Mapping[str, str]) -> list[str]:
    found = material.view.findings
    if "csv_dest" not in paths or "findings_src" in paths or found.seen >= found.total:
        return []
    return [
        f"csv_dest: the audit result itself holds only {found.seen:,} of {found.total:,} findings;"
        " give findings_src to have all of them."
    ]
