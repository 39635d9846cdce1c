# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of each firewall of a fleet: read from results that were handed on, or from folders of JSON reports."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....module_utils.errors import FlowOpsError, OptionError, shown
from ....module_utils.files import FileKind, json_of, read_bounded
from ..audit import Audit
from ..audit_reader import audit_of
from ..text import clean, integer, mapping
from ..verdict import verdict_of
from ..view import Verdict

REPORT = "-report.json"
# The pages that lie beside a JSON report, by what a link to each says.
_BESIDE = {"report": "-report.html", "remediation": "-remediation.html"}
_REPORT = FileKind("report", 16 << 20)


@dataclass(frozen=True)
class Firewall:
    """The newest audit of a firewall; links lead to its pages, by what each is of."""

    audit: Audit
    verdict: Verdict
    by_rule: Mapping[str, int]
    plan_flow_count: int
    plan_inseparable: int
    links: Mapping[str, str]

    @property
    def findings_total(self) -> int:
        """The number of findings, 0 where the audit does not say it."""
        return self.audit.findings_total or 0


@dataclass(frozen=True)
class Missing:
    """A firewall without a result, and why there is none."""

    firewall_arn: str
    reason: str


@dataclass(frozen=True)
class Fleet:
    """The newest audits of a fleet, in the order of their ARNs, and what is missing."""

    firewalls: Sequence[Firewall]
    missing: Sequence[Missing]
    problems: Sequence[str]


def fleet_of(
    results: Iterable[Mapping[str, Any]], folders: Sequence[str], expected: Sequence[str], missing: Sequence[Any] = ()
) -> Fleet:
    """Return a fleet from results, folders of reports and the ARNs that should be there; raise OptionError.

    missing are ARNs, or mappings of firewall_arn and reason, for which whoever gives them knows why.
    """
    newest: dict[str, Firewall] = {}
    problems: list[str] = []
    told = [*results, *(result for folder in folders for result in _reports_in(folder, problems))]
    for result in told:
        firewall = _firewall(result)
        if not firewall.audit.firewall_arn:
            problems.append("A result without a firewall_arn was left out.")
            continue
        before = newest.get(firewall.audit.firewall_arn)
        # Times as moment() writes them compare as text.
        if before is None or before.audit.audited_at <= firewall.audit.audited_at:
            newest[firewall.audit.firewall_arn] = firewall
    reasons = {arn: reason for arn, reason in map(_missing, missing) if arn}
    absent = sorted({*expected, *reasons} - newest.keys())
    nowhere = _nowhere(folders)
    return Fleet(
        firewalls=[newest[arn] for arn in sorted(newest)],
        missing=[Missing(clean(arn), reasons.get(arn) or nowhere) for arn in absent],
        problems=problems,
    )


def _nowhere(folders: Sequence[str]) -> str:
    where = f", and no JSON report (json among the formats of the audit) is in {', '.join(folders)}" if folders else ""
    return f"no result of it was handed on{where}"


def _missing(item: Any) -> tuple[str, str]:
    if isinstance(item, Mapping):
        return clean(item.get("firewall_arn")), clean(item.get("reason"))
    return clean(item), ""


def _firewall(result: Mapping[str, Any]) -> Firewall:
    # What a role hands on holds the plan's numbers beside the result, a report holds the plan.
    audit = audit_of({**result, "counts": {**mapping(result.get("counts")), **_flat_counts(result)}})
    plan = audit.plan
    return Firewall(
        audit=audit,
        verdict=verdict_of(audit, audit.findings_total or 0)[0],
        by_rule=audit.counts.by_rule or {},
        plan_flow_count=_number(result.get("plan_flow_count"), plan.flow_count if plan else 0),
        plan_inseparable=_number(result.get("plan_inseparable"), plan.inseparable if plan else 0),
        links={clean(name): clean(place, 2000) for name, place in mapping(result.get("links")).items() if place},
    )


def _flat_counts(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("by_rule", "by_severity") if isinstance(result.get(name), Mapping)}


def _number(value: Any, otherwise: int) -> int:
    number = integer(value)
    return otherwise if number is None else number


def _reports_in(folder: str, problems: list[str]) -> list[dict[str, Any]]:
    """Return the JSON reports of a folder with links to the pages beside them; raise OptionError without the folder."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(REPORT))
    except OSError as error:
        raise OptionError("report_dirs", folder, f"it must be a folder that can be read: {error.strerror}") from error
    found = []
    for name in names:
        path = os.path.join(folder, name)
        try:
            found.append({**_report(path), "links": _beside(folder, name)})
        except FlowOpsError as error:
            problems.append(f"{error.message} It was left out.")
        except OSError as error:
            problems.append(f"{shown(path)}: {error.strerror}. It was left out.")
    return found


def _report(path: str) -> dict[str, Any]:
    report = json_of(read_bounded(path, _REPORT), path)
    if not isinstance(report, dict) or not report.get("firewall_arn"):
        raise FlowOpsError(f"{shown(path)}: it is not the JSON report of an audit of a firewall.")
    return report


def _beside(folder: str, name: str) -> dict[str, str]:
    stem = os.path.join(folder, name[: -len(REPORT)])
    return {kind: stem + ending for kind, ending in _BESIDE.items() if os.path.isfile(stem + ending)}
