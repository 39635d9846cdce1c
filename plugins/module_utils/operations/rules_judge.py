# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows of an audit judged by the firewall's own rules."""

from __future__ import annotations

import marshal
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from ..rules.contradiction import began_after, is_attempt
from ..rules.judge import SOURCE, UNKNOWN, Judge
from ..rules.pairs import Pairs
from ..rules.verdicts import DROPPED, PASSED, REASONS, UNDECIDED, Verdict
from ..times import utc_text
from .capture import Capture
from .ruleset import FirewallRules

CONTRADICTING = "contradicting"
# What a finding by the firewall's rules counts as; rules have no severity of their own.
SEVERITY = "medium"
_EXAMPLES = 20
# So many kinds of undecided flows are told apart in a result.
_MOST_REASONS = 100

Records = list[dict[str, Any]]


class Finding(NamedTuple):
    """What the firewall's rules say of a flow that they drop: <rule group>:<sid>, the rule's msg and its text."""

    rule: str
    severity: str
    message: str
    text: str


class RulesJudge:
    """Judges the pages of an audit by a firewall's own rules, and counts what became of the flows.

    Whether a capture lists a flow's other direction is known only when all of it is there, so that pages wait on disk.
    """

    def __init__(
        self, rules: FirewallRules, folder: str, initiator: str = SOURCE, ignore_undecided: bool = False
    ) -> None:
        self.rules = rules
        self.folder = folder
        self.initiator = initiator
        self.ignore_undecided = ignore_undecided
        self.fates: Counter[str] = Counter()
        self.reasons: Counter[tuple[str, str, str]] = Counter()
        self.dropped: Counter[tuple[str, str, str]] = Counter()
        self.contradictions: Records = []
        self.attempts = 0

    def pages(
        self, pages: Iterable[tuple[Capture, Records]]
    ) -> Iterator[tuple[Capture, Records, list[Finding | None], list[Verdict]]]:
        """Yield each page with the verdicts on its flows as findings, and what the rules do to each of them."""
        with tempfile.TemporaryFile(dir=self.folder) as spool:
            pairs = Pairs()
            places = list(_spooled(pages, pairs, spool))
            judge = Judge(
                self.rules.ruleset,
                initiator=self.initiator,
                is_reversed=None if self.initiator == UNKNOWN else pairs.has_reverse,
                in_sync=self.rules.in_sync is not False,
            )
            spool.seek(0)
            for capture in places:
                # A file that nobody else can open: what is read is what was written above.
                records: Records = marshal.load(spool)
                fates = judge.judge(records)
                yield capture, records, self._verdicts(capture, records, fates), fates

    def _verdicts(self, capture: Capture, records: Records, fates: Sequence[Verdict]) -> list[Finding | None]:
        return [
            self._finding(capture, record, fate) if fate.fate == DROPPED else self._counted(fate)
            for record, fate in zip(records, fates, strict=True)
        ]

    def _counted(self, fate: Verdict) -> None:
        self.fates[fate.fate] += 1
        if fate.fate == UNDECIDED:
            self.reasons[fate.reason, fate.rule, fate.hangs_on] += 1

    def _finding(self, capture: Capture, record: dict[str, Any], fate: Verdict) -> Finding | None:
        """Return a dropped flow's verdict, None when it is there although it could not have begun under these rules."""
        if self.rules.in_sync and began_after(record, capture.seen_at, self.rules.ruleset.newest_change):
            self.fates[CONTRADICTING] += 1
            if is_attempt(record):
                self.attempts += 1
            elif len(self.contradictions) < _EXAMPLES:
                self.contradictions.append({**record, "rule": fate.rule})
            return None
        self.fates[DROPPED] += 1
        self.dropped[fate.rule, fate.message, fate.text] += 1
        return Finding(fate.rule, SEVERITY, fate.message, fate.text)

    @property
    def contradicted(self) -> bool:
        """True when flows with more packets than an attempt has contradict the judgement: it is wrong somewhere."""
        return self.fates[CONTRADICTING] > self.attempts

    @property
    def inconclusive(self) -> list[str]:
        """Why the flows cannot all be called passed: undecided, contradicting, nothing_judged."""
        found = []
        if self.fates[UNDECIDED] and not self.ignore_undecided:
            found.append(UNDECIDED)
        if self.contradicted:
            found.append(CONTRADICTING)
        return found

    def as_result(self) -> dict[str, Any]:
        """Return counts.by_fate, undecided, contradicting, firewall_policy and rules, as the result has them."""
        return {
            "by_fate": {fate: self.fates[fate] for fate in (PASSED, DROPPED, UNDECIDED, CONTRADICTING)},
            "undecided": undecided_of(self.reasons),
            "contradicting": {
                "count": self.fates[CONTRADICTING],
                "attempts": self.attempts,
                "examples": self.contradictions,
            },
            "firewall_policy": policy_of(self.rules),
            "rules": rules_of(self.dropped),
        }

    def warnings(self) -> list[str]:
        """Return a sentence on each thing that keeps the rules from being known."""
        said = list(self.rules.unread)
        said += [problem.sentence for problem in self.rules.ruleset.problems[:_EXAMPLES]]
        if self.rules.in_sync is False:
            said.append("A change of the firewall is still spreading, so that which rules hold is not known.")
        return said


def _spooled(pages: Iterable[tuple[Capture, Records]], pairs: Pairs, spool: IO[bytes]) -> Iterator[Capture]:
    for capture, records in pages:
        pairs.add(records)
        marshal.dump(records, spool)
        yield capture


def undecided_of(reasons: Counter[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Return why flows are undecided, the most frequent first: reason, in words, rule, what it hangs on, flow_count."""
    return [
        {
            "reason": reason,
            "description": REASONS.get(reason, reason),
            "rule": rule,
            "hangs_on": hangs_on,
            "flow_count": count,
        }
        for (reason, rule, hangs_on), count in reasons.most_common(_MOST_REASONS)
    ]


def policy_of(rules: FirewallRules) -> dict[str, Any]:
    """Return the firewall policy that was judged by: arn, rule order, default actions, groups and their changes."""
    ruleset = rules.ruleset
    return {
        "arn": ruleset.arn,
        "name": ruleset.name,
        "rule_order": ruleset.order,
        "stateful_default_actions": list(ruleset.default_actions),
        "home_net": ruleset.variables.get("HOME_NET"),
        "in_sync": rules.in_sync,
        "last_modified_time": _text(ruleset.newest_change),
        "groups": [
            {
                "arn": group.arn,
                "name": group.name,
                "stateful": group.stateful,
                "priority": group.priority,
                "rule_count": group.rule_count,
                "last_modified_time": _text(group.last_modified),
                "unread": group.unread,
            }
            for group in ruleset.groups
        ],
    }


def _text(moment: Any) -> str | None:
    return None if moment is None else utc_text(moment)


def rules_of(dropped: Mapping[tuple[str, str, str], int]) -> list[dict[str, Any]]:
    """Return the rules that drop flows, the most frequent first: name, description (its msg), text, flow_count."""
    return [
        {
            "name": rule,
            "action": "deny",
            "severity": SEVERITY,
            "description": message,
            "text": text,
            "flow_count": count,
        }
        for (rule, message, text), count in sorted(dropped.items(), key=lambda item: -item[1])
    ]
