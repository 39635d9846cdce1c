# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures and flushes carried out: scopes in parallel, those of one scope in sequence, waited for if need be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ..aws.answers import described
from ..aws.networkfirewall import FLUSH, NetworkFirewall
from ..aws.starts import ON_THE_WAY, Order, start
from ..aws.waits import FINISHED, wait
from ..errors import FlowOpsError, OptionError
from ..evidence.starts import Starts
from ..flows.filters import keys_of
from ..flows.scope import FlowOperation, Place, Scope
from ..times import parse_utc
from .order import Operation

_MOST_SCOPES_AT_ONCE = 64
# Seconds by which times that AWS and this machine give in whole seconds can differ from what they were.
_ROUNDING = 3


class _Done(NamedTuple):
    """What became of the operations of a scope: those that were started, in order, and what ended it too early."""

    items: list[dict[str, Any]]
    failure: FlowOpsError | None


def carry_out(
    api: NetworkFirewall,
    kind: str,
    operations: Sequence[Operation],
    params: Mapping[str, Any],
    warn: Callable[[str], None],
    starts: Starts | None = None,
) -> list[dict[str, Any]]:
    """Carry the operations out and return them as results show them; options are wait and wait_timeout (seconds).

    With starts, each is noted there before its answer is waited for. Raises FlowOpsError when one could not be started,
    failed or did not end in time, with those started so far.
    """
    positions: dict[Scope, list[int]] = {}
    for index, operation in enumerate(operations):
        positions.setdefault(operation.place.scope, []).append(index)
    if not positions:
        return []
    in_sequence = any(len(indexes) > 1 for indexes in positions.values())
    run = _Run(api, kind, params, in_sequence, warn, starts)
    groups = [[operations[index] for index in indexes] for indexes in positions.values()]
    with ThreadPoolExecutor(max_workers=min(len(groups), _MOST_SCOPES_AT_ONCE)) as pool:
        done = list(pool.map(run.carry_out, groups))
    started = {
        index: item
        for indexes, group in zip(positions.values(), done, strict=True)
        for index, item in zip(indexes, group.items, strict=False)
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
    ) -> None:
        self.api = api
        self.starts = starts
        self.kind = kind
        self.waiting = params["wait"] or in_sequence
        self.wait_timeout = params["wait_timeout"]
        self.deadline = api.clock.monotonic() + self.wait_timeout
        # The filters of a plan are known to whoever gave it, and there may be very many.
        self.left_out = {"flow_operation"} if params.get("operations") else set()
        self.warn = warn
        # Where the operations stand in the evidence, by their IDs.
        self.numbers: dict[str, int] = {}

    def carry_out(self, operations: Sequence[Operation]) -> _Done:
        """Carry out the operations of one scope in sequence."""
        items: list[dict[str, Any]] = []
        try:
            earlier = self._flushes_before(operations)
            for operation in operations:
                items.append(self._begun(operation, earlier))
                self._note(items[-1])
                if self.waiting:
                    items[-1] = self._ended(operation.place, items[-1])
                    self._note(items[-1])
                    self._check_end(operation, items[-1])
        except FlowOpsError as error:
            return _Done(items, error)
        return _Done(items, None)

    def _flushes_before(self, operations: Sequence[Operation]) -> list[dict[str, Any]]:
        """Return the flushes that AWS has carried out in the scope since the capture that the operations are based on.

        An earlier run of the same plan, which was interrupted, may have begun with it.
        """
        moments = [operation.order.captured_at for operation in operations if operation.order.captured_at]
        if self.kind != FLUSH or not moments:
            return []
        return self.api.flushes_since(operations[0].place, min(moments))

    def _begun(self, operation: Operation, earlier: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        flush = next((item for item in earlier if _is_of(item, operation.order)), None)
        if flush is not None:
            return _already(operation.place, flush)
        if self.starts is None:
            return start(self.api, self.kind, operation.place, operation.order, self.deadline)
        planned = operation.planned(self.kind)
        about = {name: value for name, value in planned.items() if name != "flow_filters"}
        number = self.starts.begin({**about, "filter_count": len(planned["flow_filters"]), "flow_operation_id": None})
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
            )
        if status == "FAILED":
            raise FlowOpsError(f"{what} failed{because}.")
        if item["partial"]:
            self.warn(f"{what} completed with errors{because}; flows may be missing.")
        self._check_arrival(operation, item)

    def _check_arrival(self, operation: Operation, item: Mapping[str, Any]) -> None:
        """Warn when a flush was carried out so late that flows born since its capture may have been old enough."""
        identified, order = item.get("flow_request_timestamp"), operation.order
        if order.captured_at is None or not identified:
            return
        passed = (parse_utc(identified) - order.captured_at).total_seconds()
        # A flush of somebody else, in which this one was found to be contained, may have asked for no age.
        asked = item.get("minimum_flow_age", 0)
        if passed + (order.minimum_flow_age or 0) > asked:
            self.warn(
                f"The flow operation {item['flow_operation_id']} in {operation.place} was carried out {passed:.0f}"
                f" seconds after the capture, later than its minimum_flow_age of {asked} seconds allowed for; it may"
                " have matched flows born since the capture."
            )


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
