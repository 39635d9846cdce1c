# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures while they are read: scope, status, and the flow records page by page."""

from __future__ import annotations

import json
import marshal
import os
import queue
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO, Any

from ..aws.networkfirewall import Listing, NetworkFirewall, Paging
from ..errors import FlowOpsError, OptionError, shown
from ..files import read_records
from ..flows.matching import Flow, flows_of
from ..flows.records import problem_of, records_of, utc_text
from ..flows.scope import check_operation_id, scope_of, scope_text
from ..plan.boxes import Findings
from ..plan.build import build, compile_best
from ..plan.plan import Plan

_PAGES_AHEAD = 4
_SAVED_PAGE = 200


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

    def __init__(self, flow_operation_id: str, scope: dict[str, str]) -> None:
        self.flow_operation_id = flow_operation_id
        self.scope = scope
        self.statuses: set[str] = set()
        self.members: dict[str, Any] = {}
        self.minimum_flow_age: int | None = None
        self.api_filters: list[dict[str, Any]] = []
        self.flow_count = 0
        self.findings = Findings()
        # Of a flow log, the firewall that it was found to be of.
        self.firewall_name: str | None = None
        # Where the reading goes on: the token of the next page, or that the last one has been read.
        self.token: str | None = None
        self.is_read = False

    @property
    def partial(self) -> bool:
        """True unless AWS called the capture complete all the while it was read."""
        return self.statuses != {"COMPLETED"}

    @property
    def seen_at(self) -> datetime | None:
        """When the firewall identified the flows."""
        moment = self.members.get("FlowRequestTimestamp")
        return moment if isinstance(moment, datetime) else None

    @property
    def captured_at(self) -> str | None:
        """When the firewall identified the flows, ISO 8601 in UTC."""
        return utc_text(self.seen_at) if self.seen_at else None

    def warning(self, arn: str) -> str:
        """Return the sentence that says why the capture is partial."""
        status = self.members.get("FlowOperationStatus", "IN_PROGRESS")
        if "IN_PROGRESS" in self.statuses:
            status = f"{status}, was in progress while it was read"
        return (
            f"The capture {self.flow_operation_id} of {arn} in {scope_text(self.scope)} is partial ({status});"
            " flows may be missing."
        )

    def pages(self, api: NetworkFirewall, arn: str) -> Iterator[Page]:
        """Yield the pages of flows, from where an earlier reading stopped."""
        # Asked first: an operation that ends while its pages are read may have lacked flows at the beginning.
        description = api.describe(arn, self.scope, self.flow_operation_id)
        self._note(description)
        asked = description.get("FlowOperation") or {}
        self.minimum_flow_age = asked.get("MinimumFlowAgeInSeconds")
        self.api_filters = asked.get("FlowFilters") or []
        if self.is_read:
            return
        paging = Paging(starting_token=Listing.token_after("NextToken", self.token) if self.token else None)
        for page in api.flow_operation_results(arn, self.scope, self.flow_operation_id, paging):
            zone = page.get("AvailabilityZone") or self.scope.get("availability_zone")
            yield Page(page["Flows"], zone, page.get("NextToken"), page.get("FlowOperationStatus"), page)

    def take(self, page: Page) -> list[dict[str, Any]]:
        """Return the flow records of a page, which has then been read."""
        self._note(page.answer)
        if page.status:
            self.statuses.add(page.status)
        self.flow_count += len(page.flows)
        self.token = page.next_token
        self.is_read = page.next_token is None
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

    def told(self, arn: str) -> dict[str, Any]:
        """Return the operation as the audit's result shows it."""
        item: dict[str, Any] = {
            "firewall_arn": arn,
            **self.scope,
            "flow_operation_id": self.flow_operation_id,
            "flow_operation_status": self.members.get("FlowOperationStatus", "IN_PROGRESS"),
            "flow_count": self.flow_count,
        }
        if self.members.get("StatusMessage"):
            item["status_message"] = self.members["StatusMessage"]
        if self.captured_at:
            item["flow_request_timestamp"] = self.captured_at
        if self.minimum_flow_age is not None:
            item["minimum_flow_age"] = self.minimum_flow_age
        return item


def captures_of(params: Mapping[str, Any]) -> list[Capture]:
    """Return the captures that the option operations names; raise FlowOpsError naming the first mistake."""
    if not params["operations"]:
        raise OptionError("operations", [], "give at least one flow operation, as a capture returns them")
    captures = []
    seen: set[str] = set()
    for index, item in enumerate(params["operations"]):
        path = f"operations[{index}]"
        operation_id = check_operation_id(item.get("flow_operation_id"), f"{path}.flow_operation_id")
        if operation_id in seen:
            raise OptionError(f"{path}.flow_operation_id", operation_id, "each flow operation is read once")
        seen.add(operation_id)
        theirs, ours = item.get("firewall_arn"), params.get("firewall_arn")
        if theirs and ours and theirs != ours:
            raise OptionError(f"{path}.firewall_arn", theirs, f"it must be firewall_arn, {shown(ours)}")
        if item.get("flow_operation_type", "FLOW_CAPTURE") != "FLOW_CAPTURE":
            raise OptionError(
                f"{path}.flow_operation_type", item["flow_operation_type"], "only a capture lists the live flows"
            )
        try:
            scope = scope_of(item)
        except FlowOpsError as error:
            raise FlowOpsError(f"{path}.{error.message}") from error
        captures.append(Capture(operation_id, scope))
    return captures


def pages_of(
    api: NetworkFirewall, arn: str, captures: Sequence[Capture], journal: Journal | None = None
) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
    """Yield the flow records of captures, a page of each in turn, which is the same order however fast each one is.

    Of several, each is read by a thread of its own that stays a few pages ahead.
    With a journal, the pages that an earlier reading has noted come first, and each further one is noted.
    """
    last = -1
    if journal is not None:
        for at, page in journal.pages():
            last = at
            yield captures[at], captures[at].take(page)
    api.lift_flows()
    ended = threading.Event()
    readers: dict[int, _Reader | _Direct] = {
        at: _Reader(capture, api, arn, ended) if len(captures) > 1 else _Direct(capture, api, arn)
        for at, capture in enumerate(captures)
    }
    try:
        while readers:
            for at in sorted(readers):
                # An earlier reading may have stopped in the middle of a round.
                if at <= last:
                    continue
                page = readers[at].next_page()
                if page is None:
                    del readers[at]
                    continue
                if journal is not None:
                    journal.note(at, page)
                yield captures[at], captures[at].take(page)
            last = -1
    finally:
        ended.set()


class Journal:
    """What has been read of captures so far, in a file beside the one that is being written (mode 0600).

    Each line is one page with the token of the next, so that a reading that was cut off goes on from there. Use it in
    a with block; a block that ends well removes the file.
    """

    def __init__(self, path: str, captures: Sequence[Capture]) -> None:
        self.path = path
        self._header = {"captures": [[capture.flow_operation_id, capture.scope] for capture in captures]}
        self._file: IO[str] | None = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: object, *_failure: object) -> None:
        if self._file is not None:
            self._file.close()
        if kind is None:
            with suppress(FileNotFoundError):
                os.unlink(self.path)

    def pages(self) -> Iterator[tuple[int, Page]]:
        """Yield the pages noted by an earlier reading of the same captures, each with its capture's position."""
        end = 0
        with suppress(FileNotFoundError), open(self.path, "rb") as file:
            if _parsed(file.readline()) == self._header:
                end = file.tell()
                for line in file:
                    noted = _parsed(line)
                    if noted is None:
                        break
                    end += len(line)
                    yield noted["at"], Page(noted["flows"], noted["zone"], noted["next"], noted["status"], {})
        # Behind the last whole line there may be a part of one, of the moment when the reading was cut off.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.ftruncate(descriptor, end)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        self._file.seek(end)
        if not end:
            self._write(self._header)

    def note(self, at: int, page: Page) -> None:
        """Note a page of the capture at that position."""
        self._write({"at": at, "zone": page.zone, "next": page.next_token, "status": page.status, "flows": page.flows})

    def _write(self, content: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(content, separators=(",", ":")) + "\n")
            self._file.flush()


def _parsed(line: bytes) -> Any:
    """Return the content of a line that is whole, None for one that is not."""
    if not line.endswith(b"\n"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None


def saved_pages(path: str, firewall_name: str | None, saved: Capture) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
    """Yield the flow records of a capture file or flow log, as pages_of does; raise FlowOpsError for two firewalls."""
    page: list[dict[str, Any]] = []
    wanted = firewall_name
    others: set[str] = set()
    for number, record in enumerate(read_records(path), 1):
        name = record.pop("firewall_name", None)
        if name is not None and name != wanted:
            if firewall_name is not None:
                others.add(name)
                continue
            if wanted is not None:
                raise FlowOpsError(
                    f"src: '{path}' has flows of the firewalls {shown(wanted)} and {shown(name)}; say with"
                    " firewall_name which one to judge."
                )
            wanted = saved.firewall_name = name
        problem = problem_of(record)
        if problem:
            raise FlowOpsError(f"src: flow {number} of '{path}' is no flow record; {problem}.")
        page.append(record)
        if len(page) == _SAVED_PAGE:
            saved.flow_count += len(page)
            yield saved, page
            page = []
    saved.flow_count += len(page)
    if others and not saved.flow_count:
        known = ", ".join(sorted(others))
        raise OptionError("firewall_name", firewall_name, f"the flow log has flows of {known}")
    if page:
        yield saved, page


class _Direct:
    """Reads the only capture where its pages are asked for: two threads would wait for each other's turn to run."""

    def __init__(self, capture: Capture, api: NetworkFirewall, arn: str) -> None:
        self.capture = capture
        self._pages = capture.pages(api, arn)

    def next_page(self) -> Any:
        """Return the next page, None after the last."""
        return next(self._pages, None)


class _Reader:
    """A thread that reads one capture ahead of whoever asks for its pages."""

    def __init__(self, capture: Capture, api: NetworkFirewall, arn: str, ended: threading.Event) -> None:
        self.capture = capture
        self._pages: queue.Queue[Any] = queue.Queue(_PAGES_AHEAD)
        self._ended = ended
        # As a daemon: when the audit fails, nobody waits for a page that is being asked for again.
        threading.Thread(target=self._read, args=(capture.pages(api, arn),), daemon=True).start()

    def _read(self, pages: Iterator[Page]) -> None:
        try:
            for page in pages:
                self._put(page)
                if self._ended.is_set():
                    return
            self._put(None)
        except BaseException as error:  # pylint: disable=broad-except  # it is raised again where the pages are read
            self._put(error)

    def _put(self, item: Any) -> None:
        while not self._ended.is_set():
            try:
                self._pages.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def next_page(self) -> Any:
        """Return the next page, None after the last; raise what the reading raised."""
        item = self._pages.get()
        if isinstance(item, BaseException):
            raise item
        return item


class Planner:
    """Makes the plan for the findings of captures; the flows it must spare wait on disk. Use it in a with block."""

    def __init__(self, folder: str, captures: Sequence[Capture]) -> None:
        self.folder = folder
        self.captures = captures

    def __enter__(self) -> Planner:
        self._spool: IO[bytes] = tempfile.TemporaryFile(dir=self.folder)
        # Where the pages of each capture begin, and how long they are.
        self._pages: dict[str, list[tuple[int, int]]] = {}
        return self

    def __exit__(self, *_failure: object) -> None:
        self._spool.close()

    def add(self, capture: Capture, records: Sequence[Mapping[str, Any]], guilty: Sequence[object]) -> None:
        """Add one page's flow records, and for each whether it is a finding."""
        innocent = []
        for record, is_finding in zip(records, guilty, strict=True):
            if is_finding:
                capture.findings.add(record)
            else:
                innocent.append(record)
        page = marshal.dumps(flows_of(innocent))
        self._pages.setdefault(capture.flow_operation_id, []).append((self._spool.tell(), len(page)))
        self._spool.write(page)

    def plan(self, firewall_arn: str, allow_collateral: bool = False) -> Plan:
        """Return the plan; findings whose every filter would match a flow to spare are inseparable."""
        compiled = []
        for capture in self.captures:
            scope = _plan_scope(capture)
            innocents = partial(self._innocents, capture)
            best = compile_best(scope, capture.findings, innocents, capture.api_filters, allow_collateral)
            compiled.append((scope, best))
        return build(firewall_arn, compiled)

    def _innocents(self, capture: Capture) -> Iterator[list[Flow]]:
        for begin, length in self._pages.get(capture.flow_operation_id, ()):
            self._spool.seek(begin)
            # A file that nobody else can open: what is read is what was written above.
            yield marshal.loads(self._spool.read(length))


def _plan_scope(capture: Capture) -> dict[str, Any]:
    scope: dict[str, Any] = {**capture.scope, "minimum_flow_age": capture.minimum_flow_age or 0}
    if capture.captured_at:
        scope["captured_at"] = capture.captured_at
    return scope
