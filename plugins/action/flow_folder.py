# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make a private folder, on the controller."""

from __future__ import annotations

import os
import stat
from typing import Any

from ..module_utils.errors import FlowOpsError, shown
from ..plugin_utils.action import ControllerAction

ARGUMENT_SPEC: dict[str, Any] = {"path": {"type": "path", "required": True}}
_MODE = 0o700


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_folder`."""

    def as_result(self) -> dict[str, Any]:
        """Return whether the folder was made or its mode was set; raise FlowOpsError when that is not possible."""
        given = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]["path"]
        path = str(self._loader.path_dwim(given))
        try:
            changed = not _is_private_folder(path)
            if changed and not self._task.check_mode:
                # Several firewalls of a play make the same folder at once.
                os.makedirs(path, _MODE, exist_ok=True)
                os.chmod(path, _MODE)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise FlowOpsError(f"path: {shown(given)} is not allowed; no folder can be made there: {why}.") from error
        return {"changed": changed, "path": path}


def _is_private_folder(path: str) -> bool:
    """Return whether a path is a folder of its owner alone; raise OSError for what is there and is no folder."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(f"{path} is no folder")
    return stat.S_IMODE(mode) == _MODE
