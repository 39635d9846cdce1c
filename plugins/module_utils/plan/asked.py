# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of an operation held against the filters that were asked for, where those say what is to be cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..flows.matching import AGE, FilterSets, flows_of, spans_of
from .identity import FINDING, INNOCENT, NEWBORN, UNCLEAR, Identified, Key, Listing, Moment, key_of, scope_value


class Asked(Listing):
    """Rows of which every one that the filters match, and that was there when the flows were captured, was asked for.

    One that our own matching does not match is innocent, and one born since the capture a newborn.
    """

    def __init__(
        self,
        findings: Identified,
        moment: Moment,
        filters: Sequence[Mapping[str, Any]],
        captured: Moment,
        scope: str | None = None,
        most: int = 100,
    ) -> None:
        super().__init__(findings, moment, scope, most)
        self._filters = FilterSets([spans_of(item) for item in filters])
        self._last_birth = captured.at.timestamp() + captured.tolerance + moment.tolerance

    def add(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add a page of rows, as flow records."""
        flows = flows_of(records)
        for record, flow, mask in zip(records, flows, self._filters.perhaps(flows), strict=True):
            key = key_of(flow, scope_value(record, self.scope))
            at = self.moment.birth(flow[AGE])
            if not mask:
                self._count(INNOCENT, record)
            elif at is None:
                self._count(UNCLEAR, record)
            elif at > self._last_birth:
                self._count(NEWBORN, record)
            else:
                self._count(FINDING, record, self._number(key, at))

    def _number(self, key: Key | None, at: float) -> int | None:
        births = self.findings.births(key) if key is not None else ()
        tolerance = self.findings.tolerance(key[0], self.moment) if key is not None else 0.0
        near = [birth for birth in births if birth.at is not None and abs(birth.at - at) <= tolerance]
        free = [birth.number for birth in near if birth.number not in self._compared.found]
        return free[0] if free else None
