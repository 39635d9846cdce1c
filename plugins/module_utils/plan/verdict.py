# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a remediation: its verdict, and whether nothing else was touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COLLATERAL, SUSPECTED, SURVIVORS, REBORN = "collateral", "suspected", "survivors", "reborn"
UNPROVED, INCONCLUSIVE, NOTHING_TO_CUT, REMEDIATED = "unproved", "inconclusive", "nothing_to_cut", "remediated"
REHEARSAL, REFUSED, FAILED, PROVED = "rehearsal", "refused", "failed", "proved"

# The first that holds is the verdict of a run that came to its end.
VERDICTS = (COLLATERAL, SUSPECTED, SURVIVORS, REBORN, UNPROVED, INCONCLUSIVE, NOTHING_TO_CUT, REMEDIATED)
# What flow_remediate_fail_on takes; a run that failed, was refused or stopped by its rehearsal fails in any case.
FAIL_ON = (REHEARSAL, COLLATERAL, SUSPECTED, SURVIVORS, REBORN, UNPROVED, INCONCLUSIVE, REMEDIATED)
FAIL_ON_BY_DEFAULT = (SURVIVORS, COLLATERAL, SUSPECTED)


@dataclass(frozen=True)
class Deed:
    """What is known of a run that came to its end; counts in flows.

    unproved are the reasons why nobody can say what a flush hit, one sentence each; left_alone are findings that were
    not cut, because no filter could tell them from innocent flows.
    """

    planned: int = 0
    cut: int = 0
    survived: int = 0
    left_alone: int = 0
    reborn: int = 0
    collateral: int = 0
    suspected: bool = False
    unproved: tuple[str, ...] = ()
    partial: bool = False

    @property
    def nothing_else(self) -> str:
        """Whether nothing else was touched: proved, collateral, suspected or unproved."""
        if self.collateral:
            return COLLATERAL
        if self.suspected:
            return SUSPECTED
        return UNPROVED if self.unproved else PROVED

    @property
    def verdict(self) -> str:
        """The first of VERDICTS that holds."""
        holds = {
            COLLATERAL: bool(self.collateral),
            SUSPECTED: self.suspected,
            SURVIVORS: bool(self.survived or self.left_alone),
            REBORN: bool(self.reborn),
            UNPROVED: bool(self.unproved),
            INCONCLUSIVE: self.partial,
            NOTHING_TO_CUT: not self.cut,
            REMEDIATED: True,
        }
        return next(word for word in VERDICTS if holds[word])

    def as_result(self, examples: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return the words and counts as flow_remediate_result and verdict.json have them."""
        told: dict[str, Any] = {
            "verdict": self.verdict,
            "nothing_else": self.nothing_else,
            "collateral_count": self.collateral,
            "collateral": list(examples or ()),
        }
        return {**told, "unproved": list(self.unproved)} if self.unproved else told


def words_of(told: Mapping[str, Any]) -> set[str]:
    """Return the words that hold of a result ({verdict, nothing_else, …}), of which a run may fail."""
    words = {told["verdict"], told["nothing_else"]}
    # A verdict names the worst alone, and what is behind it may be what is failed on.
    if told.get("survived"):
        words.add(SURVIVORS)
    if told.get("reborn"):
        words.add(REBORN)
    if told.get("partial"):
        words.add(INCONCLUSIVE)
    return words


def fails(told: Mapping[str, Any], fail_on: tuple[str, ...] | list[str]) -> bool:
    """Return whether a result ({verdict, nothing_else, …}) fails a run that fails on those words."""
    return not words_of(told).isdisjoint(fail_on)
