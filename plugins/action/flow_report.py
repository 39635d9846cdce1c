# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the reports of a flow audit, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils.report import task
from ..plugin_utils.report.action import ReportAction


class ActionModule(ReportAction):
    """The task `flowops.aws.flow_report`."""

    SPEC, PATHS, DESTS = task.ARGUMENT_SPEC, task.PATHS, task.DESTS

    def work(self, options: Mapping[str, Any], paths: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
        return task.report_audit(options, paths, dry_run=dry_run)
