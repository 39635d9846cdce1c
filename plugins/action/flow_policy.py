# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check what flows are to be judged by, a policy or changes of a firewall's rules, on the controller."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from ..filter.as_list import as_list
from ..module_utils.audit.policy_reader import compile_policy
from ..module_utils.errors import FlowOpsError, OptionError
from ..module_utils.files import POLICY, read_file, reader_in
from ..module_utils.operations.rule_source import changes_of, check_rule_options, saved_rules
from ..plugin_utils.action import ControllerAction
from ..plugin_utils.strict_yaml import read_yaml

ARGUMENT_SPEC: dict[str, Any] = {
    "policy": {"type": "raw"},
    "policy_file": {"type": "path"},
    "firewall_rules": {"type": "dict"},
}
_CHANGE = ("rule_group", "src", "priority", "state")


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_policy`."""

    def as_result(self) -> dict[str, Any]:
        """Return policy, policy_dir and rules, or firewall_rules; raise FlowOpsError with every mistake."""
        options = self.validate_argument_spec(
            argument_spec=ARGUMENT_SPEC, mutually_exclusive=[["policy", "policy_file"]]
        )[1]
        given = {
            name: value for name, value in (options["firewall_rules"] or {}).items() if value not in (None, "", [])
        }
        if options["policy"] is None and not options["policy_file"]:
            return {"firewall_rules": self._rules(given)}
        # How undecided flows count, and who opened a flow, are only asked of rules.
        beside = [name for name in given if name not in ("initiator", "on_undecided")]
        if beside:
            raise FlowOpsError(
                f"A policy and {' and '.join(beside)} of the firewall's rules were given together; judge by one alone."
            )
        return self._policy(options)

    def _policy(self, options: Mapping[str, Any]) -> dict[str, Any]:
        policy, folder = options["policy"], os.getcwd()
        if options["policy_file"]:
            path = self._found(options["policy_file"], "policy_file")
            policy, folder = _read(path, options["policy_file"]), os.path.dirname(path)
        compiled = compile_policy(policy, today=datetime.now(timezone.utc).date(), read_lines=reader_in(folder))
        warnings = compiled.warnings()
        return {
            **({"warnings": warnings} if warnings else {}),
            "policy": _plain(policy),
            "policy_dir": folder,
            "rules": list(compiled.described),
        }

    def _rules(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the option firewall_rules with the whole paths of its files, each of which can be read."""
        rules = dict(given)
        if "changes" in rules:
            rules["changes"] = [self._change(change) for change in as_list(rules["changes"], "dict")]
        if "firewall_policy_src" in rules:
            rules["firewall_policy_src"] = self._found(str(rules["firewall_policy_src"]), "firewall_policy_src")
        if "rule_group_srcs" in rules:
            rules["rule_group_srcs"] = [
                self._found(str(path), "rule_group_srcs") for path in as_list(rules["rule_group_srcs"])
            ]
        if "home_net" in rules:
            rules["home_net"] = as_list(rules["home_net"])
        check_rule_options(rules)
        changes_of(rules)
        if "firewall_policy_src" in rules:
            saved_rules(rules)
        return rules

    def _change(self, change: Any) -> dict[str, Any]:
        unknown = [str(name) for name in change if name not in _CHANGE] if isinstance(change, Mapping) else ["it"]
        if unknown or not change.get("rule_group"):
            raise OptionError(
                "firewall_rules.changes",
                change,
                f"give a mapping of rule_group and, as needed, {', '.join(_CHANGE[1:])}",
            )
        found = dict(change)
        if found.get("src"):
            found["src"] = self._found(str(found["src"]), "firewall_rules.changes.src")
        return found

    def _found(self, path: str, option: str) -> str:
        """Return where a file lies: from the working directory, the playbook's folder, or the one around it."""
        started_in = os.environ.get("PWD", os.getcwd())
        # AWX runs the playbooks of a project, mostly in a folder of it, and does not always say where the project lies.
        beside = str(self._loader.path_dwim(path))
        path = os.path.expanduser(path)
        tried = [os.path.join(started_in, path), beside, str(self._loader.path_dwim(os.path.join(os.pardir, path)))]
        for candidate in tried:
            if os.path.exists(candidate):
                return os.path.abspath(candidate)
        raise OptionError(option, path, f"there is no such file in {' or '.join(map(os.path.dirname, tried))}")


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
