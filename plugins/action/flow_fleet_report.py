# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the page of a fleet, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils.report.action import ReportAction
from ..plugin_utils.report.fleet import task


class ActionModule(ReportAction):
    """The task `flowops.aws.flow_fleet_report`."""

    SPEC, PATHS, DESTS = task.ARGUMENT_SPEC, task.DESTS, task.DESTS

    def work(self, options: Mapping[str, Any], paths: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
        folders = [self.path(folder) for folder in options["report_dirs"]]
        return task.report_fleet(options, folders, paths, dry_run=dry_run)
