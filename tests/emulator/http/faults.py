# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults on demand: which request goes wrong, and how."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "throttle",
    "internal",
    "unavailable",
    "drop_before",
    "drop_after",
    "cut",
    "cut_short",
    "not_json",
    "slow",
    "access_denied",
    "expired_token",
    "token_loop",
    "token_empty",
)
# Kinds that lose the answer of work that was done.
LOSING = ("drop_after", "cut", "cut_short", "not_json")
# Kinds that give a listing another token: two that follow each other for ever, or one that is present and empty.
TOKENS = ("token_loop", "token_empty")


@dataclass
class Fault:
    """One rule: of the requests of an operation ("*": any) in a region and account, which ones meet which fault."""

    operation: str
    kind: str
    every: int | None = None
    times: int | None = None
    at: list[int] = field(default_factory=list)
    status: int | None = None
    seconds: float = 1.0
    region: str | None = None
    account_id: str | None = None
    seen: int = 0

    @classmethod
    def from_rule(cls, rule: dict[str, Any]) -> Fault:
        """Return the fault that a rule describes; ValueError names what is wrong with it."""
        if not isinstance(rule, dict):
            raise ValueError("a fault is a mapping with operation and kind")
        unknown = set(rule) - {"operation", "kind", "every", "times", "at", "status", "seconds", "region", "account_id"}
        if unknown:
            raise ValueError(f"unknown key in fault: {', '.join(sorted(unknown))}")
        if rule.get("kind") not in KINDS:
            raise ValueError(f"fault kind must be one of {', '.join(KINDS)}, not {rule.get('kind')!r}")
        fault = cls(**{"operation": "*", **rule})
        for name in ("every", "times"):
            value = getattr(fault, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ValueError(f"{name} must be a whole number above 0, not {value!r}")
        if not isinstance(fault.at, list) or not all(isinstance(item, int) and item > 0 for item in fault.at):
            raise ValueError("at must be a list of whole numbers, the first request being 1")
        if not isinstance(fault.seconds, (int, float)) or fault.seconds < 0:
            raise ValueError("seconds must be a number that is not negative")
        return fault

    @classmethod
    def from_text(cls, text: str) -> Fault:
        """Return the fault of a command-line SPEC, e.g. throttle:ListFlowOperationResults:every=3 or cut:*:at=2,5."""
        kind, _sep, rest = text.partition(":")
        operation, _sep, options = rest.partition(":")
        rule: dict[str, Any] = {"kind": kind, "operation": operation or "*"}
        for option in filter(None, options.split(":")):
            name, equals, value = option.partition("=")
            if not equals:
                raise ValueError(f"fault option {option!r} must be written name=value")
            try:
                if name in ("region", "account_id"):
                    rule[name] = value
                elif name == "at":
                    rule[name] = [int(item) for item in value.split(",")]
                else:
                    rule[name] = float(value) if name == "seconds" else int(value)
            except ValueError:
                raise ValueError(f"fault option {option!r} needs a number") from None
        return cls.from_rule(rule)

    def strikes(self, operation: str, account_id: str = "", region: str = "") -> bool:
        """Count a request and say whether it meets the fault."""
        if self.operation not in ("*", operation):
            return False
        if self.region not in (None, region) or self.account_id not in (None, account_id):
            return False
        self.seen += 1
        conditions = []
        if self.every is not None:
            conditions.append(self.seen % self.every == 0)
        if self.times is not None:
            conditions.append(self.seen <= self.times)
        if self.at:
            conditions.append(self.seen in self.at)
        return all(conditions)


class Faults:
    """The rules in force; each counts the requests of its own operation."""

    def __init__(self, at_start: list[Fault] | None = None) -> None:
        self._lock = threading.Lock()
        self._at_start = list(at_start or [])
        self._rules = list(self._at_start)

    def add(self, faults: list[Fault]) -> None:
        """Put more rules into force."""
        with self._lock:
            self._rules.extend(faults)

    def clear(self) -> None:
        """Take every rule out of force."""
        with self._lock:
            self._rules.clear()

    def reset(self) -> None:
        """Go back to the rules of the start, their counts too."""
        with self._lock:
            self._rules = list(self._at_start)
            for fault in self._rules:
                fault.seen = 0

    def meet(self, operation: str, account_id: str = "", region: str = "") -> list[Fault]:
        """Return the faults a request meets: every slowness, and the first of the other kinds."""
        with self._lock:
            met = [fault for fault in self._rules if fault.strikes(operation, account_id, region)]
        slow = [fault for fault in met if fault.kind == "slow"]
        return slow + [fault for fault in met if fault.kind != "slow"][:1]

    def as_rules(self) -> list[dict[str, Any]]:
        """Return the rules in force, ready for JSON."""
        with self._lock:
            return [dict(vars(fault)) for fault in self._rules]
