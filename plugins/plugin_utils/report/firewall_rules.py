# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall's own rules as judges: what they say of the flows, what a change would do, and what they leave open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ...module_utils.errors import counted
from .audit import Audit, Contradicting, FirewallPolicy, RuleGroup, Undecided
from .charts import changed_talkers, plain_chart, worded_chart
from .text import NOT_GIVEN, flow_text, more, number
from .view import Changed, FirewallRules, FlowList, Group, UndecidedReason

_FATES = {
    "passed": "would be passed",
    "dropped": "would be dropped",
    "undecided": "undecided",
    "contradicting": "contradicting",
}
_FATES_BEFORE = {"passed": "are passed", "dropped": "would be dropped", "undecided": "undecided"}
_CHANGES = {
    "newly_dropped": "passed today, dropped then",
    "newly_passed": "dropped today, passed then",
    "newly_undecided": "undecided then",
    "unchanged": "unchanged",
}
_ORDERS = {"STRICT_ORDER": "in strict order", "DEFAULT_ACTION_ORDER": "in action order"}
_RULES_SHOWN = 30
_REASONS_SHOWN = 30
_RULES_OF_A_REASON = 5


def firewall_rules_of(audit: Audit) -> FirewallRules | None:
    """Return what the firewall's own rules say of the flows, None where a policy judged them."""
    if audit.judged_by == "policy":
        return None
    reasons = _reasons(audit.undecided)
    deciding = {rule.label: rule.flow_count for rule in audit.rules if rule.flow_count}
    return FirewallRules(
        sentence=_sentence(audit.firewall_policy),
        groups=[_group(group) for group in (audit.firewall_policy.groups if audit.firewall_policy else ())],
        by_fate=worded_chart(audit.counts.by_fate or {}, _present(_FATES, audit.counts.by_fate)),
        by_fate_before=worded_chart(
            audit.counts.by_fate_before or {}, _present(_FATES_BEFORE, audit.counts.by_fate_before)
        ),
        by_change=worded_chart(audit.counts.by_change or {}, _present(_CHANGES, audit.counts.by_change)),
        changed=_changed(audit),
        deciding=plain_chart(deciding, _RULES_SHOWN, "rule"),
        undecided=reasons[:_REASONS_SHOWN],
        undecided_remark=more(len(reasons) - _REASONS_SHOWN, "reason"),
        contradicting=_contradicting(audit.contradicting),
    )


def _changed(audit: Audit) -> list[Changed]:
    counts = audit.counts.by_change or {}
    return [
        Changed(
            f"{counted(counts[change], 'flow')} {words}",
            plain_chart(audit.changed_rules(change), _RULES_SHOWN, "rule"),
            changed_talkers(audit, change),
        )
        for change, words in _CHANGES.items()
        if change != "unchanged" and counts.get(change)
    ]


def _contradicting(found: Contradicting) -> FlowList | None:
    if not found.count:
        return None
    flows = [flow_text(flow) for flow in found.examples[:_RULES_SHOWN]]
    look = "looks like an attempt" if found.attempts == 1 else "look like attempts"
    attempts = f" {number(found.attempts)} of them {look} that the firewall is dropping."
    return FlowList(
        f"{counted(found.count, 'flow')} that could not have begun under these rules",
        flows,
        "Either the rules were read wrongly, or the flows came in another way." + (attempts if found.attempts else ""),
    )


def _present(words: Mapping[str, str], counts: Mapping[str, int] | None) -> dict[str, str]:
    return {name: label for name, label in words.items() if counts is not None and name in counts}


def _sentence(policy: FirewallPolicy | None) -> str:
    if policy is None:
        return "A new connection with the 5-tuple of each flow was held against the firewall's own rules."
    order = f", {_ORDERS.get(policy.rule_order, policy.rule_order)}" if policy.rule_order else ""
    actions = f", then {', '.join(policy.default_actions)}" if policy.default_actions else ""
    changed = f", last changed {policy.changed_at}" if policy.changed_at else ""
    told = [
        "A new connection with the 5-tuple of each flow was held against the firewall policy"
        f" {policy.name or NOT_GIVEN}{order}{actions}{changed}.",
        f"HOME_NET is {policy.home_net}." if policy.home_net else "",
        "A change is still spreading, so that which rules hold is not known." if policy.in_sync is False else "",
    ]
    return " ".join(filter(None, told))


def _group(group: RuleGroup) -> Group:
    return Group(
        name=group.name or NOT_GIVEN,
        priority=group.priority or NOT_GIVEN,
        kind=group.kind or NOT_GIVEN,
        rules=number(group.rule_count),
        changed=group.changed_at or NOT_GIVEN,
        change=group.change,
        unread=group.unread,
    )


def _reasons(undecided: Sequence[Undecided]) -> list[UndecidedReason]:
    """Return the undecided flows by reason, the one of most flows first."""
    totals: Counter[str] = Counter()
    rules: dict[str, Counter[str]] = {}
    for item in undecided:
        totals[item.reason] += item.flow_count
        rule = f"{item.rule} ({item.hangs_on})" if item.rule and item.hangs_on else item.rule or item.hangs_on
        rules.setdefault(item.reason, Counter())[rule] += item.flow_count
    ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return [_reason(reason, total, rules[reason]) for reason, total in ordered]


def _reason(reason: str, total: int, rules: Mapping[str, int]) -> UndecidedReason:
    named = plain_chart({name: count for name, count in rules.items() if name}, _RULES_OF_A_REASON, "rule")
    return UndecidedReason(reason, counted(total, "flow"), named.bars, named.remark)
