# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed rules do to flows: of how many, by which rules, and whose flows they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..audit.talkers import Talkers, packed
from ..rules.change import CHANGES, NEWLY_PASSED, UNCHANGED
from ..rules.verdicts import Verdict

_KINDS = ("source", "destination")
# Rules that are told of each change, those of the most flows.
_MOST_RULES = 100
# Of six rankings, so that their memory stays small beside that of the talkers.
_EXACT_KEYS = 16_384


class ChangedFlows:
    """Counts of the flows that changed rules treat otherwise, fed page by page; a top_n of 0 keeps no talkers."""

    def __init__(self, top_n: int) -> None:
        self.counts: Counter[str] = Counter()
        self._top_n = top_n
        told = [change for change in CHANGES if change != UNCHANGED]
        self._rules: dict[str, Counter[str]] = {change: Counter() for change in told}
        self._talkers = {change: {kind: Talkers(_EXACT_KEYS) for kind in _KINDS} for change in told}

    def add(
        self,
        records: Sequence[Mapping[str, Any]],
        changes: Sequence[str],
        now: Sequence[Verdict],
        after: Sequence[Verdict],
    ) -> None:
        """Count flow records, each with its change, and with what the rules as they are and as they would be say."""
        self.counts.update(changes)
        for change, rules in self._rules.items():
            at = [place for place, found in enumerate(changes) if found == change]
            if not at:
                continue
            # What passes then is told by the rule that drops it today.
            says = now if change == NEWLY_PASSED else after
            rules.update(says[place].rule for place in at)
            if self._top_n:
                self._add_talkers(self._talkers[change], [records[place] for place in at])

    def _add_talkers(self, talkers: Mapping[str, Talkers], records: Sequence[Mapping[str, Any]]) -> None:
        amounts = packed(*([record.get(f"{name}_count", 0) for record in records] for name in ("byte", "packet")))
        for kind, counted in talkers.items():
            counted.add([record.get(f"{kind}_address", "?") for record in records], amounts)

    def as_result(self) -> dict[str, Any]:
        """Return by change the rules with their flow_count, and the sources and destinations of the most flows."""
        return {
            change: {
                "rules": [{"rule": rule, "flow_count": count} for rule, count in rules.most_common(_MOST_RULES)],
                **{kind: talkers.top("flows", self._top_n) for kind, talkers in self._talkers[change].items()},
            }
            for change, rules in self._rules.items()
        }
