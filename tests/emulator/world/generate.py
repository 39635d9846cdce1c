# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a realistic AWS Network Firewall flow log with planted offences: same seed, same bytes.

Needs nothing but the standard library, so that it also runs by its path:
python tests/emulator/world/generate.py --seed 7 --firewalls 2 --zones 2 --flows 2000 --out flows.jsonl.gz
"""

from __future__ import annotations

import argparse
import gzip
import ipaddress
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

OFFENCES = ("ssh_to_internet", "rdp_to_internet", "telnet_inside", "threat", "large_upload")
CORPORATE = ("10.0.0.0/8", "fd00::/8")
THREATS = ("198.51.100.0/24", "2001:db8:bad::/48")
# An upload is large from a gigabyte on, and its flow old from a day on; nothing else in the log is either.
LARGE_BYTES = 1_000_000_000
OLD_AGE = 86_400
FEWEST = 20
_NAMES = ("egress", "inspection", "branch", "partner")
_NOW = datetime(2026, 1, 15, 12, 0, tzinfo=timezone.utc)
_INTERNET = {4: ("198.18.0.0/15", "203.0.113.0/24"), 6: ("2001:db8:cafe::/48",)}
# Port, protocol, application protocol as Suricata names it, and how often.
_OUTWARD = (
    (443, "TCP", "tls", 40),
    (443, "UDP", "quic", 10),
    (80, "TCP", "http", 10),
    (53, "UDP", "dns", 14),
    (123, "UDP", "ntp", 6),
    (587, "TCP", "smtp", 3),
    (993, "TCP", "imap", 3),
)
_INWARD = (
    (22, "TCP", "ssh", 2),
    (445, "TCP", "smb", 4),
    (5432, "TCP", "pgsql", 4),
    (3389, "TCP", "rdp", 1),
    (8080, "TCP", "http", 3),
    (514, "UDP", "failed", 3),
    (3868, "SCTP", "failed", 2),
)


@dataclass(frozen=True)
class _Flow:
    source: str
    source_port: int | None
    destination: str
    destination_port: int | None
    protocol: str
    app: str
    age: int
    packets: int
    octets: int
    offence: str | None = None


def zones_of(firewalls: int, zones: int) -> list[tuple[str, str]]:
    """Return the (firewall name, zone) pairs of a log with that many firewalls of that many zones each."""
    if not 1 <= zones <= 6:
        raise ValueError("zones must be 1 to 6")
    if firewalls < 1:
        raise ValueError("firewalls must be at least 1")
    names = [_NAMES[i] if i < len(_NAMES) else f"firewall-{i + 1}" for i in range(firewalls)]
    return [(name, f"us-east-1{'abcdef'[i]}") for name in names for i in range(zones)]


def planted(
    seed: int = 7, firewalls: int = 2, zones: int = 2, flows: int = 2000
) -> dict[tuple[str, str], dict[str, int]]:
    """Return how many flows of each offence the log with these numbers holds, by (firewall name, zone)."""
    found = {}
    for name, zone, made in _all_flows(seed, firewalls, zones, flows):
        counts = Counter(flow.offence for flow in made if flow.offence)
        found[(name, zone)] = {offence: counts[offence] for offence in OFFENCES}
    return found


def records(seed: int = 7, firewalls: int = 2, zones: int = 2, flows: int = 2000) -> Iterator[dict[str, Any]]:
    """Yield the log's records; flows is the number of flows in the whole log, spread evenly over the zones."""
    for name, zone, made in _all_flows(seed, firewalls, zones, flows):
        rng = random.Random(f"{seed}/{name}/{zone}/records")
        for position, flow in enumerate(made):
            flow_id = rng.getrandbits(40) << 11 | position & 0x7FF
            yield from _records_of(rng, name, zone, flow_id, flow)
            if position % 97 == 50:
                yield _alert(name, zone, flow_id, flow)


def write_log(
    path: str | Path, *, seed: int = 7, firewalls: int = 2, zones: int = 2, flows: int = 2000
) -> dict[tuple[str, str], dict[str, int]]:
    """Write the log to path (.gz by suffix); returns what planted() says of it."""
    lines = (
        json.dumps(record, separators=(",", ":")) + "\n"
        for record in records(seed=seed, firewalls=firewalls, zones=zones, flows=flows)
    )
    with open(path, "wb") as plain:
        if str(path).endswith(".gz"):
            # Neither name nor time in the gzip header: same seed, same bytes.
            with gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0) as packed:
                packed.writelines(line.encode() for line in lines)
        else:
            plain.writelines(line.encode() for line in lines)
    return planted(seed, firewalls, zones, flows)


def _all_flows(seed: int, firewalls: int, zones: int, flows: int) -> Iterator[tuple[str, str, list[_Flow]]]:
    places = zones_of(firewalls, zones)
    if flows < FEWEST * len(places):
        raise ValueError(f"flows must be at least {FEWEST * len(places)} for {len(places)} zones")
    for number, (name, zone) in enumerate(places):
        count = flows // len(places) + (1 if number < flows % len(places) else 0)
        yield name, zone, _zone_flows(random.Random(f"{seed}/{name}/{zone}"), count)


def _zone_flows(rng: random.Random, count: int) -> list[_Flow]:
    wanted: list[str | None] = []
    for offence in OFFENCES[:-1]:
        wanted.extend([offence] * rng.randint(2, max(2, count // 100)))
    wanted.append("large_upload")
    wanted.extend([None] * (count - len(wanted)))
    rng.shuffle(wanted)
    made: list[_Flow] = []
    seen: set[tuple[Any, ...]] = set()
    while len(made) < count:
        flow = _make(rng, wanted[len(made)])
        # A state table holds a 5-tuple once, whichever side of it is written first.
        ends = frozenset([(flow.source, flow.source_port), (flow.destination, flow.destination_port)])
        key = (flow.protocol, ends)
        if key not in seen:
            seen.add(key)
            made.append(flow)
    return made


def _host(rng: random.Random, network: str) -> str:
    net = ipaddress.ip_network(network)
    if net.version == 4:
        return str(net[rng.randrange(1, net.num_addresses - 1)])
    # Hosts of a few subnets, as people number them, instead of 64 random bits.
    subnet = rng.randrange(16) << 64 if net.prefixlen < 64 else 0
    return ipaddress.IPv6Address(int(net.network_address) + subnet + rng.randrange(1, 1 << 16)).exploded


def _inside(rng: random.Random, version: int) -> str:
    return _host(rng, rng.choice(("10.20.0.0/16", "10.31.4.0/22")) if version == 4 else "fd00:20::/32")


def _internet(rng: random.Random, version: int) -> str:
    return _host(rng, rng.choice(_INTERNET[version]))


def _age(rng: random.Random) -> int:
    return min(int(rng.expovariate(1 / 400)), OLD_AGE // 2)


def _volume(rng: random.Random, largest: int = 50_000_000) -> tuple[int, int]:
    packets = max(2, int(rng.paretovariate(1.1) * 4))
    octets = min(packets * rng.randint(60, 1200), largest)
    return min(packets, octets // 60), octets


def _make(rng: random.Random, offence: str | None) -> _Flow:
    version = 6 if rng.random() < 0.25 else 4
    packets, octets = _volume(rng)
    age = _age(rng)
    source, source_port = _inside(rng, version), rng.randint(32768, 60999)
    if offence is None:
        return _ordinary(rng, version, source, source_port, age, packets, octets)
    port, app, destination = {
        "ssh_to_internet": (22, "ssh", _internet(rng, version)),
        "rdp_to_internet": (3389, "rdp", _internet(rng, version)),
        "telnet_inside": (23, "telnet", _inside(rng, version)),
        "threat": (443, "tls", _host(rng, THREATS[0] if version == 4 else THREATS[1])),
        "large_upload": (443, "tls", _internet(rng, version)),
    }[offence]
    # Old enough that a flush which spares everything born since the capture still reaches it.
    age = max(age, 30)
    if offence == "large_upload":
        age = rng.randint(OLD_AGE, 7 * OLD_AGE)
        octets = rng.randint(5 * LARGE_BYTES, 50 * LARGE_BYTES)
        packets = octets // 1200
    return _Flow(source, source_port, destination, port, "TCP", app, age, packets, octets, offence)


def _ordinary(
    rng: random.Random, version: int, source: str, source_port: int, age: int, packets: int, octets: int
) -> _Flow:
    if rng.random() < 0.03:
        protocol = "ICMP" if version == 4 else "IPv6-ICMP"
        destination = _internet(rng, version) if rng.random() < 0.5 else _inside(rng, version)
        return _Flow(source, None, destination, None, protocol, "unknown", age, packets, octets)
    inward = rng.random() < 0.2
    services = _INWARD if inward else _OUTWARD
    port, protocol, app, _weight = rng.choices(services, weights=[service[3] for service in services])[0]
    destination = _inside(rng, version) if inward else _internet(rng, version)
    return _Flow(source, source_port, destination, port, protocol, app, age, packets, octets)


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f+0000")


def _records_of(rng: random.Random, name: str, zone: str, flow_id: int, flow: _Flow) -> Iterator[dict[str, Any]]:
    end = _NOW - timedelta(microseconds=rng.randrange(1, 60_000_000))
    begin = end - timedelta(seconds=flow.age, microseconds=rng.randrange(999_999))
    # A few requests are never answered: one record, one direction.
    answered = flow.packets > 1 and (flow.offence is not None or rng.random() < 0.9)
    there = flow.packets - flow.packets // 2 if answered else flow.packets
    octets = max(there * 40, flow.octets * (9 if flow.offence == "large_upload" else 4) // 10)
    octets = min(octets, flow.octets) if answered else flow.octets
    ends = (flow.source, flow.source_port, flow.destination, flow.destination_port)
    yield _netflow(name, zone, flow_id, flow, ends, there, octets, begin, end)
    if answered:
        ends = (flow.destination, flow.destination_port, flow.source, flow.source_port)
        yield _netflow(name, zone, flow_id, flow, ends, flow.packets - there, flow.octets - octets, begin, end)


def _netflow(
    name: str,
    zone: str,
    flow_id: int,
    flow: _Flow,
    ends: tuple[str, int | None, str, int | None],
    packets: int,
    octets: int,
    begin: datetime,
    end: datetime,
) -> dict[str, Any]:
    event: dict[str, Any] = {"timestamp": _stamp(_NOW), "flow_id": flow_id, "event_type": "netflow", "src_ip": ends[0]}
    if ends[1] is not None:
        event["src_port"] = ends[1]
    event["dest_ip"] = ends[2]
    if ends[3] is not None:
        event["dest_port"] = ends[3]
    event["proto"] = flow.protocol
    event["app_proto"] = flow.app
    event["netflow"] = {
        "pkts": packets,
        "bytes": octets,
        "start": _stamp(begin),
        "end": _stamp(end),
        "age": flow.age,
        "min_ttl": 64,
        "max_ttl": 64,
    }
    if flow.protocol == "TCP":
        event["tcp"] = {"tcp_flags": "1a", "syn": True, "psh": True, "ack": True}
    return _envelope(name, zone, event)


def _alert(name: str, zone: str, flow_id: int, flow: _Flow) -> dict[str, Any]:
    """Return a record of another event type, of which real logs are full and which readers pass over."""
    event: dict[str, Any] = {
        "timestamp": _stamp(_NOW),
        "flow_id": flow_id,
        "event_type": "alert",
        "src_ip": flow.source,
        "dest_ip": flow.destination,
        "proto": flow.protocol,
        "alert": {"action": "allowed", "signature_id": 1, "signature": "first packet", "severity": 3},
    }
    return _envelope(name, zone, event)


def _envelope(name: str, zone: str, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "firewall_name": name,
        "availability_zone": zone,
        "event_timestamp": str(int(_NOW.timestamp())),
        "event": event,
    }


def main(argv: list[str] | None = None) -> int:
    """Write a log and print what was planted; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write a flow log with planted offences.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--firewalls", type=int, default=2)
    parser.add_argument("--zones", type=int, default=2, help="zones of each firewall (1-6)")
    parser.add_argument("--flows", type=int, default=2000, help="flows in the whole log")
    parser.add_argument("--out", required=True, help="file to write, .gz by suffix")
    options = parser.parse_args(argv)
    try:
        found = write_log(
            options.out, seed=options.seed, firewalls=options.firewalls, zones=options.zones, flows=options.flows
        )
    except (ValueError, OSError) as error:
        print(f"generate: {error}", file=sys.stderr)
        return 2
    for (name, zone), counts in found.items():
        print(f"{name} {zone}: " + ", ".join(f"{offence} {count}" for offence, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
