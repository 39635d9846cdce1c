# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewall policies and rule groups, as Network Firewall describes them."""

from __future__ import annotations

from typing import Any

from ...world.errors import ApiError, InvalidRequest, NotFound
from ...world.rulebook import Revision, RuleGroup
from ...world.state import Firewall, stable_uuid
from .named import Named

_BODIES = {"FIREWALL": "FirewallRuleGroup", "IPS": "IpsRuleGroup"}
_ENCRYPTION = {"KeyId": "AWS_OWNED_KMS_KEY", "Type": "AWS_OWNED_KMS_KEY"}


class Rules(Named):
    """Answers the describes and listings of policies and rule groups."""

    def describe_firewall_policy(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeFirewallPolicy."""
        firewall = self._with_policy(account, region, request, "FirewallPolicy", next_generation=False)
        return self._policy(firewall, "FirewallPolicy", self.world.settings.stream_exception_policy)

    def describe_firewall_policy_v2(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeFirewallPolicyV2."""
        firewall = self._with_policy(account, region, request, "FirewallPolicyV2", next_generation=True)
        return self._policy(firewall, "FirewallPolicyV2", None)

    def _policy(self, firewall: Firewall, kind: str, stream_exception: str | None) -> dict[str, Any]:
        policy = self.world.rules.policy_of(firewall)
        stream_exception = firewall.stream_exception_policy or stream_exception
        body = dict(policy.body)
        if stream_exception:
            body["StatefulEngineOptions"] = {
                "StreamExceptionPolicy": stream_exception,
                **body.get("StatefulEngineOptions", {}),
            }
        groups = self.world.rules.groups_of(policy)
        stateless = [group.capacity for group in groups if group.type == "STATELESS"]
        response = {
            f"{kind}Name": policy.name,
            f"{kind}Arn": policy.arn,
            f"{kind}Id": stable_uuid(policy.arn),
            f"{kind}Status": "ACTIVE",
            "NumberOfAssociations": len(self._users(policy)),
            **self._changed(policy),
        }
        if kind == "FirewallPolicy":
            response["ConsumedStatelessRuleCapacity"] = sum(stateless)
            response["ConsumedStatefulRuleCapacity"] = sum(group.capacity for group in groups) - sum(stateless)
            response["EncryptionConfiguration"] = _ENCRYPTION
        return {"UpdateToken": policy.update_token, f"{kind}Response": response, kind: body}

    def _users(self, item: Revision) -> list[Firewall]:
        return self.world.rules.users(item.arn, list(self.world.firewalls.values()))

    def _changed(self, item: Revision) -> dict[str, float]:
        if item.changed is None:
            return {}
        return {"LastModifiedTime": round(item.changed + self.world.settings.clock_offset, 3)}

    def _with_policy(
        self, account: str, region: str, request: dict[str, Any], kind: str, next_generation: bool
    ) -> Firewall:
        """Return a firewall whose policy is meant; NotFound when that is of the other generation."""
        firewall = self.named(account, region, request, kind)
        if (firewall.policy_mode is not None) != next_generation:
            raise NotFound(f"{kind} not found, resource: [{firewall.policy_arn}]")
        return firewall

    def list_firewall_policies(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListFirewallPolicies: the classic ones."""
        arns = {
            item.policy_arn: item.policy_name
            for item in self.world.firewalls.values()
            if (item.account, item.region, item.policy_mode) == (account, region, None)
        }
        rows = [{"Name": name, "Arn": arn} for arn, name in arns.items()]
        return self._listing(rows, request, "FirewallPolicies")

    def describe_rule_group(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeRuleGroup; a group whose rules are hidden has no RuleGroup."""
        group = self._group(account, region, request)
        if group.denied:
            raise ApiError("AccessDeniedException", f"User is not authorized to access this resource: {group.arn}")
        response = {
            "RuleGroupArn": group.arn,
            "RuleGroupName": group.name,
            "RuleGroupId": stable_uuid(group.arn),
            "Type": group.type,
            "Capacity": group.capacity,
            "RuleGroupStatus": "ACTIVE",
            "ConsumedCapacity": group.consumed,
            "NumberOfAssociations": len(self._users(group)),
            "EncryptionConfiguration": _ENCRYPTION,
            **self._changed(group),
        }
        answer: dict[str, Any] = {"UpdateToken": group.update_token, "RuleGroupResponse": response}
        if not group.hidden:
            answer[_BODIES.get(group.type, "RuleGroup")] = group.body
        return answer

    def _group(self, account: str, region: str, request: dict[str, Any]) -> RuleGroup:
        name, arn, kind = (request.get(member) for member in ("RuleGroupName", "RuleGroupArn", "Type"))
        if arn is None and (name is None or kind is None):
            raise InvalidRequest("either RuleGroupArn or RuleGroupName and Type must be specified")
        for group in self.world.rules.groups.values():
            # A group of another account is shared with the caller; by its name, only his own is found.
            own = group.arn.split(":")[3:5] == [region, account]
            meant = group.arn == arn if arn is not None else own and (group.name, group.type) == (name, kind)
            if meant and group.arn.split(":")[3] == region and name in (None, group.name):
                return group
        raise NotFound(f"Rule group not found, resource: [{arn or name}]")

    def list_rule_groups(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListRuleGroups: the account's own, or the managed ones with Scope MANAGED."""
        managed = request.get("Scope") == "MANAGED"
        rows = [
            {"Name": group.name, "Arn": group.arn, **({"VendorName": "AWS"} if managed else {})}
            for group in self.world.rules.groups.values()
            if group.arn.split(":")[3] == region
            and (group.managed if managed else group.arn.split(":")[4] == account)
            and request.get("Type") in (None, group.type)
        ]
        return self._listing(rows, request, "RuleGroups")

    def _listing(self, rows: list[dict[str, Any]], request: dict[str, Any], member: str) -> dict[str, Any]:
        binding = [member, *(request.get(name) for name in ("Scope", "Type"))]
        page, token = self.world.page(rows, request, binding)
        return {member: page, "NextToken": token} if token else {member: page}
