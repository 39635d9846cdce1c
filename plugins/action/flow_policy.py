# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check a flow policy, on the controller."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from ..module_utils.audit.policy_reader import compile_policy
from ..module_utils.errors import FlowOpsError, OptionError
from ..module_utils.files import POLICY, read_file, reader_in
from ..plugin_utils.action import ControllerAction
from ..plugin_utils.strict_yaml import read_yaml

ARGUMENT_SPEC: dict[str, Any] = {"policy": {"type": "raw"}, "policy_file": {"type": "path"}}


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_policy`."""

    def told(self) -> dict[str, Any]:
        """Return policy, policy_dir and rules; raise FlowOpsError with every mistake of the policy."""
        pair = ["policy", "policy_file"]
        options = self.validate_argument_spec(
            argument_spec=ARGUMENT_SPEC, required_one_of=[pair], mutually_exclusive=[pair]
        )[1]
        policy, folder = options["policy"], os.getcwd()
        if options["policy_file"]:
            path = self._found(options["policy_file"])
            policy, folder = _read(path, options["policy_file"]), os.path.dirname(path)
        compiled = compile_policy(policy, today=datetime.now(timezone.utc).date(), read_lines=reader_in(folder))
        warnings = compiled.warnings()
        return {
            **({"warnings": warnings} if warnings else {}),
            "policy": _plain(policy),
            "policy_dir": folder,
            "rules": list(compiled.described),
        }

    def _found(self, path: str) -> str:
        """Return where a policy file lies: from the working directory, the playbook's folder, or the one around it."""
        started_in = os.environ.get("PWD", os.getcwd())
        # AWX runs the playbooks of a project, mostly in a folder of it, and does not always say where the project lies.
        beside = str(self._loader.path_dwim(path))
        tried = [os.path.join(started_in, path), beside, str(self._loader.path_dwim(os.path.join(os.pardir, path)))]
        for candidate in tried:
            if os.path.exists(candidate):
                return os.path.abspath(candidate)
        raise OptionError("policy_file", path, f"there is no such file in {' or '.join(map(os.path.dirname, tried))}")


def _read(path: str, given: str) -> Any:
    data = read_file(path, POLICY, "policy_file")
    try:
        return read_yaml(data, given)
    except FlowOpsError as error:
        raise error.saying(f"policy_file: {error.message}") from None


def _plain(value: Any) -> Any:
    """Return YAML's days as text; what is kept and passed on is JSON."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
