# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page of a remediation says, decided once for HTML and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..view import Figure, FlowList, Verdict


@dataclass(frozen=True)
class RuleRow:
    """What became of the flows of one rule."""

    rule: str
    planned: str
    gone: str
    survived: str
    reborn: str


@dataclass(frozen=True)
class StepRow:
    """The rehearsal or the trial: its name, what it says in a word of a tone and a sentence, and its operations."""

    name: str
    word: str
    tone: str
    sentence: str
    operations: str
    strangers: FlowList | None


@dataclass(frozen=True)
class GuardRow:
    """A guard with the value that was found and what it allows."""

    name: str
    value: str
    limit: str
    word: str
    tone: str


@dataclass(frozen=True)
class OperationRow:
    """A flow operation of the remediation."""

    kind: str
    zone: str
    status: str
    tone: str
    requested: str
    spared: str
    filters: str
    flows: str
    identifier: str


@dataclass(frozen=True)
class Fact:
    """A line of who, when and with what; mono is for text that a machine made."""

    label: str
    value: str
    mono: bool = False


@dataclass(frozen=True)
class RemediationView:
    """Everything the page of a remediation says, as text that is clean but not yet escaped."""

    title: str
    firewall_name: str
    firewall_arn: str
    ended_at: str
    verdict: Verdict
    figures: Sequence[Figure]
    notices: Sequence[str]
    rules: Sequence[RuleRow]
    rules_remark: str
    before_and_after: Sequence[Fact]
    steps: Sequence[StepRow]
    lists: Sequence[FlowList]
    guards: Sequence[GuardRow]
    operations: Sequence[OperationRow]
    operations_remark: str
    facts: Sequence[Fact]
    audit_report: str
