# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check a flow policy, on the controller."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

import yaml

from ..module_utils.audit.policy_reader import compile_policy
from ..module_utils.errors import OptionError
from ..module_utils.files import reader_in
from ..plugin_utils.action import ControllerAction

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
            if os.path.isfile(candidate):
                return os.path.abspath(candidate)
        raise OptionError("policy_file", path, f"there is no such file in {' or '.join(map(os.path.dirname, tried))}")


class _StrictLoader(yaml.SafeLoader):
    """YAML without a second value for a key, by which rules would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping; raise ConstructorError for a key that is there twice."""
        seen = set()
        for key_node, _value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key in seen:
                problem = f"the key {key!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return dict(super().construct_mapping(node, deep))


def _read(path: str, given: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.load(file, _StrictLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError("policy_file", given, f"it cannot be read ({error})") from error
    except (yaml.YAMLError, ValueError) as error:
        raise OptionError("policy_file", given, f"it is not YAML ({' '.join(str(error).split())})") from error


def _plain(value: Any) -> Any:
    """Return YAML's days as text; what is kept and passed on is JSON."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
