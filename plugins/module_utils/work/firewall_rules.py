# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option firewall_rules, which modules share: from what is given to the rules themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.clients import client_of
from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError
from ..flows.arns import NamedFirewall
from ..operations.rule_source import (
    ON_UNDECIDED,
    FirewallRules,
    changes_of,
    check_rule_options,
    live_rules,
    saved_rules,
)
from ..rules.change import PRESENT, STATES
from ..rules.judge import INITIATORS
from .result import Module


def rule_source_options() -> dict[str, Any]:
    """Return the argument spec of where rules come from: changes, saved answers, HOME_NET."""
    change = {
        "rule_group": {"type": "str", "required": True},
        "src": {"type": "path"},
        "priority": {"type": "int"},
        "state": {"type": "str", "choices": list(STATES), "default": PRESENT},
    }
    return {
        "changes": {"type": "list", "elements": "dict", "options": change},
        "firewall_policy_src": {"type": "path"},
        "rule_group_srcs": {"type": "list", "elements": "path"},
        "home_net": {"type": "list", "elements": "str"},
    }


def firewall_rules_options() -> dict[str, Any]:
    """Return the argument spec of the option firewall_rules."""
    return {
        **rule_source_options(),
        "initiator": {"type": "str", "choices": list(INITIATORS), "default": INITIATORS[0]},
        "on_undecided": {"type": "str", "choices": list(ON_UNDECIDED), "default": ON_UNDECIDED[0]},
    }


def rules_for(
    module: Module, given: Mapping[str, Any], named: NamedFirewall, api: NetworkFirewall | None = None
) -> FirewallRules:
    """Return the rules to judge by; raise FlowOpsError with the sentence to fail with. api is a client in use."""
    check_rule_options(given)
    if given.get("firewall_policy_src"):
        return saved_rules(given)
    if not named:
        raise FlowOpsError(
            "To judge by a firewall's own rules, give firewall_arn or firewall_name, or saved answers as"
            " firewall_rules.firewall_policy_src and rule_group_srcs; or give a policy to judge by."
        )
    changes = changes_of(given)
    return live_rules(api or NetworkFirewall.of(module), lambda: client_of(module, "ec2"), named, given, changes)
