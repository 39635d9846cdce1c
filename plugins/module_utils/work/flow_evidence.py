# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence folders begun and sealed, from options to result, without AWS and its SDK."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..errors import FlowOpsError, OptionError
from ..evidence.folder import begin, seal
from .result import Module

_OPTIONS = {"begun": ("evidence_dir", "firewall_arn"), "sealed": ("path", "verdict", "contents", "copies", "about")}


def record(module: Module) -> dict[str, Any]:
    """Begin or seal an evidence folder and return the module's result; raise FlowOpsError with the sentence."""
    params, dry_run = module.params, module.check_mode
    _check_options(params)
    now = datetime.now(timezone.utc)
    if params["state"] == "begun":
        begun = begin(params["evidence_dir"], params["firewall_arn"], now, dry_run=dry_run)
        return {"changed": True, **begun}
    contents, copies = params["contents"] or {}, params["copies"] or {}
    sealed = seal(params["path"], params["verdict"], contents, copies, now, about=params["about"], dry_run=dry_run)
    for warning in sealed.pop("warnings"):
        module.warn(warning)
    return {"changed": True, **sealed}


def _check_options(params: Mapping[str, Any]) -> None:
    for state, options in _OPTIONS.items():
        for option in options:
            if state != params["state"] and params[option] is not None:
                raise FlowOpsError(f"{option} belongs to state={state} and was given with state={params['state']}.")
    for option in ("evidence_dir", "path"):
        refuse_empty(params, option)


def refuse_empty(params: Mapping[str, Any], option: str) -> None:
    """Raise OptionError when the path of a folder is empty."""
    # A template that came out empty would name the folder that the module happens to run in.
    if params[option] == "":
        raise OptionError(option, "", "give the path of a folder")
