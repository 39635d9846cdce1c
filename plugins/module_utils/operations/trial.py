# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of which one is tried alone before any flush of a plan, found in the captured flows of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from ..aws.starts import Order
from ..files import read_records
from ..flows.filters import to_api
from ..plan.trial import Trial, trials
from .known import Known
from .order import Operation

_PAGE = 500
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
