# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewalls of many accounts and regions, read in parallel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import FlowOpsError, shown
from ..firewalls.accounts import Role
from ..firewalls.selection import Selection
from ..firewalls.variables import Record, distinct, firewall_record
from ..flows.arns import parse_firewall_arn
from .clients import MAX_PARALLEL, assumer
from .connections import SERVICE, SESSION_NAME, Connections, Credentials
from .failures import DENIED_CODES, INVALID_REQUEST, NOT_FOUND, calling, needing
from .listing import Listing, Paging
from .networkfirewall import NetworkFirewall, spread
from .retries import ask_until_whole

DEFAULT_REGION = "us-east-1"
# One client is one account in one region, which is what AWS limits the rate of.
_DESCRIBED_AT_ONCE = 8
_ASSOCIATIONS_AT_ONCE = 4
_SHOWN_PLACES = 5
# What the endpoint of a region answers that an account has not enabled.
_NOT_ENABLED = (
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "OptInRequired",
    "AuthFailure",
)
_REGION_DISABLED = "RegionDisabledException"
_UNREACHABLE = ("EndpointConnectionError", "ConnectTimeoutError", "SilentEndpointError")
# What AWS may answer to questions about a firewall that has been deleted.
_MAYBE_GONE = (NOT_FOUND, INVALID_REQUEST)
_CONSEQUENCES = {
    "sts:AssumeRole": "the accounts are left out",
    "ec2:DescribeRegions": "every region that the SDK knows is asked instead",
    "network-firewall:ListFirewalls": "what is there is left out",
    "network-firewall:DescribeFirewall": "the firewalls are left out",
    "network-firewall:ListVpcEndpointAssociations": "those firewalls have no vpc_endpoint_associations",
    "network-firewall:DescribeVpcEndpointAssociation": "those firewalls have no vpc_endpoint_associations",
}


@dataclass(frozen=True)
class Search:
    """Where to look and for what: no regions are all that an account has, no roles the caller's own account.

    home_region is asked for regions and roles; hub_role is the ARN of a role to assume before all others.
    """

    home_region: str
    selection: Selection
    regions: Sequence[str] = ()
    roles: Sequence[Role] = ()
    hub_role: Role | None = None
    external_id: str | None = None
    strict_permissions: bool = True


@dataclass(frozen=True)
class _Account:
    """An account that was reached, and its regions; guessed when nobody could say which of them it has enabled."""

    role: Role | None
    credentials: Credentials | None
    regions: Sequence[str]
    guessed: bool = False
    failures: list[FlowOpsError] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The account as a sentence names it."""
        return f"account {self.role.account_id}" if self.role else "the caller's account"


class Fleet:
    """The firewalls of many accounts and regions."""

    def __init__(self, connections: Connections, search: Search) -> None:
        self.connections = connections
        self.search = search
        self._notes: list[str] = []
        # By IAM action and what was answered: what it was refused for.
        self._refused: dict[tuple[str, str], list[str]] = {}
        # Why a role could not be asked for where roles are asked for.
        self._closed: list[FlowOpsError] = []
        self._lock = threading.Lock()

    def read(self) -> tuple[list[Record], list[str]]:
        """Return the host variables of each firewall, and sentences on what could not be seen; raise FlowOpsError."""
        search = self.search
        hub = self._assume(search.hub_role, None) if search.hub_role else None
        roles: list[Role | None] = [*search.roles] or [None]
        accounts = [item for item in spread(MAX_PARALLEL, partial(self._account, hub), roles) if item is not None]
        places = [(account, region) for account in accounts for region in account.regions]
        found = spread(MAX_PARALLEL, self._firewalls, places)
        self._check_credentials(accounts)
        return distinct(record for records in found for record in records), [*self._refusals(), *sorted(self._notes)]

    def _check_credentials(self, accounts: Sequence[_Account]) -> None:
        """Raise a failure that all places share: then it is the credentials that are wrong, and not the places."""
        shares = [(account.failures, len(account.regions)) for account in accounts]
        if not self.search.strict_permissions:
            every = [failure for failures, _count in shares for failure in failures]
            shares = [(every, sum(count for _failures, count in shares)), (self._closed, len(self.search.roles))]
        for failures, count in shares:
            if failures and len(failures) == count:
                raise failures[0]

    def _account(self, hub: Credentials | None, role: Role | None) -> _Account | None:
        """Return an account with its credentials and regions, None when it may not be entered."""
        if role is None:
            role, credentials = self.search.hub_role, hub
        else:
            assumed = self._permitted(role.arn, lambda: self._entered(role, hub))
            if assumed is None:
                return None
            credentials = assumed
        if self.search.regions:
            return _Account(role, credentials, self.search.regions)
        regions = self._enabled_regions(_Account(role, credentials, ()))
        if regions is not None:
            return _Account(role, credentials, regions)
        partition = self.connections.partition_of(self.search.home_region, "region")
        return _Account(role, credentials, self.connections.known_regions(partition), guessed=True)

    def _entered(self, role: Role, by: Credentials | None) -> Credentials | None:
        """Return the credentials of a role, None when its account has no STS in the region and that may be so."""
        try:
            return self._assume(role, by)
        except FlowOpsError as error:
            if error.code != _REGION_DISABLED:
                raise
            if self.search.strict_permissions:
                raise error.saying(
                    f"region: {shown(self.search.home_region)}, where roles are asked for, is not activated for STS in"
                    f" account {role.account_id}: {error.message.rstrip('.')}; give a region that is, or set"
                    " strict_permissions to false to leave such accounts out."
                ) from error
            with self._lock:
                self._closed.append(error)
                self._notes.append(f"The account {role.account_id} is left out: {error.message}")
            return None

    def _assume(self, role: Role, by: Credentials | None) -> Credentials:
        client = self.connections.client("sts", self.search.home_region, by)
        # The external ID is the other accounts' condition; a hub on the way to them has none.
        on_the_way = role == self.search.hub_role and bool(self.search.roles)
        external_id = None if on_the_way else self.search.external_id
        given = assumer(client, role.arn, external_id, SESSION_NAME)()
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def _enabled_regions(self, account: _Account) -> list[str] | None:
        """Return the regions that an account has enabled, None when it may not be asked."""
        client = self.connections.client("ec2", self.search.home_region, account.credentials)
        ask_until_whole(client, {"describe_regions": "Regions"})
        try:
            with needing("ec2:DescribeRegions"), calling(f"list the regions of {account.name}"):
                return sorted(region["RegionName"] for region in client.describe_regions()["Regions"])
        except FlowOpsError as error:
            if error.code not in DENIED_CODES:
                raise
            self._note_refusal(account.name, error)
            return None

    def _firewalls(self, place: tuple[_Account, str]) -> list[Record]:
        """Return the firewalls of an account in a region."""
        account, region = place
        client = self.connections.client(SERVICE, region, account.credentials)
        ask_until_whole(client, {"list_firewalls": "Firewalls"})
        selection = self.search.selection
        request = {"VpcIds": selection.vpc_ids} if selection.vpc_ids else {}
        doing = f"list the firewalls in {region} of {account.name}"
        listing = Listing(client, "list_firewalls", request, Paging(), "Firewalls", doing)

        def listed() -> list[str]:
            with needing("network-firewall:ListFirewalls"):
                rows = [row for page in listing for row in page["Firewalls"]]
            return [row["FirewallArn"] for row in rows if selection.may_take(row["FirewallName"], row["FirewallArn"])]

        try:
            arns = self._permitted(f"{region} of {account.name}", listed)
        except FlowOpsError as error:
            if not self._is_elsewhere(account, region, error):
                raise
            account.failures.append(error)
            return []
        api = NetworkFirewall(client, spread_over=_ASSOCIATIONS_AT_ONCE)
        records = spread(_DESCRIBED_AT_ONCE, partial(self._firewall, api, account), arns or [])
        return [record for record in records if record is not None]

    def _is_elsewhere(self, account: _Account, region: str, error: FlowOpsError) -> bool:
        """Return whether a failure may well mean that a region has no such service or is not enabled.

        Raise FlowOpsError when the region was asked for by its name and has to be there.
        """
        not_enabled = error.code in _NOT_ENABLED
        if self.search.regions:
            if not_enabled and self.search.strict_permissions:
                raise error.saying(
                    f"regions: {shown(region)} is not enabled in {account.name}, or the credentials are not valid:"
                    f" {error.message.rstrip('.')}; with strict_permissions false such a region is left out."
                ) from error
            if not_enabled:
                self._note_not_enabled(account, region, error)
            return not_enabled
        unreachable = error.code in _UNREACHABLE
        if account.guessed and (unreachable or not_enabled):
            self._note_not_enabled(account, region, error)
            return True
        partition = self.connections.partition_of(self.search.home_region, "region")
        return unreachable and region not in self.connections.known_regions(partition)

    def _note_not_enabled(self, account: _Account, region: str, error: FlowOpsError) -> None:
        with self._lock:
            self._notes.append(f"The region {region} of {account.name} is left out as not enabled: {error.message}")

    def _firewall(self, api: NetworkFirewall, account: _Account, arn: str) -> Record | None:
        """Return a firewall's host variables, None when it may not be seen or is gone."""
        answer = self._described(api, arn)
        if answer is None:
            return None
        associations: list[dict[str, Any]] | None = []
        try:
            if answer["Firewall"].get("NumberOfAssociations") != 0:
                associations = self._permitted(arn, lambda: api.associations_of(parse_firewall_arn(arn)))
        except FlowOpsError as error:
            if error.code not in _MAYBE_GONE or self._described(api, arn) is not None:
                raise
            return None
        return firewall_record(answer, associations, account.role)

    def _described(self, api: NetworkFirewall, arn: str) -> dict[str, Any] | None:
        """Return DescribeFirewall's answer, None when the firewall may not be seen or is gone, which is noted."""
        try:
            answer: dict[str, Any] | None = self._permitted(arn, lambda: api.firewall(parse_firewall_arn(arn)))
        except FlowOpsError as error:
            if error.code != NOT_FOUND:
                raise
            with self._lock:
                self._notes.append(f"The firewall {arn} was listed and is gone; it is left out.")
            return None
        return answer

    def _permitted(self, place: str, call: Callable[[], Any]) -> Any:
        """Return what a call returns, None when it is refused and that may be passed over; raise FlowOpsError."""
        try:
            return call()
        except FlowOpsError as error:
            if error.code not in DENIED_CODES:
                raise
            if self.search.strict_permissions:
                raise error.ending("; with strict_permissions false what may not be seen is left out") from error
            self._note_refusal(place, error)
            return None

    def _note_refusal(self, place: str, error: FlowOpsError) -> None:
        with self._lock:
            self._refused.setdefault((error.failure.action, error.code), []).append(place)

    def _refusals(self) -> list[str]:
        """Return one sentence for each action that was refused."""
        sentences = []
        for (action, code), places in sorted(self._refused.items()):
            text = ", ".join(sorted(places)[:_SHOWN_PLACES])
            if len(places) > _SHOWN_PLACES:
                text += f" and {len(places) - _SHOWN_PLACES} more"
            sentences.append(f"{action} was refused ({code}) for {text}; {_CONSEQUENCES[action]}.")
        return sentences
