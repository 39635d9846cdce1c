# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What connections say: contents of the protocols that rules look for, and contents of none."""

from __future__ import annotations

import struct

from .pcap import CLIENT, ESP, GRE, ICMP, ICMP6, SCTP, SERVER, TCP, UDP, Talk

_NOISE = bytes((7 * n + 131) % 251 for n in range(64))
_MORE = bytes((11 * n + 77) % 249 for n in range(80))


def _vector(size: str, body: bytes) -> bytes:
    return struct.pack(f"!{size}", len(body)) + body


def client_hello(name: str) -> bytes:
    """Return a TLS ClientHello that names a server."""
    host = b"\0" + _vector("H", name.encode())
    extension = struct.pack("!H", 0) + _vector("H", _vector("H", host))
    hello = b"\x03\x03" + bytes(range(32)) + _vector("B", b"") + _vector("H", b"\x13\x01\x13\x02\x00\x2f")
    hello += _vector("B", b"\0") + _vector("H", extension)
    handshake = b"\x01" + struct.pack("!I", len(hello))[1:] + hello
    return b"\x16\x03\x01" + _vector("H", handshake)


def server_hello() -> bytes:
    """Return a TLS ServerHello."""
    hello = b"\x03\x03" + bytes(range(32, 64)) + _vector("B", b"") + b"\x00\x2f\x00"
    handshake = b"\x02" + struct.pack("!I", len(hello))[1:] + hello
    return b"\x16\x03\x03" + _vector("H", handshake)


def http_request(host: str) -> bytes:
    """Return an HTTP request to a host."""
    return f"GET /index.html HTTP/1.1\r\nHost: {host}\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n\r\n".encode()


_HTTP_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nhi"


def dns_message(name: str, answer: bool) -> bytes:
    """Return a DNS question for a name, or its answer."""
    labels = b"".join(_vector("B", label.encode()) for label in name.split(".")) + b"\0"
    head = struct.pack("!HHHHHH", 0x1234, 0x8180 if answer else 0x0100, 1, int(answer), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes((93, 184, 216, 34)) if answer else b""
    return head + labels + struct.pack("!HH", 1, 1) + record


def _talk(name: str, *data: bytes, first: int = CLIENT, **how: bool) -> Talk:
    return Talk(name, tuple(((first + n) % 2, said) for n, said in enumerate(data)), **how)


_HELLO = client_hello("www.example.com")
_BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"
OVER_TCP = (
    _talk("opaque", _NOISE, _MORE),
    _talk("opaque, closed", _NOISE, _MORE, _NOISE, closed=True),
    _talk("tls", _HELLO, server_hello(), _MORE),
    Talk("tls, in two packets", ((CLIENT, _HELLO[:60]), (CLIENT, _HELLO[60:]), (SERVER, server_hello()))),
    _talk("tls to another name", client_hello("bad.example.net"), server_hello()),
    _talk("http", http_request("www.example.com"), _HTTP_ANSWER, closed=True),
    _talk("http to another name", http_request("baddomain.com"), _HTTP_ANSWER),
    _talk("ssh", _BANNER, _BANNER, _NOISE, first=SERVER),
    _talk("smtp", b"220 mail ESMTP\r\n", b"EHLO client\r\n", b"250 mail\r\n", b"QUIT\r\n", first=SERVER),
    _talk("ftp", b"220 FTP server ready.\r\n", b"USER anonymous\r\n", b"331 Password?\r\n", first=SERVER),
    _talk("dns", *(_vector("H", dns_message("www.example.com", answer)) for answer in (False, True))),
    _talk("server first", _MORE, _NOISE, first=SERVER),
    _talk("eager", _NOISE, _MORE, _NOISE, eager=True),
)
WITHOUT_DATA = Talk("none", ())
_QUESTION, _ANSWER = dns_message("www.example.com", False), dns_message("www.example.com", True)
OVER_UDP = (
    _talk("opaque", _NOISE, _MORE),
    _talk("opaque, no answer", _NOISE),
    _talk("opaque, longer", _NOISE, _MORE, _NOISE),
    _talk("dns", _QUESTION, _ANSWER),
    _talk("dns, no answer", _QUESTION),
    Talk("opaque, asked twice", ((CLIENT, _NOISE), (CLIENT, _NOISE), (SERVER, _MORE))),
)
_OTHERS = (
    _talk("opaque", _NOISE, _MORE),
    _talk("opaque, no answer", _NOISE),
    _talk("opaque, longer", _NOISE, _MORE, _NOISE),
)
TALKS: dict[int, tuple[Talk, ...]] = {
    TCP: OVER_TCP,
    UDP: OVER_UDP,
    ICMP: _OTHERS,
    ICMP6: _OTHERS,
    GRE: _OTHERS,
    SCTP: _OTHERS,
    ESP: _OTHERS,
}


def talks_over(protocol: int) -> tuple[Talk, ...]:
    """Return the conversations to try over a protocol."""
    return TALKS.get(protocol, _OTHERS)
