# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict of an audit in words, never better than what the audit's own data holds."""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils.errors import counted
from .audit import Audit
from .text import number
from .view import Verdict

_UNKNOWN = "the audit result holds no verdict that this report knows"
_PARTIAL = "The capture is partial: nothing is known about the flows that it did not see."


@dataclass(frozen=True)
class _Words:
    """How a finding is called for what flows were held against: of one flow, of several, and of one that is none."""

    one: str
    many: str
    kept: str
    more: str


_WORDS = {
    "policy": _Words("breaks the policy", "break the policy", "keeps the policy", "may break the policy"),
    "rules": _Words(
        "would be dropped by the firewall's rules",
        "would be dropped by the firewall's rules",
        "would be passed by the firewall's rules",
        "may be dropped by the firewall's rules",
    ),
    "change": _Words(
        "would be dropped by the change and is passed today",
        "would be dropped by the change and are passed today",
        "would not be dropped by the change",
        "may be dropped by the change",
    ),
}


def verdict_of(audit: Audit, total: int) -> tuple[Verdict, list[str]]:
    """Return the verdict on an audit with so many findings, and a sentence where the audit says more than it has."""
    judged, objections = _judged(audit, total)
    word, tone, sentence = _verdict(audit, judged, total)
    return Verdict(word, tone, sentence, _missing(audit, judged), judged), objections


def _judged(audit: Audit, total: int) -> tuple[str, list[str]]:
    # Whoever made the audit result: a page never calls a firewall compliant that its own data does not.
    if audit.verdict == "compliant" and total:
        return "noncompliant", ["The audit result says compliant, yet it holds findings: read as noncompliant."]
    if audit.verdict == "compliant" and audit.partial:
        return "inconclusive", ["The audit result says compliant, yet its capture is partial: read as inconclusive."]
    if audit.verdict == "compliant" and _objections(audit):
        return "inconclusive", [f"The audit result says compliant, yet {_objections(audit)[0]}: read as inconclusive."]
    return audit.verdict, []


def _objections(audit: Audit) -> list[str]:
    """Return what keeps an audit without findings from being compliant, apart from flows that may be missing."""
    counts = {
        "unreadable": (audit.unreadable.count, "could not be read", "could not be read"),
        "undecided": (_undecided(audit), "is undecided", "are undecided"),
        "contradicting": (audit.contradicting.count, "contradicts the judgement", "contradict the judgement"),
    }
    objections = [
        f"{counted(count, 'flow') if count else 'some flows'} {one if count == 1 else many}"
        for name, (count, one, many) in counts.items()
        if _holds(audit, name, count)
    ]
    return [*objections, "no rule judged anything"] if "nothing_judged" in audit.reasons else objections


def _holds(audit: Audit, reason: str, count: int) -> bool:
    # An audit says its reasons; flows that it only counts may be ignored on purpose, or be mere attempts.
    if audit.reasons or audit.verdict != "inconclusive":
        return reason in audit.reasons or (reason == "unreadable" and count > 0)
    return count > 0


def _undecided(audit: Audit) -> int:
    if audit.counts.by_change is not None:
        return audit.counts.by_change.get("newly_undecided", 0)
    return (audit.counts.by_fate or {}).get("undecided", 0)


def _verdict(audit: Audit, judged: str, total: int) -> tuple[str, str, str]:
    words = _WORDS[audit.judged_by]
    if judged == "noncompliant":
        return "Noncompliant", "bad", _breaking(words, total, audit.whole_flow_count)
    if judged == "compliant":
        return "Compliant", "good", _none_breaks(words, audit.whole_flow_count, "live")
    if judged == "inconclusive":
        none = _none_breaks(words, audit.whole_flow_count, "captured")
        return "Inconclusive", "open", f"{none}, but {_joined(_doubts(audit))}"
    if judged == "not_judged":
        return "Live flows", "open", f"{counted(audit.flow_count or 0, 'live flow')}, and none of them was judged"
    return "No verdict", "open", _UNKNOWN


def _doubts(audit: Audit) -> list[str]:
    objections = _objections(audit)
    return objections if objections and not audit.partial else ["flows may be missing", *objections]


def _joined(sentences: list[str]) -> str:
    return sentences[0] if len(sentences) == 1 else f"{', '.join(sentences[:-1])} and {sentences[-1]}"


def _breaking(words: _Words, total: int, flow_count: int | None) -> str:
    if not total:
        return f"live flows {words.many}"
    flows = "live flow" if (flow_count or total) == 1 else "live flows"
    of_all = "" if flow_count is None else f" of {number(flow_count)}"
    return f"{number(total)}{of_all} {flows} {words.one if total == 1 else words.many}"


def _none_breaks(words: _Words, flow_count: int | None, adjective: str) -> str:
    if flow_count == 0:
        return f"there is no {adjective} flow"
    if flow_count == 1:
        return f"the one {adjective} flow {words.kept}"
    if flow_count is None:
        return f"no {adjective} flow {words.one}"
    return f"none of {number(flow_count)} {adjective} flows {words.one}"


def _missing(audit: Audit, judged: str) -> str:
    """Return what has to be said beside the verdict when something is not known."""
    if judged == "inconclusive":
        if not audit.partial and _objections(audit):
            return "Nothing is known about these flows: this firewall is not called compliant for them."
        return f"{_PARTIAL} Capture again before calling this firewall compliant."
    if judged == "compliant" and _undecided(audit):
        are = "is" if _undecided(audit) == 1 else "are"
        return f"{counted(_undecided(audit), 'flow')} {are} undecided, which this audit was told to ignore."
    if audit.partial:
        more = _WORDS[audit.judged_by].more
        return f"The capture is partial: flows may be missing, and more than those shown here {more}."
    return ""
