# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IANA protocol names and numbers, as far as flow logs and filters use names."""

from __future__ import annotations

NUMBERS: dict[str, int] = {
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ipv4": 4,
    "ip-in-ip": 4,
    "st": 5,
    "tcp": 6,
    "egp": 8,
    "igp": 9,
    "udp": 17,
    "rdp": 27,
    "dccp": 33,
    "ipv6": 41,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "eigrp": 88,
    "ospf": 89,
    "ospfigp": 89,
    "pim": 103,
    "vrrp": 112,
    "l2tp": 115,
    "sctp": 132,
    "udplite": 136,
}


def number_of(text: str) -> int:
    """Return the number (0-255) of a protocol written as a name in any case or as a number, else ValueError."""
    name = text.strip().lower()
    if name.isascii() and name.isdigit():
        number = int(name)
        if number > 255:
            raise ValueError(f"{text!r} is not a protocol: numbers end at 255")
        return number
    if name not in NUMBERS:
        raise ValueError(f"{text!r} is not a protocol this emulator knows")
    return NUMBERS[name]
