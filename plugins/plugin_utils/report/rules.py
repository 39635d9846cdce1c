# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings of an audit rule by rule, for the formats that have one entry for each rule of a firewall."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ...module_utils.errors import FlowOpsError, counted
from ...module_utils.flows.arns import FirewallArn, parse_firewall_arn
from ...module_utils.times import parse_utc
from .audit import Audit, Rule
from .text import SEVERITIES, clean, flow_text, integer, plain, why_of
from .view import View

SAMPLES = 10

FLOW_MEMBERS = (
    "source_address",
    "source_port",
    "destination_address",
    "destination_port",
    "protocol",
    "protocol_number",
    "age",
    "packet_count",
    "byte_count",
    "availability_zone",
)


class RuleTally:
    """One pass over the findings: how many each rule has, and the SAMPLES largest of them, largest first."""

    def __init__(self) -> None:
        self.total = 0
        self._count: dict[str, int] = {}
        self._severity: dict[str, Any] = {}
        self._largest: dict[str, list[tuple[int, int, Mapping[str, Any]]]] = {}

    def watch(self, findings: Iterable[Any]) -> Iterator[Any]:
        """Yield the findings as they are, counting them on the way."""
        for finding in findings:
            if isinstance(finding, Mapping):
                self._add(finding)
            yield finding

    def _add(self, finding: Mapping[str, Any]) -> None:
        name = plain(finding.get("rule"))
        self.total += 1
        self._count[name] = self._count.get(name, 0) + 1
        self._severity.setdefault(name, finding.get("severity"))
        # The negated position makes the earlier of two equal flows the larger one, and decides before two mappings
        # are compared, which cannot be.
        entry = (integer(finding.get("byte_count")) or 0, -self.total, finding)
        largest = self._largest.setdefault(name, [])
        if len(largest) < SAMPLES:
            heapq.heappush(largest, entry)
        else:
            heapq.heappushpop(largest, entry)

    def counts(self) -> dict[str, int]:
        """Return the number of findings of each rule that has any."""
        return dict(self._count)

    def severity(self, name: str) -> Any:
        """Return the severity of a rule's first finding, None for a rule without any."""
        return self._severity.get(name)

    def why(self, name: str) -> str:
        """Return what the largest finding of a rule says of it, empty when it says nothing."""
        return next((why_of(sample) for sample in self.samples(name)), "")

    def samples(self, name: str) -> list[Mapping[str, Any]]:
        """Return the largest findings of a rule."""
        return [finding for _size, _position, finding in sorted(self._largest.get(name, ()), reverse=True)]


@dataclass(frozen=True)
class RuleFacts:
    """What an audit says of one rule: a severity of SEVERITIES, its number of findings, its largest flows."""

    name: str
    severity: str
    count: int
    samples: list[Mapping[str, Any]] = field(default_factory=list)
    # Why a rule without findings has none: "kept", "expired" or "disabled".
    reason: str = ""
    # Why there is the rule, in the words of who wrote it.
    why: str = ""

    @property
    def label(self) -> str:
        """The rule's name as text of one line."""
        return clean(self.name, 128).strip() or "(no name)"


@dataclass(frozen=True)
class RuleReport:
    """The rules of one audit of one firewall: broken have findings; silent are deny rules that surely have none."""

    arn: FirewallArn | None
    firewall_name: str
    audited_at: datetime
    flow_count: int | None
    partial: bool
    # policy, rules (the firewall's own) or change (of those).
    judged_by: str
    broken: list[RuleFacts]
    silent: list[RuleFacts]

    def identifier(self, rule: RuleFacts) -> str:
        """Return what names a rule on this firewall in every run (64 hex digits), whatever is in the names."""
        subject = self.arn.arn if self.arn else self.firewall_name
        return hashlib.sha256(f"{subject}\0{rule.name}".encode("utf-8", "surrogatepass")).hexdigest()

    def title(self, rule: RuleFacts) -> str:
        """Return the heading of a rule's entry."""
        if rule.reason in ("expired", "disabled"):
            return f"The rule {rule.label} of {self.firewall_name} was not applied"
        if rule.reason:
            return f"No live flow breaks the rule {rule.label} of {self.firewall_name}"
        if self.judged_by != "policy":
            return f"Live flows that the rule {rule.label} of {self.firewall_name} would drop"
        return f"Live flows break the rule {rule.label} of {self.firewall_name}"

    def description(self, rule: RuleFacts) -> str:
        """Return what was found and why there is the rule, in sentences, and whether flows may be missing."""
        sentence = self._unbroken(rule) if rule.reason else self._broken(rule)
        sentences = [sentence, rule.why if rule.why.endswith((".", "!", "?")) or not rule.why else f"{rule.why}."]
        if not rule.reason and self.partial:
            sentences.append("The capture is partial: flows may be missing, and more may break the rule.")
        if rule.samples:
            sentences.append(f"The largest: {'; '.join(flow_text(sample) for sample in rule.samples[:3])}.")
        return " ".join(filter(None, sentences))

    @property
    def _moment(self) -> str:
        return self.audited_at.strftime("%Y-%m-%d %H:%M:%S UTC")

    def _unbroken(self, rule: RuleFacts) -> str:
        if rule.reason != "kept":
            state = "has expired" if rule.reason == "expired" else "is disabled"
            of_whom = f"the flows of {self.firewall_name}, {self._moment}"
            return f"The rule {rule.label} {state} and was not applied to {of_whom}."
        of_all = "no live flow" if self.flow_count is None else f"none of {counted(self.flow_count, 'live flow')}"
        return f"At {self._moment} {of_all} of {self.firewall_name} broke the deny rule {rule.label}."

    def _broken(self, rule: RuleFacts) -> str:
        of_all = "" if self.flow_count is None else f" of {self.flow_count:,}"
        flows = "live flow" if (self.flow_count or rule.count) == 1 else "live flows"
        if self.judged_by == "policy":
            done = f"broke the deny rule {rule.label}"
        else:
            done = f"{'is one' if rule.count == 1 else 'are some'} that the firewall's rule {rule.label} would drop"
        return f"At {self._moment} {rule.count:,}{of_all} {flows} of {self.firewall_name} {done}."


def rule_report(audit: Audit, view: View, tally: RuleTally, option: str) -> RuleReport:
    """Return an audit rule by rule; raise FlowOpsError naming the option when it has no time or a bad ARN."""
    written = clean(audit.raw.get("firewall_arn"), 2048)
    arn = parse_firewall_arn(written, "audit.firewall_arn") if written else None
    stated = audit.counts.by_rule
    counts = _counts(stated, tally.counts())
    # Without every finding at hand, only what the audit itself has counted says that a rule has none.
    complete = stated is not None or tally.total == view.findings.total
    rules = {rule.name: rule for rule in audit.rules}
    return RuleReport(
        arn=arn,
        firewall_name=arn.name if arn else _firewall_name(audit),
        audited_at=_audited_at(audit, option),
        flow_count=audit.whole_flow_count,
        partial=view.partial,
        judged_by=audit.judged_by,
        broken=_broken(rules, counts, tally),
        silent=_silent(rules, counts, known=complete and not view.partial),
    )


def _counts(stated: Mapping[str, int] | None, seen: Mapping[str, int]) -> Mapping[str, int]:
    if stated is None:
        return seen
    # A finding at hand is there, whatever the audit has counted.
    return {name: max(stated.get(name, 0), seen.get(name, 0)) for name in [*stated, *seen]}


def _broken(rules: Mapping[str, Rule], counts: Mapping[str, int], tally: RuleTally) -> list[RuleFacts]:
    """Return the rules with findings: those of the policy in its order, then those that it does not list."""
    names = [*(name for name in rules if name in counts), *(name for name in counts if name not in rules)]
    return [
        RuleFacts(
            name,
            _severity(_stated(rules.get(name)) or tally.severity(name)),
            counts[name],
            tally.samples(name),
            why=_why(rules.get(name)) or tally.why(name),
        )
        for name in names
        if counts[name] > 0
    ]


def _silent(rules: Mapping[str, Rule], counts: Mapping[str, int], *, known: bool) -> list[RuleFacts]:
    """Return the deny rules without findings, those that were judged only where all flows and findings are known."""
    # What was judged on a part of the flows only is not known to be kept; what was not judged is known not to be.
    return [
        RuleFacts(name, _severity(rule.severity), 0, reason=_reason(rule), why=rule.description)
        for name, rule in rules.items()
        if rule.action == "deny" and not counts.get(name) and (known or not rule.applied)
    ]


def _why(rule: Rule | None) -> str:
    return rule.description if rule else ""


def _stated(rule: Rule | None) -> str:
    return rule.severity if rule else ""


def _firewall_name(audit: Audit) -> str:
    return clean(audit.raw.get("firewall_name"), 128).strip() or "the firewall"


def _reason(rule: Rule) -> str:
    if rule.expired:
        return "expired"
    return "disabled" if rule.disabled else "kept"


def _severity(value: Any) -> str:
    text = clean(value)
    return text if text in SEVERITIES else "medium"


def _audited_at(audit: Audit, option: str) -> datetime:
    try:
        return parse_utc(clean(audit.raw.get("audited_at"))).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise FlowOpsError(
            f"{option}: each entry has the time of the audit; audit.audited_at must be a time in ISO 8601"
            " such as 2026-01-31T12:00:00Z."
        ) from None
