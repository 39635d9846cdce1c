# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a policy as a result shows them, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .advice import advice_of
from .ruleset import Rule, Ruleset, StatelessRule
from .verdicts import REASONS


def shown(ruleset: Ruleset) -> Iterator[dict[str, Any]]:
    """Yield the rules in the order of their evaluation, the stateless ones first, each as a result shows it.

    Keys: rule, group, action, type, scope, decided_by_5_tuple, text; stateful rules also sid, line, message, and advice
    where there is some; what 5-tuples do not decide also reason, why and hangs_on.
    """
    for rule in ruleset.stateless:
        yield _stateless(rule)
    advice: dict[int, list[dict[str, str]]] = {}
    for place, found in advice_of(ruleset.stateful):
        advice.setdefault(place, []).append({"advice": found.advice, "rule": found.rule, "sentence": found.sentence})
    for place, stateful in enumerate(ruleset.stateful):
        yield _stateful(stateful, advice.get(place, []))


def _stateless(rule: StatelessRule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "group": rule.group,
        "priority": rule.priority,
        "action": rule.effect,
        "type": "stateless",
        "scope": "packet",
        "text": rule.text,
        **_decided(rule.certain, rule.reason, rule.keyword),
    }


def _stateful(rule: Rule, advice: list[dict[str, str]]) -> dict[str, Any]:
    reason, word = rule.kind.reason, rule.kind.keyword
    if rule.unknown and not reason:
        reason, _colon, word = rule.unknown.partition(":")
    return {
        "rule": rule.name,
        "group": rule.group,
        "sid": rule.sid,
        "line": rule.line,
        "action": rule.action,
        "message": rule.message,
        "type": rule.kind.type,
        "scope": rule.kind.scope,
        "text": rule.text,
        "advice": advice,
        **_decided(not reason, reason, word),
    }


def _decided(decided: bool, reason: str, word: str) -> dict[str, Any]:
    if decided:
        return {"decided_by_5_tuple": True}
    return {"decided_by_5_tuple": False, "reason": reason, "why": REASONS[reason], "hangs_on": word}
