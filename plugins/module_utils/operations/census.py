# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All captured flows before and after flushes that AWS lists nothing of, and in one more capture after those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ..aws.networkfirewall import NetworkFirewall
from ..files import read_records
from ..flows.arns import FirewallArn
from ..flows.scope import Scope
from ..plan.identity import Moment
from ..plan.vanished import Census, Vanished, vanished
from .capture import Capture
from .known import FINDINGS, Known, known_of
from .pages import pages_of

_PAGE = 500


class Censuses:
    """The flows of captures by scope, those of after as they are read."""

    def __init__(
        self, captures: Sequence[Mapping[str, Any]], findings: Iterable[Mapping[str, Any]], before_src: str
    ) -> None:
        self.known: Known = known_of(captures, (), findings, FINDINGS)
        self.before = self._before(before_src)
        self.after: dict[Scope, Census] = {}

    def _before(self, path: str) -> dict[Scope, Census]:
        moments = self.known.moments
        found = {scope: Census(self.known.identified, moment) for scope, moment in moments.items()}
        rest = read_records(path, "before_src")
        while page := list(islice(rest, _PAGE)):
            for scope, census in found.items():
                here = [item for item in page if len(found) == 1 or item.get("availability_zone") == scope.value]
                census.add(here, scope.value)
        return found

    def add(self, capture: Capture, records: Sequence[Mapping[str, Any]]) -> None:
        """Add a page of a capture after the flushes."""
        self._add(self.after, capture, records)

    def _add(self, to: dict[Scope, Census], capture: Capture, records: Sequence[Mapping[str, Any]]) -> None:
        if capture.scope not in to and capture.seen_at is not None:
            to[capture.scope] = Census(self.known.identified, Moment(capture.seen_at, capture.duration or 0.0))
        if capture.scope in to:
            to[capture.scope].add(records, capture.scope.value)

    def vanished(self, api: NetworkFirewall, firewall: FirewallArn, later: Sequence[Capture]) -> dict[Scope, Vanished]:
        """Return of each scope how many flows vanished over the flushes; later are captures after those."""
        seen: dict[Scope, Census] = {}
        for capture, records in pages_of(api, firewall, later):
            self._add(seen, capture, records)
        return {
            scope: vanished(before, self.after[scope], later=seen.get(scope))
            for scope, before in self.before.items()
            if scope in self.after
        }
