# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules as they would be: rule groups of a policy replaced, added and taken away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..errors import FlowOpsError, shown
from .handed import group_of
from .read import arn_of, name_of, references_of
from .ruleset import ACTION_ORDER, STRICT_ORDER, Problem, Ruleset
from .verdicts import DROPPED, PASSED, UNDECIDED, Verdict

PRESENT: Final = "present"
ABSENT: Final = "absent"
STATES = (PRESENT, ABSENT)

NEWLY_DROPPED: Final = "newly_dropped"
NEWLY_PASSED: Final = "newly_passed"
NEWLY_UNDECIDED: Final = "newly_undecided"
UNCHANGED: Final = "unchanged"
CHANGES = (NEWLY_DROPPED, NEWLY_PASSED, NEWLY_UNDECIDED, UNCHANGED)
_CHANGE_TO = {DROPPED: NEWLY_DROPPED, PASSED: NEWLY_PASSED, UNDECIDED: NEWLY_UNDECIDED}


@dataclass(frozen=True)
class Change:
    """One change: the name or ARN of a rule group, and the text of what it would be; an absent one needs none."""

    rule_group: str
    text: str = ""
    # How messages call the text.
    source: str = ""
    priority: int | None = None
    state: str = PRESENT


def change_of(before: Verdict, after: Verdict) -> str:
    """Return which of CHANGES the rules as they would be make to a flow."""
    return UNCHANGED if before.fate == after.fate else _CHANGE_TO[after.fate]


def changed(
    policy: Mapping[str, Any], groups: Sequence[Mapping[str, Any]], changes: Iterable[Change]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answers of DescribeFirewallPolicy and DescribeRuleGroup as they would be after changes.

    Raises FlowOpsError for a change that cannot be made, and when no rule is left.
    """
    changing = _Changing(policy, groups)
    for change in changes:
        changing.make(change)
    return changing.result()


def check_changed(ruleset: Ruleset, changes: Iterable[Change]) -> None:
    """Raise FlowOpsError with the first rule of a changed group that Suricata refuses: line, column and why."""
    sources = {name_of(change.rule_group): change.source or change.rule_group for change in changes}
    problem: Problem | None = next((found for found in ruleset.problems if found.group in sources), None)
    if problem is not None:
        where = f"'{sources[problem.group]}' line {problem.line}, column {problem.column}"
        raise FlowOpsError(f"{where}: {problem.why}.")


class _Changing:
    def __init__(self, policy: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> None:
        body = policy.get("FirewallPolicy")
        self.policy = {**policy, "FirewallPolicy": dict(body if isinstance(body, Mapping) else policy)}
        self.body: dict[str, Any] = self.policy["FirewallPolicy"]
        self.groups: dict[str, dict[str, Any]] = {arn_of(group): dict(group) for group in groups}
        options = self.body.get("StatefulEngineOptions") or {}
        self.order = str(options.get("RuleOrder") or ACTION_ORDER)

    def make(self, change: Change) -> None:
        arn = self._arn_of(change.rule_group)
        if change.state == ABSENT:
            self._take_away(change, arn)
            return
        group = group_of(change.text, change.source or change.rule_group)
        stateful = "StatelessRulesAndCustomActions" not in (group.get("RulesSource") or {})
        if stateful:
            self._check_order(change, group)
        if arn is None:
            arn = self._add(change, stateful)
        elif stateful != (dict(references_of(self.policy))[arn]):
            kind = "stateful" if stateful else "stateless"
            raise FlowOpsError(f"'{change.source}' is a {kind} rule group, which '{change.rule_group}' is not.")
        self._replace(arn, group)

    def _arn_of(self, name: str) -> str | None:
        arns = [arn for arn, _stateful in references_of(self.policy) if name in (arn, name_of(arn))]
        if len(arns) > 1:
            raise FlowOpsError(
                f"The policy has {len(arns)} rule groups named '{name}'; give the ARN of the one to change."
            )
        return arns[0] if arns else None

    def _take_away(self, change: Change, arn: str | None) -> None:
        if arn is None:
            names = ", ".join(name_of(arn) for arn, _stateful in references_of(self.policy)) or "none"
            raise FlowOpsError(f"The policy has no rule group {shown(change.rule_group)} to take away; it has {names}.")
        for key in ("StatefulRuleGroupReferences", "StatelessRuleGroupReferences"):
            self.body[key] = [item for item in self.body.get(key) or () if item["ResourceArn"] != arn]
        self.groups.pop(arn, None)

    def _check_order(self, change: Change, group: Mapping[str, Any]) -> None:
        order = (group.get("StatefulRuleOptions") or {}).get("RuleOrder")
        if order is not None and order != self.order:
            raise FlowOpsError(f"'{change.source}' is a rule group of {order}, and the policy's order is {self.order}.")

    def _add(self, change: Change, stateful: bool) -> str:
        needed = not stateful or self.order == STRICT_ORDER
        if change.priority is None and needed:
            names = ", ".join(name_of(arn) for arn, _stateful in references_of(self.policy)) or "none"
            raise FlowOpsError(
                f"The policy has no rule group {shown(change.rule_group)} (it has {names}); give a priority to add one."
            )
        key = "StatefulRuleGroupReferences" if stateful else "StatelessRuleGroupReferences"
        references = list(self.body.get(key) or ())
        taken = next((item for item in references if needed and item.get("Priority") == change.priority), None)
        if taken is not None:
            raise FlowOpsError(
                f"The priority {change.priority} of {shown(change.rule_group)} is that of "
                f"'{name_of(taken['ResourceArn'])}'; give another one."
            )
        kind = "stateful-rulegroup" if stateful else "stateless-rulegroup"
        arn = (
            change.rule_group
            if change.rule_group.startswith("arn:")
            else f"{self._account()}:{kind}/{change.rule_group}"
        )
        reference: dict[str, Any] = {"ResourceArn": arn}
        if change.priority is not None:
            reference["Priority"] = change.priority
        self.body[key] = [*references, reference]
        return arn

    def _account(self) -> str:
        arn = str((self.policy.get("FirewallPolicyResponse") or {}).get("FirewallPolicyArn") or "")
        return arn.rpartition(":")[0] or "arn:aws:network-firewall::"

    def _replace(self, arn: str, group: Mapping[str, Any]) -> None:
        before = self.groups.get(arn) or {}
        about = {**(before.get("RuleGroupResponse") or {}), "RuleGroupArn": arn, "RuleGroupName": name_of(arn)}
        old = before.get("RuleGroup") or {}
        # Text alone leaves the variables of the group as they are.
        kept = {
            key: old[key]
            for key in ("RuleVariables", "ReferenceSets")
            if old.get(key) and list(group) == ["RulesSource"]
        }
        self.groups[arn] = {"RuleGroup": {**kept, **group}, "RuleGroupResponse": about}

    def result(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        if not references_of(self.policy) and not self.body.get("StatefulDefaultActions"):
            raise FlowOpsError("The changes leave the policy without rules, so that there is nothing to judge by.")
        return self.policy, list(self.groups.values())
