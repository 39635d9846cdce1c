# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow operations on the world's firewalls: started, described, listed, carried out."""

from __future__ import annotations

import json
import math
from array import array
from typing import Any

from .effects import Effects, minimum_age_of
from .errors import InvalidRequest, NotFound
from .filters import compile_filters
from .misbehaviour import Misbehaviour
from .places import zone_id
from .rows import listed
from .state import EVERYTHING, Firewall, Operation, stable_uuid
from .tokens import next_in_loop
from .world import World

SCOPES = ("AvailabilityZone", "AvailabilityZoneId", "VpcEndpointId", "VpcEndpointAssociationArn")
_STARTS = {"FLOW_CAPTURE": "StartFlowCapture", "FLOW_FLUSH": "StartFlowFlush"}
_MESSAGES = {"FAILED": "Flow operation error", "COMPLETED_WITH_ERRORS": "Flow timeout"}
_CACHED_PAGES = 2000


class Operations:
    """The flow operations of one world; call it with the world's lock held."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.effects = Effects(world)
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

    def start(self, firewall: Firewall, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        """Start a capture (FLOW_CAPTURE) or flush (FLOW_FLUSH); returns the API's answer."""
        scope = scope_of(request)
        zone = zone_of_scope(firewall, scope)
        if zone is None:
            if len(firewall.zones) > 1:
                raise InvalidRequest("AvailabilityZone is required, the firewall has endpoints in several zones")
            zone = next(iter(firewall.zones))
        compile_filters(request["FlowFilters"])
        if minimum_age_of(request) < 0:
            raise InvalidRequest(f"MinimumFlowAgeInSeconds is invalid, parameter: [{minimum_age_of(request)}]")
        now = self.world.clock.now()
        self.effects.settle(now)
        if any(item.zone == zone and now < item.ends for item in firewall.operations.values()):
            raise InvalidRequest(f"A flow operation is already in progress for the firewall in {zone}")
        self.effects.before_start(firewall, zone, _STARTS[kind], now)
        wrong = self.world.misbehaviours.of_next(kind)
        settings = self.world.settings
        outcome = wrong.status or (settings.next_status.pop(0) if settings.next_status else "COMPLETED")
        operation = self._record(
            firewall,
            zone=zone,
            kind=kind,
            request=request,
            scope=scope,
            started=now,
            ends=math.inf if outcome == "IN_PROGRESS" else now + max(settings.duration, wrong.delay),
            outcome=outcome,
            misbehaviour=wrong,
        )
        operation.identified_at = now + wrong.delay
        operation.identified = False
        operation.reconnect = settings.reconnect
        operation.settled = kind != "FLOW_FLUSH"
        self.world.starts.append(
            {
                "operation": _STARTS[kind],
                "request": request,
                "flow_operation_id": operation.identifier,
                "availability_zone": zone,
                "lost": False,
            }
        )
        self.effects.settle(now)
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
        misbehaviour: Misbehaviour,
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
            misbehaviour=misbehaviour,
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
        firewall.zone(zone)
        now = self.world.clock.now()
        self.effects.settle(now)
        request: dict[str, Any] = {
            "FirewallArn": firewall.arn,
            "AvailabilityZone": zone,
            "FlowFilters": filters or EVERYTHING,
        }
        compile_filters(request["FlowFilters"])
        rows = array("I")
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
                misbehaviour=self.world.misbehaviours.in_force(kind),
            )
            operation.identified_at = started
            if kind == "FLOW_CAPTURE" and not position:
                self.effects.identify(firewall, operation)
                rows = operation.rows
            operation.rows = rows
            added.append(operation.identifier)
        return added

    def describe(self, firewall: Firewall, request: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeFlowOperation."""
        now = self.world.clock.now()
        self.effects.settle(now)
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
        return {**answer, **self._timestamp(operation)}

    def _timestamp(self, operation: Operation) -> dict[str, float]:
        moment = operation.misbehaviour.timestamp_of(operation.started + self.world.settings.clock_offset)
        return {} if moment is None else {"FlowRequestTimestamp": moment}

    def list_operations(self, firewall: Firewall, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListFlowOperations, newest first."""
        now = self.world.clock.now()
        self.effects.settle(now)
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
                    **self._timestamp(item),
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
        self.effects.settle(now)
        operation = self._operation(firewall, request)
        binding = json.dumps(["results", firewall.arn, operation.identifier, scope_of(request)])
        asked = request.get("NextToken")
        looping = operation.misbehaviour.tokens == "loop"
        offset = self.world.tokens.read(asked, binding, now) if asked and not looping else 0
        size = request.get("MaxResults") or self.world.settings.page_default
        visible = operation.visible(now)
        end = min(offset + size, visible)
        flows = self._page(firewall, operation, offset, end)
        head = json.dumps(self._head(firewall, operation, now), separators=(",", ":"))
        token = self.world.tokens.issue(end, binding, now) if end < visible else None
        if looping:
            token = next_in_loop(asked)
        elif operation.misbehaviour.tokens == "empty":
            token = ""
        tail = "" if token is None else f',"NextToken":"{token}"'
        return head[:-1].encode() + b',"Flows":[' + flows + b"]" + tail.encode() + b"}"

    def _page(self, firewall: Firewall, operation: Operation, offset: int, end: int) -> bytes:
        page = operation.pages.get((offset, end))
        if page is None:
            table = firewall.zones[operation.zone].table
            page = listed(
                table,
                operation.rows,
                offset,
                end,
                operation.identified_at,
                both=operation.both,
                changes=operation.misbehaviour.rows,
            ).encode()
            operation.pages[(offset, end)] = page
            if len(operation.pages) > _CACHED_PAGES:
                operation.pages.popitem(last=False)
        return page


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
