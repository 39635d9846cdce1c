# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks have in common that do their work on the controller, without a connection."""

from __future__ import annotations

import json
from abc import abstractmethod
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.errors import FlowOpsError
from ..module_utils.times import utc_text

# AWX drops what it is told of a task above 700,000 bytes, and a task tells its result with the options of its callers.
_MOST_TOLD = 300_000


def now_text() -> str:
    """Return the moment by the controller's clock, ISO 8601 in UTC and whole seconds."""
    return utc_text(datetime.now(timezone.utc).replace(microsecond=0))


class ControllerAction(ActionBase):
    """A task whose result is told by `told`; FlowOpsError becomes the sentence that the task fails with."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the task tells; what is too large for an event is returned, and not shown."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            result.update({"changed": False, **self.as_result()})
        except FlowOpsError as error:
            result.update(failed=True, msg=error.message, **error.details)
        if not result.get("failed") and len(json.dumps(result, default=str)) > _MOST_TOLD:
            result["_ansible_no_log"] = True
        return result

    @abstractmethod
    def as_result(self) -> dict[str, Any]:
        """Return the result; raise FlowOpsError for what must not be."""
