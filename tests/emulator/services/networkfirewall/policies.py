# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewall policies, as Network Firewall describes them."""

from __future__ import annotations

from typing import Any

from ...world.errors import NotFound
from ...world.state import Firewall, stable_uuid
from .named import Named


class Policies(Named):
    """Answers DescribeFirewallPolicy and DescribeFirewallPolicyV2."""

    def describe_firewall_policy(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeFirewallPolicy."""
        firewall = self._with_policy(account, region, request, "FirewallPolicy", next_generation=False)
        stream_exception = firewall.stream_exception_policy or self.world.settings.stream_exception_policy
        return {
            "UpdateToken": stable_uuid(f"{firewall.policy_arn}/update"),
            "FirewallPolicyResponse": {
                "FirewallPolicyName": firewall.policy_name,
                "FirewallPolicyArn": firewall.policy_arn,
                "FirewallPolicyId": stable_uuid(firewall.policy_arn),
                "FirewallPolicyStatus": "ACTIVE",
                "NumberOfAssociations": 1,
            },
            "FirewallPolicy": {
                "StatelessDefaultActions": ["aws:forward_to_sfe"],
                "StatelessFragmentDefaultActions": ["aws:forward_to_sfe"],
                "StatefulEngineOptions": {
                    "RuleOrder": "STRICT_ORDER",
                    **({"StreamExceptionPolicy": stream_exception} if stream_exception else {}),
                },
            },
        }

    def describe_firewall_policy_v2(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeFirewallPolicyV2."""
        firewall = self._with_policy(account, region, request, "FirewallPolicyV2", next_generation=True)
        policy: dict[str, Any] = {"PolicyMode": firewall.policy_mode, "FirewallDefaultAction": "DROP"}
        if firewall.stream_exception_policy:
            policy["StatefulEngineOptions"] = {"StreamExceptionPolicy": firewall.stream_exception_policy}
        return {
            "UpdateToken": stable_uuid(f"{firewall.policy_arn}/update"),
            "FirewallPolicyV2Response": {
                "FirewallPolicyV2Name": firewall.policy_name,
                "FirewallPolicyV2Arn": firewall.policy_arn,
                "FirewallPolicyV2Id": stable_uuid(firewall.policy_arn),
                "FirewallPolicyV2Status": "ACTIVE",
                "NumberOfAssociations": 1,
            },
            "FirewallPolicyV2": policy,
        }

    def _with_policy(
        self, account: str, region: str, request: dict[str, Any], kind: str, next_generation: bool
    ) -> Firewall:
        """Return the firewall whose policy is meant; NotFound when that is of the other generation."""
        firewall = self.named(account, region, request, kind)
        if (firewall.policy_mode is not None) != next_generation:
            raise NotFound(f"{kind} not found, resource: [{firewall.policy_arn}]")
        return firewall
