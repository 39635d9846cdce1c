# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control door: what tests ask of the emulator over HTTP, under /_emulator/."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..world.effects import Arrival, add_all
from ..world.errors import ApiError, DoorError
from ..world.executions import event_types, numbered
from ..world.flows import FlowTable
from ..world.misbehaviour import KINDS, Misbehaviour
from ..world.overview import overview, removed
from ..world.state import (
    ATTACHMENT_STATUSES,
    DEFAULT_ACCOUNT,
    POLICY_MODES,
    STATUS_MESSAGE,
    STATUSES,
    STREAM_EXCEPTION_POLICIES,
    SYNC_STATES,
    Firewall,
)
from .bodies import flow_record, seconds_or_ever, take
from .faults import Fault
from .rules_door import RulesDoor

if TYPE_CHECKING:
    from ..server import Emulator

PREFIX = "/_emulator/"
_FIREWALL = (
    "firewall_name",
    "zones",
    "synthetic_flows",
    "seed",
    "flows",
    "region",
    "account_id",
    "tags",
    "stream_exception_policy",
    "policy_mode",
    "members",
    "policy_name",
    "vpc_cidr_blocks",
)


class Door:
    """Answers the control door's requests for one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "state"): self._state,
            ("GET", "calls"): self._calls,
            ("GET", "removed"): self._removed,
            ("GET", "misbehaviour"): self._list_misbehaviour,
            ("POST", "misbehaviour"): self._misbehaviour,
            ("DELETE", "misbehaviour"): self._clear_misbehaviour,
            ("POST", "reset"): self._reset,
            ("POST", "settings"): self._settings,
            ("POST", "firewalls"): self._firewalls,
            ("POST", "associations"): self._associations,
            ("POST", "sync_state"): self._sync_state,
            ("POST", "flows"): self._flows,
            ("POST", "operations"): self._operations,
            ("POST", "clock"): self._clock,
            ("POST", "executions"): self._executions,
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._faults,
            ("DELETE", "faults"): self._clear_faults,
            **RulesDoor(emulator.world).routes,
        }

    def answer(self, method: str, path: str, raw: bytes) -> tuple[int, bytes]:
        """Return HTTP status and JSON body for a request; a wrong one gets a 400 with {"error": sentence}."""
        route = self._routes.get((method, path.removeprefix(PREFIX).strip("/")))
        if route is None:
            known = ", ".join(f"{verb} {PREFIX}{name}" for verb, name in self._routes)
            return 404, json.dumps({"error": f"no {method} {path} here; there are {known}"}).encode()
        try:
            body = json.loads(raw) if raw.strip() else {}
            if isinstance(body, list) and route == self._faults:
                body = {"faults": body}
            if not isinstance(body, dict):
                raise DoorError("the body must be a JSON mapping")
            with self._emulator.world.lock:
                result = route(body)
        except (DoorError, ValueError, TypeError) as error:
            return 400, json.dumps({"error": str(error)}).encode()
        except (KeyError, AttributeError) as error:
            return 400, json.dumps({"error": f"the body is not of the expected shape: {error}"}).encode()
        except ApiError as error:
            return 400, json.dumps({"error": error.message}).encode()
        return 200, json.dumps(result).encode()

    def _find(self, body: dict[str, Any]) -> Firewall:
        return self._emulator.world.find(body.get("firewall_name"), body.get("firewall_arn"), body.get("region"))

    def _state(self, _body: dict[str, Any]) -> Any:
        return overview(self._emulator.operations)

    def _calls(self, _body: dict[str, Any]) -> Any:
        world = self._emulator.world
        return {"counts": dict(world.counts), "peaks": dict(world.peaks), "starts": list(world.starts)}

    def _removed(self, _body: dict[str, Any]) -> Any:
        return removed(self._emulator.operations)

    def _list_misbehaviour(self, _body: dict[str, Any]) -> Any:
        return self._emulator.world.misbehaviours.as_rules()

    def _misbehaviour(self, body: dict[str, Any]) -> Any:
        take(body, *KINDS)
        for rule in body.values():
            Misbehaviour.from_rule(rule)
        for kind, rule in body.items():
            self._emulator.world.misbehaviours.set(kind, rule)
        return self._list_misbehaviour({})

    def _clear_misbehaviour(self, _body: dict[str, Any]) -> Any:
        self._emulator.world.misbehaviours.clear()
        return {}

    def _reset(self, _body: dict[str, Any]) -> Any:
        self._emulator.reset()
        return {}

    def _settings(self, body: dict[str, Any]) -> Any:
        settings = self._emulator.world.settings
        take(body, *vars(settings))
        checks: dict[str, Callable[[Any], bool]] = {
            "duration": lambda value: value >= 0,
            "reconnect": lambda value: 0 <= value <= 1,
            "ends_between": lambda value: 0 <= value <= 1,
            "clock_offset": math.isfinite,
            "date_offset": lambda value: value is None or math.isfinite(value),
            "next_status": lambda value: isinstance(value, list) and all(item in STATUSES for item in value),
            "status_message": lambda value: value is None or bool(STATUS_MESSAGE.match(value)),
            "page_default": lambda value: isinstance(value, int) and 1 <= value <= 100,
            "stream_exception_policy": lambda value: value is None or value in STREAM_EXCEPTION_POLICIES,
            "external_ids": lambda value: isinstance(value, dict),
        }
        for name, value in body.items():
            if not checks[name](value):
                raise DoorError(f"{name} cannot be {value!r}")
        for name, value in body.items():
            setattr(settings, name, value)
        return dict(vars(settings))

    def _firewalls(self, body: dict[str, Any]) -> Any:
        take(body, *_FIREWALL)
        zones = list(body.get("zones") or body.get("flows") or {})
        if not zones:
            raise DoorError("a firewall needs zones, or flows by zone")
        if body.get("region") and not all(zone.startswith(body["region"]) for zone in zones):
            raise DoorError(f"the zones {', '.join(zones)} do not lie in {body['region']}")
        policy, mode = body.get("stream_exception_policy"), body.get("policy_mode")
        if policy is not None and policy not in STREAM_EXCEPTION_POLICIES:
            raise DoorError(f"stream_exception_policy must be one of {', '.join(STREAM_EXCEPTION_POLICIES)}")
        if mode is not None and (mode not in POLICY_MODES or policy == "CONTINUE"):
            raise DoorError(f"policy_mode must be {' or '.join(POLICY_MODES)}, and such a policy knows no CONTINUE")
        firewall = self._emulator.add_firewall(
            str(body.get("firewall_name")),
            self._tables(body, zones),
            account=str(body.get("account_id", DEFAULT_ACCOUNT)),
            tags=body.get("tags"),
            vpc_cidr_blocks=body.get("vpc_cidr_blocks") or (),
        )
        firewall.policy = body.get("policy_name")
        firewall.stream_exception_policy = policy
        firewall.policy_mode = mode
        firewall.members = body.get("members") or {}
        return {
            "firewall_name": firewall.name,
            "firewall_arn": firewall.arn,
            "arn": firewall.arn,
            "zones": {name: len(zone.table) for name, zone in firewall.zones.items()},
        }

    def _tables(self, body: dict[str, Any], zones: list[str]) -> dict[str, FlowTable]:
        """Return the flows of a firewall to be: those given by zone, and made-up ones spread over the zones."""
        flows = body.get("flows") or {}
        if set(flows) - set(zones):
            raise DoorError("flows name a zone that is not among zones")
        now = self._emulator.world.clock.now()
        tables = {zone: FlowTable(now) for zone in zones}
        for zone, records in flows.items():
            add_all(tables[zone], [flow_record(item) for item in records], now)
        total, seed = int(body.get("synthetic_flows", 0)), int(body.get("seed", 1))
        for number, zone in enumerate(zones):
            share = total // len(zones) + (1 if number < total % len(zones) else 0)
            tables[zone].add_synthetic(share, seed + number)
        return tables

    def _associations(self, body: dict[str, Any]) -> Any:
        take(body, "firewall_name", "firewall_arn", "region", "zone", "account_id", "listed")
        account, listed = body.get("account_id"), body.get("listed")
        if listed is not None and not isinstance(listed, bool):
            raise DoorError("listed must be true or false")
        association = self._emulator.add_association(
            self._find(body), str(body.get("zone")), None if account is None else str(account), listed
        )
        return {
            "vpc_endpoint_association_arn": association.arn,
            "arn": association.arn,
            "zone": association.zone,
            "vpc_endpoint_id": association.endpoint_id,
        }

    def _sync_state(self, body: dict[str, Any]) -> Any:
        take(body, "firewall_name", "firewall_arn", "region", "zones", "state", "attachment_status", "remaining")
        state, attachment = body.get("state", "IN_SYNC"), body.get("attachment_status", "READY")
        if state not in SYNC_STATES or attachment not in ATTACHMENT_STATUSES:
            raise DoorError(
                f"state must be one of {', '.join(SYNC_STATES)}, attachment_status of {', '.join(ATTACHMENT_STATUSES)}"
            )
        firewall = self._find(body)
        zones = list(body.get("zones") or firewall.zones)
        remaining = seconds_or_ever(body, "remaining", None)
        self._emulator.world.set_sync_state(firewall, zones, state, attachment, remaining)
        return {"zones": zones}

    def _flows(self, body: dict[str, Any]) -> Any:
        take(body, "firewall_name", "firewall_arn", "region", "zone", "flows", "before", "number")
        records = [flow_record(item) for item in body.get("flows") or []]
        firewall, zone = self._find(body), str(body.get("zone"))
        before, number = body.get("before"), int(body.get("number", 1))
        if before not in (None, "*", "StartFlowCapture", "StartFlowFlush") or number < 1:
            raise DoorError("before must be StartFlowCapture, StartFlowFlush or *, number a whole number above 0")
        table = firewall.zone(zone).table
        if before is None:
            add_all(table, records, self._emulator.world.clock.now())
        else:
            self._emulator.operations.effects.arrivals.append(Arrival(firewall, zone, before, number, records))
        return {"added": len(records), "flows": len(table)}

    def _operations(self, body: dict[str, Any]) -> Any:
        take(
            body,
            "firewall_name",
            "firewall_arn",
            "region",
            "zone",
            "type",
            "status",
            "age_seconds",
            "flow_filters",
            "count",
            "remaining",
        )
        kind, status = body.get("type", "FLOW_CAPTURE"), body.get("status", "COMPLETED")
        if kind not in ("FLOW_CAPTURE", "FLOW_FLUSH") or status not in STATUSES:
            raise DoorError(f"type must be FLOW_CAPTURE or FLOW_FLUSH, status one of {', '.join(STATUSES)}")
        age = float(body.get("age_seconds", 60))
        if age < 0 or not math.isfinite(age):
            raise DoorError("age_seconds must not be negative")
        world = self._emulator.world
        remaining = body.get("remaining", world.settings.duration)
        added = self._emulator.operations.add_operations(
            self._find(body),
            str(body.get("zone")),
            kind,
            status,
            age,
            body.get("flow_filters"),
            int(body.get("count", 1)),
            None if remaining is None else float(remaining),
        )
        return {"flow_operation_ids": added}

    def _clock(self, body: dict[str, Any]) -> Any:
        take(body, "advance")
        clock = self._emulator.world.clock
        clock.advance(float(body.get("advance", 0)))
        return {"now": round(clock.now(), 3)}

    def _executions(self, body: dict[str, Any]) -> Any:
        take(body, "flow_execution_id", "messages", "count")
        identifier = body.get("flow_execution_id")
        if not isinstance(identifier, str) or not identifier:
            raise DoorError("flow_execution_id is missing")
        messages = body.get("messages")
        if messages is None:
            messages = numbered(identifier, int(body.get("count", 1)))
        kinds = event_types()
        for message in messages:
            if set(message) - {"messageId", "eventType", "timestamp", "payload"}:
                raise DoorError("a message has messageId, eventType, timestamp (epoch seconds) and payload")
            if "eventType" in message and message["eventType"] not in kinds:
                raise DoorError(f"eventType must be one of {', '.join(kinds)}")
        self._emulator.executions.messages[identifier] = messages
        return {"flow_execution_id": identifier, "messages": len(messages)}

    def _list_faults(self, _body: dict[str, Any]) -> Any:
        return {"faults": self._emulator.faults.as_rules()}

    def _faults(self, body: dict[str, Any]) -> Any:
        rules = body["faults"] if set(body) == {"faults"} else [body]
        self._emulator.faults.add([Fault.from_rule(rule) for rule in rules])
        return self._list_faults({})

    def _clear_faults(self, _body: dict[str, Any]) -> Any:
        self._emulator.faults.clear()
        return {}
