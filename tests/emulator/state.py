# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulated world: firewalls, their zones' flows, and the operations on them. Knows neither HTTP nor moto."""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
import uuid
from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .errors import InvalidRequest, NotFound
from .flows import FlowRecord, FlowTable, compile_filters
from .places import arn, is_firewall_arn, region_of_zone, zone_id
from .tokens import Tokens

RETENTION = 12 * 3600.0
DEFAULT_ACCOUNT = "123456789012"
SCOPES = ("AvailabilityZone", "AvailabilityZoneId", "VpcEndpointId", "VpcEndpointAssociationArn")
STATUSES = ("COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "IN_PROGRESS")
STREAM_EXCEPTION_POLICIES = ("DROP", "CONTINUE", "REJECT")
POLICY_MODES = ("ENFORCE", "MONITOR")
# From the best to the worst: a firewall's summary is that of its worst zone.
SYNC_STATES = ("IN_SYNC", "PENDING", "CAPACITY_CONSTRAINED")
ATTACHMENT_STATUSES = ("CREATING", "DELETING", "FAILED", "ERROR", "SCALING", "READY")
STATUS_MESSAGE = re.compile(r"^[a-zA-Z0-9- ]{1,256}$")
EVERYTHING: list[dict[str, Any]] = [
    {"SourceAddress": {"AddressDefinition": "0.0.0.0/0"}},
    {"SourceAddress": {"AddressDefinition": "::/0"}},
]
_MESSAGES = {"FAILED": "Flow operation error", "COMPLETED_WITH_ERRORS": "Flow timeout"}
# One flow in ten missing is enough to be noticed and leaves enough to be judged.
_MISSING_EVERY = 10
_CACHED_PAGES = 2000


@dataclass
class Settings:
    """What the control door may change while the emulator runs; duration in seconds."""

    duration: float = 1.0
    reconnect: float = 0.0
    next_status: list[str] = field(default_factory=list)
    status_message: str | None = None
    page_default: int = 100
    stream_exception_policy: str | None = "DROP"
    # The external ID that a role demands, by the role's ARN.
    external_ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Zone:
    """One zone of a firewall: its flows, the primary endpoint and, until a time in epoch seconds, what ails that."""

    table: FlowTable
    subnet_id: str
    endpoint_id: str
    sync_state: str = "IN_SYNC"
    attachment_status: str = "READY"
    well_at: float = 0.0

    def health(self, now: float) -> tuple[str, str]:
        """Return the SyncStatus of the policy and the Status of the attachment at the time now."""
        return ("IN_SYNC", "READY") if now >= self.well_at else (self.sync_state, self.attachment_status)


@dataclass
class Association:
    """A VPC endpoint association: another endpoint of the firewall in one of its zones, perhaps another account's."""

    arn: str
    identifier: str
    zone: str
    vpc_id: str
    subnet_id: str
    endpoint_id: str
    account: str
    listed: bool


@dataclass
class Operation:
    """One flow operation; times in epoch seconds, rows point into the zone's table."""

    identifier: str
    sequence: int
    zone: str
    kind: str
    request: dict[str, Any]
    scope: dict[str, str]
    started: float
    ends: float
    outcome: str
    message: str | None
    rows: array[int]
    reconnect: float = 0.0
    settled: bool = True
    pages: OrderedDict[tuple[int, int], bytes] = field(default_factory=OrderedDict)

    def status(self, now: float) -> str:
        """Return the FlowOperationStatus at the time now."""
        return "IN_PROGRESS" if now < self.ends else self.outcome

    def visible(self, now: float) -> int:
        """Return how many results can be listed: a growing share while in progress, then all."""
        if now >= self.ends:
            return len(self.rows)
        if math.isinf(self.ends):
            return 0
        return int(len(self.rows) * max(0.0, now - self.started) / (self.ends - self.started))


@dataclass
class Firewall:
    """One firewall with its zones, its operations and what describes it."""

    name: str
    region: str
    account: str
    arn: str
    vpc_id: str
    zones: dict[str, Zone]
    tags: dict[str, str] = field(default_factory=dict)
    stream_exception_policy: str | None = None
    # Of a Next Generation policy; a classic one has no mode.
    policy_mode: str | None = None
    # What DescribeFirewall says beside or instead of the rest: {"Firewall": {member: value}, "FirewallStatus": {...}}.
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    associations: dict[str, Association] = field(default_factory=dict)

    @property
    def identifier(self) -> str:
        """Return the FirewallId."""
        return stable_uuid(self.arn)

    @property
    def policy_name(self) -> str:
        """Return the name of the firewall's policy."""
        return f"{self.name}-policy"[:128]

    @property
    def policy_arn(self) -> str:
        """Return the ARN of the firewall's policy."""
        return arn(self.region, self.account, f"firewall-policy/{self.policy_name}")


def stable_uuid(text: str) -> str:
    """Return a UUID that is the same for the same text in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def stable_hex(text: str, length: int = 17) -> str:
    """Return hexadecimal digits that are the same for the same text in every run."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


class World:
    """Everything the emulator knows about Network Firewall; every public method is safe to call from any thread."""

    def __init__(self, clock: Clock, settings: Settings | None = None, seed: int = 0) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.seed = seed
        self.settings = settings or Settings()
        self._settings_at_start = Settings(**vars(self.settings))
        self._settings_at_start.next_status = list(self.settings.next_status)
        self.firewalls: dict[str, Firewall] = {}
        self._at_start: list[str] = []
        self._sequence = 0
        self._tokens = Tokens(f"flowops-{seed}")
        self.counts: Counter[str] = Counter()
        self.peaks: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self.starts: list[dict[str, Any]] = []

    # -- filling --------------------------------------------------------------------------------------------------

    def add_firewall(
        self,
        name: str,
        zones: dict[str, tuple[str, FlowTable]],
        vpc_id: str,
        *,
        account: str = DEFAULT_ACCOUNT,
        tags: dict[str, str] | None = None,
    ) -> Firewall:
        """Add a firewall with zones {name: (subnet id, flows)}; ValueError if it exists or its zones disagree."""
        if not re.fullmatch(r"[a-zA-Z0-9-]{1,128}", name):
            raise ValueError(f"firewall name {name!r} may hold only letters, digits and hyphens")
        regions = {region_of_zone(zone) for zone in zones}
        if len(regions) != 1:
            raise ValueError(f"the zones of firewall {name!r} lie in {len(regions)} regions, not in one")
        region = regions.pop()
        firewall_arn = arn(region, account, f"firewall/{name}")
        with self.lock:
            if firewall_arn in self.firewalls:
                raise ValueError(f"firewall {name!r} exists already in {region}")
            firewall = Firewall(
                name=name,
                region=region,
                account=account,
                arn=firewall_arn,
                vpc_id=vpc_id,
                zones={
                    zone: Zone(table, subnet_id, f"vpce-{stable_hex(firewall_arn + zone)}")
                    for zone, (subnet_id, table) in sorted(zones.items())
                },
                tags=dict(tags or {}),
            )
            self.firewalls[firewall_arn] = firewall
            return firewall

    def add_association(
        self, firewall: Firewall, zone: str, vpc_id: str, subnet_id: str, account: str, listed: bool
    ) -> Association:
        """Add a VPC endpoint association of the firewall in one of its zones; not listed, only the firewall counts it.

        One of another account than the firewall's is described to nobody.
        """
        if zone not in firewall.zones:
            raise ValueError(f"zone {zone!r} is not one of the firewall's: {', '.join(firewall.zones)}")
        with self.lock:
            identifier = stable_uuid(f"{firewall.arn}/{zone}/{len(firewall.associations)}")
            association = Association(
                arn=arn(firewall.region, account, f"vpc-endpoint-association/{identifier}"),
                identifier=identifier,
                zone=zone,
                vpc_id=vpc_id,
                subnet_id=subnet_id,
                endpoint_id=f"vpce-{stable_hex(identifier)}",
                account=account,
                listed=listed,
            )
            firewall.associations[association.arn] = association
            return association

    def set_sync_state(
        self, firewall: Firewall, zones: list[str], state: str, attachment_status: str, remaining: float | None
    ) -> None:
        """Let zones of the firewall be out of sync, or their endpoints not ready, for so many seconds (None: ever)."""
        for zone in zones:
            if zone not in firewall.zones:
                raise ValueError(f"zone {zone!r} is not one of the firewall's: {', '.join(firewall.zones)}")
        for zone in zones:
            ailing = firewall.zones[zone]
            ailing.sync_state, ailing.attachment_status = state, attachment_status
            ailing.well_at = math.inf if remaining is None else self.clock.now() + remaining

    def remember(self) -> None:
        """Make the present firewalls and flows the state that reset() goes back to."""
        with self.lock:
            self._at_start = list(self.firewalls)
            for firewall in self.firewalls.values():
                for zone in firewall.zones.values():
                    zone.table.remember()

    def reset(self) -> None:
        """Go back to the remembered state: flows, operations, settings, counts and clock."""
        with self.lock:
            self.clock.reset()
            now = self.clock.now()
            self.settings = Settings(**vars(self._settings_at_start))
            self.settings.next_status = list(self._settings_at_start.next_status)
            self.firewalls = {key: self.firewalls[key] for key in self._at_start}
            for firewall in self.firewalls.values():
                firewall.operations.clear()
                firewall.associations.clear()
                firewall.stream_exception_policy = None
                for zone in firewall.zones.values():
                    zone.well_at = 0.0
                    zone.table.restore(now)
            self.counts.clear()
            self.peaks.clear()
            self.starts.clear()

    # -- looking --------------------------------------------------------------------------------------------------

    def find(self, name: str | None = None, firewall_arn: str | None = None, region: str | None = None) -> Firewall:
        """Return the firewall of that ARN or name; ValueError if there is none or the name is in several regions."""
        with self.lock:
            found = [
                firewall
                for firewall in self.firewalls.values()
                if (firewall_arn is None or firewall.arn == firewall_arn)
                and (name is None or firewall.name == name)
                and (region is None or firewall.region == region)
            ]
        if (name is None and firewall_arn is None) or len(found) != 1:
            raise ValueError(f"{len(found)} firewalls are called {name or firewall_arn!r}, need exactly one")
        return found[0]

    def firewall(self, account: str, region: str, firewall_arn: str) -> Firewall:
        """Return the caller's firewall; InvalidRequest for a malformed ARN, NotFound for any other."""
        if not is_firewall_arn(firewall_arn):
            raise InvalidRequest(f"firewall ARN is invalid, parameter: [{firewall_arn}]")
        found = self.firewalls.get(firewall_arn)
        if found is None or (found.account, found.region) != (account, region):
            raise NotFound(f"Firewall not found, resource: [{firewall_arn}]")
        return found

    def _scope(self, request: dict[str, Any]) -> dict[str, str]:
        given = {name: str(request[name]) for name in SCOPES if request.get(name) is not None}
        if len(given) > 1:
            raise InvalidRequest(f"only one of {', '.join(given)} can be specified")
        return given

    def _zone_of_scope(self, firewall: Firewall, scope: dict[str, str]) -> str | None:
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

    def _operation(self, firewall: Firewall, request: dict[str, Any]) -> Operation:
        identifier = request["FlowOperationId"]
        missing = NotFound(f"Flow operation not found, resource: [{identifier}]")
        operation = firewall.operations.get(identifier)
        scope = self._scope(request)
        if operation is None:
            raise missing
        if scope:
            try:
                zone = self._zone_of_scope(firewall, scope)
            except InvalidRequest:
                raise missing from None
            if zone != operation.zone:
                raise missing
        return operation

    def settle(self, now: float) -> None:
        """Carry out the flushes that have completed by now and forget operations beyond their retention."""
        for firewall in self.firewalls.values():
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

    # -- the five operations --------------------------------------------------------------------------------------

    def start(self, firewall: Firewall, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        """Start a capture (FLOW_CAPTURE) or flush (FLOW_FLUSH); returns the API's answer."""
        scope = self._scope(request)
        zone = self._zone_of_scope(firewall, scope)
        if zone is None:
            if len(firewall.zones) > 1:
                raise InvalidRequest("AvailabilityZone is required, the firewall has endpoints in several zones")
            zone = next(iter(firewall.zones))
        filters = compile_filters(request["FlowFilters"])
        minimum_age = request.get("MinimumFlowAgeInSeconds") or 0
        if minimum_age < 0:
            raise InvalidRequest(f"MinimumFlowAgeInSeconds is invalid, parameter: [{minimum_age}]")
        now = self.clock.now()
        self.settle(now)
        if any(item.zone == zone and now < item.ends for item in firewall.operations.values()):
            raise InvalidRequest(f"A flow operation is already in progress for the firewall in {zone}")
        outcome = self.settings.next_status.pop(0) if self.settings.next_status else "COMPLETED"
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
            ends=math.inf if outcome == "IN_PROGRESS" else now + self.settings.duration,
            outcome=outcome,
            rows=rows,
        )
        operation.reconnect = self.settings.reconnect
        operation.settled = kind != "FLOW_FLUSH"
        self.starts.append(
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
            identifier=stable_uuid(f"{self.seed}/{firewall.arn}/{self._sequence}"),
            sequence=self._sequence,
            zone=zone,
            kind=kind,
            request=request,
            scope=scope,
            started=started,
            ends=ends,
            outcome=outcome,
            message=(self.settings.status_message or _MESSAGES[outcome]) if outcome in _MESSAGES else None,
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
        now = self.clock.now()
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
            ends = min(started + self.settings.duration, now)
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
        now = self.clock.now()
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
        now = self.clock.now()
        self.settle(now)
        scope = self._scope(request)
        zone = self._zone_of_scope(firewall, scope)
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
            last = self._tokens.read(request["NextToken"], binding, now)
            known = [i for i, item in enumerate(found) if item.sequence == last]
            if not known:
                raise InvalidRequest("NextToken has expired")
            found = found[known[0] + 1 :]
        size = request.get("MaxResults") or self.settings.page_default
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
            answer["NextToken"] = self._tokens.issue(found[size - 1].sequence, binding, now)
        return answer

    def results(self, firewall: Firewall, request: dict[str, Any]) -> bytes:
        """Answer ListFlowOperationResults as JSON; pages are rendered once and the last 2,000 kept."""
        now = self.clock.now()
        self.settle(now)
        operation = self._operation(firewall, request)
        binding = json.dumps(["results", firewall.arn, operation.identifier, self._scope(request)])
        offset = 0
        if request.get("NextToken"):
            offset = self._tokens.read(request["NextToken"], binding, now)
        size = request.get("MaxResults") or self.settings.page_default
        visible = operation.visible(now)
        end = min(offset + size, visible)
        flows = self._page(firewall, operation, offset, end)
        head = json.dumps(self._head(firewall, operation, now), separators=(",", ":"))
        tail = ""
        if end < visible:
            tail = f',"NextToken":"{self._tokens.issue(end, binding, now)}"'
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

    def page(self, items: list[Any], request: dict[str, Any], binding: list[Any]) -> tuple[list[Any], str | None]:
        """Return the page of items that NextToken and MaxResults ask for, and the token of the next one."""
        now = self.clock.now()
        bound = json.dumps(binding)
        offset = self._tokens.read(request["NextToken"], bound, now) if request.get("NextToken") else 0
        end = offset + (request.get("MaxResults") or self.settings.page_default)
        return items[offset:end], self._tokens.issue(end, bound, now) if end < len(items) else None

    # -- what the door shows --------------------------------------------------------------------------------------

    def count(self, operation: str) -> None:
        """Count a request that reached the emulator."""
        with self.lock:
            self.counts[operation] += 1

    @contextmanager
    def under_way(self, operation: str) -> Iterator[None]:
        """Note how many requests of an operation are being answered at once, as long as the block lasts."""
        with self.lock:
            self._under_way[operation] += 1
            self.peaks[operation] = max(self.peaks[operation], self._under_way[operation])
        try:
            yield
        finally:
            with self.lock:
                self._under_way[operation] -= 1

    def mark_lost(self, flow_operation_id: str) -> None:
        """Note that the answer to a start never reached its client."""
        with self.lock:
            for item in self.starts:
                if item["flow_operation_id"] == flow_operation_id:
                    item["lost"] = True

    def add_flows(self, firewall: Firewall, zone: str, records: list[FlowRecord]) -> None:
        """Add flows, as old as their records say, to a zone of the firewall."""
        if zone not in firewall.zones:
            raise ValueError(f"zone {zone!r} is not one of the firewall's: {', '.join(firewall.zones)}")
        now = self.clock.now()
        for record in records:
            firewall.zones[zone].table.add(record, now)

    def overview(self) -> dict[str, Any]:
        """Return firewalls, zones, live flow counts and what is in progress, ready for JSON."""
        with self.lock:
            now = self.clock.now()
            self.settle(now)
            return {
                "now": round(now, 3),
                "settings": dict(vars(self.settings)),
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
                    for firewall in self.firewalls.values()
                ],
            }
