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

from ..errors import counted
from ..rules.change import CHANGES, NEWLY_DROPPED, change_of
from ..rules.contradiction import began_after, is_attempt
from ..rules.judge import SOURCE, UNKNOWN, Judge
from ..rules.pairs import Pairs
from ..rules.ruleset import DROP, Ruleset
from ..rules.verdicts import DROPPED, PASSED, REASONS, UNDECIDED, Verdict
from ..times import utc_text
from .capture import Capture
from .changed_flows import ChangedFlows
from .judged import JudgedPage, Records
from .rule_source import FirewallRules

CONTRADICTING = "contradicting"
NOTHING_JUDGED = "nothing_judged"
# What a finding by the firewall's rules counts as; rules have no severity of their own.
SEVERITY = "medium"
_EXAMPLES = 20
# So many kinds of undecided flows are told apart in a result.
_MOST_REASONS = 100


class Finding(NamedTuple):
    """What the firewall's rules say of a flow that they drop: <rule group>:<sid>, the rule's msg and its text."""

    rule: str
    severity: str
    message: str
    text: str

    def as_result(self) -> dict[str, str]:
        """Return what a finding has beside its flow record; the rule's text is told once, with the rules."""
        return {"rule": self.rule, "severity": self.severity, "message": self.message}


class RulesJudge:
    """Judges the pages of an audit by a firewall's own rules, and counts what became of the flows.

    With changed rules, a finding is a flow that the rules as they are do not drop and the changed ones do. Whether a
    capture lists a flow's other direction is known only when all of it is there, so that pages wait on disk.
    """

    def __init__(
        self,
        rules: FirewallRules,
        folder: str,
        initiator: str = SOURCE,
        ignore_undecided: bool = False,
        top_n: int = 10,
    ) -> None:
        self.rules = rules
        self.folder = folder
        self.initiator = initiator
        self.ignore_undecided = ignore_undecided
        self.fates: Counter[str] = Counter()
        # Of the rules as they are, where they are to change.
        self.fates_before: Counter[str] = Counter()
        self.changed = ChangedFlows(top_n)
        self.hanging: Counter[tuple[str, str, str]] = Counter()
        self.dropped: Counter[tuple[str, str, str]] = Counter()
        self.contradictions: Records = []
        self.attempts = 0

    def pages(self, pages: Iterable[tuple[Capture, Records]]) -> Iterator[JudgedPage]:
        """Yield each page with the findings on it."""
        with tempfile.TemporaryFile(dir=self.folder) as spool:
            pairs = Pairs()
            captures = list(_spooled(pages, pairs, spool))
            now = self._judge(self.rules.ruleset, pairs, self.rules.in_sync is not False)
            # Rules that are only tried are not those that are spreading.
            after = self._judge(self.rules.after, pairs, True) if self.rules.after else None
            spool.seek(0)
            for capture in captures:
                # A file that nobody else can open: what is read is what was written above.
                records: Records = marshal.load(spool)
                yield self._judged(capture, records, now.judge(records), after.judge(records) if after else None)

    def _judge(self, ruleset: Ruleset, pairs: Pairs, in_sync: bool) -> Judge:
        return Judge(
            ruleset,
            initiator=self.initiator,
            is_reversed=None if self.initiator == UNKNOWN else pairs.has_reverse,
            in_sync=in_sync,
        )

    def _judged(
        self, capture: Capture, records: Records, now: Sequence[Verdict], after: Sequence[Verdict] | None
    ) -> JudgedPage:
        if after is None:
            found = [self._finding(capture, *item) for item in zip(records, now, strict=True)]
        else:
            changes = [change_of(*item) for item in zip(now, after, strict=True)]
            self.fates_before.update(fate.fate for fate in now)
            self.changed.add(records, changes, now, after)
            found = [self._newly(*item) for item in zip(changes, after, strict=True)]
        undecided = [
            _undecided(record, fate)
            for record, fate in zip(records, after or now, strict=True)
            if fate.fate == UNDECIDED
        ]
        return JudgedPage(capture, records, found, undecided=undecided)

    def _finding(self, capture: Capture, record: dict[str, Any], fate: Verdict) -> Finding | None:
        """Return a dropped flow's finding, None when it is there although it could not have begun under these rules."""
        if fate.fate != DROPPED:
            return self._counted(fate)
        if self.rules.in_sync and began_after(record, capture.seen_at, self.rules.ruleset.newest_change):
            self.fates[CONTRADICTING] += 1
            if is_attempt(record):
                self.attempts += 1
            elif len(self.contradictions) < _EXAMPLES:
                self.contradictions.append({**record, "rule": fate.rule})
            return None
        return self._counted(fate)

    def _newly(self, change: str, after: Verdict) -> Finding | None:
        found = self._counted(after, counts=change == NEWLY_DROPPED)
        return found if change == NEWLY_DROPPED else None

    def _counted(self, fate: Verdict, counts: bool = True) -> Finding | None:
        self.fates[fate.fate] += 1
        if fate.fate == UNDECIDED:
            self.hanging[fate.reason, fate.rule, fate.hangs_on] += 1
        if fate.fate != DROPPED:
            return None
        if counts:
            self.dropped[fate.rule, fate.message, fate.text] += 1
        return Finding(fate.rule, SEVERITY, fate.message, fate.text)

    @property
    def contradicted(self) -> bool:
        """True when flows with more packets than an attempt has contradict the judgement: it is wrong somewhere."""
        return self.fates[CONTRADICTING] > self.attempts

    @property
    def reasons(self) -> list[str]:
        """Why flows without a finding cannot be called compliant: undecided, contradicting, nothing_judged."""
        found = {
            UNDECIDED: self.fates[UNDECIDED] > 0 and not self.ignore_undecided,
            CONTRADICTING: self.contradicted,
            NOTHING_JUDGED: not drops_anything(self.rules.after or self.rules.ruleset),
        }
        return [reason for reason, holds in found.items() if holds]

    def counts(self) -> dict[str, Any]:
        """Return by_fate, and with changed rules by_fate_before and by_change: numbers of flows."""
        counts = {"by_fate": {fate: self.fates[fate] for fate in (PASSED, DROPPED, UNDECIDED, CONTRADICTING)}}
        if self.rules.after:
            counts["by_fate_before"] = {fate: self.fates_before[fate] for fate in (PASSED, DROPPED, UNDECIDED)}
            counts["by_change"] = {change: self.changed.counts[change] for change in CHANGES}
        return counts

    def as_result(self) -> dict[str, Any]:
        """Return undecided, contradicting, firewall_policy, initiator and rules, as the result of an audit has them.

        With changed rules, changes too.
        """
        return {
            "rules": rules_of(self.dropped),
            "undecided": undecided_of(self.hanging),
            "contradicting": {
                "count": self.fates[CONTRADICTING],
                "attempts": self.attempts,
                "examples": self.contradictions,
            },
            "firewall_policy": policy_of(self.rules),
            "initiator": self.initiator,
            **({"changes": self.changed.as_result()} if self.rules.after else {}),
        }

    def warnings(self) -> list[str]:
        """Return a sentence on each thing that keeps the rules from being known."""
        said = [*self.rules.unread, *(problem.sentence for problem in self.rules.ruleset.problems[:_EXAMPLES])]
        if self.rules.in_sync is False:
            said.append("A change of the firewall is still spreading, so that which rules hold is not known.")
        if self.rules.in_sync is not None and self.rules.ruleset.newest_change is None:
            said.append(
                "When the rules last changed is not known, so that flows that contradict the judgement are not told"
                " apart."
            )
        if self.contradicted:
            said.append(
                f"{counted(self.fates[CONTRADICTING] - self.attempts, 'flow')} began under rules that are read as"
                " dropping such flows; the reading is wrong somewhere, or the firewall was given this policy, or a"
                " prefix list its entries, after the rules last changed. These flows are no findings."
            )
        return said


def drops_anything(ruleset: Ruleset) -> bool:
    """Return whether any rule, or a default action, drops packets."""
    effects = {rule.effect for rule in ruleset.stateful} | {rule.effect for rule in ruleset.stateless}
    return DROP in effects or ruleset.stateless_default == DROP


def _spooled(pages: Iterable[tuple[Capture, Records]], pairs: Pairs, spool: IO[bytes]) -> Iterator[Capture]:
    for capture, records in pages:
        pairs.add(records)
        marshal.dump(records, spool)
        yield capture


def _undecided(record: dict[str, Any], fate: Verdict) -> dict[str, Any]:
    return {**record, "reason": fate.reason, "rule": fate.rule, "hangs_on": fate.hangs_on}


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
