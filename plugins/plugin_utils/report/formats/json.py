# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit result as one JSON document: what the audit found, and nothing that was only passed along with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..audit import Audit
from ..text import items
from ..view import View
from .base import Format, Material

# What a registered result holds besides (the module's options, among others) is nobody's business.
_MEMBERS = (
    "addresses",
    "audited_at",
    "contradicting",
    "counts",
    "drift",
    "fetch",
    "files",
    "findings",
    "findings_total",
    "firewall_arn",
    "firewall_name",
    "firewall_policy",
    "flow_count",
    "flow_filters",
    "initiator",
    "minimum_flow_age",
    "operations",
    "partial",
    "plan",
    "reasons",
    "rules",
    "top",
    "undecided",
    "unreadable",
    "verdict",
    "warnings",
)


def json_of(audit: Audit, view: View) -> str:
    """Return the audit result as JSON with sorted keys; verdict and partial as every report judges them."""
    told = {member: _plain(audit.raw[member]) for member in _MEMBERS if member in audit.raw}
    told |= {"verdict": view.verdict.judged, "partial": view.partial}
    if view.warnings:
        told["warnings"] = [*map(_plain, view.warnings), *items(told.get("warnings"))]
    # In ASCII, so that no text can break out of the encoding or turn the direction of a terminal around.
    return json.dumps(told, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _plain(value: Any) -> Any:
    """Return a value made of JSON's own types."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        # JSON has no NaN and no infinity.
        return float(value) if abs(value) < float("inf") else str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str.__str__(value) if isinstance(value, str) else str(value)


def _contents(material: Material) -> Iterable[bytes]:
    return [json_of(material.audit, material.view).encode()]


FORMAT = Format("json", _contents)
