# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator as one object: start it in-process, or from the command line through __main__."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .application import EmulatorApplication
from .control import Control
from .http.faults import Fault, Faults
from .http.wire import LoopbackServer
from .services.network import make_network
from .services.networkfirewall.api import NetworkFirewallApi
from .world.clock import Clock
from .world.executions import Executions
from .world.flowlog import read_flow_logs
from .world.flows import FlowTable
from .world.operations import Operations
from .world.places import region_of_zone
from .world.state import DEFAULT_ACCOUNT, Association, Firewall, Settings
from .world.world import World


class Emulator:
    """The AWS side on loopback; also a context manager."""

    def __init__(
        self,
        flow_logs: Iterable[str | Path] = (),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        duration: float = 1.0,
        reconnect: float = 0.0,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        clock: Clock | None = None,
    ) -> None:
        """Fill the world from flow logs (FlowLogError if one is bad); durations in seconds, port 0 takes a free one."""
        self._host = host
        self._port = port
        clock = clock or Clock()
        self.world = World(clock, Settings(duration=duration, reconnect=reconnect), seed)
        self.executions = Executions(clock, seed)
        self.faults = Faults(list(faults))
        self.operations = Operations(self.world)
        self.api = NetworkFirewallApi(self.operations)
        self.app = EmulatorApplication(self)
        self._server: LoopbackServer | None = None
        self._load(flow_logs)
        self.world.remember()

    def _load(self, flow_logs: Iterable[str | Path]) -> None:
        now = self.world.clock.now()
        firewalls: dict[tuple[str, str], dict[str, FlowTable]] = {}
        for (name, zone), records in sorted(read_flow_logs(flow_logs).items()):
            table = FlowTable(now)
            for record in records:
                table.add(record, now)
            firewalls.setdefault((name, region_of_zone(zone)), {})[zone] = table
        for (name, _region), tables in firewalls.items():
            self.add_firewall(name, tables, tags={"Name": name})

    def add_firewall(
        self,
        name: str,
        tables: dict[str, FlowTable],
        *,
        account: str = DEFAULT_ACCOUNT,
        tags: dict[str, str] | None = None,
        vpc_cidr_blocks: Sequence[str] = (),
    ) -> Firewall:
        """Add a firewall with a table of flows per zone, and a VPC (of given CIDR blocks) with subnets around it."""
        vpc_id, subnets = make_network(account, name, sorted(tables), vpc_cidr_blocks)
        zones = {zone: (subnets[zone], table) for zone, table in tables.items()}
        return self.world.add_firewall(name, zones, vpc_id, account=account, tags=tags)

    def add_association(
        self, firewall: Firewall, zone: str, account: str | None = None, listed: bool | None = None
    ) -> Association:
        """Add a VPC endpoint association of the firewall, in a VPC of its own.

        Without an account it is the firewall's; one of another account is not listed unless listed says so.
        """
        account = account or firewall.account
        vpc_id, subnets = make_network(account, f"{firewall.name}-{zone}", [zone])
        shown = account == firewall.account if listed is None else listed
        return self.world.add_association(firewall, zone, vpc_id, subnets[zone], account, shown)

    @property
    def url(self) -> str:
        """Return the base URL; RuntimeError before start()."""
        if self._server is None:
            raise RuntimeError("the emulator is not running")
        return f"http://{self._host}:{self._server.port}"

    @property
    def port(self) -> int:
        """Return the port listened on; RuntimeError before start()."""
        if self._server is None:
            raise RuntimeError("the emulator is not running")
        return int(self._server.port)

    @property
    def control(self) -> Control:
        """Return a client of this emulator's control door."""
        return Control(self.url)

    def start(self) -> Emulator:
        """Listen and serve from threads; returns itself."""
        self._server = LoopbackServer(self._host, self._port, self.app, self.world.date)
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def reset(self) -> None:
        """Go back to the state at start."""
        self.world.reset()
        self.operations.effects.reset()
        self.faults.reset()
        self.executions.reset()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
