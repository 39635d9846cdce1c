# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewalls as hosts of an inventory: their variables, groups and names, all that is decided on the controller."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.inventory.data import InventoryData

from ..module_utils.firewalls.hostnames import HostName, host_names, is_machine
from ..module_utils.firewalls.variables import Record, is_record

try:
    # Since ansible-core 2.19 only what is marked as trusted is a template.
    from ansible.template import trust_as_template
except ImportError:
    trust_as_template = None

GROUP = "networkfirewall"
# Ansible takes these for the controller, whatever the inventory says of them.
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HARMLESS = re.compile(r"[\w .,:;/@=+-]*")


def untrusted(value: Any) -> Any:
    """Return what came from AWS so that no ansible-core takes it for a template."""
    if trust_as_template is not None:
        return value
    from ansible.utils.unsafe_proxy import wrap_var

    if isinstance(value, Mapping):
        return {untrusted(key): untrusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untrusted(item) for item in value]
    # What is wrapped looks odd in `ansible-inventory --list`, so only what could be a template is.
    return value if not isinstance(value, str) or _HARMLESS.fullmatch(value) else wrap_var(value)


def to_cache(firewalls: Sequence[Record], warnings: Sequence[str]) -> str:
    """Return firewalls and warnings as the text that a cache keeps.

    As data, a tag named __ansible_vault would come back from the cache as something else.
    """
    return json.dumps([firewalls, warnings])


def from_cache(text: Any) -> tuple[list[Record], list[str]] | None:
    """Return the firewalls and warnings that a cache holds, None when it holds something else."""
    try:
        firewalls, warnings = json.loads(text)
    except (TypeError, ValueError):
        return None
    whole = isinstance(firewalls, list) and isinstance(warnings, list) and all(map(is_record, firewalls))
    return (firewalls, warnings) if whole and all(isinstance(text, str) for text in warnings) else None


def variables_of(firewall: Record, tags_variable: str) -> dict[str, Any]:
    """Return the variables of a firewall's host."""
    others = {key: value for key, value in firewall.items() if key != "tags"}
    result: dict[str, Any] = untrusted({**others, tags_variable: firewall["tags"], "ansible_connection": "local"})
    return result


def add_hosts(
    inventory: Any,
    firewalls: Sequence[Record],
    hostnames: Sequence[HostName],
    tags_variable: str,
    construct: Callable[[Any, str, dict[str, Any]], None],
) -> list[str]:
    """Add the firewalls to an inventory and return a sentence on each host name that could not be given.

    construct composes variables and groups of one host: it is called with an inventory, the host's key in it and the
    firewall's variables. A group of a host's own name would stand for the host on the command line and in every other
    source; so a draft, in which a host's key is its firewall's ARN, tells the groups before a name is final.
    """
    taken = _taken(inventory)
    names, _warnings = host_names(firewalls, hostnames, taken)
    draft = InventoryData()
    draft.current_source = inventory.current_source
    draft.add_group(GROUP)
    for name, firewall in zip(names, firewalls, strict=True):
        variables = variables_of(firewall, tags_variable)
        _draft_host(draft, firewall["firewall_arn"], name, variables, inventory.hosts.get(name))
        construct(draft, firewall["firewall_arn"], variables)
    final, warnings = host_names(firewalls, hostnames, {**dict.fromkeys(draft.groups, ""), **taken})
    _copy(draft, dict(zip(names, final, strict=True)), inventory)
    return warnings


def _draft_host(draft: Any, key: str, name: str, variables: Mapping[str, Any], earlier: Any) -> None:
    draft.add_host(key)
    host = draft.hosts[key]
    host.name = name
    if earlier is not None:
        # What an earlier source says of the host counts for its groups, too.
        host.vars, host.groups = dict(earlier.vars), list(earlier.groups)
    draft.add_host(key, group=GROUP)
    for variable, value in variables.items():
        host.set_variable(variable, value)


def _copy(draft: Any, names: Mapping[str, str], inventory: Any) -> None:
    """Copy the hosts of a draft, each under its final name, and its groups to the inventory."""
    for host in draft.hosts.values():
        inventory.add_host(names[host.name])
        for variable, value in host.vars.items():
            # By its name Ansible would set it on a group that has the same.
            inventory.hosts[names[host.name]].set_variable(variable, value)
    for name in draft.groups:
        inventory.add_group(name)
    for name, group in draft.groups.items():
        for host in group.hosts:
            inventory.add_host(names[host.name], group=name)
        for child in group.child_groups:
            inventory.add_child(name, child.name)


def _taken(inventory: Any) -> dict[str, str]:
    """Return the names that no host of ours may have, each with the ARN of the firewall that has it, or ''.

    A host of the same name that is neither a firewall nor a machine is one that somebody gives variables to, and stays
    so.
    """
    taken = dict.fromkeys([*inventory.groups, *_LOCAL_NAMES], "")
    for name, host in inventory.hosts.items():
        if "firewall_arn" in host.vars:
            taken[name] = host.vars["firewall_arn"]
        elif is_machine(_own_variables_of(host)):
            taken[name] = ""
    return taken


def _own_variables_of(host: Any) -> dict[str, Any]:
    """Return a host's variables and those of its groups; what all hosts have says nothing of one of them."""
    found: dict[str, Any] = {}
    for group in sorted(host.get_groups(), key=lambda group: group.depth):
        if group.name != "all":
            found.update(group.vars)
    return {**found, **host.vars}
