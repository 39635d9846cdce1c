# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of the flows that match the same rules: through the stateless rules, then through the stateful ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from .cases import ends_in_every_case
from .entries import Entry, entries_of
from .keys import Fit, What
from .kinds import Kind
from .packets import CLIENT, SERVER, Conversation
from .ruleset import ALERT, ANY_HEADER, DROP, FORWARD, PASS, Rule, Ruleset, StatelessRule
from .verdicts import (
    CONTENT,
    DIRECTION,
    DROPPED,
    FIRST_SPEAKER,
    HALF_SEEN,
    MANAGED,
    MEMBER,
    NEXT_GENERATION,
    PASSED,
    PROTOCOL,
    REFUSED,
    REPLY,
    RETRY,
    TLS_INSPECTION,
    TUNNEL,
    UNDECIDED,
    UNREAD,
)
from .walk import MOST_ALERTS, NO, YES, Ends, Step, ends, first_drop, is_sure, may_match


class Outcome(NamedTuple):
    """A fate, the entry that says so or that it hangs on, and whose packets that is for."""

    fate: str
    entry: Entry | None = None
    # The side that sends them: of the connection, later of the flow record.
    side: int = CLIENT
    reason: str = ""
    hangs_on: str = ""

    def turned(self) -> Outcome:
        """Return the outcome with its sides exchanged."""
        return self if self.entry is None else self._replace(side=1 - self.side)


_PASSES = Outcome(PASSED)
_MAY_CHANGE_ANY = frozenset({MANAGED, NEXT_GENERATION, REFUSED, UNREAD})
_DEFAULT_DROP = Entry([StatelessRule("aws:drop", 0, DROP, ANY_HEADER)])


def agreed(forward: Outcome, backward: Outcome) -> Outcome:
    """Return what becomes of a flow when it is not known which side opened it."""
    if forward.fate == backward.fate:
        return forward
    telling = next(one for fate in (DROPPED, UNDECIDED) for one in (forward, backward) if one.fate == fate)
    return Outcome(UNDECIDED, telling.entry, telling.side, DIRECTION)


class Fates:
    """Finds out what becomes of flows by the rules of a policy."""

    def __init__(self, ruleset: Ruleset) -> None:
        stateless = entries_of(ruleset.stateless)
        self.entries = stateless + entries_of(ruleset.stateful)
        self._first_stateful = len(stateless)
        self._stateless_default = ruleset.stateless_default
        # Rules that are not known may change any flowbit.
        any_bits = any(rule.kind.reason in _MAY_CHANGE_ANY for rule in ruleset.stateful)
        # Where TLS is inspected, one connection may be TLS to some rules and what is inside to others.
        self._case_by_case = not any_bits and not ruleset.tls_inspection
        self._tls_inspection = ruleset.tls_inspection
        self._dropping = next((entry for entry in self.entries[len(stateless) :] if entry.effect == DROP), None)

    def of(self, what: What, fits: Sequence[Fit]) -> Outcome:
        """Return what becomes of a connection that its source opened; the sides are the connection's."""
        stateful = [fit for fit in fits if fit.place >= self._first_stateful]
        if not self._first_stateful and self._stateless_default == FORWARD:
            return self._stateful(what, stateful)
        stateless = [fit for fit in fits if fit.place < self._first_stateful]
        client = self._stateless_ends([(fit.place, fit.source) for fit in stateless])
        server = self._stateless_ends([(fit.place, fit.destination) for fit in stateless])
        outcomes = [self._through(what, stateful, one, other) for one, other in product(client.items(), server.items())]
        if all(outcome.fate == outcomes[0].fate for outcome in outcomes):
            return outcomes[0]
        return _hangs_on_stateless(client if len(client) > 1 else server, CLIENT if len(client) > 1 else SERVER)

    def _stateless_ends(self, headers: Sequence[tuple[int, int]]) -> dict[str, Entry | None]:
        """Return what stateless rules can do to the packets of one side, each with the rule that does it."""
        found: dict[str, Entry | None] = {}
        for place, header in headers:
            if header == NO:
                continue
            entry = self.entries[place]
            found.setdefault(entry.effect, entry)
            if header == YES and entry.kind.certain:
                return found
        found.setdefault(self._stateless_default, None)
        return found

    def _through(
        self, what: What, fits: Sequence[Fit], client: tuple[str, Entry | None], server: tuple[str, Entry | None]
    ) -> Outcome:
        """Return what becomes of a connection of whose sides the stateless rules do one thing each."""
        effects = client[0], server[0]
        if DROP in effects:
            side = effects.index(DROP)
            entry = (client, server)[side][1] or _DEFAULT_DROP
            # Of a connection over TCP both sides send; of others the reply may never come.
            sure = side == CLIENT or what.tcp
            return Outcome(DROPPED, entry, side) if sure else Outcome(UNDECIDED, entry, side, REPLY)
        if effects == (FORWARD, FORWARD):
            return self._stateful(what, fits)
        if effects == (PASS, PASS):
            return _PASSES
        side = effects.index(PASS)
        return Outcome(UNDECIDED, (client, server)[side][1], side, HALF_SEEN)

    def _stateful(self, what: What, fits: Sequence[Fit]) -> Outcome:
        met = [(self.entries[fit.place], fit) for fit in fits]
        met = [(entry, fit) for entry, fit in met if what.same_address or not entry.kind.same_address]
        kinds = [entry.kind for entry, _fit in met]
        # Alerts do nothing, unless there are so many that a pass goes unheard.
        if sum(entry.alerts for entry, _fit in met) < MOST_ALERTS:
            met = [(entry, fit) for entry, fit in met if entry.effect != ALERT]
        steps = tuple(Step(entry.effect, entry.kind, fit.source, fit.destination, entry.alerts) for entry, fit in met)
        outcome = self._fate(steps, [entry for entry, _fit in met], what, kinds)
        if outcome.fate == PASSED and what.tunnel and self._dropping is not None:
            return Outcome(UNDECIDED, self._dropping, CLIENT, TUNNEL)
        return outcome

    def _fate(self, steps: tuple[Step, ...], entries: Sequence[Entry], what: What, kinds: Sequence[Kind]) -> Outcome:
        found = ends(steps, what.conversations)
        if not _unanimous(found) and (what.tcp or what.udp) and self._case_by_case:
            found = ends_in_every_case(steps, kinds, tcp=what.tcp) or found
        if not found.dropped and not found.once:
            return _PASSES
        if not _unanimous(found):
            return self._undecided(steps, entries, what, found)
        at, side = _dropping(steps, what.conversations)
        return Outcome(DROPPED, entries[at], side)

    def _undecided(self, steps: tuple[Step, ...], entries: Sequence[Entry], what: What, found: Ends) -> Outcome:
        unsure = [at for at, step in enumerate(steps) if not is_sure(step) and may_match(step, what.conversations)]
        if unsure:
            at = _deciding(steps, unsure, what.conversations, found)
            return self._hangs_on(steps[at], entries[at], what)
        at, side = _dropping(steps, what.conversations)
        reason = RETRY if found.once else FIRST_SPEAKER if what.tcp else PROTOCOL if what.odd else REPLY
        return Outcome(UNDECIDED, entries[at], side, reason)

    def _hangs_on(self, step: Step, entry: Entry, what: What) -> Outcome:
        side = CLIENT if step.client else SERVER
        kind, rule = step.kind, entry.rules[0]
        if not kind.certain:
            inspected = kind.reason == CONTENT and what.tcp and self._tls_inspection
            return Outcome(UNDECIDED, entry, side, TLS_INSPECTION if inspected else kind.reason, kind.keyword)
        reason, _colon, word = (rule.unknown if isinstance(rule, Rule) else "").partition(":")
        return Outcome(UNDECIDED, entry, side, reason or MEMBER, word)


def _hangs_on_stateless(ends_of: dict[str, Entry | None], side: int) -> Outcome:
    """Return that it hangs on the first stateless rule that may decide and may not."""
    entry = next((entry for entry in ends_of.values() if entry is not None), None)
    rule = entry.rules[0] if entry else None
    if isinstance(rule, StatelessRule) and not rule.certain:
        return Outcome(UNDECIDED, entry, side, rule.reason, rule.keyword)
    return Outcome(UNDECIDED, entry, side, MEMBER)


def _unanimous(found: Ends) -> bool:
    return not found.once and found.passed != found.dropped


def _deciding(
    steps: tuple[Step, ...], unsure: Sequence[int], conversations: tuple[Conversation, ...], found: Ends
) -> int:
    """Return the place of the step that it hangs on: without it the end is known, or another one."""
    without = {at: ends(steps[:at] + steps[at + 1 :], conversations) for at in unsure}
    settling = next((at for at in unsure if _unanimous(without[at])), None)
    if settling is not None:
        return settling
    return next((at for at in unsure if without[at] != found), unsure[0])


def _dropping(steps: tuple[Step, ...], conversations: tuple[Conversation, ...]) -> tuple[int, int]:
    """Return the place of the step that drops, and the side whose packet it is."""
    for conversation in conversations:
        found = first_drop(steps, conversation)
        if found is not None:
            return found[0], found[1].side
    at = next(at for at, step in enumerate(steps) if step.effect == DROP and may_match(step, conversations))
    return at, CLIENT if steps[at].client else SERVER
