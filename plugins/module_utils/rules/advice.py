# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the order of rules, or what Suricata makes of one, is not what its author will have meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from ..flows.addresses import LAST_ADDRESS
from ..flows.matching import LAST_PORT
from ..flows.spans import Span, common, without
from .headers import ANY_ADDRESS, Addresses, Ports
from .keywords import TCP
from .kinds import FLOW, PACKET, TO_CLIENT
from .ruleset import ALERT, DROP, PASS, Header, Rule

NEVER_FIRES: Final = "never_fires"
ONE_PACKET: Final = "one_packet"
MATCHES_REPLIES: Final = "matches_replies"
NOT_IPV6: Final = "external_net_without_ipv6"
BLINDS: Final = "blinds_rules"
ADVICE = (NEVER_FIRES, ONE_PACKET, MATCHES_REPLIES, NOT_IPV6, BLINDS)

_EVERY_PORT: Sequence[Span] = ((0, LAST_PORT),)
# The ports that systems give to clients by default.
_CLIENT_PORTS: Sequence[Span] = ((32768, 60999),)
# A rule is held against at most so many others; policies with more have lists of addresses in them.
_MOST_OTHERS = 400


class Advice(NamedTuple):
    """One piece of advice: which, the other rule that it is about or "", and a sentence."""

    advice: str
    rule: str
    sentence: str


def advice_of(rules: Sequence[Rule]) -> Iterator[tuple[int, Advice]]:
    """Yield advice on rules in the order in which they are asked, each with the place of its rule."""
    passes = [(place, rule) for place, rule in enumerate(rules) if rule.effect == PASS and _sure(rule)][:_MOST_OTHERS]
    lookers = [rule for rule in rules if rule.kind.data and rule.effect != PASS][:_MOST_OTHERS]
    never = {
        place: _never_fires(rule, [other for at, other in passes if at < place]) for place, rule in enumerate(rules)
    }
    firing = [(place, rule) for place, rule in passes if never[place] is None]
    for place, rule in enumerate(rules):
        found = [never[place], _replies(rule), _not_ipv6(rule)]
        if never[place] is None:
            found.append(_one_packet(rule, [other for at, other in firing if at > place]))
            found.append(_blinds(rule, lookers))
        yield from ((place, advice) for advice in found if advice is not None)


def _sure(rule: Rule) -> bool:
    return rule.kind.certain and rule.header.source.known and rule.header.destination.known


def _first_covering(rules: Sequence[Rule], header: Header, fits: Callable[[Rule], bool]) -> Rule | None:
    return next((other for other in rules if fits(other) and covers(other.header, header)), None)


def _never_fires(rule: Rule, passes: Sequence[Rule]) -> Advice | None:
    if not rule.kind.first or TCP not in rule.header.protocols or rule.effect == ALERT:
        return None
    tcp = rule.header._replace(protocols=frozenset({TCP}))
    ahead = _first_covering(passes, tcp, _passes_handshakes)
    if ahead is None:
        return None
    return Advice(
        NEVER_FIRES,
        ahead.name,
        f"Suricata looks at it on the first packet of each direction only, and {ahead.name} passes that of clients "
        "before it: over TCP it never fires on what clients send; with flow:to_server it would.",
    )


def _passes_handshakes(rule: Rule) -> bool:
    kind = rule.kind
    return kind.scope == PACKET and kind.established is False and kind.toward != TO_CLIENT


def _one_packet(rule: Rule, passes: Sequence[Rule]) -> Advice | None:
    if rule.effect != DROP or rule.kind.scope != PACKET or not rule.kind.certain or rule.kind.established is not None:
        return None
    later = _first_covering(passes, rule.header, lambda other: other.kind.scope == FLOW and not other.kind.toward)
    if later is None:
        return None
    return Advice(
        ONE_PACKET,
        later.name,
        f"It drops one packet only: {later.name} passes the whole flow from that packet on, so that the packet sent "
        "again gets through; without flow: it would drop the flow.",
    )


def _replies(rule: Rule) -> Advice | None:
    header, kind = rule.header, rule.kind
    ports = header.destination_port
    if rule.effect == ALERT or kind.toward or kind.data or header.both_ways or ports is None or header.source_port:
        return None
    if without(_CLIENT_PORTS, ports.yes) or not ports.known or not _share_addresses(header.source, header.destination):
        return None
    return Advice(
        MATCHES_REPLIES,
        "",
        "It matches replies too, whose destination port is the client's; with flow:to_server it would not.",
    )


def _share_addresses(left: Addresses, right: Addresses) -> bool:
    return any(common(left.maybe[version], right.maybe[version]) for version in LAST_ADDRESS)


def _not_ipv6(rule: Rule) -> Advice | None:
    sides = (rule.header.source, rule.header.destination)
    if rule.effect == ALERT or "$EXTERNAL_NET" not in rule.text or all(side.maybe[6] for side in sides):
        return None
    return Advice(
        NOT_IPV6,
        "",
        "$EXTERNAL_NET is all but HOME_NET within the IP versions that HOME_NET has, so that it matches no IPv6 here; "
        "with IPv6 networks in HOME_NET, or any in its place, it would.",
    )


def _blinds(rule: Rule, lookers: Sequence[Rule]) -> Advice | None:
    if rule.effect != PASS or rule.kind.scope != FLOW or not _sure(rule) or rule.kind.toward == TO_CLIENT:
        return None
    # Before the first data there is nothing to look into, so that it does not matter which of the two is asked first.
    blinded = next((other for other in lookers if covers(rule.header, other.header)), None)
    if blinded is None:
        return None
    return Advice(
        BLINDS,
        blinded.name,
        f"It passes whole flows from their first packet on, so that {blinded.name}, which looks into data, never sees "
        "them; with flow:to_server it would pass packets only.",
    )


def covers(wide: Header, narrow: Header) -> bool:
    """Return whether every packet to the server that a header is for is one that another header is for."""
    return (
        narrow.protocols <= wide.protocols
        and _has_all(wide.source, narrow.source)
        and _has_all(wide.destination, narrow.destination)
        and _has_all_ports(wide.source_port, narrow.source_port)
        and _has_all_ports(wide.destination_port, narrow.destination_port)
    )


def _has_all(wide: Addresses, narrow: Addresses) -> bool:
    if wide is ANY_ADDRESS or wide is narrow:
        return True
    return not any(without(narrow.maybe[version], wide.yes[version]) for version in LAST_ADDRESS)


def _has_all_ports(wide: Ports | None, narrow: Ports | None) -> bool:
    if wide is None:
        return True
    return not without(_EVERY_PORT if narrow is None else narrow.maybe, wide.yes)
