# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewalls of many accounts and regions as hosts: which of them, their variables and their names."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import FlowOpsError, OptionError, shown
from ..flows.scope import parse_firewall_arn

Record = dict[str, Any]

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_ROLE_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+(?:/[A-Za-z0-9_+=,.@-]+)*")
_ROLE_ARN = re.compile(rf"arn:(?P<partition>aws[a-z-]*):iam::(?P<account_id>[0-9]{{12}}):role/{_ROLE_NAME.pattern}")

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VPC_ID = re.compile(r"vpc-[0-9a-f]+")
_WILD = re.compile(r"[*?\\]")

# The variables of a firewall, those that every one has first.
_ALWAYS: dict[str, type] = {
    "firewall_arn": str,
    "firewall_name": str,
    "region": str,
    "account_id": str,
    "availability_zones": list,
    "endpoints": dict,
    "tags": dict,
}
_SOMETIMES: dict[str, type] = {
    "assume_role_arn": str,
    "firewall_policy_arn": str,
    "proxy_settings": dict,
    "status": str,
    "sync_state": str,
    "transit_gateway_id": str,
    "transit_gateway_owner_account_id": str,
    "vpc_endpoint_associations": list,
    "vpc_id": str,
}
# Ansible's own, whatever an inventory says.
_OF_ANSIBLE = re.compile(r"(?:ansible|inventory)_.*|environment|group_names|groups|hostvars|omit|play_hosts|vars")

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

_FILTERS: dict[str, Callable[[Record], Iterable[str]]] = {
    "arn": lambda record: [record["firewall_arn"]],
    "availability-zone": lambda record: record["availability_zones"],
    "firewall-policy-arn": lambda record: _one(record, "firewall_policy_arn"),
    "name": lambda record: [record["firewall_name"]],
    "status": lambda record: _one(record, "status"),
    "sync-state": lambda record: _one(record, "sync_state"),
    "tag-key": lambda record: record["tags"],
    "transit-gateway-id": lambda record: _one(record, "transit_gateway_id"),
    "vpc-id": lambda record: _one(record, "vpc_id"),
}
# Of the filters whose values AWS chooses from a few, those values.
_VALUES = {
    "status": ("DELETING", "FAILED", "PROVISIONING", "READY"),
    "sync-state": ("CAPACITY_CONSTRAINED", "IN_SYNC", "PENDING"),
}
# What a listing tells already, before anything is described.
_LISTED = ("arn", "name")


# -- where to look ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Role:
    """An IAM role to assume, and the account it leads to."""

    arn: str
    partition: str
    account_id: str


def check_region(value: Any, option: str) -> str:
    """Return the name of a region; raise OptionError when it does not have the form of one."""
    if not isinstance(value, str) or not _REGION.fullmatch(value):
        raise OptionError(option, value, "give the name of a region such as us-east-1")
    return value


def parse_role_arn(value: Any, option: str) -> Role:
    """Return a role by its ARN; raise OptionError when it is not one."""
    match = _ROLE_ARN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise OptionError(option, value, "give a role's ARN such as arn:aws:iam::111122223333:role/audit")
    return Role(match[0], match["partition"], match["account_id"])


def check_partition(role: Role, partition: str, option: str) -> None:
    """Raise OptionError when a role is not of the partition of the regions."""
    if role.partition != partition:
        raise OptionError(option, role.arn, f"its partition differs from that of the regions, {partition}")


def check_external_id(value: Any, has_role: bool) -> str | None:
    """Return an external ID as text, None for none; raise FlowOpsError, without the ID, when it cannot be one."""
    if value is None or value == "":
        return None
    if not _EXTERNAL_ID.fullmatch(str(value)):
        raise FlowOpsError(
            "external_id: the value given is not allowed; give 2 to 1224 characters out of letters, digits and"
            " '_+=,.@:/-'."
        )
    if not has_role:
        raise FlowOpsError(
            "external_id: was given without a role to assume; give accounts and assume_role_name, assume_role_arns or"
            " assume_role_arn with it."
        )
    return str(value)


def check_variable(value: Any, option: str) -> str:
    """Return the name of a variable beside a firewall's own; raise OptionError when it cannot be one."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value) or keyword.iskeyword(value):
        raise OptionError(option, value, "give the name of a variable such as firewall_tags")
    # Those that a firewall has now, and those that it may have at another time.
    if value != "tags" and (value in _ALWAYS or value in _SOMETIMES or _OF_ANSIBLE.fullmatch(value)):
        raise OptionError(
            option, value, "the variable is set by this plugin or by Ansible; give another name such as firewall_tags"
        )
    return value


def check_accounts(accounts: Sequence[Any], role_name: str | None) -> None:
    """Raise FlowOpsError when accounts and the role to assume in each do not go together, or are none."""
    for account in accounts:
        if not _ACCOUNT_ID.fullmatch(str(account)):
            raise OptionError("accounts", account, "give account IDs of 12 digits, each in quotes")
    if accounts and not role_name:
        raise FlowOpsError(
            "accounts: were given without assume_role_name; give the name of the role to assume in each of them, or"
            " the ARNs of the roles as assume_role_arns in their place."
        )
    if role_name and not accounts:
        raise FlowOpsError("assume_role_name: was given without accounts; give the IDs of the accounts that have it.")
    if role_name and not _ROLE_NAME.fullmatch(role_name):
        raise OptionError("assume_role_name", role_name, "give the name of a role, after its path if it has one")


def roles_of(accounts: Sequence[Any], role_name: str | None, arns: Sequence[Any], partition: str) -> list[Role]:
    """Return the roles to assume, each once, in their order; raise OptionError for one of another partition."""
    roles = [parse_role_arn(arn, "assume_role_arns") for arn in arns]
    for role in roles:
        check_partition(role, partition, "assume_role_arns")
    named = [Role(f"arn:{partition}:iam::{account}:role/{role_name}", partition, str(account)) for account in accounts]
    return list(dict.fromkeys([*named, *roles]))


# -- which firewalls -------------------------------------------------------------------------------------------------


class Selection:
    """Which firewalls become hosts: every filter holds, a pattern of include matches if there are any, none of exclude.

    A filter holds when any of its values matches; * stands for any characters, ? for any one, as in EC2's filters.
    """

    def __init__(self, filters: Mapping[str, Any], include: Sequence[Any], exclude: Sequence[Any]) -> None:
        """Raise OptionError naming a filter that is not known, or that has no value."""
        self._filters: dict[str, list[re.Pattern[str]]] = {}
        self.vpc_ids: list[str] = []
        for name, value in filters.items():
            if name not in _FILTERS and not (isinstance(name, str) and len(name) > 4 and name.startswith("tag:")):
                raise OptionError("filters", name, f"known are {', '.join(_FILTERS)} and tag:KEY")
            texts = [_filter_text(name, item) for item in (value if isinstance(value, (list, tuple)) else [value])]
            if not texts:
                raise OptionError(f"filters.{name}", value, "give one value or more")
            self._filters[name] = [_pattern(text) for text in texts]
            if name == "vpc-id" and not any(map(_WILD.search, texts)):
                # As much as the API itself can be asked for.
                self.vpc_ids = texts
        self._include = [_pattern(_text("include", item)) for item in include]
        self._exclude = [_pattern(_text("exclude", item)) for item in exclude]

    def may_take(self, name: str, arn: str) -> bool:
        """Return whether a firewall is worth describing, by what a listing tells of it."""
        listed = {"firewall_name": name, "firewall_arn": arn}
        return (
            all(self._holds(key, listed) for key in _LISTED if key in self._filters)
            and (not self._include or _any(self._include, listed.values()))
            and not _any(self._exclude, listed.values())
        )

    def takes(self, record: Record) -> bool:
        """Return whether a firewall becomes a host."""
        return self.may_take(record["firewall_name"], record["firewall_arn"]) and all(
            self._holds(name, record) for name in self._filters
        )

    def _holds(self, name: str, record: Mapping[str, Any]) -> bool:
        if name.startswith("tag:"):
            tags, key = record["tags"], name[4:]
            return key in tags and _any(self._filters[name], [tags[key]])
        return _any(self._filters[name], _FILTERS[name](dict(record)))


def _one(record: Record, name: str) -> list[str]:
    return [record[name]] if name in record else []


def _any(patterns: Iterable[re.Pattern[str]], texts: Iterable[str]) -> bool:
    seen = list(texts)
    return any(pattern.fullmatch(text) for pattern in patterns for text in seen)


def _pattern(text: str) -> re.Pattern[str]:
    """Return a wildcard of EC2's filters as a regular expression; a backslash takes a wildcard its meaning."""
    wild = {"*": ".*", "?": "."}
    parts = re.findall(r"\\[*?\\]|.", text, re.DOTALL)
    return re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL)


def _text(option: str, value: Any) -> str:
    if isinstance(value, bool):
        # Unquoted in YAML, and written as people write it in a tag.
        return str(value).lower()
    if not isinstance(value, (str, int, float)) or value == "":
        raise OptionError(option, value, "give a text, in which * stands for any characters")
    return str(value)


def _filter_text(name: str, value: Any) -> str:
    text = _text(f"filters.{name}", value)
    if name in _VALUES:
        text = text.upper()
        if text not in _VALUES[name] and not _WILD.search(text):
            raise OptionError(f"filters.{name}", value, f"known are {', '.join(_VALUES[name])} and patterns with *")
    if name == "vpc-id" and not _VPC_ID.fullmatch(text) and not _WILD.search(text):
        raise OptionError(
            f"filters.{name}", value, "give the ID of a VPC such as vpc-0123456789abcdef0, or a pattern with *"
        )
    return text


# -- host variables --------------------------------------------------------------------------------------------------


def firewall_record(
    answer: Mapping[str, Any], associations: Sequence[Mapping[str, Any]] | None, role: Role | None
) -> Record:
    """Return a firewall's host variables from what DescribeFirewall and DescribeVpcEndpointAssociation answered.

    Without associations (None) nothing is said of them; role is the one it was found through.
    """
    firewall, status = answer["Firewall"], answer.get("FirewallStatus") or {}
    arn = parse_firewall_arn(firewall["FirewallArn"])
    zones = status.get("SyncStates") or {}
    mapped = [mapping["AvailabilityZone"] for mapping in firewall.get("AvailabilityZoneMappings") or ()]
    record: Record = {
        "firewall_arn": arn.arn,
        "firewall_name": arn.name,
        "region": arn.region,
        "account_id": arn.account_id,
        "availability_zones": sorted(zones or mapped),
        "endpoints": {zone: _snake(zones[zone].get("Attachment") or {}) for zone in sorted(zones)},
        "tags": {tag["Key"]: tag["Value"] for tag in firewall.get("Tags") or ()},
    }
    for name, value in (
        ("vpc_id", firewall.get("VpcId") or (firewall.get("VpcEndpoint") or {}).get("VpcId")),
        ("firewall_policy_arn", firewall.get("FirewallPolicyArn")),
        ("status", status.get("Status")),
        ("sync_state", status.get("ConfigurationSyncStateSummary")),
        ("transit_gateway_id", firewall.get("TransitGatewayId")),
        ("transit_gateway_owner_account_id", firewall.get("TransitGatewayOwnerAccountId")),
        ("proxy_settings", _snake(firewall.get("ProxySettings") or {})),
        ("assume_role_arn", role.arn if role else None),
    ):
        # What a firewall does not have is not there, so that a group can ask whether it is defined.
        if value:
            record[name] = value
    if associations is not None:
        record["vpc_endpoint_associations"] = [_association(item) for item in associations]
    return record


def is_record(value: Any) -> bool:
    """Return whether a value that was kept somewhere is a firewall's host variables."""
    return (
        isinstance(value, dict)
        and set(_ALWAYS) <= set(value)
        and all(isinstance(value[name], kind) for name, kind in {**_ALWAYS, **_SOMETIMES}.items() if name in value)
        and all(isinstance(text, str) for text in (*value["availability_zones"], *value["tags"].values()))
    )


def _association(answer: Mapping[str, Any]) -> Record:
    association, status = answer["VpcEndpointAssociation"], answer.get("VpcEndpointAssociationStatus") or {}
    record: Record = {"vpc_endpoint_association_arn": association["VpcEndpointAssociationArn"]}
    if "VpcId" in association:
        record["vpc_id"] = association["VpcId"]
    for zone, state in (status.get("AssociationSyncState") or {}).items():
        record.update({"availability_zone": zone, **_snake(state.get("Attachment") or {})})
    return record


def _snake(value: Any) -> Any:
    """Return the API's members in snake_case."""
    if isinstance(value, Mapping):
        return {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): _snake(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_snake(item) for item in value]
    return value


def distinct(records: Iterable[Record]) -> list[Record]:
    """Return each firewall once, by account, region and name.

    A firewall that is shared is listed in several accounts, and only its own account may start flow operations.
    """
    found: dict[str, Record] = {}
    for record in records:
        known = found.get(record["firewall_arn"])
        if known is None or (_by_its_owner(record) and not _by_its_owner(known)):
            found[record["firewall_arn"]] = record
    return sorted(found.values(), key=lambda record: tuple(record[_SOURCES[key]] for key in _PLACE))


def _by_its_owner(record: Record) -> bool:
    return str(record.get("assume_role_arn", "")).split(":")[4:5] == [record["account_id"]]


_PLACE = ("account_id", "region", "name")


# -- host names ------------------------------------------------------------------------------------------------------


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


def host_names(
    records: Sequence[Record], hostnames: Sequence[HostName], taken: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return a host name for each firewall, no two alike, and a sentence on each name that was not given.

    A firewall without any of the wanted names has its own; one whose name is another's too gets region and account
    appended. taken is {name: the ARN of the firewall that has it, '' for anything else}; who has a name keeps it.
    """
    wanted = [
        next((text for hostname in hostnames if (text := hostname.text(record))), record["firewall_name"])
        for record in records
    ]
    # Another source of this inventory may have named the same firewall: it stays one host.
    had = {arn: name for name, arn in reversed(list(taken.items())) if arn}
    kept = [
        name if taken.get(name) == record["firewall_arn"] else had.get(record["firewall_arn"])
        for name, record in zip(wanted, records, strict=True)
    ]
    # In one region and account two firewalls may share a tag, but neither a name nor an ARN.
    endings: tuple[tuple[str, ...], ...] = ((), ("region", "account_id"), ("region", "account_id", "firewall_name"))
    level = [0] * len(records)
    while True:
        names = [
            known
            or (
                record["firewall_arn"]
                if step == len(endings)
                else "_".join([name, *(record[key] for key in endings[step])])
            )
            for known, name, step, record in zip(kept, wanted, level, records, strict=True)
        ]
        count = Counter(names)
        # One that was to have the same name is called otherwise only for the sake of the other source.
        count.update(name for name, known in zip(wanted, kept, strict=True) if known not in (None, name))
        clashing = [
            index
            for index, name in enumerate(names)
            if kept[index] is None and level[index] < len(endings) and (count[name] > 1 or name in taken)
        ]
        if not clashing:
            break
        for index in clashing:
            level[index] += 1
    moved: dict[str, list[str]] = {}
    for name, final, step, record in zip(wanted, names, level, records, strict=True):
        if step:
            moved.setdefault(name, []).append(f"{record['firewall_arn']} is {final}")
    return names, [_moved(name, said, name in taken) for name, said in moved.items()]


def _moved(name: str, said: Sequence[str], was_taken: bool) -> str:
    text = ", ".join(said[:_SHOWN_FIREWALLS])
    if len(said) > _SHOWN_FIREWALLS:
        text += f", and so on for {len(said) - _SHOWN_FIREWALLS} more"
    why = "is taken already" if was_taken else "would be that of more than one firewall"
    return f"The host name {shown(name)} {why}, so region and account are appended: {text}."
