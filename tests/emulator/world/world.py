# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulated world: its firewalls, its clock and what was asked of it. Knows neither HTTP nor moto."""

from __future__ import annotations

import json
import math
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .clock import Clock
from .errors import InvalidRequest, NotFound
from .flows import FlowTable
from .misbehaviour import Misbehaviours
from .places import arn, is_firewall_arn, region_of_zone
from .rulebook import RuleBook
from .state import DEFAULT_ACCOUNT, Association, Firewall, Settings, Zone, stable_hex, stable_uuid
from .tokens import Tokens


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
        self.tokens = Tokens(f"flowops-{seed}")
        self.counts: Counter[str] = Counter()
        self.peaks: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self.starts: list[dict[str, Any]] = []
        self.misbehaviours = Misbehaviours()
        self.rules = RuleBook()

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
                created=self.clock.now(),
            )
            self.firewalls[firewall_arn] = firewall
            return firewall

    def add_association(
        self, firewall: Firewall, zone: str, vpc_id: str, subnet_id: str, account: str, listed: bool
    ) -> Association:
        """Add a VPC endpoint association of the firewall in one of its zones; not listed, only the firewall counts it.

        One of another account than the firewall's is described to nobody.
        """
        firewall.zone(zone)
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
        for ailing in [firewall.zone(zone) for zone in zones]:
            ailing.sync_state, ailing.attachment_status = state, attachment_status
            ailing.well_at = math.inf if remaining is None else self.clock.now() + remaining

    def delay_sync(self, object_arn: str, seconds: float | None) -> None:
        """Let the firewalls that use a policy or a rule group hear of its change so many seconds late (None: never)."""
        until = math.inf if seconds is None else self.clock.now() + seconds
        for firewall in self.rules.users(object_arn, list(self.firewalls.values())):
            for zone in firewall.zones.values():
                zone.pending[object_arn] = until

    def remember(self) -> None:
        """Make the present firewalls and flows the state that reset() goes back to."""
        with self.lock:
            self._at_start = list(self.firewalls)
            self.rules.remember()
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
                    zone.pending.clear()
                    zone.table.restore(now)
            self.counts.clear()
            self.peaks.clear()
            self.starts.clear()
            self.misbehaviours.clear()
            self.rules.reset()

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

    def page(self, items: list[Any], request: dict[str, Any], binding: list[Any]) -> tuple[list[Any], str | None]:
        """Return the page of items that NextToken and MaxResults ask for, and the token of the next one."""
        now = self.clock.now()
        bound = json.dumps(binding)
        offset = self.tokens.read(request["NextToken"], bound, now) if request.get("NextToken") else 0
        end = offset + (request.get("MaxResults") or self.settings.page_default)
        return items[offset:end], self.tokens.issue(end, bound, now) if end < len(items) else None

    def date(self) -> float | None:
        """Return what the service's Date says, in epoch seconds; None for no Date."""
        offset = self.settings.date_offset
        return None if offset is None else self.clock.now() + self.settings.clock_offset + offset

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
