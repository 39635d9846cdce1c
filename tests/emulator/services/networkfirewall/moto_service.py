# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network Firewall on moto: its backend over the world's firewalls, and the operations that moto lacks."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from botocore import xform_name
from moto.core.base_backend import BackendDict
from moto.networkfirewall.models import NetworkFirewallBackend, NetworkFirewallModel
from moto.networkfirewall.responses import NetworkFirewallResponse

from ...world.state import Firewall, stable_uuid
from ...world.world import World
from .api import CONTENT_TYPE, SERVICE, NetworkFirewallApi

Answer = tuple[int, dict[str, Any], str]


class FlowOperationsBackend(NetworkFirewallBackend):
    """moto's backend of one account and region, holding the world's firewalls."""

    def __init__(self, region_name: str, account_id: str, world: World) -> None:
        super().__init__(region_name, account_id)
        self.world = world

    def sync(self) -> None:
        """Let moto's firewalls follow the world's: the control door adds some, a reset takes them away again."""
        for key in set(self.firewalls) - set(self.world.firewalls):
            del self.firewalls[key]
        for firewall in self.world.firewalls.values():
            ours = (firewall.account, firewall.region) == (self.account_id, self.region_name)
            known = self.firewalls.get(firewall.arn)
            # A firewall may have gone and come again, with another VPC, since moto last looked.
            if ours and (known is None or known.vpc_id != firewall.vpc_id):
                self._adopt(firewall)

    def reset(self) -> None:
        """Fill again from the world: moto resets every backend of the process, the world outlives that."""
        region_name, account_id, world = self.region_name, self.account_id, self.world
        self.__dict__ = {}
        FlowOperationsBackend.__init__(self, region_name, account_id, world)

    def _adopt(self, firewall: Firewall) -> None:
        """Make a firewall of the world one of moto's, so that moto's own operations see it."""
        model = NetworkFirewallModel(
            firewall.account,
            firewall.region,
            firewall_name=firewall.name,
            firewall_policy_arn=firewall.policy_arn,
            vpc_id=firewall.vpc_id,
            subnet_mappings=[
                {"SubnetId": zone.subnet_id, "IPAddressType": "DUALSTACK"} for zone in firewall.zones.values()
            ],
            delete_protection=False,
            subnet_change_protection=False,
            firewall_policy_change_protection=False,
            description="",
            tags=[{"Key": key, "Value": value} for key, value in firewall.tags.items()],
            encryption_configuration={"Type": "AWS_OWNED_KMS_KEY"},
            enabled_analysis_types=[],
        )
        # moto writes arn:aws for every partition.
        model.arn = firewall.arn
        model.update_token = stable_uuid(f"{firewall.arn}/update")
        self.firewalls[model.arn] = model
        if model.tags:
            self.tagger.tag_resource(model.arn, model.tags)


def make_backends(world: World) -> BackendDict[FlowOperationsBackend]:
    """Return the backends of every account and region over one world."""
    return BackendDict(partial(FlowOperationsBackend, world=world), SERVICE)


def make_response_class(
    api: NetworkFirewallApi, backends: BackendDict[FlowOperationsBackend]
) -> type[NetworkFirewallResponse]:
    """Return moto's Network Firewall handler with the operations of api added, over the given backends."""

    class FlowOperationsResponse(NetworkFirewallResponse):
        @property
        def networkfirewall_backend(self) -> NetworkFirewallBackend:
            backend = backends[self.current_account][self.region]
            with api.world.lock:
                backend.sync()
            return backend

        def _determine_resource(self) -> str:
            """Return the ARN that moto's IAM holds a policy's Resource against."""
            params = json.loads(self.body or "{}")
            kinds = ("Firewall", "FirewallPolicy", "FirewallPolicyV2", "RuleGroup", "VpcEndpointAssociation")
            members = [f"{kind}Arn" for kind in kinds]
            return next((str(params[name]) for name in members if params.get(name)), "*")

        def own(self) -> Answer:
            request = json.loads(self.body or "{}")
            status, body = api.answer(self._get_action(), self.current_account, self.region, request)
            return status, {"status": status, "Content-Type": CONTENT_TYPE}, body

    # moto calls the method that is named like the operation.
    for operation in api.operations:
        setattr(FlowOperationsResponse, xform_name(operation), FlowOperationsResponse.own)
    return FlowOperationsResponse
