# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence folders from options to result, without AWS and its SDK: what proves a run is checked anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..errors import FlowOpsError, OptionError
from ..evidence.folder import begin, check, seal

_OPTIONS = {"begun": ("evidence_dir", "firewall_arn"), "sealed": ("path", "verdict", "contents", "copies")}


def run(module: AnsibleModule, work: Callable[[AnsibleModule], Mapping[str, Any]]) -> None:
    """End the module with what work returns, or with the sentence of the FlowOpsError it raises."""
    # As arguments.run does, which cannot be imported where amazon.aws is missing.
    try:
        result = work(module)
    except FlowOpsError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(**result)


def record(module: AnsibleModule) -> dict[str, Any]:
    """Begin or seal an evidence folder and return the module's result; raise FlowOpsError with the sentence."""
    params, dry_run = module.params, module.check_mode
    _check_options(params)
    now = datetime.now(timezone.utc)
    if params["state"] == "begun":
        begun = begin(params["evidence_dir"], params["firewall_arn"], now, dry_run=dry_run)
        return {"changed": True, **begun}
    contents, copies = params["contents"] or {}, params["copies"] or {}
    sealed = seal(params["path"], params["verdict"], contents, copies, now, dry_run=dry_run)
    for warning in sealed.pop("warnings"):
        module.warn(warning)
    return {"changed": True, **sealed}


def examine(module: AnsibleModule) -> dict[str, Any]:
    """Check evidence folders and return the module's result; raise FlowOpsError when there are none."""
    _refuse_empty(module.params, ["path"])
    return {"changed": False, **check(module.params["path"], module.params["expected_head"])}


def _check_options(params: Mapping[str, Any]) -> None:
    for state, options in _OPTIONS.items():
        for option in options:
            if state != params["state"] and params[option] is not None:
                raise FlowOpsError(f"{option} belongs to state={state} and was given with state={params['state']}.")
    _refuse_empty(params, ["evidence_dir", "path"])


def _refuse_empty(params: Mapping[str, Any], options: Iterable[str]) -> None:
    # A template that came out empty would name the folder that the module happens to run in.
    for option in options:
        if params[option] == "":
            raise OptionError(option, "", "give the path of a folder")
