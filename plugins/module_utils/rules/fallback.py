# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stateless rules, and what a policy does where no rule decides, read into rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..flows.spans import merged
from . import keywords
from .headers import ANY_ADDRESS, Addresses, HeaderError, Ports, addresses_of
from .kinds import EITHER, PACKET, TO_CLIENT, TO_SERVER, Kind
from .ruleset import ANY_HEADER, DROP, FORWARD, PASS, Header, Rule, StatelessRule
from .verdicts import DEFAULT_ACTION, TCP_FLAGS, UNREADABLE

_EFFECTS = {"aws:pass": PASS, "aws:drop": DROP, "aws:forward_to_sfe": FORWARD}
_EVERY_PORT = ((0, 65535),)
# Stateless rules ask for ports where there are any for them.
_WITH_PORTS = frozenset({keywords.TCP, keywords.UDP})
_NOT_TCP = keywords.EVERY_PROTOCOL - {keywords.TCP}
_STREAMS = frozenset({keywords.TCP, keywords.UDP})


def effect_of(actions: Sequence[str], otherwise: str = FORWARD) -> str:
    """Return what the actions of a stateless rule do to a packet; custom actions only count and tell."""
    return next((_EFFECTS[action] for action in actions if action in _EFFECTS), otherwise)


def stateless_rules(name: str, group: Mapping[str, Any]) -> Iterator[StatelessRule]:
    """Yield the rules of a stateless rule group, lowest priority first."""
    source = (group.get("RulesSource") or {}).get("StatelessRulesAndCustomActions") or {}
    for rule in sorted(source.get("StatelessRules") or (), key=lambda rule: int(rule.get("Priority", 0))):
        definition = rule.get("RuleDefinition") or {}
        attributes = definition.get("MatchAttributes") or {}
        effect = effect_of(definition.get("Actions") or (), "")
        if not effect:
            # What AWS may have come up with since, or a hand in a file.
            yield from unread_stateless(name, UNREADABLE, "Actions")
            continue
        yield from _split(name, int(rule.get("Priority", 0)), effect, attributes)


def unread_stateless(name: str, reason: str, keyword: str) -> list[StatelessRule]:
    """Return what stands for stateless rules that are not known."""
    return [StatelessRule(name, 0, effect, ANY_HEADER, False, reason, keyword) for effect in (PASS, DROP, FORWARD)]


def _split(name: str, priority: int, effect: str, attributes: Mapping[str, Any]) -> Iterator[StatelessRule]:
    """Yield a stateless rule, as two where it is sure for some protocols only."""
    text = _shown(effect, attributes)
    protocols = frozenset(int(number) for number in attributes.get("Protocols") or keywords.EVERY_PROTOCOL)
    try:
        source, destination = (_addresses(attributes.get(side)) for side in ("Sources", "Destinations"))
        ports = _ports(attributes.get("SourcePorts")), _ports(attributes.get("DestinationPorts"))
    except (HeaderError, KeyError, TypeError, ValueError):
        yield StatelessRule(name, priority, effect, ANY_HEADER, False, UNREADABLE, "MatchAttributes", text)
        return
    header = Header(source, ports[0], destination, ports[1], protocols)
    if ports != (None, None):
        header = header._replace(protocols=protocols & _WITH_PORTS)
        # The whole range of ports may be meant to let every protocol through; AWS does not say.
        rest = protocols - _WITH_PORTS
        if rest and all(side is None or side.yes == _EVERY_PORT for side in ports):
            loose = header._replace(source_port=None, destination_port=None, protocols=rest)
            yield StatelessRule(name, priority, effect, loose, False, UNREADABLE, "Ports", text)
    if attributes.get("TCPFlags"):
        flagged = header._replace(protocols=header.protocols & {keywords.TCP})
        yield StatelessRule(name, priority, effect, flagged, False, TCP_FLAGS, "TCPFlags", text)
        others = header._replace(protocols=header.protocols & _NOT_TCP)
        yield StatelessRule(name, priority, effect, others, False, TCP_FLAGS, "TCPFlags", text)
        return
    yield StatelessRule(name, priority, effect, header, text=text)


def _addresses(items: Sequence[Mapping[str, Any]] | None) -> Addresses:
    texts = [item["AddressDefinition"] for item in items or ()]
    return addresses_of(f"[{','.join(texts)}]") if texts else ANY_ADDRESS


def _ports(items: Sequence[Mapping[str, Any]] | None) -> Ports | None:
    spans = merged((int(item["FromPort"]), int(item.get("ToPort", item["FromPort"]))) for item in items or ())
    return Ports(spans, spans) if spans else None


def _shown(effect: str, attributes: Mapping[str, Any]) -> str:
    def side(addresses: str, ports: str) -> str:
        hosts = ",".join(str(item.get("AddressDefinition")) for item in attributes.get(addresses) or ()) or "any"
        spans = ",".join(f"{p.get('FromPort')}-{p.get('ToPort')}" for p in attributes.get(ports) or ()) or "any"
        return f"{hosts} {spans}"

    protocols = ",".join(str(number) for number in attributes.get("Protocols") or ()) or "any"
    flags = " flags" if attributes.get("TCPFlags") else ""
    sides = f"{side('Sources', 'SourcePorts')} -> {side('Destinations', 'DestinationPorts')}"
    return f"{effect} {protocols} {sides}{flags}"


def _default(name: str, protocols: frozenset[int], **kind: Any) -> Rule:
    words = {"type": "default", "scope": PACKET, **kind}
    if not words.get("certain", True):
        words |= {"scope": EITHER, "reason": DEFAULT_ACTION, "keyword": name}
    return Rule(name, 0, "drop", DROP, Header(protocols=protocols), Kind(**words))


def default_rules(actions: Sequence[str]) -> Iterator[Rule]:
    """Yield what the default actions of a policy do to packets that no stateful rule decides.

    AWS does not publish the texts of these rules: where a reading of its words could be wrong, they decide nothing.
    """
    tcp, others = frozenset({keywords.TCP}), _NOT_TCP
    for action in actions:
        if action == "aws:drop_strict":
            yield _default(action, keywords.EVERY_PROTOCOL)
        elif action == "aws:drop_established":
            yield _default(action, tcp, established=True, in_flow=True, toward=TO_SERVER)
            yield _default(action, others)
        elif action in ("aws:drop_established_app_layer", "aws:drop_established_app_layer_to_server"):
            toward = TO_SERVER if action.endswith("_to_server") else ""
            established = {"established": True, "in_flow": True}
            yield _default(action, tcp, **established, certain=False, toward=toward)
            yield _default(action, tcp, **established, last=True, toward=TO_SERVER)
            yield _default(action, others, toward=TO_SERVER)
            yield _default(action, others, certain=False, toward=TO_CLIENT)
        elif not action.startswith("aws:alert_"):
            yield _default(action, keywords.EVERY_PROTOCOL, certain=False)
