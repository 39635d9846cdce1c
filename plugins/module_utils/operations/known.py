# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be cut as this run's own captures show it, for the results of operations to be held against."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from ..errors import FlowOpsError
from ..flows.filters import from_api
from ..flows.scope import Scope, scope_at
from ..plan.asked import Asked
from ..plan.identity import Identified, Listing, Moment
from ..times import moment_of
from .capture import seconds_of
from .order import Operation

FINDINGS, FLOW_FILTERS = "findings", "flow_filters"
_PAGE = 500


class Known:
    """The findings by identity, and when each scope was captured; or filters, where these say what is to be cut."""

    def __init__(
        self, moments: Mapping[Scope, Moment], findings: Iterable[Mapping[str, Any]], held_against: str
    ) -> None:
        self.moments = moments
        self.held_against = held_against
        self.identified = Identified()
        # Those that no flush spares for their age, of which one may be tried.
        self.old = Identified()
        rest = iter(findings)
        while page := list(islice(rest, _PAGE)):
            for scope, moment in moments.items():
                here = [item for item in page if len(moments) == 1 or item.get("availability_zone") == scope.value]
                self.identified.add(here, moment, scope.value)
                self.old.add([item for item in here if _is_old(item, moment)], moment, scope.value)

    @property
    def tolerance(self) -> int:
        """The seconds by which the birth of a flow may be wrong, in whole ones."""
        return max((math.ceil(moment.tolerance) for moment in self.moments.values()), default=0)

    def listing_of_earlier(
        self, api_filters: Sequence[Mapping[str, Any]], minimum_age: int, moment: Moment, scope: Scope
    ) -> Listing:
        """Return what holds the rows of a flush of an earlier run against what that had asked for.

        Its findings are gone, so that no capture of this run tells which they were.
        """
        asked = Moment(moment.at - timedelta(seconds=minimum_age))
        return Asked(self.identified, moment, from_api(api_filters), asked, scope.value)

    def listing(self, operation: Operation, moment: Moment) -> Listing:
        """Return what holds the rows of an operation against what is to be cut."""
        scope = operation.place.scope
        if self.held_against == FINDINGS:
            return Listing(self.identified, moment, scope.value)
        filters = from_api(operation.order.api_filters)
        return Asked(self.identified, moment, filters, self.moments[scope], scope.value)


def _is_old(record: Mapping[str, Any], moment: Moment) -> bool:
    age = record.get("age")
    return isinstance(age, int) and age > 2 * moment.tolerance + _LATE


# Seconds that a flush allows for on its way, and as many for what is slow.
_LATE = 10


def known_of(
    captures: Sequence[Mapping[str, Any]],
    operations: Sequence[Operation],
    findings: Iterable[Mapping[str, Any]],
    held_against: str,
) -> Known:
    """Return what is to be cut, by captures as a capture returns them; raise FlowOpsError when one is missing."""
    moments = moments_of(captures)
    missing = {operation.place.scope for operation in operations} - moments.keys()
    if missing:
        names = ", ".join(sorted(map(str, missing)))
        raise FlowOpsError(f"captures: it has none of {names}, where there is something to flush.")
    return Known(moments, findings, held_against)


def moments_of(captures: Sequence[Mapping[str, Any]]) -> dict[Scope, Moment]:
    """Return when each scope was captured; raise FlowOpsError for a capture of which nobody knows it."""
    moments: dict[Scope, Moment] = {}
    for index, item in enumerate(captures):
        path = f"captures[{index}]"
        at = moment_of(item.get("flow_request_timestamp"), f"{path}.flow_request_timestamp")
        at = at or moment_of(item.get("service_time"), f"{path}.service_time")
        if at is None:
            raise FlowOpsError(
                f"{path}: it has neither flow_request_timestamp nor service_time; when its flows were born is unknown,"
                " and nothing was started."
            )
        moments[scope_at(item, path)] = Moment(at, seconds_of(item.get("duration"), f"{path}.duration") or 0.0)
    return moments
