# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures and flushes carried out: scopes in parallel, those of one scope in sequence, waited for if need be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

from ..aws.answers import described
from ..aws.networkfirewall import CAPTURE, FLUSH, NetworkFirewall
from ..aws.starts import ON_THE_WAY, Order, start
from ..aws.waits import FEWER_FLOWS, FINISHED, wait
from ..errors import FlowOpsError, OptionError
from ..evidence.starts import Starts
from ..flows.filters import keys_of
from ..flows.scope import FlowOperation, Place, Scope
from ..times import parse_utc
from .order import Operation

_MOST_SCOPES_AT_ONCE = 64
# Seconds by which times that AWS and this machine give in whole seconds can differ from what they were.
_ROUNDING = 3


# Is told of each operation that has ended well, and may add to it; answers whether further ones may begin.
Ended = Callable[[Operation, dict[str, Any]], bool]


class _Done(NamedTuple):
    """What became of the operations of a scope, in order (None: not started), and what ended it too early."""

    items: list[dict[str, Any] | None]
    failure: FlowOpsError | None


def go_on(_operation: Operation, _item: dict[str, Any]) -> bool:
    """Let further operations begin, whatever one was."""
    return True


def carry_out(
    api: NetworkFirewall,
    kind: str,
    operations: Sequence[Operation],
    params: Mapping[str, Any],
    warn: Callable[[str], None],
    starts: Starts | None = None,
    ended: Ended = go_on,
) -> list[dict[str, Any]]:
    """Carry the operations out and return them as results show them; options are wait and wait_timeout (seconds).

    With starts, each is noted there before its answer is waited for. With wait, ended is told of each that has ended
    well, those that an earlier run had begun among them, by the thread of its scope. Raises FlowOpsError when one could
    not be started, failed or did not end in time, with those started so far.
    """
    positions: dict[Scope, list[int]] = {}
    for index, operation in enumerate(operations):
        positions.setdefault(operation.place.scope, []).append(index)
    if not positions:
        return []
    in_sequence = any(len(indexes) > 1 for indexes in positions.values())
    run = _Run(api, kind, params, in_sequence, warn, starts, ended)
    groups = [[operations[index] for index in indexes] for indexes in positions.values()]
    with ThreadPoolExecutor(max_workers=min(len(groups), _MOST_SCOPES_AT_ONCE)) as pool:
        done = list(pool.map(run.carry_out, groups))
    started = {
        index: item
        for indexes, group in zip(positions.values(), done, strict=True)
        for index, item in zip(indexes, group.items, strict=False)
        if item is not None
    }
    items = [started[index] for index in sorted(started)]
    _check(kind, items, [group.failure for group in done if group.failure])
    return items


def has_cut(items: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether any of the flushes is a new one, and not one that had been carried out already."""
    return any(not item.get("already_flushed") for item in items)


def _check(kind: str, items: list[dict[str, Any]], failures: Sequence[FlowOpsError]) -> None:
    if not failures:
        return
    first = failures[0]
    others = f" ({len(failures) - 1} more scopes failed too.)" if len(failures) > 1 else ""
    maybe_started = any(failure.details.get("maybe_started") for failure in failures)
    changed = kind == FLUSH and (has_cut(items) or maybe_started)
    raise first.saying(first.message + others, flow_operations=items, changed=changed)


class _Run:
    """One carrying out: whether to wait for each end, and until when."""

    def __init__(
        self,
        api: NetworkFirewall,
        kind: str,
        params: Mapping[str, Any],
        in_sequence: bool,
        warn: Callable[[str], None],
        starts: Starts | None,
        ended: Ended,
    ) -> None:
        self.api = api
        self.starts = starts
        self.purpose = params.get("purpose")
        self.ended = ended
        self.halted = threading.Event()
        self.kind = kind
        self.waiting = params["wait"] or in_sequence
        self.wait_timeout = params["wait_timeout"]
        self.deadline = api.clock.monotonic() + self.wait_timeout
        # The filters of a plan are known to whoever gave it, and there may be very many.
        self.left_out = {"flow_operation"} if params.get("operations") else set()
        self.way_out = FEWER_FLOWS if kind == CAPTURE and params.get("fetch") == "all" else ""
        self.warn = warn
        # Where the operations stand in the evidence, by their IDs.
        self.numbers: dict[str, int] = {}

    def carry_out(self, operations: Sequence[Operation]) -> _Done:
        """Carry out the operations of one scope in sequence."""
        items: list[dict[str, Any] | None] = []
        try:
            earlier = self._flushes_before(operations)
            for operation in operations:
                if self.halted.is_set():
                    break
                flush = next((item for item in earlier if _is_of(item, operation.order)), None)
                if flush is not None:
                    items.append(_already(operation.place, flush))
                    self._told(operation, self._wait_for(operation, items))
                elif operation.spent:
                    items.append(None)
                else:
                    self._carried_out(operation, items)
        except FlowOpsError as error:
            return _Done(items, error)
        return _Done(items, None)

    def _carried_out(self, operation: Operation, items: list[dict[str, Any] | None]) -> None:
        items.append(self._started(operation))
        begun = self.api.clock.monotonic()
        self._note(items[-1] or {})
        if self.waiting:
            item = self._wait_for(operation, items)
            item["duration"] = round(self.api.clock.monotonic() - begun, 3)
            self._told(operation, item)

    def _told(self, operation: Operation, item: dict[str, Any]) -> None:
        if self.waiting and not self.ended(operation, item):
            self.halted.set()

    def _wait_for(self, operation: Operation, items: list[dict[str, Any] | None]) -> dict[str, Any]:
        """Return the last of the items as it has ended; raise FlowOpsError when it did not, or not well."""
        item = items[-1] or {}
        if self.waiting:
            items[-1] = item = self._ended(operation.place, item)
            self._note(item)
            self._check_end(operation, item)
        return item

    def _flushes_before(self, operations: Sequence[Operation]) -> list[dict[str, Any]]:
        """Return the flushes that AWS has carried out in the scope since the capture that the operations are based on.

        An earlier run of the same plan, which was interrupted, may have begun with it.
        """
        moments = [operation.order.captured_at for operation in operations if operation.order.captured_at]
        if self.kind != FLUSH or not moments:
            return []
        return self.api.flushes_since(operations[0].place, min(moments))

    def _started(self, operation: Operation) -> dict[str, Any]:
        if self.starts is None:
            return start(self.api, self.kind, operation.place, operation.order, self.deadline)
        planned = operation.planned(self.kind)
        about = {name: value for name, value in planned.items() if name != "flow_filters"}
        purpose = {"purpose": self.purpose} if self.purpose else {}
        number = self.starts.begin(
            {**about, **purpose, "filter_count": len(planned["flow_filters"]), "flow_operation_id": None}
        )
        try:
            item = start(self.api, self.kind, operation.place, operation.order, self.deadline)
        except FlowOpsError as error:
            self.starts.note(number, {"message": error.message})
            raise
        self.numbers[item["flow_operation_id"]] = number
        return item

    def _note(self, item: Mapping[str, Any]) -> None:
        """Note what is known of an operation in the evidence, where there is any and the operation is of this run."""
        number = self.numbers.get(item["flow_operation_id"])
        if self.starts is not None and number is not None:
            self.starts.note(number, {name: value for name, value in item.items() if name != "flow_operation"})

    def _ended(self, place: Place, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return an operation as it is when it has ended, or when the time has passed."""
        operation = FlowOperation(place, item["flow_operation_id"])
        answers, _still_open = wait(self.api, [operation], max(0.0, self.deadline - self.api.clock.monotonic()))
        told = described(answers[0] or {})
        ended = {**item, **{key: value for key, value in told.items() if key not in self.left_out}}
        return {**ended, "partial": ended["flow_operation_status"] == "COMPLETED_WITH_ERRORS"}

    def _check_end(self, operation: Operation, item: Mapping[str, Any]) -> None:
        """Raise FlowOpsError unless an operation has ended with flows, and warn of what may be wrong with them."""
        what = f"The flow operation {item['flow_operation_id']} in {operation.place}"
        status, message = item["flow_operation_status"], item.get("status_message")
        because = f" ({message})" if message else ""
        if status not in FINISHED:
            raise FlowOpsError(
                f"{what} had not ended when wait_timeout, {self.wait_timeout} seconds, had passed; it goes on in AWS."
                f"{self.way_out}"
            )
        too_broad = self.way_out if message and "timeout" in message.lower() else ""
        if status == "FAILED":
            raise FlowOpsError(f"{what} failed{because}.{too_broad}")
        if item["partial"]:
            self.warn(f"{what} completed with errors{because}; flows may be missing.{too_broad}")
        late = lateness(operation, item)
        if late and self.kind == FLUSH:
            asked = item.get("minimum_flow_age", 0)
            passed = late + asked - (operation.order.minimum_flow_age or 0)
            self.warn(
                f"{what} was carried out {passed:.0f} seconds after the capture, later than its minimum_flow_age of"
                f" {asked} seconds allowed for; it may have matched flows born since the capture."
            )


def lateness(operation: Operation, item: Mapping[str, Any]) -> float:
    """Return by how many seconds an operation came too late to spare, by its minimum age, all flows born since."""
    identified, order = item.get("flow_request_timestamp"), operation.order
    if order.captured_at is None or not identified:
        return 0.0
    passed = (parse_utc(identified) - order.captured_at).total_seconds()
    # A flush of somebody else, in which this one was found to be contained, may have asked for no age.
    return max(0.0, passed + (order.minimum_flow_age or 0) - float(item.get("minimum_flow_age") or 0))


def delay_of(item: Mapping[str, Any]) -> float:
    """Return the seconds from an operation's start to its identification of flows, both by the service's clock."""
    identified, started = item.get("flow_request_timestamp"), item.get("service_time")
    if not identified or not started:
        return 0.0
    return max(0.0, (parse_utc(identified) - parse_utc(started)).total_seconds())


def with_margin(operations: Sequence[Operation], margin: int) -> list[Operation]:
    """Return operations whose minimum ages allow for at least so many seconds from the start to the identification."""
    return [replace(item, order=replace(item.order, margin=margin)) for item in operations]


def _is_of(flush: Mapping[str, Any], order: Order) -> bool:
    """Return whether a flush described by AWS has cut all that an order is to cut."""
    asked = flush.get("FlowOperation") or {}
    when = flush.get("FlowRequestTimestamp")
    if order.captured_at is None or when is None or when < order.captured_at:
        return False
    try:
        # Of the filters that it had, some may have been dropped since.
        if not set(keys_of(order.api_filters)) <= set(keys_of(asked.get("FlowFilters") or ())):
            return False
    except OptionError:
        # Filters that this collection would not send are somebody else's.
        return False
    passed = (when - order.captured_at).total_seconds()
    # One that spared flows which the order means to cut asked for a higher age.
    highest = (order.minimum_flow_age or 0) + passed + ON_THE_WAY + _ROUNDING
    return bool((asked.get("MinimumFlowAgeInSeconds") or 0) <= highest)


def _already(place: Place, flush: Mapping[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = {
        **place.named(),
        "flow_operation_id": flush["FlowOperationId"],
        "flow_operation_type": FLUSH,
        "flow_operation_status": flush["FlowOperationStatus"],
        "already_flushed": True,
    }
    age = (flush.get("FlowOperation") or {}).get("MinimumFlowAgeInSeconds")
    return item if age is None else {**item, "minimum_flow_age": age}
