# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies, rule groups and flow records as the tests of rules write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.rules.judge import Judge
from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.rules.ruleset import Ruleset
from ansible_collections.flowops.aws.plugins.module_utils.rules.verdicts import Verdict

ACCOUNT = "arn:aws:network-firewall:us-east-1:123456789012"
HOME = "10.0.0.0/8"


def arn_of(name: str, kind: str = "stateful-rulegroup") -> str:
    return f"{ACCOUNT}:{kind}/{name}"


def group(rules: str | Sequence[str] | None = None, name: str = "g", **more: Any) -> dict[str, Any]:
    """The answer of DescribeRuleGroup for a group of Suricata text, or of what more says."""
    body = dict(more)
    if rules is not None:
        body["RulesSource"] = {"RulesString": rules if isinstance(rules, str) else "\n".join(rules)}
    kind = "stateless-rulegroup" if "StatelessRulesAndCustomActions" in body.get("RulesSource", {}) else None
    arn = arn_of(name, kind or "stateful-rulegroup")
    return {"RuleGroup": body, "RuleGroupResponse": {"RuleGroupArn": arn, "RuleGroupName": name}}


def policy(
    *groups: dict[str, Any],
    order: str = "STRICT_ORDER",
    actions: Sequence[str] = (),
    home: str | None = HOME,
    **more: Any,
) -> dict[str, Any]:
    """The answer of DescribeFirewallPolicy for a policy that names the groups in this order."""
    arns = [item["RuleGroupResponse"]["RuleGroupArn"] for item in groups]
    body: dict[str, Any] = {
        "StatelessDefaultActions": ["aws:forward_to_sfe"],
        "StatelessFragmentDefaultActions": ["aws:forward_to_sfe"],
        "StatefulEngineOptions": {"RuleOrder": order},
        "StatefulDefaultActions": list(actions),
    }
    for key, kind in (("StatefulRuleGroupReferences", "stateful"), ("StatelessRuleGroupReferences", "stateless")):
        body[key] = [{"ResourceArn": a, "Priority": n} for n, a in enumerate(arns, 1) if f":{kind}-rulegroup/" in a]
    if home is not None:
        body["PolicyVariables"] = {"RuleVariables": {"HOME_NET": {"Definition": home.split(",")}}}
    return {
        "FirewallPolicy": {**body, **more},
        "FirewallPolicyResponse": {"FirewallPolicyArn": arn_of("p", "firewall-policy"), "FirewallPolicyName": "p"},
    }


def rules_of(*rules: str, **more: Any) -> Ruleset:
    """The rules of a policy with one group of Suricata text."""
    only = group(rules)
    return ruleset_of(policy(only, **more), [only])


def flow(
    source: str = "10.0.0.5",
    destination: str = "93.184.216.34",
    ports: tuple[int, int] = (40000, 443),
    protocol: int = 6,
) -> dict[str, Any]:
    """A flow record."""
    return {
        "source_address": source,
        "source_port": ports[0],
        "destination_address": destination,
        "destination_port": ports[1],
        "protocol_number": protocol,
    }


def verdict(rules: Ruleset, record: dict[str, Any] | None = None, **more: Any) -> Verdict:
    """The verdict on one flow."""
    return Judge(rules, **more).judge([flow() if record is None else record])[0]


def fate(rules: Sequence[str], record: dict[str, Any] | None = None, **more: Any) -> str:
    """The fate of one flow by one group of Suricata text."""
    return verdict(rules_of(*rules, **more), record).fate
