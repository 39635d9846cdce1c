# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judging by a firewall's own rules, against judging by a policy: a usual list of rules, and very many of addresses."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.rules.judge import Judge
from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.ruleset import Ruleset
from ansible_collections.flowops.aws.tests.benchmark import flows
from ansible_collections.flowops.aws.tests.benchmark.measuring import (
    Cost,
    Figure,
    cost_of_call,
    interleaved,
    memory_of,
)

GROUP = "arn:aws:network-firewall:us-east-1:123456789012:stateful-rulegroup/benchmark"
PAGE = 100
PORTS = (22, 25, 53, 80, 123, 443, 3389, 8443)


def usual_rules() -> list[str]:
    """Return 73 rules of the kinds that egress policies have: a handshake, names, protocols on their ports, a rest."""
    home = "$HOME_NET any -> any"
    rules = [f"pass tcp {home} any (flow:not_established,to_server;"]
    for n in range(14):
        rules.append(f'reject tls {home} any (tls.sni; content:".bad{n}"; nocase; endswith; flow:to_server;')
        rules.append(f'reject http {home} any (http.host; content:".bad{n}"; endswith; flow:to_server;')
    rules += [f"reject tcp {home} {port} (app-layer-protocol:!tls; flow:to_server;" for port in (443, 8443)]
    rules += [
        f"reject {name} {home} !{port} (flow:to_server;" for name, port in (("tls", 443), ("http", 80), ("ssh", 22))
    ]
    rules += [f"alert ip {home} {port} (flow:to_server;" for port in (53, 1389, "[4444,666,3389]")]
    rules += [f"drop quic {home} any (flow:to_server;", f"pass ntp {home} 123 (flow:to_server;"]
    rules += [f'pass tls {home} any (tls.sni; content:"good{n}"; startswith; flow:to_server;' for n in range(24)]
    rules += [f"pass icmp {home} any (flow:to_server;", f"reject tls {home} any (flowbits:set,blocked; flow:to_server;"]
    rules += [f"reject http {home} any (flowbits:set,blocked; flow:to_server;"]
    rules += [f"reject tcp {home} any (flowbits:isnotset,blocked; flow:to_server;"]
    rules += [f"drop {name} {home} any (flow:to_server;" for name in ("udp", "icmp")]
    rules += [f"drop ip {home} any (ip_proto:!TCP; ip_proto:!UDP; ip_proto:!ICMP; flow:to_server;"]
    rules += [f"drop {name} any any -> $HOME_NET any (flow:to_server;" for name in ("tls", "http", "tcp", "udp")]
    return [f"{rule} sid:{sid};)" for sid, rule in enumerate(rules, 1)]


def rules_of_addresses(count: int, seed: int) -> list[str]:
    """Return so many rules that each drop one address, as lists of bad addresses are written, both ways."""
    rng = random.Random(seed)
    rules = []
    for sid in range(1, count + 1):
        address = ".".join(str(rng.randrange(low, high)) for low, high in ((11, 224), (0, 256), (0, 256), (1, 255)))
        header = f"$HOME_NET any -> {address} any" if sid % 2 else f"{address} any -> $HOME_NET any"
        rules.append(f'drop ip {header} (msg:"listed {sid}"; sid:{sid};)')
    return rules


def read(rules: Sequence[str]) -> Ruleset:
    """Return rules as they are read from AWS's answers."""
    policy = {
        "FirewallPolicy": {
            "StatelessDefaultActions": ["aws:forward_to_sfe"],
            "StatefulRuleGroupReferences": [{"ResourceArn": GROUP, "Priority": 1}],
            "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
            "PolicyVariables": {"RuleVariables": {"HOME_NET": {"Definition": ["10.0.0.0/8"]}}},
        }
    }
    group = {
        "RuleGroup": {"RulesSource": {"RulesString": "\n".join(rules)}},
        "RuleGroupResponse": {"RuleGroupArn": GROUP},
    }
    return ruleset_of(policy, [group])


def judged(rules: Sequence[str], pages: Sequence[Sequence[Mapping[str, Any]]]) -> Cost:
    """Return what it takes to judge pages of flow records, once the rules are read."""
    judge = Judge(read(rules))
    return cost_of_call(lambda: [judge.judge(page) for page in pages])


def figures(count: int, many: int, seed: int, rounds: int, by_policy: Callable[[], Cost]) -> Iterator[str]:
    """Yield the lines of the figures; by_policy judges the same pages of so many flows by a policy of 20 rules."""
    records = flows.records(count, seed)
    pages = [records[at : at + PAGE] for at in range(0, len(records), PAGE)]
    usual, listed = usual_rules(), rules_of_addresses(many, seed)
    cost = interleaved(
        rounds,
        {
            "policy": by_policy,
            "usual": lambda: judged(usual, pages),
            "listed": lambda: judged(listed, pages),
            "read": lambda: cost_of_call(lambda: Judge(read(listed))),
        },
    )
    what = f"judging {count:,} flows by"
    yield Figure(
        "firewall",
        cost["usual"],
        cost["policy"],
        f"{what} {len(usual)} rules of a firewall / by 20 of a policy",
        "<= 2.5",
    ).line()
    yield Figure(
        "", cost["listed"], cost["policy"], f"{what} {many:,} rules of addresses / by 20 of a policy", "<= 5"
    ).line()
    memory = memory_for(many, seed)
    yield f"{'':<14}reading them apart: {cost['read'].wall:.3f} s, {memory:.0f} MB of memory  aim: < 200 MB"


def memory_for(many: int, seed: int) -> float:
    """Return by how many MB a process grows that reads and judges by so many rules of addresses."""
    told = subprocess.run(
        [sys.executable, "-m", __name__, str(many), str(seed)],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return float(told.stdout)


def main(many: int, seed: int) -> None:
    """Print by how many MB this process grows while it reads rules of addresses and judges flows by them."""
    records = flows.records(20_000, seed)
    rules = rules_of_addresses(many, seed)
    before = memory_of(os.getpid())
    judge = Judge(read(rules))
    for at in range(0, len(records), PAGE):
        judge.judge(records[at : at + PAGE])
    print((memory_of(os.getpid()) - before) / 1e6)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
