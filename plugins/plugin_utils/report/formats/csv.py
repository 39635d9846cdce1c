# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All findings of an audit as CSV (RFC 4180), which a spreadsheet shows and never runs."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ..names import NO_NAMES, Names
from ..rules import FLOW_MEMBERS
from ..text import clean, why_of
from .base import Format, Material

HEADER = (*FLOW_MEMBERS, "rule", "severity", "source_name", "destination_name", "description")

_FINDING_MEMBERS = HEADER[:-3]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_ROWS_AT_ONCE = 1000
# What a cell of a spreadsheet holds at most, less what clean() adds when it cuts.
_CELL_LIMIT = 32_000
_FORMULA_STARTS = ("=", "+", "-", "@")


def csv_of(findings: Iterable[Any], names: Names = NO_NAMES, why: Mapping[str, str] = _NOTHING) -> Iterator[bytes]:
    """Yield the findings as CSV in UTF-8, the header first, in blocks of about a thousand rows.

    why has by the name of a rule why it is there, for findings that do not say it themselves.
    """
    block = io.StringIO(newline="")
    writer = csv.writer(block, lineterminator="\r\n")
    writer.writerow(HEADER)
    for number, finding in enumerate(findings, 1):
        if isinstance(finding, Mapping):
            values = [finding.get(member) for member in _FINDING_MEMBERS]
            values += [names.of(finding.get("source_address")), names.of(finding.get("destination_address"))]
            values.append(why_of(finding) or why.get(clean(finding.get("rule")), ""))
            writer.writerow([cell(value) for value in values])
        if number % _ROWS_AT_ONCE == 0:
            yield block.getvalue().encode()
            block.seek(0)
            block.truncate()
    yield block.getvalue().encode()


def cell(value: Any) -> str | int | float:
    """Return a value as a cell: numbers as they are, text with an apostrophe before what a spreadsheet would run."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Of a subclass only the number counts, not how it writes itself.
        return int(value) if isinstance(value, int) else float(value)
    text = clean(value, _CELL_LIMIT)
    written = str.__str__(value) if isinstance(value, str) else text
    # Some spreadsheets read full-width signs as the plain ones, others skip blanks before a sign.
    start = unicodedata.normalize("NFKC", written.lstrip()[:1])
    active = start.startswith(_FORMULA_STARTS) or any(unicodedata.category(character) == "Cc" for character in written)
    return f"'{text}" if active else text


def _contents(material: Material) -> Iterable[bytes]:
    return csv_of(material.findings(), material.audit.names, material.view.findings.why)


FORMAT = Format("csv", _contents, may_compress=True)
