# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which firewall a request means."""

from __future__ import annotations

from typing import Any

from ...world.errors import InvalidRequest, NotFound
from ...world.state import Firewall
from ...world.world import World

Request = dict[str, Any]


class Named:
    """Finds the caller's firewalls; the base of the handlers, which take account, region and request."""

    def __init__(self, world: World) -> None:
        self.world = world

    def firewall_of(self, account: str, region: str, request: dict[str, Any]) -> Firewall:
        """Return the firewall of the request's FirewallArn."""
        return self.world.firewall(account, region, request["FirewallArn"])

    def named(self, account: str, region: str, request: dict[str, Any], kind: str) -> Firewall:
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
