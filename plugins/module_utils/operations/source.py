# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the flows of an audit come from: captures in AWS, or a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Union

from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError, OptionError, shown
from ..files import read_records
from ..flows.arns import FirewallArn, NamedFirewall
from ..flows.records import problem_of, tidied
from .capture import Capture
from .fetch import Fetched, fetched_of
from .journal import Journal
from .pages import pages_of

_SAVED_PAGE = 200


class LiveSource:
    """Where the flows of an audit come from: captures in AWS."""

    def __init__(
        self, api: NetworkFirewall, firewall: FirewallArn, captures: list[Capture], journal: Journal | None
    ) -> None:
        self.api = api
        self.firewall = firewall
        self.captures = captures
        self.journal = journal
        self.fetched = fetched_of(captures, journal is not None)

    def open(self) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
        """Yield the flow records page by page, each page with the capture it is of."""
        if self.journal is None:
            yield from pages_of(self.api, self.firewall, self.captures)
        else:
            with self.journal as journal:
                yield from pages_of(self.api, self.firewall, self.captures, journal)

    def named(self) -> dict[str, str]:
        """Return the firewall_arn and firewall_name of the result, as far as they are known."""
        return {"firewall_arn": self.firewall.arn, "firewall_name": self.firewall.name}

    @property
    def partial(self) -> bool:
        """True when flows may be missing."""
        uncovered = self.fetched is not None and self.fetched.uncovered
        return uncovered or any(capture.partial for capture in self.captures)

    def as_result(self) -> list[dict[str, Any]]:
        """Return the flow operations as the result shows them."""
        return [capture.as_result(self.firewall) for capture in self.captures]

    def warnings(self) -> list[str]:
        """Return a sentence for each capture from which flows may be missing, and where some were not asked for."""
        said = [capture.warning(self.firewall) for capture in self.captures if capture.partial]
        return said if self.fetched is None else [*said, *self.fetched.warnings()]


class SavedSource:
    """A capture file or a flow log in place of captures in AWS; whether it is whole, its owner says."""

    def __init__(self, path: str, firewall: NamedFirewall, partial: bool | None) -> None:
        self.saved = Capture("")
        self.fetched: Fetched | None = None
        self.captures = [self.saved]
        self.path = path
        self._firewall = firewall
        self._partial = partial

    def open(self) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
        """Yield the flow records page by page, each page with the capture it is of."""
        return saved_pages(self.path, self._name or None, self.saved)

    def named(self) -> dict[str, str]:
        """Return the firewall_arn and firewall_name of the result, as far as they are known."""
        arn = self._firewall.arn if isinstance(self._firewall, FirewallArn) else ""
        known = {"firewall_arn": arn, "firewall_name": self._name or self.saved.firewall_name}
        return {key: value for key, value in known.items() if value}

    @property
    def _name(self) -> str:
        return self._firewall.name if isinstance(self._firewall, FirewallArn) else self._firewall

    @property
    def partial(self) -> bool:
        """True when flows may be missing."""
        return self._partial is not False

    def as_result(self) -> list[dict[str, Any]]:
        """Return no flow operations: none was read."""
        return []

    def warnings(self) -> list[str]:
        """Return a sentence unless it was said whether flows are missing."""
        if self._partial is not None:
            return []
        return [f"Nothing says that {self.path} has every flow, so flows may be missing; say partial=false if it has."]


Source = Union[LiveSource, SavedSource]


def saved_pages(path: str, firewall_name: str | None, saved: Capture) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
    """Yield the flow records of a capture file or flow log, as pages_of does; raise FlowOpsError for two firewalls."""
    page: list[dict[str, Any]] = []
    for record in _of_one_firewall(path, firewall_name, saved):
        page.append(record)
        if len(page) == _SAVED_PAGE:
            saved.flow_count += len(page)
            yield saved, page
            page = []
    saved.flow_count += len(page)
    if page:
        yield saved, page


def _of_one_firewall(path: str, firewall_name: str | None, saved: Capture) -> Iterator[dict[str, Any]]:
    """Yield the records of the firewall that is named, of the only one when none is."""
    others: set[str] = set()
    found = 0
    for number, record in enumerate(read_records(path), 1):
        name = record.pop("firewall_name", None)
        if name is not None and firewall_name is None:
            _note_firewall(path, name, saved)
        elif name is not None and name != firewall_name:
            others.add(name)
            continue
        problem = problem_of(record)
        if problem:
            raise FlowOpsError(f"src: flow {number} of '{path}' is no flow record; {problem}.")
        found += 1
        yield tidied(record)
    if others and not found:
        raise OptionError("firewall_name", firewall_name, f"the flow log has flows of {', '.join(sorted(others))}")


def _note_firewall(path: str, name: str, saved: Capture) -> None:
    if saved.firewall_name not in (None, name):
        raise FlowOpsError(
            f"src: '{path}' has flows of the firewalls {shown(saved.firewall_name)} and {shown(name)}; say with"
            " firewall_name which one to judge."
        )
    saved.firewall_name = name
