# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report says, decided once: every format that people read is a way of writing a View down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...module_utils.errors import counted
from .findings import Row
from .names import Names
from .text import SEVERITIES, number


@dataclass(frozen=True)
class Quantity:
    """A number as people read it, with the exact one beside it."""

    text: str
    exact: str


@dataclass(frozen=True)
class Bar:
    """A line of a bar chart; width is a percentage of the longest bar, severity is empty where colour says nothing.

    key is what the findings have in its place, why and text (a rule's description and the rule itself) may be empty.
    """

    label: str
    count: str
    share: str
    width: str
    severity: str = ""
    key: str = ""
    why: str = ""
    text: str = ""

    @property
    def severity_class(self) -> str:
        """The severity as one of SEVERITIES or unknown; empty where the bar has none."""
        return self.severity and severity_class(self.severity)


@dataclass(frozen=True)
class Figure:
    """A key figure: the number, what it counts, and a remark."""

    label: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Talker:
    """A line of the top talkers: a cell for each column; width is a percentage of the first one's.

    address is the key where that is the address of a source or destination, else empty.
    """

    key: str
    name: str
    cells: Sequence[Quantity]
    width: str
    address: str


@dataclass(frozen=True)
class Talkers:
    """The top talkers of one kind, with the names of the columns; none of those is empty in every row."""

    heading: str
    column: str
    columns: Sequence[str]
    rows: Sequence[Talker]


@dataclass(frozen=True)
class Operation:
    """A flow operation that the audit read; tone is good, open or bad."""

    zone: str
    identifier: str
    status: str
    tone: str
    requested: str
    flows: str
    message: str


@dataclass(frozen=True)
class Finding:
    """A flow that breaks the policy; severity_class is one of SEVERITIES or unknown, names and why may be empty."""

    severity: str
    severity_class: str
    rule: str
    why: str
    source: str
    source_name: str
    destination: str
    destination_name: str
    protocol: str
    age: Quantity
    packets: str
    bytes: Quantity
    zone: str


@dataclass(frozen=True)
class PlanOperation:
    """What a flush plan holds for one zone; spared says which flows the flush leaves alone whatever its filters say."""

    zone: str
    filters: str
    spared: Quantity
    flows: str


@dataclass(frozen=True)
class PlanFilter:
    """One filter of a flush plan, and how many flows it was found to match."""

    zone: str
    source: str
    destination: str
    protocols: str
    flows: str


@dataclass(frozen=True)
class Plan:
    """The summary of a flush plan; flow_count is how many flows it cuts."""

    flow_count: int
    sentence: str
    hash: str
    operations: Sequence[PlanOperation]
    filters: Sequence[PlanFilter]
    filters_remark: str
    remarks: Sequence[str]


@dataclass(frozen=True)
class Verdict:
    """The verdict in a word and a sentence; tone is good, open or bad, judged is the word of the audit's own list."""

    word: str
    tone: str
    sentence: str
    missing: str
    judged: str


@dataclass(frozen=True)
class Chart:
    """A bar chart, and what has to be said about what it leaves out."""

    bars: Sequence[Bar]
    remark: str = ""


@dataclass(frozen=True)
class Rankings:
    """Tables of talkers by one measure, empty without a ranking."""

    measure: str
    tables: Sequence[Talkers]
    remark: str


@dataclass(frozen=True)
class Operations:
    """The flow operations that were read."""

    rows: Sequence[Operation]
    remark: str


@dataclass(frozen=True)
class Findings:
    """The worst findings, worst first, of which a page shows at most max_rows.

    total counts all there are, seen those that were at hand; why says of a rule why it is there.
    """

    rows: Sequence[Row]
    total: int
    seen: int
    note: str
    max_rows: int
    names: Names
    why: Mapping[str, str]

    def caption(self, shown_rows: int) -> str:
        """Return the sentence over the findings: how many are shown, and how many are not."""
        if not self.total:
            return "There are no findings."
        left_out = self.total - shown_rows
        if left_out <= 0:
            return f"{counted(shown_rows, 'finding')}, the most severe first."
        sentence = (
            f"{number(shown_rows)} of {counted(self.total, 'finding')}, the most severe first;"
            f" {number(left_out)} left out here."
        )
        return f"{sentence} {self.note}".strip()


@dataclass(frozen=True)
class FlowList:
    """Flows in a few words each, under a heading."""

    heading: str
    flows: Sequence[str]
    remark: str


@dataclass(frozen=True)
class UndecidedReason:
    """Why flows are undecided, how many are, and by which rules."""

    reason: str
    flows: str
    rules: Sequence[Bar]
    rules_remark: str


@dataclass(frozen=True)
class Group:
    """A rule group of the firewall; changed says when, change what a what-if does with it, unread why it is unknown."""

    name: str
    priority: str
    kind: str
    rules: str
    changed: str
    change: str
    unread: str


@dataclass(frozen=True)
class Changed:
    """The flows that a change treats otherwise, in one way: which rules do it, and whose flows they are."""

    heading: str
    rules: Chart
    talkers: Sequence[Talkers]


@dataclass(frozen=True)
class FirewallRules:
    """The firewall's own rules as judges: its policy, the fates of the flows, and what a change would do."""

    sentence: str
    groups: Sequence[Group]
    by_fate: Chart
    by_fate_before: Chart
    by_change: Chart
    changed: Sequence[Changed]
    deciding: Chart
    undecided: Sequence[UndecidedReason]
    undecided_remark: str
    contradicting: FlowList | None


@dataclass(frozen=True)
class Drift:
    """What has changed since the baseline."""

    sentence: str
    lists: Sequence[FlowList]


@dataclass(frozen=True)
class View:
    """Everything a report says, as text that is clean but not yet escaped; warnings are also the task's own."""

    title: str
    firewall_name: str
    firewall_arn: str
    audited_at: str
    verdict: Verdict
    partial: bool
    notices: Sequence[str]
    warnings: Sequence[str]
    figures: Sequence[Figure]
    by_rule: Chart
    by_severity: Chart
    by_zone: Chart
    talkers: Rankings
    oldest: Rankings
    operations: Operations
    findings: Findings
    plan: Plan | None
    firewall_rules: FirewallRules | None
    drift: Drift | None
    unreadable: FlowList | None


def severity_class(severity: str) -> str:
    """Return a severity as one of SEVERITIES, or unknown."""
    return severity if severity in SEVERITIES else "unknown"
