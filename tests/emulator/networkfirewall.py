# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network Firewall on moto: its backend over the world's firewalls, and the operations that moto lacks."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from moto.core.base_backend import BackendDict
from moto.networkfirewall.models import NetworkFirewallBackend, NetworkFirewallModel
from moto.networkfirewall.responses import NetworkFirewallResponse

from .errors import ApiError, InvalidRequest, NotFound
from .state import SYNC_STATES, Firewall, World, stable_uuid
from .validation import service_model, validate

SERVICE = "network-firewall"
CONTENT_TYPE = "application/x-amz-json-1.0"
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


class FlowOperationsApi:
    """The Network Firewall operations that moto lacks, from request members to the body of the answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._handlers = {
            "StartFlowCapture": self._start_flow_capture,
            "StartFlowFlush": self._start_flow_flush,
            "DescribeFlowOperation": self._describe_flow_operation,
            "ListFlowOperations": self._list_flow_operations,
            "ListFlowOperationResults": self._list_flow_operation_results,
            "DescribeFirewall": self._describe_firewall,
            "DescribeFirewallPolicy": self._describe_firewall_policy,
            "DescribeFirewallPolicyV2": self._describe_firewall_policy_v2,
            "ListVpcEndpointAssociations": self._list_associations,
            "DescribeVpcEndpointAssociation": self._describe_association,
            "ListTagsForResource": self._list_tags,
        }

    def answer(self, operation: str, account: str, region: str, request: dict[str, Any]) -> tuple[int, str]:
        """Carry out an operation for a request that fits the model; returns HTTP status and body, errors included."""
        try:
            with self.world.lock:
                body = self._handlers[operation](account, region, request)
        except ApiError as error:
            return error.status, error_body(error)
        return 200, body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))

    def _start_flow_capture(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.world.start(self._firewall(account, region, request), "FLOW_CAPTURE", request)

    def _start_flow_flush(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.world.start(self._firewall(account, region, request), "FLOW_FLUSH", request)

    def _describe_flow_operation(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.world.describe(self._firewall(account, region, request), request)

    def _list_flow_operations(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.world.list_operations(self._firewall(account, region, request), request)

    def _list_flow_operation_results(self, account: str, region: str, request: dict[str, Any]) -> str:
        return self.world.results(self._firewall(account, region, request), request).decode()

    def _firewall(self, account: str, region: str, request: dict[str, Any]) -> Firewall:
        return self.world.firewall(account, region, request["FirewallArn"])

    def _named(self, account: str, region: str, request: dict[str, Any], kind: str) -> Firewall:
        """Return the firewall that FirewallName/FirewallArn or FirewallPolicyName/FirewallPolicyArn mean."""
        name, arn = request.get(f"{kind}Name"), request.get(f"{kind}Arn")
        if name is None and arn is None:
            raise InvalidRequest(f"either {kind}Name or {kind}Arn must be specified")
        if kind == "Firewall" and arn is not None:
            found = [self.world.firewall(account, region, arn)]
        else:
            found = [
                item
                for item in self.world.firewalls.values()
                if (item.account, item.region) == (account, region)
                and (arn is None or item.policy_arn == arn)
                and (name is None or name == (item.name if kind == "Firewall" else item.policy_name))
            ]
        if not found or (kind == "Firewall" and name not in (None, found[0].name)):
            raise NotFound(f"{kind} not found, resource: [{arn or name}]")
        return found[0]

    def _describe_firewall(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        firewall = self._named(account, region, request, "Firewall")
        token = stable_uuid(f"{firewall.arn}/update")
        now = self.world.clock.now()
        health = {name: zone.health(now) for name, zone in firewall.zones.items()}
        summary = max((sync for sync, _attachment in health.values()), key=SYNC_STATES.index)
        ready = summary == "IN_SYNC" and all(attachment == "READY" for _sync, attachment in health.values())
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
            "UpdateToken": token,
            "Firewall": described,
            "FirewallStatus": {
                "Status": "READY" if ready else "PROVISIONING",
                "ConfigurationSyncStateSummary": summary,
                "SyncStates": {
                    name: {
                        "Attachment": {
                            "SubnetId": zone.subnet_id,
                            "EndpointId": zone.endpoint_id,
                            "Status": health[name][1],
                        },
                        "Config": {firewall.policy_arn: {"SyncStatus": health[name][0], "UpdateToken": token}},
                    }
                    for name, zone in firewall.zones.items()
                },
            },
        }
        for part, members in firewall.members.items():
            answer[part] = {name: value for name, value in {**answer[part], **members}.items() if value is not None}
        return answer

    def _describe_firewall_policy(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
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

    def _describe_firewall_policy_v2(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
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
        firewall = self._named(account, region, request, kind)
        if (firewall.policy_mode is not None) != next_generation:
            raise NotFound(f"{kind} not found, resource: [{firewall.policy_arn}]")
        return firewall

    def _list_associations(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        if request.get("FirewallArn"):
            firewalls = [self._firewall(account, region, request)]
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

    def _describe_association(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
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

    def _list_tags(self, account: str, region: str, request: dict[str, Any]) -> dict[str, Any]:
        firewall = self.world.firewall(account, region, request["ResourceArn"])
        tags = [{"Key": key, "Value": value} for key, value in firewall.tags.items()]
        page, token = self.world.page(tags, request, ["tags", firewall.arn])
        return {"Tags": page, "NextToken": token} if token else {"Tags": page}


def parse_request(service: str, operation: str, raw: str | bytes) -> dict[str, Any]:
    """Return the members of a request that fits botocore's model of the operation, else raise ApiError."""
    if operation not in service_model(service).operation_names:
        raise ApiError("UnknownOperationException", f"There is no operation {operation}")
    try:
        request = json.loads(raw or b"{}")
    except ValueError:
        raise ApiError("SerializationException", "the request is not JSON") from None
    validate(service, operation, request)
    checked: dict[str, Any] = request
    return checked


def error_body(error: ApiError, member: str = "Message") -> str:
    """Return the JSON body of an error answer; member is what the service calls its sentence."""
    return json.dumps({"__type": error.code, member: error.message}, separators=(",", ":"))


def make_response_class(
    api: FlowOperationsApi, backends: BackendDict[FlowOperationsBackend]
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
            members = ("FirewallArn", "FirewallPolicyArn", "FirewallPolicyV2Arn", "VpcEndpointAssociationArn")
            return next((str(params[name]) for name in members if params.get(name)), "*")

        def _own(self) -> Answer:
            request = json.loads(self.body or "{}")
            status, body = api.answer(self._get_action(), self.current_account, self.region, request)
            return status, {"status": status, "Content-Type": CONTENT_TYPE}, body

        def start_flow_capture(self) -> Answer:
            return self._own()

        def start_flow_flush(self) -> Answer:
            return self._own()

        def describe_flow_operation(self) -> Answer:
            return self._own()

        def list_flow_operations(self) -> Answer:
            return self._own()

        def list_flow_operation_results(self) -> Answer:
            return self._own()

        def describe_firewall(self) -> Answer:
            return self._own()

        def describe_firewall_policy(self) -> Answer:
            return self._own()

        def describe_firewall_policy_v2(self) -> Answer:
            return self._own()

        def list_vpc_endpoint_associations(self) -> Answer:
            return self._own()

        def describe_vpc_endpoint_association(self) -> Answer:
            return self._own()

        def list_tags_for_resource(self) -> Answer:
            return self._own()

    return FlowOperationsResponse
