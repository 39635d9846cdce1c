# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a firewall that was approved, from what the jobs before handed on or from what whoever launches names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..module_utils.errors import FlowOpsError, OptionError, shown

_HASH_DIGITS = 64
_HASH = re.compile(r"[0-9a-f]{64}")
_SUMMARY, _OBJECT, _HASH_OPTION = "flow_summary_approved", "flowops_plan_object", "flowops_approved_hash"


def approved(
    firewall_arn: str, *, summary: Any = None, handed_on: Any = None, plan_object: str = "", approved_hash: Any = ""
) -> dict[str, Any]:
    """Return {plan_hash, plan_flow_count, plan or plan_object}; raise FlowOpsError when no plan was approved.

    The summary has what was shown to whoever approved it, by firewall, and handed_on what an audit handed on, as text
    or mappings. With a plan_object (s3://bucket/object) that and the hash given beside it count, and nothing else.
    """
    if plan_object:
        return {
            "plan_hash": _checked_hash(_text_of(approved_hash), _HASH_OPTION),
            "plan_object": _named(plan_object),
        }
    entry = _mapping(summary, _SUMMARY).get(firewall_arn)
    if not isinstance(entry, Mapping) or entry.get("plan_hash") is None:
        raise FlowOpsError(
            f"{_SUMMARY}: it holds no plan for {shown(firewall_arn)}, so that none was approved. Run this after"
            f" summary.yml in a workflow, or give {_OBJECT} and {_HASH_OPTION}."
        )
    found: dict[str, Any] = {"plan_hash": _checked_hash(entry["plan_hash"], _SUMMARY)}
    if entry.get("plan_flow_count") is not None:
        found["plan_flow_count"] = _checked_count(entry["plan_flow_count"])
    if found.get("plan_flow_count") == 0:
        return found
    return {**found, **_plan(firewall_arn, entry, _mapping(handed_on, "flow_audit"))}


def _plan(firewall_arn: str, entry: Mapping[str, Any], audit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan that an audit handed on, or else where it was uploaded."""
    plan = audit.get("plan")
    if isinstance(plan, Mapping) and plan.get("operations") is not None:
        return {"plan": plan}
    where = entry.get("plan_object")
    if not isinstance(where, Mapping) or not where.get("bucket") or not where.get("object"):
        raise FlowOpsError(
            f"The plan for {shown(firewall_arn)} was too large to be handed on and was not uploaded; give"
            " flow_audit_s3_bucket to the audit."
        )
    return {"plan_object": {"bucket": where["bucket"], "object": where["object"]}}


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    """Return what was handed on; AWX marks every string as unsafe, so that it is handed on as text."""
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            raise OptionError(name, value, "it must be JSON, as the job before handed it on") from None
    if value is not None and not isinstance(value, Mapping):
        raise OptionError(name, value, "it must be a mapping, as the job before handed it on")
    return value or {}


def _text_of(value: Any) -> Any:
    """Return a hash as text, also where YAML took 64 digits for a number, which with a 0 in front is octal."""
    if isinstance(value, bool) or not isinstance(value, int):
        return "" if value is None else str(value).strip().lower()
    digits = str(value)
    return digits if len(digits) == _HASH_DIGITS else format(value, "o").zfill(_HASH_DIGITS)


def _checked_hash(value: Any, option: str) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        allowed = "give the hash of the plan, 64 hexadecimal digits, as the audit shows it"
        raise OptionError(option, value, allowed)
    return value


def _checked_count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise OptionError(f"{_SUMMARY}: plan_flow_count", value, "it must be a number of flows")
    return value


def _named(url: str) -> dict[str, str]:
    parts = urlsplit(url.strip())
    name = parts.path.lstrip("/")
    if parts.scheme != "s3" or not parts.netloc or not name or parts.query or parts.fragment:
        raise OptionError(_OBJECT, url, "give the plan's object as s3://bucket/object")
    return {"bucket": parts.netloc, "object": name}
