# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the emulated world is made of: firewalls, their zones, associations and flow operations."""

from __future__ import annotations

import hashlib
import math
import re
import uuid
from array import array
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from .flows import FlowTable
from .misbehaviour import GOOD, Misbehaviour
from .places import arn

DEFAULT_ACCOUNT = "123456789012"
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


@dataclass
class Settings:
    """What the control door may change while the emulator runs; duration in seconds."""

    duration: float = 1.0
    reconnect: float = 0.0
    # The share of a zone's flows that end by themselves between two operations.
    ends_between: float = 0.0
    # Seconds that the service's clock is ahead of the machine's, and its Date beside that; None: no Date.
    clock_offset: float = 0.0
    date_offset: float | None = 0.0
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
    # Until when (epoch seconds) the zone has not heard of a change of the policy or a rule group, by its ARN.
    pending: dict[str, float] = field(default_factory=dict)

    def health(self, now: float) -> tuple[str, str]:
        """Return the SyncStatus of the policy and the Status of the attachment at the time now."""
        return ("IN_SYNC", "READY") if now >= self.well_at else (self.sync_state, self.attachment_status)

    def sync_of(self, object_arn: str, now: float) -> str:
        """Return the SyncStatus of a policy or a rule group at the time now."""
        return "PENDING" if now < self.pending.get(object_arn, 0.0) else "IN_SYNC"


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
    misbehaviour: Misbehaviour = GOOD
    # When its flows are found; until then rows and removing are empty.
    identified_at: float = 0.0
    identified: bool = True
    rows: array[int] = field(default_factory=lambda: array("I"))
    removing: array[int] = field(default_factory=lambda: array("I"))
    reconnect: float = 0.0
    settled: bool = True
    pages: OrderedDict[tuple[int, int], bytes] = field(default_factory=OrderedDict)

    def status(self, now: float) -> str:
        """Return the FlowOperationStatus at the time now."""
        return "IN_PROGRESS" if now < self.ends else self.outcome

    @property
    def both(self) -> bool:
        """Say whether each flow is two results, one for each direction."""
        return self.misbehaviour.directions == "both"

    def visible(self, now: float) -> int:
        """Return how many results can be listed: a growing share while in progress, then all."""
        results = len(self.rows) * (2 if self.both else 1)
        if now >= self.ends:
            return results
        if math.isinf(self.ends):
            return 0
        return int(results * max(0.0, now - self.started) / (self.ends - self.started))


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
    # When it was made, in epoch seconds, and the name of its policy if that is not its own.
    created: float = 0.0
    policy: str | None = None
    # Of a Next Generation policy; a classic one has no mode.
    policy_mode: str | None = None
    # What DescribeFirewall says beside or instead of the rest: {"Firewall": {member: value}, "FirewallStatus": {...}}.
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    associations: dict[str, Association] = field(default_factory=dict)

    def zone(self, name: str) -> Zone:
        """Return a zone by its name, else ValueError."""
        if name not in self.zones:
            raise ValueError(f"zone {name!r} is not one of the firewall's: {', '.join(self.zones)}")
        return self.zones[name]

    @property
    def identifier(self) -> str:
        """Return the FirewallId."""
        return stable_uuid(self.arn)

    @property
    def policy_name(self) -> str:
        """Return the name of the firewall's policy."""
        return self.policy or f"{self.name}-policy"[:128]

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
