# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations that were written down with Suricata's verdict on each, asked again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .court import ACTION, STRICT
from .engine import RefusedError, dropped_packets, find, without_order
from .pcap import TCP, UDP, Flow, Talk, write
from .talks import WITHOUT_DATA, talks_over

_TALKS = {
    "tls-split": "tls, in two packets",
    "http:baddomain.com": "http to another name",
    "server-first": "server first",
}


def asked_again(path: Path, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each situation by its name, with the verdict that was written down and the one that is given now.

    Situations with default actions are left out: AWS does not publish their texts.
    """
    program, _version = find()
    programs = {ACTION: program, STRICT: without_order(program, folder)}
    for situation in json.loads(path.read_text(encoding="utf-8")):
        if not situation["default_actions"]:
            written = situation["verdict"]["action"]
            yield situation["name"], written, _verdict(programs[situation["order"]], situation, folder)


def _verdict(program: Path, situation: Mapping[str, Any], folder: Path) -> str:
    source, destination, source_port, destination_port, protocol = situation["flow"]
    flow = Flow(source, destination, source_port, destination_port, protocol)
    capture = folder / "situation.pcap"
    write(capture, [(flow, _talk(situation["payload"], protocol))], [1])
    # Rules of strict order keep their order by their sids, which are given out anew.
    rules = _in_order(situation["rules"]) if situation["order"] == STRICT else situation["rules"]
    try:
        lost = list(dropped_packets(program, capture, rules, folder / "run", home_net=situation["home_net"]))
    except RefusedError:
        return "rejected by Suricata"
    return "drop" if lost else "pass"


def _talk(payload: str, protocol: int) -> Talk:
    if payload == "none":
        return WITHOUT_DATA
    name = _TALKS.get(payload, payload) if protocol in (TCP, UDP) else "opaque"
    return next(talk for talk in talks_over(protocol) if talk.name == name)


def _in_order(rules: list[str]) -> list[str]:
    found = []
    for sid, rule in enumerate(rules, 1):
        before, _sid, after = rule.partition("sid:")
        found.append(f"{before}sid:{sid};{after.partition(';')[2]}")
    return found
