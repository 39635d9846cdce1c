# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewalls, their tags and their VPC endpoint associations, as Network Firewall describes them."""

from __future__ import annotations

from typing import Any

from ...world.errors import NotFound
from ...world.state import SYNC_STATES, Firewall, Zone, stable_uuid
from .named import Named


class Firewalls(Named):
    """Answers DescribeFirewall, ListTagsForResource and the describes of associations."""

    def describe_firewall(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeFirewall."""
        firewall = self.named(account, region, request, "Firewall")
        now = self.world.clock.now()
        states = {name: self._sync_state(firewall, zone, now) for name, zone in firewall.zones.items()}
        told = [item["SyncStatus"] for state in states.values() for item in state["Config"].values()]
        summary = max(told, key=SYNC_STATES.index)
        ready = summary == "IN_SYNC" and all(item["Attachment"]["Status"] == "READY" for item in states.values())
        described: dict[str, Any] = {
            "FirewallName": firewall.name,
            "FirewallArn": firewall.arn,
            "FirewallId": firewall.identifier,
            "FirewallPolicyArn": firewall.policy_arn,
            "VpcId": firewall.vpc_id,
            "SubnetMappings": [
                {"SubnetId": zone.subnet_id, "IPAddressType": "DUALSTACK"} for zone in firewall.zones.values()
            ],
            "DeleteProtection": False,
            "SubnetChangeProtection": False,
            "FirewallPolicyChangeProtection": False,
            "EncryptionConfiguration": {"KeyId": "AWS_OWNED_KMS_KEY", "Type": "AWS_OWNED_KMS_KEY"},
            "NumberOfAssociations": len(firewall.associations),
        }
        if firewall.tags:
            described["Tags"] = [{"Key": key, "Value": value} for key, value in firewall.tags.items()]
        answer: dict[str, Any] = {
            "UpdateToken": stable_uuid(f"{firewall.arn}/update"),
            "Firewall": described,
            "FirewallStatus": {
                "Status": "READY" if ready else "PROVISIONING",
                "ConfigurationSyncStateSummary": summary,
                "SyncStates": states,
            },
        }
        for part, members in firewall.members.items():
            answer[part] = {name: value for name, value in {**answer[part], **members}.items() if value is not None}
        return answer

    def _sync_state(self, firewall: Firewall, zone: Zone, now: float) -> dict[str, Any]:
        """Return the SyncState of a zone: its endpoint, and the policy and each rule group as far as it has them."""
        sync, attachment = zone.health(now)
        policy = self.world.rules.policy_of(firewall)
        config = {
            item.arn: {"SyncStatus": zone.sync_of(item.arn, now), "UpdateToken": item.update_token}
            for item in (policy, *self.world.rules.groups_of(policy))
        }
        if sync != "IN_SYNC":
            config[policy.arn]["SyncStatus"] = sync
        return {
            "Attachment": {"SubnetId": zone.subnet_id, "EndpointId": zone.endpoint_id, "Status": attachment},
            "Config": config,
        }

    def list_associations(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListVpcEndpointAssociations."""
        if request.get("FirewallArn"):
            firewalls = [self.firewall_of(account, region, request)]
        else:
            firewalls = [
                item for item in self.world.firewalls.values() if (item.account, item.region) == (account, region)
            ]
        arns = [item.arn for firewall in firewalls for item in firewall.associations.values() if item.listed]
        page, token = self.world.page(arns, request, ["associations", request.get("FirewallArn")])
        answer: dict[str, Any] = {"VpcEndpointAssociations": [{"VpcEndpointAssociationArn": arn} for arn in page]}
        if token:
            answer["NextToken"] = token
        return answer

    def describe_association(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeVpcEndpointAssociation."""
        arn = request["VpcEndpointAssociationArn"]
        for firewall in self.world.firewalls.values():
            if (firewall.account, firewall.region) != (account, region) or arn not in firewall.associations:
                continue
            association = firewall.associations[arn]
            if association.account != account:
                break
            return {
                "VpcEndpointAssociation": {
                    "VpcEndpointAssociationId": association.identifier,
                    "VpcEndpointAssociationArn": association.arn,
                    "FirewallArn": firewall.arn,
                    "VpcId": association.vpc_id,
                    "SubnetMapping": {"SubnetId": association.subnet_id, "IPAddressType": "DUALSTACK"},
                },
                "VpcEndpointAssociationStatus": {
                    "Status": "READY",
                    "AssociationSyncState": {
                        association.zone: {
                            "Attachment": {
                                "SubnetId": association.subnet_id,
                                "EndpointId": association.endpoint_id,
                                "Status": "READY",
                            }
                        }
                    },
                },
            }
        raise NotFound(f"VPC endpoint association not found, resource: [{arn}]")

    def list_tags(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListTagsForResource of a firewall."""
        firewall = self.world.firewall(account, region, request["ResourceArn"])
        tags = [{"Key": key, "Value": value} for key, value in firewall.tags.items()]
        page, token = self.world.page(tags, request, ["tags", firewall.arn])
        return {"Tags": page, "NextToken": token} if token else {"Tags": page}
