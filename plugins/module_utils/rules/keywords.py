# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of Suricata rules: which protocols and keywords there are, and how far 5-tuples decide them."""

from __future__ import annotations

from collections.abc import Sequence

TCP, UDP, ICMP, ICMP6, SCTP, GRE, ESP = 6, 17, 1, 58, 132, 47, 50
# The transports whose packets have ports for Suricata.
WITH_PORTS = frozenset({TCP, UDP, SCTP})
EVERY_PROTOCOL = frozenset(range(256))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Protocols of a rule's header that say what is in an IP packet; the IP version that they are limited to, or 0.
TRANSPORTS: dict[str, tuple[frozenset[int], int]] = {
    "tcp": (frozenset({TCP}), 0),
    "tcp-pkt": (frozenset({TCP}), 0),
    "tcp-stream": (frozenset({TCP}), 0),
    "udp": (frozenset({UDP}), 0),
    "icmp": (frozenset({ICMP, ICMP6}), 0),
    "icmpv4": (frozenset({ICMP}), 0),
    "icmpv6": (frozenset({ICMP6}), 0),
    "sctp": (frozenset({SCTP}), 0),
    "ip": (EVERY_PROTOCOL, 0),
    "pkthdr": (EVERY_PROTOCOL, 0),
    "ip4": (EVERY_PROTOCOL, 4),
    "ipv4": (EVERY_PROTOCOL, 4),
    "ip6": (EVERY_PROTOCOL, 6),
    "ipv6": (EVERY_PROTOCOL, 6),
}

_OVER_TCP = frozenset({TCP})
_OVER_UDP = frozenset({UDP})
_OVER_BOTH = frozenset({TCP, UDP})
# What an application speaks over, by the name that a rule's header has for it.
APPLICATIONS: dict[str, frozenset[int]] = {
    **dict.fromkeys(
        _words("doh2 ftp ftp-data http http1 http2 imap mqtt pgsql pop3 rdp rfb smb smtp ssh telnet tls websocket"),
        _OVER_TCP,
    ),
    **dict.fromkeys(_words("bittorrent-dht dhcp ike mdns ntp quic snmp tftp"), _OVER_UDP),
    **dict.fromkeys(_words("dcerpc dnp3 dns enip krb5 ldap modbus nfs sip"), _OVER_BOTH),
}
# The application that buffers are of, and names of headers that stand for all of one: no flow of one of these is found
# to speak another, unless the two sides change over to it.
_BUFFER_FAMILIES = (("tls", "tls"), ("ssl_", "tls"), ("http", "http"), ("ssh.", "ssh"), ("dns", "dns"))
WHOLE_FAMILIES = frozenset({"dns", "ftp", "http", "ntp", "quic", "smtp", "ssh", "tls"})
_FAMILIES = {**{name: name for name in WHOLE_FAMILIES}, "http1": "http", "http2": "http"}
# What rule groups may name and Suricata 7 does not know any more, or not by this name.
OTHER_APPLICATIONS = frozenset({"ikev2", "jabber", "msn", "smb2", "ssl"})

# Neither whether nor where a rule matches hangs on these.
NEUTRAL = frozenset(
    {"msg", "sid", "rev", "gid", "classtype", "reference", "metadata", "target", "tag", "noalert", "alert", "priority"}
)
# These must have a value; the others of the neutral ones too, but nothing is read from them.
NEEDS_VALUE = frozenset(
    {"msg", "sid", "rev", "gid", "classtype", "reference", "metadata", "priority", "flow", "ip_proto"}
)

# A buffer of an application: a rule that looks into one sees nothing before the first data.
_BUFFER_STARTS = (
    "dcerpc.", "dcerpc_", "dce_", "dhcp.", "dnp3", "dns.", "dns_", "enip", "cip_", "file.", "filemagic", "filename",
    "fileext", "filestore", "filemd5", "filesha", "filesize", "file_data", "ftpdata_", "http.", "http_", "http2.",
    "ike.", "ja3", "ja4", "krb5", "modbus", "mqtt.", "nfs", "quic.", "rfb.", "sip.", "smb.", "snmp.", "ssh.", "ssl_",
    "tls.", "tls_", "urilen", "uricontent", "websocket.", "ldap.", "mdns.", "pgsql.", "ftp.", "smtp.", "imap.", "pop3.",
)  # fmt: skip
# Those that Suricata 7 has; later ones have more.
BUFFERS = _words(
    """
    cip_service dce_iface dce_opnum dce_stub_data dcerpc.iface dcerpc.opnum dcerpc.stub_data dhcp.leasetime
    dhcp.rebinding_time dhcp.renewal_time dnp3.data dnp3_func dnp3_ind dnp3_obj dns.opcode dns.query dns_query
    enip_command file.data file.magic file.name file_data fileext filemagic filemd5 filename filesha1 filesha256
    filesize filestore ftpdata_command http.accept http.accept_enc http.accept_lang http.connection
    http.content_len http.content_type http.cookie http.header http.header.raw http.header_names http.host
    http.host.raw http.location http.method http.protocol http.referer http.request_body http.request_header
    http.request_line http.response_body http.response_header http.response_line http.server http.start
    http.stat_code http.stat_msg http.uri http.uri.normalized http.uri.raw http.user_agent http2.errorcode
    http2.frametype http2.header_name http2.priority http2.settings http2.size_update http2.window
    http_client_body http_cookie http_header http_host http_method http_raw_header http_raw_host http_raw_uri
    http_request_line http_response_line http_server_body http_stat_code http_stat_msg http_uri http_user_agent
    ike.chosen_sa_attribute ike.exchtype ike.init_spi ike.key_exchange_payload ike.key_exchange_payload_length
    ike.nonce_payload ike.nonce_payload_length ike.resp_spi ike.vendor ja3.hash ja3.string ja3_hash ja3_string
    ja3s.hash ja3s.string ja3s_hash ja3s_string ja4.hash ja4_hash krb5.cname krb5.sname krb5.ticket_encryption
    krb5_cname krb5_err_code krb5_msg_type krb5_sname modbus mqtt.connack.return_code mqtt.connack.session_present
    mqtt.connect.clientid mqtt.connect.flags mqtt.connect.password mqtt.connect.username mqtt.connect.willmessage
    mqtt.connect.willtopic mqtt.flags mqtt.protocol_version mqtt.publish.message mqtt.publish.topic mqtt.qos
    mqtt.reason_code mqtt.subscribe.topic mqtt.type mqtt.unsubscribe.topic nfs.version nfs_procedure nfs_version
    quic.cyu.hash quic.cyu.string quic.sni quic.ua quic.version rfb.name rfb.secresult rfb.sectype sip.method
    sip.protocol sip.request_line sip.response_line sip.stat_code sip.stat_msg sip.uri smb.named_pipe
    smb.ntlmssp_domain smb.ntlmssp_user smb.share snmp.community snmp.pdu_type snmp.usm snmp.version ssh.hassh
    ssh.hassh.server ssh.hassh.server.string ssh.hassh.string ssh.proto ssh.protoversion ssh.software
    ssh.softwareversion ssl_state ssl_version tls.cert_chain_len tls.cert_fingerprint tls.cert_issuer
    tls.cert_serial tls.cert_subject tls.certs tls.fingerprint tls.issuerdn tls.random tls.random_bytes
    tls.random_time tls.sni tls.store tls.subject tls.version tls_cert_expired tls_cert_fingerprint
    tls_cert_issuer tls_cert_notafter tls_cert_notbefore tls_cert_serial tls_cert_subject tls_cert_valid tls_sni
    tls_store uricontent urilen"""
)
# Buffers over one transport alone; of the others it is not asked.
_BUFFER_TRANSPORTS = (("http", _OVER_TCP), ("tls", _OVER_TCP), ("ssh.", _OVER_TCP), ("ssl_", _OVER_TCP))

# Buffers that only clients fill: Suricata asks rules with one of them of packets to the server alone.
FILLED_BY_CLIENTS = _words(
    """
    http.host http.host.raw http.method http.uri http.uri.raw http.user_agent ja3.hash ja3.string ja4.hash tls.sni"""
)

# The payload of packets and streams: nothing to match before the first data.
PAYLOAD = _words("""
    content pcre byte_test byte_jump byte_math byte_extract isdataat rpc ftpbounce asn1 base64_decode base64_data
    depth offset distance within nocase rawbytes startswith endswith fast_pattern replace bsize entropy
    dotprefix to_lowercase to_uppercase to_md5 to_sha1 to_sha256 compress_whitespace strip_whitespace
    strip_pseudo_headers pcrexform url_decode xor header_lowercase absent""")
# Of those, what may stand without a content, on packets without payload too.
STARTS_PAYLOAD = frozenset({"content", "pcre", "byte_test", "byte_jump", "byte_math", "byte_extract", "isdataat"})

# Compared with the packet itself; an action of such a rule covers the packet alone.
PACKET = _words("""
    flags tcp.flags ttl tos itype icode icmp_id icmp_seq dsize window tcp.window seq tcp.seq ack tcp.ack id ipopts
    fragbits fragoffset stream_size flow.age flow.bytes flow.pkts flow.bytes_toserver flow.bytes_toclient
    flow.pkts_toserver flow.pkts_toclient geoip flowint ipv4-csum tcpv4-csum tcpv6-csum udpv4-csum udpv6-csum
    icmpv4-csum icmpv6-csum tcp.mss icmpv6.mtu l3_proto""")
# Compatible with rules that are looked at once for each direction.
ONCE = frozenset({"detection_filter", "iprep"})
# Known to Suricata 7, but nothing is known here of where such a rule matches.
OTHER = _words("""
    app-layer-event bypass config dataset datarep decode-event engine-event stream-event flowvar pktvar frame
    ip.src ip.dst ipv4.hdr ipv6.hdr tcp.hdr udp.hdr icmpv4.hdr icmpv6.hdr lua luajit nfq_set_mark prefilter requires
    pkt_data template2 hostbits xbits flowbits threshold flow ip_proto sameip app-layer-protocol""")
# Keywords that AWS has added to Suricata.
AWS_STARTS = ("aws_", "geoip")

# The priority that the class of a rule gives it, as Suricata's own list of classes has it; 3 without one.
DEFAULT_PRIORITY = 3
_FIRST = _words("""attempted-user unsuccessful-user successful-user attempted-admin successful-admin shellcode-detect
    trojan-activity web-application-attack inappropriate-content policy-violation targeted-activity exploit-kit
    domain-c2 credential-theft command-and-control""")
_SECOND = _words("""bad-unknown attempted-recon successful-recon-limited successful-recon-largescale attempted-dos
    successful-dos rpc-portmap-decode suspicious-filename-detect suspicious-login system-call-detect
    unusual-client-port-connection denial-of-service non-standard-protocol web-application-activity misc-attack
    default-login-attempt external-ip-check pup-activity social-engineering coin-mining""")
CLASS_PRIORITIES: dict[str, int] = {
    **dict.fromkeys(_FIRST, 1),
    **dict.fromkeys(_SECOND, 2),
    "tcp-connection": 4,
}


def is_buffer(keyword: str) -> bool:
    """Return whether a keyword names a buffer of an application."""
    return keyword.startswith(_BUFFER_STARTS)


def transports_of_buffer(keyword: str) -> frozenset[int]:
    """Return the transports that a buffer of an application can be seen over."""
    return next((over for start, over in _BUFFER_TRANSPORTS if keyword.startswith(start)), _OVER_BOTH)


def family_of(application: str, buffers: Sequence[str]) -> str:
    """Return the application that a header and buffers ask for, "" for none and for what is not looked into."""
    if application:
        return _FAMILIES.get(application, "")
    found = {family for buffer in buffers for start, family in _BUFFER_FAMILIES if buffer.startswith(start)}
    return found.pop() if len(found) == 1 else ""


def is_known(keyword: str) -> bool:
    """Return whether Suricata 7 or AWS knows a keyword."""
    return (
        keyword in NEUTRAL
        or keyword in PAYLOAD
        or keyword in PACKET
        or keyword in ONCE
        or keyword in OTHER
        or keyword.startswith(AWS_STARTS)
        or keyword in BUFFERS
    )
