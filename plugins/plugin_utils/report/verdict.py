# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict of an audit in words, never better than what the audit's own data holds."""

from __future__ import annotations

from .audit import Audit
from .text import number
from .view import Verdict

_UNKNOWN = "the audit result holds no verdict that this report knows"


def verdict_of(audit: Audit, total: int) -> tuple[Verdict, list[str]]:
    """Return the verdict on an audit with so many findings, and a sentence where the audit says more than it has."""
    judged, objections = _judged(audit, total)
    word, tone, sentence = _words(judged, total, audit.flow_count)
    return Verdict(word, tone, sentence, _missing(judged, audit.partial), judged), objections


def _judged(audit: Audit, total: int) -> tuple[str, list[str]]:
    # Whoever made the audit result: a page never calls a firewall compliant that its own data does not.
    if audit.verdict == "compliant" and total:
        return "noncompliant", ["The audit result says compliant, yet it holds findings: read as noncompliant."]
    if audit.verdict == "compliant" and audit.partial:
        return "inconclusive", ["The audit result says compliant, yet its capture is partial: read as inconclusive."]
    return audit.verdict, []


def _words(judged: str, total: int, flow_count: int | None) -> tuple[str, str, str]:
    if judged == "noncompliant":
        return "Noncompliant", "bad", _breaking(total, flow_count)
    if judged == "compliant":
        return "Compliant", "good", _none_breaks(flow_count, "live")
    if judged == "inconclusive":
        return "Inconclusive", "open", f"{_none_breaks(flow_count, 'captured')}, but flows may be missing"
    return "No verdict", "open", _UNKNOWN


def _breaking(total: int, flow_count: int | None) -> str:
    if not total:
        return "live flows break the policy"
    breaks = "breaks" if total == 1 else "break"
    flows = "live flow" if (flow_count or total) == 1 else "live flows"
    of_all = "" if flow_count is None else f" of {number(flow_count)}"
    return f"{number(total)}{of_all} {flows} {breaks} the policy"


def _none_breaks(flow_count: int | None, adjective: str) -> str:
    if flow_count == 0:
        return f"there is no {adjective} flow"
    if flow_count == 1:
        return f"the one {adjective} flow keeps the policy"
    if flow_count is None:
        return f"no {adjective} flow breaks the policy"
    return f"none of {number(flow_count)} {adjective} flows breaks the policy"


def _missing(judged: str, partial: bool) -> str:
    if judged == "inconclusive":
        return (
            "The capture is partial: nothing is known about the flows that it did not see. "
            "Capture again before calling this firewall compliant."
        )
    if partial:
        return "The capture is partial: flows may be missing, and more than those shown here may break the policy."
    return ""
