# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random rules and flows that meet each other often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from .pcap import GRE, ICMP, ICMP6, SCTP, TCP, UDP, Flow

HOME_NET = "10.0.0.0/8"
_INSIDE = ("10.0.0.5", "10.0.0.6", "10.1.2.3", "10.200.0.9")
_OUTSIDE = ("93.184.216.34", "8.8.8.8", "192.168.1.9", "172.16.5.5")
_INSIDE_6 = ("2001:db8::5", "2001:db8::6", "fd00::7")
_OUTSIDE_6 = ("2001:db8:1::6", "2001:db8:9::1", "2606:2800::34")
_PORTS = (22, 25, 53, 80, 123, 443, 8443, 40000, 40001, 50123)
_SERVICES = (22, 25, 53, 80, 123, 443, 8443)
_CLIENTS = (1024, 40000, 40001, 50123)
_SPANS = ("1:1023", "1024:", ":1024", "40000:50000", "443:8443", "0:65535")
_NETWORKS = (
    "10.0.0.0/8", "10.0.0.0/24", "10.1.0.0/16", "93.184.216.0/24", "8.8.8.8", "192.168.0.0/16", "172.16.0.0/12",
    "10.0.0.4-10.0.0.6", "0.0.0.0/0", "2001:db8::/32", "2001:db8::/48", "2001:db8:9::/48", "fd00::/8", "::/0",
)  # fmt: skip
_VARIABLES = ("$HOME_NET", "$HOME_NET", "$EXTERNAL_NET")
_APPLICATIONS = ("tls", "tls", "http", "http", "ssh", "dns", "smtp", "ftp")
_BUFFERS: dict[str, Sequence[str]] = {
    "tls": ('tls.sni; content:"www.example.com"', 'tls.sni; content:"example"; nocase', "tls.version:1.2"),
    "http": ('http.host; content:"baddomain.com"', 'http.method; content:"GET"', 'http.user_agent; content:"curl"'),
    "ssh": ('ssh.software; content:"OpenSSH"', 'ssh.proto; content:"2.0"'),
    "dns": ('dns.query; content:"example"',),
    "smtp": (),
    "ftp": (),
}
_CONTENTS = (
    'content:"example"', 'content:"|00 01|"', 'content:!"example"', 'content:"SSH-"; depth:4', 'pcre:"/baddomain/"',
    'content:"Host"; offset:4',
)  # fmt: skip
_FLOWS = (
    "to_server", "to_client", "established", "established,to_server", "established,to_client", "not_established",
    "not_established,to_server", "not_established,to_client", "stateless", "from_client", "from_server,established",
)  # fmt: skip

_BITS = ("set,a", "set,b", "isset,a", "isnotset,a", "isnotset,a", "isnotset,b", "unset,a", "toggle,b")
_NEUTRAL = (
    "", "", "", ' msg:"some words";', " noalert;", " metadata:a b;",
    " threshold:type limit, track by_src, count 1, seconds 60;",
)  # fmt: skip


class Maker:
    """Makes rules, each from its own choice of the same random numbers."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def flows(self, count: int) -> list[Flow]:
        """Return different flows, none of them the reverse of another."""
        found: dict[frozenset[object], Flow] = {}
        while len(found) < count:
            flow = self._flow()
            ends = frozenset(((flow.source, flow.source_port), (flow.destination, flow.destination_port)))
            if len(ends) == 2:
                found.setdefault((ends, flow.protocol), flow)  # type: ignore[arg-type]  # any key will do
        return list(found.values())

    def _flow(self) -> Flow:
        pick = self.random.choice
        six = self.random.random() < 0.25
        inside, outside = (_INSIDE_6, _OUTSIDE_6) if six else (_INSIDE, _OUTSIDE)
        source, destination = pick(inside), pick(outside if self.random.random() < 0.8 else inside)
        if self.random.random() < 0.2:
            source, destination = destination, source
        protocols = (TCP, UDP, ICMP6 if six else ICMP, SCTP, GRE)
        protocol = self.random.choices(protocols, (60, 25, 9, 3, 3))[0]
        if protocol not in (TCP, UDP, SCTP):
            return Flow(source, destination, 0, 0, protocol)
        client, service = pick(_CLIENTS), pick(_SERVICES)
        return Flow(source, destination, client, service if self.random.random() < 0.9 else client + 1, protocol)

    def rules(self, strict: bool) -> list[str]:
        """Return a list of rules with sids in their order, as a person may write it."""
        if self.random.random() < 0.2:
            rules = self._egress()
        else:
            rules = [self._rule() for _number in range(self.random.randint(1, 12))]
        if self.random.random() < 0.3:
            rules.insert(0, "pass tcp any any -> any any (flow:not_established,to_server;")
        if self.random.random() < 0.3:
            rules.append(
                self.random.choice(("drop tcp any any -> any any (flow:established;", "drop ip any any -> any any ("))
            )
        sids = list(range(1, len(rules) + 1))
        if not strict:
            self.random.shuffle(sids)
        return [f"{rule} sid:{sid};)" for rule, sid in zip(rules, sids, strict=True)]

    def _egress(self) -> list[str]:
        """Return rules that take one application after another, and deny the rest."""
        rules = []
        for name in self.random.sample(("tls", "http", "ssh", "smtp", "ftp", "dns"), self.random.randint(1, 4)):
            bits = self.random.choice(("", "", " flowbits:set,a;", " flowbits:isnotset,a; flowbits:set,b;"))
            port = self.random.choice(("any", "any", "443", "!443", "[80,443]"))
            how = self.random.choice((" flow:to_server;", " flow:to_server;", "", " flow:established,to_server;"))
            for action in self.random.sample(("drop", "reject", "pass", "alert"), self.random.randint(1, 2)):
                look = (
                    f" {self.random.choice(_BUFFERS[name])};" if _BUFFERS[name] and self.random.random() < 0.4 else ""
                )
                rules.append(f"{action} {name} $HOME_NET any -> any {port} ({look}{bits}{how}")
        rest = self.random.choice(("", "", " flowbits:isnotset,a;", " flowbits:isnotset,a; flowbits:isnotset,b;"))
        flow = self.random.choice(("to_server", "to_server,established", "established"))
        rules.append(f"{self.random.choice(('drop', 'reject', 'pass'))} tcp any any -> any any ({rest} flow:{flow};")
        return rules

    def _rule(self) -> str:
        action = self.random.choice(("pass", "pass", "pass", "drop", "drop", "drop", "reject", "alert"))
        kind = self.random.choices((self._header_only, self._flowing, self._speaking, self._looking), (30, 35, 20, 15))[
            0
        ]
        protocol, options = kind()
        if self.random.random() < 0.1:
            options += f" priority:{self.random.randint(1, 4)};"
        if self.random.random() < 0.12:
            options += f" flowbits:{self.random.choice(_BITS)};"
        return f"{action} {protocol} {self._ends()} ({options}"

    def _ends(self) -> str:
        arrow = "<>" if self.random.random() < 0.1 else "->"
        source_port = "any" if self.random.random() < 0.8 else self._port()
        port = "any" if self.random.random() < 0.4 else self._port()
        return f"{self._address()} {source_port} {arrow} {self._address()} {port}"

    def _address(self) -> str:
        chance = self.random.random()
        if chance < 0.45:
            return "any"
        if chance < 0.6:
            return self.random.choice(_VARIABLES)
        if chance < 0.78:
            return self.random.choice(_NETWORKS)
        if chance < 0.88:
            return f"!{self.random.choice((*_NETWORKS[:8], '$HOME_NET'))}"
        return self._list(lambda: self.random.choice((*_NETWORKS, "$HOME_NET")), _NETWORKS[:8])

    def _port(self) -> str:
        chance = self.random.random()
        if chance < 0.6:
            return str(self.random.choice(_PORTS))
        if chance < 0.7:
            return self.random.choice(_SPANS)
        if chance < 0.8:
            return f"!{self.random.choice(_PORTS)}"
        return self._list(lambda: str(self.random.choice((*_PORTS, *_SPANS[:5]))), [str(port) for port in _PORTS])

    def _list(self, entry: Callable[[], str], negatable: Sequence[str]) -> str:
        entries = [entry() for _number in range(self.random.randint(1, 3))]
        if self.random.random() < 0.3:
            entries.append(f"!{self.random.choice(negatable)}")
        if self.random.random() < 0.1:
            entries = [f"[{','.join(entries)}]", entry()]
        return f"[{','.join(dict.fromkeys(entries))}]"

    def _header_only(self) -> tuple[str, str]:
        options = self.random.choice(_NEUTRAL)
        if self.random.random() < 0.12:
            return "ip", options + self.random.choice(
                (" ip_proto:6;", " ip_proto:47;", " ip_proto:!6; ip_proto:!17;", " ip_proto:UDP;", " ip_proto:!TCP;")
            )
        return self._transport(), options

    def _transport(self) -> str:
        return self.random.choice(
            ("tcp",) * 8 + ("udp",) * 4 + ("ip",) * 5 + ("icmp", "icmpv4", "icmpv6", "ip4", "ip6", "sctp", "tcp-pkt")
        )

    def _flowing(self) -> tuple[str, str]:
        options = f" flow:{self.random.choice(_FLOWS)};"
        if self.random.random() < 0.1:
            options += " noalert;"
        return self._transport(), options

    def _speaking(self) -> tuple[str, str]:
        protocol = self.random.choice(_APPLICATIONS)
        options = ""
        if self.random.random() < 0.6 and _BUFFERS[protocol]:
            options += f" {self.random.choice(_BUFFERS[protocol])};"
        if self.random.random() < 0.5:
            options += f" flow:{self.random.choice(('to_server', 'established,to_server', 'established'))};"
        if protocol != "dns" and self.random.random() < 0.15:
            return "tcp", f" app-layer-protocol:{self.random.choice(('', '!'))}{protocol};"
        return protocol, options

    def _looking(self) -> tuple[str, str]:
        chance = self.random.random()
        if chance < 0.7:
            protocol = self.random.choice(("tcp", "tcp", "udp", "ip", "tcp-pkt", "tcp-stream"))
            options = f" {self.random.choice(_CONTENTS)};"
        elif chance < 0.76:
            protocol, options = "icmp", f" itype:{self.random.choice((0, 8))};"
        elif chance < 0.82:
            protocol, options = "tcp", f" flags:{self.random.choice(('S', 'SA', 'A', '!S'))};"
        else:
            protocol = self.random.choice(("tcp", "udp", "ip"))
            options = self.random.choice((" ttl:>10;", " ttl:<10;", " dsize:>50;", " dsize:0;", " sameip;"))
        if self.random.random() < 0.3 and "dsize" not in options:
            options += f" flow:{self.random.choice(('to_server', 'established', 'established,to_server'))};"
        return protocol, options
