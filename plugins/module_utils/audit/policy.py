# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies: ordered rules over flow records, the first match decides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ..errors import shown
from ..flows.matching import MEMBERS, Condition, Members
from .doubts import KNOWN, PORTS, Doubts, known_conditions

_CACHED_VERDICTS = 8192
# Beyond every number of a member.
_BEYOND = 2**129


@dataclass(frozen=True)
class Verdict:
    """What a rule says of the flows it matches; description is why there is the rule, empty when it does not say."""

    rule: str
    severity: str
    description: str = ""

    def as_result(self) -> dict[str, str]:
        """Return what a finding has beside its flow record."""
        told = {"rule": self.rule, "severity": self.severity}
        return {**told, "description": self.description} if self.description else told


class Judged(NamedTuple):
    """The verdicts on flows, and the places of those that get none only because not all is known of them."""

    verdicts: list[Verdict | None]
    unreadable: Sequence[int]


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
    # The sets and lists, by their paths, that rules name and that have no entry.
    empty: tuple[str, ...] = ()

    @cached_property
    def _members(self) -> list[tuple[str, Members]]:
        """The members of a flow record that any rule looks at; rule n is bit n + 2, behind the two of KNOWN."""
        looked_at = {member for rule in self.rules for member in rule.conditions}
        if looked_at & PORTS:
            # It says whether a flow has ports at all.
            looked_at.add("protocol_number")
        return [
            (member, Members([*known_conditions(member), *(rule.conditions.get(member) for rule in self.rules)], whole))
            for member, whole in MEMBERS.items()
            if member in looked_at
        ]

    @cached_property
    def _verdicts(self) -> _Verdicts:
        return _Verdicts([rule.deny for rule in self.rules], self.default)

    @cached_property
    def _doubts(self) -> Doubts:
        return Doubts(self._members)

    def shadowed(self) -> list[tuple[str, str]]:
        """Return the rules that can never match, each with the earlier rule that covers it."""
        found = []
        for n, rule in enumerate(self.rules):
            covering = next((earlier for earlier in self.rules[:n] if _covers(earlier, rule)), None)
            if covering is not None:
                found.append((rule.name, covering.name))
        return found

    @property
    def judges_nothing(self) -> bool:
        """True when no rule that counts makes findings, or one of them rests on a list without an entry."""
        return bool(self.empty) or (self.default is None and not any(rule.deny for rule in self.rules))

    def warnings(self) -> list[str]:
        """Return a sentence for each thing about the policy that its author may not have meant."""
        told = [f"The policy's {path} is empty, so an audit by it is never compliant." for path in self.empty]
        # A policy that says nothing at all is meant so: whoever gives it wants to see what is alive.
        if self.described and self.default is None and not any(rule.deny for rule in self.rules):
            told.append("The policy has no rule that denies and counts today, so an audit by it is never compliant.")
        return [*told, *self.shadow_warnings()]

    def shadow_warnings(self) -> list[str]:
        """Return a sentence for each rule that can never match."""
        return [
            f"The rule {shown(rule)} of the policy can never match: the earlier rule {shown(by)} covers it."
            for rule, by in self.shadowed()
        ]

    def judge_all(self, records: Sequence[Mapping[str, Any]]) -> list[Verdict | None]:
        """Return for each flow record the verdict, None when the policy allows it or it is not known whether it does.

        A flow whose members are not all known gets a verdict when every value that they may have leads to one, that of
        the first rule among those.
        """
        return self.judged(records).verdicts

    def judged(self, records: Sequence[Mapping[str, Any]]) -> Judged:
        """Return the verdicts that judge_all gives, and which flows get none only because not all is known of them."""
        masks = [(4 << len(self.rules)) - 1] * len(records)
        for member, rules_of in self._members:
            try:
                masks = [
                    mask & rules_of[record.get(member)] if mask > KNOWN else mask
                    for mask, record in zip(masks, records, strict=True)
                ]
            except TypeError:
                # Of a list, or what else no flow has there, nothing is known.
                values = [record.get(member) for record in records]
                known = [value if isinstance(value, (str, int)) else None for value in values]
                masks = [mask & rules_of[value] for mask, value in zip(masks, known, strict=True)]
        verdicts = self._verdicts
        found = [verdicts[mask] for mask in masks]
        if not verdicts.met_doubt:
            return Judged(found, ())
        verdicts.met_doubt = False
        return self._in_doubt(records, masks, found)

    def _in_doubt(
        self, records: Sequence[Mapping[str, Any]], masks: Sequence[int], found: list[Verdict | None]
    ) -> Judged:
        verdicts = self._verdicts
        unreadable = []
        for at, mask in enumerate(masks):
            if not mask & KNOWN:
                outcomes = [verdicts[rule | KNOWN] for rule in self._doubts.outcomes(records[at])]
                found[at] = outcomes[0] if all(outcomes) else None
                if found[at] is None and any(outcomes):
                    unreadable.append(at)
        return Judged(found, unreadable)


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


class _Verdicts(dict[int, "Verdict | None"]):
    """The verdict for the rules that match, behind the two bits of KNOWN: that of the first of them."""

    def __init__(self, rules: Sequence[Verdict | None], default: Verdict | None) -> None:
        super().__init__()
        self._rules = rules
        self._default = default
        self.met_doubt = False

    def __missing__(self, mask: int) -> Verdict | None:
        if not mask & KNOWN:
            self.met_doubt = True
            return None
        rest = mask >> 2
        verdict = self._rules[(rest & -rest).bit_length() - 1] if rest else self._default
        if len(self) < _CACHED_VERDICTS:
            self[mask] = verdict
        return verdict
