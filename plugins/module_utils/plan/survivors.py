# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows that are there after a flush and match a plan's filters: the findings that were to be cut, or others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..flows.matching import flows_of
from .identity import Key, Moment, key_of, reversed_key
from .outcome import SURVIVED, Fate
from .same import Same


class Survivors:
    """The findings of one scope, by which flows of a later capture are known; none, where nobody has them.

    before and later are the captures' moments. Where one is unknown, a flow is known by its 5-tuple alone.
    """

    def __init__(
        self, findings: Sequence[Mapping[str, Any]], before: Moment | None, later: Moment | None, scope: str
    ) -> None:
        self.scope = scope
        self.is_known = bool(findings)
        # Flows that count as findings though nobody can be sure that they are.
        self.unsure = 0
        self._same: Same | None = None
        if before is not None and later is not None:
            self._same = Same(findings, before.at, later, scope, before.duration)
        keys = [key_of(flow, scope) for flow in flows_of(findings)]
        self._unreadable = keys.count(None)
        self._keys: set[Key] = {other for key in keys if key is not None for other in (key, reversed_key(key))}

    def as_result(self, records: Sequence[Mapping[str, Any]], fates: Sequence[Fate | None]) -> list[Fate | None]:
        """Return the fates of a page's flow records, None for a flow that the filters match and that is no finding."""
        return [
            None if fate is not None and fate.fate == SURVIVED and self._is_another(record) else fate
            for record, fate in zip(records, fates, strict=True)
        ]

    def _is_another(self, record: Mapping[str, Any]) -> bool:
        if self._same is not None and self._same.has(record):
            return False
        (flow,) = flows_of([record])
        key = key_of(flow, self.scope)
        if self.is_known and key is not None and key not in self._keys and not self._unreadable:
            return True
        # One of their 5-tuples whose birth is another or unknown, or one that cannot be read: perhaps a finding.
        self.unsure += 1
        return False

    @property
    def unproved(self) -> str:
        """Why nobody can say that what has survived are the findings, a sentence; empty where it is proved."""
        if not self.unsure:
            return ""
        flows = "1 flow" if self.unsure == 1 else f"{self.unsure} flows"
        if self.is_known:
            return f"Of {flows} in {self.scope} the birth is another than the finding's, or cannot be read."
        return f"The plan's filters alone tell of {flows} in {self.scope}; the findings are not at hand."
