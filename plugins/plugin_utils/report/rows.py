# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings as the rows of a page: as cells of a table, or as data for a script that filters and sorts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any

from ...module_utils.errors import counted
from .findings import RANKS, Row
from .text import NOT_GIVEN, endpoint, human_bytes, human_seconds, number
from .view import Finding, Findings, Quantity, severity_class


def shown_rows(findings: Findings, limit: int) -> list[Finding]:
    """Return the first findings as text, at most limit and at most what the page may show."""
    return [_finding(row, findings) for row in findings.rows[: min(limit, findings.max_rows)]]


def _finding(row: Row, findings: Findings) -> Finding:
    return Finding(
        severity=row.severity or "unknown",
        severity_class=severity_class(row.severity),
        rule=row.rule or NOT_GIVEN,
        why=row.why or findings.why.get(row.rule, ""),
        source=endpoint(row.source, row.source_port),
        source_name=findings.names.of(row.source),
        destination=endpoint(row.destination, row.destination_port),
        destination_name=findings.names.of(row.destination),
        protocol=row.protocol or NOT_GIVEN,
        age=_quantity(row.age, human_seconds, "second"),
        packets=number(row.packets),
        bytes=_quantity(row.bytes, human_bytes, "byte"),
        zone=row.zone or NOT_GIVEN,
    )


def _quantity(value: int | None, human: Callable[[int], str], noun: str) -> Quantity:
    return Quantity(NOT_GIVEN, "") if value is None else Quantity(human(value), counted(value, noun))


@dataclass(frozen=True)
class _Columns:
    """The members of all rows, each as a list."""

    severity: Sequence[str] = ()
    rule: Sequence[str] = ()
    source: Sequence[str] = ()
    source_port: Sequence[str] = ()
    destination: Sequence[str] = ()
    destination_port: Sequence[str] = ()
    protocol: Sequence[str] = ()
    age: Sequence[int | None] = ()
    packets: Sequence[int | None] = ()
    bytes: Sequence[int | None] = ()
    zone: Sequence[str] = ()
    why: Sequence[str] = ()


class Packed:
    """Findings as columns of numbers beside tables of texts, so that a hundred thousand of them fit into a page.

    Each table is in the order in which a page sorts it, so that its script has only numbers to compare; addresses are
    those of IPv4, of IPv6 and what is neither, as many as versions says.
    """

    def __init__(self, findings: Findings) -> None:
        rows = findings.rows[: findings.max_rows]
        given = _Columns(*map(list, zip(*rows, strict=True))) if rows else _Columns()
        why = [own or findings.why.get(rule, "") for own, rule in zip(given.why, given.rule, strict=True)]
        self._tables: dict[str, dict[str, int]] = {}
        columns = {
            "severity": self._indexes("severity", [text or "unknown" for text in given.severity], _severity_order),
            "rule": self._indexes("rule", [text or NOT_GIVEN for text in given.rule]),
            "protocol": self._indexes("protocol", [text or NOT_GIVEN for text in given.protocol]),
            "zone": self._indexes("zone", [text or NOT_GIVEN for text in given.zone]),
            "why": self._indexes("why", why),
            **self._ends("address", _address_order, source=given.source, destination=given.destination),
            **self._ends("port", _port_order, source_port=given.source_port, destination_port=given.destination_port),
            "age": given.age,
            "packets": given.packets,
            "bytes": given.bytes,
        }
        texts = {name: list(known) for name, known in self._tables.items()}
        names = {index: name for index, text in enumerate(texts["address"]) if (name := findings.names.of(text))}
        versions = Counter(map(_version, texts["address"]))
        self.data: dict[str, Any] = {
            "texts": texts,
            "names": names,
            "versions": [versions[4], versions[6]],
            "columns": columns,
            "total": findings.total,
        }

    def _ends(self, table: str, order: Callable[[str], Any], **columns: Sequence[str]) -> dict[str, list[int]]:
        """Return the columns of both ends of a flow, which share a table."""
        both = self._indexes(table, [text for column in columns.values() for text in column], order)
        half = len(both) // 2
        return dict(zip(columns, (both[:half], both[half:]), strict=True))

    def _indexes(self, table: str, texts: Sequence[str], order: Callable[[str], Any] | None = None) -> list[int]:
        known = {text: index for index, text in enumerate(sorted(set(texts), key=order))}
        self._tables[table] = known
        return [known[text] for text in texts]

    def pick(self, table: str, text: str) -> str:
        """Return by what a script chooses the findings that have a text, such as rule:3; empty when none has it."""
        index = self._tables[table].get(text)
        return "" if index is None else f"{table}:{index}"


def _severity_order(text: str) -> tuple[int, str]:
    return RANKS.get(text, len(RANKS)), text


def _port_order(text: str) -> tuple[int, str]:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 65536, text


def _version(text: str) -> int:
    return _address_order(text)[0]


def _address_order(text: str) -> tuple[int, bytes]:
    """Return the version of an address and its bits; of what is no address 9 and its text."""
    version, family = (6, AF_INET6) if ":" in text else (4, AF_INET)
    try:
        return version, inet_pton(family, text)
    except (OSError, ValueError):
        return 9, text.encode()
