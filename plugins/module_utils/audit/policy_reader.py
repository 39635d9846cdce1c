# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies as people write them, compiled to be judged by; every mistake is counted and told with its path."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from ..errors import OptionError
from ..flows.addresses import Span, parse_span
from ..flows.matching import LAST_COUNT, MEMBERS, Condition
from .mistakes import Mistakes, PolicyError
from .policy import Policy, Rule, Verdict
from .sets import Parse, ReadLines, Sets, ports_of, protocol_of
from .written import DESCRIPTION_LIMIT, with_texts

SEVERITIES = ("informational", "low", "medium", "high", "critical")
ACTIONS = ("allow", "deny")
DEFAULT_RULE = "default"

# The lists of conditions, each with the member of a flow that it is about, and how an entry is read.
_LISTS: dict[str, tuple[str, Parse]] = {
    "protocols": ("protocol_number", protocol_of),
    "source_address": ("source_address", parse_span),
    "destination_address": ("destination_address", parse_span),
    "source_port": ("source_port", ports_of),
    "destination_port": ("destination_port", ports_of),
}
_MINIMA = {"min_age": "age", "min_bytes": "byte_count", "min_packets": "packet_count"}
_MAXIMA = {"max_age": "age"}
_POLICY_KEYS = ("default", "sets", "rules")
_RULE_KEYS = (
    "name", "action", "severity", "description", "enabled", "expires",
    *_LISTS, *_MINIMA, *_MAXIMA,
)  # fmt: skip

# Beyond every number of a member.
_BEYOND = 2**129


def _within(wanted: Iterable[Span], unwanted: Iterable[Span]) -> list[Span]:
    """Return the spans of wanted without unwanted, sorted and apart."""
    holes = _merged(unwanted)
    result: list[Span] = []
    for first, end in _merged(wanted):
        at = bisect_right(holes, (first, _BEYOND)) - 1
        for hole_first, hole_end in holes[max(at, 0) :]:
            if hole_first > end:
                break
            if hole_end < first:
                continue
            if hole_first > first:
                result.append((first, hole_first - 1))
            first = hole_end + 1
        if first <= end:
            result.append((first, end))
    return result


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for first, end in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((first, end))
    return merged


def compile_policy(
    policy: Any,
    *,
    today: date,
    read_lines: ReadLines | None = None,
) -> Policy:
    """Return the compiled policy as of today (UTC); raise PolicyError with every mistake, each with its path."""
    return _Compiler(today, read_lines).compile(policy)


class _Compiler:
    def __init__(self, today: date, read_lines: ReadLines | None) -> None:
        self.today = today
        self.mistakes = Mistakes()
        self.sets = Sets(self.mistakes, read_lines)
        self.rules: list[Rule] = []
        self.expired: list[str] = []
        self.described: list[dict[str, Any]] = []
        self.written: dict[str, Mapping[str, Any]] = {}
        self.empty: dict[str, None] = {}
        self.is_active = True

    def compile(self, policy: Any) -> Policy:
        if not isinstance(policy, Mapping) or "rules" not in policy:
            raise PolicyError(_unrecognised(policy))
        self._known("", policy, _POLICY_KEYS)
        default = policy.get("default", "allow")
        if default not in ACTIONS:
            self.mistakes.value("default", default, f"give one of {', '.join(ACTIONS)}")
        self.sets.read({} if policy.get("sets") is None else policy["sets"])
        self._read_rules(policy["rules"])
        self.sets.check_unused()
        self.mistakes.raise_any()
        verdict = Verdict(DEFAULT_RULE, "medium") if default == "deny" else None
        if verdict:
            self.described.append({"name": verdict.rule, "action": "deny", "severity": verdict.severity})
        described = with_texts(self.described, self.written)
        return Policy(tuple(self.rules), verdict, tuple(self.expired), tuple(described), tuple(self.empty))

    def _known(self, path: str, given: Mapping[str, Any], allowed: Sequence[str]) -> None:
        for key in given:
            if key not in allowed:
                self.mistakes.key(path, key, ", ".join(allowed))

    def _read_rules(self, given: Any) -> None:
        if given is None or isinstance(given, (str, Mapping)) or not isinstance(given, Sequence):
            self.mistakes.value("rules", given, "give a list of rules, which may be empty")
            return
        names: set[str] = set()
        for index, item in enumerate(given):
            path = f"rules[{index}]"
            if not isinstance(item, Mapping):
                self.mistakes.value(path, item, "give a mapping with name, action and conditions")
                continue
            rule, state = self._rule(path, item)
            if rule.name in names:
                self.mistakes.value(f"{path}.name", rule.name, "each rule has a name of its own")
            names.add(rule.name)
            if rule.name == DEFAULT_RULE:
                self.mistakes.value(
                    f"{path}.name", rule.name, f"'{DEFAULT_RULE}' is the name of the policy's own default"
                )
            self.written[rule.name] = item
            self._keep(rule, state)

    def _keep(self, rule: Rule, state: str) -> None:
        description: dict[str, Any] = {"name": rule.name, "action": "deny" if rule.deny else "allow"}
        if rule.deny:
            description["severity"] = rule.deny.severity
        if state == "expired":
            self.expired.append(rule.name)
            description["expired"] = True
        elif state == "disabled":
            description["enabled"] = False
        else:
            self.rules.append(rule)
        self.described.append(description)

    def _rule(self, path: str, item: Mapping[str, Any]) -> tuple[Rule, str]:
        self._known(f"{path}.", item, _RULE_KEYS)
        name = item.get("name")
        if not isinstance(name, str) or not name.strip():
            self.mistakes.value(f"{path}.name", name, "give the rule a name")
            name = path
        action = item.get("action")
        if action not in ACTIONS:
            self.mistakes.value(f"{path}.action", action, f"give one of {', '.join(ACTIONS)}")
        severity = item.get("severity", "medium")
        if severity not in SEVERITIES:
            self.mistakes.value(f"{path}.severity", severity, f"give one of {', '.join(SEVERITIES)}")
        elif action == "allow" and "severity" in item:
            self.mistakes.value(f"{path}.severity", severity, "only a rule with action deny makes findings")
        state = self._state(path, item)
        self.is_active = state == "active"
        given = {
            member: self._condition(f"{path}.{key}", item[key], parse, member)
            for key, (member, parse) in _LISTS.items()
            if item.get(key) is not None
        }
        given.update(self._counts(path, item))
        verdict = Verdict(name, severity, self._description(path, item)) if action == "deny" else None
        return Rule(name, verdict, given), state

    def _description(self, path: str, item: Mapping[str, Any]) -> str:
        text = item.get("description", "")
        if not isinstance(text, str) or len(text) > DESCRIPTION_LIMIT or not text.isprintable():
            allowed = f"give one line of at most {DESCRIPTION_LIMIT} characters"
            self.mistakes.value(f"{path}.description", text, allowed)
            return ""
        return text.strip()

    def _counts(self, path: str, item: Mapping[str, Any]) -> dict[str, Condition]:
        limits: dict[str, Span] = {}
        for key, member in (*_MINIMA.items(), *_MAXIMA.items()):
            if item.get(key) is not None:
                limit = self._count(f"{path}.{key}", item[key])
                least, most = limits.get(member, (0, LAST_COUNT))
                limits[member] = (limit, most) if key in _MINIMA else (least, limit)
        return {
            member: Condition([(least, most)] if least <= most else [], False)
            for member, (least, most) in limits.items()
        }

    def _state(self, path: str, item: Mapping[str, Any]) -> str:
        enabled = item.get("enabled", True)
        if not isinstance(enabled, bool):
            self.mistakes.value(f"{path}.enabled", enabled, "give true or false")
        expires = item.get("expires")
        if expires is not None:
            last = _day(expires)
            if last is None:
                self.mistakes.value(f"{path}.expires", expires, "give a day such as 2027-01-31 (UTC, still counted)")
            elif enabled is True and self.today > last:
                return "expired"
        return "active" if enabled is True else "disabled"

    def _count(self, path: str, value: Any) -> int:
        text = "" if isinstance(value, bool) else str(value)
        if not (text.isascii() and text.isdigit()) or len(text) > 19 or text != str(int(text)):
            self.mistakes.value(path, value, "give a whole number from 0 up, without leading zeros")
            return 0
        return int(text)

    def _condition(self, path: str, given: Any, parse: Parse, member: str) -> Condition:
        """Return what a list of entries demands; a list without positive entries, or with any, holds for all others."""
        wanted: list[Span] = []
        unwanted: list[Span] = []
        has_any = has_positive = False
        for where, entry, body, is_negated in self._entries(path, given):
            has_positive = has_positive or not is_negated
            name = body[1:] if isinstance(body, str) and body.startswith("$") else None
            if name is not None and name not in self.sets:
                self.mistakes.value(where, entry, f"there is no such set; the sets are {self.sets.names()}")
            elif name is not None:
                self._note_empty(self.sets[name].path, self.sets[name].items)
                has_any = has_any or (not is_negated and self.sets[name].has_any)
                (unwanted if is_negated else wanted).extend(self.sets.spans(name, parse, where))
            elif not is_negated and isinstance(body, str) and body.lower() == "any":
                has_any = True
            else:
                (unwanted if is_negated else wanted).extend(self._parsed(where, body, parse))
        anything = has_any or not has_positive
        # A protocol without ports has no port that could be in a list, nor one that could be excluded.
        return Condition(_within(MEMBERS[member] if anything else wanted, unwanted), anything)

    def _entries(self, path: str, given: Any) -> Iterator[tuple[str, Any, Any, bool]]:
        """Yield each entry's path, the entry as it is given, and without its negation, and whether it is negated."""
        if isinstance(given, (str, int)) and not isinstance(given, bool):
            given = [given]
        if not isinstance(given, Sequence):
            self.mistakes.value(path, given, "give a list")
            return
        self._note_empty(path, given)
        for index, entry in enumerate(given):
            text = entry.strip() if isinstance(entry, str) else ""
            is_negated = text.startswith("!")
            body: Any = text[1:].strip() if is_negated else text if text.startswith("$") else entry
            yield f"{path}[{index}]", entry, body, is_negated

    def _note_empty(self, path: str, entries: Sequence[Any]) -> None:
        if self.is_active and not entries:
            self.empty[path] = None

    def _parsed(self, where: str, entry: Any, parse: Parse) -> list[Span]:
        try:
            return [parse(entry, where)]
        except OptionError as error:
            self.mistakes.value(where, entry, error.allowed)
            return []


def _unrecognised(policy: Any) -> list[str]:
    """Return what to say of what is no policy, without a word of it: it may be any file."""
    if not isinstance(policy, Mapping):
        return [f"this is not a policy; give a mapping with {', '.join(_POLICY_KEYS)}."]
    mistakes = Mistakes()
    for key in policy:
        # What is nearly the name of ours gives nothing away.
        if key not in _POLICY_KEYS and get_close_matches(str(key), _POLICY_KEYS, 1, 0.75):
            mistakes.key("", key, ", ".join(_POLICY_KEYS))
    mistakes.add("rules: it is missing; give a list of rules, which may be empty.")
    return mistakes.sentences()


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        # Newer Pythons read other forms of ISO 8601 too; one form means one day everywhere.
        return date.fromisoformat(text) if len(text) == len("2027-01-31") else None
    except ValueError:
        return None
