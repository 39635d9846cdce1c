# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a flush would do to a firewall's connections, from options to result."""

from __future__ import annotations

from typing import Any

from ..aws.networkfirewall import NetworkFirewall
from ..aws.others import caller_identity, sdk_versions
from ..aws.waits import wait_until_in_sync
from ..firewalls.impact import impact, in_sync
from ..flows.arns import firewall_of, parse_firewall_arn
from .options import check_timeout
from .result import Module


def flush_impact(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named = firewall_of(params)
    check_timeout("wait_timeout", params["wait_timeout"])
    api = NetworkFirewall.of(module)
    described = api.firewall_of(named)
    firewall = parse_firewall_arn(described["Firewall"]["FirewallArn"])
    if params["wait"] and not in_sync(described["FirewallStatus"]):
        described = wait_until_in_sync(api, firewall, params["wait_timeout"]) or described
    policy, next_generation = api.firewall_policy(described["Firewall"]["FirewallPolicyArn"])
    return {
        "changed": False,
        **impact(described, policy, next_generation, api.associations_of(firewall)),
        **(_caller(module) if params.get("caller_identity") else {}),
    }


def _caller(module: Module) -> dict[str, Any]:
    identity, unknown = caller_identity(module)
    return {
        "caller_identity": identity,
        **({"caller_identity_unknown": unknown} if unknown else {}),
        "sdk_versions": sdk_versions(),
    }
