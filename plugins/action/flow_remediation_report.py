# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the page of a remediation, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils.report.action import ReportAction
from ..plugin_utils.report.remediation import task


class ActionModule(ReportAction):
    """The task `flowops.aws.flow_remediation_report`."""

    SPEC, PATHS, DESTS = task.ARGUMENT_SPEC, task.DESTS, task.DESTS

    def work(self, options: Mapping[str, Any], paths: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
        return task.report_remediation(options, paths, dry_run=dry_run)
