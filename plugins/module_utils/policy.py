# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies: ordered rules over flow records, the first match decides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from .errors import FlowOpsError, OptionError, shown
from .filters import parse_network, parse_ports, parse_protocol

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

Span = tuple[int, int]
Point = tuple[int, int]
Test = Callable[[Mapping[str, Any]], bool]


class PolicyError(FlowOpsError):
    """Every mistake of a policy at once, each behind its path."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("policy: " + " ".join(mistakes), policy_errors=list(mistakes))


@dataclass(frozen=True)
class Verdict:
    """What a rule says of the flows it matches."""

    rule: str
    severity: str


@dataclass(frozen=True)
class Rule:
    """One rule, compiled: its verdict (None allows) and the tests that must all hold."""

    name: str
    deny: Verdict | None
    tests: tuple[Test, ...]
    # True when the rule looks at more than addresses, ports and protocol, so that flows of one 5-tuple can differ.
    looks_at_state: bool = False


@dataclass(frozen=True)
class Policy:
    """A compiled policy; rules that are disabled or expired are in neither rules nor the judging."""

    rules: tuple[Rule, ...]
    default: Verdict | None
    expired: tuple[str, ...] = ()
    described: tuple[dict[str, Any], ...] = field(default=())

    @property
    def looks_at_state(self) -> bool:
        """True when two flows of one 5-tuple can be judged differently."""
        return any(rule.looks_at_state for rule in self.rules)

    def judge(self, record: Mapping[str, Any]) -> Verdict | None:
        """Return the verdict on a flow record that breaks the policy, None when the policy allows it."""
        for rule in self.rules:
            for test in rule.tests:
                if not test(record):
                    break
            else:
                return rule.deny
        return self.default


class Spans:
    """A set of numbers held as sorted spans that do not touch; membership takes a binary search."""

    def __init__(self, spans: Iterable[Span]) -> None:
        merged: list[list[int]] = []
        for first, last in sorted(spans):
            if merged and first <= merged[-1][1] + 1:
                merged[-1][1] = max(merged[-1][1], last)
            else:
                merged.append([first, last])
        self._firsts = [span[0] for span in merged]
        self._lasts = [span[1] for span in merged]

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number)
        return at > 0 and number <= self._lasts[at - 1]

    def __bool__(self) -> bool:
        return bool(self._firsts)


class Addresses:
    """A set of IPv4 and IPv6 networks; the versions never contain each other."""

    def __init__(self, networks: Iterable[Any]) -> None:
        spans: dict[int, list[Span]] = {4: [], 6: []}
        for network in networks:
            spans[network.version].append((int(network.network_address), int(network.broadcast_address)))
        self._versions = {version: Spans(found) for version, found in spans.items()}

    def __contains__(self, point: Point) -> bool:
        return point[1] in self._versions[point[0]]

    def __bool__(self) -> bool:
        return any(self._versions.values())


@lru_cache(maxsize=65536)
def point_of(address: str) -> Point | None:
    """Return an address as (IP version, number), None when the text is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return parsed.version, int(parsed)


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

    def compile(self, policy: Any) -> Policy:
        if not isinstance(policy, Mapping):
            raise PolicyError([f"{shown(policy)} is not a policy; give a mapping with {', '.join(_POLICY_KEYS)}."])
        self._known("", policy, _POLICY_KEYS)
        default = policy.get("default", "allow")
        if default not in ACTIONS:
            self._mistake("default", default, f"give one of {', '.join(ACTIONS)}")
        self._read_sets(policy.get("sets") or {})
        rules: list[Rule] = []
        expired: list[str] = []
        described: list[dict[str, Any]] = []
        names: set[str] = set()
        given = policy.get("rules")
        if given is None or isinstance(given, (str, Mapping)) or not isinstance(given, Sequence):
            self._mistake("rules", given, "give a list of rules, which may be empty")
            given = []
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
            description: dict[str, Any] = {"name": rule.name, "action": "deny" if rule.deny else "allow"}
            if rule.deny:
                description["severity"] = rule.deny.severity
            if state == "expired":
                expired.append(rule.name)
                description["expired"] = True
            elif state == "disabled":
                description["enabled"] = False
            else:
                rules.append(rule)
            described.append(description)
        if self.mistakes:
            raise PolicyError(self.mistakes)
        if default == "deny":
            described.append({"name": DEFAULT_RULE, "action": "deny", "severity": "medium"})
        return Policy(
            tuple(rules),
            Verdict(DEFAULT_RULE, "medium") if default == "deny" else None,
            tuple(expired),
            tuple(described),
        )

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
        tests: list[Test] = []
        for key in _ADDRESS_LISTS:
            test = self._address_test(f"{path}.{key}", key, item.get(key))
            if test:
                tests.append(test)
        for key in _PORT_LISTS:
            test = self._number_test(f"{path}.{key}", key, item.get(key), self._ports)
            if test:
                tests.append(test)
        test = self._number_test(f"{path}.protocols", "protocol_number", item.get("protocols"), self._protocol)
        if test:
            tests.insert(0, test)
        before = len(tests)
        for key, member in (*_MINIMA.items(), *_MAXIMA.items()):
            if item.get(key) is not None:
                limit = self._count(f"{path}.{key}", item[key])
                tests.append(_at_least(member, limit) if key in _MINIMA else _at_most(member, limit))
        return Rule(
            name, Verdict(name, severity) if action == "deny" else None, tuple(tests), len(tests) > before
        ), state

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
                    into.extend((member, f"{where} ({origin})") for member, origin in self.sets[name])
            else:
                into.append((body, where))
        return positive, negated, has_positive

    def _parsed(self, entries: Iterable[tuple[Any, str]], parse: Callable[[Any, str], Any]) -> list[Any]:
        parsed = []
        for entry, where in entries:
            try:
                parsed.append(parse(entry, where))
            except OptionError as error:
                self.mistakes.append(error.message)
        return parsed

    def _address_test(self, path: str, member: str, given: Any) -> Test | None:
        if given is None:
            return None
        positive, negated, has_positive = self._entries(path, given)
        if any(str(entry).lower() == "any" for entry, _where in positive):
            positive, has_positive = [], False
        wanted = Addresses(self._parsed(positive, parse_network))
        unwanted = Addresses(self._parsed(negated, parse_network))
        if not has_positive and not unwanted:
            return None

        def test(record: Mapping[str, Any]) -> bool:
            point = point_of(record.get(member, ""))
            if point is None:
                return not has_positive
            return (not has_positive or point in wanted) and point not in unwanted

        return test

    @staticmethod
    def _ports(entry: Any, where: str) -> Span:
        ports = parse_ports(entry, where)
        return (0, 65535) if ports is None else ports

    @staticmethod
    def _protocol(entry: Any, where: str) -> Span:
        number = parse_protocol(entry, where)
        return number, number

    def _number_test(self, path: str, member: str, given: Any, parse: Callable[[Any, str], Span]) -> Test | None:
        if given is None:
            return None
        positive, negated, has_positive = self._entries(path, given)
        if any(str(entry).lower() == "any" for entry, _where in positive):
            positive, has_positive = [], False
        wanted = Spans(self._parsed(positive, parse))
        unwanted = Spans(self._parsed(negated, parse))
        if not has_positive and not unwanted:
            return None

        def test(record: Mapping[str, Any]) -> bool:
            number = record.get(member)
            # A protocol without ports has no port that could be in a list, nor one that could be excluded.
            if not isinstance(number, int):
                return not has_positive
            return (not has_positive or number in wanted) and number not in unwanted

        return test


def _at_least(member: str, limit: int) -> Test:
    return lambda record: record.get(member, -1) >= limit


def _at_most(member: str, limit: int) -> Test:
    return lambda record: 0 <= record.get(member, -1) <= limit


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
