# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses: as texts, as numbers on one line, and as the networks that people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Any, Union

from ..errors import OptionError

# On the line of numbers that stand for addresses, IPv6 lies beyond all of IPv4.
IPV6 = 1 << 128
LAST_ADDRESS = {4: 2**32 - 1, 6: 2**128 - 1}

Network = Union[IPv4Network, IPv6Network]
Span = tuple[int, int]

# Each IP version's part of the line.
EVERY_ADDRESS: dict[int, Span] = {4: (0, LAST_ADDRESS[4]), 6: (IPV6, IPV6 + LAST_ADDRESS[6])}

_ADDRESS_SHAPE = re.compile(r"[a-fA-F\d:.]+(?:/\d{1,3})?")
_DEFANGED = re.compile(r"[\[(]([.:])[\])]")
ADDRESS_ALLOWED = "give an IPv4 or IPv6 address or CIDR such as 10.0.0.0/8, 192.0.2.7 or fd00::/8"
_PRIVATE = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("100.64.0.0/10"),
    IPv6Network("fc00::/7"),
)


def point_of(address: str) -> tuple[int, int] | None:
    """Return an address as (IP version, number), None when the text is no address."""
    try:
        if ":" in address:
            return 6, int.from_bytes(inet_pton(AF_INET6, address), "big")
        return 4, int.from_bytes(inet_pton(AF_INET, address), "big")
    except (OSError, ValueError):
        return None


def number_of(address: Any) -> int | None:
    """Return an address as its number on the line, None for what is no address."""
    try:
        if ":" in address:
            return int.from_bytes(inet_pton(AF_INET6, address), "big") + IPV6
        return int.from_bytes(inet_pton(AF_INET, address), "big")
    except (OSError, TypeError, ValueError):
        return None


def on_line(spans: Mapping[int, Iterable[Span]]) -> list[Span]:
    """Return each IP version's spans of addresses as spans on the line."""
    return [
        (first + EVERY_ADDRESS[version][0], last + EVERY_ADDRESS[version][0])
        for version, of_version in spans.items()
        for first, last in of_version
    ]


def text_of(version: int, number: int) -> str:
    """Return an address, given as IP version and number, as text in its short form."""
    if version == 6:
        return inet_ntop(AF_INET6, number.to_bytes(16, "big"))
    return inet_ntop(AF_INET, number.to_bytes(4, "big"))


@lru_cache(maxsize=8192)
def address_text(definition: str) -> str:
    """Return an address as flow records have it: without the prefix of a host, IPv6 in its short form."""
    # A flow has two addresses; the API's type allows a CIDR, of which only the host form says the same thing.
    if definition.endswith(("/32", "/128")) and ((":" in definition) == definition.endswith("/128")):
        definition = definition.rpartition("/")[0]
    # Suricata writes IPv6 in full; one address has one text, so that 5-tuples can be compared.
    try:
        return inet_ntop(AF_INET6, inet_pton(AF_INET6, definition)) if ":" in definition else definition
    except (OSError, ValueError):
        return definition


@lru_cache(maxsize=8192)
def canonical(text: str) -> str | None:
    """Return an address in its one short form, None for what is no address."""
    try:
        return str(ip_address(text))
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def is_private(text: str) -> bool:
    """Return whether a text is an address of RFC 1918, 100.64.0.0/10 or fc00::/7, which only a VPC can explain."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE if network.version == address.version)


def parse_network(value: Any, option: str) -> Network:
    """Return an address or CIDR as a network; raise OptionError naming the option when it is neither.

    One that was defanged, such as 192[.]0[.]2[.]7, is read as what it stands for.
    """
    text = _DEFANGED.sub(r"\1", str(value).strip())
    if "%" in text:
        raise OptionError(option, value, "a zone such as %eth0 is known to one host only, write the address without it")
    if _ADDRESS_SHAPE.fullmatch(text):
        try:
            return ip_network(text)
        except ValueError:
            pass
        try:
            wanted = ip_network(text, strict=False)
        except ValueError:
            pass
        else:
            raise OptionError(option, value, f"it has bits set beyond its prefix, write {wanted}")
    raise OptionError(option, value, ADDRESS_ALLOWED)


def parse_span(value: Any, option: str) -> Span:
    """Return an address or CIDR as the first and the last of its numbers; raise OptionError as parse_network does."""
    # The library's networks say best what is wrong with an entry; a list of a hundred thousand is mostly right.
    address, slash, length = value.partition("/") if isinstance(value, str) else ("", "", "")
    point = point_of(address)
    if point is not None and (length.isdecimal() or not slash):
        version, first = point
        bits = 32 if version == 4 else 128
        prefix = int(length) if slash else bits
        if prefix <= bits and first & ((1 << (bits - prefix)) - 1) == 0:
            first += IPV6 if version == 6 else 0
            return first, first + (1 << (bits - prefix)) - 1
    return span_of(parse_network(value, option))


def span_of(network: Network) -> Span:
    """Return the first and the last number of a network's addresses."""
    offset = IPV6 if network.version == 6 else 0
    return int(network.network_address) + offset, int(network.broadcast_address) + offset
