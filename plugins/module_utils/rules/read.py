# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers of DescribeFirewallPolicy and DescribeRuleGroup, read into the rules that the firewall goes by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from . import fallback
from .groups import GroupVariables, Reader, unread_rule
from .headers import HeaderError, network_of
from .ruleset import ACTION_ORDER, ALERT, DROP, STRICT_ORDER, GroupInfo, Problem, Rule, Ruleset, StatelessRule
from .verdicts import MANAGED, NEXT_GENERATION, RESOLVED_ADDRESSES, UNREAD

NOT_NAMED = "its description is not here"

_ACTION_RANKS = {"pass": 0, "drop": 1, "reject": 2, "rejectsrc": 2, "rejectdst": 2, "rejectboth": 2, "alert": 3}
_NEXT_GENERATION_TYPES = ("FIREWALL", "IPS")
# What the answer of DescribeFirewallPolicyV2 has, and a classic policy never.
_NEXT_GENERATION_MEMBERS = ("FirewallRuleGroupEntries", "IpsRuleGroupEntries", "PolicyMode", "FirewallDefaultAction")


def name_of(arn: str) -> str:
    """Return the name at the end of the ARN of a policy or rule group."""
    return arn.rpartition("/")[2] or arn


def is_managed(arn: str) -> bool:
    """Return whether AWS manages a rule group."""
    return ":aws-managed:" in arn


def references_of(policy: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Return the ARNs of a policy's rule groups, each with whether it is stateful."""
    body = _body(policy)
    return [(item["ResourceArn"], False) for item in body.get("StatelessRuleGroupReferences") or ()] + [
        (item["ResourceArn"], True) for item in body.get("StatefulRuleGroupReferences") or ()
    ]


def missing_groups(policy: Mapping[str, Any], groups: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ARNs of rule groups that a policy names and of which no description is given."""
    given = {arn_of(group) for group in groups}
    return [arn for arn, _stateful in references_of(policy) if arn not in given]


def arn_of(group: Mapping[str, Any]) -> str:
    """Return the ARN of a rule group as DescribeRuleGroup answers, "" without one."""
    return str((group.get("RuleGroupResponse") or {}).get("RuleGroupArn") or "")


def asks_vpc(policy: Mapping[str, Any], groups: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether rules use HOME_NET, or EXTERNAL_NET, and the policy leaves it to be the VPC's CIDRs."""
    if "HOME_NET" in ((_body(policy).get("PolicyVariables") or {}).get("RuleVariables") or {}):
        return False
    return any(_names_home_net(group.get("RuleGroup") or {}) for group in groups)


def _names_home_net(group: Mapping[str, Any]) -> bool:
    text = str(group)
    lists = (group.get("RulesSource") or {}).get("RulesSourceList")
    return bool(lists) or "$HOME_NET" in text or "$EXTERNAL_NET" in text


def ruleset_of(
    policy: Mapping[str, Any],
    groups: Sequence[Mapping[str, Any]],
    *,
    home_net: Sequence[str] | None = None,
    vpc_cidrs: Sequence[str] | None = None,
    prefix_lists: Mapping[str, Sequence[str]] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Ruleset:
    """Return the rules of a policy.

    Policy is the answer of DescribeFirewallPolicy, groups the answers of DescribeRuleGroup, in any order. HOME_NET is
    home_net, else the policy's variable, else vpc_cidrs; else it is not known. Prefix lists are CIDRs by the ARN that
    references name. Problems says by ARN why a group could not be described.
    """
    return _Policy(policy, groups, home_net, vpc_cidrs, prefix_lists or {}, problems or {}).read()


def unread_ruleset(arn: str) -> Ruleset:
    """Return what stands for a policy that may not be read: any of its rules may do anything."""
    name = name_of(arn)
    return Ruleset(
        arn=arn,
        name=name,
        order=ACTION_ORDER,
        stateful=tuple(unread_rule(name, action, UNREAD, name) for action in ("pass", "drop")),
        stateless=tuple(fallback.unread_stateless(name, UNREAD, name)),
    )


def _body(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    body = policy.get("FirewallPolicy")
    return body if isinstance(body, Mapping) else policy


class _Policy:
    def __init__(
        self,
        policy: Mapping[str, Any],
        groups: Sequence[Mapping[str, Any]],
        home_net: Sequence[str] | None,
        vpc_cidrs: Sequence[str] | None,
        prefix_lists: Mapping[str, Sequence[str]],
        problems: Mapping[str, str],
    ) -> None:
        self.body = _body(policy)
        self.about: Mapping[str, Any] = policy.get("FirewallPolicyResponse") or {}
        self.groups = {arn_of(group): group for group in groups}
        self.prefix_lists = prefix_lists
        self.unread = problems
        self.home_net = home_net
        self.vpc_cidrs = vpc_cidrs
        self.order = str((self.body.get("StatefulEngineOptions") or {}).get("RuleOrder") or ACTION_ORDER)
        self.infos: list[GroupInfo] = []
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def read(self) -> Ruleset:
        next_generation = any(key in self.body for key in _NEXT_GENERATION_MEMBERS)
        stateless = tuple(self._stateless())
        stateful = list(self._validation())
        if next_generation:
            stateful += self._next_generation("DescribeFirewallPolicyV2")
        stateful += self._ordered(self._stateful())
        actions = tuple(self.body.get("StatefulDefaultActions") or ()) if self.order == STRICT_ORDER else ()
        stateful += fallback.default_rules(actions)
        return Ruleset(
            arn=str(self.about.get("FirewallPolicyArn") or ""),
            name=str(self.about.get("FirewallPolicyName") or name_of(str(self.about.get("FirewallPolicyArn") or ""))),
            order=self.order,
            stateful=tuple(stateful),
            stateless=stateless,
            stateless_default=fallback.effect_of(self.body.get("StatelessDefaultActions") or ()),
            groups=tuple(self.infos),
            problems=tuple(self.problems),
            notes=tuple(dict.fromkeys(self.notes)),
            default_actions=actions,
            tls_inspection=bool(self.body.get("TLSInspectionConfigurationArn")),
            newest_change=self._newest_change(),
            variables={"HOME_NET": self._home_net()},
        )

    def _newest_change(self) -> datetime | None:
        times = [self.about.get("LastModifiedTime"), *(info.last_modified for info in self.infos)]
        moments = [moment for moment in times if isinstance(moment, datetime)]
        return max(moments) if len(moments) == len(times) else None

    def _home_net(self) -> str | None:
        if self.home_net is not None:
            return ",".join(self.home_net)
        own = self._policy_variables().get("HOME_NET")
        if own is not None:
            return ",".join(own.get("Definition") or ())
        return ",".join(self.vpc_cidrs) if self.vpc_cidrs else None

    def _policy_variables(self) -> Mapping[str, Any]:
        variables: Mapping[str, Any] = (self.body.get("PolicyVariables") or {}).get("RuleVariables") or {}
        return variables

    def _variable(self, name: str) -> str | None:
        if name == "$HOME_NET":
            return self._home_net()
        own = self._policy_variables().get(name[1:]) if name[0] == "$" else None
        if own is not None:
            return ",".join(own.get("Definition") or ())
        if name == "$EXTERNAL_NET":
            # The policy's HOME_NET, also in a group that has one of its own.
            home = self._home_net()
            return None if home is None else f"![{home}]"
        raise HeaderError(f"the variable {name} is not known")

    def _validation(self) -> Iterator[Rule]:
        """Yield what stands for the check of addresses against DNS answers, which no 5-tuple tells."""
        validation = self.body.get("Route53ResolvedIPValidation") or {}
        if validation.get("Action") not in ("DROP", "REJECT"):
            return
        self.notes.append(RESOLVED_ADDRESSES)
        rule = unread_rule("Route53ResolvedIPValidation", "drop", RESOLVED_ADDRESSES, "Route53ResolvedIPValidation")
        yield rule

    def _next_generation(self, group: str) -> list[Rule]:
        self.notes.append(NEXT_GENERATION)
        return [unread_rule(group, action, NEXT_GENERATION, group) for action in ("pass", "drop")]

    def _stateless(self) -> Iterator[StatelessRule]:
        references = self.body.get("StatelessRuleGroupReferences") or ()
        for reference in sorted(references, key=lambda item: int(item.get("Priority", 0))):
            arn = reference["ResourceArn"]
            group, why = self._group(arn)
            rules = (
                fallback.unread_stateless(name_of(arn), UNREAD, name_of(arn))
                if why
                else list(fallback.stateless_rules(name_of(arn), group))
            )
            self._note_group(arn, False, reference, len(rules), why)
            yield from rules

    def _group(self, arn: str) -> tuple[Mapping[str, Any], str]:
        """Return the rules of a group, and why they are not known."""
        answer = self.groups.get(arn)
        if answer is None:
            return {}, self.unread.get(arn, NOT_NAMED)
        kind = str((answer.get("RuleGroupResponse") or {}).get("Type") or "")
        if kind in _NEXT_GENERATION_TYPES:
            return {}, NEXT_GENERATION
        group = answer.get("RuleGroup") or {}
        source = group.get("RulesSource") or {}
        if not any(source.get(key) is not None for key in source):
            return {}, self.unread.get(arn, "AWS does not show its rules" if is_managed(arn) else NOT_NAMED)
        return group, ""

    def _note_group(self, arn: str, stateful: bool, reference: Mapping[str, Any], count: int, why: str) -> None:
        about = (self.groups.get(arn) or {}).get("RuleGroupResponse") or {}
        changed = about.get("LastModifiedTime")
        self.infos.append(
            GroupInfo(
                arn=arn,
                name=name_of(arn),
                stateful=stateful,
                priority=reference.get("Priority"),
                last_modified=changed if isinstance(changed, datetime) else None,
                rule_count=0 if why else count,
                unread=why,
                drop_to_alert=_drops_to_alerts(reference),
            )
        )

    def _stateful(self) -> Iterator[Rule]:
        references = self.body.get("StatefulRuleGroupReferences") or ()
        if self.order == STRICT_ORDER:
            references = sorted(references, key=lambda item: int(item.get("Priority", 0)))
        for reference in references:
            arn = reference["ResourceArn"]
            group, why = self._group(arn)
            rules = self._unread(arn, why) if why else self._read(arn, group)
            self._note_group(arn, True, reference, len(rules), why)
            yield from (_as_alert(rule) for rule in rules) if _drops_to_alerts(reference) else rules

    def _read(self, arn: str, group: Mapping[str, Any]) -> list[Rule]:
        reader = Reader(name_of(arn), GroupVariables(group, self._variable, self.prefix_lists))
        rules = list(reader.rules_of(group, self.order))
        self.problems += reader.problems
        return rules

    def _unread(self, arn: str, why: str) -> list[Rule]:
        if why == NEXT_GENERATION:
            return self._next_generation(name_of(arn))
        if is_managed(arn):
            return [unread_rule(name_of(arn), "drop", MANAGED, name_of(arn))]
        return [unread_rule(name_of(arn), action, UNREAD, name_of(arn)) for action in ("pass", "drop")]

    def _ordered(self, rules: Iterable[Rule]) -> list[Rule]:
        """Return rules in the order in which they are asked; those of one action order come as Suricata sorts them."""
        if self.order == STRICT_ORDER:
            return list(rules)
        return sorted(rules, key=_action_order)


def _action_order(rule: Rule) -> tuple[int, tuple[int, ...], int, int]:
    rank = _ACTION_RANKS.get(rule.action, 1)
    return rank, tuple(-use for use in rule.variables or (0, 0, 0, 0)), rule.priority, rule.sid


def _drops_to_alerts(reference: Mapping[str, Any]) -> bool:
    return (reference.get("Override") or {}).get("Action") == "DROP_TO_ALERT"


def _as_alert(rule: Rule) -> Rule:
    if rule.effect != DROP:
        return rule
    return Rule(
        rule.group, rule.sid, "alert", ALERT, rule.header, rule.kind, rule.message, rule.text, rule.line,
        rule.priority, rule.variables, rule.unknown,
    )  # fmt: skip


def check_home_net(cidrs: Sequence[str]) -> str:
    """Return what is wrong with a HOME_NET, "" when nothing is."""
    for cidr in cidrs:
        if network_of(str(cidr)) is None:
            return f"{cidr} is not a CIDR"
    return "" if cidrs else "it is empty"
