# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One rule group, as DescribeRuleGroup answers, read into rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from . import keywords
from .headers import Addresses, HeaderError, Lookup, Ports, addresses_of, ports_of
from .kinds import EITHER, Kind
from .options import read_options
from .ruleset import ALERT, ANY_HEADER, DROP, PASS, Header, Problem, Rule
from .texts import RuleText, RuleTextError, lines_of, number_in, parse, unquoted
from .verdicts import CONTEXT_SET, REFUSED, RESOLVED_DOMAIN, VARIABLE

T = TypeVar("T")
_LIST_ACTIONS = {"ALLOWLIST": "pass", "DENYLIST": "drop", "REJECTLIST": "reject", "ALERTLIST": "alert"}
_LAST_DROPS = (("TLS_SNI", "tls", "ssl_state:client_hello;"), ("HTTP_HOST", "http", "http.host;"))
_LAST_DROP_SID = 1_000_000
_REFUSED_KIND = Kind("unknown", EITHER, certain=False, reason=REFUSED)


class GroupVariables:
    """The variables that the rules of a group can name, its own before the policy's."""

    def __init__(self, group: Mapping[str, Any], policy: Lookup, prefix_lists: Mapping[str, Sequence[str]]) -> None:
        own = group.get("RuleVariables") or {}
        references = (group.get("ReferenceSets") or {}).get("IPSetReferences") or {}
        self._ports = {f"${name}": _joined(item) for name, item in (own.get("PortSets") or {}).items()}
        self._addresses = {f"${name}": _joined(item) for name, item in (own.get("IPSets") or {}).items()}
        self._contexts = {f"{sign}{name}" for name in own.get("ContextSets") or {} for sign in "$@"}
        self._references: dict[str, str | None] = {
            f"@{name}": _joined_list(prefix_lists.get(item.get("ReferenceArn", "")))
            for name, item in references.items()
        }
        self._policy = policy
        self._unknown: dict[str, str] = {}

    def addresses(self, name: str) -> str | None:
        """Return what a variable stands for among addresses; None, noted as unknown, where that is not known."""
        if name in self._contexts:
            self._unknown[name] = CONTEXT_SET
            return None
        if name in self._addresses:
            return self._addresses[name]
        value = self._references[name] if name in self._references else self._policy(name)
        if value is None:
            self._unknown[name] = VARIABLE
        return value

    def ports(self, name: str) -> str | None:
        """Return what a variable stands for among ports; None, noted as unknown, where that is not known."""
        if name in self._contexts:
            self._unknown[name] = CONTEXT_SET
            return None
        if name not in self._ports:
            raise HeaderError(f"the variable {name} of ports is not known")
        return self._ports[name]

    def watched(self, read: Callable[[], T]) -> tuple[T, dict[str, str]]:
        """Return what a function reads, and which variables it found not known, each with the reason."""
        self._unknown = {}
        return read(), self._unknown


def _joined(item: Mapping[str, Any]) -> str:
    return ",".join(str(entry) for entry in item.get("Definition") or ())


def _joined_list(entries: Sequence[str] | None) -> str | None:
    return None if entries is None else ",".join(entries)


class Reader:
    """Reads the rules of one group; what Suricata refuses is kept as a problem and as a rule that decides nothing."""

    def __init__(self, name: str, variables: GroupVariables) -> None:
        self.name = name
        self.variables = variables
        self.problems: list[Problem] = []
        # By generator and sid, the line of the rule.
        self._sids: dict[tuple[str, str], int] = {}
        # Very many rules have the same few texts in their headers, and share what those mean.
        self._addresses = lru_cache(maxsize=2048)(self._read_addresses)
        self._ports = lru_cache(maxsize=2048)(self._read_ports)

    def rules_of(self, group: Mapping[str, Any], order: str) -> Iterator[Rule]:
        """Yield the rules of a group: its text, its 5-tuples, its list of domains."""
        source = group.get("RulesSource") or {}
        if source.get("RulesString") is not None:
            for line, text in lines_of(source["RulesString"]):
                yield self.rule(text, line)
        for at, rule in enumerate(source.get("StatefulRules") or (), 1):
            yield self.rule(text_of_five_tuple(rule), at)
        domains = source.get("RulesSourceList")
        if domains:
            yield from self._domain_rules(domains, order)

    def rule(self, text: str, line: int) -> Rule:
        """Return one rule of a text."""
        try:
            return self._rule_of(parse(text), text, line)
        except RuleTextError as error:
            return self._refused(text, line, error.column, error.why)
        except HeaderError as error:
            return self._refused(text, line, 1, str(error))

    def _rule_of(self, parsed: RuleText, text: str, line: int) -> Rule:
        self._check_sid(parsed, line)
        numbers, version, application = _protocol(parsed.protocol.lower(), text)
        unknown: dict[str, str] = {}
        source = self._side(parsed.source, text, version, unknown)
        destination = self._side(parsed.destination, text, version, unknown)
        source_port = self._port_side(parsed.source_port, text, unknown)
        destination_port = self._port_side(parsed.destination_port, text, unknown)
        reading = read_options(parsed, source.negated or destination.negated, application, numbers)
        if reading.unknown:
            column = next(option.column for option in parsed.options if option.keyword == reading.unknown)
            self.problems.append(Problem(self.name, line, column, f"the keyword {reading.unknown} is unknown", text))
        return Rule(
            group=self.name,
            sid=int(parsed.value_of("sid") or 0),
            action=parsed.action,
            effect=_effect(parsed),
            header=Header(
                source, source_port, destination, destination_port, reading.protocols, parsed.direction == "<>"
            ),
            kind=reading.kind,
            message=unquoted(parsed.value_of("msg")),
            text=text,
            line=line,
            priority=reading.priority,
            variables=reading.variables,
            unknown=next((f"{reason}:{name}" for name, reason in unknown.items()), ""),
        )

    def _check_sid(self, parsed: RuleText, line: int) -> None:
        values = {option.keyword: option for option in parsed.options if option.keyword in ("sid", "gid")}
        sid, gid = values.get("sid"), values.get("gid")
        if sid is not None and sid.value:
            first = self._sids.setdefault((gid.value or "" if gid else "1", sid.value), line)
            if first != line:
                raise RuleTextError(f"its sid {sid.value[:20]} is that of the rule in line {first}", sid.column)

    def _side(self, text: str, rule: str, version: int, unknown: dict[str, str]) -> Addresses:
        addresses, not_known = self._addresses(text, version)
        unknown.update(not_known)
        if isinstance(addresses, str):
            raise RuleTextError(f"its address {text} is wrong: {addresses}", rule.find(text) + 1)
        return addresses

    def _port_side(self, text: str, rule: str, unknown: dict[str, str]) -> Ports | None:
        ports, not_known = self._ports(text)
        unknown.update(not_known)
        if isinstance(ports, str):
            raise RuleTextError(f"its port {text} is wrong: {ports}", rule.find(text) + 1)
        return ports

    def _read_addresses(self, text: str, version: int) -> tuple[Addresses | str, dict[str, str]]:
        try:
            addresses, unknown = self.variables.watched(lambda: addresses_of(text, self.variables.addresses))
        except HeaderError as error:
            return str(error), {}
        return addresses.only(version) if version else addresses, unknown

    def _read_ports(self, text: str) -> tuple[Ports | str | None, dict[str, str]]:
        try:
            return self.variables.watched(lambda: ports_of(text, self.variables.ports))
        except HeaderError as error:
            return str(error), {}

    def _refused(self, text: str, line: int, column: int, why: str) -> Rule:
        self.problems.append(Problem(self.name, line, column, why, text))
        action = text.split(None, 1)[0].lower() if text.split() else ""
        effect = ALERT if action == "alert" else PASS if action == "pass" else DROP
        return Rule(
            self.name, _sid_in(text), action, effect, ANY_HEADER, _REFUSED_KIND._replace(keyword=why), "", text, line
        )

    def _domain_rules(self, domains: Mapping[str, Any], order: str) -> Iterator[Rule]:
        action = _LIST_ACTIONS.get(str(domains.get("GeneratedRulesType")), "drop")
        kinds = domains.get("TargetTypes") or ()
        for at, text in enumerate(_domain_texts(domains, action, kinds), 1):
            yield self.rule(text, at)
        if "AWS_ROUTE_53_RESOLVED_DOMAIN" in kinds:
            yield unread_rule(self.name, action, RESOLVED_DOMAIN, "AWS_ROUTE_53_RESOLVED_DOMAIN")
        if action == "pass" and order != "STRICT_ORDER":
            # What no domain of the list allows is dropped last; AWS does not publish by which text.
            for sid, (target, protocol, match) in enumerate(_LAST_DROPS, _LAST_DROP_SID):
                if target in kinds:
                    yield self.rule(_generated("drop", protocol, match, sid), sid)


def _effect(parsed: RuleText) -> str:
    if parsed.action == "alert":
        # An alert that bypasses ends the inspection of its flow, as a pass would.
        return PASS if any(option.keyword in ("bypass", "config") for option in parsed.options) else ALERT
    return PASS if parsed.action == "pass" else DROP


def _sid_in(text: str) -> int:
    after = text.partition("sid:")[2]
    return number_in(after.split(";", 1)[0].strip()) or 0


def _protocol(name: str, text: str) -> tuple[frozenset[int], int, bool]:
    """Return the protocol numbers of a header, its IP version or 0, and whether it names an application."""
    if name in keywords.TRANSPORTS:
        return *keywords.TRANSPORTS[name], False
    if name in keywords.APPLICATIONS:
        return keywords.APPLICATIONS[name], 0, True
    if name in keywords.OTHER_APPLICATIONS:
        return frozenset({keywords.TCP, keywords.UDP}), 0, True
    raise RuleTextError(f"{name} is not a protocol", text.lower().find(name) + 1)


def unread_rule(group: str, action: str, reason: str, keyword: str) -> Rule:
    """Return what stands for rules that are not known: one that may do this action to any packet."""
    effect = {"pass": PASS, "alert": ALERT}.get(action, DROP)
    kind = Kind("unknown", EITHER, certain=False, reason=reason, keyword=keyword)
    return Rule(group, 0, action, effect, ANY_HEADER, kind)


def text_of_five_tuple(rule: Mapping[str, Any]) -> str:
    """Return a rule of StatefulRules as the Suricata text that it stands for."""
    header = rule.get("Header") or {}
    parts = [
        str(rule.get("Action", "")).lower(),
        str(header.get("Protocol", "")).lower(),
        _bare(header.get("Source")),
        _bare(header.get("SourcePort")),
        "<>" if header.get("Direction") == "ANY" else "->",
        _bare(header.get("Destination")),
        _bare(header.get("DestinationPort")),
    ]
    options = []
    for option in rule.get("RuleOptions") or ():
        settings = ",".join(str(setting) for setting in option.get("Settings") or ())
        options.append(f"{option.get('Keyword')}:{settings};" if settings else f"{option.get('Keyword')};")
    return f"{' '.join(parts)} ({' '.join(options)})"


def _bare(value: Any) -> str:
    text = "".join(str(value or "any").split())
    return "any" if text.lower() == "any" else text


def _domain_texts(domains: Mapping[str, Any], action: str, kinds: Sequence[str]) -> Iterator[str]:
    sid = 0
    for kind, protocol, buffer in (
        ("TLS_SNI", "tls", "ssl_state:client_hello; tls.sni;"),
        ("HTTP_HOST", "http", "http.host;"),
    ):
        for target in (domains.get("Targets") or ()) if kind in kinds else ():
            sid += 1
            start = "dotprefix;" if str(target).startswith(".") else "startswith;"
            match = f'{buffer} content:"{target}"; nocase; {start} endswith;'
            yield _generated(action, protocol, match, sid)


def _generated(action: str, protocol: str, match: str, sid: int) -> str:
    header = f"{action} {protocol} $HOME_NET any -> $EXTERNAL_NET any"
    return f"{header} ({match} flow:to_server,established; sid:{sid};)"
