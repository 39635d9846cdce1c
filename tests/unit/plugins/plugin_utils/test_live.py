# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.flowops.aws.plugins.plugin_utils.live import fleet_lines, live_lines

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"


def zones(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"availability_zone": zone, "flow_count": count} for zone, count in counts.items()]


def result(**members: Any) -> dict[str, Any]:
    talker = {"key": "10.0.3.17", "bytes": 3_456_000, "packets": 1200, "flows": 3}
    return {
        "firewall_arn": ARN,
        "firewall_name": "egress",
        "verdict": "inconclusive",
        "flow_count": 7052,
        "operations": zones({"us-east-1b": 52, "us-east-1a": 7000}),
        "top": {
            "by_bytes": {"pair": [{**talker, "key": "10.0.3.17 > 203.0.113.5"}], "source": [talker, talker]},
            "by_flows": {"port": [{"key": "443/tcp", "bytes": None, "packets": 7, "flows": 5000, "error": 3}]},
            "by_age": {"pair": [{"key": "10.0.3.17 > 203.0.113.5", "age": 90_061}]},
        },
        **members,
    }


def test_everything_that_is_alive_stands_below_each_other_and_nothing_is_judged() -> None:
    lines = live_lines(result(), rows=1)
    assert lines == [
        "egress (111122223333, us-east-1): 7,052 live flows",
        "Zone        flows",
        "us-east-1a  7,000",
        "us-east-1b     52",
        "",
        "Pairs with the most bytes   bytes  packets  flows",
        "10.0.3.17 > 203.0.113.5    3.5 MB    1,200      3",
        "",
        "Sources with the most bytes   bytes  packets  flows",
        "10.0.3.17                    3.5 MB    1,200      3",
        "",
        "Ports with the most flows  bytes  packets     flows",
        "443/tcp                        -     >= 7  >= 5,000",
        "",
        "Longest-lived                age",
        "10.0.3.17 > 203.0.113.5  1 d 1 h",
    ]
    assert "inconclusive" not in " ".join(lines)


def test_flows_that_may_be_missing_are_told_and_one_flow_is_one() -> None:
    assert live_lines(result(flow_count=1, partial=True, operations=[], top={})) == [
        "egress (111122223333, us-east-1): 1 live flow; flows may be missing from the capture",
        "Zone  flows",
        "-         0",
    ]


def test_text_from_aws_stays_one_line() -> None:
    hostile = result(firewall_name="a\nb\x1b[31m", top={"by_bytes": {"pair": [{"key": "x" * 200, "bytes": 1}]}})
    lines = live_lines(hostile)
    assert not [line for line in lines if "\n" in line or "\x1b" in line]
    assert max(map(len, lines)) < 160


def test_a_fleet_is_told_by_firewall_and_zone_with_the_fullest_first() -> None:
    small = result(firewall_name="lab", flow_count=1, operations=zones({"us-east-1a": 1}))
    assert fleet_lines([small, result()]) == [
        "2 firewalls, 7,053 live flows",
        "Firewall  account       Region     zone        flows",
        "egress    111122223333  us-east-1  us-east-1a  7,000",
        "egress    111122223333  us-east-1  us-east-1b     52",
        "lab       111122223333  us-east-1  us-east-1a      1",
    ]
