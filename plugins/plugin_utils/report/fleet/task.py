# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of flow_fleet_report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..links import relative_to
from ..text import mapping
from ..write import Report, check_paths, write_reports
from .build import fleet_view
from .facts import Firewall, Fleet, fleet_of
from .pages import html_of, markdown_of

_FORMATS = {"html_dest": ("html", html_of), "markdown_dest": ("markdown", markdown_of)}
DESTS = tuple(_FORMATS)
ARGUMENT_SPEC: dict[str, Any] = {
    "results": {"type": "list", "elements": "dict", "default": []},
    "report_dirs": {"type": "list", "elements": "path", "default": []},
    "firewall_arns": {"type": "list", "elements": "str", "default": []},
    "missing": {"type": "list", "elements": "dict", "default": []},
    **{option: {"type": "path"} for option in DESTS},
    "title": {"type": "str", "default": "Fleet"},
}


def report_fleet(
    options: Mapping[str, Any], folders: Sequence[str], paths: Mapping[str, str], *, dry_run: bool
) -> dict[str, Any]:
    """Write the pages that paths ask for, and return what the task returns; raise FlowOpsError."""
    check_paths(paths, DESTS)
    fleet = fleet_of(map(mapping, options["results"]), folders, options["firewall_arns"], options["missing"])
    reports = []
    for option, (name, page_of) in _FORMATS.items():
        if option in paths:
            view = fleet_view(fleet, title=options["title"], place_of=relative_to(paths[option]))
            reports.append(Report(option, name, paths[option], [page_of(view).encode()]))
    outcome = write_reports(reports, dry_run=dry_run)
    return {**outcome, **_told(fleet), **({"warnings": list(fleet.problems)} if fleet.problems else {})}


def _told(fleet: Fleet) -> dict[str, Any]:
    """Return what the task says of the fleet, small however many firewalls there are."""
    return {
        "verdicts": dict(Counter(item.verdict.judged for item in fleet.firewalls)),
        "firewalls": {item.audit.firewall_arn: _firewall(item) for item in fleet.firewalls},
        "missing": [asdict(item) for item in fleet.missing],
    }


def _firewall(item: Firewall) -> dict[str, Any]:
    return {
        "verdict": item.verdict.judged,
        "partial": item.audit.partial,
        "audited_at": item.audit.audited_at,
        "flow_count": item.audit.flow_count,
        "findings_total": item.findings_total,
        "plan_flow_count": item.plan_flow_count,
    }
