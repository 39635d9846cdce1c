# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of flow_remediation_report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..links import relative_to
from ..write import Report, check_paths, write_reports
from .build import remediation_view
from .facts import remediation_of
from .pages import html_of, markdown_of

_FORMATS = {"html_dest": ("html", html_of), "markdown_dest": ("markdown", markdown_of)}
DESTS = tuple(_FORMATS)
ARGUMENT_SPEC: dict[str, Any] = {
    "remediation": {"type": "dict", "required": True},
    "audit_report": {"type": "str"},
    **{option: {"type": "path"} for option in DESTS},
    "title": {"type": "str", "default": "Remediation"},
}


def report_remediation(options: Mapping[str, Any], paths: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
    """Write the pages that paths ask for, and return what the task returns; raise FlowOpsError."""
    check_paths(paths, DESTS)
    found = remediation_of(options["remediation"])
    reports = []
    for option, (name, page_of) in _FORMATS.items():
        if option in paths:
            audit_report = relative_to(paths[option])(options["audit_report"] or "")
            view = remediation_view(found, title=options["title"], audit_report=audit_report)
            reports.append(Report(option, name, paths[option], [page_of(view).encode()]))
    return write_reports(reports, dry_run=dry_run)
