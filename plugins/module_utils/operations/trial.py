# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of which one is tried alone before any flush of a plan, found in the captured flows of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from ..aws.networkfirewall import NetworkFirewall
from ..aws.starts import Order
from ..files import read_records
from ..flows.filters import to_api
from ..plan.identity import Moment
from ..plan.trial import Trial, trials
from ..plan.vanished import Census
from .capture import Capture
from .known import Known
from .order import Operation
from .pages import pages_of

_PAGE = 500
_SIDES = ("source_address", "destination_address")
# Each costs a capture and, unless its flow has ended, a flush.
MOST_TRIED = 5


def to_try(
    operations: Sequence[Operation], known: Known, capture_src: str, margin: int
) -> Iterator[tuple[Operation, Trial]]:
    """Yield operations of one filter each for one finding, those of the zone with the fewest captured flows first.

    Of a zone's, the least harmful of those that would show that filters mean something else come first: what hits one
    flow however conditions are joined does not.
    """
    places = {operation.place.scope.value: operation for operation in operations}
    sizes = Counter(dict.fromkeys(places, 0))
    only = next(iter(places), None) if len(places) == 1 else None
    for record in read_records(capture_src, "capture_src"):
        name = only or str(record.get("availability_zone"))
        if name in places:
            sizes[name] += 1
    for name, _size in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
        example = places[name]
        moment = known.moments[example.place.scope]
        found = trials(known.old, _captured(capture_src, name, only), moment, name)
        for trial in sorted(found, key=lambda item: item.hit_at_worst < 2):
            age = example.order.minimum_flow_age
            filters = to_api([trial.flow_filter])
            yield Operation(example.place, Order(filters, age, moment.at, 1, margin)), trial


class Around:
    """The captured flows that share an address with the flow that is tried, and are no findings; for carry_out."""

    def __init__(
        self, api: NetworkFirewall, known: Known, capture_src: str, operation: Operation, trial: Trial
    ) -> None:
        self.api = api
        self.known = known
        self._ends = {trial.flow_filter[side] for side in _SIDES}
        self.before = Census(known.identified, known.moments[operation.place.scope])
        self.after: Census | None = None
        only = operation.place.scope.value if len(known.moments) == 1 else None
        for page in _pages(capture_src, str(operation.place.scope.value), only):
            here = [item for item in page if self._ends & {item.get(side) for side in _SIDES}]
            self.before.add(here, operation.place.scope.value)
        filters = to_api([{side: address} for side in _SIDES for address in sorted(self._ends)])
        self.operation = replace(operation, order=Order(filters, None, None))

    def ended(self, operation: Operation, item: dict[str, Any]) -> bool:
        """Note which of them a capture still has."""
        capture = Capture(item["flow_operation_id"], operation.place.scope)
        for _capture, records in pages_of(self.api, operation.place.firewall, [capture]):
            if self.after is None and capture.seen_at is not None:
                self.after = Census(self.known.identified, Moment(capture.seen_at, float(item.get("duration") or 0.0)))
            if self.after is not None:
                self.after.add(records, operation.place.scope.value)
        return True

    def harm(self) -> str:
        """Return why the flush seems to have cut others too, a sentence; empty where it does not seem so."""
        gone = self.before.missing_in(self.after) if self.after is not None else 0
        # Some may have ended by themselves; conditions that are joined by OR leave none of them.
        if not gone or 2 * gone < self.before.count:
            return ""
        return (
            f"AWS does not list what the trial in {self.operation.place} has cut, and {gone} of {self.before.count}"
            " flows that share an address with the one that was tried are gone."
        )


def _captured(path: str, scope: str, only: str | None) -> Callable[[], Iterator[list[dict[str, Any]]]]:
    return partial(_pages, path, scope, only)


def _pages(path: str, scope: str, only: str | None) -> Iterator[list[dict[str, Any]]]:
    rest = (
        record
        for record in read_records(path, "capture_src")
        if only is not None or record.get("availability_zone") == scope
    )
    while page := list(islice(rest, _PAGE)):
        yield page
