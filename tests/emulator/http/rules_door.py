# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control door's part for firewall policies and rule groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..world.errors import DoorError
from ..world.rulebook import GROUP_TYPES, MANAGED, RULE_ORDERS, Revision, RuleGroup, group_arn, policy_body
from ..world.state import Firewall
from ..world.world import World
from .bodies import seconds_or_ever, take
from .validation import problems_of

_SERVICE = "network-firewall"
_SHAPES = {"FIREWALL": "FirewallRuleGroup", "IPS": "IpsRuleGroup"}
_GROUP = ("rules", "rule_group", "rule_variables", "hidden", "denied", "changed_seconds_ago", "capacity")
_FIREWALL = ("firewall_name", "firewall_arn", "region")
Body = dict[str, Any]


class RulesDoor:
    """Sets the policy and the rule groups of a firewall, and changes a group."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.routes: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("GET", "rules"): self._show,
            ("POST", "rules"): self._set,
            ("POST", "rule_group"): self._change,
        }

    def _show(self, _body: Body) -> Any:
        rules = self._world.rules
        return {
            "policies": [vars(item) for item in rules.policies.values()],
            "groups": [vars(g) for g in rules.groups.values()],
        }

    def _set(self, body: Body) -> Any:
        options = ("rule_order", "default_actions", "stateless_default_actions", "home_net", "policy", "groups")
        take(body, *_FIREWALL, *options, "changed_seconds_ago", "pending")
        firewall = self._world.find(body.get("firewall_name"), body.get("firewall_arn"), body.get("region"))
        order = body.get("rule_order", "STRICT_ORDER")
        if order not in RULE_ORDERS:
            raise DoorError(f"rule_order must be {' or '.join(RULE_ORDERS)}")
        changed = self._changed(body)
        made = [self._group(firewall, item, order, changed) for item in body.get("groups") or []]
        if firewall.policy_mode is None:
            policy = policy_body(
                [(group, _reference(group, item, order, number)) for number, (group, item) in enumerate(made, start=1)],
                rule_order=order,
                default_actions=body.get("default_actions"),
                stateless_default_actions=body.get("stateless_default_actions"),
                home_net=body.get("home_net"),
                members=body.get("policy") or {},
            )
        else:
            policy = {"PolicyMode": firewall.policy_mode, "FirewallDefaultAction": "DROP", **(body.get("policy") or {})}
        _check("FirewallPolicy" if firewall.policy_mode is None else "FirewallPolicyV2", policy)
        rules = self._world.rules
        for group, _item in made:
            rules.groups[group.arn] = group
        known = rules.policies.setdefault(firewall.policy_arn, Revision(firewall.policy_arn, policy))
        known.change(policy, changed)
        pending = seconds_or_ever(body, "pending", 0.0)
        for arn in (firewall.policy_arn, *(group.arn for group, _item in made)):
            self._world.delay_sync(arn, pending)
        return {"firewall_policy_arn": known.arn, "rule_group_arns": {group.name: group.arn for group, _item in made}}

    def _changed(self, body: Body) -> float | None:
        ago = seconds_or_ever(body, "changed_seconds_ago", 0.0)
        return None if ago is None else self._world.clock.now() - ago

    def _group(self, firewall: Firewall, item: Body, order: str, changed: float | None) -> tuple[RuleGroup, Body]:
        take(item, *_GROUP, "name", "type", "priority", "override", "managed", "account_id")
        kind = item.get("type", "STATEFUL")
        if kind not in GROUP_TYPES:
            raise DoorError(f"type must be one of {', '.join(GROUP_TYPES)}")
        account = MANAGED if item.get("managed") else str(item.get("account_id", firewall.account))
        arn = group_arn(firewall.region, kind, str(item.get("name")), account)
        known = self._world.rules.groups.get(arn)
        if not {"rules", "rule_group"} & set(item):
            if known is None and not item.get("hidden"):
                raise DoorError(f"the rule group {item.get('name')!r} needs rules (Suricata text) or rule_group (JSON)")
            return known or RuleGroup(arn, {}, changed, type=kind, hidden=True), item
        group = known or RuleGroup(arn, {}, type=kind)
        self._fill(group, item, order, self._changed(item) if "changed_seconds_ago" in item else changed)
        return group, item

    def _fill(self, group: RuleGroup, item: Body, order: str | None, changed: float | None) -> None:
        content = _content(group.type, item, order or _order_of(group))
        _check(_SHAPES.get(group.type, "RuleGroup"), content)
        group.change(content, changed)
        group.hidden, group.denied = bool(item.get("hidden", group.hidden)), bool(item.get("denied", group.denied))
        group.capacity = int(item.get("capacity", group.capacity))

    def _change(self, body: Body) -> Any:
        take(body, *_GROUP, "name", "pending")
        group = self._world.rules.find(str(body.get("name")))
        if {"rules", "rule_group"} & set(body):
            self._fill(group, body, None, self._changed(body))
            self._world.delay_sync(group.arn, seconds_or_ever(body, "pending", 0.0))
        group.hidden, group.denied = bool(body.get("hidden", group.hidden)), bool(body.get("denied", group.denied))
        return {"rule_group_arn": group.arn, "update_token": group.update_token, "last_modified": group.changed}


def _order_of(group: RuleGroup) -> str | None:
    order: str | None = group.body.get("StatefulRuleOptions", {}).get("RuleOrder")
    return order


def _content(kind: str, item: Body, order: str | None) -> Body:
    """Return the API's JSON of a group: as given, or around a Suricata text."""
    content: Body = dict(item.get("rule_group") or {"RulesSource": {"RulesString": item["rules"]}})
    if item.get("rule_variables"):
        content["RuleVariables"] = item["rule_variables"]
    if "rules" in item and order is not None and kind in ("STATEFUL", "STATEFUL_DOMAIN"):
        content["StatefulRuleOptions"] = {"RuleOrder": order}
    return content


def _reference(group: RuleGroup, item: Body, order: str, number: int) -> Body:
    """Return what a policy says of a group beside its ARN; its priority is its position unless given."""
    reference: Body = {}
    if group.type == "STATELESS" or order == "STRICT_ORDER":
        reference["Priority"] = item.get("priority", number)
    if item.get("override"):
        reference["Override"] = {"Action": item["override"]}
    return reference


def _check(shape: str, value: Body) -> None:
    problems = problems_of(_SERVICE, shape, value)
    if problems:
        raise DoorError(f"this is no {shape}: {'; '.join(problems)}")
