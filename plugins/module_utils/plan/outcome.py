# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the flows that a plan wanted cut: gone, survived, or back again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

GONE, SURVIVED, REBORN = "gone", "survived", "reborn"


class Fate(NamedTuple):
    """What became of a flow that the plan wanted cut, and the rule that it broke, as far as that is known."""

    fate: str
    rule: str | None = None


def verdict_of(survived: int, reborn: int, partial: bool) -> str:
    """Return survivors, reborn, inconclusive (flows may be missing from what was seen) or remediated."""
    if survived:
        return "survivors"
    if reborn:
        return REBORN
    return "inconclusive" if partial else "remediated"


def told_fate(record: Mapping[str, Any], fate: Fate) -> dict[str, Any]:
    """Return the flow record of a flow that is there again, with its fate and the rule it breaks, if that is known."""
    return {**record, "fate": fate.fate, **({"rule": fate.rule} if fate.rule is not None else {})}


def rules_told(
    planned_by_rule: Iterable[Mapping[str, int]], fates: Mapping[tuple[str, str | None], int]
) -> dict[str, dict[str, int]]:
    """Return for each rule the numbers of flows planned, gone, survived and reborn; fates counts by (fate, rule)."""
    planned: Counter[str] = Counter()
    for by_rule in planned_by_rule:
        planned.update(by_rule)
    rules = {rule for _fate, rule in fates if rule is not None} | set(planned)
    told = {}
    for rule in sorted(rules):
        survived = fates.get((SURVIVED, rule), 0)
        told[rule] = {
            "planned": planned[rule],
            GONE: max(0, planned[rule] - survived),
            SURVIVED: survived,
            REBORN: fates.get((REBORN, rule), 0),
        }
    return told
