# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures while they are read: scope, status, and the pages of their flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..aws.listing import Listing, Paging
from ..aws.networkfirewall import CAPTURE, NetworkFirewall
from ..errors import FlowOpsError, OptionError, shown
from ..flows.arns import FirewallArn
from ..flows.records import records_of
from ..flows.scope import WHOLE_FIREWALL, FlowOperation, Place, Scope, check_operation_id, scope_at
from ..plan.boxes import Findings
from ..times import CLOCKS_APART, moment_of, utc_text

# No capture that was waited for took longer than a day.
_LONGEST = 86400.0


@dataclass(frozen=True)
class Page:
    """One page of a capture: flows as the API gives them, their zone, the next page's token, the operation's status."""

    flows: list[Any]
    zone: str | None
    next_token: str | None
    status: str | None
    answer: Mapping[str, Any]


class Capture:
    """One flow operation while it is read: its scope, what AWS says of it, its findings' 5-tuples."""

    def __init__(self, flow_operation_id: str, scope: Scope = WHOLE_FIREWALL) -> None:
        self.flow_operation_id = flow_operation_id
        self.scope = scope
        self.statuses: set[str] = set()
        self.members: dict[str, Any] = {}
        # The service's own clock just before it was started, where whoever started it has noted that.
        self.service_time: datetime | None = None
        # Seconds that it took, where whoever waited for it has measured that.
        self.duration: float | None = None
        self.minimum_flow_age: int | None = None
        self.api_filters: list[dict[str, Any]] = []
        # What whoever started it says of the flows that it asked for, where that is not all of them.
        self.fetch: Mapping[str, Any] | None = None
        self.flow_count = 0
        self.findings = Findings()
        # Of a flow log, the firewall that it was found to be of.
        self.firewall_name: str | None = None
        # Where the reading goes on: the token of the next page, or that the last one has been read.
        self.token: str | None = None
        self.is_read = False
        # The last page came with a token, an empty one, with which nothing can be asked for.
        self.ended_early = False

    @property
    def partial(self) -> bool:
        """True unless AWS called the capture complete all the while it was read, and told where its pages end."""
        return self.ended_early or self.statuses != {"COMPLETED"}

    @property
    def seen_at(self) -> datetime | None:
        """When the firewall identified the flows; where AWS does not say it, a moment shortly before."""
        moment = self.members.get("FlowRequestTimestamp")
        return moment if isinstance(moment, datetime) else self.service_time

    @property
    def captured_at(self) -> str | None:
        """When the firewall identified the flows, ISO 8601 in UTC."""
        return utc_text(self.seen_at) if self.seen_at else None

    def warning(self, firewall: FirewallArn) -> str:
        """Return the sentence that says why the capture is partial."""
        status = self.members.get("FlowOperationStatus", "IN_PROGRESS")
        if "IN_PROGRESS" in self.statuses:
            status = f"{status}, was in progress while it was read"
        if self.ended_early:
            status = f"{status}, its last page came with an empty token"
        return (
            f"The capture {self.flow_operation_id} of {firewall} in {self.scope} is partial ({status});"
            " flows may be missing."
        )

    def pages(self, api: NetworkFirewall, firewall: FirewallArn) -> Iterator[Page]:
        """Yield the pages of flows, from where an earlier reading stopped."""
        # Asked first: an operation that ends while its pages are read may have lacked flows at the beginning.
        operation = FlowOperation(Place(firewall, self.scope), self.flow_operation_id)
        description, now = api.describe_with_time(operation)
        self._note(description)
        self._check_time(now)
        asked = description.get("FlowOperation") or {}
        self.minimum_flow_age = asked.get("MinimumFlowAgeInSeconds")
        self.api_filters = asked.get("FlowFilters") or []
        if self.is_read:
            return
        paging = Paging(starting_token=Listing.token_after("NextToken", self.token) if self.token else None)
        for page in api.flow_operation_results(operation, paging):
            zone = page.get("AvailabilityZone") or self.scope.zone
            yield Page(page["Flows"], zone, page.get("NextToken"), page.get("FlowOperationStatus"), page)

    def _check_time(self, now: datetime | None) -> None:
        """Raise FlowOpsError for a time in the future of the service's own clock, from which no birth follows."""
        if self.seen_at and now and (self.seen_at - now).total_seconds() > CLOCKS_APART:
            raise FlowOpsError(
                f"AWS says that the capture {self.flow_operation_id} in {self.scope} was taken at {self.captured_at},"
                f" and that it is {utc_text(now)} there; when its flows were born is unknown, so it is not used."
            )

    def take(self, page: Page) -> list[dict[str, Any]]:
        """Return the flow records of a page, which has then been read."""
        self._note(page.answer)
        if page.status:
            self.statuses.add(page.status)
        self.flow_count += len(page.flows)
        self.token = page.next_token
        self.is_read = not page.next_token
        self.ended_early = self.ended_early or page.next_token == ""
        return records_of(page.flows, page.zone)

    def _note(self, answer: Mapping[str, Any]) -> None:
        self.members.update(
            {
                key: answer[key]
                for key in ("StatusMessage", "FlowRequestTimestamp", "FlowOperationStatus")
                if key in answer
            }
        )
        if answer.get("FlowOperationStatus"):
            self.statuses.add(answer["FlowOperationStatus"])

    def as_result(self, firewall: FirewallArn) -> dict[str, Any]:
        """Return the operation as the audit's result shows it."""
        item: dict[str, Any] = {
            **Place(firewall, self.scope).named(),
            "flow_operation_id": self.flow_operation_id,
            "flow_operation_status": self.members.get("FlowOperationStatus", "IN_PROGRESS"),
            "flow_count": self.flow_count,
        }
        if self.members.get("StatusMessage"):
            item["status_message"] = self.members["StatusMessage"]
        if isinstance(self.members.get("FlowRequestTimestamp"), datetime):
            item["flow_request_timestamp"] = self.captured_at
        if self.service_time is not None:
            item["service_time"] = utc_text(self.service_time)
        if self.duration is not None:
            item["duration"] = self.duration
        if self.minimum_flow_age is not None:
            item["minimum_flow_age"] = self.minimum_flow_age
        if self.fetch is not None:
            item["fetch"] = dict(self.fetch)
        return item


def captures_of(params: Mapping[str, Any]) -> list[Capture]:
    """Return the captures that the option operations names; raise FlowOpsError naming the first mistake."""
    if not params["operations"]:
        raise OptionError("operations", [], "give at least one flow operation, as a capture returns them")
    captures: dict[str, Capture] = {}
    for index, item in enumerate(params["operations"]):
        capture = _capture_of(item, f"operations[{index}]", params.get("firewall_arn"))
        if capture.flow_operation_id in captures:
            raise OptionError(
                f"operations[{index}].flow_operation_id", capture.flow_operation_id, "each flow operation is read once"
            )
        captures[capture.flow_operation_id] = capture
    return list(captures.values())


def _capture_of(item: Mapping[str, Any], path: str, firewall_arn: str | None) -> Capture:
    operation_id = check_operation_id(item.get("flow_operation_id"), f"{path}.flow_operation_id")
    theirs = item.get("firewall_arn")
    if theirs and firewall_arn and theirs != firewall_arn:
        raise OptionError(f"{path}.firewall_arn", theirs, f"it must be firewall_arn, {shown(firewall_arn)}")
    kind = item.get("flow_operation_type", CAPTURE)
    if kind != CAPTURE:
        raise OptionError(f"{path}.flow_operation_type", kind, "only a capture lists the live flows")
    capture = Capture(operation_id, scope_at(item, path))
    capture.service_time = moment_of(item.get("service_time"), f"{path}.service_time")
    capture.duration = seconds_of(item.get("duration"), f"{path}.duration")
    capture.fetch = _fetch_of(item.get("fetch"), f"{path}.fetch")
    return capture


def _fetch_of(value: Any, path: str) -> Mapping[str, Any] | None:
    if value is None or (isinstance(value, Mapping) and value.get("fetched") in ("all", "findings")):
        return value
    raise OptionError(path, value, "give what the capture with fetch=findings returned, or leave it out")


def seconds_of(value: Any, path: str) -> float | None:
    """Return a number of seconds, None for none; raise OptionError naming the path for anything else."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST:
        raise OptionError(path, value, "give a number of seconds, as the capture returned it")
    return seconds
