# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flow records judged page by page by the rules of a policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from .fate import Fates, Outcome, agreed
from .keys import Fit, Keys
from .packets import TCP_TALKS, Conversation
from .pairs import opened_by_source
from .ruleset import Rule, Ruleset, StatelessRule
from .verdicts import MEMBER, NOT_IN_SYNC, UNDECIDED, Verdict

SOURCE: Final = "source"
UNKNOWN: Final = "unknown"
SERVICE_PORT: Final = "service_port"
INITIATORS = (SOURCE, UNKNOWN, SERVICE_PORT)

_ALL_UNCLEAR = Outcome(UNDECIDED, reason=MEMBER)


class _Group(NamedTuple):
    """What becomes of all flows with one key: opened by their source, by their destination, by nobody knows whom."""

    forward: Outcome
    backward: Outcome
    both: Outcome


class Judge:
    """Judges pages of flow records by the rules of a policy, remembering what it found for each group of flows.

    Is_reversed tells of a flow record whether the capture also holds its reverse (Pairs.has_reverse); without it none
    has. In_sync is false while a change of the rules is still spreading, when nothing can be said.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        *,
        initiator: str = SOURCE,
        is_reversed: Callable[[Mapping[str, Any]], bool] | None = None,
        in_sync: bool = True,
        tcp_talks: tuple[Conversation, ...] = TCP_TALKS,
    ) -> None:
        self._initiator = initiator
        self._is_reversed = is_reversed
        self._in_sync = in_sync
        self._fates = Fates(ruleset)
        self._keys = Keys(self._fates.entries, tcp_talks)
        self._groups: dict[int, _Group] = {}
        # The verdict on all flows of a key, None where it differs between them.
        self._settled: dict[int, Verdict | None] = {}
        self._verdicts: dict[tuple[Any, ...], Verdict] = {}

    def judge(self, records: Sequence[Mapping[str, Any]]) -> list[Verdict]:
        """Return the verdict on each flow record of a page."""
        if not self._in_sync:
            return [Verdict(UNDECIDED, reason=NOT_IN_SYNC)] * len(records)
        keys = self._keys.of(records)
        settled = self._settled
        for key in set(keys).difference(settled):
            settled[key] = self._settle(key)
        return [settled[key] or self._one(self._groups[key], record) for key, record in zip(keys, records, strict=True)]

    def _settle(self, key: int) -> Verdict | None:
        group = self._groups[key] = self._group(key)
        asked = {group.both if self._initiator == UNKNOWN else group.forward}
        if self._is_reversed is not None:
            asked.update(group)
        outcome = asked.pop()
        # Of rules that differ in their headers, which one it is hangs on the flow.
        if asked or (outcome.entry is not None and outcome.entry.varying):
            return None
        return self._verdict(outcome, outcome.entry.rules[0] if outcome.entry else None)

    def _group(self, key: int) -> _Group:
        what, fits = self._keys.what(key), self._keys.fits(key)
        if not what.possible:
            return _Group(_ALL_UNCLEAR, _ALL_UNCLEAR, _ALL_UNCLEAR)
        forward = self._fates.of(what, fits)
        backward = self._fates.of(what, [Fit(fit.place, fit.destination, fit.source) for fit in fits]).turned()
        return _Group(forward, backward, agreed(forward, backward))

    def _one(self, group: _Group, record: Mapping[str, Any]) -> Verdict:
        outcome = group.both if self._initiator == UNKNOWN else group.forward
        if self._is_reversed is not None and group.both != group.forward and self._is_reversed(record):
            outcome = self._of_pair(group, record)
        return self._verdict(outcome, outcome.entry.rule_for(record, outcome.side) if outcome.entry else None)

    def _of_pair(self, group: _Group, record: Mapping[str, Any]) -> Outcome:
        opened = opened_by_source(record) if self._initiator == SERVICE_PORT else None
        return group.both if opened is None else group.forward if opened else group.backward

    def _verdict(self, outcome: Outcome, rule: Rule | StatelessRule | None) -> Verdict:
        known = outcome.fate, outcome.reason, outcome.hangs_on, id(rule)
        verdict = self._verdicts.get(known)
        if verdict is None:
            message = rule.message if isinstance(rule, Rule) else ""
            name, text = (rule.name, rule.text) if rule else ("", "")
            verdict = Verdict(outcome.fate, name, message, text, outcome.reason, outcome.hangs_on)
            self._verdicts[known] = verdict
        return verdict
