# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings of an earlier capture, met again one by one in a later one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from ..flows.matching import AGE, flows_of
from .identity import Identified, Key, Moment, key_of, reversed_key

_PAGE = 500


class Same:
    """The findings of a scope of an earlier capture; each is met at most once in the later one, in each direction."""

    def __init__(
        self,
        findings: Iterable[Mapping[str, Any]],
        captured_at: datetime,
        later: Moment,
        scope: str = "",
        duration: float | None = None,
    ) -> None:
        # Where nobody says how long (seconds) the earlier one took, as long as the later one.
        self._findings = Identified()
        self._later = later
        self._scope = scope
        earlier = Moment(captured_at, later.duration if duration is None else duration)
        rest = iter(findings)
        while page := list(islice(rest, _PAGE)):
            self._findings.add(page, earlier, scope)
        self._met: set[tuple[int, bool]] = set()

    def has(self, record: Mapping[str, Any]) -> bool:
        """Return whether a flow record of the later capture is one of the findings that was not met before."""
        (flow,) = flows_of([record])
        key, at = key_of(flow, self._scope), self._later.birth(flow[AGE])
        if key is None or at is None:
            return False
        return self._is_met(key, at, False) or self._is_met(reversed_key(key), at, True)

    def _is_met(self, key: Key, at: float, is_reverse: bool) -> bool:
        tolerance = self._findings.tolerance(self._scope, self._later)
        near = [
            (abs(birth.at - at), birth.number)
            for birth in self._findings.births(key)
            if birth.at is not None and abs(birth.at - at) <= tolerance and (birth.number, is_reverse) not in self._met
        ]
        if near:
            self._met.add((min(near)[1], is_reverse))
        return bool(near)
