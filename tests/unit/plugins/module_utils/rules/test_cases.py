# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import (
    arn_of,
    fate,
    flow,
    group,
    policy,
    verdict,
)

HANDSHAKE = "pass tcp $HOME_NET any -> any any (flow:not_established,to_server; sid:1;)"
NO_TLS = "drop tls $HOME_NET any -> any !443 (flow:to_server; sid:2;)"
SNI = 'pass tls $HOME_NET any -> any any (tls.sni; content:"good"; flow:to_server; sid:3;)'
BLOCKED = "reject http $HOME_NET any -> any any (flowbits:set,blocked; flow:to_server; sid:4;)"
REST = "drop tcp $HOME_NET any -> any any (flowbits:isnotset,blocked; flow:to_server; sid:9;)"
ALL = "drop tcp any any -> any any (flow:established; sid:9;)"
PORT_22 = flow(ports=(40000, 22))


def test_what_is_dropped_whatever_it_speaks_is_dropped() -> None:
    rules = [HANDSHAKE, NO_TLS, SNI, "drop tcp $HOME_NET any -> any any (flow:to_server; sid:9;)"]
    assert fate(rules, PORT_22) == "dropped"
    assert fate(rules) == "undecided"


def test_a_flowbit_that_nothing_has_set_is_not_set() -> None:
    assert fate([HANDSHAKE, NO_TLS, SNI, BLOCKED, REST], PORT_22) == "dropped"
    assert fate([HANDSHAKE, REST]) == "dropped"
    assert fate([REST]) == "dropped"


@pytest.mark.parametrize(
    "setter",
    [
        "alert tcp any any -> any any (flowbits:set,blocked; sid:5;)",
        "alert tcp any any -> any any (flowbits:toggle,blocked; flow:to_server; sid:5;)",
        'alert tcp any any -> any any (content:"x"; flowbits:set,blocked; sid:5;)',
        "alert ip any any -> any any (geoip:dst,RU; flowbits:set,blocked; sid:5;)",
    ],
)
def test_a_flowbit_that_may_be_set_decides_nothing(setter: str) -> None:
    assert fate([HANDSHAKE, setter, REST]) == "undecided"


def test_of_several_flowbits_one_is_enough_which_decides_nothing() -> None:
    assert fate(["drop tcp any any -> any any (flowbits:isnotset,a|b; sid:1;)"]) == "undecided"
    assert fate(["drop tcp any any -> any any (flowbits:isset,a; flowbits:isnotset,b; sid:1;)"]) == "undecided"


def test_rules_that_are_not_known_may_set_any_flowbit() -> None:
    known, unread = group([HANDSHAKE, REST]), group("# not read", "other")
    both = policy(known, unread)
    assert verdict(ruleset_of(both, [known, unread])).fate == "dropped"
    assert verdict(ruleset_of(both, [known], problems={arn_of("other"): "not allowed"})).fate == "undecided"


def test_where_tls_is_inspected_a_connection_may_speak_two_things() -> None:
    only = group([HANDSHAKE, NO_TLS, SNI, "drop tcp $HOME_NET any -> any any (flow:to_server; sid:9;)"])
    assert verdict(ruleset_of(policy(only), [only]), PORT_22).fate == "dropped"
    inspected = policy(only, TLSInspectionConfigurationArn="arn:x")
    assert verdict(ruleset_of(inspected, [only]), PORT_22).fate == "undecided"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # A pass of one application that its own drop comes before.
        (["drop tls any any -> any any (flow:to_server; sid:2;)", SNI, ALL], "dropped"),
        # What passes one application whole leaves the others.
        (["pass tls any any -> any any (sid:2;)", ALL], "undecided"),
        # A drop of an application alone leaves what speaks another, or none.
        (["drop tls any any -> any any (sid:1;)", "drop http any any -> any any (sid:2;)"], "undecided"),
        # What Suricata calls HTTP/2 is HTTP to some rules and not to others.
        (
            [HANDSHAKE, "drop http2 any any -> any any (flow:to_server; sid:2;)",
             'pass http any any -> any any (http.host; content:"x"; flow:to_server; sid:3;)',
             ALL],
            "undecided",
        ),
    ],
)  # fmt: skip
def test_cases(rules: list[str], expected: str) -> None:
    assert fate(rules) == expected


def test_a_datagram_is_looked_at_case_by_case_too() -> None:
    record = flow(ports=(40000, 53), protocol=17)
    rules = ["drop dns any any -> any any (sid:1;)", 'pass dns any any -> any any (dns.query; content:"x"; sid:2;)']
    assert fate([*rules, "drop udp any any -> any any (sid:3;)"], record) == "dropped"
    assert fate(rules, record) == "undecided"
