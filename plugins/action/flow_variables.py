# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refuse variables that a role does not know, on the controller."""

from __future__ import annotations

import os
from typing import Any

import yaml

from ..module_utils.errors import FlowOpsError, shown
from ..plugin_utils.action import ControllerAction
from ..plugin_utils.variables import OF_PLAYBOOKS, check_names

_ROLES = os.path.join(os.path.dirname(__file__), "..", "..", "roles")
ARGUMENT_SPEC: dict[str, Any] = {"role": {"type": "str", "default": ""}}


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_variables`."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result, by the variables of the host."""
        self._names = list(task_vars or {})
        return super().run(tmp, task_vars)

    def told(self) -> dict[str, Any]:
        """Return nothing; raise FlowOpsError for a variable that begins like the role's options and is none."""
        role = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]["role"]
        if role:
            check_names(self._names, f"{role}_", _options_of(role))
        else:
            check_names(self._names, "flowops_", OF_PLAYBOOKS)
        return {}


def _options_of(role: str) -> set[str]:
    path = os.path.join(_ROLES, os.path.basename(role), "meta", "argument_specs.yml")
    try:
        with open(path, encoding="utf-8") as file:
            spec = yaml.safe_load(file)
    except OSError as error:
        raise FlowOpsError(
            f"role: {shown(role)} is not allowed; give the name of a role of this collection."
        ) from error
    return set(spec["argument_specs"]["main"]["options"])
