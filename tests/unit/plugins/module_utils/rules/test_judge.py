# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules import fate, tables
from ansible_collections.flowops.aws.plugins.module_utils.rules.entries import Entry, entries_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.judge import Judge
from ansible_collections.flowops.aws.plugins.module_utils.rules.pairs import Pairs, opened_by_source
from ansible_collections.flowops.aws.plugins.module_utils.rules.verdicts import REASONS
from ansible_collections.flowops.aws.tests.suricata.made import Maker
from ansible_collections.flowops.aws.tests.unit.cases import cases
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import flow, rules_of, verdict

TO_443 = "drop tcp $HOME_NET any -> any 443 (sid:1;)"


def without(member: str, **record: Any) -> dict[str, Any]:
    return {key: value for key, value in {**flow(), **record}.items() if key != member}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (without("source_port"), "dropped"),
        (without("destination_port"), "undecided"),
        (flow(ports=(40000, "x")), "undecided"),  # type: ignore[arg-type]
        (without("source_address"), "undecided"),
        (flow(source="nobody"), "undecided"),
        (without("destination_address"), "dropped"),
        (without("protocol_number"), "undecided"),
        (without("destination_port", source_address="192.168.0.1"), "passed"),
        (without("source_address", destination_port=80), "passed"),
        (flow(source="2001:db8::5", destination="10.0.0.5"), "undecided"),
        (flow(ports=(40000, 70000)), "undecided"),
        (flow(protocol=1), "passed"),
        (flow(protocol=58), "undecided"),
    ],
)
def test_a_member_that_is_not_known_is_undecided_unless_every_value_agrees(
    record: dict[str, Any], expected: str
) -> None:
    found = verdict(rules_of(TO_443), record)
    assert found.fate == expected
    if expected == "undecided":
        assert found.reason == "member"


def test_everything_unknown_is_dropped_by_a_rule_for_everything() -> None:
    assert verdict(rules_of("drop ip any any -> any any (sid:1;)"), {}).fate == "dropped"
    assert verdict(rules_of("alert ip any any -> any any (sid:1;)"), without("protocol_number")).fate == "passed"


@pytest.mark.parametrize(
    ("protocol", "ports"), [(4, (0, 0)), (41, (0, 0)), (47, (0, 0)), (17, (40000, 4789)), (17, (6081, 9))]
)
def test_packets_in_tunnels_meet_the_rules(protocol: int, ports: tuple[int, int]) -> None:
    record = flow(protocol=protocol, ports=ports)
    found = verdict(
        rules_of("pass ip 10.0.0.5 any -> any any (sid:1;)", "drop tcp any any -> any 443 (sid:2;)"), record
    )
    assert (found.fate, found.reason, found.rule) == ("undecided", "tunnel", "g:2")
    assert verdict(rules_of("pass ip 10.0.0.5 any -> any any (sid:1;)"), record).fate == "passed"
    assert verdict(rules_of("drop ip any any -> any any (sid:1;)"), record).fate == "dropped"


@pytest.mark.parametrize("protocol", [50, 51, 89, 112])
def test_protocols_that_suricata_may_treat_in_several_ways(protocol: int) -> None:
    record = flow(ports=(0, 0), protocol=protocol)
    assert verdict(rules_of("drop ip any any -> any any (sid:1;)"), record).fate == "dropped"
    assert verdict(rules_of("drop tcp any any -> any any (sid:1;)"), record).fate == "passed"
    found = verdict(rules_of("drop ip any any -> any any (flow:established; sid:1;)"), record)
    assert (found.fate, found.reason) == ("undecided", "protocol")


def test_the_same_address_on_both_sides() -> None:
    rules = rules_of("drop ip any any -> any any (sameip; sid:1;)")
    assert verdict(rules).fate == "passed"
    assert verdict(rules, flow("10.0.0.5", "10.0.0.5")).fate == "dropped"


def test_without_an_answer_a_datagram_may_pass() -> None:
    found = verdict(rules_of("drop udp any 53 -> any any (sid:1;)"), flow(ports=(40000, 53), protocol=17))
    assert (found.fate, found.reason, found.rule) == ("undecided", "reply", "g:1")


def test_the_packet_sent_again_would_pass() -> None:
    found = verdict(
        rules_of("drop tcp any any -> any 443 (flow:to_server; sid:1;)", "pass tcp any any -> any 443 (sid:2;)")
    )
    assert (found.reason, found.rule) == ("retry", "g:1")


def test_who_speaks_first_can_decide() -> None:
    found = verdict(
        rules_of(
            "pass tcp any any -> any any (flow:not_established; sid:1;)",
            "drop tcp !192.168.0.0/16 40000 -> any any (sid:2;)",
            "pass tcp !192.168.0.0/16 443 -> any any (sid:3;)",
        )
    )
    assert (found.fate, found.reason) == ("undecided", "first_speaker")


class Reversed:
    """A capture that lists some flows in both directions."""

    RULES = ("drop tcp any any -> any 443 (flow:to_server; sid:1;)",)

    def judged(self, *records: dict[str, Any], **how: Any) -> list[Any]:
        pairs = Pairs()
        pairs.add(records)
        return Judge(rules_of(*self.RULES), is_reversed=pairs.has_reverse, **how).judge(records)


def reverse(record: dict[str, Any]) -> dict[str, Any]:
    return flow(
        record["destination_address"], record["source_address"], (record["destination_port"], record["source_port"])
    )


def test_a_pair_is_judged_both_ways() -> None:
    pair = (flow(), reverse(flow()))
    alone = flow(ports=(40001, 443))
    found = Reversed().judged(*pair, alone)
    assert [each.fate for each in found] == ["undecided", "undecided", "dropped"]
    assert {(each.reason, each.rule) for each in found[:2]} == {("direction", "g:1")}


def test_the_service_port_of_a_pair_tells_the_server() -> None:
    pair = (flow(), reverse(flow()))
    assert [each.fate for each in Reversed().judged(*pair, initiator="service_port")] == ["dropped", "dropped"]
    unclear = flow(ports=(50000, 50001))
    found = Reversed().judged(unclear, reverse(unclear), initiator="service_port")
    assert [each.fate for each in found] == ["passed", "passed"]


def test_an_unknown_initiator_judges_every_flow_both_ways() -> None:
    rules = rules_of(*Reversed.RULES, "drop tcp any any -> any 22 (sid:2;)")
    found = verdict(rules, initiator="unknown")
    assert (found.fate, found.reason) == ("undecided", "direction")
    assert verdict(rules, flow(ports=(22, 22)), initiator="unknown").fate == "dropped"
    assert verdict(rules, flow(ports=(1, 2)), initiator="unknown").fate == "passed"


def test_a_flow_to_itself_is_no_pair() -> None:
    own = flow("10.0.0.5", "10.0.0.5", (443, 443))
    pairs = Pairs()
    pairs.add([own, flow()])
    assert not pairs.has_reverse(own)
    assert not pairs.has_reverse(flow())
    pairs.add([reverse(flow())])
    assert pairs.has_reverse(flow())


@pytest.mark.parametrize(
    ("ports", "expected"),
    [((40000, 443), True), ((443, 40000), False), ((40000, 8443), True), ((40000, 50000), None), ((22, 443), None)],
)
def test_who_has_the_port_of_a_service(ports: tuple[int, int], expected: bool | None) -> None:
    assert opened_by_source(flow(ports=ports)) is expected


def test_nothing_is_known_while_a_change_spreads() -> None:
    found = verdict(rules_of(TO_443), in_sync=False)
    assert (found.fate, found.reason) == ("undecided", "not_in_sync")


def test_many_rules_are_asked_as_one_and_the_first_that_fits_is_named() -> None:
    lines = [f'drop tcp $HOME_NET any -> 192.0.2.{n} any (msg:"bad {n}"; sid:{n};)' for n in range(1, 200)]
    lines += [f"drop tcp 198.51.100.{n} any -> $HOME_NET any (sid:{1000 + n};)" for n in range(1, 100)]
    lines += ["drop tcp $HOME_NET any -> 192.0.2.0/28 any (sid:2000;)"]
    rules = rules_of(*lines)
    assert len(entries_of(rules.stateful)) == 2
    judge = Judge(rules)
    found = judge.judge(
        [flow(destination="192.0.2.77"), flow(destination="198.51.100.7"), flow(destination="192.0.2.0"), flow()]
    )
    assert [(each.fate, each.rule) for each in found] == [
        ("dropped", "g:77"),
        ("dropped", "g:1007"),
        ("dropped", "g:2000"),
        ("passed", ""),
    ]
    assert found[0].message == "bad 77"
    assert found[0].text == lines[76]


def test_rules_for_both_directions_name_the_right_one() -> None:
    rules = rules_of(*(f"drop tcp $HOME_NET any <> 192.0.2.{n} any (sid:{n};)" for n in range(1, 50)))
    assert verdict(rules, flow(destination="192.0.2.7")).rule == "g:7"
    assert verdict(rules, flow("192.0.2.8", "10.0.0.5")).rule == "g:8"


def lists_of_rules(seed: int) -> list[str]:
    """Runs of rules that differ in one member of their headers, some of them in more."""
    rng = random.Random(seed)
    networks = (
        "10.0.0.0/24",
        "10.0.0.5",
        "10.1.0.0/16",
        "93.184.216.0/24",
        "8.8.8.8",
        "!10.0.0.0/8",
        "2001:db8::/32",
        "any",
    )
    found = []
    for _block in range(6):
        action, protocol = rng.choice(("pass", "drop", "alert")), rng.choice(("tcp", "udp", "ip", "tls"))
        arrow, options = rng.choice(("->", "->", "<>")), rng.choice(("", "flow:to_server; ", "flow:established; "))
        source, port = rng.choice(networks), rng.choice(("any", "443", "80"))
        for _rule in range(rng.randrange(1, 9)):
            port = rng.choice(("443", "53", "1:1023")) if rng.random() < 0.2 else port
            sid = len(found) + 1
            found.append(
                f"{action} {protocol} {source} any {arrow} {rng.choice(networks)} {port} ({options}sid:{sid};)"
            )
    return found


def alone(rules: Any) -> list[Entry]:
    return [Entry([rule]) for rule in rules]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(4, 100)))
@pytest.mark.parametrize("strict", [True, False])
def test_rules_asked_as_one_decide_what_they_decide_alone(
    monkeypatch: pytest.MonkeyPatch, seed: int, strict: bool
) -> None:
    read = rules_of(*lists_of_rules(seed), order="STRICT_ORDER" if strict else "DEFAULT_ACTION_ORDER")
    records = [each.record for each in Maker(seed).flows(60)]
    together = [each.fate for each in Judge(read).judge(records)]
    assert len(entries_of(read.stateful)) < len(read.stateful)
    monkeypatch.setattr(fate, "entries_of", alone)
    assert together == [each.fate for each in Judge(read).judge(records)]


def test_very_many_conditions_are_kept_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Maker(5)
    read = rules_of(*(rule for _list in range(20) for rule in maker.rules(True)))
    records = [each.record for each in maker.flows(150)] + [without("source_port"), flow(ports=(1, 70000)), flow("x")]
    expected = Judge(read).judge(records)
    monkeypatch.setattr(tables, "_MANY", 1)
    monkeypatch.setattr(tables, "_KEPT_BYTES", 500)
    monkeypatch.setattr(tables, "_RECENT_BYTES", 500)
    assert Judge(read).judge(records) == expected


def test_pages_share_what_was_found() -> None:
    judge = Judge(rules_of(TO_443))
    random.seed(1)
    pages = [
        [flow(ports=(random.randrange(65536), random.choice((80, 443)))) for _flow in range(20)] for _page in range(5)
    ]
    for page in pages:
        for record, found in zip(page, judge.judge(page), strict=True):
            assert found.fate == ("dropped" if record["destination_port"] == 443 else "passed")
    assert judge.judge([]) == []


def test_every_reason_has_words() -> None:
    assert all(words and not words.endswith(".") for words in REASONS.values())
