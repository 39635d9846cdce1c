# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flow records and policies to judge them by, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Any

PORTS = (443, 443, 443, 443, 80, 53, 22, 3389, 8443, 5432)
REGULARS = 500


def records(count: int, seed: int) -> list[dict[str, Any]]:
    """Return flow records: half of the sources from a few hundred hosts, the other half new ones; a sixth is IPv6."""
    return list(stream(count, seed))


def stream(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the flow records that records returns, one after another."""
    rng = random.Random(seed)
    regulars = [_addresses(rng) for _host in range(REGULARS)]
    for _flow in range(count):
        source, destination = regulars[rng.randrange(REGULARS)] if rng.random() < 0.5 else _addresses(rng)
        port = rng.choice(PORTS)
        protocol, number = ("udp", 17) if port == 53 else ("tcp", 6)
        packets = rng.randrange(1, 2000)
        yield {
            "source_address": source,
            "source_port": rng.randrange(1024, 65536),
            "destination_address": destination,
            "destination_port": port,
            "protocol": protocol,
            "protocol_number": number,
            "age": rng.randrange(4000),
            "packet_count": packets,
            "byte_count": packets * rng.randrange(60, 1400),
            "availability_zone": "us-east-1a",
        }


def _addresses(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 1 / 6:
        return str(IPv6Address((0xFD00 << 112) | rng.getrandbits(64))), str(
            IPv6Address((0x2000 << 112) | rng.getrandbits(112))
        )
    return f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}", ".".join(
        str(rng.randrange(low, high)) for low, high in ((11, 224), (0, 256), (0, 256), (1, 255))
    )


def threat_policy(networks: int, seed: int) -> dict[str, Any]:
    """Return a policy with one rule that denies flows to a list of networks, /20 to /32 and /32 to /128."""
    rng = random.Random(seed)
    listed = []
    for _network in range(networks):
        if rng.random() < 1 / 6:
            length = rng.choice((32, 48, 64, 128))
            first = ((0x2000 << 112) | rng.getrandbits(112)) >> (128 - length) << (128 - length)
            listed.append(str(IPv6Network((first, length))))
        else:
            length = rng.choice((20, 24, 28, 32, 32, 32))
            first = rng.randrange(11 << 24, 224 << 24) >> (32 - length) << (32 - length)
            listed.append(str(IPv4Network((first, length))))
    return {
        "sets": {"threats": listed},
        "rules": [{"name": "threats", "action": "deny", "destination_address": ["$threats"]}],
    }


def policy(rules: int, seed: int) -> dict[str, Any]:
    """Return a policy with rules that look at addresses, ports, protocols, ages and sizes, most of them denying."""
    rng = random.Random(seed)
    made = []
    for index in range(rules):
        rule: dict[str, Any] = {
            "name": f"rule-{index}",
            "action": "allow" if index % 5 == 4 else "deny",
            "source_address": [f"10.{rng.randrange(256)}.{rng.randrange(256)}.0/24", "fd00::/112"],
            "destination_port": [rng.choice(PORTS), f"{20000 + index}-{20010 + index}"],
            "protocols": ["tcp"],
        }
        if index % 3 == 0:
            rule["destination_address"] = ["!10.0.0.0/8", f"!{rng.randrange(11, 224)}.0.0.0/8"]
        if index % 4 == 0:
            rule["min_age"] = 60
        if index % 7 == 0:
            rule["min_bytes"] = 100_000
        made.append(rule)
    return {"default": "allow", "rules": made}


def with_rules_before(later: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Return a policy with the rules of another one before its own."""
    return {**later, "rules": [*earlier["rules"], *later["rules"]]}
