# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what is known of a fleet to what its page says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ....module_utils.errors import counted
from ..charts import plain_chart, worded_chart
from ..links import link_of
from ..text import NOT_GIVEN, SEVERITIES, clean, more, number, share
from ..view import Figure, Verdict, severity_class
from .facts import Firewall, Fleet, Missing
from .view import FirewallRow, FleetView, Link, MissingRow, RuleRow

# The worst comes first.
_ORDER = {"noncompliant": 0, "inconclusive": 1, "": 2, "compliant": 3}
_WORDS = {
    "noncompliant": "noncompliant",
    "inconclusive": "inconclusive",
    "unknown": "no verdict",
    "missing": "missing",
    "compliant": "compliant",
}
_LINKS = {"report": "report", "remediation": "remediation"}
_FIREWALLS_SHOWN = 2000
_RULES_SHOWN = 20
_NAMED = 5


def fleet_view(fleet: Fleet, *, title: str = "Fleet", place_of: Callable[[str], str] = str) -> FleetView:
    """Return what the page of a fleet says; place_of turns the path of a page into what a link on this one says."""
    ordered = sorted(fleet.firewalls, key=lambda item: (_rank(item), -item.findings_total, item.audit.firewall_arn))
    counts = Counter(item.verdict.judged if item.verdict.judged in _WORDS else "unknown" for item in fleet.firewalls)
    counts["missing"] = len(fleet.missing)
    rules, rules_remark = _rules(fleet.firewalls)
    times = sorted(filter(None, (item.audit.audited_at for item in fleet.firewalls)))
    return FleetView(
        title=clean(title),
        audited=_audited(times),
        verdict=_verdict(fleet),
        figures=_figures(fleet),
        notices=fleet.problems,
        by_verdict=worded_chart(counts, {name: word for name, word in _WORDS.items() if counts[name]}),
        rules=rules,
        rules_remark=rules_remark,
        firewalls=[_row(item, place_of) for item in ordered[:_FIREWALLS_SHOWN]],
        firewalls_remark=more(len(ordered) - _FIREWALLS_SHOWN, "firewall"),
        missing=[_missing(item) for item in fleet.missing[:_FIREWALLS_SHOWN]],
        missing_remark=more(len(fleet.missing) - _FIREWALLS_SHOWN, "firewall"),
    )


def _rank(item: Firewall) -> int:
    return _ORDER.get(item.verdict.judged, _ORDER[""])


def _audited(times: Sequence[str]) -> str:
    if not times:
        return ""
    return times[0] if times[0] == times[-1] else f"{times[0]} to {times[-1]}"


def _verdict(fleet: Fleet) -> Verdict:
    """Return the verdict on a fleet: as bad as that of its worst firewall, and never good while one is missing."""
    broken = sum(item.verdict.judged == "noncompliant" for item in fleet.firewalls)
    kept = sum(item.verdict.judged == "compliant" for item in fleet.firewalls)
    total = len(fleet.firewalls) + len(fleet.missing)
    missing = f"{counted(len(fleet.missing), 'firewall')} without a result" if fleet.missing else ""
    if broken:
        flows = sum(item.findings_total for item in fleet.firewalls)
        return Verdict(
            "Noncompliant",
            "bad",
            f"{number(broken)} of {counted(total, 'firewall')}, {counted(flows, 'finding')}",
            missing,
            "",
        )
    if not fleet.firewalls:
        return Verdict("No verdict", "open", "there is no result of any firewall", missing, "")
    if kept == total:
        return Verdict(
            "Compliant", "good", f"{'the one firewall' if total == 1 else f'all {number(total)} firewalls'}", "", ""
        )
    return Verdict("Inconclusive", "open", f"{number(kept)} of {counted(total, 'firewall')} are compliant", missing, "")


def _figures(fleet: Fleet) -> list[Figure]:
    flows = sum(item.audit.flow_count or 0 for item in fleet.firewalls)
    findings = sum(item.findings_total for item in fleet.firewalls)
    to_cut = sum(item.plan_flow_count for item in fleet.firewalls)
    parts = sum(item.audit.is_part for item in fleet.firewalls)
    remark = f"captured, of {counted(parts, 'firewall')} those alone that can be findings" if parts else "captured"
    accounts = {_parts(item.audit.firewall_arn)[0] for item in fleet.firewalls}
    return [
        Figure(
            "Firewalls", number(len(fleet.firewalls)), f"in {counted(len(accounts), 'account')}" if accounts else ""
        ),
        Figure("Live flows", number(flows), remark),
        Figure("Findings", number(findings), f"{share(findings, flows)} of the flows" if flows and not parts else ""),
        Figure("Flush plans", number(to_cut), f"{'flow' if to_cut == 1 else 'flows'} to cut"),
        Figure("Missing", number(len(fleet.missing)), "without a result"),
    ]


def _rules(firewalls: Sequence[Firewall]) -> tuple[list[RuleRow], str]:
    """Return the rules with findings across the fleet, the most findings first, and what is left out."""
    totals: Counter[str] = Counter()
    owners: dict[str, list[tuple[int, str]]] = {}
    severities = {rule.label: rule.severity for item in firewalls for rule in item.audit.rules}
    for item in firewalls:
        for name, count in item.by_rule.items():
            if count > 0:
                totals[clean(name)] += count
                owners.setdefault(clean(name), []).append((-count, _name(item)))
    chart = plain_chart(totals, _RULES_SHOWN, "rule", severities)
    return [RuleRow(line, _named(owners[line.key])) for line in chart.bars], chart.remark


def _named(owners: list[tuple[int, str]]) -> str:
    names = [name for _count, name in sorted(owners)]
    rest = f" and {number(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{rest}"


def _row(item: Firewall, place_of: Callable[[str], str]) -> FirewallRow:
    account, region = _parts(item.audit.firewall_arn)
    by_severity = item.audit.counts.by_severity or {}
    worst = next((name for name in SEVERITIES if by_severity.get(name)), "")
    links = [Link(_LINKS.get(name, name), link_of(place_of(place))) for name, place in item.links.items()]
    return FirewallRow(
        name=_name(item),
        account=account or NOT_GIVEN,
        region=region or NOT_GIVEN,
        word=item.verdict.word,
        tone=item.verdict.tone,
        partial=item.audit.partial,
        findings=number(item.audit.findings_total),
        flows=number(item.audit.flow_count),
        worst=worst or NOT_GIVEN,
        worst_class=severity_class(worst),
        to_cut=number(item.plan_flow_count),
        audited_at=item.audit.audited_at or NOT_GIVEN,
        links=[link for link in links if link.place],
    )


def _missing(item: Missing) -> MissingRow:
    return MissingRow(item.firewall_arn, item.reason)


def _name(item: Firewall) -> str:
    return item.audit.firewall_name or item.audit.firewall_arn.rpartition("/")[2]


def _parts(arn: str) -> tuple[str, str]:
    """Return the account and the Region of an ARN, empty when it is invalid."""
    parts = arn.split(":")
    return (parts[4], parts[3]) if len(parts) > 5 else ("", "")
