# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import fate, flow, rules_of

HANDSHAKE = "pass tcp any any -> any any (flow:not_established,to_server; sid:1;)"
ESTABLISHED = "drop tcp any any -> any any (flow:established; sid:99;)"
PASS_443 = "pass tcp any any -> any 443 (sid:2;)"
DROP_UDP = "drop udp any any -> any any (sid:3;)"
FLOW_6 = flow("2001:db8::5", "2001:db8:1::6")
ICMP = flow("10.0.0.5", "8.8.8.8", (0, 0), 1)
ICMP_6 = flow("2001:db8::5", "2001:db8::6", (0, 0), 58)
GRE = flow("10.0.0.5", "8.8.8.8", (0, 0), 47)
SCTP = flow("10.0.0.5", "8.8.8.8", (40000, 443), 132)
DNS = flow("10.0.0.5", "8.8.8.8", (40000, 53), 17)


@pytest.mark.parametrize(
    ("options", "protocol", "type_", "scope"),
    [
        ("", "tcp", "ip_only", "flow"),
        ("", "tcp-pkt", "ip_only", "flow"),
        ("ip_proto:6;", "ip", "ip_only", "flow"),
        ("flowbits:set,x;", "tcp", "ip_only", "flow"),
        ("threshold:type limit, track by_src, count 1, seconds 60;", "tcp", "ip_only", "flow"),
        ("flow:to_server;", "tcp", "pkt", "packet"),
        ("flow:stateless;", "tcp", "pkt", "packet"),
        ("flags:S;", "tcp", "pkt", "packet"),
        ("ttl:>3;", "ip", "pkt", "packet"),
        ("sameip;", "ip", "pkt", "packet"),
        ("flowbits:isset,x;", "tcp", "pkt", "packet"),
        ("", "tls", "app_layer", "flow"),
        ("flow:to_server;", "tls", "app_layer", "flow"),
        ("flow:established,to_server;", "tls", "pkt", "packet"),
        ('tls.sni; content:"x";', "tls", "app_tx", "flow"),
        ('tls.sni; content:"x"; flow:established,to_server;', "tls", "app_tx", "flow"),
        ('content:"x";', "tcp", "stream", "either"),
        ('content:!"x";', "tcp", "stream", "either"),
        ("app-layer-protocol:!tls;", "tcp", "pd_only", "flow"),
        ("app-layer-protocol:!tls; flow:to_server;", "tcp", "pd_only", "flow"),
        ("app-layer-protocol:!tls; flow:established;", "tcp", "pkt", "packet"),
        ("aws_domain_category:Hacking;", "tls", "unknown", "either"),
    ],
)
def test_the_type_and_scope_of_a_rule(options: str, protocol: str, type_: str, scope: str) -> None:
    rules = rules_of(f"drop {protocol} any any -> any any ({options} sid:1;)")
    assert not rules.problems
    assert rules.stateful[0].kind[:2] == (type_, scope)


def test_a_negated_address_makes_a_rule_look_at_every_packet() -> None:
    for text in ("!10.0.0.0/8 any -> any any", "any any -> $EXTERNAL_NET any"):
        assert rules_of(f"drop tcp {text} (sid:1;)").stateful[0].kind.type == "like_ip_only"
    assert rules_of("drop tcp !10.0.0.0/8 any -> any any (flow:to_server; sid:1;)").stateful[0].kind.type == "pkt"


@pytest.mark.parametrize(
    ("rules", "record", "expected"),
    [
        (["drop tcp 93.184.216.34 443 -> any any (sid:2;)"], None, "dropped"),
        (["pass tcp any any -> any 443 (sid:1;)", "drop tcp 93.184.216.34 443 -> any any (sid:2;)"], None, "passed"),
        (["pass tcp any any -> any 443 (flow:to_server; sid:1;)", ESTABLISHED], None, "dropped"),
        (["pass tcp any any -> any 443 (sid:1;)", ESTABLISHED], None, "passed"),
        ([HANDSHAKE, PASS_443, ESTABLISHED], None, "dropped"),
        ([HANDSHAKE, "drop tcp any any -> any 443 (sid:2;)"], None, "passed"),
        ([HANDSHAKE, "drop tcp any any -> any 443 (flow:to_server; sid:2;)"], None, "dropped"),
        ([HANDSHAKE, "drop tcp !192.168.0.0/16 any -> any 443 (sid:2;)"], None, "dropped"),
        (["drop tcp any any -> any !443 (sid:1;)"], None, "dropped"),
        (["drop tcp any any -> any !443 (flow:to_server; sid:1;)"], None, "passed"),
        (["drop tcp !10.0.0.0/8 any -> any any (sid:1;)"], FLOW_6, "passed"),
        (["drop tcp any any -> $EXTERNAL_NET any (sid:1;)"], FLOW_6, "passed"),
        (["drop ip any any -> any !53 (sid:1;)"], ICMP, "passed"),
        (["drop ip any any -> any any (ip_proto:!TCP; ip_proto:!UDP; ip_proto:!ICMP; sid:1;)"], ICMP_6, "dropped"),
        (["drop tls any any -> any ![443,8443] (sid:1;)"], None, "undecided"),
        (["pass udp any any -> any 53 (flow:to_server; sid:1;)", DROP_UDP], DNS, "undecided"),
        (["pass udp any any -> any 53 (sid:1;)", DROP_UDP], DNS, "passed"),
        (["alert tcp any any -> any any (sid:1;)", "drop tcp any any -> any any (noalert; sid:2;)"], None, "dropped"),
        (["drop tcp any any -> any 443 (flow:to_server; sid:1;)", PASS_443], None, "undecided"),
        (["drop tcp any any -> any 443 (app-layer-protocol:!tls; sid:1;)"], None, "undecided"),
        (["drop icmp any any -> any any (sid:1;)"], ICMP, "dropped"),
        (["drop icmpv4 any any -> any any (sid:1;)"], ICMP_6, "passed"),
        (["drop icmpv6 any any -> any any (sid:1;)"], ICMP_6, "dropped"),
        (["drop ip4 any any -> any any (sid:1;)"], FLOW_6, "passed"),
        (["drop ip6 any any -> any any (sid:1;)"], FLOW_6, "dropped"),
        (["drop sctp any any -> any 443 (sid:1;)"], SCTP, "dropped"),
        (["drop ip any any -> any 443 (flow:to_client; sid:1;)"], SCTP, "passed"),
        (["drop ip any any -> any any (flow:to_server; sid:1;)"], GRE, "dropped"),
        (["drop ip any any -> any any (ip_proto:47; sid:1;)"], GRE, "dropped"),
        # Of GRE neither is asked, but an inner packet could be.
        (["drop ip any any -> any any (flow:established; sid:1;)"], GRE, "undecided"),
        (["alert ip any any -> any any (sid:1;)"], GRE, "passed"),
    ],
)  # fmt: skip
def test_pitfalls(rules: list[str], record: dict[str, object] | None, expected: str) -> None:
    assert fate(rules, record) == expected


def test_a_match_in_data_decides_nothing_about_other_transports_and_addresses() -> None:
    rules = ['drop tls any any -> 8.8.8.0/24 any (tls.sni; content:"x"; sid:1;)']
    assert fate(rules, flow(destination="8.8.8.8")) == "undecided"
    assert fate(rules, flow(destination="9.9.9.9")) == "passed"
    assert fate(rules, flow(destination="8.8.8.8", protocol=17)) == "passed"


def test_a_buffer_that_clients_fill_is_asked_of_their_packets_alone() -> None:
    to_server = "pass tcp any any -> any 443 (flow:to_server; sid:1;)"
    assert fate([to_server, 'drop tls any any -> any any (tls.sni; content:"x"; sid:2;)']) == "passed"
    assert fate([to_server, 'drop tls any any -> any any (tls.cert_subject; content:"x"; sid:2;)']) == "undecided"


def test_a_dropped_handshake_needs_no_data() -> None:
    rules = [
        'pass tls any any -> any any (tls.sni; content:"x"; sid:1;)',
        "drop tcp any any -> any any (flow:to_server; sid:2;)",
    ]
    assert fate(rules) == "dropped"


def test_a_pass_after_fifteen_alerts_goes_unheard() -> None:
    alerts = [f"alert tcp any any -> any any (flow:to_server; sid:{n};)" for n in range(1, 16)]
    rules = [
        "pass tcp any any -> any any (flow:to_server; sid:20;)",
        "drop tcp any any -> any any (flow:to_server; sid:21;)",
    ]
    assert fate([*alerts[:14], *rules]) == "passed"
    assert fate([*alerts, *rules]) == "undecided"


def test_a_pass_with_a_threshold_may_not_end_the_search() -> None:
    limit = "threshold:type limit, track by_src, count 1, seconds 60;"
    rules = [f"pass tcp any any -> any any ({limit} sid:1;)", "drop tcp any any -> any any (flow:to_server; sid:2;)"]
    assert fate(rules) == "undecided"
    assert fate([f"drop tcp any any -> any any ({limit} sid:1;)"]) == "dropped"


def test_an_alert_that_bypasses_may_pass() -> None:
    rules = ["alert tcp any any -> any any (bypass; sid:1;)", ESTABLISHED]
    assert fate(rules) == "undecided"


def test_action_order_sorts_by_action_then_variables_then_priority_then_sid() -> None:
    rules = rules_of(
        "alert ip any any -> any any (sid:1;)",
        "reject ip any any -> any any (sid:2;)",
        "drop ip any any -> any any (sid:3;)",
        "drop ip any any -> any any (priority:1; sid:9;)",
        "drop ip any any -> any any (classtype:trojan-activity; sid:8;)",
        "drop ip any any -> any any (flowbits:set,x; priority:4; sid:10;)",
        "pass ip any any -> any any (sid:11;)",
        order="DEFAULT_ACTION_ORDER",
    )
    assert [rule.sid for rule in rules.stateful] == [11, 10, 8, 9, 3, 2, 1]
