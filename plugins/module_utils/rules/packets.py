# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packets of a connection, as far as rules tell them apart."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .kinds import TO_CLIENT, TO_SERVER, Kind

# What a flow speaks is not looked into.
ANY: Final = "any"

CLIENT: Final = 0
SERVER: Final = 1


class Packet(NamedTuple):
    """One packet: who sent it, and what Suricata knows of its flow by then."""

    side: int
    # The direction that Suricata gives it; of protocols without flows every packet goes to the server.
    toward: str
    first: bool = False
    established: bool = False
    # Whether rules that look into data can match it.
    data: bool = False
    in_flow: bool = True
    last: bool = False
    # Whether it begins a flow of its own, however many packets came before.
    new_flow: bool = False
    # The application that its flow has been found to speak, "" none so far; ANY where that is left open.
    application: str = ANY


Conversation = tuple[Packet, ...]


def _c(**known: Any) -> Packet:
    return Packet(CLIENT, TO_SERVER, **known)


def _s(**known: Any) -> Packet:
    return Packet(SERVER, TO_CLIENT, **known)


_HANDSHAKE: Conversation = (_c(first=True), _s(first=True), _c())
_C_DATA, _S_DATA = _c(established=True, data=True), _s(established=True, data=True)
_C_LAST = _C_DATA._replace(last=True)

# Of an acknowledgement nothing is known that is not known of data. Who speaks first is up to the application.
TCP_TALKS: tuple[Conversation, ...] = (
    (*_HANDSHAKE, _C_DATA, _S_DATA, _C_LAST),
    (*_HANDSHAKE, _S_DATA, _C_DATA, _S_DATA, _C_LAST),
)
TCP_SILENT: tuple[Conversation, ...] = (_HANDSHAKE,)

_QUESTION = _c(first=True, data=True, last=True)
_ANSWER = _s(first=True, established=True, data=True)
DATAGRAMS: tuple[Conversation, ...] = (
    (_QUESTION,),
    (_QUESTION, _ANSWER),
    (_QUESTION, _ANSWER, _c(established=True, data=True, last=True)),
)

# Each packet stands for itself and counts as the first.
_LOOSE_C = Packet(CLIENT, TO_SERVER, first=True, data=True, in_flow=False, last=True)
_LOOSE_S = Packet(SERVER, TO_SERVER, first=True, data=True, in_flow=False)
WITHOUT_FLOW: tuple[Conversation, ...] = ((_LOOSE_C,), (_LOOSE_C, _LOOSE_S))

# Suricata calls every packet of some protocols one to the server, in one flow or in a flow for each direction.
_ONE_WAY_C = Packet(CLIENT, TO_SERVER, first=True, data=True, last=True)
_ONE_WAY_S = Packet(SERVER, TO_SERVER, data=True)
ONE_WAY: tuple[Conversation, ...] = (
    (_ONE_WAY_C, _ONE_WAY_S),
    (_ONE_WAY_C, _ONE_WAY_S._replace(first=True, new_flow=True)),
)
ODD: tuple[Conversation, ...] = (*WITHOUT_FLOW, *DATAGRAMS, *ONE_WAY)


def speaking(application: str, tcp: bool) -> tuple[Conversation, ...]:
    """Return conversations whose flow is found to speak an application, or "" none, at any of their packets with data.

    Over TCP both sides send a packet after that, an acknowledgement if nothing else, before they can change over to
    another application, of which nothing is known.
    """
    if not tcp:
        return tuple(
            tuple(packet._replace(application=application if n >= at else "") for n, packet in enumerate(talk))
            for talk in DATAGRAMS
            for at in (range(len(talk)) if application else (0,))
        )
    start = tuple(packet._replace(application="") for packet in _HANDSHAKE)
    before = ((), (_C_DATA,), (_S_DATA,), (_C_DATA, _S_DATA), (_S_DATA, _C_DATA))
    found = []
    for early in before:
        for spoken in ((_C_DATA, _S_DATA), (_S_DATA, _C_DATA)):
            dumb = tuple(packet._replace(application="") for packet in early)
            known = tuple(packet._replace(application=application) for packet in spoken)
            later = (_C_DATA, _S_DATA, _C_LAST) if application else (_C_LAST._replace(application=""),)
            found.append((*start, *dumb, *known, *later))
    return tuple(found)


def looks_at(kind: Kind, packet: Packet) -> bool:
    """Return whether rules of a kind are held against a packet."""
    if (kind.first and not packet.first) or (kind.data and not packet.data) or (kind.last and not packet.last):
        return False
    if kind.in_flow and not packet.in_flow:
        return False
    if kind.toward and kind.toward != packet.toward:
        return False
    if kind.application and packet.application not in (ANY, kind.application):
        return False
    return kind.established is None or (packet.in_flow and kind.established == packet.established)
