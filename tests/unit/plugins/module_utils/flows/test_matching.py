# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import random
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows.addresses import IPV6, LAST_ADDRESS, point_of, text_of
from ansible_collections.flowops.aws.plugins.module_utils.flows.matching import MEMBERS, Condition, Members


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "fd00::8:1", "2001:db8::7", "ffff::"]
)
def test_an_address_is_a_number_and_back(address: str) -> None:
    known = ipaddress.ip_address(address)
    assert point_of(address) == (known.version, int(known))
    assert text_of(known.version, int(known)) == address


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.256", "10.0.0.0/8", "fd00::/8", "somewhere", "::g", "1\0"])
def test_what_is_no_address_is_no_point(text: str) -> None:
    assert point_of(text) is None


def bits(*places: int) -> int:
    return sum(1 << place for place in places)


def test_each_bit_of_a_mask_is_a_condition() -> None:
    ports = Members(
        [
            Condition([(22, 22), (80, 90)], absent=False),
            None,
            Condition([(0, 79), (91, 65535)], absent=True),
        ],
        MEMBERS["destination_port"],
    )
    expected: dict[Any, int] = {
        0: bits(1, 2), 22: bits(0, 1, 2), 80: bits(0, 1), 90: bits(0, 1), 91: bits(1, 2), 65535: bits(1, 2),
        None: bits(1, 2), "ephemeral": bits(1, 2),
    }  # fmt: skip
    assert {value: ports[value] for value in expected} == expected
    # And from memory.
    assert {value: ports[value] for value in expected} == expected


def test_a_member_with_more_values_than_are_remembered_stays_right() -> None:
    ages = Members([Condition([(1000, 20_000)], absent=False)], MEMBERS["age"])
    for _time in range(2):
        assert [age for age in range(30_000) if ages[age]] == list(range(1000, 20_001))
    assert len(ages) < 30_000


# With more bounds than this they are searched by their beginnings.
@pytest.mark.parametrize("networks", [40, 1500])
def test_addresses_are_found_in_their_networks_however_many_there_are(networks: int) -> None:
    chance = random.Random(networks)
    spans: list[dict[int, list[tuple[int, int]]]] = [{4: [], 6: []} for _condition in range(3)]
    for _network in range(networks):
        version = chance.choice((4, 6))
        width = 32 if version == 4 else 128
        host_bits = chance.randrange(0, width // 2)
        first = chance.getrandbits(width) >> host_bits << host_bits
        last = first + (1 << host_bits) - 1
        mine = chance.choice(spans)[version]
        # Spans of one condition do not overlap, as those of a policy never do.
        if all(last < other[0] or other[1] < first for other in mine):
            mine.append((first, last))
    found = Members(
        [
            Condition(
                [
                    (at + (version == 6) * IPV6, end + (version == 6) * IPV6)
                    for version in of
                    for at, end in of[version]
                ],
                False,
            )
            for of in spans
        ],
        MEMBERS["source_address"],
    )
    hits = 0
    for version, last_address in LAST_ADDRESS.items():
        edges = [edge + by for of in spans for span in of[version] for edge in span for by in (-1, 0, 1)]
        for number in {number for number in (0, last_address, *edges) if 0 <= number <= last_address}:
            expected = bits(
                *(at for at, of in enumerate(spans) if any(first <= number <= last for first, last in of[version]))
            )
            assert found[text_of(version, number)] == expected
            hits += bool(expected)
    assert hits > networks
