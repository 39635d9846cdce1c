# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IANA protocol numbers and their names in lower case.

Source: https://www.iana.org/assignments/protocol-numbers (keywords; a number without a keyword is its own name).
"""

from __future__ import annotations

_TABLE = """
0 hopopt 1 icmp 2 igmp 3 ggp 4 ipv4 5 st 6 tcp 7 cbt 8 egp 9 igp 10 bbn-rcc-mon 11 nvp-ii 12 pup 13 argus 14 emcon 15
xnet 16 chaos 17 udp 18 mux 19 dcn-meas 20 hmp 21 prm 22 xns-idp 23 trunk-1 24 trunk-2 25 leaf-1 26 leaf-2 27 rdp 28
irtp 29 iso-tp4 30 netblt 31 mfe-nsp 32 merit-inp 33 dccp 34 3pc 35 idpr 36 xtp 37 ddp 38 idpr-cmtp 39 tp++ 40 il 41
ipv6 42 sdrp 43 ipv6-route 44 ipv6-frag 45 idrp 46 rsvp 47 gre 48 dsr 49 bna 50 esp 51 ah 52 i-nlsp 53 swipe 54 narp
55 min-ipv4 56 tlsp 57 skip 58 ipv6-icmp 59 ipv6-nonxt 60 ipv6-opts 62 cftp 64 sat-expak 65 kryptolan 66 rvd 67 ippc
69 sat-mon 70 visa 71 ipcv 72 cpnx 73 cphb 74 wsn 75 pvp 76 br-sat-mon 77 sun-nd 78 wb-mon 79 wb-expak 80 iso-ip 81
vmtp 82 secure-vmtp 83 vines 84 iptm 85 nsfnet-igp 86 dgp 87 tcf 88 eigrp 89 ospfigp 90 sprite-rpc 91 larp 92 mtp 93
ax.25 94 ipip 95 micp 96 scc-sp 97 etherip 98 encap 100 gmtp 101 ifmp 102 pnni 103 pim 104 aris 105 scps 106 qnx 107
a/n 108 ipcomp 109 snp 110 compaq-peer 111 ipx-in-ip 112 vrrp 113 pgm 115 l2tp 116 ddx 117 iatp 118 stp 119 srp 120
uti 121 smp 122 sm 123 ptp 124 isis-over-ipv4 125 fire 126 crtp 127 crudp 128 sscopmce 129 iplt 130 sps 131 pipe 132
sctp 133 fc 134 rsvp-e2e-ignore 135 mobility-header 136 udplite 137 mpls-in-ip 138 manet 139 hip 140 shim6 141 wesp
142 rohc 143 ethernet 144 aggfrag 145 nsh 146 homa 147 bit-emu
"""
_KEYWORDS = _TABLE.split()

NAMES: dict[int, str] = {int(number): name for number, name in zip(_KEYWORDS[::2], _KEYWORDS[1::2], strict=True)}

# Spellings that people, Suricata and /etc/protocols use beside IANA's own. IANA's ipip is an older tunnel, 94.
_ALIASES = {
    "ip-in-ip": 4,
    "ip-encap": 4,
    "ipencap": 4,
    "ipv4-encap": 4,
    "ipv6-encap": 41,
    "ipv6-in-ip": 41,
    "mobile": 55,
    "icmpv6": 58,
    "icmp6": 58,
    "ipv6icmp": 58,
    "ipcu": 71,
    "rspf": 73,
    "ttp": 84,
    "ospf": 89,
    "ax25": 93,
    "os": 94,
    "isis": 124,
    "is-is": 124,
    "is-is-over-ipv4": 124,
    "mobility": 135,
    "udp-lite": 136,
}
_NUMBERS: dict[str, int] = {name: number for number, name in NAMES.items()} | _ALIASES

LARGEST = 255
_LONGEST_NUMBER = 10
WITH_PORTS = frozenset({6, 17, 33, 132, 136})


def number_of(value: str | int) -> int | None:
    """Return the protocol number (0 to 255) of an IANA name or of a number, None when there is none.

    Capitals, and whether words are joined by a hyphen, an underscore or a space, do not matter.
    """
    if isinstance(value, bool):
        return None
    text = "-".join(str(value).lower().replace("_", " ").split())
    if text.isascii() and text.isdigit():
        # Python refuses to read very long numbers.
        number = int(text) if len(text) <= _LONGEST_NUMBER else LARGEST + 1
        return number if number <= LARGEST else None
    return _NUMBERS.get(text)


def name_of(number: int) -> str:
    """Return the IANA name in lower case, or the number as text when IANA has assigned no keyword to it."""
    return NAMES.get(number, str(number))
