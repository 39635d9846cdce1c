# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall policies and rule groups of the world: what they say, since when, and who uses them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from .places import arn, partition_of
from .state import DEFAULT_ACCOUNT, Firewall, stable_uuid

GROUP_TYPES = {
    "STATEFUL": "stateful-rulegroup",
    "STATELESS": "stateless-rulegroup",
    "STATEFUL_DOMAIN": "stateful-domain-rulegroup",
    # AWS publishes no ARN of these two.
    "FIREWALL": "firewall-rulegroup",
    "IPS": "ips-rulegroup",
}
RULE_ORDERS = ("STRICT_ORDER", "DEFAULT_ACTION_ORDER")
MANAGED = "aws-managed"
_FORWARD = ["aws:forward_to_sfe"]


@dataclass
class Revision:
    """What a policy or rule group says; changed is in epoch seconds, None where the service does not tell."""

    arn: str
    body: dict[str, Any]
    changed: float | None = None
    number: int = 0

    @property
    def name(self) -> str:
        """Return the last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def update_token(self) -> str:
        """Return the UpdateToken, another one after each change."""
        return stable_uuid(f"{self.arn}/update/{self.number}" if self.number else f"{self.arn}/update")

    def change(self, body: dict[str, Any], changed: float | None) -> None:
        """Put another text in the place of this one."""
        self.body, self.changed = body, changed
        self.number += 1


@dataclass
class RuleGroup(Revision):
    """A rule group; its rules may be hidden, as some managed ones' are, or denied to the caller."""

    type: str = "STATEFUL"
    capacity: int = 1000
    hidden: bool = False
    denied: bool = False

    @property
    def managed(self) -> bool:
        """Say whether AWS manages the group."""
        return self.arn.split(":")[4] == MANAGED

    @property
    def consumed(self) -> int:
        """Return how many rules the group holds."""
        source: dict[str, Any] = self.body.get("RulesSource", {})
        if "RulesString" in source:
            lines = [line.strip() for line in source["RulesString"].splitlines()]
            return sum(1 for line in lines if line and not line.startswith("#"))
        stateless = source.get("StatelessRulesAndCustomActions", {}).get("StatelessRules", [])
        listed = source.get("RulesSourceList", {}).get("Targets", [])
        return len(source.get("StatefulRules", []) or stateless or listed)


@dataclass
class RuleBook:
    """Policies by their ARN, and rule groups; a firewall without a policy here has one that lets everything pass."""

    policies: dict[str, Revision] = field(default_factory=dict)
    groups: dict[str, RuleGroup] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._at_start: tuple[dict[str, Revision], dict[str, RuleGroup]] = ({}, {})

    def remember(self) -> None:
        """Make the present state the one that reset() goes back to."""
        self._at_start = copy.deepcopy((self.policies, self.groups))

    def reset(self) -> None:
        """Go back to the remembered state."""
        self.policies, self.groups = copy.deepcopy(self._at_start)

    def policy_of(self, firewall: Firewall) -> Revision:
        """Return the policy of a firewall."""
        found = self.policies.get(firewall.policy_arn)
        return found or Revision(firewall.policy_arn, _without_rules(firewall), firewall.created)

    def groups_of(self, policy: Revision) -> list[RuleGroup]:
        """Return the rule groups that a policy refers to and that are known."""
        return [
            self.groups[item["ResourceArn"]] for item in references(policy.body) if item["ResourceArn"] in self.groups
        ]

    def find(self, name_or_arn: str) -> RuleGroup:
        """Return the one group of that name or ARN, else ValueError."""
        found = [item for item in self.groups.values() if name_or_arn in (item.arn, item.name)]
        if len(found) != 1:
            raise ValueError(f"{len(found)} rule groups are called {name_or_arn!r}, need exactly one")
        return found[0]

    def users(self, object_arn: str, firewalls: list[Firewall]) -> list[Firewall]:
        """Return those of the firewalls that use a policy or a rule group."""
        return [
            item
            for item in firewalls
            if object_arn in (item.policy_arn, *(ref["ResourceArn"] for ref in references(self.policy_of(item).body)))
        ]


def _without_rules(firewall: Firewall) -> dict[str, Any]:
    if firewall.policy_mode is not None:
        return {"PolicyMode": firewall.policy_mode, "FirewallDefaultAction": "DROP"}
    return {
        "StatelessDefaultActions": _FORWARD,
        "StatelessFragmentDefaultActions": _FORWARD,
        "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
    }


def references(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the references of a policy to rule groups, those of a Next Generation policy too."""
    members = ("StatelessRuleGroupReferences", "StatefulRuleGroupReferences", "FirewallRuleGroupEntries")
    found = [item for name in (*members, "IpsRuleGroupEntries") for item in policy.get(name) or []]
    return [item for item in found if "ResourceArn" in item]


def group_arn(region: str, kind: str, name: str, account: str | None = None) -> str:
    """Return the ARN of a rule group; account aws-managed is AWS itself."""
    resource = f"{GROUP_TYPES[kind]}/{name}"
    if account == MANAGED:
        return f"arn:{partition_of(region)}:network-firewall:{region}:{MANAGED}:{resource}"
    return arn(region, account or DEFAULT_ACCOUNT, resource)


def policy_body(
    references_to: list[tuple[RuleGroup, dict[str, Any]]],
    *,
    rule_order: str,
    default_actions: list[str] | None,
    stateless_default_actions: list[str] | None,
    home_net: list[str] | None,
    members: dict[str, Any],
) -> dict[str, Any]:
    """Return a FirewallPolicy that refers to groups (with Priority, Override), members laid over the rest."""
    stateless = list(stateless_default_actions or _FORWARD)
    body: dict[str, Any] = {
        "StatelessDefaultActions": stateless,
        "StatelessFragmentDefaultActions": stateless,
        "StatefulEngineOptions": {"RuleOrder": rule_order},
    }
    for kind, member in (("STATELESS", "StatelessRuleGroupReferences"), ("", "StatefulRuleGroupReferences")):
        found = [
            {"ResourceArn": group.arn, **reference}
            for group, reference in references_to
            if (group.type == "STATELESS") == bool(kind)
        ]
        if found:
            body[member] = found
    if default_actions:
        body["StatefulDefaultActions"] = default_actions
    if home_net is not None:
        body["PolicyVariables"] = {"RuleVariables": {"HOME_NET": {"Definition": home_net}}}
    return {**body, **members}
