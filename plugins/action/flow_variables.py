# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refuse variables that a role does not know, and values that it cannot work with, on the controller."""

from __future__ import annotations

import os
from typing import Any

import yaml

from ..module_utils.errors import FlowOpsError, shown
from ..plugin_utils.action import ControllerAction
from ..plugin_utils.variables import OF_PLAYBOOKS, check_names

_ROLES = os.path.join(os.path.dirname(__file__), "..", "..", "roles")
ARGUMENT_SPEC: dict[str, Any] = {
    "role": {"type": "str", "default": ""},
    "conditions": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "holds": {"type": "bool", "required": True},
            "fail_msg": {"type": "str", "required": True},
        },
    },
}


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_variables`."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result, by the variables of the host."""
        self._names = list(task_vars or {})
        return super().run(tmp, task_vars)

    def as_result(self) -> dict[str, Any]:
        """Return nothing; raise FlowOpsError for a variable that is none of the role's, or a condition that fails."""
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]
        role = options["role"]
        known = {f"{name}_": _options_of(name) for name in ([role] if role else self._roles())}
        check_names(self._names, known if role else {"flowops_": OF_PLAYBOOKS, **known})
        for condition in options["conditions"]:
            if not condition["holds"]:
                raise FlowOpsError(condition["fail_msg"])
        return {}

    def _roles(self) -> list[str]:
        """Return the roles that a variable of the host is of; what each takes is a file to read."""
        return [role for role in sorted(os.listdir(_ROLES)) if any(name.startswith(f"{role}_") for name in self._names)]


def _options_of(role: str) -> frozenset[str]:
    path = os.path.join(_ROLES, os.path.basename(role), "meta", "argument_specs.yml")
    try:
        with open(path, encoding="utf-8") as file:
            # Read again for each firewall; libyaml takes a tenth of the time.
            spec = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise FlowOpsError(
            f"role: {shown(role)} is not allowed; give the name of a role of this collection."
        ) from error
    return frozenset(name for entry in spec["argument_specs"].values() for name in entry["options"])
