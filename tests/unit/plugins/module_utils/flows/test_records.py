# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows.records import record_of, records_of, tidied

FLOW = {
    "SourceAddress": {"AddressDefinition": "10.0.0.1"},
    "DestinationAddress": {"AddressDefinition": "198.51.100.7"},
    "SourcePort": "40000",
    "DestinationPort": "22",
    "Protocol": "6",
    "Age": 90,
    "PacketCount": 12,
    "ByteCount": 3456,
}


def without(*members: str) -> dict[str, Any]:
    return {member: value for member, value in FLOW.items() if member not in members}


def with_address(text: str) -> str:
    address: str = record_of({"SourceAddress": {"AddressDefinition": text}})["source_address"]
    return address


def test_a_flow_becomes_a_flat_record() -> None:
    assert record_of(FLOW, "us-east-1a") == {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocol": "tcp",
        "protocol_number": 6,
        "age": 90,
        "packet_count": 12,
        "byte_count": 3456,
        "availability_zone": "us-east-1a",
    }


def test_an_icmp_flow_has_no_ports() -> None:
    record = record_of({**without("SourcePort", "DestinationPort"), "Protocol": "1"})
    assert record["protocol"] == "icmp"
    assert not {"source_port", "destination_port", "availability_zone"} & set(record)


@pytest.mark.parametrize("none", [None, "", "0", "ANY"])
@pytest.mark.parametrize("number", ["1", "47", "50", "58", "GRE"])
def test_a_protocol_without_ports_has_no_port_members(number: str, none: Any) -> None:
    flow = {**FLOW, "Protocol": number, "SourcePort": none, "DestinationPort": none}
    for record in (record_of(flow), *records_of([flow])):
        assert not {"source_port", "destination_port"} & set(record)
        assert tidied({**record, "source_port": none, "destination_port": none}) == record


def test_type_and_code_of_icmp_may_stand_for_its_ports() -> None:
    assert record_of({**FLOW, "Protocol": "1", "SourcePort": "8"})["source_port"] == 8


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"SourcePort": "ANY"}, {"source_port": "ANY"}),
        ({"SourcePort": ""}, {}),
        ({"SourcePort": "70000"}, {"source_port": "70000"}),
        ({"SourcePort": "\u0662\u0662"}, {"source_port": "\u0662\u0662"}),
        ({"SourcePort": "\ud800"}, {"source_port": "\ud800"}),
        ({"SourcePort": "-1"}, {"source_port": "-1"}),
        ({"SourcePort": "1_0"}, {"source_port": "1_0"}),
        ({"SourcePort": "022"}, {"source_port": 22}),
        ({"SourcePort": ["22"]}, {}),
        ({"SourceAddress": {"AddressDefinition": "10.0.0.0/24"}}, {"source_address": "10.0.0.0/24"}),
        ({"SourceAddress": {"AddressDefinition": "\ud800"}}, {"source_address": "\ud800"}),
        ({"SourceAddress": {"AddressDefinition": 7}}, {}),
        ({"SourceAddress": {}}, {}),
        ({"SourceAddress": "10.0.0.1"}, {}),
        ({"Age": -1}, {}),
        ({"Age": "90"}, {"age": 90}),
        ({"Age": "old"}, {}),
        ({"Age": 1.5}, {}),
        ({"ByteCount": -5}, {}),
        ({"PacketCount": 2**70}, {}),
        ({"Protocol": "quic-ng"}, {"protocol": "quic-ng"}),
        ({"Protocol": "\ud800"}, {"protocol": "\ud800"}),
        ({"Protocol": ""}, {}),
        ({"Protocol": ["6"]}, {}),
    ],
)
def test_a_member_that_cannot_be_read_is_absent_or_a_text(members: dict[str, Any], said: dict[str, Any]) -> None:
    names = {"SourcePort": ["source_port"], "SourceAddress": ["source_address"], "Age": ["age"],
             "ByteCount": ["byte_count"], "PacketCount": ["packet_count"],
             "Protocol": ["protocol", "protocol_number"]}  # fmt: skip
    (member,) = members
    expected = {name: value for name, value in record_of(FLOW).items() if name not in names[member]}
    assert record_of({**FLOW, **members}) == {**expected, **said}
    assert records_of([FLOW, {**FLOW, **members}, FLOW])[1] == {**expected, **said}


@pytest.mark.parametrize("flow", [None, "flow", 7, []])
def test_what_is_no_flow_at_all_is_one_of_which_nothing_is_known(flow: Any) -> None:
    assert records_of([flow, FLOW], "us-east-1a") == [
        {"availability_zone": "us-east-1a"},
        record_of(FLOW, "us-east-1a"),
    ]


def test_what_is_absent_stays_absent() -> None:
    assert record_of({}) == {}
    for member, name in (("Age", "age"), ("ByteCount", "byte_count"), ("SourceAddress", "source_address")):
        assert name not in record_of(without(member))
        assert name in record_of(FLOW)


def test_zeros_are_values() -> None:
    record = record_of({"SourcePort": "0", "Protocol": "6", "Age": 0, "ByteCount": 0, "PacketCount": 0})
    assert record == {
        "source_port": 0, "protocol": "tcp", "protocol_number": 6, "age": 0, "byte_count": 0, "packet_count": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "name", "number"),
    [("6", "tcp", 6), ("TCP", "tcp", 6), ("udp", "udp", 17), ("58", "ipv6-icmp", 58), ("253", "253", 253)],
)
def test_a_protocol_has_its_name_and_its_number(said: str, name: str, number: int) -> None:
    record = record_of({"Protocol": said})
    assert (record["protocol"], record["protocol_number"]) == (name, number)


def test_an_unknown_protocol_keeps_its_name_and_gets_no_number() -> None:
    assert record_of({"Protocol": "QUIC-NG"}) == {"protocol": "quic-ng"}
    assert record_of({"Protocol": "256"}) == {"protocol": "256"}


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("10.0.0.1/32", "10.0.0.1"),
        ("fd00::1/128", "fd00::1"),
        ("FD00:0000:0000:0000:0000:0000:0000:0001", "fd00::1"),
        ("2001:0db8::0001/128", "2001:db8::1"),
        # These are no single address and stay what they are.
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("fd00::/32", "fd00::/32"),
        ("fd00:::1", "fd00:::1"),
    ],
)
def test_one_address_has_one_text(said: str, address: str) -> None:
    assert with_address(said) == address
