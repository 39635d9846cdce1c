# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies as people write them, compiled to be judged by; every mistake is told, each with its path."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ..errors import FlowOpsError, OptionError, shown
from ..flows.addresses import Span, parse_span
from ..flows.filters import parse_ports, parse_protocol
from ..flows.matching import ADDRESSES, LAST_COUNT, LAST_PORT, LAST_PROTOCOL, Condition
from .policy import Policy, Rule, Verdict

SEVERITIES = ("informational", "low", "medium", "high", "critical")
ACTIONS = ("allow", "deny")
DEFAULT_RULE = "default"

_ADDRESS_LISTS = ("source_address", "destination_address")
_PORT_LISTS = ("source_port", "destination_port")
_MINIMA = {"min_age": "age", "min_bytes": "byte_count", "min_packets": "packet_count"}
_MAXIMA = {"max_age": "age"}
_POLICY_KEYS = ("default", "sets", "rules")
_RULE_KEYS = (
    "name", "action", "severity", "enabled", "expires",
    *_ADDRESS_LISTS, *_PORT_LISTS, "protocols", *_MINIMA, *_MAXIMA,
)  # fmt: skip

# Beyond every number of a member.
_BEYOND = 2**129


class PolicyError(FlowOpsError):
    """Every mistake of a policy at once, each behind its path."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("policy: " + " ".join(mistakes), policy_errors=list(mistakes))


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
    read_lines: Callable[[str], Iterable[str]] | None = None,
) -> Policy:
    """Return the compiled policy as of today (UTC); raise PolicyError with every mistake, each with its path."""
    return _Compiler(today, read_lines).compile(policy)


class _Compiler:
    def __init__(self, today: date, read_lines: Callable[[str], Iterable[str]] | None) -> None:
        self.today = today
        self.read_lines = read_lines
        self.mistakes: list[str] = []
        self.sets: dict[str, list[tuple[Any, str]]] = {}
        self.used_sets: set[str] = set()
        self.rules: list[Rule] = []
        self.expired: list[str] = []
        self.described: list[dict[str, Any]] = []
        self.empty: dict[str, None] = {}
        self.is_active = True

    def compile(self, policy: Any) -> Policy:
        if not isinstance(policy, Mapping):
            raise PolicyError([f"{shown(policy)} is not a policy; give a mapping with {', '.join(_POLICY_KEYS)}."])
        self._known("", policy, _POLICY_KEYS)
        default = policy.get("default", "allow")
        if default not in ACTIONS:
            self._mistake("default", default, f"give one of {', '.join(ACTIONS)}")
        self._read_sets({} if policy.get("sets") is None else policy["sets"])
        self._read_rules(policy)
        self._check_unused_sets()
        if self.mistakes:
            raise PolicyError(self.mistakes)
        verdict = Verdict(DEFAULT_RULE, "medium") if default == "deny" else None
        if verdict:
            self.described.append({"name": verdict.rule, "action": "deny", "severity": verdict.severity})
        return Policy(tuple(self.rules), verdict, tuple(self.expired), tuple(self.described), tuple(self.empty))

    def _read_rules(self, policy: Mapping[str, Any]) -> None:
        given = policy.get("rules", [])
        if "rules" not in policy:
            self.mistakes.append("rules: it is missing; give a list of rules, which may be empty.")
        if given is None or isinstance(given, (str, Mapping)) or not isinstance(given, Sequence):
            self._mistake("rules", given, "give a list of rules, which may be empty")
            given = []
        names: set[str] = set()
        for index, item in enumerate(given):
            path = f"rules[{index}]"
            if not isinstance(item, Mapping):
                self._mistake(path, item, "give a mapping with name, action and conditions")
                continue
            rule, state = self._rule(path, item)
            if rule.name in names:
                self._mistake(f"{path}.name", rule.name, "each rule has a name of its own")
            names.add(rule.name)
            if rule.name == DEFAULT_RULE:
                self._mistake(f"{path}.name", rule.name, f"'{DEFAULT_RULE}' is the name of the policy's own default")
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

    def _mistake(self, path: str, value: Any, allowed: str) -> None:
        self.mistakes.append(f"{path}: {shown(value)} is not allowed; {allowed}.")

    def _known(self, path: str, given: Mapping[str, Any], allowed: Sequence[str]) -> None:
        for key in given:
            if key not in allowed:
                self.mistakes.append(
                    f"{path + '.' if path else ''}{key}: there is no such key; allowed are {', '.join(allowed)}."
                )

    def _read_sets(self, sets: Any) -> None:
        if not isinstance(sets, Mapping):
            self._mistake("sets", sets, "give a mapping of set names to lists")
            return
        for name, content in sets.items():
            path = f"sets.{name}"
            if isinstance(content, Mapping):
                if set(content) != {"file"} or not isinstance(content.get("file"), str):
                    self._mistake(path, dict(content), "give a list, or {file: path}")
                    content = []
                else:
                    content = self._file_entries(path, content["file"])
            if isinstance(content, (str, int)):
                content = [content]
            if not isinstance(content, Sequence):
                self._mistake(path, content, "give a list of addresses, CIDRs or ports, or {file: path}")
                content = []
            entries: list[tuple[Any, str]] = []
            for index, entry in enumerate(content):
                where = f"{path}[{index}]"
                if isinstance(entry, tuple):
                    entry, where = entry
                if str(entry).startswith(("!", "$")):
                    self._mistake(where, entry, "a set holds plain entries; negate or name sets in the rules")
                    continue
                entries.append((entry, where))
            self.sets[str(name)] = entries

    def _check_unused_sets(self) -> None:
        """Note what is wrong with sets that no rule has read, as addresses or as ports."""
        for name in sorted(self.sets.keys() - self.used_sets):
            for entry, where in self.sets[name]:
                if not any(_parses(parse, entry, where) for parse in (parse_span, parse_ports, parse_protocol)):
                    self._mistake(where, entry, "a set holds addresses and CIDRs, or ports and ranges, or protocols")

    def _file_entries(self, path: str, file: str) -> list[tuple[str, str]]:
        if self.read_lines is None:
            self._mistake(f"{path}.file", file, "sets from files cannot be read here")
            return []
        entries = []
        try:
            for number, line in enumerate(self.read_lines(file), 1):
                text = line.partition("#")[0].strip()
                if text:
                    entries.append((text, f"{path}.file '{file}' line {number}"))
        except OSError as error:
            self._mistake(f"{path}.file", file, f"it cannot be read ({error.strerror})")
        except UnicodeDecodeError:
            self._mistake(f"{path}.file", file, "it is not UTF-8 text")
        except ValueError:
            self._mistake(f"{path}.file", file, "it is not the name of a file")
        return entries

    def _rule(self, path: str, item: Mapping[str, Any]) -> tuple[Rule, str]:
        self._known(path, item, _RULE_KEYS)
        name = item.get("name")
        if not isinstance(name, str) or not name.strip():
            self._mistake(f"{path}.name", name, "give the rule a name")
            name = path
        action = item.get("action")
        if action not in ACTIONS:
            self._mistake(f"{path}.action", action, f"give one of {', '.join(ACTIONS)}")
        severity = item.get("severity", "medium")
        if severity not in SEVERITIES:
            self._mistake(f"{path}.severity", severity, f"give one of {', '.join(SEVERITIES)}")
        elif action == "allow" and "severity" in item:
            self._mistake(f"{path}.severity", severity, "only a rule with action deny makes findings")
        state = self._state(path, item)
        self.is_active = state == "active"
        conditions: dict[str, Condition | None] = {
            "protocol_number": self._numbers(f"{path}.protocols", item.get("protocols"), self._protocol, LAST_PROTOCOL)
        }
        for key in _ADDRESS_LISTS:
            conditions[key] = self._addresses(f"{path}.{key}", item.get(key))
        for key in _PORT_LISTS:
            conditions[key] = self._numbers(f"{path}.{key}", item.get(key), self._ports, LAST_PORT)
        conditions.update(self._counts(path, item))
        given = {member: condition for member, condition in conditions.items() if condition is not None}
        return Rule(name, Verdict(name, severity) if action == "deny" else None, given), state

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
            self._mistake(f"{path}.enabled", enabled, "give true or false")
        expires = item.get("expires")
        if expires is not None:
            last = _day(expires)
            if last is None:
                self._mistake(f"{path}.expires", expires, "give a day such as 2027-01-31 (UTC, still counted)")
            elif enabled is True and self.today > last:
                return "expired"
        return "active" if enabled is True else "disabled"

    def _count(self, path: str, value: Any) -> int:
        text = "" if isinstance(value, bool) else str(value)
        if not (text.isascii() and text.isdigit()):
            self._mistake(path, value, "give a whole number from 0 up")
            return 0
        return int(text)

    def _entries(self, path: str, given: Any) -> tuple[list[tuple[Any, str]], list[tuple[Any, str]], bool]:
        """Return the positive and the negated entries, sets unfolded, and whether any positive entry was given."""
        if isinstance(given, (str, int)) and not isinstance(given, bool):
            given = [given]
        if not isinstance(given, Sequence):
            self._mistake(path, given, "give a list")
            return [], [], False
        self._note_empty(path, given)
        positive: list[tuple[Any, str]] = []
        negated: list[tuple[Any, str]] = []
        has_positive = False
        for index, entry in enumerate(given):
            where = f"{path}[{index}]"
            text = str(entry).strip()
            is_negated = text.startswith("!")
            body: Any = text[1:].strip() if is_negated else entry
            has_positive = has_positive or not is_negated
            into = negated if is_negated else positive
            if str(body).startswith("$"):
                name = str(body)[1:]
                if name not in self.sets:
                    known = ", ".join(f"${known}" for known in self.sets) or "none"
                    self._mistake(where, entry, f"there is no such set; the sets are {known}")
                else:
                    self.used_sets.add(name)
                    self._note_empty(f"sets.{name}", self.sets[name])
                    into.extend((member, f"{where} ({origin})") for member, origin in self.sets[name])
            else:
                into.append((body, where))
        return positive, negated, has_positive

    def _note_empty(self, path: str, entries: Sequence[Any]) -> None:
        if self.is_active and not entries:
            self.empty[path] = None

    def _parsed(self, entries: Iterable[tuple[Any, str]], parse: Callable[[Any, str], Any]) -> list[Any]:
        parsed = []
        for entry, where in entries:
            try:
                parsed.append(parse(entry, where))
            except OptionError as error:
                self.mistakes.append(error.message)
        return parsed

    def _addresses(self, path: str, given: Any) -> Condition | None:
        if given is None:
            return None
        positive, negated, anything = self._lists(path, given)
        wanted, unwanted = self._parsed(positive, parse_span), self._parsed(negated, parse_span)
        return Condition(_within(ADDRESSES if anything else wanted, unwanted), anything)

    @staticmethod
    def _ports(entry: Any, where: str) -> Span:
        ports = parse_ports(entry, where)
        return (0, LAST_PORT) if ports is None else ports

    @staticmethod
    def _protocol(entry: Any, where: str) -> Span:
        number = parse_protocol(entry, where)
        return number, number

    def _numbers(self, path: str, given: Any, parse: Callable[[Any, str], Span], last: int) -> Condition | None:
        if given is None:
            return None
        positive, negated, anything = self._lists(path, given)
        wanted, unwanted = self._parsed(positive, parse), self._parsed(negated, parse)
        # A protocol without ports has no port that could be in a list, nor one that could be excluded.
        return Condition(_within([(0, last)] if anything else wanted, unwanted), anything)

    def _lists(self, path: str, given: Any) -> tuple[list[tuple[Any, str]], list[tuple[Any, str]], bool]:
        """Return the positive and the negated entries, and whether nothing positive narrows the list down."""
        positive, negated, has_positive = self._entries(path, given)
        if any(str(entry).lower() == "any" for entry, _where in positive):
            return [], negated, True
        return positive, negated, not has_positive


def _parses(parse: Callable[[Any, str], Any], entry: Any, where: str) -> bool:
    try:
        parse(entry, where)
    except OptionError:
        return False
    return True


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
