# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flushes of a plan: rehearsed as captures, then one filter tried, then carried out, each asked what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from ..aws.networkfirewall import CAPTURE, FLUSH, NetworkFirewall
from ..aws.starts import ON_THE_WAY
from ..errors import FlowOpsError
from ..evidence.starts import Starts
from ..plan.identity import UNCLEAR, Compared
from ..plan.trial import Trial
from ..plan.vanished import is_surprising, share_after
from .carry_out import carry_out, with_margin
from .deeds import Deeds, Rehearsals, Written
from .known import FINDINGS, Known
from .order import Operation
from .trial import MOST_TRIED, Around, to_try

ALL, FIRST, NONE = "all", "first", "none"


class Remediation:
    """One run of a plan's flushes; params are wait_timeout (seconds), rehearse, trial and capture_src."""

    def __init__(
        self,
        api: NetworkFirewall,
        known: Known,
        params: Mapping[str, Any],
        warn: Callable[[str], None],
        file: Written | None = None,
        starts: Starts | None = None,
    ) -> None:
        self.api = api
        self.starts = starts
        self.known = known
        self.warn = warn
        # The filters of a plan are known to whoever gave it, and there may be very many.
        self.params = {**params, "wait": True, "operations": True}
        self.margin = known.tolerance
        self.rehearsals = Rehearsals(api, known, warn)
        self.deeds = Deeds(api, known, warn, file)
        self.items: list[dict[str, Any]] = []
        # What is told of the trial: false where none was wanted, and None of passed where none could be held.
        self.trial: dict[str, Any] | bool = False
        # Why flows seem to have been cut that AWS does not list, a sentence each.
        self.suspicions: list[str] = []

    def run(self, operations: Sequence[Operation]) -> None:
        """Rehearse and carry out operations; raise FlowOpsError when that must not be, or went wrong."""
        if self.starts is not None:
            self.starts.keep()
        operations = [replace(item, spent=item.order.flow_count == 0) for item in operations]
        self._rehearse([item for item in operations if not item.spent])
        if self.params["trial"]:
            self._try([item for item in operations if not item.spent])
        if self._stopped:
            return
        self.deeds.rehearsed = self.rehearsals.compared_of
        left = with_margin([replace(item, spent=self._is_spent(item)) for item in operations], self.margin)
        self._flush(left, "flush")

    def _rehearse(self, operations: Sequence[Operation]) -> None:
        if self.params["rehearse"] == NONE:
            return
        if self.params["rehearse"] == FIRST:
            operations = list({item.place: item for item in reversed(operations)}.values())
        allowed_for = max(ON_THE_WAY, self.margin)
        self.rehearsals = self._captured(operations)
        self.margin = max(self.margin, self.rehearsals.margin)
        if self.rehearsals.stranger_count and self.margin > allowed_for:
            # They took longer than their ages allowed for, so that flows born since were old enough.
            self.rehearsals = self._captured(operations)
        if self.rehearsals.stranger_count:
            raise FlowOpsError(self._refusal(), rehearsal=self.told_rehearsal())

    def _captured(self, operations: Sequence[Operation]) -> Rehearsals:
        rehearsals = Rehearsals(self.api, self.known, self.warn)
        rehearsed = with_margin(operations, self.margin)
        params = {**self.params, "purpose": "rehearsal"}
        carry_out(self.api, CAPTURE, rehearsed, params, self.warn, self.starts, rehearsals.ended)
        return rehearsals

    def _refusal(self) -> str:
        stranger = self.rehearsals.strangers[0]
        more = self.rehearsals.stranger_count - 1
        return (
            f"The rehearsal shows that the flushes would hit flows that are not to be cut: {_flow(stranger)}"
            f"{f' and {more} more' if more else ''}; nothing was cut by them."
        )

    def _try(self, operations: Sequence[Operation]) -> None:
        self.trial = {"passed": None, "message": "No filter for one finding could be tried."}
        if not operations or not self.params["capture_src"] or not self.known.old.count:
            return
        candidates = to_try(operations, self.known, self.params["capture_src"], self.margin)
        for operation, trial in islice(candidates, MOST_TRIED):
            rehearsed = self._captured([operation])
            if rehearsed.stranger_count or not rehearsed.compared.found:
                # It may be wider than what was captured, or its flow has ended.
                continue
            before = self.deeds.compared
            self.deeds.rehearsed = rehearsed.compared_of
            (item,) = self._flush([operation], "trial")
            compared = self.deeds.compared
            listed = compared.row_count - before.row_count
            # A row that cannot be read may be anybody's.
            tells = listed - (compared.counts[UNCLEAR] - before.counts[UNCLEAR])
            if not tells and not self.deeds.stopped:
                self._look_around(operation, trial)
            self.trial = {
                "passed": None if not tells and not self._stopped else not self._stopped,
                "availability_zone": operation.place.scope.value,
                "flow_operation_id": item["flow_operation_id"],
                "flow_filter": trial.flow_filter,
                "flow_count": listed,
                "hit_at_worst": trial.hit_at_worst,
                "message": "" if tells else _NOTHING_TOLD if listed else _NOTHING_LISTED,
            }
            if tells or self._stopped:
                return

    def _look_around(self, operation: Operation, trial: Trial) -> None:
        """Look whether captured flows that share an address with the one that was tried went with it."""
        around = Around(self.api, self.known, self.params["capture_src"], operation, trial)
        if not around.before.count:
            return
        params = {**self.params, "purpose": "trial"}
        carry_out(self.api, CAPTURE, [around.operation], params, self.warn, self.starts, around.ended)
        self.suspicions.extend(filter(None, [around.harm()]))

    @property
    def _stopped(self) -> bool:
        return self.deeds.stopped or bool(self.suspicions)

    def _flush(self, operations: Sequence[Operation], purpose: str) -> list[dict[str, Any]]:
        params = {**self.params, "purpose": purpose}
        try:
            items = carry_out(self.api, FLUSH, operations, params, self.warn, self.starts, self.deeds.ended)
        except FlowOpsError as error:
            begun = [{**item, "purpose": purpose} for item in error.details.get("flow_operations", ())]
            self.items.extend(begun)
            raise error.saying(error.message, flow_operations=list(self.items)) from error
        self.items.extend({**item, "purpose": purpose} for item in items)
        for item in items:
            if self.starts is not None and item.get("already_flushed"):
                self.starts.begin({**item, "purpose": purpose})
        return items

    def _is_spent(self, operation: Operation) -> bool:
        """Return whether nothing is left for an operation to cut: it had ended, or the trial has cut it."""
        rehearsed = self.rehearsals.compared_of(operation)
        if operation.spent or rehearsed is None:
            return operation.spent
        if not rehearsed.row_count:
            return True
        return self.known.held_against == FINDINGS and rehearsed.found <= self.deeds.compared.found

    def told_rehearsal(self) -> dict[str, Any] | bool:
        """Return what is told of the rehearsal; false where none was held."""
        if self.params["rehearse"] == NONE:
            return False
        asked = self.rehearsals.by_operation
        return {
            "passed": not self.rehearsals.stranger_count,
            "flow_operation_ids": [item["flow_operation_id"] for _operation, item, _compared in asked][:100],
            "operation_count": len(asked),
            "flow_count": self.rehearsals.compared.row_count,
            "stranger_count": self.rehearsals.stranger_count,
            "strangers": self.rehearsals.strangers,
            "delay": round(self.rehearsals.delay, 3),
        }

    def told_deed(self) -> dict[str, Any]:
        """Return what is told of the flushes."""
        compared: Compared = self.deeds.compared
        return {
            "listed_flow_count": compared.row_count,
            "cut": len(self.deeds.cut),
            "counts": dict(sorted(compared.counts.items())),
            "collateral_count": compared.collateral_count,
            "collateral": [item for item in compared.examples if item["kind"] != "unclear"],
            "unproved": [*self.suspicions, *self.deeds.unproved],
            "suspected": bool(self.suspicions) or self.deeds.is_wider,
            "silent": self._silent(),
            "stopped": self._stopped,
            "unread": self.deeds.unread,
            "margin": self.margin,
            "tolerance": self.known.tolerance,
        }

    def _silent(self) -> list[dict[str, Any]]:
        """Return the flushes that list nothing, or too little, although their rehearsals listed findings."""
        found = self.deeds.compared.found
        silent = []
        for operation, item, compared in self.deeds.by_operation:
            if item.get("already_flushed"):
                continue
            rehearsed = self.rehearsals.compared_of(operation)
            expected = rehearsed is None or bool(rehearsed.found - found) or not rehearsed.found
            if (not compared.row_count and expected) or self._lists_too_few(operation):
                told = {"flow_operation_id": item["flow_operation_id"], "listed_flow_count": compared.row_count}
                silent.append({**operation.place.scope.named(), **told})
        return silent

    def _lists_too_few(self, operation: Operation) -> bool:
        """Return whether more of the findings in an operation's rehearsal are not listed than end by themselves."""
        rehearsed, count = self.rehearsals.compared_of(operation), self.known.identified.count
        times = [asked.identified_at(operation) for asked in (self.rehearsals, self.deeds)]
        if rehearsed is None or times[0] is None or times[1] is None or not count:
            return False
        captured = self.known.moments[operation.place.scope].at
        spans = (times[0] - captured).total_seconds(), (times[1] - times[0]).total_seconds()
        share = share_after(1 - len(self.rehearsals.compared.found) / count, *spans)
        lacking = len(rehearsed.found - self.deeds.compared.found)
        return is_surprising(lacking, max(1.0, share * len(rehearsed.found)))


_NOTHING_LISTED = "AWS listed no flow for it, so it proves nothing."
_NOTHING_TOLD = "AWS listed no flow for it that can be read, so it proves nothing."


def _flow(record: Mapping[str, Any]) -> str:
    ends = [
        f"{record.get(f'{side}_address', '?')}"
        + (f" port {record[f'{side}_port']}" if record.get(f"{side}_port") else "")
        for side in ("source", "destination")
    ]
    zone = f" in {record['availability_zone']}" if record.get("availability_zone") else ""
    return f"{record.get('protocol', 'a flow')} from {ends[0]} to {ends[1]}{zone} ({record['kind']})"
