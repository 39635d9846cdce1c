# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the audits of many firewalls together, on the controller."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ..plugin_utils.action import ControllerAction
from ..plugin_utils.audits import (
    approved_by,
    lines_of,
    of_report,
    read_handed_on,
    read_report,
    report_paths,
    sentence_of,
    summed_up,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "handed_on": {"type": "list", "elements": "raw", "default": []},
    "reports_dir": {"type": "path"},
    "bucket": {"type": "str", "default": ""},
    "prefix": {"type": "str", "default": ""},
    "firewall_arns": {"type": "list", "elements": "str", "default": []},
    "max_age": {"type": "int", "default": 0},
}


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_summary`."""

    def told(self) -> dict[str, Any]:
        """Return the summary, and what whoever is to approve its plans is shown; raise FlowOpsError for a mistake."""
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]
        paths = report_paths(options["reports_dir"], options["firewall_arns"])
        reports = [of_report(read_report(path), options["bucket"], options["prefix"]) for path in paths]
        now = datetime.now(timezone.utc)
        audits = [*reports, *read_handed_on(options["handed_on"])]
        summary = summed_up(audits, options["firewall_arns"], now, options["max_age"])
        return {
            "summary": summary,
            "approved": approved_by(summary),
            "lines": lines_of(summary),
            "sentence": sentence_of(summary),
        }
