# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the audits of many firewalls together, on the controller."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..module_utils.errors import FlowOpsError
from ..plugin_utils.action import ControllerAction
from ..plugin_utils.approver import Maxima, lines_of
from ..plugin_utils.audits import (
    approved_by,
    local_reports,
    nowhere,
    of_report,
    read_handed_on,
    read_report,
    report_paths,
    sentence_of,
    summed_up,
    why_missing,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "handed_on": {"type": "list", "elements": "raw", "default": []},
    "reports_dir": {"type": "path"},
    "bucket": {"type": "str", "default": ""},
    "prefix": {"type": "str", "default": ""},
    "firewall_arns": {"type": "list", "elements": "str", "default": []},
    "max_age": {"type": "int", "default": 0},
    "report_dirs": {"type": "list", "elements": "path", "default": []},
    "max_flows": {"type": "int", "default": 1000},
    "max_percent": {"type": "float", "default": 10.0},
}


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_summary`."""

    def as_result(self) -> dict[str, Any]:
        """Return the summary, and what whoever is to approve its plans is shown; raise FlowOpsError for a mistake."""
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]
        now = datetime.now(timezone.utc)
        here, problems = local_reports(map(_from_where_it_was_started, options["report_dirs"]))
        audits = [*here, *_uploaded(options), *read_handed_on(options["handed_on"])]
        if not audits and not options["firewall_arns"]:
            raise FlowOpsError(f"There is no audit to sum up: {nowhere(_places(options))}.")
        summary = summed_up(audits, options["firewall_arns"], now, options["max_age"])
        return {
            "summary": summary,
            "approved": approved_by(summary),
            "lines": lines_of(summary, now, Maxima(options["max_flows"], options["max_percent"])),
            "missing": why_missing(summary, audits, _places(options), options["max_age"]),
            "sentence": sentence_of(summary, _places(options)),
            **({"warnings": problems} if problems else {}),
        }


def _from_where_it_was_started(folder: str) -> str:
    # The folder of the playbook is that of the collection, which is no place for reports.
    return os.path.join(os.environ.get("PWD") or os.getcwd(), os.path.expanduser(folder))


def _uploaded(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    paths = report_paths(options["reports_dir"], options["firewall_arns"])
    return [of_report(read_report(path), options["bucket"], options["prefix"]) for path in paths]


def _places(options: Mapping[str, Any]) -> list[str]:
    bucket = f"s3://{options['bucket']}/{options['prefix'].strip('/')}" if options["bucket"] else ""
    return [*options["report_dirs"], *([bucket] if bucket else [])]
