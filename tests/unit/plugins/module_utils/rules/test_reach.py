# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows import asking
from ansible_collections.flowops.aws.plugins.module_utils.flows.asking import asked_for
from ansible_collections.flowops.aws.plugins.module_utils.rules.judge import INITIATORS, Judge
from ansible_collections.flowops.aws.plugins.module_utils.rules.pairs import Pairs
from ansible_collections.flowops.aws.plugins.module_utils.rules.reach import regions_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.ruleset import Ruleset
from ansible_collections.flowops.aws.tests.suricata.made import Maker
from ansible_collections.flowops.aws.tests.unit.cases import cases
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.flows.capturing import captured
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import flow, group, policy, rules_of

EVERY = [{"any": True}]
DEFAULTS = ([], [], [], ["aws:drop_strict"], ["aws:drop_established"], ["aws:drop_established_app_layer"])


def fates(rules: Ruleset, records: list[dict[str, Any]], initiator: str) -> list[str]:
    """What becomes of the flows of a capture that has these and no others."""
    pairs = Pairs()
    pairs.add(records)
    judge = Judge(rules, initiator=initiator, is_reversed=None if initiator == "unknown" else pairs.has_reverse)
    return [found.fate for found in judge.judge(records)]


def stateless(chance: random.Random) -> dict[str, Any]:
    """A stateless rule group, sometimes of rules that pass or drop."""
    rules = []
    for priority in range(1, chance.randint(2, 4)):
        matched: dict[str, Any] = {"Protocols": [chance.choice([6, 17, 1])]}
        if chance.random() < 0.7:
            matched["Sources"] = [{"AddressDefinition": chance.choice(["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"])}]
        if chance.random() < 0.4 and matched["Protocols"] != [1]:
            matched["DestinationPorts"] = [{"FromPort": 443, "ToPort": chance.choice([443, 8443])}]
        action = chance.choice(["aws:pass", "aws:drop", "aws:forward_to_sfe"])
        rules.append({"Priority": priority, "RuleDefinition": {"MatchAttributes": matched, "Actions": [action]}})
    return group(name="s", RulesSource={"StatelessRulesAndCustomActions": {"StatelessRules": rules}})


def random_rules(chance: random.Random, maker: Maker, strict: bool) -> Ruleset:
    rules = maker.rules(strict)
    if chance.random() < 0.4:
        # A firewall that passes what no rule is about, with a few rules that drop.
        rules = [rule for rule in rules if not rule.startswith("pass")][: chance.randint(1, 3)] or rules
    groups = [group(rules), *([stateless(chance)] if chance.random() < 0.3 else [])]
    actions = chance.choice(DEFAULTS) if strict else []
    return ruleset_of(
        policy(*groups, order="STRICT_ORDER" if strict else "DEFAULT_ACTION_ORDER", actions=actions), groups
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(2, 100)))
def test_the_dropped_and_undecided_are_those_of_the_whole_capture(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_HARDLY_LESS", 2.0)
    chance = random.Random(seed)
    maker = Maker(seed + 1000)
    seen: Counter[str] = Counter()
    for _round in range(50):
        rules = random_rules(chance, maker, strict=chance.random() < 0.7)
        records = [{**each.record, "age": 1} for each in maker.flows(40)]
        records += [turned(record) for record in records if chance.random() < 0.2]
        initiator = chance.choice(INITIATORS)
        found = asked_for(regions_of(rules), EVERY)
        part = sorted(set().union(*captured(found.passes, records)))
        whole = fates(rules, records, initiator)
        told = dict(zip(part, fates(rules, [records[at] for at in part], initiator), strict=True))
        for at, fate in enumerate(whole):
            assert told.get(at, "passed") == fate, (records[at], found)
            seen[fate] += 1
        seen["spared"] += len(records) - len(part)
    assert min(seen[what] for what in ("passed", "dropped", "undecided", "spared")) > 50, seen


def turned(record: dict[str, Any]) -> dict[str, Any]:
    """The other direction of a flow."""
    swapped = dict(record)
    for one, other in (("source_address", "destination_address"), ("source_port", "destination_port")):
        for name, value in ((one, record.get(other)), (other, record.get(one))):
            swapped.pop(name, None)
            if value is not None:
                swapped[name] = value
    return swapped


def hit(rules: Ruleset, *records: dict[str, Any]) -> list[bool]:
    found = asked_for(regions_of(rules), EVERY)
    places = set().union(*captured(found.passes, [{**record, "age": 0} for record in records]))
    return [at in places for at in range(len(records))]


def test_a_rule_that_drops_is_asked_for_in_both_directions() -> None:
    rules = rules_of("drop tcp $HOME_NET any -> any 23 (sid:1;)")
    telnet = flow(ports=(40000, 23))
    assert hit(rules, telnet, turned(telnet), flow(), flow(protocol=17), flow(protocol=1)) == [True, True, *[False] * 3]


def test_tunnels_and_flows_that_make_no_sense_are_asked_for_where_anything_is_dropped() -> None:
    rules = rules_of("drop tcp $HOME_NET any -> any 23 (sid:1;)")
    odd = [flow(protocol=47, ports=(0, 0)), flow(protocol=41, ports=(0, 0)), flow(protocol=58, ports=(0, 0))]
    assert hit(rules, *odd, flow(protocol=17, ports=(4789, 9)), flow(protocol=17, ports=(9, 6081))) == [True] * 5


def test_what_a_symmetric_pass_lets_through_is_not_asked_for() -> None:
    rules = rules_of("pass tcp 0.0.0.0/1 any <> any any (sid:1;)", "drop tcp any any -> any 22 (sid:2;)")
    inside, outside = flow(ports=(40000, 22)), flow("192.0.2.1", "203.0.113.1", (40000, 22))
    assert hit(rules, inside, turned(inside), outside, turned(outside)) == [False, False, True, True]


def test_everything_is_asked_for_where_everything_else_is_dropped() -> None:
    rules = rules_of('pass tls $HOME_NET any -> any 443 (tls.sni; content:"x"; sid:1;)', actions=["aws:drop_strict"])
    assert asked_for(regions_of(rules), EVERY).reason


def test_rules_that_drop_nothing_ask_for_nothing() -> None:
    found = regions_of(rules_of("alert tcp any any -> any 23 (sid:1;)", "pass ip any any -> any any (sid:2;)"))
    # A protocol that cannot be of its IP version is undecided whatever the rules are.
    assert {part.protocol for part in found} == {((1, 1),), ((58, 58),)}


def test_a_list_of_thousands_of_rules_takes_seconds() -> None:
    chance = random.Random(3)
    rules = rules_of(
        *(
            f"drop tcp any any -> {chance.randrange(11, 200)}.0.{n >> 8}.{n & 255} any (sid:{n};)"
            for n in range(1, 5000)
        ),
        *(f"pass tcp 10.{n}.0.0/16 any <> any any (sid:{n + 5000};)" for n in range(1, 200)),
    )
    begun = time.process_time()
    assert asked_for(regions_of(rules), EVERY).passes
    assert time.process_time() - begun < 20
