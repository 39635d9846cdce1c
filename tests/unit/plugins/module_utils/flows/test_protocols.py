# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows.protocols import NAMES, name_of, number_of

# The keywords of https://www.iana.org/assignments/protocol-numbers, as they are written there.
REGISTRY = """
0 HOPOPT, 1 ICMP, 2 IGMP, 3 GGP, 4 IPv4, 5 ST, 6 TCP, 7 CBT, 8 EGP, 9 IGP, 10 BBN-RCC-MON, 11 NVP-II, 12 PUP, 13
ARGUS, 14 EMCON, 15 XNET, 16 CHAOS, 17 UDP, 18 MUX, 19 DCN-MEAS, 20 HMP, 21 PRM, 22 XNS-IDP, 23 TRUNK-1, 24 TRUNK-2,
25 LEAF-1, 26 LEAF-2, 27 RDP, 28 IRTP, 29 ISO-TP4, 30 NETBLT, 31 MFE-NSP, 32 MERIT-INP, 33 DCCP, 34 3PC, 35 IDPR, 36
XTP, 37 DDP, 38 IDPR-CMTP, 39 TP++, 40 IL, 41 IPv6, 42 SDRP, 43 IPv6-Route, 44 IPv6-Frag, 45 IDRP, 46 RSVP, 47 GRE,
48 DSR, 49 BNA, 50 ESP, 51 AH, 52 I-NLSP, 53 SWIPE, 54 NARP, 55 Min-IPv4, 56 TLSP, 57 SKIP, 58 IPv6-ICMP, 59
IPv6-NoNxt, 60 IPv6-Opts, 62 CFTP, 64 SAT-EXPAK, 65 KRYPTOLAN, 66 RVD, 67 IPPC, 69 SAT-MON, 70 VISA, 71 IPCV, 72
CPNX, 73 CPHB, 74 WSN, 75 PVP, 76 BR-SAT-MON, 77 SUN-ND, 78 WB-MON, 79 WB-EXPAK, 80 ISO-IP, 81 VMTP, 82 SECURE-VMTP,
83 VINES, 84 IPTM, 85 NSFNET-IGP, 86 DGP, 87 TCF, 88 EIGRP, 89 OSPFIGP, 90 Sprite-RPC, 91 LARP, 92 MTP, 93 AX.25, 94
IPIP, 95 MICP, 96 SCC-SP, 97 ETHERIP, 98 ENCAP, 100 GMTP, 101 IFMP, 102 PNNI, 103 PIM, 104 ARIS, 105 SCPS, 106 QNX,
107 A/N, 108 IPComp, 109 SNP, 110 Compaq-Peer, 111 IPX-in-IP, 112 VRRP, 113 PGM, 115 L2TP, 116 DDX, 117 IATP, 118
STP, 119 SRP, 120 UTI, 121 SMP, 122 SM, 123 PTP, 124 ISIS over IPv4, 125 FIRE, 126 CRTP, 127 CRUDP, 128 SSCOPMCE,
129 IPLT, 130 SPS, 131 PIPE, 132 SCTP, 133 FC, 134 RSVP-E2E-IGNORE, 135 Mobility Header, 136 UDPLite, 137
MPLS-in-IP, 138 manet, 139 HIP, 140 Shim6, 141 WESP, 142 ROHC, 143 Ethernet, 144 AGGFRAG, 145 NSH, 146 Homa, 147
BIT-EMU
"""
KEYWORDS = {
    int(number): keyword for number, keyword in re.findall(r"(\d+) ([^,]+?)(?:,|$)", " ".join(REGISTRY.split()))
}
# What this system, Suricata and people call some of them.
SPELLINGS = {
    4: ["IP-in-IP", "IP-ENCAP", "ipencap"],
    55: ["mobile"],
    58: ["icmpv6", "ICMP6", "ipv6_icmp"],
    71: ["ipcu"],
    84: ["ttp"],
    89: ["ospf"],
    94: ["os", "ipip"],
    124: ["isis", "is-is", "ISIS over IPv4", "isis-over-ipv4"],
    135: ["mobility", "Mobility Header", "mobility-header"],
    136: ["udp-lite"],
    139: ["hip"],
    143: ["ethernet"],
    146: ["homa"],
}


def test_the_table_is_the_registry() -> None:
    assert sorted(KEYWORDS) == [number for number in range(148) if number not in (61, 63, 68, 99, 114)]
    assert {number: keyword.lower().replace(" ", "-") for number, keyword in KEYWORDS.items()} == NAMES


@pytest.mark.parametrize("number", range(256))
def test_each_number_has_a_name_that_leads_back_to_it(number: int) -> None:
    name = name_of(number)
    assert number_of(name) == number_of(name.upper()) == number_of(number) == number_of(str(number)) == number
    if number in KEYWORDS:
        assert number_of(KEYWORDS[number]) == number_of(KEYWORDS[number].replace("-", "_")) == number
    else:
        assert name == str(number)


@pytest.mark.parametrize(
    ("spelling", "number"), [(spelling, number) for number, all_of in SPELLINGS.items() for spelling in all_of]
)
def test_other_spellings_are_known_too(spelling: str, number: int) -> None:
    assert number_of(spelling) == number_of(spelling.upper()) == number


def test_this_systems_own_table_agrees() -> None:
    table = Path("/etc/protocols")
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    for line in lines:
        words = line.partition("#")[0].split()
        # Its ip is a pseudo protocol.
        for name in [words[0], *words[2:]] if words and words[0] != "ip" else []:
            assert number_of(name) in (int(words[1]), None), line


@pytest.mark.parametrize(
    "value", ["", "foo", "ip", "256", "-1", "6.0", "\u00b2", True, False, None, 256, "tcp udp", "\ud800"]
)
def test_what_is_no_protocol_has_no_number(value: Any) -> None:
    assert number_of(value) is None
