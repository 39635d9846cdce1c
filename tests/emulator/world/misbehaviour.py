# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a capture or a flush may differ from what AWS documents: switched on for each kind apart, off by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from .filters import Matching
from .rows import RowChange

KINDS = {"capture": "FLOW_CAPTURE", "flush": "FLOW_FLUSH"}
# What can be said of the timestamp beside a number of seconds to add.
TIMESTAMPS = ("absent", "milliseconds")


def _one_of(*choices: Any) -> Callable[[Any], bool]:
    return lambda value: value in choices and isinstance(value, (str, bool, type(None)))


def _number(value: Any, whole: bool = False) -> bool:
    return not isinstance(value, bool) and isinstance(value, int if whole else (int, float))


def _count(value: Any) -> bool:
    return _number(value, whole=True) and value >= 0


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "conditions": _one_of("and", "or"),
    "filters": _one_of("or", "and"),
    "either_direction": _one_of(True, False),
    "ignore_age": _one_of(True, False),
    "delay": lambda value: _number(value) and value >= 0,
    "status": _one_of(None, "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED"),
    "removes": _one_of(None, "matched", "nothing"),
    "extra": _count,
    "spares": _count,
    "lists": _one_of("matched", "first", "nothing"),
    "directions": _one_of("one", "both"),
    "timestamp": lambda value: value is None or value in TIMESTAMPS or _number(value),
    "tokens": _one_of(None, "loop", "empty"),
    "skip": _count,
}


@dataclass(frozen=True)
class Misbehaviour:
    """What is wrong with the operations of one kind; nothing by default.

    removes: what a flush removes, None: what its status says (all, nine in ten, none). extra: so many live flows that
    do not match are removed too; spares: so many that match are not. delay: seconds from start to identification.
    """

    conditions: str = "and"
    filters: str = "or"
    either_direction: bool = False
    ignore_age: bool = False
    delay: float = 0.0
    status: str | None = None
    removes: str | None = None
    extra: int = 0
    spares: int = 0
    lists: str = "matched"
    directions: str = "one"
    rows: Sequence[RowChange] = ()
    timestamp: str | float | None = None
    tokens: str | None = None
    skip: int = 0

    @classmethod
    def from_rule(cls, rule: Any) -> Misbehaviour:
        """Return the misbehaviour that a mapping of its members describes; ValueError names what is wrong with it."""
        known = [item.name for item in fields(cls)]
        if not isinstance(rule, dict) or set(rule) - set(known):
            raise ValueError(f"a misbehaviour is a mapping of {', '.join(known)}")
        for name, value in rule.items():
            if name != "rows" and not _CHECKS[name](value):
                raise ValueError(f"{name} cannot be {value!r}")
        if not isinstance(rule.get("rows", []), list):
            raise ValueError("rows is a list of changes to rows")
        changes = tuple(RowChange.from_rule(item) for item in rule.get("rows", []))
        return cls(**{**rule, "rows": changes})

    @property
    def matching(self) -> Matching:
        """Return how the filters are held against flows."""
        return Matching(self.conditions, self.filters, self.either_direction)

    def timestamp_of(self, moment: float) -> float | None:
        """Return what the service says for a moment in epoch seconds, None for nothing."""
        if self.timestamp == "absent":
            return None
        if self.timestamp == "milliseconds":
            return round(moment * 1000)
        return round(moment + float(self.timestamp or 0), 3)


GOOD = Misbehaviour()


class Misbehaviours:
    """What is in force for captures and for flushes."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, Any]] = {}
        self._in_force: dict[str, Misbehaviour] = {}
        self._met: dict[str, int] = {}

    def set(self, kind: str, rule: dict[str, Any]) -> None:
        """Put a rule in the place of the one for capture or flush; ValueError names what is wrong with it."""
        if kind not in KINDS:
            raise ValueError(f"misbehaviour is that of a {' or a '.join(KINDS)}, not of a {kind}")
        self._in_force[KINDS[kind]] = Misbehaviour.from_rule(rule)
        self._rules[kind] = rule
        self._met[KINDS[kind]] = 0

    def clear(self) -> None:
        """Let every operation be as documented."""
        self._rules.clear()
        self._in_force.clear()
        self._met.clear()

    def in_force(self, kind: str) -> Misbehaviour:
        """Return the misbehaviour of operations of that kind."""
        return self._in_force.get(kind, GOOD)

    def of_next(self, kind: str) -> Misbehaviour:
        """Return the misbehaviour of the operation of that kind that starts now; the first ones may be skipped."""
        found = self.in_force(kind)
        self._met[kind] = self._met.get(kind, 0) + 1
        return found if self._met[kind] > found.skip else GOOD

    def as_rules(self) -> dict[str, dict[str, Any]]:
        """Return what is in force by kind, ready for JSON."""
        return dict(self._rules)
