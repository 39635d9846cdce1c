# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands between a flush and its effect: rules on their way, what happens to cut flows, endpoints of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import shown

IN_SYNC = "IN_SYNC"
# What a policy does that does not say it: AWS's defaults for the two generations of policies.
_DEFAULT, _DEFAULT_OF_NEXT_GENERATION = "DROP", "REJECT"
_ENFORCE, _MONITOR = "ENFORCE", "MONITOR"
# A policy that only watches never cuts a connection, whatever it says.
_WHILE_MONITORING = "CONTINUE"

_SYNC_EFFECTS = {
    IN_SYNC: "The rules are in force at every endpoint of the firewall, so a flow that is cut meets them when it"
    " comes back.",
    "PENDING": "The rules have not reached every endpoint of the firewall yet, so a flow that is cut now may be let in"
    " again by the rules before them.",
    "CAPACITY_CONSTRAINED": "The firewall lacks the capacity for what its rules refer to, such as IP sets, so the rules"
    " are not in force everywhere and a flow that is cut may be let in again; waiting alone seldom mends that.",
}
_STREAM_EFFECTS = {
    "DROP": "The packets of a connection that is cut are dropped until its client opens a new one; the client is not"
    " told and notices by a time-out.",
    "REJECT": "The packets of a connection that is cut are dropped, and a TCP client is sent a reset (RST), so that it"
    " can open a new one at once; clients of other protocols are not told.",
    "CONTINUE": "The packets of a connection that is cut go on through the rules, of which those that depend on what"
    " went before no longer match; the connection may simply go on, and the flush may achieve nothing.",
}
_ATTACHMENT_KEYS = {
    "SubnetId": "subnet_id",
    "EndpointId": "endpoint_id",
    "Status": "status",
    "StatusMessage": "status_message",
}
_CONFIG_KEYS = {"SyncStatus": "sync_status", "UpdateToken": "update_token"}


def in_sync(firewall_status: Mapping[str, Any]) -> bool:
    """Return whether a FirewallStatus says that the present configuration is in force in every zone."""
    return firewall_status.get("ConfigurationSyncStateSummary") == IN_SYNC


def sync_effect(state: str) -> str:
    """Return what a ConfigurationSyncStateSummary means for a flush, in one sentence."""
    return _SYNC_EFFECTS.get(state, f"What the state {shown(state)} means for a flush is not known here; ask AWS.")


def stream_effect(policy: str) -> str:
    """Return what a stream exception policy does to the clients of flushed flows, in one sentence."""
    return _STREAM_EFFECTS.get(
        policy, f"What the stream exception policy {shown(policy)} does to flushed flows is not known here; ask AWS."
    )


def stream_exception_policy(policy: Mapping[str, Any], next_generation: bool) -> str:
    """Return the stream exception policy in force under a FirewallPolicy, or a FirewallPolicyV2 (next_generation)."""
    said = (policy.get("StatefulEngineOptions") or {}).get("StreamExceptionPolicy")
    if not next_generation:
        return said or _DEFAULT
    return _WHILE_MONITORING if policy.get("PolicyMode") == _MONITOR else said or _DEFAULT_OF_NEXT_GENERATION


def sync_states(firewall_status: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a FirewallStatus's SyncStates by zone, in snake_case; the ARNs that are keys stay as they are."""
    return {
        zone: {
            "attachment": _renamed(state.get("Attachment"), _ATTACHMENT_KEYS),
            "config": {arn: _renamed(item, _CONFIG_KEYS) for arn, item in sorted((state.get("Config") or {}).items())},
        }
        for zone, state in sorted((firewall_status.get("SyncStates") or {}).items())
    }


def out_of_sync(states: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what is not in force in which zone, from what sync_states returns."""
    return [
        {"availability_zone": zone, "resource_arn": arn, "sync_status": item.get("sync_status", "")}
        for zone, state in states.items()
        for arn, item in state["config"].items()
        if item.get("sync_status") != IN_SYNC
    ]


def association(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DescribeVpcEndpointAssociation answer in short, None for what AWS does not say."""
    described, status = answer["VpcEndpointAssociation"], answer.get("VpcEndpointAssociationStatus") or {}
    subnet_id = (described.get("SubnetMapping") or {}).get("SubnetId")
    states = status.get("AssociationSyncState") or {}
    attachments = {zone: state.get("Attachment") or {} for zone, state in sorted(states.items())}
    # An association has one subnet; should AWS tell of more zones, that of the subnet is meant.
    zone = next((name for name, item in attachments.items() if item.get("SubnetId") == subnet_id), None)
    zone = zone or next(iter(attachments), None)
    return {
        "vpc_endpoint_association_arn": described["VpcEndpointAssociationArn"],
        "vpc_id": described.get("VpcId"),
        "subnet_id": subnet_id,
        "availability_zone": zone,
        "vpc_endpoint_id": attachments[zone].get("EndpointId") if zone else None,
        "status": status.get("Status"),
    }


def impact(
    described: Mapping[str, Any],
    policy: Mapping[str, Any],
    next_generation: bool,
    associations: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what a flush would meet, from the answers of DescribeFirewall and of the calls about policy and others."""
    firewall, status = described["Firewall"], described["FirewallStatus"]
    state = str(status.get("ConfigurationSyncStateSummary"))
    states = sync_states(status)
    stream = stream_exception_policy(policy, next_generation)
    # Beside the firewall when the SDK is older than the member.
    number = int(firewall.get("NumberOfAssociations") or described.get("NumberOfAssociations") or 0)
    result: dict[str, Any] = {
        "firewall_arn": firewall["FirewallArn"],
        "firewall_name": firewall["FirewallName"],
        "firewall_policy_arn": firewall["FirewallPolicyArn"],
        "in_sync": in_sync(status),
        "configuration_sync_state": state,
        "configuration_sync_state_effect": sync_effect(state),
        "sync_states": states,
        "out_of_sync": out_of_sync(states),
        "stream_exception_policy": stream,
        "stream_exception_policy_effect": stream_effect(stream),
        "vpc_endpoint_associations": [association(item) for item in associations],
        "number_of_associations": number,
        "hidden_association_count": max(0, number - len(associations)),
    }
    if next_generation:
        result["policy_mode"] = policy.get("PolicyMode") or _ENFORCE
    return result


def _renamed(item: Mapping[str, Any] | None, keys: Mapping[str, str]) -> dict[str, Any]:
    return {ours: item[theirs] for theirs, ours in keys.items() if item and theirs in item}
