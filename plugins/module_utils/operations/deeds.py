# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations asked, as each ends, which flows they were about: by their own results, held against what is to be cut."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError
from ..plan.identity import COLLATERAL, ROUNDING, UNCLEAR, Compared, Listing, Moment
from ..times import parse_utc
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
        # What an operation's rehearsal has found, None where it was not rehearsed.
        self.rehearsed: Callable[[Operation], Compared | None] = lambda _operation: None
        # Whether one lists more flows than its rehearsal although not all that it lists can be read.
        self.is_wider = False
        self._earlier: set[str] = set()
        self._lock = threading.Lock()

    def ended(self, operation: Operation, item: dict[str, Any]) -> bool:
        """Hold the results of an operation against what is to be cut; return whether further ones may begin."""
        found: tuple[Compared | None, list[str]]
        if self._is_known(item):
            return not self.stopped
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
            self.is_wider = self.is_wider or self._is_wider(operation, compared)
        item["listed_flow_count"] = compared.row_count
        item["collateral_count"] = compared.collateral_count
        return not self.is_wider and not any(compared.counts[kind] for kind in self.stops)

    def _is_known(self, item: Mapping[str, Any]) -> bool:
        """Return whether a flush of an earlier run was asked already: it may hold several operations of a plan."""
        if not item.get("already_flushed"):
            return False
        with self._lock:
            is_known = item["flow_operation_id"] in self._earlier
            self._earlier.add(item["flow_operation_id"])
        return is_known

    def _is_wider(self, operation: Operation, compared: Compared) -> bool:
        rehearsed = self.rehearsed(operation)
        return rehearsed is not None and compared.counts[UNCLEAR] > 0 and compared.row_count > rehearsed.row_count

    def _asked(self, operation: Operation, item: Mapping[str, Any]) -> tuple[Compared, list[str]]:
        capture = Capture(item["flow_operation_id"], operation.place.scope)
        pages = pages_of(self.api, operation.place.firewall, [capture])
        listing = None
        for _capture, records in pages:
            listing = listing or self._listing(operation, item, capture)
            listing.add(records)
            self._write(records)
        compared = listing.compared() if listing else Compared()
        doubts = {
            "completed with errors; it may have hit more flows than it lists": bool(item.get("partial")),
            "lists its flows up to an empty token; there may be more": capture.ended_early,
            f"lists {compared.counts[UNCLEAR]} flows that cannot be told from others": compared.counts[UNCLEAR] > 0,
            "was carried out later than its minimum age allows for": lateness(operation, item) > 0,
            "was begun before this run and lists no flow": bool(item.get("already_flushed")) and not compared.row_count,
            "lists more flows than its filters had matched in its rehearsal": self._is_wider(operation, compared),
        }
        return compared, [f"{_named(operation, item)} {why}." for why, holds in doubts.items() if holds]

    def _listing(self, operation: Operation, item: Mapping[str, Any], capture: Capture) -> Listing:
        moment = self._moment(item, capture, operation)
        if not item.get("already_flushed"):
            return self.known.listing(operation, moment)
        age = capture.minimum_flow_age or 0
        return self.known.listing_of_earlier(capture.api_filters, age, moment, operation.place.scope)

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
    def cut(self) -> set[int]:
        """The numbers of the findings that this run's own operations list, and not those of another one."""
        own = (compared.found for _operation, item, compared in self.by_operation if not item.get("already_flushed"))
        return set().union(*own)

    @property
    def stopped(self) -> bool:
        """Whether what has not begun must not begin: something stops it, or its results could not be read."""
        return self.unread > 0 or self.is_wider or any(self.compared.counts[kind] for kind in self.stops)

    def found_by(self, operation: Operation) -> set[int] | None:
        """Return the numbers of the findings in the results of an operation, None when it was not asked."""
        compared = self.compared_of(operation)
        return None if compared is None else compared.found

    def compared_of(self, operation: Operation) -> Compared | None:
        """Return what the results of an operation are, None when it was not asked."""
        return next((compared for _item, compared in self._asked_of(operation)), None)

    def identified_at(self, operation: Operation) -> datetime | None:
        """Return when AWS identified the flows of an operation, None when it was not asked or AWS does not say it."""
        moments = (item.get("flow_request_timestamp") for item, _compared in self._asked_of(operation))
        return next((parse_utc(moment) for moment in moments if moment), None)

    def _asked_of(self, operation: Operation) -> Iterator[tuple[dict[str, Any], Compared]]:
        wanted = (operation.place, id(operation.order.api_filters))
        for known, item, compared in self.by_operation:
            if (known.place, id(known.order.api_filters)) == wanted:
                yield item, compared

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
