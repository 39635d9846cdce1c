# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What time and operations do to flows: identified, cut, back again, ended by themselves, new."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .filters import AS_DOCUMENTED, compile_filters
from .flows import FlowRecord, FlowTable
from .state import Firewall, Operation
from .world import World

RETENTION = 12 * 3600.0
# One flow in ten missing is enough to be noticed and leaves enough to be judged.
_MISSING_EVERY = 10


@dataclass(frozen=True)
class Removal:
    """Rows that left a zone's table at a moment: cut by an operation or, without one, ended by themselves."""

    firewall: Firewall
    zone: str
    moment: float
    rows: Sequence[int]
    operation: Operation | None = None

    def records(self) -> list[dict[str, Any]]:
        """Return the flows as flat records, as old as they were; of cut ones, whether they matched and were listed.

        matched: by the operation's filters and age as AWS documents them, whatever the operation took them for.
        """
        table = self.firewall.zones[self.zone].table
        place = {"firewall_arn": self.firewall.arn, "availability_zone": self.zone}
        found = [{**place, **table.record(row, self.moment)} for row in self.rows]
        if self.operation is not None:
            filters = compile_filters(self.operation.request["FlowFilters"])
            latest = self.operation.identified_at - minimum_age_of(self.operation.request)
            listed = set(self.operation.rows)
            for row, record in zip(self.rows, found, strict=True):
                record["flow_operation_id"] = self.operation.identifier
                record["matched"] = table.born_by(row, latest) and AS_DOCUMENTED.holds(filters, table.numbers(row))
                record["listed"] = row in listed
        return found


@dataclass
class Arrival:
    """Flows that appear just before the so manieth start of an operation (*: any) in a zone."""

    firewall: Firewall
    zone: str
    operation: str
    number: int
    records: list[FlowRecord]


class Effects:
    """The changes to the world's flows, in the order of time; call it with the world's lock held."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.removals: list[Removal] = []
        self.arrivals: list[Arrival] = []

    def reset(self) -> None:
        """Forget what happened, and what was to happen."""
        self.removals.clear()
        self.arrivals.clear()

    def settle(self, now: float) -> None:
        """Bring about what is due by now, and forget operations beyond their retention."""
        for firewall in self.world.firewalls.values():
            due: list[tuple[float, int, int, Operation]] = []
            for item in firewall.operations.values():
                if not item.identified and now >= item.identified_at:
                    due.append((item.identified_at, item.sequence, 0, item))
                if not item.settled and now >= item.ends:
                    due.append((item.ends, item.sequence, 1, item))
            for moment, _sequence, ending, operation in sorted(due, key=lambda event: event[:3]):
                if ending:
                    self._cut(firewall, operation, moment)
                else:
                    self.identify(firewall, operation)
            expired = [key for key, item in firewall.operations.items() if now - item.started > RETENTION]
            for key in expired:
                del firewall.operations[key]

    def identify(self, firewall: Firewall, operation: Operation) -> None:
        """Find the flows that an operation is about, as they are at the moment of identification."""
        operation.identified = True
        wrong, moment = operation.misbehaviour, operation.identified_at
        table = firewall.zones[operation.zone].table
        filters = compile_filters(operation.request["FlowFilters"])
        minimum_age = 0 if wrong.ignore_age else minimum_age_of(operation.request)
        matched = table.select(filters, minimum_age, moment, wrong.matching)
        if moment > operation.started:
            matched = array("I", (row for row in matched if table.born_by(row, moment)))
        seen = matched
        if operation.outcome == "FAILED":
            seen = array("I")
        elif operation.outcome == "COMPLETED_WITH_ERRORS":
            seen = array("I", (row for i, row in enumerate(matched) if i % _MISSING_EVERY))
        operation.rows = {"matched": seen, "first": seen[:1], "nothing": array("I")}[wrong.lists]
        operation.removing = {None: seen, "matched": matched, "nothing": array("I")}[wrong.removes]

    def _cut(self, firewall: Firewall, operation: Operation, moment: float) -> None:
        operation.settled = True
        wrong = operation.misbehaviour
        table = firewall.zones[operation.zone].table
        cut = [row for row in operation.removing if table.alive(row)]
        if wrong.spares:
            spared = set(spread(cut, wrong.spares))
            cut = [row for row in cut if row not in spared]
        if wrong.extra:
            taken = set(operation.removing)
            cut += spread([row for row in table.live() if row not in taken], wrong.extra)
        table.remove(cut)
        self.removals.append(Removal(firewall, operation.zone, moment, array("I", cut), operation))
        # An even spread over the flushed flows, not the first ones: those would be one client's.
        table.revive(spread(cut, int(len(cut) * operation.reconnect)), moment)

    def before_start(self, firewall: Firewall, zone: str, operation: str, now: float) -> None:
        """Let flows end by themselves between two operations of a zone, and those arrive that were to."""
        table = firewall.zones[zone].table
        share = self.world.settings.ends_between
        if share and any(item.zone == zone for item in firewall.operations.values()):
            live = table.live()
            chosen = random.Random(f"{self.world.seed}/{zone}/{len(self.removals)}")
            ended = sorted(chosen.sample(live, int(len(live) * share)))
            table.remove(ended)
            self.removals.append(Removal(firewall, zone, now, array("I", ended)))
        for item in list(self.arrivals):
            if item.firewall is not firewall or item.zone != zone or item.operation not in ("*", operation):
                continue
            item.number -= 1
            if item.number <= 0:
                self.arrivals.remove(item)
                add_all(table, item.records, now)


def minimum_age_of(request: dict[str, Any]) -> int:
    """Return the minimum age of a start's request in seconds, 0 without one."""
    return int(request.get("MinimumFlowAgeInSeconds") or 0)


def spread(rows: Sequence[int], count: int) -> list[int]:
    """Return count of the rows (all, if there are fewer), evenly spread over them."""
    share = min(1.0, count / len(rows)) if rows else 0.0
    return [row for i, row in enumerate(rows) if int((i + 1) * share + 1e-9) > int(i * share + 1e-9)]


def add_all(table: FlowTable, records: Sequence[FlowRecord], now: float) -> None:
    """Add flows, as old now as their records say, to a table."""
    for record in records:
        table.add(record, now)
