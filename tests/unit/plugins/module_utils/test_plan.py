# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan import FindingKeys, build, digest, filter_of, key_of

NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "icmp": 1, "ipv6-icmp": 58, "gre": 47, "253": 253}
SCOPE = {"availability_zone": "us-east-1a", "minimum_flow_age": 0}


def flow(number: int = 6, **members: Any) -> dict[str, Any]:
    record = {"source_address": "10.0.0.1", "destination_address": "198.51.100.7", "protocol_number": number}
    if number in (6, 17, 132):
        record.update(source_port=40000, destination_port=22)
    return {**record, **members}


def matches(written: dict[str, Any], record: dict[str, Any]) -> bool:
    """Evaluate a filter as AWS does: each condition that is given must hold; a missing port fails a port condition."""
    for name in ("source_address", "destination_address", "source_port", "destination_port"):
        if name in written and record.get(name) != written[name]:
            return False
    return record.get("protocol_number") in [NUMBERS[name] for name in written["protocols"]]


def planned(findings: list[dict[str, Any]], innocents: list[dict[str, Any]]) -> dict[str, Any]:
    keys = FindingKeys()
    for record in findings:
        keys.add(record)
    for record in innocents:
        keys.exclude(record)
    return build([(SCOPE, keys)])


def test_a_filter_names_the_5_tuple_and_nothing_else() -> None:
    key = key_of(flow())
    assert key is not None
    assert filter_of(key) == {
        "source_address": "10.0.0.1",
        "destination_address": "198.51.100.7",
        "source_port": 40000,
        "destination_port": 22,
        "protocols": ["tcp"],
    }


def test_port_0_is_named() -> None:
    written = planned([flow(17, source_port=0, destination_port=0)], [])["operations"][0]["flow_filters"][0]
    assert (written["source_port"], written["destination_port"]) == (0, 0)


def test_a_protocol_without_ports_is_named_without_them() -> None:
    written = planned([flow(1), flow(253)], [])["operations"][0]["flow_filters"]
    assert [item["protocols"] for item in written] == [["icmp"], ["253"]]
    assert not any("source_port" in item or "destination_port" in item for item in written)


@pytest.mark.parametrize(
    "record",
    [
        {"destination_address": "198.51.100.7", "protocol_number": 1},
        {"source_address": "10.0.0.1", "protocol_number": 1},
        {"source_address": "10.0.0.1", "destination_address": "198.51.100.7"},
        flow(source_port=None),
        {key: value for key, value in flow().items() if key != "destination_port"},
        flow(source_port="ephemeral"),
    ],
)
def test_a_finding_that_no_filter_can_name_is_inseparable(record: dict[str, Any]) -> None:
    plan = planned([record], [])
    assert (plan["operations"], plan["flow_count"], plan["inseparable"]) == ([], 0, 1)


def test_filters_come_in_batches_of_twenty() -> None:
    plan = planned([flow(source_port=port) for port in range(45)] + [flow(source_port=3)], [])
    assert [len(operation["flow_filters"]) for operation in plan["operations"]] == [20, 20, 5]
    assert [operation["flow_count"] for operation in plan["operations"]] == [21, 20, 5]
    assert plan["flow_count"] == 46
    assert all(operation["availability_zone"] == "us-east-1a" for operation in plan["operations"])


def test_exactly_twenty_make_one_batch_and_none_make_none() -> None:
    assert len(planned([flow(source_port=port) for port in range(20)], [])["operations"]) == 1
    assert planned([], [flow()])["operations"] == []


def test_zones_never_share_an_operation() -> None:
    first, second = FindingKeys(), FindingKeys()
    first.add(flow())
    second.add(flow())
    # What is innocent in one zone does not stand in the way of the other.
    second.exclude(flow())
    plan = build([(SCOPE, first), ({**SCOPE, "availability_zone": "us-east-1b"}, second)])
    assert [(item["availability_zone"], item["flow_count"]) for item in plan["operations"]] == [("us-east-1a", 1)]
    assert plan["inseparable"] == 1


def test_an_innocent_flow_of_the_same_5_tuple_is_spared() -> None:
    plan = planned([flow(age=90), flow(age=91), flow(source_port=1)], [flow(age=3)])
    assert plan["inseparable"] == 2
    assert plan["flow_count"] == 1
    assert [item["source_port"] for item in plan["operations"][0]["flow_filters"]] == [1]


def test_a_filter_without_ports_spares_innocent_flows_that_have_some() -> None:
    # AWS may report an ICMP flow with type and code in place of ports; a filter without ports matches it as well.
    innocent = flow(1, source_port=8, destination_port=0)
    assert planned([flow(1)], [innocent])["inseparable"] == 1
    assert planned([flow(1)], [flow(1)])["inseparable"] == 1
    assert planned([flow(1)], [flow(58)])["inseparable"] == 0
    assert planned([flow(1)], [{**innocent, "destination_address": "198.51.100.8"}])["inseparable"] == 0
    # The other way round the ports keep them apart.
    assert planned([innocent], [flow(1)])["inseparable"] == 0


def test_a_thousand_random_captures_have_no_collateral_and_full_cover() -> None:
    chance = random.Random(7)
    separated = shared = 0
    for _round in range(1000):
        capture = []
        for _flow in range(chance.randint(1, 60)):
            number = chance.choice([*NUMBERS.values()])
            record: dict[str, Any] = {
                "source_address": chance.choice(["10.0.0.1", "10.0.0.2", "fd00::1"]),
                "destination_address": chance.choice(["198.51.100.7", "2001:db8::7"]),
                "protocol_number": number,
                "age": chance.randint(0, 99),
            }
            if number in (6, 17, 132) or chance.random() < 0.3:
                record["source_port"] = chance.choice([0, 40000, 40001])
                record["destination_port"] = chance.choice([0, 22])
            if chance.random() < 0.03:
                record.pop(chance.choice(["source_port", "destination_address", "protocol_number"]), None)
            capture.append((record, chance.random() < 0.4))
        findings = [record for record, guilty in capture if guilty]
        innocents = [record for record, guilty in capture if not guilty]
        plan = planned(findings, innocents)
        filters = [item for operation in plan["operations"] for item in operation["flow_filters"]]
        assert all(1 <= len(operation["flow_filters"]) <= 20 for operation in plan["operations"])
        assert not [record for record in innocents if any(matches(item, record) for item in filters)]
        cut = sum(any(matches(item, record) for item in filters) for record in findings)
        assert plan["flow_count"] + plan["inseparable"] == len(findings)
        # A filter without ports may also cut a finding that was counted as inseparable, never one less than promised.
        assert cut >= plan["flow_count"]
        for record in findings:
            own = {name: record[name] for name in record if name in filter_names()}
            own["protocols"] = [name for name, number in NUMBERS.items() if number == record.get("protocol_number")]
            namable = {"source_address", "destination_address"} <= set(own) and own["protocols"]
            if record.get("protocol_number") in (6, 17, 132):
                namable = namable and {"source_port", "destination_port"} <= set(own)
            if namable and not any(matches(own, innocent) for innocent in innocents):
                assert any(matches(item, record) for item in filters), record
                separated += 1
            else:
                shared += 1
    assert separated > 3000 and shared > 500


def filter_names() -> set[str]:
    return {"source_address", "destination_address", "source_port", "destination_port"}


def test_the_same_findings_make_the_same_plan_in_any_order() -> None:
    chance = random.Random(5)
    findings = [flow(chance.choice([1, 6, 17]), source_address=f"10.0.0.{host}") for host in range(60)]
    findings += [flow(17, source_address="fd00::1"), flow(6, source_address="fd00::1")]
    plans = []
    for _round in range(5):
        chance.shuffle(findings)
        plans.append(planned(findings, []))
    assert all(plan == plans[0] for plan in plans)
    assert len(plans[0]["hash"]) == 64


def test_the_hash_changes_with_anything_that_would_be_done() -> None:
    base = planned([flow(), flow(source_port=1)], [])
    others = [
        planned([flow()], []),
        planned([flow(), flow(source_port=2)], []),
        planned([flow(), flow(source_port=1), flow()], []),
        build([]),
    ]
    assert len({base["hash"], *(plan["hash"] for plan in others)}) == 5
    aged = [{**operation, "minimum_flow_age": 60} for operation in base["operations"]]
    assert digest(aged) != base["hash"]
    assert digest([dict(reversed(list(operation.items()))) for operation in base["operations"]]) == base["hash"]
