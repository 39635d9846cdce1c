# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting a capture or a flush, which AWS has no token for: never twice, and found again when its answer was lost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import AwsError, FlowOpsError, OptionError
from ..flows.filters import keys_of
from ..flows.scope import SCOPE_MEMBERS, FlowOperation, Place
from ..times import CLOCKS_APART, utc_text
from .failures import INVALID_REQUEST, NOT_FOUND, THROTTLING_CODES, failed, is_retryable, name_of
from .networkfirewall import CAPTURE, FLUSH, NetworkFirewall
from .retries import CONNECT_ATTEMPTS, UNANSWERED, UNREACHABLE, whole
from .sdk import BotoCoreError
from .waits import wait_until_idle

# Seconds that a start based on a capture may take from being sent to being carried out.
ON_THE_WAY = 5
_START_ATTEMPTS = 12
_LOOKS_FOR_A_LOST_START = 3
_WAS_BUSY, _FAILED = object(), object()


@dataclass(frozen=True)
class Order:
    """What to capture or flush: the API's filters, and the ages in seconds below which flows are left alone."""

    api_filters: Sequence[Mapping[str, Any]]
    minimum_flow_age: int | None = None
    captured_at: datetime | None = None
    flow_count: int | None = None
    # Seconds from the start to the identification of flows to allow for, where they are more than usual.
    margin: int = 0


def start(api: NetworkFirewall, kind: str, place: Place, order: Order, deadline: float) -> dict[str, Any]:
    """Start one capture or flush in a place and return {flow_operation_id, flow_operation_status, ...}.

    A zone busy with another operation is waited for until deadline (monotonic seconds). A start whose answer
    was lost is looked for among the operations that were not there before, and never sent twice blindly.
    With captured_at, the minimum flow age sent grows by the seconds since then, counted by the service's clock.
    """
    return _Start(api, kind, place, order).run(deadline)


class _Start:
    """One capture or flush on its way: what is asked for, what has been sent without an answer, what went wrong."""

    def __init__(self, api: NetworkFirewall, kind: str, place: Place, order: Order) -> None:
        self.api = api
        self.kind = kind
        self.place = place
        self.order = order
        self.verb = "capture" if kind == CAPTURE else "flush"
        self.doing = f"start a flow {self.verb} in {place}"
        self.send_once = whole(api.start_once[kind], self.doing, "FlowOperationId")
        # The operations that were there before the first start whose answer was lost.
        self.known: Mapping[str, Any] = {}
        # The service's own clock at the latest look at the place, so before what is sent after it.
        self.service_time: datetime | None = None
        self.lost: list[dict[str, Any]] = []
        self.failures = 0
        self.unreachable = 0
        self.error = FlowOpsError(f"Could not {self.doing}.")

    def run(self, deadline: float) -> dict[str, Any]:
        """Return the operation; raise FlowOpsError, saying so when it may have been started all the same."""
        try:
            return self._until_started(deadline)
        except FlowOpsError as error:
            if not self.lost:
                raise
            raise error.saying(
                f"{error.message} The answer to a start was lost, so the {self.verb} may have been started all"
                " the same; look at the flow operations before starting it again.",
                maybe_started=True,
            ) from error

    def _until_started(self, deadline: float) -> dict[str, Any]:
        clock = self.api.clock
        self.known = seen = self._rows()
        while True:
            outcome = self._send(self._age_to_ask())
            if isinstance(outcome, dict):
                return outcome
            if outcome is _WAS_BUSY:
                seen = self._when_idle(seen, deadline)
            left = deadline - clock.monotonic()
            if left <= 0:
                raise self.error
            clock.sleep(min(0.2 * 2**self.failures, 10.0, left))

    def _rows(self) -> dict[str, dict[str, Any]]:
        rows, self.service_time = self.api.rows_and_time(self.place)
        return rows

    def _when_idle(self, seen: Mapping[str, Any], deadline: float) -> dict[str, dict[str, Any]]:
        """Return the place's operations when none is in progress; raise when it was not they that were in the way."""
        if not _busy(self.api.rows(self.place), seen):
            raise self.error
        wait_until_idle(self.api, self.place, deadline)
        rows = self._rows()
        if not self.lost:
            # What ended meanwhile was somebody else's, whatever it was about.
            self.known = rows
        return rows

    def _send(self, age: int | None) -> dict[str, Any] | object:
        """Send the start once; return the operation, _WAS_BUSY or _FAILED when it is worth another, or raise."""
        request: dict[str, Any] = {**self.place.to_api(), "FlowFilters": list(self.order.api_filters)}
        if age is not None:
            request["MinimumFlowAgeInSeconds"] = age
        try:
            answer = self.send_once(**request)
            return self._started(answer["FlowOperationId"], age, answer)
        except UNREACHABLE as error:
            return self._not_sent(error)
        except UNANSWERED as error:
            return self._unanswered(error, request)
        except BotoCoreError as error:
            raise failed(error, self.doing) from error

    def _not_sent(self, error: Any) -> object:
        self.failures += 1
        self.unreachable += 1
        self.error = failed(error, self.doing)
        if self.unreachable >= CONNECT_ATTEMPTS:
            raise self.error from error
        return _FAILED

    def _unanswered(self, error: Any, request: dict[str, Any]) -> dict[str, Any] | object:
        self.failures += 1
        self.error = failed(error, self.doing, self.failures)
        code = name_of(error)
        if code == INVALID_REQUEST:
            self.failures = 0
            return (self._adopt() if self.lost else None) or _WAS_BUSY
        if code not in THROTTLING_CODES:
            if not is_retryable(code):
                raise self.error from error
            self.lost.append(request)
            adopted = self._look_for()
            if adopted:
                return adopted
        if self.failures >= _START_ATTEMPTS:
            raise self.error from error
        return _FAILED

    def _age_to_ask(self) -> int | None:
        captured_at = self.order.captured_at
        if captured_at is None:
            if self.kind == FLUSH and self.service_time is None:
                raise FlowOpsError(
                    f"Could not {self.doing}: AWS's answers do not say what time it is there (they have no Date), so"
                    " when the flush is carried out, and which flows were born before it, would be unknown; nothing was"
                    " flushed."
                )
            return self.order.minimum_flow_age
        now = self.api.time(self.place)
        if now is None:
            raise FlowOpsError(
                f"Could not {self.doing}: AWS's answers do not say what time it is there (they have no Date), so"
                " how old flows born since captured_at are by now is unknown, and none of them could be spared."
            )
        # The clock counts whole seconds and was already late when it arrived.
        passed = now.timestamp() + 1 - captured_at.timestamp()
        if passed < -CLOCKS_APART:
            raise OptionError(
                "captured_at",
                utc_text(captured_at),
                "it lies in the future of AWS's clock; give the time of the capture with its offset from UTC",
            )
        # A start takes a while to arrive and to be carried out, and flows are born meanwhile.
        return (self.order.minimum_flow_age or 0) + max(0, math.ceil(passed)) + max(ON_THE_WAY, self.order.margin)

    def _look_for(self) -> dict[str, Any] | None:
        for look in range(_LOOKS_FOR_A_LOST_START):
            adopted = self._adopt()
            if adopted:
                return adopted
            if look < _LOOKS_FOR_A_LOST_START - 1:
                self.api.clock.sleep(0.5 * 2**look)
        return None

    def _adopt(self) -> dict[str, Any] | None:
        """Return the operation that a start had begun whose answer was lost, None when there is none."""
        for operation_id, row in self.api.rows(self.place).items():
            if operation_id in self.known or row["FlowOperationType"] != self.kind:
                continue
            found = self._described(operation_id)
            request = self._request_of(found)
            if request is not None:
                self.api.warn(
                    f"The answer to a start in {self.place} was lost; the operation it had started,"
                    f" {operation_id}, was found and is used."
                )
                age = request.get("MinimumFlowAgeInSeconds")
                return {**self._started(operation_id, age, found), "adopted": True}
        return None

    def _described(self, operation_id: str) -> dict[str, Any]:
        """Return what AWS says of an operation, nothing when it is no longer there."""
        try:
            return self.api.describe(FlowOperation(self.place, operation_id))
        except AwsError as error:
            if error.code != NOT_FOUND:
                raise
            return {}

    def _request_of(self, found: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the lost request that an operation was begun by, None when it is somebody else's."""
        wanted = {(keys_of(request["FlowFilters"]), _age_in(request)): request for request in self.lost}
        asked = found.get("FlowOperation") or {}
        try:
            request = wanted.get((keys_of(asked.get("FlowFilters") or ()), _age_in(asked)))
        except OptionError:
            # Filters that this collection would not send are somebody else's.
            return None
        scope = self.place.scope
        same_scope = not scope or found.get(SCOPE_MEMBERS[scope.option], scope.value) == scope.value
        return request if same_scope else None

    def _started(self, operation_id: str, age: int | None, answer: Mapping[str, Any]) -> dict[str, Any]:
        item: dict[str, Any] = {
            **self.place.named(),
            "flow_operation_id": operation_id,
            "flow_operation_type": self.kind,
            "flow_operation_status": answer.get("FlowOperationStatus", "IN_PROGRESS"),
        }
        if self.service_time is not None:
            item["service_time"] = utc_text(self.service_time)
        return item if age is None else {**item, "minimum_flow_age": age}


def _age_in(asked: Mapping[str, Any]) -> int:
    return int(asked.get("MinimumFlowAgeInSeconds") or 0)


def _busy(rows: Mapping[str, Mapping[str, Any]], seen: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether something ran in the scope: in progress now, or begun or ended since it was last looked at."""
    return any(
        row["FlowOperationStatus"] == "IN_PROGRESS"
        or operation_id not in seen
        or seen[operation_id]["FlowOperationStatus"] == "IN_PROGRESS"
        for operation_id, row in rows.items()
    )
