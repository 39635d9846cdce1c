# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page of a fleet says, decided once for HTML and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..view import Bar, Chart, Figure, Verdict


@dataclass(frozen=True)
class Link:
    """Where a page of a firewall is, and what it is of."""

    label: str
    place: str


@dataclass(frozen=True)
class FirewallRow:
    """A firewall of the fleet."""

    name: str
    account: str
    region: str
    word: str
    tone: str
    partial: bool
    findings: str
    flows: str
    worst: str
    worst_class: str
    to_cut: str
    audited_at: str
    links: Sequence[Link]


@dataclass(frozen=True)
class MissingRow:
    """A firewall without a result, and why."""

    firewall: str
    reason: str


@dataclass(frozen=True)
class RuleRow:
    """A rule across the fleet: its findings as a bar, and the firewalls that have them."""

    line: Bar
    firewalls: str


@dataclass(frozen=True)
class FleetView:
    """Everything the page of a fleet says, as text that is clean but not yet escaped."""

    title: str
    audited: str
    verdict: Verdict
    figures: Sequence[Figure]
    notices: Sequence[str]
    by_verdict: Chart
    rules: Sequence[RuleRow]
    rules_remark: str
    firewalls: Sequence[FirewallRow]
    firewalls_remark: str
    missing: Sequence[MissingRow]
    missing_remark: str
