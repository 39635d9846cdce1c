# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of an audit with what is said of their flows, whoever judges them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..audit.policy import Policy
from ..errors import shown
from .capture import Capture

Records = list[dict[str, Any]]


@dataclass(frozen=True)
class JudgedPage:
    """A page of flow records, for each its finding or None, and the places of those that cannot be judged."""

    capture: Capture
    records: Records
    findings: Sequence[Any]
    unreadable: Sequence[int] = ()
    # Of those that the firewall's rules do not decide, flow records with the reason.
    undecided: Sequence[dict[str, Any]] = ()

    def without(self, places: Container[int]) -> JudgedPage:
        """Return the page without the flows at those places; of undecided ones nothing is left out."""
        kept = [at for at in range(len(self.records)) if at not in places]
        moved = {at: number for number, at in enumerate(kept)}
        return replace(
            self,
            records=[self.records[at] for at in kept],
            findings=[self.findings[at] for at in kept],
            unreadable=[moved[at] for at in self.unreadable if at in moved],
        )


class Judge(Protocol):
    """By what the flows of an audit are judged."""

    def pages(self, pages: Iterable[tuple[Capture, Records]]) -> Iterator[JudgedPage]:
        """Yield each page with the findings on it."""

    @property
    def reasons(self) -> list[str]:
        """Why flows without a finding cannot be called compliant."""

    def counts(self) -> dict[str, Any]:
        """Return what it counts beside the findings."""

    def as_result(self) -> dict[str, Any]:
        """Return what the result of an audit has from it, its rules among them."""

    def warnings(self) -> list[str]:
        """Return a sentence on each thing that its user may not have meant."""


def findings_of(page: JudgedPage) -> list[dict[str, Any]]:
    """Return the findings on a page: flow records with what is said of each, which empty texts are not."""
    return [
        {**record, **{name: value for name, value in finding.as_result().items() if value}}
        for record, finding in zip(page.records, page.findings, strict=True)
        if finding is not None
    ]


class PolicyJudge:
    """Judges the pages of an audit by a policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def pages(self, pages: Iterable[tuple[Capture, Records]]) -> Iterator[JudgedPage]:
        """Yield each page with the findings on it."""
        for capture, records in pages:
            verdicts, unreadable = self.policy.judged(records)
            yield JudgedPage(capture, records, verdicts, unreadable)

    @property
    def reasons(self) -> list[str]:
        """Why flows without a finding cannot be called compliant: nothing_judged."""
        return ["nothing_judged"] if self.policy.judges_nothing else []

    def as_result(self) -> dict[str, Any]:
        """Return the rules, as the result of an audit has them."""
        return {"rules": list(self.policy.described)}

    def counts(self) -> dict[str, Any]:
        """Return nothing: a policy counts findings alone."""
        return {}

    def warnings(self) -> list[str]:
        """Return a sentence on each rule that says nothing."""
        expired = [
            f"The rule {shown(name)} of the policy has expired and was not applied." for name in self.policy.expired
        ]
        return [*self.policy.warnings(), *expired]
