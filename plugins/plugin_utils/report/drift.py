# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has changed since a baseline, and flows that could not be read: lists of flows in a few words each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...module_utils.errors import counted
from . import audit
from .text import clean, flow_text, more
from .view import Drift, FlowList

_FLOWS_SHOWN = 20


def drift_of(drift: audit.Drift | None) -> Drift | None:
    """Return what has changed since the baseline, None where there was none."""
    if drift is None:
        return None
    since = "" if drift.baseline_flow_count is None else f", which had {counted(drift.baseline_flow_count, 'flow')}"
    sentence = (
        f"Since the baseline{since}: {counted(drift.new_count, 'new flow')}, {counted(drift.gone_count, 'flow')} gone,"
        f" {counted(drift.new_talkers_count, 'address', 'addresses')} never seen before."
    )
    lists = [
        _listed("New flows", map(flow_text, drift.new), drift.new_count, "flow"),
        _listed("Flows that are gone", map(flow_text, drift.gone), drift.gone_count, "flow"),
        _listed("Addresses never seen before", drift.new_talkers, drift.new_talkers_count, "address", "addresses"),
    ]
    return Drift(sentence, [item for item in lists if item.flows])


def unreadable_of(unreadable: audit.Unreadable) -> FlowList | None:
    """Return the flows that could not be read, None without any."""
    if not unreadable.count:
        return None
    return _listed("Flows that could not be read", map(_whole, unreadable.examples), unreadable.count, "flow")


def _listed(heading: str, texts: Iterable[str], total: int, *noun: str) -> FlowList:
    shown: Sequence[str] = list(texts)[:_FLOWS_SHOWN]
    return FlowList(heading, shown, more(total - len(shown), *noun))


def _whole(example: Mapping[str, Any]) -> str:
    # With every member as it came, for it is not known which of them nobody could read.
    return ", ".join(f"{clean(name, 64)} {clean(value, 64) or '(empty)'}" for name, value in example.items())
