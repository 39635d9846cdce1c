# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations asked, as each ends, which flows they were about: by their own results, held against what is to be cut."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError
from ..plan.identity import COLLATERAL, ROUNDING, UNCLEAR, Compared, Moment
from .capture import Capture
from .carry_out import delay_of, lateness
from .known import Known
from .order import Operation
from .pages import pages_of

_MOST_SHOWN = 100


class Written(Protocol):
    """A file that takes flow records."""

    def write_all(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Write records."""


class Deeds:
    """What ended operations were about; `ended` is for carry_out, and is called by the threads of several scopes."""

    # What stops the operations that have not begun.
    stops: tuple[str, ...] = COLLATERAL

    def __init__(
        self, api: NetworkFirewall, known: Known, warn: Callable[[str], None], file: Written | None = None
    ) -> None:
        self.api = api
        self.known = known
        self.warn = warn
        self.file = file
        self.by_operation: list[tuple[Operation, dict[str, Any], Compared]] = []
        # Why nobody can say of an operation what it was about, one sentence each.
        self.unproved: list[str] = []
        # The operations whose results could not be read.
        self.unread = 0
        self.delay = 0.0
        self._lock = threading.Lock()

    def ended(self, operation: Operation, item: dict[str, Any]) -> bool:
        """Hold the results of an operation against what is to be cut; return whether further ones may begin."""
        found: tuple[Compared | None, list[str]]
        try:
            found = self._asked(operation, item)
        except FlowOpsError as error:
            found = self._unread(operation, item, error)
        compared, doubts = found
        with self._lock:
            self.delay = max(self.delay, delay_of(item) + (item.get("duration") or 0.0))
            self.unproved.extend(doubts)
            if compared is None:
                self.unread += 1
                return False
            self.by_operation.append((operation, item, compared))
        item["listed_flow_count"] = compared.row_count
        item["collateral_count"] = compared.collateral_count
        return not any(compared.counts[kind] for kind in self.stops)

    def _asked(self, operation: Operation, item: Mapping[str, Any]) -> tuple[Compared, list[str]]:
        capture = Capture(item["flow_operation_id"], operation.place.scope)
        pages = pages_of(self.api, operation.place.firewall, [capture])
        listing = None
        for _capture, records in pages:
            listing = listing or self.known.listing(operation, self._moment(item, capture, operation))
            listing.add(records)
            self._write(records)
        compared = listing.compared() if listing else Compared()
        doubts = {
            "completed with errors; it may have hit more flows than it lists": bool(item.get("partial")),
            "lists its flows up to an empty token; there may be more": capture.ended_early,
            f"lists {compared.counts[UNCLEAR]} flows that cannot be told from others": compared.counts[UNCLEAR] > 0,
            "was carried out later than its minimum age allows for": lateness(operation, item) > 0,
        }
        return compared, [f"{_named(operation, item)} {why}." for why, holds in doubts.items() if holds]

    def _unread(self, operation: Operation, item: Mapping[str, Any], error: FlowOpsError) -> tuple[None, list[str]]:
        # It is done, whatever became of the question what it did.
        return None, [f"What {_named(operation, item)} hit cannot be read. {error.message}"]

    def _moment(self, item: Mapping[str, Any], capture: Capture, operation: Operation) -> Moment:
        if capture.seen_at is None:
            raise FlowOpsError(f"AWS does not say when {_named(operation, item)} was carried out.")
        return Moment(capture.seen_at, float(item.get("duration") or 0.0))

    def _write(self, records: Sequence[Mapping[str, Any]]) -> None:
        if self.file is not None:
            with self._lock:
                self.file.write_all(records)

    @property
    def compared(self) -> Compared:
        """All results together."""
        whole = Compared()
        for _operation, _item, compared in self.by_operation:
            whole = whole.merged(compared, _MOST_SHOWN)
        return whole

    @property
    def stopped(self) -> bool:
        """Whether what has not begun must not begin: something stops it, or results could not be read."""
        return self.unread > 0 or any(self.compared.counts[kind] for kind in self.stops)

    def found_by(self, operation: Operation) -> set[int] | None:
        """Return the numbers of the findings in the results of an operation, None when it was not asked."""
        compared = self.compared_of(operation)
        return None if compared is None else compared.found

    def compared_of(self, operation: Operation) -> Compared | None:
        """Return what the results of an operation are, None when it was not asked."""
        wanted = (operation.place, id(operation.order.api_filters))
        return next(
            (
                compared
                for known, _item, compared in self.by_operation
                if (known.place, id(known.order.api_filters)) == wanted
            ),
            None,
        )

    @property
    def margin(self) -> int:
        """The seconds from a start to the identification of flows to allow for, by what was seen."""
        return max(math.ceil(self.delay) + ROUNDING, self.known.tolerance)


class Rehearsals(Deeds):
    """Captures in the place of flushes: a flow that cannot be told from an innocent one stops them too."""

    stops = (*COLLATERAL, UNCLEAR)

    def _unread(self, operation: Operation, item: Mapping[str, Any], error: FlowOpsError) -> tuple[None, list[str]]:
        raise error

    @property
    def strangers(self) -> list[dict[str, Any]]:
        """The first flows that are not to be cut, as flow records with their kind."""
        return self.compared.examples

    @property
    def stranger_count(self) -> int:
        """How many flows are not to be cut."""
        return sum(self.compared.counts[kind] for kind in self.stops)


def _named(operation: Operation, item: Mapping[str, Any]) -> str:
    return f"The flow operation {item['flow_operation_id']} in {operation.place}"
