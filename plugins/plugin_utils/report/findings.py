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
from contextlib import contextmanager
from typing import Any

from ...module_utils.errors import OptionError
from .text import SEVERITIES, clean, integer

_ALLOWED = "it must be a readable file of findings as JSON lines (compressed if its name ends in .gz)"


class FindingsError(ValueError):
    """A line of a findings file that is not a finding; line_number counts from 1."""

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(f"line {line_number} {reason}")
        self.line_number = line_number
        self.reason = reason


def findings_of_lines(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yield the finding of each JSON line, empty lines left out; raise FindingsError at the first that is none."""
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
    with gzip.open(src, "rb") if src.endswith(".gz") else open(src, "rb") as stream:
        yield iter(stream)


class Tally:
    """One pass over the findings: how many there are of what, and the worst of them, worst first."""

    def __init__(self, findings: Iterable[Any], keep: int) -> None:
        self.total = 0
        self.by_rule: Counter[str] = Counter()
        self.by_severity: Counter[str] = Counter()
        self.by_zone: Counter[str] = Counter()
        self.severity_of: dict[str, str] = {}
        # Stable for equal keys: the same findings in the same order give the same page.
        self.worst: list[Mapping[str, Any]] = heapq.nsmallest(keep, self._counted(findings), key=_badness)

    def _counted(self, findings: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
        for item in findings:
            if not isinstance(item, Mapping):
                continue
            self.total += 1
            rule, severity, zone = (clean(item.get(key)) for key in ("rule", "severity", "availability_zone"))
            self.by_rule[rule] += 1
            self.by_severity[severity] += 1
            if zone:
                self.by_zone[zone] += 1
            self.severity_of.setdefault(rule, severity)
            yield item


def _badness(finding: Mapping[str, Any]) -> tuple[int, int]:
    return _rank(clean(finding.get("severity"))), -(integer(finding.get("byte_count")) or 0)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
