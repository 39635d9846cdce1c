# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import random
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.flows.filters import from_api, keys_of, to_api, within

SOURCE = {"source_address": "10.0.0.0/8"}


def address(text: str) -> dict[str, str]:
    return {"AddressDefinition": text}


@pytest.mark.parametrize(
    ("written", "api"),
    [
        ({"source_address": "10.0.0.0/8"}, {"SourceAddress": address("10.0.0.0/8")}),
        ({"source_address": "192.0.2.7"}, {"SourceAddress": address("192.0.2.7")}),
        ({"source_address": "192.0.2.7/32"}, {"SourceAddress": address("192.0.2.7/32")}),
        ({"destination_address": " FD00::/8 "}, {"DestinationAddress": address("fd00::/8")}),
        ({"destination_address": "2001:0db8:0:0::1"}, {"DestinationAddress": address("2001:db8::1")}),
        ({"source_address": "::/0"}, {"SourceAddress": address("::/0")}),
        ({**SOURCE, "source_port": 0}, {"SourceAddress": address("10.0.0.0/8"), "SourcePort": "0"}),
        ({**SOURCE, "destination_port": 443}, {"SourceAddress": address("10.0.0.0/8"), "DestinationPort": "443"}),
        ({**SOURCE, "source_port": "8000-8100"}, {"SourceAddress": address("10.0.0.0/8"), "SourcePort": "8000:8100"}),
        ({**SOURCE, "source_port": "8000:8100"}, {"SourceAddress": address("10.0.0.0/8"), "SourcePort": "8000:8100"}),
        ({**SOURCE, "source_port": "22-22"}, {"SourceAddress": address("10.0.0.0/8"), "SourcePort": "22"}),
        ({**SOURCE, "source_port": "Any"}, {"SourceAddress": address("10.0.0.0/8"), "SourcePort": "ANY"}),
        ({**SOURCE, "destination_port": 65535}, {"SourceAddress": address("10.0.0.0/8"), "DestinationPort": "65535"}),
        (
            {**SOURCE, "protocols": ["TCP", 17, "6", "icmpv6"]},
            {"SourceAddress": address("10.0.0.0/8"), "Protocols": ["6", "17", "58"]},
        ),
        ({**SOURCE, "protocols": [0, 255]}, {"SourceAddress": address("10.0.0.0/8"), "Protocols": ["0", "255"]}),
        ({**SOURCE, "protocols": None, "source_port": None, "any": False}, {"SourceAddress": address("10.0.0.0/8")}),
    ],
)
def test_a_filter_as_people_write_it_becomes_the_apis(written: dict[str, Any], api: dict[str, Any]) -> None:
    assert to_api([written]) == [api]


def test_any_stands_for_every_flow_of_both_ip_versions() -> None:
    both = [{"SourceAddress": address("0.0.0.0/0")}, {"SourceAddress": address("::/0")}]
    assert to_api([{"any": True}]) == both
    # As the argument spec of a module hands it over.
    assert to_api([{"any": True, "source_address": None, "protocols": None, "source_port": None}]) == both


def test_twenty_filters_are_allowed() -> None:
    assert len(to_api([SOURCE] * 20)) == 20


@pytest.mark.parametrize(
    ("filters", "parts"),
    [
        ([], ["flow_filters", "0 filters", "1 to 20"]),
        (None, ["flow_filters", "0 filters"]),
        ([SOURCE] * 21, ["flow_filters", "21 filters", "1 to 20"]),
        ([{}], ["flow_filters[0]", "source_address", "destination_address", "any: true"]),
        ([SOURCE, {"source_port": 22}], ["flow_filters[1]", "source_address"]),
        ([{"source_address": "10.0.0.0/33"}], ["flow_filters[0].source_address", "'10.0.0.0/33'", "CIDR"]),
        ([{"destination_address": "::1/129"}], ["flow_filters[0].destination_address", "'::1/129'"]),
        ([{"source_address": "10.1.2.3/8"}], ["flow_filters[0].source_address", "'10.1.2.3/8'", "write 10.0.0.0/8"]),
        ([{"source_address": "fd00::1/8"}], ["'fd00::1/8'", "write fd00::/8"]),
        ([{"source_address": "example.com"}], ["'example.com'"]),
        ([{"source_address": ""}], ["flow_filters[0].source_address", "''"]),
        ([{"source_address": "10.0.0.0/255.0.0.0"}], ["'10.0.0.0/255.0.0.0'"]),
        ([{"source_address": 10}], ["flow_filters[0].source_address", "10"]),
        ([{**SOURCE, "source_port": 70000}], ["flow_filters[0].source_port", "70000", "0 to 65535"]),
        ([{**SOURCE, "source_port": 65536}], ["65536", "0 to 65535"]),
        ([{**SOURCE, "destination_port": "9-3"}], ["flow_filters[0].destination_port", "'9-3'", "write 3-9"]),
        ([{**SOURCE, "source_port": -1}], ["flow_filters[0].source_port", "-1"]),
        ([{**SOURCE, "source_port": ""}], ["flow_filters[0].source_port", "''"]),
        ([{**SOURCE, "source_port": True}], ["flow_filters[0].source_port", "True"]),
        ([{**SOURCE, "source_port": "1-2-3"}], ["'1-2-3'"]),
        ([{**SOURCE, "source_port": "80,443"}], ["'80,443'"]),
        ([{**SOURCE, "protocols": ["foo"]}], ["flow_filters[0].protocols", "'foo'", "IANA"]),
        ([{**SOURCE, "protocols": ["tcp", 256]}], ["flow_filters[0].protocols", "256", "0 to 255"]),
        ([{**SOURCE, "protocols": [True]}], ["flow_filters[0].protocols", "True"]),
        ([{**SOURCE, "protocols": [-1]}], ["flow_filters[0].protocols", "-1"]),
        ([{"any": True, "source_port": 22}], ["flow_filters[0]", "source_port", "stands alone"]),
        ([{"any": True, **SOURCE}], ["flow_filters[0]", "source_address"]),
        ([SOURCE, {"any": True}], ["flow_filters[1]", "among 2 filters"]),
        ([{**SOURCE, "dst_port": 22}], ["flow_filters[0]", "dst_port", "destination_port"]),
    ],
)
def test_a_bad_filter_is_one_sentence_that_names_it(filters: Any, parts: list[str]) -> None:
    with pytest.raises(FlowOpsError) as caught:
        to_api(filters)
    message = caught.value.message
    assert all(part in message for part in parts), message
    assert "\n" not in message and message.endswith(".")


def test_the_option_of_a_plan_is_named() -> None:
    with pytest.raises(FlowOpsError, match=r"operations\[2\]\.flow_filters\[0\]\.source_port"):
        to_api([{**SOURCE, "source_port": 70000}], "operations[2].flow_filters")


def random_filter(chance: random.Random) -> dict[str, Any]:
    written: dict[str, Any] = {}
    sides = chance.sample(["source", "destination"], chance.randint(1, 2))
    for side in sides:
        written[f"{side}_address"] = chance.choice(
            ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "fd00::/8", "fd00::1/128", "192.0.2.0/24"]
        )
    for side in ("source", "destination"):
        if chance.random() < 0.4:
            written[f"{side}_port"] = chance.choice([0, 22, "80-90", "any", "1024-65535", 65535])
    if chance.random() < 0.5:
        written["protocols"] = chance.sample(["tcp", "udp", "icmp", "ipv6-icmp", 132], chance.randint(1, 3))
    return written


def test_from_api_gives_back_filters_that_mean_the_same() -> None:
    chance = random.Random(1)
    for _round in range(300):
        api = to_api([random_filter(chance) for _filter in range(chance.randint(1, 5))])
        again = from_api(api)
        assert to_api(again) == api
        assert from_api(to_api(again)) == again


def test_from_api_writes_names_and_ranges_as_people_do() -> None:
    api = [
        {
            "SourceAddress": address("10.0.0.0/8"),
            "SourcePort": "ANY",
            "DestinationPort": "8000:8100",
            "Protocols": ["6", "253", "SCTP"],
            "Invented": "later",
        }
    ]
    assert from_api(api) == [
        {
            "source_address": "10.0.0.0/8",
            "source_port": "any",
            "destination_port": "8000-8100",
            "protocols": ["tcp", "253", "sctp"],
        }
    ]


def test_keys_are_equal_however_the_same_filters_are_written() -> None:
    first = [
        {"SourceAddress": address("10.0.0.1"), "Protocols": ["6", "17"]},
        {"DestinationAddress": address("fd00::1"), "DestinationPort": "22"},
    ]
    second = [
        {"DestinationAddress": address("FD00:0:0::1/128"), "DestinationPort": "22:22", "SourcePort": "ANY"},
        {"SourceAddress": address("10.0.0.1/32"), "Protocols": ["UDP", "TCP"], "DestinationPort": "ANY"},
    ]
    assert keys_of(first) == keys_of(second)
    assert keys_of(first) == keys_of([*second, second[0]])


@pytest.mark.parametrize(
    "other",
    [
        {"SourceAddress": address("10.0.0.2"), "Protocols": ["6"], "SourcePort": "22"},
        {"SourceAddress": address("10.0.0.0/31"), "Protocols": ["6"], "SourcePort": "22"},
        {"DestinationAddress": address("10.0.0.1"), "Protocols": ["6"], "SourcePort": "22"},
        {"SourceAddress": address("10.0.0.1"), "Protocols": ["17"], "SourcePort": "22"},
        {"SourceAddress": address("10.0.0.1"), "Protocols": ["6", "17"], "SourcePort": "22"},
        {"SourceAddress": address("10.0.0.1"), "SourcePort": "22"},
        {"SourceAddress": address("10.0.0.1"), "Protocols": ["6"], "SourcePort": "22:23"},
        {"SourceAddress": address("10.0.0.1"), "Protocols": ["6"], "DestinationPort": "22"},
        {"SourceAddress": address("10.0.0.1"), "Protocols": ["6"]},
    ],
)
def test_keys_differ_when_a_filter_does(other: dict[str, Any]) -> None:
    mine = {"SourceAddress": address("10.0.0.1"), "Protocols": ["6"], "SourcePort": "22"}
    assert keys_of([mine]) != keys_of([other])


def expected(written: dict[str, Any], record: dict[str, Any]) -> bool:
    """Evaluate one filter as people write it, with ipaddress alone."""
    numbers = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58}
    for side in ("source", "destination"):
        network = written.get(f"{side}_address")
        if network and ipaddress.ip_address(record[f"{side}_address"]) not in ipaddress.ip_network(network):
            return False
        ports = written.get(f"{side}_port", "any")
        if ports != "any":
            first, _dash, last = str(ports).partition("-")
            if f"{side}_port" not in record or not int(first) <= record[f"{side}_port"] <= int(last or first):
                return False
    protocols = written.get("protocols")
    return not protocols or record["protocol_number"] in [numbers.get(item, item) for item in protocols]


def test_a_filter_within_another_matches_nothing_that_the_other_does_not() -> None:
    chance = random.Random(3)
    addresses = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "fd00::/8", "fd00::7", None]
    ports = [None, "any", 22, "20-30", "0-65535", "22-23"]
    hosts = ["10.1.2.3", "10.9.9.9", "192.0.2.1", "fd00::7", "2001:db8::1"]
    protocols = [None, ["tcp"], ["udp", "tcp"], ["icmp"]]

    def some_filter() -> dict[str, Any]:
        while True:
            found = {
                "source_address": chance.choice(addresses),
                "destination_address": chance.choice(addresses),
                "source_port": chance.choice(ports),
                "destination_port": chance.choice(ports),
                "protocols": chance.choice(protocols),
            }
            if found["source_address"] or found["destination_address"]:
                return {name: value for name, value in found.items() if value is not None}

    def some_flow() -> dict[str, Any]:
        pair = chance.sample([host for host in hosts if (":" in host) == chance.choice([True, False])] or hosts, 1) * 2
        return {
            "source_address": pair[0],
            "destination_address": chance.choice([host for host in hosts if (":" in host) == (":" in pair[0])]),
            "source_port": chance.choice([0, 22, 25, 40000]),
            "destination_port": chance.choice([0, 22, 25, 40000]),
            "protocol_number": chance.choice([1, 6, 17]),
        }

    flows = [some_flow() for _flow in range(300)]
    inside = 0
    for _round in range(3000):
        inner, outer = some_filter(), some_filter()
        if within(to_api([inner])[0], keys_of(to_api([outer]))):
            inside += 1
            assert all(expected(outer, record) for record in flows if expected(inner, record))
    assert inside > 50
    every = keys_of(to_api([{"any": True}]))
    assert all(within(to_api([some_filter()])[0], every) for _round in range(300))
