# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client of the control door that needs nothing but the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class ControlError(Exception):
    """The control door refused a request; the message says why."""


class Control:
    """Talks to the control door of the emulator at url."""

    def __init__(self, url: str, timeout: float = 60.0) -> None:
        """Keep the emulator's base URL; timeout in seconds for each request."""
        self.url = url.rstrip("/")
        self._timeout = timeout
        # A proxy from the environment must never stand between a test and its loopback server.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def _ask(self, method: str, name: str, body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{name}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(json.load(error)["error"]) from None
        return answer

    def state(self) -> dict[str, Any]:
        """Return firewalls, zones and live flow counts."""
        return self._ask("GET", "state")

    def calls(self) -> dict[str, Any]:
        """Return counts by operation, the most of each at once (peaks), and the starts really carried out."""
        return self._ask("GET", "calls")

    def cut(self) -> list[dict[str, Any]]:
        """Return the flows that flushes really cut: flat records with flow_operation_id, matched and listed."""
        flows: list[dict[str, Any]] = self._ask("GET", "removed")["cut"]
        return flows

    def ended(self) -> list[dict[str, Any]]:
        """Return the flows that ended by themselves, as flat records."""
        flows: list[dict[str, Any]] = self._ask("GET", "removed")["ended"]
        return flows

    def misbehave(self, **kinds: dict[str, Any]) -> dict[str, Any]:
        """Let captures or flushes that start from now on differ from the documentation: capture={...}, flush={...}."""
        return self._ask("POST", "misbehaviour", kinds)

    def behave(self) -> None:
        """Let operations that start from now on be as documented."""
        self._ask("DELETE", "misbehaviour")

    def reset(self) -> None:
        """Go back to the state at start."""
        self._ask("POST", "reset")

    def settings(self, **settings: Any) -> dict[str, Any]:
        """Change duration, reconnect, next_status, status_message, page_default, external_ids ... (see the README)."""
        return self._ask("POST", "settings", settings)

    def add_firewall(self, firewall_name: str, **options: Any) -> dict[str, Any]:
        """Add a firewall with zones and synthetic_flows (and seed), or flows by zone; returns its arn."""
        return self._ask("POST", "firewalls", {"firewall_name": firewall_name, **options})

    def add_association(self, firewall_name: str, zone: str, **options: Any) -> dict[str, Any]:
        """Add a VPC endpoint association (account_id: another account's; listed); returns its arn."""
        return self._ask("POST", "associations", {"firewall_name": firewall_name, "zone": zone, **options})

    def set_sync_state(self, firewall_name: str, state: str = "IN_SYNC", **options: Any) -> dict[str, Any]:
        """Let zones (default: all) be PENDING or CAPACITY_CONSTRAINED for remaining seconds (default: for ever)."""
        return self._ask("POST", "sync_state", {"firewall_name": firewall_name, "state": state, **options})

    def set_rules(self, firewall_name: str, groups: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Give a firewall rule groups and a policy over them; returns their ARNs."""
        return self._ask("POST", "rules", {"firewall_name": firewall_name, "groups": groups, **options})

    def change_rules(self, name: str, rules: str | None = None, **options: Any) -> dict[str, Any]:
        """Give a rule group (by name or ARN) another Suricata text, or rule_group as JSON; or let it be denied."""
        text = {} if rules is None else {"rules": rules}
        return self._ask("POST", "rule_group", {"name": name, **text, **options})

    def add_flows(self, firewall_name: str, zone: str, flows: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Add flat flow records to a zone of a firewall, or before (and number) a start to come."""
        return self._ask("POST", "flows", {"firewall_name": firewall_name, "zone": zone, "flows": flows, **options})

    def add_operations(self, firewall_name: str, zone: str, **options: Any) -> list[str]:
        """Put operations of the past into the history; returns their ids, oldest first."""
        answer = self._ask("POST", "operations", {"firewall_name": firewall_name, "zone": zone, **options})
        identifiers: list[str] = answer["flow_operation_ids"]
        return identifiers

    def advance(self, seconds: float) -> float:
        """Put the emulator's clock forward; returns its time in epoch seconds."""
        return float(self._ask("POST", "clock", {"advance": seconds})["now"])

    def add_execution(self, flow_execution_id: str, **options: Any) -> dict[str, Any]:
        """Add a Things Graph execution with messages, or count made-up ones."""
        return self._ask("POST", "executions", {"flow_execution_id": flow_execution_id, **options})

    def add_fault(self, kind: str, operation: str = "*", **options: Any) -> dict[str, Any]:
        """Put a fault into force: every, times or at; status, seconds; region, account_id."""
        return self._ask("POST", "faults", {"kind": kind, "operation": operation, **options})

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults in force."""
        rules: list[dict[str, Any]] = self._ask("GET", "faults")["faults"]
        return rules

    def clear_faults(self) -> None:
        """Take every fault out of force."""
        self._ask("DELETE", "faults")
