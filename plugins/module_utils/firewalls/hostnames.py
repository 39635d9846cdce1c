# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of firewalls as hosts: where each comes from, and none for two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import OptionError, shown
from .variables import Record

# Where a host name may come from, beside tag:KEY.
_SOURCES = {
    "name": "firewall_name",
    "arn": "firewall_arn",
    "region": "region",
    "account_id": "account_id",
    "vpc_id": "vpc_id",
}
# What tells where a machine is, how to log in to it, or which of some other plugin's machines it is.
_OF_A_MACHINE = re.compile(
    r"ansible_(?:host|port|user|password|network_os|shell_type|(?:paramiko|psrp|ssh|winrm)_.+)"
    r"|db_instance_identifier|instance_id|proxmox_vmid|self_?[lL]ink|vmid"
)
# A tag may hold anything, and a host name ends up in patterns, in file names and on command lines.
_NOT_IN_A_HOST_NAME = re.compile(r"[^\w.-]+")
_SHOWN_FIREWALLS = 5


@dataclass(frozen=True)
class HostName:
    """One entry of hostnames: where the name comes from and, before it, another source and what stands between."""

    name: str
    prefix: str = ""
    separator: str = "_"

    @classmethod
    def of(cls, entry: Any) -> HostName:
        """Return an entry of hostnames, a source or {name, prefix, separator}; raise OptionError when it is none."""
        given = dict(entry) if isinstance(entry, Mapping) else {"name": entry}
        allowed = f"known are {', '.join(_SOURCES)} and tag:KEY, or a mapping of name, prefix and separator"
        sources = [given.get("name"), *([given["prefix"]] if given.get("prefix") else [])]
        separator = given.get("separator", "_")
        if not isinstance(separator, str) or _NOT_IN_A_HOST_NAME.search(separator):
            raise OptionError("hostnames", entry, "a separator is made of letters, digits, '_', '.' and '-'")
        if set(given) - {"name", "prefix", "separator"}:
            raise OptionError("hostnames", entry, allowed)
        for source in sources:
            if not isinstance(source, str) or (
                source not in _SOURCES and not re.fullmatch(r"tag:.+", source, re.DOTALL)
            ):
                raise OptionError("hostnames", entry, allowed)
        return cls(given["name"], given.get("prefix") or "", separator)

    def text(self, record: Record) -> str:
        """Return the name for a firewall, '' when it has none of this kind."""
        name = _sourced(self.name, record)
        prefix = _sourced(self.prefix, record) if self.prefix else ""
        return f"{prefix}{self.separator}{name}" if name and prefix else name


def _sourced(source: str, record: Record) -> str:
    if source.startswith("tag:"):
        return _NOT_IN_A_HOST_NAME.sub("_", record["tags"].get(source[4:], "")).strip("_.-")
    return str(record.get(_SOURCES[source], ""))


def is_machine(variables: Mapping[str, Any]) -> bool:
    """Return whether the variables of a host show that it is a machine of its own, and so none of our firewalls."""
    connection = str(variables.get("ansible_connection", "local"))
    return connection.rsplit(".", 1)[-1] != "local" or any(_OF_A_MACHINE.fullmatch(str(name)) for name in variables)


def wanted_name(record: Record, hostnames: Sequence[HostName]) -> str:
    """Return the name that a firewall is to have: the first of hostnames that it has, else its own."""
    return next((text for hostname in hostnames if (text := hostname.text(record))), record["firewall_name"])


def host_names(
    records: Sequence[Record], hostnames: Sequence[HostName], taken: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return a host name for each firewall, no two alike, and a sentence on each name that was not given.

    Of a name that is wanted twice, or taken, each firewall gets one with its region and account appended, then its own
    name, and its ARN where none of these is its alone. taken is {name: the ARN of the firewall that has it, '' for
    anything else}; who has a name, from an earlier source of the inventory, keeps it.
    """
    kept = {arn: name for name, arn in reversed(list(taken.items())) if arn}
    chances = [_chances(wanted_name(record, hostnames), record) for record in records]
    wanted = Counter(first for first, *_more in chances)
    of_any = Counter(name for names in chances for name in names)
    names: list[str] = []
    moved: dict[str, list[str]] = {}
    for (first, *more), record in zip(chances, records, strict=True):
        arn = record["firewall_arn"]
        if arn in kept:
            names.append(first if taken.get(first) == arn else kept[arn])
            continue
        alone = [name for name in [first] if wanted[name] == 1] + [name for name in more if of_any[name] == 1]
        names.append(next((name for name in alone if name not in taken), arn))
        if names[-1] != first:
            moved.setdefault(first, []).append(f"{arn} is {names[-1]}")
    return names, [_moved(name, said, name in taken) for name, said in moved.items()]


def _chances(wanted: str, record: Record) -> list[str]:
    longer = "_".join([wanted, record["region"], record["account_id"]])
    return [wanted, longer, f"{longer}_{record['firewall_name']}"]


def _moved(name: str, said: Sequence[str], was_taken: bool) -> str:
    text = ", ".join(said[:_SHOWN_FIREWALLS])
    if len(said) > _SHOWN_FIREWALLS:
        text += f", and so on for {len(said) - _SHOWN_FIREWALLS} more"
    why = "is taken already" if was_taken else "would be that of more than one firewall"
    return f"The host name {shown(name)} {why}, so region and account are appended: {text}."
