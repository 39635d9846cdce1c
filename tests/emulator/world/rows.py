# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A row of results as the API shows it, and ways to show it otherwise."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .filters import AS_DOCUMENTED, Filter, compile_filters
from .flows import FlowTable

ADDRESSES = ("SourceAddress", "DestinationAddress")
MEMBERS = (*ADDRESSES, "SourcePort", "DestinationPort", "Protocol", "Age", "PacketCount", "ByteCount")
Row = dict[str, Any]


def _mapped(text: str) -> str:
    address = ipaddress.ip_address(text)
    return f"::ffff:{address}" if address.version == 4 else text


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "expanded": lambda text: ipaddress.ip_address(text).exploded,
    "upper": str.upper,
    "prefix": lambda text: f"{text}/{ipaddress.ip_address(text).max_prefixlen}",
    "mapped": _mapped,
}
_FORMS = ("value", "absent", "text", "number", "add", *_SPELLINGS)


@dataclass(frozen=True)
class RowChange:
    """One member of every so manieth row, of those flows that match where, shown in another form."""

    member: str
    form: str = "value"
    value: Any = None
    every: int = 1
    where: tuple[Filter, ...] | None = None

    @classmethod
    def from_rule(cls, rule: Any) -> RowChange:
        """Return the change that a mapping describes (where: the API's filters); ValueError names what is wrong."""
        if not isinstance(rule, dict) or set(rule) - {"member", "form", "value", "every", "where"}:
            raise ValueError("a change to rows is a mapping of member, form, value, every, where")
        change = cls(**{**rule, "where": tuple(compile_filters(rule["where"])) if rule.get("where") else None})
        if change.member not in MEMBERS:
            raise ValueError(f"member must be one of {', '.join(MEMBERS)}, not {change.member!r}")
        spells = change.form in _SPELLINGS
        if change.form not in _FORMS or (spells and change.member not in ADDRESSES):
            raise ValueError(f"form of {change.member} must be one of {', '.join(_FORMS)}, not {change.form!r}")
        if isinstance(change.every, bool) or not isinstance(change.every, int) or change.every < 1:
            raise ValueError(f"every must be a whole number above 0, not {change.every!r}")
        return change

    def applies(self, position: int, table: FlowTable, row: int) -> bool:
        """Say whether the row at a position of the listing is shown otherwise."""
        if position % self.every:
            return False
        return self.where is None or AS_DOCUMENTED.holds(self.where, table.numbers(row))

    def change(self, shown: Row) -> None:
        """Change the row as it is shown; a member that it does not have is only given a value."""
        if self.form == "value":
            whole = self.member not in ADDRESSES or isinstance(self.value, (dict, type(None)))
            shown[self.member] = self.value if whole else {"AddressDefinition": self.value}
        elif self.form == "absent":
            shown.pop(self.member, None)
        elif self.member in shown and self.member in ADDRESSES:
            text = shown[self.member]["AddressDefinition"]
            shown[self.member] = {"AddressDefinition": _SPELLINGS[self.form](text)}
        elif self.member in shown:
            shown[self.member] = self._in_form(shown[self.member])

    def _in_form(self, value: Any) -> Any:
        if self.form == "add":
            return type(value)(int(value) + self.value)
        return str(value) if self.form == "text" else int(value)


def _reverse(shown: Row) -> Row:
    """Return the record of the other direction; the first one keeps the odd packet and byte."""
    pairs = {"SourceAddress": "DestinationAddress", "SourcePort": "DestinationPort"}
    other = {**pairs, **{right: left for left, right in pairs.items()}}
    turned = {other.get(name, name): value for name, value in shown.items()}
    return {**turned, "PacketCount": shown["PacketCount"] // 2, "ByteCount": shown["ByteCount"] // 2}


def listed(
    table: FlowTable, rows: Sequence[int], first: int, end: int, now: float, *, both: bool, changes: Sequence[RowChange]
) -> str:
    """Return the JSON texts, joined by commas, of the results from first to end, their ages those of the time now.

    With both, every flow is two results, the second one its other direction.
    """
    if not both and not changes:
        return ",".join([table.rendered(row, now) for row in rows[first:end]])
    texts = []
    for position in range(first, end):
        row = rows[position // 2 if both else position]
        shown: Row = json.loads(table.rendered(row, now))
        if both:
            turned = _reverse(shown)
            for name in ("PacketCount", "ByteCount"):
                shown[name] -= turned[name]
            shown = turned if position % 2 else shown
        for change in changes:
            if change.applies(position, table, row):
                change.change(shown)
        texts.append(json.dumps(shown, separators=(",", ":")))
    return ",".join(texts)
