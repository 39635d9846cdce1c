# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is behind the addresses of an audit's result, asked of EC2 once; what cannot be asked never fails the audit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ..audit.names import (
    MOST_ADDRESSES,
    batches,
    instance_of,
    interfaces_of,
    name_tag,
    one_of,
    private_addresses,
    told,
)
from ..aws.clients import client_of
from ..aws.networkfirewall import NetworkFirewall
from ..aws.others import Ec2
from ..errors import FlowOpsError
from ..flows.arns import FirewallArn
from ..flows.scope import Scope
from .result import Module, room_in

# What AWS allows one filter to hold, and what keeps one answer about instances small.
ADDRESSES_A_CALL = 200
INSTANCES_A_CALL = 100

_T = TypeVar("_T")
_PERMISSIONS = "ec2:DescribeNetworkInterfaces, ec2:DescribeInstances and network-firewall:DescribeFirewall"


def enriched(
    module: Module,
    api: NetworkFirewall,
    firewall: FirewallArn,
    scopes: Sequence[Scope],
    result: dict[str, Any],
) -> dict[str, Any]:
    """Return an audit's result with addresses: {address: what EC2 knows of it}, as many as there is room for.

    Scopes are those of the captures. What AWS refuses or cannot answer is one warning.
    """
    wanted = private_addresses(result["findings"], {**result["top"], **result.get("changes", {})})
    if len(wanted) > MOST_ADDRESSES:
        module.warn(
            f"enrich: only the first {MOST_ADDRESSES:,} of the {len(wanted):,} private addresses were looked up in EC2."
        )
    found = _Lookup(module, api, firewall, scopes).known_of(wanted[:MOST_ADDRESSES]) if wanted else {}
    return _with_addresses(module, result, found)


class _Lookup:
    """One look into EC2: the first failure is told, and what could be asked all the same is used."""

    def __init__(self, module: Module, api: NetworkFirewall, firewall: FirewallArn, scopes: Sequence[Scope]) -> None:
        self.module = module
        self.api = api
        self.firewall = firewall
        self.scopes = scopes
        self.warned = False
        self.ec2 = Ec2(client_of(module, "ec2"))

    def known_of(self, wanted: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what is known of each of the addresses; those of which nothing is are absent."""
        # All or nothing: with a part of the answers an address of two interfaces would look like one of one.
        found = interfaces_of(wanted, self._asked(partial(self._interfaces, wanted)) or ())
        contested = any(len(interfaces) > 1 for interfaces in found.values())
        vpc_id = self._asked(self._vpc_of_the_flows) if contested else None
        chosen = {address: one_of(found[address], vpc_id) for address in wanted if address in found}
        attached = {instance_of(interface) for interface in chosen.values() if interface}
        names = self._asked(partial(self._names, sorted(filter(None, attached)))) or {}
        return {address: told(interface, names) for address, interface in chosen.items()}

    def _asked(self, ask: Callable[[], _T]) -> _T | None:
        """Return what asking AWS gives, None when it fails, with a warning the first time."""
        try:
            return ask()
        except FlowOpsError as error:
            if not self.warned:
                remedy = f" Allow {_PERMISSIONS}, or leave enrich out." if error.failure.denied else ""
                self.module.warn(f"enrich: the audit goes on without some names. {error.message}{remedy}")
            self.warned = True
            return None

    def _interfaces(self, addresses: Sequence[str]) -> list[dict[str, Any]]:
        by_filter = {
            "addresses.private-ip-address": [address for address in addresses if ":" not in address],
            "ipv6-addresses.ipv6-address": [address for address in addresses if ":" in address],
        }
        return [
            interface
            for name, values in by_filter.items()
            for batch in batches(values, ADDRESSES_A_CALL)
            for interface in self.ec2.network_interfaces(name, batch)
        ]

    def _vpc_of_the_flows(self) -> str | None:
        """Return the VPC whose flows were captured, None when they may be of several."""
        if any(scope.option == "vpc_endpoint_association_arn" for scope in self.scopes):
            return None
        firewall = self.api.firewall(self.firewall)["Firewall"]
        # An association is an endpoint in another VPC, whose flows are in the same zones.
        return None if firewall.get("NumberOfAssociations") else firewall.get("VpcId")

    def _names(self, instance_ids: Sequence[str]) -> dict[str, str]:
        return {
            instance["InstanceId"]: name
            for batch in batches(instance_ids, INSTANCES_A_CALL)
            for instance in self.ec2.instances(batch)
            if (name := name_tag(instance.get("Tags")))
        }


def _with_addresses(
    module: Module, result: dict[str, Any], addresses: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the result with as many of the addresses, the first ones, as fit beside its findings."""
    whole = {**result, "addresses": {}}
    room = room_in(module, whole)
    for address, item in addresses.items():
        room -= len(json.dumps({address: item}))
        if room < 0:
            module.warn(
                f"enrich: only {len(whole['addresses']):,} of {len(addresses):,} addresses fit into the result beside"
                " its findings; lower max_findings to have more."
            )
            break
        whole["addresses"][address] = item
    return whole
