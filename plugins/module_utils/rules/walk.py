# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection walked through the rules that its packets match, and what can become of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from .kinds import EITHER, FLOW, UNTIL_CHANGED, UNTIL_FOUND, Kind
from .packets import ANY, Conversation, Packet, looks_at
from .ruleset import ALERT, DROP, PASS

NO, MAYBE, YES = 0, 1, 2

# Suricata ends the search at a pass only while the packet has fewer alerts than this; more are discarded.
MOST_ALERTS: Final = 15

# What a flow is marked with for all its packets.
_UNMARKED, _PASSED, _DROPPED = 0, 1, 2


class Step(NamedTuple):
    """A rule, or many of one kind, as a connection meets it: its effect, and how well its header fits each side."""

    effect: str
    kind: Kind
    client: int
    server: int
    # How many alerts it makes of one packet at most.
    alerts: int = 0


class Ends(NamedTuple):
    """Which ends a connection can come to."""

    passed: bool
    dropped: bool
    # A packet is dropped, and the flow is passed from the same packet on: sent again, it would get through.
    once: bool


class _State(NamedTuple):
    mark: int
    dropped: bool
    once: bool


_START = _State(_UNMARKED, False, False)


@lru_cache(maxsize=65536)
def _fit(kind: Kind, packet: Packet, header: int) -> int:
    if not header or not looks_at(kind, packet):
        return NO
    return header if kind.certain or _is_settled(kind, packet) else MAYBE


def _is_settled(kind: Kind, packet: Packet) -> bool:
    """Return whether what a packet's flow speaks, and its flowbits, leave nothing open about a rule."""
    if not kind.plain or packet.application == ANY:
        return False
    if not (kind.wants_unset or kind.wants_set):
        return True
    return kind.bits_fit == UNTIL_CHANGED or (kind.bits_fit == UNTIL_FOUND and not packet.application)


def _fits(steps: Sequence[Step], packet: Packet) -> Iterator[tuple[Step, int]]:
    for step in steps:
        fit = _fit(step.kind, packet, step.server if packet.side else step.client)
        if fit:
            yield step, fit


@lru_cache(maxsize=65536)
def ends(steps: tuple[Step, ...], conversations: tuple[Conversation, ...]) -> Ends:
    """Return the ends that conversations can come to when their packets meet the steps in that order."""
    finals = {state for conversation in conversations for state in _walk(steps, conversation)}
    return Ends(
        passed=any(not state.dropped for state in finals),
        dropped=any(state.dropped and not state.once for state in finals),
        once=any(state.once for state in finals),
    )


def _walk(steps: tuple[Step, ...], conversation: Conversation) -> set[_State]:
    states = {_START}
    for packet in conversation:
        fits = list(_fits(steps, packet))
        states = {after for state in states for after in _meet(state, packet, fits)}
    return states


def _meet(state: _State, packet: Packet, fits: Sequence[tuple[Step, int]]) -> Iterable[_State]:
    if packet.new_flow:
        state = state._replace(mark=_UNMARKED)
    if state.mark == _PASSED:
        return (state,)
    if state.mark == _DROPPED:
        return (state._replace(dropped=True),)
    return (_after(state, mark, dropped) for mark, dropped in _marks_of(packet, fits))


def _after(state: _State, mark: int, dropped: bool) -> _State:
    return _State(mark, state.dropped or dropped, state.once or (dropped and mark == _PASSED))


def _marks_of(packet: Packet, fits: Sequence[tuple[Step, int]]) -> set[tuple[int, bool]]:
    """Return in which marks of the flow, and with which packets dropped, the search through the steps can end."""
    open_ends = {(_UNMARKED, False)}
    done: set[tuple[int, bool]] = set()
    alerts = 0
    for step, fit in fits:
        if step.effect == PASS:
            passed = {end for mark, drop in open_ends for end in _marked(packet, step.kind, mark, drop, _PASSED)}
            done |= passed
            if fit == YES:
                open_ends = set() if alerts < MOST_ALERTS else passed
            elif alerts >= MOST_ALERTS:
                open_ends |= passed
        elif step.effect == DROP:
            dropped = {end for mark, _pair in open_ends for end in _marked(packet, step.kind, mark, True, _DROPPED)}
            open_ends = dropped if fit == YES else open_ends | dropped
        if step.effect == ALERT and step.kind.certain:
            alerts += step.alerts
        if not open_ends:
            break
    return done | open_ends


def _marked(packet: Packet, kind: Kind, mark: int, dropped: bool, new: int) -> Iterator[tuple[int, bool]]:
    """Yield what a match makes of a flow: the first rule that covers the flow marks it."""
    if not packet.in_flow or mark != _UNMARKED:
        yield mark, dropped
        return
    if kind.scope in (FLOW, EITHER):
        yield new, dropped
    if kind.scope != FLOW:
        yield mark, dropped


def first_drop(steps: tuple[Step, ...], conversation: Conversation) -> tuple[int, Packet] | None:
    """Return the place of the step that drops first, and the packet, when nothing matches that only may."""
    mark = _UNMARKED
    for packet in conversation:
        if mark == _PASSED:
            return None
        for at, step in enumerate(steps):
            if _fit(step.kind, packet, step.server if packet.side else step.client) != YES:
                continue
            if step.effect == DROP:
                return at, packet
            if step.effect == PASS:
                mark = _PASSED if packet.in_flow and step.kind.scope == FLOW else mark
                break
    return None


def may_match(step: Step, conversations: Iterable[Conversation]) -> bool:
    """Return whether a step can match a packet of the conversations."""
    packets = {packet for conversation in conversations for packet in conversation}
    return any(_fit(step.kind, packet, step.server if packet.side else step.client) for packet in packets)


def is_sure(step: Step) -> bool:
    """Return whether a step matches for sure wherever it may match."""
    return step.kind.certain and MAYBE not in (step.client, step.server)
