# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the firewalls that were found become hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..errors import OptionError
from .variables import Record

_VPC_ID = re.compile(r"vpc-[0-9a-f]+")
_WILD = re.compile(r"[*?\\]")

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
