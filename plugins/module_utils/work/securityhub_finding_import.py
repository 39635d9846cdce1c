# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS Security Hub's import of findings: all of them checked first, then sent in batches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ..aws.clients import client_of
from ..aws.others import SecurityHub
from ..errors import FlowOpsError, OptionError, counted, shown
from .result import Module

# The most that one call takes.
BATCH = 100
_FAILURES_NAMED = 3
_NOTHING = "There is nothing to import into AWS Security Hub."


def import_findings(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    option = "src" if params["src"] else "findings"
    findings = _read(params["src"]) if params["src"] else params["findings"]
    hub = SecurityHub(client_of(module, "securityhub"))
    check_findings(findings, hub, option)
    if module.check_mode:
        told = f"Would import {counted(len(findings), 'finding')} into AWS Security Hub." if findings else _NOTHING
        return {"changed": bool(findings), "msg": told, "finding_count": len(findings)}
    imported = 0
    refused: list[dict[str, Any]] = []
    for start in range(0, len(findings), BATCH):
        try:
            answer = hub.import_batch(findings[start : start + BATCH])
        except FlowOpsError as error:
            raise error.saying(error.message, success_count=imported, failed_findings=refused) from error
        imported += answer["SuccessCount"]
        refused.extend(camel_dict_to_snake_dict(item) for item in answer.get("FailedFindings") or ())
    result = {"finding_count": len(findings), "success_count": imported, "failed_findings": refused}
    if refused or imported < len(findings):
        raise FlowOpsError(_refusal(len(findings), imported, refused), changed=imported > 0, **result)
    told = f"Imported {counted(imported, 'finding')} into AWS Security Hub." if findings else _NOTHING
    return {"changed": imported > 0, "msg": told, **result}


def check_findings(findings: Any, hub: SecurityHub, option: str) -> None:
    """Raise OptionError naming the first finding that does not fit the SDK's model of one."""
    if not isinstance(findings, Sequence) or isinstance(findings, str):
        raise OptionError(option, findings, "give a list of findings in the AWS Security Finding Format")
    for index, finding in enumerate(findings):
        where = f"{option}[{index}]"
        if not isinstance(finding, Mapping):
            raise OptionError(where, finding, "give a finding in the AWS Security Finding Format, a mapping")
        reason = hub.problem_of(finding)
        if reason:
            raise OptionError(
                where, finding.get("Id", ""), f"give a finding in the AWS Security Finding Format ({reason})"
            )


def _read(path: str) -> Any:
    allowed = "give a file that holds a JSON list of findings, as flowops.aws.flow_report writes it"
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise OptionError("src", path, f"{allowed} ({error.strerror})") from error
    except ValueError as error:
        raise OptionError("src", path, f"{allowed} (what is there is not JSON)") from error


def _refusal(total: int, imported: int, refused: Sequence[Mapping[str, Any]]) -> str:
    named = [
        f"{shown(item.get('id', ''))}: {' '.join(str(item.get('error_message') or '').split()).rstrip('.')}"
        f" ({item.get('error_code')})"
        for item in refused[:_FAILURES_NAMED]
    ]
    if len(refused) > _FAILURES_NAMED:
        named.append(f"and {len(refused) - _FAILURES_NAMED:,} more")
    reasons = f": {'; '.join(named)}" if named else ""
    return f"AWS Security Hub refused {total - imported:,} of {counted(total, 'finding')}{reasons}."
