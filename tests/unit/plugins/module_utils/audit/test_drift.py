# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.audit.drift import Drift
from ansible_collections.flowops.aws.plugins.module_utils.audit.talkers import Oldest

FIVE = ("availability_zone", "source_address", "source_port", "destination_address", "destination_port", "protocol")


def record(number: int, **members: Any) -> dict[str, Any]:
    return {
        "source_address": f"10.0.0.{number}",
        "source_port": 40000 + number,
        "destination_address": "192.0.2.1",
        "destination_port": 443,
        "protocol": "tcp",
        "age": 7,
        "availability_zone": "us-east-1a",
        **members,
    }


def drift_of(before: list[dict[str, Any]], after: list[dict[str, Any]], shown: int = 100) -> dict[str, Any]:
    drift = Drift(lambda: iter(before), shown)
    drift.add_all(after[:2])
    drift.add_all(after[2:])
    return drift.as_result()


def test_new_gone_and_talkers_never_seen() -> None:
    told = drift_of([record(1), record(2), record(3)], [record(2, age=900), record(4), record(1)])
    assert told == {
        "baseline_flow_count": 3,
        "new_count": 1,
        "new": [record(4)],
        "gone_count": 1,
        "gone": [record(3)],
        "new_talkers_count": 1,
        "new_talkers": ["10.0.0.4"],
    }


def test_another_zone_or_port_is_another_flow_of_a_known_talker() -> None:
    told = drift_of([record(1)], [record(1, availability_zone="us-east-1b"), record(1, source_port=1)])
    assert (told["new_count"], told["gone_count"], told["new_talkers_count"]) == (2, 1, 0)


def test_flows_without_ports_are_told_apart() -> None:
    icmp = {key: value for key, value in record(1).items() if not key.endswith("_port")} | {"protocol": "icmp"}
    told = drift_of([icmp], [icmp, {**icmp, "protocol": "igmp"}])
    assert (told["new_count"], told["gone_count"]) == (1, 0)


def test_lists_are_capped_and_counts_are_not() -> None:
    told = drift_of([record(n) for n in range(50)], [record(n) for n in range(50, 120)], shown=3)
    assert [told[name] for name in ("new_count", "gone_count", "new_talkers_count")] == [70, 50, 70]
    assert [len(told[name]) for name in ("new", "gone", "new_talkers")] == [3, 3, 3]


def test_counts_equal_sets_for_random_captures() -> None:
    chance = random.Random(11)
    for _round in range(30):
        before = [record(chance.randrange(40), protocol=chance.choice(["tcp", "udp"])) for _flow in range(60)]
        after = [record(chance.randrange(40), protocol=chance.choice(["tcp", "udp"])) for _flow in range(60)]
        told = drift_of(before, after)
        known, found = (set(map(key, flows)) for flows in (before, after))
        assert told["gone_count"] == len(known - found)
        assert told["new_count"] == sum(key(flow) not in known for flow in after)
        assert set(told["new_talkers"]) == talkers(after) - talkers(before)
        assert set(map(key, told["gone"])) == known - found


def key(flow: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(flow.get(name) for name in FIVE)


def talkers(flows: Iterable[dict[str, Any]]) -> set[str]:
    return {flow[name] for flow in flows for name in ("source_address", "destination_address")}


def test_the_oldest_are_exact_however_many_keys_there_are() -> None:
    chance = random.Random(5)
    # Few ages, so that names decide among many that are equally old.
    flows = [(f"k{chance.randrange(5000)}", chance.randrange(30)) for _flow in range(20000)]
    oldest = Oldest(10)
    for start in range(0, len(flows), 100):
        page = flows[start : start + 100]
        oldest.add([name for name, _age in page], [age for _name, age in page])
        assert len(oldest.ages) <= 10 * 4 + 16 + 1
    best: dict[str, int] = {}
    for name, age in flows:
        best[name] = max(best.get(name, -1), age)
    expected = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert [(entry["key"], entry["age"]) for entry in oldest.top()] == expected
