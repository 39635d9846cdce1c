# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy import Verdict
from ansible_collections.flowops.aws.plugins.module_utils.audit.summary import Summary, verdict_of
from ansible_collections.flowops.aws.plugins.module_utils.audit.talkers import MEASURES, HeavyHitters, Talkers, packed


def skewed(seed: int, keys: int, total: int) -> list[tuple[str, int]]:
    chance = random.Random(seed)
    return [(f"k{int(keys * chance.random() ** 4)}", chance.randint(0, 1500)) for _round in range(total)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("page", [1, 100])
def test_a_heavy_hitters_count_is_within_its_error_and_memory_is_bounded(seed: int, page: int) -> None:
    hitters = HeavyHitters(32)
    truth: Counter[str] = Counter()
    flows = skewed(seed, 2000, 10_000)
    for start in range(0, len(flows), page):
        keys, amounts = zip(*flows[start : start + page], strict=True)
        hitters.add(keys, amounts)
        for key, amount in zip(keys, amounts, strict=True):
            truth[key] += amount
        assert len(hitters.counts) <= 32
    assert 0 < hitters.error <= sum(truth.values()) / 16
    for key, amount in truth.items():
        count = hitters.counts.get(key, 0)
        assert amount - hitters.error <= count <= amount, key
    # The very heaviest key cannot be missing: it weighs more than the error.
    heaviest, weight = truth.most_common(1)[0]
    assert weight > hitters.error
    assert heaviest in hitters.counts


def test_equal_weights_are_bounded_too() -> None:
    hitters = HeavyHitters(4)
    for number in range(1000):
        hitters.add([f"k{number}"], [1])
        assert len(hitters.counts) <= 4
    assert all(1 - hitters.error <= count <= 1 for count in hitters.counts.values())


def fed(talkers: Talkers, flows: list[tuple[str, int]]) -> dict[str, tuple[int, int, int]]:
    """Feed flows in pages of a hundred, packets derived from the position; returns the truth per key."""
    truth: dict[str, tuple[int, int, int]] = {}
    for start in range(0, len(flows), 100):
        keys, sizes = zip(*flows[start : start + 100], strict=True)
        packets = [position % 7 for position in range(start, start + len(keys))]
        talkers.add(keys, packed(sizes, packets))
        for key, size, count in zip(keys, sizes, packets, strict=True):
            known = truth.get(key, (0, 0, 0))
            truth[key] = (known[0] + size, known[1] + count, known[2] + 1)
    return truth


def ranked(truth: dict[str, tuple[int, int, int]], at: int) -> list[tuple[str, tuple[int, int, int]]]:
    return sorted(truth.items(), key=lambda item: (-item[1][at], item[0]))


def test_talkers_are_exact_up_to_their_capacity() -> None:
    talkers = Talkers(100)
    truth = fed(talkers, skewed(1, 100, 5000))
    for at, measure in enumerate(MEASURES):
        wanted = ranked(truth, at)[:10]
        assert talkers.top(measure, 10) == [
            {"key": key, "bytes": amounts[0], "packets": amounts[1], "flows": amounts[2]} for key, amounts in wanted
        ]


def test_talkers_beyond_their_capacity_keep_to_the_error_they_state() -> None:
    talkers = Talkers(100)
    truth = fed(talkers, skewed(3, 5000, 30_000))
    for at, measure in enumerate(MEASURES):
        top = talkers.top(measure, 10)
        assert len(top) == 10
        assert top[0]["key"] == ranked(truth, at)[0][0]
        for item in top:
            assert item["error"] > 0
            assert truth[item["key"]][at] - item["error"] <= item[measure] <= truth[item["key"]][at]


def test_the_memory_of_a_summary_does_not_grow_with_the_flows() -> None:
    summary = Summary(64)
    for number in range(5000):
        summary.add_all([record(f"10.{number >> 8}.{number & 255}.1", destination_port=number)], [None])
    for talkers in summary.talkers.values():
        assert talkers.key_count <= 64
    assert summary.flow_count == 5000


@pytest.mark.parametrize("flows", [50, 3000])
def test_addresses_and_pairs_are_counted_and_named_as_they_were(flows: int) -> None:
    chance = random.Random(flows)
    pools = [
        ["10.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::7", "ffff:ffff::ffff", "?", "10.0.0.0/24"],
        ["192.0.2.7", "0.0.0.0", "::", "fd00::1", "?"],
    ]
    talkers = {dimension: Talkers(500) for dimension in ("source", "pair")}
    truth: dict[str, Counter[str]] = {dimension: Counter() for dimension in talkers}
    for _page in range(flows // 50):
        sources, destinations = ([chance.choice(pool) for _flow in range(50)] for pool in pools)
        sizes = [chance.randrange(2**62) for _flow in range(50)]
        amounts = packed(sizes, [2**63 - 1] * 50)
        talkers["source"].add(sources, amounts)
        talkers["pair"].add(list(zip(sources, destinations, strict=True)), amounts)
        for source, destination, size in zip(sources, destinations, sizes, strict=True):
            truth["source"][source] += size
            truth["pair"][f"{source} -> {destination}"] += size
    for dimension, counter in truth.items():
        rows = talkers[dimension].top("bytes", 1000)
        assert {row["key"]: row["bytes"] for row in rows} == dict(counter)
        assert [row["bytes"] for row in rows] == sorted(counter.values(), reverse=True)
        assert sum(row["packets"] for row in rows) == flows * (2**63 - 1)
        assert sum(row["flows"] for row in rows) == flows


def test_nothing_is_kept_of_talkers_that_nobody_asks_for() -> None:
    summary = Summary(top_n=0)
    summary.add_all([{"source_address": "10.0.0.1", "age": 5, "byte_count": 9}] * 3, [None] * 3)
    assert summary.flow_count == 3
    assert [talkers.key_count for talkers in summary.talkers.values()] == [0] * 4
    assert summary.top(0)["by_bytes"] == {"source": [], "destination": [], "pair": [], "port": []}


def test_equal_talkers_come_in_an_order_of_their_own() -> None:
    keys = [f"10.0.{number >> 8}.{number & 255}" for number in range(600)]
    tops = []
    for seed in range(3):
        random.Random(seed).shuffle(keys)
        talkers = Talkers(1000)
        talkers.add(keys, packed([7] * 600, [1] * 600))
        tops.append(talkers.top("bytes", 3))
    assert tops[0] == tops[1] == tops[2]
    assert [row["key"] for row in tops[0]] == ["10.0.0.0", "10.0.0.1", "10.0.0.2"]


def record(source: str, zone: str = "us-east-1a", **members: Any) -> dict[str, Any]:
    return {
        "source_address": source,
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocol": "tcp",
        "byte_count": 100,
        "packet_count": 2,
        "availability_zone": zone,
        **members,
    }


def test_a_summary_counts_flows_and_findings() -> None:
    summary = Summary()
    high, low = Verdict("ssh", "high"), Verdict("web", "low")
    summary.add_all([record("10.0.0.1")], [high])
    summary.add_all([record("10.0.0.1", "us-east-1b")], [high])
    summary.add_all([record("10.0.0.2", byte_count=5000)], [low])
    summary.add_all([record("10.0.0.3")], [None])
    assert (summary.flow_count, summary.findings_total) == (4, 3)
    assert summary.counts() == {
        "by_rule": {"ssh": 2, "web": 1},
        "by_severity": {"high": 2, "low": 1},
        "by_zone": {"us-east-1a": 2, "us-east-1b": 1},
    }
    top = summary.top(2)
    assert [item["key"] for item in top["by_bytes"]["source"]] == ["10.0.0.2", "10.0.0.1"]
    assert [(item["key"], item["flows"]) for item in top["by_flows"]["source"]] == [("10.0.0.1", 2), ("10.0.0.2", 1)]
    assert top["by_packets"]["pair"][0] == {
        "key": "10.0.0.1 -> 198.51.100.7", "bytes": 200, "packets": 4, "flows": 2,
    }  # fmt: skip
    assert top["by_bytes"]["port"] == [{"key": "22/tcp", "bytes": 5300, "packets": 8, "flows": 4}]


def test_what_a_flow_lacks_is_counted_as_such() -> None:
    summary = Summary()
    summary.add_all([{"protocol": "icmp", "source_address": "10.0.0.1", "destination_address": "10.0.0.2"}], [None])
    summary.add_all([{}], [None])
    top = summary.top(5)
    assert [item["key"] for item in top["by_flows"]["port"]] == ["?", "icmp"]
    assert summary.flow_count == 2


@pytest.mark.parametrize(
    ("findings", "reasons", "verdict"),
    [
        (0, [], "compliant"),
        (0, ["partial"], "inconclusive"),
        (0, ["nothing_judged"], "inconclusive"),
        (1, [], "noncompliant"),
        (7, ["partial", "unreadable"], "noncompliant"),
    ],
)
def test_only_a_whole_capture_without_findings_is_compliant(findings: int, reasons: list[str], verdict: str) -> None:
    assert verdict_of(findings, reasons) == verdict


def test_unreadable_flows_are_counted_and_the_first_of_them_shown_in_short() -> None:
    summary = Summary()
    summary.add_unreadable(record("10.0.0.1", destination_port="x" * 5000, at=number) for number in range(50))
    told = summary.unreadable()
    assert told["count"] == 50
    assert [example["at"] for example in told["examples"]] == list(range(10))
    assert {len(example["destination_port"]) for example in told["examples"]} == {100}
