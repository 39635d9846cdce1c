# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the reports of a flow audit, on the controller."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.errors import FlowOpsError
from ..plugin_utils.report.task import ARGUMENT_SPEC, DESTS, PATHS, report_audit


class ActionModule(ActionBase):
    """The task `flowops.aws.flow_report`."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write what differs, or in check mode only say it; return reports, a list of format, dest, sha256, size."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC, required_one_of=[list(DESTS)])[1]
        # As for modules on a local connection, a relative path starts at the playbook.
        paths = {name: str(self._loader.path_dwim(options[name])) for name in PATHS if options.get(name) is not None}
        try:
            result.update(report_audit(options, paths, dry_run=self._task.check_mode))
        except FlowOpsError as error:
            result.update(failed=True, msg=error.message, **error.details)
        return result
