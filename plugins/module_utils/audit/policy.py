# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies: ordered rules over flow records, the first match decides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import shown
from ..flows.matching import MEMBERS, Condition, Members

# Beyond every number of a member.
_BEYOND = 2**129


@dataclass(frozen=True)
class Verdict:
    """What a rule says of the flows it matches."""

    rule: str
    severity: str


@dataclass(frozen=True)
class Rule:
    """One rule: its verdict (None allows), and for each member of a flow record what it must be."""

    name: str
    deny: Verdict | None
    conditions: dict[str, Condition]


@dataclass(frozen=True)
class Policy:
    """A compiled policy; rules that are disabled or expired are in neither rules nor the judging."""

    rules: tuple[Rule, ...]
    default: Verdict | None
    expired: tuple[str, ...] = ()
    described: tuple[dict[str, Any], ...] = field(default=())

    @cached_property
    def _members(self) -> list[tuple[str, Members]]:
        """The members of a flow record that any rule looks at."""
        found = []
        for member, whole in MEMBERS.items():
            conditions = [rule.conditions.get(member) for rule in self.rules]
            if any(conditions):
                found.append((member, Members(conditions, whole)))
        return found

    @cached_property
    def _verdicts(self) -> Verdicts:
        return Verdicts(self)

    def shadowed(self) -> list[tuple[str, str]]:
        """Return the rules that can never match, each with the earlier rule that covers it."""
        found = []
        for n, rule in enumerate(self.rules):
            covering = next((earlier for earlier in self.rules[:n] if _covers(earlier, rule)), None)
            if covering is not None:
                found.append((rule.name, covering.name))
        return found

    def shadow_warnings(self) -> list[str]:
        """Return a sentence for each rule that can never match."""
        return [
            f"The rule {shown(rule)} of the policy can never match: the earlier rule {shown(by)} covers it."
            for rule, by in self.shadowed()
        ]

    def judge_all(self, records: Sequence[Mapping[str, Any]]) -> list[Verdict | None]:
        """Return for each flow record the verdict, None when the policy allows it."""
        masks = [(1 << len(self.rules)) - 1] * len(records)
        for member, rules_of in self._members:
            masks = [mask and mask & rules_of[record.get(member)] for mask, record in zip(masks, records, strict=True)]
        verdicts = self._verdicts
        return [verdicts[mask & -mask] for mask in masks]


def _covers(earlier: Rule, later: Rule) -> bool:
    """Return whether a rule by itself matches every flow that a later one matches."""
    for member, condition in earlier.conditions.items():
        narrower = later.conditions.get(member)
        if narrower is None or (narrower.absent and not condition.absent):
            return False
        wider = condition.spans
        for first, end in narrower.spans:
            at = bisect_right(wider, (first, _BEYOND)) - 1
            if at < 0 or wider[at][1] < end:
                return False
    return True


class Verdicts(dict[int, "Verdict | None"]):
    """The verdict for the lowest bit of the rules that match, 0 for none."""

    def __init__(self, policy: Policy) -> None:
        super().__init__({1 << n: rule.deny for n, rule in enumerate(policy.rules)})
        self[0] = policy.default
