# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our verdicts held against those of a real Suricata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.rules.judge import Judge
from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.ruleset import Ruleset
from ansible_collections.flowops.aws.plugins.module_utils.rules.verdicts import DROPPED, PASSED, UNDECIDED, Verdict

from .engine import RefusedError, dropped_packets, find, without_order
from .pcap import Flow, Talk, write
from .talks import talks_over

STRICT, ACTION = "STRICT_ORDER", "DEFAULT_ACTION_ORDER"
_GROUP = "arn:aws:network-firewall:us-east-1:123456789012:stateful-rulegroup/g"


def rules_as_read(rules: Sequence[str], order: str, home_net: str) -> Ruleset:
    """Return rules as the product reads them from AWS's answers."""
    policy = {
        "FirewallPolicy": {
            "StatelessDefaultActions": ["aws:forward_to_sfe"],
            "StatefulRuleGroupReferences": [{"ResourceArn": _GROUP, "Priority": 1}],
            "StatefulEngineOptions": {"RuleOrder": order},
            "PolicyVariables": {"RuleVariables": {"HOME_NET": {"Definition": home_net.split(",")}}},
        }
    }
    group = {
        "RuleGroup": {"RulesSource": {"RulesString": "\n".join(rules)}},
        "RuleGroupResponse": {"RuleGroupArn": _GROUP},
    }
    return ruleset_of(policy, [group])


class Court:
    """A real Suricata in both orders, and a capture of flows that is shown to it again and again."""

    def __init__(self, folder: Path, flows: Sequence[Flow], home_net: str) -> None:
        self.folder = folder
        self.home_net = home_net
        self.flows = list(flows)
        program, self.version = find()
        self._programs = {ACTION: program, STRICT: without_order(program, folder)}
        self._conversations: list[tuple[int, Talk]] = []
        lanes: list[int] = []
        shown: list[tuple[Flow, Talk]] = []
        both = [*self.flows, *(flow.reverse for flow in self.flows)]
        for number, flow in enumerate(both):
            first_lane = 1 if number < len(self.flows) else 101
            for lane, talk in enumerate(talks_over(flow.protocol), first_lane):
                self._conversations.append((number, talk))
                shown.append((flow, talk))
                lanes.append(lane)
        self._capture = folder / "flows.pcap"
        self._owners = write(self._capture, shown, lanes)

    def verdicts(self, rules: Sequence[str], order: str) -> list[dict[str, bool]]:
        """Return for each flow, and after them for the reverse of each, which of its talks lose a packet."""
        program = self._programs[order]
        numbers = dropped_packets(program, self._capture, rules, self.folder / "run", home_net=self.home_net)
        lost = {self._owners[number] for number in numbers}
        found: list[dict[str, bool]] = [{} for _flow in range(2 * len(self.flows))]
        for at, (number, talk) in enumerate(self._conversations):
            found[number][talk.name] = at in lost
        return found

    def accepted(self, rules: Sequence[str], order: str) -> tuple[list[str], list[str]]:
        """Return the rules that Suricata takes, and those that it refuses."""
        try:
            self.verdicts(rules, order)
        except RefusedError as error:
            if not error.numbers:
                raise
            refused = [rules[number] for number in error.numbers]
            return [rule for rule in rules if rule not in refused], refused
        return list(rules), []


@dataclass
class Count:
    """How our verdicts fare: held against Suricata's, and how many are decided of those on which its talks agree."""

    verdicts: int = 0
    agreed: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    unsound: list[Mapping[str, Any]] = field(default_factory=list)
    undecided: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, verdict: Verdict, losses: Mapping[str, bool], about: Mapping[str, Any]) -> None:
        """Count one verdict of ours on a flow, with which talks over it lose a packet."""
        self.verdicts += 1
        fate = verdict.fate
        if (fate == PASSED and any(losses.values())) or (fate == DROPPED and not all(losses.values())):
            self.unsound.append({**about, "fate": fate, "lost": dict(losses)})
        if len(set(losses.values())) == 1:
            word = DROPPED if all(losses.values()) else PASSED
            self.agreed[word] += 1
            self.decided[word] += fate != UNDECIDED
            if fate == UNDECIDED:
                self.undecided[word, verdict.reason, verdict.hangs_on] += 1

    def share(self, fate: str) -> float:
        """Return the share decided of the flows that Suricata drops, or passes, whatever they say."""
        return self.decided[fate] / self.agreed[fate] if self.agreed[fate] else 1.0

    def told(self, name: str) -> str:
        """Return the count as one line."""
        return (
            f"{name}: {self.verdicts:,} verdicts, {len(self.unsound)} unsound; decided {self.share(DROPPED):.1%} of "
            f"{self.agreed[DROPPED]:,} dropped, {self.share(PASSED):.1%} of {self.agreed[PASSED]:,} passed"
        )


def compare(
    rules: Sequence[str], order: str, home_net: str, flows: Sequence[Flow], losses: Sequence[Mapping[str, bool]],
    single: Count, listed: Count,
) -> None:  # fmt: skip
    """Hold our verdicts on flows against Suricata's: each alone, and as if the capture listed its reverse too."""
    read = rules_as_read(rules, order, home_net)
    records = [flow.record for flow in flows]
    alone = Judge(read).judge(records)
    paired = Judge(read, is_reversed=lambda _record: True).judge(records)
    for number, flow in enumerate(flows):
        forward, backward = losses[number], losses[number + len(flows)]
        about = {"rules": list(rules), "order": order, "flow": flow}
        single.add(alone[number], forward, about)
        both = {**forward, **{f"{name}, reversed": lost for name, lost in backward.items()}}
        listed.add(paired[number], both, about)
