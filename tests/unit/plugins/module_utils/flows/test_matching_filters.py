# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import random
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows.addresses import IPV6
from ansible_collections.flowops.aws.plugins.module_utils.flows.matching import (
    ABSENT,
    AT_ONCE,
    EVER,
    UNKNOWN,
    FilterSets,
    bits_of,
    flows_of,
    matches,
    number_of,
    spans_of,
)

FLOW = {
    "source_address": "10.0.0.1",
    "destination_address": "198.51.100.7",
    "protocol_number": 6,
    "source_port": 40000,
    "destination_port": 22,
    "age": 60,
}
V4 = int(ipaddress.ip_address("10.0.0.1")), int(ipaddress.ip_address("198.51.100.7"))


def test_ipv6_is_beyond_all_of_ipv4() -> None:
    assert number_of("255.255.255.255") < IPV6 == number_of("::") < number_of("::1")
    assert number_of("10.0.0.0/8") == number_of("") == number_of(None) == UNKNOWN


@pytest.mark.parametrize(
    ("members", "place", "number"),
    [
        ({}, 0, V4[0]),
        ({"source_address": None}, 0, UNKNOWN),
        ({"source_address": "10.0.0.0/24"}, 0, UNKNOWN),
        ({"source_address": ["10.0.0.1"]}, 0, UNKNOWN),
        ({"destination_address": "nowhere"}, 1, UNKNOWN),
        ({"destination_address": "\ud800"}, 1, UNKNOWN),
        ({"protocol_number": None}, 2, UNKNOWN),
        ({"protocol_number": 256}, 2, UNKNOWN),
        ({"source_port": "ephemeral"}, 3, UNKNOWN),
        ({"source_port": 65536}, 3, UNKNOWN),
        ({"destination_port": None}, 4, UNKNOWN),
        ({"destination_port": "ANY"}, 4, UNKNOWN),
        ({"destination_port": -1}, 4, UNKNOWN),
        ({"destination_port": 0}, 4, 0),
        ({"age": None}, 5, EVER),
        ({"age": "old"}, 5, EVER),
        ({"age": -1}, 5, EVER),
    ],
)
def test_what_a_flow_lacks_spoils_neither_the_rest_of_it_nor_its_page(
    members: dict[str, Any], place: int, number: int
) -> None:
    whole = (*V4, 6, 40000, 22, 60)
    expected = (*whole[:place], number, *whole[place + 1 :])
    given = {**FLOW, **members}
    absent = {name: value for name, value in given.items() if value is not None}
    assert flows_of([FLOW, given, absent, FLOW]) == [whole, expected, expected, whole]


@pytest.mark.parametrize("port", [None, "ANY", "", "any"])
@pytest.mark.parametrize("number", [1, 47, 50, 58])
def test_a_protocol_without_ports_has_none_however_that_is_written(number: int, port: Any) -> None:
    (flow,) = flows_of([{**FLOW, "protocol_number": number, "source_port": port, "destination_port": port}])
    assert flow == (*V4, number, ABSENT, ABSENT, 60)


def test_where_the_protocol_is_not_known_a_port_that_is_no_number_is_not_either() -> None:
    flows = flows_of([{**FLOW, "protocol_number": None, "destination_port": port} for port in (0, None, 22)])
    assert [flow[4] for flow in flows] == [UNKNOWN, UNKNOWN, 22]


def test_a_filter_matches_for_sure_perhaps_or_not() -> None:
    written = [
        {"source_address": "10.0.0.0/8"},
        {"source_address": "10.0.0.0/8", "destination_port": 22},
        {"source_address": "10.0.0.0/8", "destination_port": "0-1"},
        {"source_address": "fd00::/8", "destination_port": 22},
        {"destination_address": "198.51.100.0/24", "protocols": ["tcp"]},
    ]
    filters = FilterSets([spans_of(item) for item in written])

    def answers(**members: Any) -> tuple[list[int], list[int]]:
        flows = flows_of([{**FLOW, **members}])
        return list(bits_of(filters.surely(flows)[0])), list(bits_of(filters.perhaps(flows)[0]))

    assert answers() == ([0, 1, 4], [0, 1, 4])
    assert answers(destination_port=None) == ([0, 4], [0, 1, 2, 4])
    assert answers(source_address="10.0.0.0/24") == ([4], [0, 1, 3, 4])
    assert answers(protocol_number=None) == ([0, 1], [0, 1, 4])
    assert answers(protocol_number=None, destination_port=None) == ([0], [0, 1, 2, 4])
    # Without ports: none is 22, but AWS may show one as 0 and match it so.
    assert answers(protocol_number=1, destination_port="") == ([0], [0, 2])


def test_a_filter_is_the_spans_of_its_conditions() -> None:
    assert spans_of({"any": True}) == (None,) * 5
    assert spans_of({"source_address": "10.0.0.0/30", "source_port": "any", "destination_port": "20-29"}) == (
        [(V4[0] - 1, V4[0] + 2)], None, None, None, [(20, 29)],
    )  # fmt: skip
    assert spans_of({"destination_address": "fd00::1", "protocols": ["udp", "6", 6], "source_port": 0}) == (
        None, [(number_of("fd00::1"),) * 2], [(6, 6), (17, 17)], [(0, 0)], None,
    )  # fmt: skip


def some_filter(chance: random.Random) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for name in chance.sample(["source_address", "destination_address"], chance.randint(1, 2)):
        written[name] = chance.choice(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "fd00::/8"])
    for name in ("source_port", "destination_port"):
        if chance.random() < 0.5:
            written[name] = chance.choice(
                [0, 22, "any", "0-65535", f"{chance.randrange(400)}-{chance.randrange(400, 600)}"]
            )
    if chance.random() < 0.5:
        written["protocols"] = chance.sample([1, 6, 17, 58], chance.randint(1, 3))
    return written


def expected(written: dict[str, Any], record: dict[str, Any]) -> bool:
    for side in ("source", "destination"):
        network = written.get(f"{side}_address")
        if network and ipaddress.ip_address(record[f"{side}_address"]) not in ipaddress.ip_network(network):
            return False
        ports = str(written.get(f"{side}_port", "any"))
        if ports != "any":
            first, _dash, last = ports.partition("-")
            if not int(first) <= record.get(f"{side}_port", ABSENT) <= int(last or first):
                return False
    return record["protocol_number"] in written.get("protocols", [record["protocol_number"]])


@pytest.mark.parametrize("filters", [1, 30, 2 * AT_ONCE + 3])
def test_very_many_filters_match_what_each_of_them_matches(filters: int) -> None:
    chance = random.Random(filters)
    written = [some_filter(chance) for _filter in range(filters)]
    records = []
    for _flow in range(60):
        record = {
            "source_address": chance.choice(["10.1.2.3", "10.2.0.1", "192.0.2.9", "fd00::1", "2001:db8::1"]),
            "destination_address": chance.choice(["10.1.2.3", "10.1.9.9", "192.0.2.9", "fd00::1", "fe00::"]),
            "protocol_number": chance.choice([1, 6, 17, 58, 132]),
        }
        if record["protocol_number"] in (6, 17, 132):
            record.update(source_port=chance.choice([0, 22, 65535]), destination_port=chance.randrange(700))
        records.append(record)
    flows = flows_of(records)
    masks = FilterSets([spans_of(item) for item in written]).surely(flows)
    found = [list(bits_of(mask)) for mask in masks]
    assert found == [[at for at, item in enumerate(written) if expected(item, record)] for record in records]
    assert sum(map(len, found)) > filters
    hit = [(mask, flow) for mask, flow in zip(masks, flows, strict=True) if mask]
    assert list(matches([spans_of(item) for item in written], [flows[:7], [], flows[7:]])) == hit


def test_no_filters_match_nothing() -> None:
    assert FilterSets([]).surely(flows_of([FLOW])) == [0]


def test_bits_are_named_by_their_place() -> None:
    assert list(bits_of(0)) == []
    assert list(bits_of(1 << 5000 | 1 << 7 | 1)) == [0, 7, 5000]
