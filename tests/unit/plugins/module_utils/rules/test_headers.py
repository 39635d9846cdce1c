# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows.spans import common, contains, deepest, merged, without
from ansible_collections.flowops.aws.plugins.module_utils.rules.headers import (
    ANY_ADDRESS,
    Addresses,
    HeaderError,
    addresses_of,
    has_address,
    ports_of,
)

VARIABLES = {
    "$HOME_NET": "10.0.0.0/8",
    "$EXTERNAL_NET": "!$HOME_NET",
    "$SERVERS": "10.0.0.1,10.0.0.2,!10.0.0.2",
    "$LOOP": "$LOOP",
    "$WEB": "80,443",
    "@LIST": None,
}


def lookup(name: str) -> str | None:
    if name not in VARIABLES:
        raise HeaderError(f"the variable {name} is not known")
    return VARIABLES[name]


def matches(addresses: Addresses, address: str) -> str:
    if has_address(addresses.yes, address):
        return "yes"
    return "maybe" if has_address(addresses.maybe, address) else "no"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("any", ["10.0.0.5", "2001:db8::5"], []),
        ("10.0.0.5", ["10.0.0.5"], ["10.0.0.6", "2001:db8::5"]),
        ("10.0.0.5/8", ["10.255.0.1"], ["11.0.0.1"]),
        ("10.0.0.4-10.0.0.6", ["10.0.0.4", "10.0.0.6"], ["10.0.0.7"]),
        ("!10.0.0.0/8", ["93.184.216.34"], ["10.0.0.5", "2001:db8::5"]),
        ("0.0.0.0/0", ["10.0.0.5"], ["2001:db8::5"]),
        ("::/0", ["2001:db8::5"], ["10.0.0.5"]),
        ("[any,!10.0.0.0/8]", ["8.8.8.8", "2001:db8::5"], ["10.0.0.5"]),
        ("$HOME_NET", ["10.0.0.5"], ["8.8.8.8"]),
        ("!$HOME_NET", ["8.8.8.8"], ["10.0.0.5", "2001:db8::5"]),
        ("$EXTERNAL_NET", ["8.8.8.8"], ["10.0.0.5", "2001:db8::5"]),
        ("!$EXTERNAL_NET", ["10.0.0.5"], ["8.8.8.8"]),
        ("[$HOME_NET, !10.0.0.5]", ["10.0.0.6"], ["10.0.0.5"]),
        ("$SERVERS", ["10.0.0.1"], ["10.0.0.2"]),
        ("[[10.0.0.0/8,192.168.0.0/16],!10.1.0.0/16]", ["10.0.0.5", "192.168.0.1"], ["10.1.0.1"]),
        ("![10.0.0.0/8,!10.1.0.0/16]", ["10.1.0.1", "8.8.8.8"], ["10.0.0.5"]),
        ("[10.1.0.0/16,!2001:db8:9::/48]", ["10.1.0.1", "2001:db8::5"], ["10.2.0.1", "2001:db8:9::1"]),
    ],
)
def test_addresses_match_as_in_suricata(text: str, inside: list[str], outside: list[str]) -> None:
    addresses = addresses_of(text, lookup)
    assert {address: matches(addresses, address) for address in inside} == dict.fromkeys(inside, "yes")
    assert {address: matches(addresses, address) for address in outside} == dict.fromkeys(outside, "no")
    assert addresses.known


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@LIST", {"10.0.0.5": "maybe", "2001:db8::5": "maybe"}),
        ("!@LIST", {"10.0.0.5": "maybe", "2001:db8::5": "maybe"}),
        ("[@LIST,10.0.0.5]", {"10.0.0.5": "yes", "10.0.0.6": "maybe"}),
        ("[@LIST,!10.0.0.5]", {"10.0.0.5": "no", "10.0.0.6": "maybe"}),
        ("[10.0.0.0/8,!@LIST]", {"10.0.0.5": "maybe", "8.8.8.8": "no", "2001:db8::5": "maybe"}),
    ],
)
def test_an_unknown_variable_is_neither_yes_nor_no(text: str, expected: dict[str, str]) -> None:
    addresses = addresses_of(text, lookup)
    assert {address: matches(addresses, address) for address in expected} == expected
    assert not addresses.known


@pytest.mark.parametrize(("text", "negated"), [("10.0.0.0/8", False), ("!10.0.0.0/8", True), ("$EXTERNAL_NET", True)])
def test_negation_is_seen_through_variables(text: str, negated: bool) -> None:
    assert addresses_of(text, lookup).negated is negated


@pytest.mark.parametrize(
    "text",
    ["10.0.0", "10.0.0.0/33", "10.0.0.6-10.0.0.4", "[10.0.0.1", "10.0.0.1]", "[10.0.0.1,]", "!any", "$NOPE", "$LOOP",
     "[10.0.0.1,!10.0.0.0/8]", "10.0.0.0/255.0.255.0", "![0.0.0.0/0]"],
)  # fmt: skip
def test_addresses_that_suricata_refuses(text: str) -> None:
    with pytest.raises(HeaderError):
        addresses_of(text, lookup)


@pytest.mark.parametrize(("read", "last"), [(addresses_of, "10.0.0.1"), (ports_of, "80")])
def test_variables_of_variables_that_stand_for_too_much_are_refused(read: Callable[..., Any], last: str) -> None:
    def tripled(name: str) -> str:
        number = int(name[1:])
        return ",".join([f"${number + 1}"] * 3) if number < 40 else last

    with pytest.raises(HeaderError, match="stand for too much"):
        read("$0", tripled)


def test_a_mask_in_dots_is_refused_for_suricata_misreads_it() -> None:
    with pytest.raises(HeaderError, match="write its length"):
        addresses_of("[10.1.0.0/16,10.0.0.0/255.0.0.0]", lookup)


def test_one_version_of_any() -> None:
    assert matches(ANY_ADDRESS.only(4), "10.0.0.5") == "yes"
    assert matches(ANY_ADDRESS.only(4), "2001:db8::5") == "no"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("443", [443], [442, 444]),
        ("80,443", [80, 443], [81]),
        ("1:", [1, 65535], [0]),
        (":1024", [0, 1024], [1025]),
        ("!53", [0, 52, 54], [53]),
        ("[1:1024,!443]", [442], [443, 1025]),
        ("[!443,!80]", [22], [443, 80]),
        ("[1:1000,![400:500,80]]", [79, 501], [80, 450]),
        ("$WEB", [80, 443], [22]),
        ("!$WEB", [22], [80, 443]),
        ("[any]", [0, 65535], []),
    ],
)
def test_ports_match_as_in_suricata(text: str, inside: list[int], outside: list[int]) -> None:
    ports = ports_of(text, lookup)
    assert ports is not None
    assert all(contains(ports.yes, port) for port in inside)
    assert not any(contains(ports.maybe, port) for port in outside)


def test_only_the_word_any_stands_for_packets_without_ports() -> None:
    assert ports_of("any") is None
    assert ports_of("0:65535") is not None


@pytest.mark.parametrize("text", ["@LIST", "[80,![443,!444]]"])
def test_ports_that_are_not_known(text: str) -> None:
    ports = ports_of(text, lookup)
    assert ports is not None
    assert (ports.yes, ports.maybe) == ((), ((0, 65535),))


@pytest.mark.parametrize(
    "text", ["http", "65536", "500:400", "!any", "[80", "[80,]", "[80,!80]", "[[40000:50000,22,!40001],443]", "$NOPE"]
)
def test_ports_that_suricata_refuses(text: str) -> None:
    with pytest.raises(HeaderError):
        ports_of(text, lookup)


def test_spans() -> None:
    assert merged([(5, 6), (1, 2), (3, 4), (9, 9)]) == ((1, 6), (9, 9))
    assert without(((0, 10), (20, 30)), ((2, 3), (9, 21), (30, 40))) == ((0, 1), (4, 8), (22, 29))
    assert common(((0, 10), (20, 30)), ((5, 25),)) == ((5, 10), (20, 25))
    assert [number for number in range(12) if contains(((1, 2), (9, 9)), number)] == [1, 2, 9]
    assert deepest([(0, 5), (3, 8), (8, 9)]) == 2
    assert deepest([]) == 0
