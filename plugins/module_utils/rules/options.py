# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a rule, read into what Suricata makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from ..flows.protocols import number_of
from . import keywords
from .checks import check_options
from .kinds import EITHER, FLOW, PACKET, TO_CLIENT, TO_SERVER, Kind
from .texts import Option, RuleText, RuleTextError
from .verdicts import CONTENT, KEYWORD

_BIT_COMMANDS = ("set", "unset", "toggle", "isset", "isnotset")
_THRESHOLD = re.compile(
    r"\s*(?:(?:type\s+(?:limit|both|threshold)|track\s+(?:by_dst|by_src|by_both|by_rule|by_flow)|count\s+\d+|seconds\s+\d+)"
    r"\s*(?:,\s*|$)){4}"
)


class Reading(NamedTuple):
    """What the options of a rule say."""

    kind: Kind
    # Protocols that the options narrow the header down to.
    protocols: frozenset[int]
    priority: int
    # A keyword that Suricata 7 does not know, "" when it knows all of them.
    unknown: str
    # What Suricata puts first among rules of one action: set and read flowbits, then flowint, hostbits, xbits.
    variables: tuple[int, ...]


class _Options:
    """The options of one rule, sorted by what they do."""

    def __init__(self, action: str, application: str, written: Sequence[Option]) -> None:
        self.passes = action == "pass"
        self.application = application
        self.flow: set[str] = set()
        self.flow_matches = False
        self.buffers: list[str] = []
        self.payload: list[str] = []
        self.packet: list[str] = []
        self.once: list[str] = []
        self.unknown: list[str] = []
        self.app_protocol = ""
        self.same_address = False
        self.unset = False
        self.bits = False
        self.wants_unset: set[str] = set()
        self.wants_set: set[str] = set()
        self.changes: set[str] = set()
        self.over: frozenset[int] = keywords.EVERY_PROTOCOL
        for option in written:
            self._take(option)

    def _take(self, option: Option) -> None:
        keyword, value = option.keyword, option.value or ""
        if keyword in keywords.NEUTRAL or keyword == "ip_proto":
            return
        if keyword == "flow":
            self._take_flow(option)
        elif keyword in ("flowbits", "xbits", "hostbits"):
            self._take_bits(keyword, value, option.column)
        elif keyword == "threshold":
            if not _THRESHOLD.fullmatch(value):
                raise RuleTextError("threshold lacks one of type, track, count and seconds", option.column)
            # A pass over its limit marks the flow, but does not end the search for its packet.
            if self.passes or not _limits_alerts_only(value):
                self.once.append(keyword)
        elif keyword == "sameip":
            self.same_address = True
        elif keyword == "app-layer-protocol":
            self.app_protocol = keyword
        elif keywords.is_buffer(keyword):
            self.buffers.append(keyword)
            self.over &= keywords.transports_of_buffer(keyword)
        elif keyword in keywords.PAYLOAD:
            self.payload.append(keyword)
        elif keyword in keywords.PACKET:
            self.packet.append(keyword)
        elif keyword in keywords.ONCE:
            self.once.append(keyword)
        else:
            self.unknown.append(keyword)

    def _take_flow(self, option: Option) -> None:
        words = [word.strip().lower() for word in (option.value or "").split(",")]
        words = [{"from_client": "to_server", "from_server": "to_client"}.get(word, word) for word in words]
        problem = _problem_of_flow(words, self.flow, self.flow_matches)
        if problem:
            raise RuleTextError(problem, option.column)
        self.flow.update(words)
        # A direction alone is no condition of its own to Suricata, it only sorts rules.
        self.flow_matches = self.flow_matches or set(words) not in ({"to_server"}, {"to_client"})

    def _take_bits(self, keyword: str, value: str, column: int) -> None:
        command = value.partition(",")[0].strip()
        if command == "noalert":
            return
        self.bits = True
        if keyword != "flowbits":
            if command != "set":
                self.once.append(keyword)
            return
        names = {name.strip() for name in value.partition(",")[2].split("|")} - {""}
        if command not in _BIT_COMMANDS or not names:
            raise RuleTextError(f"flowbits has no command {value or 'at all'}, or no name", column)
        if command in ("set", "unset", "toggle"):
            self.changes |= names
            self.unset = self.unset or command != "set"
            return
        self.packet.append(keyword)
        # One of several names is enough, which is not looked into.
        (self.wants_unset if command == "isnotset" and len(names) == 1 else self.wants_set).update(names)

    @property
    def hangs_on(self) -> tuple[str, str]:
        """Why 5-tuples do not decide the rule and the word that it hangs on, two empty texts when they do."""
        if self.unknown or self.packet or self.once:
            return KEYWORD, (self.unknown + self.packet + self.once)[0]
        told = [*self.buffers, self.app_protocol, *self.payload, self.application]
        word = next((word for word in told if word), "")
        return (CONTENT, word) if word else ("", "")


_FLOW_WORDS = {
    "to_server", "to_client", "established", "not_established", "stateless",
    "only_stream", "no_stream", "no_frag", "only_frag",
}  # fmt: skip
_FLOW_CLASHES = (
    {"to_server", "to_client"}, {"established", "not_established"}, {"established", "stateless"},
    {"only_stream", "no_stream"}, {"no_frag", "only_frag"},
)  # fmt: skip


def _problem_of_flow(words: list[str], before: set[str], had_conditions: bool) -> str:
    unknown = next((word for word in words if word not in _FLOW_WORDS), None)
    if unknown is not None:
        return f"flow has no option {unknown}"
    if had_conditions:
        return "flow stands twice"
    if len(words) > 3 or len(set(words)) < len(words):
        return "flow has an option twice, or more than three"
    if any(clash <= before | set(words) for clash in _FLOW_CLASHES):
        return "flow has options that exclude each other"
    return ""


def _limits_alerts_only(value: str) -> bool:
    words = value.replace(",", " ").lower().split()
    return any(a == "type" and b == "limit" for a, b in pairwise(words))


def read_options(rule: RuleText, header_negated: bool, application: bool, protocols: frozenset[int]) -> Reading:
    """Return what the options of a rule say; raise RuleTextError where Suricata refuses them.

    Application says whether the header names the protocol of an application; protocols are the header's.
    """
    check_options(rule.options)
    telling = [(option.keyword, option.value) for option in rule.options if option.keyword not in _SILENT]
    said = (rule.action, rule.protocol.lower(), tuple(telling), header_negated, application, protocols)
    try:
        return _reading(*said)
    except RuleTextError:
        # Said again with the columns of the options.
        return _read(rule.action, rule.protocol.lower(), rule.options, header_negated, application, protocols)


_SILENT = keywords.NEUTRAL - {"classtype", "priority"}


@lru_cache(maxsize=4096)
def _reading(
    action: str,
    protocol: str,
    options: tuple[tuple[str, str | None], ...],
    header_negated: bool,
    application: bool,
    protocols: frozenset[int],
) -> Reading:
    """Return what options say; very many rules say the same, beside their message and sid."""
    written = [Option(keyword, value, 1) for keyword, value in options]
    return _read(action, protocol, written, header_negated, application, protocols)


def _read(
    action: str,
    protocol: str,
    written: Sequence[Option],
    header_negated: bool,
    application: bool,
    protocols: frozenset[int],
) -> Reading:
    for option in written:
        if option.keyword == "content" and '"' not in (option.value or ""):
            raise RuleTextError("content has no quotes around its value", option.column)
    options = _Options(action, protocol if application else "", written)
    _check_families(options, protocol, written)
    narrowed = _with_ip_proto(written, protocols)
    if options.buffers and protocols == keywords.EVERY_PROTOCOL:
        narrowed &= options.over
    elif application and options.over != keywords.EVERY_PROTOCOL:
        narrowed &= options.over or narrowed
    unknown = next((option.keyword for option in written if not keywords.is_known(option.keyword)), "")
    return Reading(_kind_of(options, header_negated), narrowed, _priority(written), unknown, _variables(written))


def _check_families(options: _Options, protocol: str, written: Sequence[Option]) -> None:
    own = keywords.family_of(options.application, ())
    other = next((buffer for buffer in options.buffers if keywords.family_of("", (buffer,)) not in ("", own)), None)
    if own and other is not None:
        column = next(option.column for option in written if option.keyword == other)
        raise RuleTextError(f"{other} is not a keyword of {protocol}", column)


def _kind_of(options: _Options, header_negated: bool) -> Kind:
    reason, keyword = options.hangs_on
    flow = options.flow
    established = True if "established" in flow else False if "not_established" in flow else None
    in_flow = options.flow_matches or bool(options.application or options.app_protocol)
    kind_type, scope = _type_of(options, header_negated)
    if options.once:
        scope = EITHER
    odd_flow = flow & {"only_stream", "no_stream", "no_frag", "only_frag"}
    if odd_flow and not reason:
        reason, keyword = KEYWORD, f"flow:{sorted(odd_flow)[0]}"
    return Kind(
        type=kind_type,
        scope=scope,
        certain=not reason,
        first=kind_type == "ip_only" and not options.once,
        data=bool(options.application or options.buffers or options.app_protocol or options.payload),
        toward=_toward(options),
        established=established,
        in_flow=in_flow or bool(options.buffers) or (options.bits and kind_type != "ip_only"),
        same_address=options.same_address,
        reason=reason,
        keyword=keyword,
        application=keywords.family_of(options.application, options.buffers),
        plain=_is_plain(options, keyword),
        wants_unset=frozenset(options.wants_unset),
        wants_set=frozenset(options.wants_set),
        changes=frozenset(options.changes),
    )


def _is_plain(options: _Options, keyword: str) -> bool:
    if options.application and options.application not in keywords.WHOLE_FAMILIES:
        return False
    others = options.unknown or options.once or options.buffers or options.app_protocol or options.payload
    return not others and set(options.packet) <= {"flowbits"} and not keyword.startswith("flow:")


def _toward(options: _Options) -> str:
    if "to_server" in options.flow or any(buffer in keywords.FILLED_BY_CLIENTS for buffer in options.buffers):
        return TO_SERVER
    return TO_CLIENT if "to_client" in options.flow else ""


def _type_of(options: _Options, header_negated: bool) -> tuple[str, str]:
    """Return the type of a rule and what its action covers, in the order in which Suricata asks for types."""
    has_payload = any(word in keywords.STARTS_PAYLOAD for word in options.payload)
    if options.unknown:
        return "unknown", EITHER
    if options.buffers:
        return ("app_tx", FLOW) if not options.packet else ("unknown", EITHER)
    if options.app_protocol and not (options.application or has_payload or options.packet or options.same_address):
        if not options.flow - {"to_server", "to_client"}:
            return "pd_only", FLOW
        return "pkt", PACKET
    if has_payload:
        return "stream", EITHER
    if options.flow_matches or options.packet or options.same_address or options.app_protocol or options.unset:
        return "pkt", PACKET
    if options.application:
        return "app_layer", FLOW
    if options.flow:
        return "pkt", PACKET
    if options.payload:
        return "unknown", EITHER
    return ("like_ip_only", FLOW) if header_negated else ("ip_only", FLOW)


def _with_ip_proto(written: Sequence[Option], protocols: frozenset[int]) -> frozenset[int]:
    wanted: set[int] = set()
    unwanted: set[int] = set()
    for option in written:
        if option.keyword != "ip_proto":
            continue
        if protocols != keywords.EVERY_PROTOCOL:
            raise RuleTextError("ip_proto stands in a rule whose protocol is not ip", option.column)
        value = (option.value or "").strip().strip('"')
        negated, name = value.startswith("!"), value.lstrip("!<> ")
        number = number_of(name)
        if value[:1] in "<>" and number is not None:
            wanted |= set(range(number) if value[0] == "<" else range(number + 1, 256))
            if sum(other.keyword == "ip_proto" for other in written) > 1:
                raise RuleTextError("ip_proto with < or > stands beside another one, which is not read", option.column)
            continue
        if number is None:
            raise RuleTextError(f"ip_proto has no protocol {name}", option.column)
        (unwanted if negated else wanted).add(number)
    if len(wanted) > 1 and not _is_range(written):
        raise RuleTextError("ip_proto stands twice, which no packet can match")
    if wanted and unwanted:
        raise RuleTextError("ip_proto stands both with and without !")
    # Very many rules share the set of all protocols.
    return frozenset(wanted) if wanted else protocols - unwanted if unwanted else protocols


def _is_range(written: Sequence[Option]) -> bool:
    return any(o.keyword == "ip_proto" and (o.value or " ").strip('" ')[:1] in "<>" for o in written)


def _priority(written: Sequence[Option]) -> int:
    said = {option.keyword: option.value or "" for option in written}
    if "priority" in said:
        return int(said["priority"])
    name = said.get("classtype", "").lower()
    return keywords.CLASS_PRIORITIES.get(name, keywords.DEFAULT_PRIORITY)


def _variables(written: Sequence[Option]) -> tuple[int, ...]:
    return tuple(_rank(_commands(written, keyword)) for keyword in ("flowbits", "flowint", "hostbits", "xbits"))


def _commands(written: Sequence[Option], keyword: str) -> set[str]:
    place = 1 if keyword == "flowint" else 0
    values = [(o.value or "").split(",") for o in written if o.keyword == keyword]
    return {words[place].strip().lower() for words in values if len(words) > place}


def _rank(commands: Iterable[str]) -> int:
    """Return how early rules that use a variable so come: those that set it, that set and read it, that read it."""
    reads = {"isset", "isnotset", "notset", "<", "<=", "==", "!=", ">=", ">"}
    writes = {"set", "unset", "toggle", "+", "-", "="}
    words = set(commands)
    return {(False, True): 3, (True, True): 2, (True, False): 1}.get((bool(words & reads), bool(words & writes)), 0)
