# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the control door shows of the world."""

from __future__ import annotations

from typing import Any

from .operations import Operations
from .places import zone_id
from .state import Firewall, Zone


def overview(operations: Operations) -> dict[str, Any]:
    """Return firewalls, zones, live flow counts and what is in progress, ready for JSON."""
    world = operations.world
    with world.lock:
        now = world.clock.now()
        operations.effects.settle(now)
        return {
            "now": round(now, 3),
            "settings": dict(vars(world.settings)),
            "firewalls": [
                {
                    "firewall_name": firewall.name,
                    "firewall_arn": firewall.arn,
                    "region": firewall.region,
                    "account_id": firewall.account,
                    "zones": {name: _zone(firewall, name, zone, now) for name, zone in firewall.zones.items()},
                    "associations": {item.arn: item.zone for item in firewall.associations.values()},
                    "operations": len(firewall.operations),
                }
                for firewall in world.firewalls.values()
            ],
        }


def _zone(firewall: Firewall, name: str, zone: Zone, now: float) -> dict[str, Any]:
    return {
        "flows": len(zone.table),
        "subnet_id": zone.subnet_id,
        "vpc_endpoint_id": zone.endpoint_id,
        "availability_zone_id": zone_id(name),
        "in_progress": [
            item.identifier for item in firewall.operations.values() if item.zone == name and now < item.ends
        ],
    }


def removed(operations: Operations) -> dict[str, list[dict[str, Any]]]:
    """Return the flows that operations really cut, and those that ended by themselves, as flat records."""
    with operations.world.lock:
        operations.effects.settle(operations.world.clock.now())
        removals = operations.effects.removals
        return {
            "cut": [record for item in removals if item.operation is not None for record in item.records()],
            "ended": [record for item in removals if item.operation is None for record in item.records()],
        }
