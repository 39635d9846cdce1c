# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow operations on the world's firewalls: started, described, listed, carried out."""

from __future__ import annotations

import json
import math
from array import array
from typing import Any

from .errors import InvalidRequest, NotFound
from .filters import compile_filters
from .places import zone_id
from .state import EVERYTHING, Firewall, Operation, stable_uuid
from .world import World

RETENTION = 12 * 3600.0
SCOPES = ("AvailabilityZone", "AvailabilityZoneId", "VpcEndpointId", "VpcEndpointAssociationArn")
_MESSAGES = {"FAILED": "Flow operation error", "COMPLETED_WITH_ERRORS": "Flow timeout"}
# One flow in ten missing is enough to be noticed and leaves enough to be judged.
_MISSING_EVERY = 10
_CACHED_PAGES = 2000


class Operations:
    """The flow operations of one world; call it with the world's lock held."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._sequence = 0

    def _operation(self, firewall: Firewall, request: dict[str, Any]) -> Operation:
        identifier = request["FlowOperationId"]
        missing = NotFound(f"Flow operation not found, resource: [{identifier}]")
        operation = firewall.operations.get(identifier)
        scope = scope_of(request)
        if operation is None:
            raise missing
        if scope:
            try:
                zone = zone_of_scope(firewall, scope)
            except InvalidRequest:
                raise missing from None
            if zone != operation.zone:
                raise missing
        return operation

    def settle(self, now: float) -> None:
        """Carry out the flushes that have completed by now and forget operations beyond their retention."""
        for firewall in self.world.firewalls.values():
            due = [item for item in firewall.operations.values() if not item.settled and now >= item.ends]
            for operation in sorted(due, key=lambda item: item.ends):
                operation.settled = True
                table = firewall.zones[operation.zone].table
                flushed = [row for row in operation.rows if table.alive(row)]
                table.remove(flushed)
                # An even spread over the flushed flows, not the first ones: those would be one client's.
                share = operation.reconnect
                back = [row for i, row in enumerate(flushed) if int((i + 1) * share) > int(i * share)]
                table.revive(back, operation.ends)
            expired = [key for key, item in firewall.operations.items() if now - item.started > RETENTION]
            for key in expired:
                del firewall.operations[key]

    def start(self, firewall: Firewall, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        """Start a capture (FLOW_CAPTURE) or flush (FLOW_FLUSH); returns the API's answer."""
        scope = scope_of(request)
        zone = zone_of_scope(firewall, scope)
        if zone is None:
            if len(firewall.zones) > 1:
                raise InvalidRequest("AvailabilityZone is required, the firewall has endpoints in several zones")
            zone = next(iter(firewall.zones))
        filters = compile_filters(request["FlowFilters"])
        minimum_age = request.get("MinimumFlowAgeInSeconds") or 0
        if minimum_age < 0:
            raise InvalidRequest(f"MinimumFlowAgeInSeconds is invalid, parameter: [{minimum_age}]")
        now = self.world.clock.now()
        self.settle(now)
        if any(item.zone == zone and now < item.ends for item in firewall.operations.values()):
            raise InvalidRequest(f"A flow operation is already in progress for the firewall in {zone}")
        outcome = self.world.settings.next_status.pop(0) if self.world.settings.next_status else "COMPLETED"
        rows = array("I")
        if outcome not in ("FAILED",):
            rows = firewall.zones[zone].table.select(filters, minimum_age, now)
        if outcome == "COMPLETED_WITH_ERRORS":
            rows = array("I", (row for i, row in enumerate(rows) if i % _MISSING_EVERY))
        operation = self._record(
            firewall,
            zone=zone,
            kind=kind,
            request=request,
            scope=scope,
            started=now,
            ends=math.inf if outcome == "IN_PROGRESS" else now + self.world.settings.duration,
            outcome=outcome,
            rows=rows,
        )
        operation.reconnect = self.world.settings.reconnect
        operation.settled = kind != "FLOW_FLUSH"
        self.world.starts.append(
            {
                "operation": "StartFlowFlush" if kind == "FLOW_FLUSH" else "StartFlowCapture",
                "request": request,
                "flow_operation_id": operation.identifier,
                "lost": False,
            }
        )
        self.settle(now)
        # The API says IN_PROGRESS even for what is over in no time: a start never waits for its end.
        return {
            "FirewallArn": firewall.arn,
            "FlowOperationId": operation.identifier,
            "FlowOperationStatus": "IN_PROGRESS",
        }

    def _record(
        self,
        firewall: Firewall,
        *,
        zone: str,
        kind: str,
        request: dict[str, Any],
        scope: dict[str, str],
        started: float,
        ends: float,
        outcome: str,
        rows: array[int],
    ) -> Operation:
        self._sequence += 1
        operation = Operation(
            identifier=stable_uuid(f"{self.world.seed}/{firewall.arn}/{self._sequence}"),
            sequence=self._sequence,
            zone=zone,
            kind=kind,
            request=request,
            scope=scope,
            started=started,
            ends=ends,
            outcome=outcome,
            message=(self.world.settings.status_message or _MESSAGES[outcome]) if outcome in _MESSAGES else None,
            rows=rows,
        )
        firewall.operations[operation.identifier] = operation
        return operation

    def add_operations(
        self,
        firewall: Firewall,
        zone: str,
        kind: str,
        status: str,
        age_seconds: float,
        filters: list[dict[str, Any]] | None,
        count: int,
        remaining: float | None,
    ) -> list[str]:
        """Put count operations of the past into the history, each a second older; returns their ids, oldest first.

        One that is IN_PROGRESS keeps its zone busy for remaining more seconds (None: for ever), then completes.
        """
        if zone not in firewall.zones:
            raise ValueError(f"zone {zone!r} is not one of the firewall's: {', '.join(firewall.zones)}")
        now = self.world.clock.now()
        self.settle(now)
        request: dict[str, Any] = {
            "FirewallArn": firewall.arn,
            "AvailabilityZone": zone,
            "FlowFilters": filters or EVERYTHING,
        }
        compiled = compile_filters(request["FlowFilters"])
        rows = array("I")
        if kind == "FLOW_CAPTURE" and status != "FAILED":
            rows = firewall.zones[zone].table.select(compiled, 0, now)
        if status == "COMPLETED_WITH_ERRORS":
            rows = array("I", (row for i, row in enumerate(rows) if i % _MISSING_EVERY))
        added = []
        for position in range(count):
            started = now - age_seconds - (count - 1 - position)
            ends = min(started + self.world.settings.duration, now)
            if status == "IN_PROGRESS":
                ends = math.inf if remaining is None else now + remaining
            operation = self._record(
                firewall,
                zone=zone,
                kind=kind,
                request=request,
                scope={"AvailabilityZone": zone},
                started=started,
                ends=ends,
                outcome="COMPLETED" if status == "IN_PROGRESS" else status,
                rows=rows,
            )
            added.append(operation.identifier)
        return added

    def describe(self, firewall: Firewall, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeFlowOperation."""
        now = self.world.clock.now()
        self.settle(now)
        operation = self._operation(firewall, request)
        asked = operation.request
        flow_operation = {
            name: asked[name] for name in ("MinimumFlowAgeInSeconds", "FlowFilters") if asked.get(name) is not None
        }
        answer = self._head(firewall, operation, now)
        answer["FlowOperationType"] = operation.kind
        answer["FlowOperation"] = flow_operation
        return answer

    def _head(self, firewall: Firewall, operation: Operation, now: float) -> dict[str, Any]:
        answer: dict[str, Any] = {"FirewallArn": firewall.arn, **operation.scope}
        answer["FlowOperationId"] = operation.identifier
        answer["FlowOperationStatus"] = operation.status(now)
        if operation.message and now >= operation.ends:
            answer["StatusMessage"] = operation.message
        answer["FlowRequestTimestamp"] = round(operation.started, 3)
        return answer

    def list_operations(self, firewall: Firewall, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListFlowOperations, newest first."""
        now = self.world.clock.now()
        self.settle(now)
        scope = scope_of(request)
        zone = zone_of_scope(firewall, scope)
        kind = request.get("FlowOperationType")
        binding = json.dumps(["operations", firewall.arn, scope, kind])
        found = [
            item
            for item in firewall.operations.values()
            if (zone is None or item.zone == zone) and (kind is None or item.kind == kind)
        ]
        found.sort(key=lambda item: (item.started, item.sequence), reverse=True)
        if request.get("NextToken"):
            # The token names the last operation listed, so that operations started since shift no page.
            last = self.world.tokens.read(request["NextToken"], binding, now)
            known = [i for i, item in enumerate(found) if item.sequence == last]
            if not known:
                raise InvalidRequest("NextToken has expired")
            found = found[known[0] + 1 :]
        size = request.get("MaxResults") or self.world.settings.page_default
        answer: dict[str, Any] = {
            "FlowOperations": [
                {
                    "FlowOperationId": item.identifier,
                    "FlowOperationType": item.kind,
                    "FlowRequestTimestamp": round(item.started, 3),
                    "FlowOperationStatus": item.status(now),
                }
                for item in found[:size]
            ]
        }
        if len(found) > size:
            answer["NextToken"] = self.world.tokens.issue(found[size - 1].sequence, binding, now)
        return answer

    def results(self, firewall: Firewall, request: dict[str, Any]) -> bytes:
        """Answer ListFlowOperationResults as JSON; pages are rendered once and the last 2,000 kept."""
        now = self.world.clock.now()
        self.settle(now)
        operation = self._operation(firewall, request)
        binding = json.dumps(["results", firewall.arn, operation.identifier, scope_of(request)])
        offset = 0
        if request.get("NextToken"):
            offset = self.world.tokens.read(request["NextToken"], binding, now)
        size = request.get("MaxResults") or self.world.settings.page_default
        visible = operation.visible(now)
        end = min(offset + size, visible)
        flows = self._page(firewall, operation, offset, end)
        head = json.dumps(self._head(firewall, operation, now), separators=(",", ":"))
        tail = ""
        if end < visible:
            tail = f',"NextToken":"{self.world.tokens.issue(end, binding, now)}"'
        return head[:-1].encode() + b',"Flows":[' + flows + b"]" + tail.encode() + b"}"

    def _page(self, firewall: Firewall, operation: Operation, offset: int, end: int) -> bytes:
        page = operation.pages.get((offset, end))
        if page is None:
            table = firewall.zones[operation.zone].table
            rows = operation.rows[offset:end]
            page = ",".join([table.rendered(row, operation.started) for row in rows]).encode()
            operation.pages[(offset, end)] = page
            if len(operation.pages) > _CACHED_PAGES:
                operation.pages.popitem(last=False)
        return page

    def overview(self) -> dict[str, Any]:
        """Return firewalls, zones, live flow counts and what is in progress, ready for JSON."""
        with self.world.lock:
            now = self.world.clock.now()
            self.settle(now)
            return {
                "now": round(now, 3),
                "settings": dict(vars(self.world.settings)),
                "firewalls": [
                    {
                        "firewall_name": firewall.name,
                        "firewall_arn": firewall.arn,
                        "region": firewall.region,
                        "account_id": firewall.account,
                        "zones": {
                            name: {
                                "flows": len(zone.table),
                                "subnet_id": zone.subnet_id,
                                "vpc_endpoint_id": zone.endpoint_id,
                                "availability_zone_id": zone_id(name),
                                "in_progress": [
                                    item.identifier
                                    for item in firewall.operations.values()
                                    if item.zone == name and now < item.ends
                                ],
                            }
                            for name, zone in firewall.zones.items()
                        },
                        "associations": {item.arn: item.zone for item in firewall.associations.values()},
                        "operations": len(firewall.operations),
                    }
                    for firewall in self.world.firewalls.values()
                ],
            }


def scope_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the scope that a request names, at most one member; else InvalidRequest."""
    given = {name: str(request[name]) for name in SCOPES if request.get(name) is not None}
    if len(given) > 1:
        raise InvalidRequest(f"only one of {', '.join(given)} can be specified")
    return given


def zone_of_scope(firewall: Firewall, scope: dict[str, str]) -> str | None:
    """Return the zone a scope (at most one member) means, None without one; else InvalidRequest."""
    for name, value in scope.items():
        for zone, details in firewall.zones.items():
            if value == {"AvailabilityZone": zone, "AvailabilityZoneId": zone_id(zone)}.get(name):
                return zone
            if name == "VpcEndpointId" and value == details.endpoint_id:
                return zone
        if name == "VpcEndpointAssociationArn" and value in firewall.associations:
            return firewall.associations[value].zone
        raise InvalidRequest(f"{name} is invalid, it is none of the firewall's, parameter: [{value}]")
    return None
