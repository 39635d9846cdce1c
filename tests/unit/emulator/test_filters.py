# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.world.filters import compile_filters
from ansible_collections.flowops.aws.tests.emulator.world.flows import FlowRecord, FlowTable
from ansible_collections.flowops.aws.tests.unit.cases import cases

V4 = ["10.0.0.0", "10.0.0.1", "10.0.0.255", "10.1.0.0", "10.255.255.255", "192.0.2.7", "255.255.255.255", "0.0.0.0"]
V6 = ["::", "::1", "::a00:1", "fd00::1", "fd00::ffff", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
PORTS = [0, 1, 22, 80, 81, 90, 91, 443, 65535]
PROTOCOLS = {"6": 6, "TCP": 6, "udp": 17, "17": 17, "1": 1, "ICMP": 1, "58": 58, "Sctp": 132}


@st.composite
def _records(draw: st.DrawFn) -> FlowRecord:
    family = draw(st.sampled_from([V4, V6]))
    protocol = draw(st.sampled_from([6, 17, 1, 58, 132]))
    ported = protocol not in (1, 58)
    return FlowRecord(
        source_address=draw(st.sampled_from(family)),
        destination_address=draw(st.sampled_from(family)),
        protocol=protocol,
        source_port=draw(st.sampled_from(PORTS)) if ported else None,
        destination_port=draw(st.sampled_from(PORTS)) if ported else None,
        age=draw(st.integers(0, 5)),
    )


def _networks() -> st.SearchStrategy[str]:
    v4 = st.builds(lambda a, n: f"{a}/{n}", st.sampled_from(V4), st.sampled_from([0, 1, 8, 24, 31, 32]))
    v6 = st.builds(lambda a, n: f"{a}/{n}", st.sampled_from(V6), st.sampled_from([0, 1, 64, 112, 127, 128]))
    return v4 | v6 | st.sampled_from(V4 + V6)


def _port_conditions() -> st.SearchStrategy[str]:
    return st.sampled_from(["80", "80:90", "22:22", "ANY", "any", "0:65535", "443", "65535", "1:80"])


@st.composite
def _filters(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    sides = draw(
        st.sampled_from([("SourceAddress",), ("DestinationAddress",), ("SourceAddress", "DestinationAddress")])
    )
    for side in sides:
        found[side] = {"AddressDefinition": draw(_networks())}
    for side in ("SourcePort", "DestinationPort"):
        if draw(st.booleans()):
            found[side] = draw(_port_conditions())
    if draw(st.booleans()):
        found["Protocols"] = draw(st.lists(st.sampled_from(sorted(PROTOCOLS)), min_size=1, max_size=3))
    return found


def _port_holds(condition: str | None, port: int | None) -> bool:
    if condition is None or condition.upper() == "ANY":
        return True
    first, _colon, last = condition.partition(":")
    return port is not None and int(first) <= port <= int(last or first)


def _holds(item: dict[str, Any], record: FlowRecord) -> bool:
    for side, address in (
        ("SourceAddress", record.source_address),
        ("DestinationAddress", record.destination_address),
    ):
        if side in item and ipaddress.ip_address(address) not in ipaddress.ip_network(
            item[side]["AddressDefinition"], strict=False
        ):
            return False
    if "Protocols" in item and record.protocol not in [PROTOCOLS[text] for text in item["Protocols"]]:
        return False
    return _port_holds(item.get("SourcePort"), record.source_port) and _port_holds(
        item.get("DestinationPort"), record.destination_port
    )


@pytest.mark.long
@settings(max_examples=cases(50, 2000), deadline=None)
@given(
    st.lists(_records(), max_size=25),
    st.lists(_filters(), min_size=1, max_size=5),
    st.integers(0, 8),
    st.integers(0, 4),
    st.sets(st.integers(0, 24)),
)
def test_selection_agrees_with_a_plain_evaluation(
    records: list[FlowRecord], filters: list[dict[str, Any]], minimum: int, later: int, dead: set[int]
) -> None:
    table = FlowTable(1000.0)
    rows = [table.add(record, 1000.0) for record in records]
    table.remove(row for row in dead if row < len(rows))
    expected = [
        row
        for row, record in zip(rows, records, strict=True)
        if row not in dead and record.age + later >= minimum and any(_holds(item, record) for item in filters)
    ]
    assert list(table.select(compile_filters(filters), minimum, 1000.0 + later)) == expected


def test_a_filter_seen_through_the_api(firewall: Any, control: Control) -> None:
    flow = {"source_address": "10.9.9.9", "destination_address": "192.0.2.1", "protocol": "icmp", "age": 5}
    control.add_flows("egress", "us-east-1a", [flow])
    source = {"SourceAddress": {"AddressDefinition": "10.9.9.9"}}
    expected = {
        "SourceAddress": {"AddressDefinition": "10.9.9.9"},
        "DestinationAddress": {"AddressDefinition": "192.0.2.1"},
        "Protocol": "1",
        "Age": 5,
        "PacketCount": 1,
        "ByteCount": 64,
    }
    assert firewall.capture(FlowFilters=[source]) == [expected]
    for more in ({"Protocols": ["ICMP"]}, {"SourcePort": "ANY"}, {"Protocols": ["6", "1"]}):
        assert len(firewall.capture(FlowFilters=[{**source, **more}])) == 1
    for less in (
        {"Protocols": ["6"]},
        {"SourcePort": "0:65535"},
        {"DestinationAddress": {"AddressDefinition": "::/0"}},
    ):
        assert firewall.capture(FlowFilters=[{**source, **less}]) == []
    assert len(firewall.capture(FlowFilters=[{**source, "Protocols": ["6"]}, source])) == 1


def test_a_minimum_age_compares_what_the_answer_shows(firewall: Any) -> None:
    ages = sorted(flow["Age"] for flow in firewall.capture())
    limit = ages[100] + 10
    found = [flow["Age"] for flow in firewall.capture(MinimumFlowAgeInSeconds=limit)]
    assert sorted(found) == [age + 10 for age in ages if age + 10 >= limit]
    assert 0 < len(found) < len(ages)
