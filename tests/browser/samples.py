# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit results as large and as mixed as real ones, made of numbers that are the same every time."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

ARN = "arn:aws:network-firewall:eu-central-1:123456789012:firewall/egress"
ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
RULES: list[dict[str, Any]] = [
    {
        "name": "no-ssh-to-internet",
        "action": "deny",
        "severity": "high",
        "description": "Administrators come in over the bastion; SSH straight to the internet goes around it.",
        "text": "deny tcp from $corp to !$corp port 22",
    },
    {"name": "known-bad-addresses", "action": "deny", "severity": "critical", "description": "Listed by the SOC."},
    {"name": "no-plain-http", "action": "deny", "severity": "low"},
    {"name": "no-dns-around-the-resolver", "action": "deny", "severity": "medium", "text": "deny udp port 53"},
    {"name": "no-tunnels", "action": "deny", "severity": "medium"},
    {"name": "partner-vpn", "action": "allow", "expired": True},
]
HOSTILE = "</script><img src=x onerror=document.title='owned'><b>"


def finding(random_of: random.Random, number: int) -> dict[str, Any]:
    """Return the finding of that number; every tenth is of IPv6, every hundredth has no port and no bytes."""
    rule = RULES[random_of.choices(range(5), (50, 2, 20, 25, 3))[0]]
    flow: dict[str, Any] = {
        "source_address": f"10.{random_of.randrange(40)}.{random_of.randrange(256)}.{random_of.randrange(1, 255)}",
        "source_port": random_of.randrange(1024, 65536),
        "destination_address": f"198.51.{random_of.randrange(100, 102)}.{random_of.randrange(256)}",
        "destination_port": random_of.choice((22, 80, 53, 443)),
        "protocol": "udp" if "dns" in rule["name"] else "tcp",
        "protocol_number": 17 if "dns" in rule["name"] else 6,
        "age": random_of.randrange(200_000),
        "packet_count": random_of.randrange(1, 10_000),
        "byte_count": int(random_of.paretovariate(0.6) * 400),
        "availability_zone": random_of.choice(ZONES),
        "rule": rule["name"],
        "severity": rule["severity"],
    }
    if number % 10 == 3:
        flow["source_address"] = f"fd00:{random_of.randrange(16):x}::{random_of.randrange(1, 65536):x}"
        flow["destination_address"] = f"2001:db8:{random_of.randrange(65536):x}::1"
    if number % 100 == 7:
        flow |= {"protocol": "icmp", "protocol_number": 1}
        for member in ("source_port", "destination_port", "byte_count"):
            del flow[member]
    return flow


def findings(count: int) -> list[dict[str, Any]]:
    """Return so many findings, the same every time."""
    random_of = random.Random(20260131)
    return [finding(random_of, number) for number in range(count)]


def audit(found: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
    """Return an audit result with these findings."""
    sources = Counter(flow["source_address"] for flow in found)
    heavy = [
        {"key": key, "bytes": 9_400_000 * (11 - place), "packets": 8200 * (11 - place), "flows": flows}
        for place, (key, flows) in enumerate(sources.most_common(10), 1)
    ]
    pairs = [{**row, "key": f"{row['key']} -> 198.51.100.{place}"} for place, row in enumerate(heavy)]
    oldest = [{"key": row["key"], "age": 864_000 // place} for place, row in enumerate(heavy, 1)]
    return {
        "verdict": "noncompliant" if found else "compliant",
        "partial": False,
        "firewall_arn": ARN,
        "firewall_name": "egress",
        "audited_at": "2026-01-31T12:00:05+00:00",
        "flow_count": 4 * len(found) + 1512,
        "findings_total": len(found),
        "findings": found[:100],
        "counts": {
            "by_rule": Counter(flow["rule"] for flow in found),
            "by_severity": Counter(flow["severity"] for flow in found),
            "by_zone": Counter(flow["availability_zone"] for flow in found),
        },
        "rules": RULES,
        "addresses": {
            row["key"]: {"instance_id": f"i-0{place:x}abc", "name": f"web-{place}"}
            for place, row in enumerate(heavy[:4], 1)
        },
        "top": {
            "by_bytes": {"source": heavy, "destination": pairs[:3], "pair": pairs, "port": heavy[:2]},
            "by_age": {"source": oldest, "pair": oldest[:4]},
        },
        "operations": [
            {
                "availability_zone": zone,
                "flow_operation_id": f"0a1b2c3d-0000-4000-8000-0123456789a{place}",
                "flow_operation_status": "COMPLETED",
                "flow_request_timestamp": "2026-01-31T11:59:00Z",
                "flow_count": 2 * len(found),
            }
            for place, zone in enumerate(ZONES)
        ],
        "plan": plan(len(found)),
        "warnings": ["EC2 was not asked about 3 addresses: not permitted."],
        **members,
    }


def plan(flow_count: int) -> dict[str, Any]:
    """Return a plan that cuts so many flows."""
    filters = [
        {
            "source_address": "10.3.0.0/16",
            "destination_address": "198.51.100.0/24",
            "destination_port": 22,
            "protocols": ["tcp"],
        },
        {"source_address": "fd00:1::/32", "destination_address": "2001:db8::/32", "protocols": ["udp"]},
    ]
    return {
        "flow_count": flow_count,
        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "inseparable": 1,
        "collateral": 0,
        "operations": [
            {
                "availability_zone": zone,
                "flow_filters": filters,
                "flow_counts": [flow_count // 4, 2],
                "minimum_flow_age": 61,
                "captured_at": "2026-01-31T11:59:00Z",
                "flow_count": flow_count // 3,
            }
            for zone in ZONES
        ],
    }
