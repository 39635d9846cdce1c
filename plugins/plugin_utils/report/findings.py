# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings behind a report: read from a file of JSON lines or from the result itself, and counted in one pass."""

from __future__ import annotations

import gzip
import heapq
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from operator import attrgetter
from typing import Any, NamedTuple

from ...module_utils.errors import OptionError
from ...module_utils.files import open_regular
from .text import SEVERITIES, clean, integer

RANKS = {name: rank for rank, name in enumerate(SEVERITIES)}
_TEXTS_KEPT = 100_000
_LARGEST = 10**300
_ALLOWED = "it must be a readable file of findings as JSON lines (compressed if its name ends in .gz)"


class FindingsError(ValueError):
    """A line of a findings file that is not a finding; line_number counts from 1."""

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(f"line {line_number} {reason}")
        self.line_number = line_number
        self.reason = reason


def findings_of_lines(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yield the finding of each JSON line, empty lines left out; raise FindingsError at the first invalid one."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            finding = json.loads(line)
        except ValueError:
            raise FindingsError(number, "is not JSON") from None
        if not isinstance(finding, dict):
            raise FindingsError(number, "is not a mapping")
        yield finding


def findings_of_file(src: str) -> Iterator[Mapping[str, Any]]:
    """Yield the findings of the file that findings_src names; raise OptionError."""
    try:
        with _opened_lines(src) as lines:
            yield from findings_of_lines(lines)
    except FindingsError as error:
        raise OptionError("findings_src", src, f"{_ALLOWED}, and {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "what it holds is not whole compressed data"
        raise OptionError("findings_src", src, f"{_ALLOWED}: {reason}") from error


@contextmanager
def _opened_lines(src: str) -> Iterator[Iterator[bytes]]:
    with open_regular(src) as file, gzip.GzipFile(fileobj=file) if src.endswith(".gz") else nullcontext(file) as lines:
        yield iter(lines)


class Row(NamedTuple):
    """A finding as a page shows it: texts are clean, a number is None where it is not known, why may be empty."""

    severity: str
    rule: str
    source: str
    source_port: str
    destination: str
    destination_port: str
    protocol: str
    age: int | None
    packets: int | None
    bytes: int | None
    zone: str
    why: str

    @property
    def badness(self) -> tuple[int, int]:
        """What the worst findings have least of: the rank of the severity, then the bytes, negated."""
        return RANKS.get(self.severity, len(SEVERITIES)), -(self.bytes or 0)


class Tally:
    """One pass over the findings: how many there are of what, and the worst of them, worst first."""

    def __init__(self, findings: Iterable[Any], keep: int) -> None:
        self.total = 0
        self.by_rule: Counter[str] = Counter()
        self.by_severity: Counter[str] = Counter()
        self.by_zone: Counter[str] = Counter()
        self.severity_of: dict[str, str] = {}
        self._texts = _Texts()
        # Stable for equal keys: the same findings in the same order give the same page.
        self.worst: list[Row] = heapq.nsmallest(keep, self._counted(findings), key=_badness)

    def _counted(self, findings: Iterable[Any]) -> Iterator[Row]:
        for item in findings:
            if isinstance(item, Mapping):
                yield self._add(_row(item, self._texts))

    def _add(self, row: Row) -> Row:
        self.total += 1
        self.by_rule[row.rule] += 1
        self.by_severity[row.severity] += 1
        if row.zone:
            self.by_zone[row.zone] += 1
        self.severity_of.setdefault(row.rule, row.severity)
        return row


_badness = attrgetter("badness")


class _Texts(dict[Any, str]):
    """Clean texts by what they were; the same few names and addresses come in most findings."""

    def __missing__(self, value: Any) -> str:
        if len(self) > _TEXTS_KEPT:
            self.clear()
        text = clean(value)
        self[value] = text
        return text

    def of(self, value: Any) -> str:
        """Return a value as clean text."""
        if value is None:
            return ""
        # Not of a bool, which would be found under 1.
        return self[value] if value.__class__ is str or value.__class__ is int else clean(value)


def _row(item: Mapping[str, Any], texts: _Texts) -> Row:
    get = item.get
    return Row(
        severity=texts.of(get("severity")),
        rule=texts.of(get("rule")),
        source=texts.of(get("source_address")),
        source_port=texts.of(get("source_port")),
        destination=texts.of(get("destination_address")),
        destination_port=texts.of(get("destination_port")),
        protocol=texts.of(get("protocol")) or texts.of(get("protocol_number")),
        age=_known(get("age")),
        packets=_known(get("packet_count")),
        bytes=_known(get("byte_count")),
        zone=texts.of(get("availability_zone")),
        why=texts.of(get("message")) or texts.of(get("description")),
    )


def _known(value: Any) -> int | None:
    """Return a number that is not negative and that a browser can hold, None for anything else."""
    if value.__class__ is int and 0 <= value < _LARGEST:
        return int(value)
    number = integer(value)
    return number if number is not None and 0 <= number < _LARGEST else None
