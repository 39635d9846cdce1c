# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict of a remediation in words."""

from __future__ import annotations

from ....module_utils.errors import counted
from ..text import number
from ..view import Verdict
from .facts import Remediation

UNKNOWN = "unknown"

_WORDS = {
    "collateral": ("Collateral", "bad"),
    "suspected": ("Suspected", "bad"),
    "survivors": ("Survivors", "bad"),
    "reborn": ("Reborn", "open"),
    "unproved": ("Unproved", "open"),
    "inconclusive": ("Inconclusive", "open"),
    "nothing_to_cut": ("Nothing to cut", "good"),
    "remediated": ("Remediated", "good"),
    "rehearsal": ("Stopped by the rehearsal", "open"),
    "refused": ("Refused", "open"),
    "failed": ("Failed", "bad"),
}
_NOTHING_ELSE = {
    "proved": "Nothing else was touched: each flush listed only findings.",
    "collateral": "Flows that are no findings were cut.",
    "suspected": "AWS does not list what was cut, and more flows are gone than end by themselves.",
    "unproved": "Whether anything else was touched is not proved.",
}
_STOPPED = ("rehearsal", "refused", "failed")


def verdict_of(found: Remediation) -> Verdict:
    """Return the verdict in a word and a sentence, with what is to be said of everything else."""
    word, tone = _WORDS.get(found.verdict, ("No verdict", "open"))
    if found.verdict == "remediated" and found.nothing_else not in ("proved", ""):
        # Whoever made the result: a page is never greener than what it says itself.
        tone = "bad" if found.nothing_else in ("collateral", "suspected") else "open"
    return Verdict(word, tone, _sentence(found), _else(found), found.verdict)


def _sentence(found: Remediation) -> str:
    sentences = {
        "collateral": f"{_some(found.collateral_count, 'flow')} that {_is(found.collateral_count)} no finding cut",
        "suspected": "more flows are gone than the findings and those that end by themselves",
        "survivors": f"{_some(found.survived, 'flow')}{_of(found.planned)} {_is(found.survived)} still there",
        "reborn": f"{_some(found.reborn, 'flow')}{_of(found.planned)} came back",
        "unproved": f"{_gone(found)}, but nobody can say what else was cut",
        "inconclusive": f"{_gone(found)}, but flows may be missing from the capture",
        "nothing_to_cut": "every finding had ended before it was cut" if found.planned else "no flow had to be cut",
        "remediated": _gone(found),
        "rehearsal": "it would have cut flows that are no findings; nothing was cut",
        "refused": "nothing was cut",
        "failed": "the run did not come to its end",
    }
    sentence = sentences.get(found.verdict, "the result holds no verdict that this report knows")
    return f"{sentence}: {found.reason}" if found.reason and found.verdict in _STOPPED else sentence


def _else(found: Remediation) -> str:
    if found.verdict in ("rehearsal", "refused"):
        return ""
    return _NOTHING_ELSE.get(found.nothing_else, "The result does not say whether anything else was touched.")


def _gone(found: Remediation) -> str:
    if found.gone is None:
        return "how many flows are gone is not known"
    return f"{number(found.gone)}{_of(found.planned)} {'flow is' if found.planned == 1 else 'flows are'} gone"


def _of(planned: int | None) -> str:
    return "" if planned is None else f" of {number(planned)}"


def _some(count: int | None, noun: str) -> str:
    return f"some {noun}s" if count is None else counted(count, noun)


def _is(count: int | None) -> str:
    return "is" if count == 1 else "are"
