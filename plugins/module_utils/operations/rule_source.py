# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that an audit judges by: a firewall's own as AWS describes them, or answers that were saved."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..aws.firewall_rules import Described, describe_rules
from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError, OptionError
from ..files import FileKind, json_of, read_file, text_of
from ..firewalls.impact import in_sync
from ..flows.arns import NamedFirewall
from ..rules.change import PRESENT, STATES, Change, changed, check_changed
from ..rules.judge import INITIATORS
from ..rules.read import arn_of, check_home_net, missing_groups, ruleset_of, unread_ruleset
from ..rules.ruleset import Ruleset
from ..rules.shapes import ANSWERS as WRITTEN
from ..rules.shapes import GROUP_ANSWER, POLICY_ANSWER, Shape, misfit
from ..rules.texts import number_in
from ..times import utc_text

ON_UNDECIDED = ("inconclusive", "ignore")
_LARGEST_PRIORITY = 65535
# A rule group has at most 2 MB of rules.
RULES = FileKind("rule group", 8 << 20)
# All groups of a policy, as an audit writes them.
ANSWERS = FileKind("firewall policy", 64 << 20)
# What such a file has beside the policy.
_WHOLE = ("groups", "problems", "prefix_lists", "unread")


@dataclass(frozen=True)
class FirewallRules:
    """What an audit judges by: the rules as they are, as they would be, and whether they hold.

    unread is a sentence on each thing that could not be read of them; after, None without changes; in_sync, False while
    a change is still spreading, None where AWS was not asked. answers is what was judged by, changes made, in the form
    of which saved_rules() makes the same rules again.
    """

    ruleset: Ruleset
    unread: tuple[str, ...] = ()
    in_sync: bool | None = None
    after: Ruleset | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)


def check_rule_options(given: Mapping[str, Any]) -> None:
    """Raise FlowOpsError for a firewall_rules option that cannot be meant, before any call to AWS."""
    home_net = given.get("home_net")
    if home_net is not None:
        problem = check_home_net(home_net)
        if problem:
            raise OptionError("firewall_rules.home_net", home_net, f"give CIDRs such as 10.0.0.0/8; {problem}")
    if bool(given.get("firewall_policy_src")) < bool(given.get("rule_group_srcs")):
        raise FlowOpsError(
            "firewall_rules.rule_group_srcs: were given without firewall_policy_src; give the answer of"
            " DescribeFirewallPolicy that names these rule groups."
        )
    for option, allowed in (("initiator", INITIATORS), ("on_undecided", ON_UNDECIDED)):
        if given.get(option) not in (None, *allowed):
            raise OptionError(f"firewall_rules.{option}", given[option], f"give one of {', '.join(allowed)}")


def changes_of(given: Mapping[str, Any]) -> list[Change]:
    """Return the changes of the option firewall_rules, each with its file read; raise FlowOpsError."""
    return [_change(change) for change in given.get("changes") or ()]


def _change(given: Mapping[str, Any]) -> Change:
    option = "firewall_rules.changes"
    state, path = given.get("state") or PRESENT, given.get("src")
    if state not in STATES:
        raise OptionError(f"{option}.state", state, f"give one of {', '.join(STATES)}")
    priority = _priority(given.get("priority"), f"{option}.priority")
    if (state == PRESENT) != bool(path):
        raise OptionError(
            f"{option}.src",
            path,
            "give a file with the rules of a group that is to be there, and none for one that is not",
        )
    if not path:
        return Change(str(given["rule_group"]), state=state)
    text = text_of(read_file(path, RULES, f"{option}.src").removeprefix(BOM_UTF8), path)
    return Change(str(given["rule_group"]), text, path, priority, state)


def _priority(given: Any, option: str) -> int | None:
    """Return the priority of a change, which surveys give as text."""
    if given is None or given == "":
        return None
    text = str(given).strip()
    number = number_in(text) if not isinstance(given, bool) else None
    if number is None or not 1 <= number <= _LARGEST_PRIORITY:
        raise OptionError(option, given, f"give a whole number from 1 to {_LARGEST_PRIORITY}")
    return number


def saved_rules(given: Mapping[str, Any]) -> FirewallRules:
    """Return the rules in saved answers, without asking AWS; raise FlowOpsError."""
    option = "firewall_rules.firewall_policy_src"
    path = str(given["firewall_policy_src"])
    policy = _answer(path, option, ANSWERS)
    if policy.keys() >= {*_WHOLE}:
        return _written_rules(policy, path, given)
    if "FirewallPolicy" not in policy:
        raise OptionError(option, path, "it is not an answer of DescribeFirewallPolicy, which has a FirewallPolicy")
    _check_shape(policy, POLICY_ANSWER, path, option)
    groups = [_saved_group(path) for path in given.get("rule_group_srcs") or ()]
    missing = missing_groups(policy, groups)
    if missing:
        raise FlowOpsError(
            f"firewall_rules.rule_group_srcs: the rule group '{missing[0]}', which the policy names, is missing;"
            f" give the answers of DescribeRuleGroup for all groups of the policy ({len(missing)} missing)."
        )
    return _rules(Described(policy, groups), given, changes_of(given))


def _written_rules(answers: Mapping[str, Any], path: str, given: Mapping[str, Any]) -> FirewallRules:
    """Return the rules of a file that an audit wrote, rules_dest; raise FlowOpsError."""
    if given.get("rule_group_srcs"):
        raise FlowOpsError(
            "firewall_rules.rule_group_srcs: were given together with a firewall_policy_src that an audit wrote as"
            " rules_dest; it has the rule groups."
        )
    option = "firewall_rules.firewall_policy_src"
    _check_shape(answers, WRITTEN, path, option)
    described = Described(
        policy=answers["policy"],
        vpc_cidrs=answers.get("vpc_cidrs"),
        **{member: answers[member] for member in _WHOLE},
    )
    missing = [arn for arn in missing_groups(answers["policy"], answers["groups"]) if arn not in answers["problems"]]
    if missing:
        raise OptionError(option, path, f"the rule group '{missing[0]}', which its policy names, is missing in it")
    home_net = given.get("home_net") or answers.get("home_net")
    problem = check_home_net(home_net) if home_net is not None else ""
    if problem:
        raise OptionError(option, path, f"its home_net is none: {problem}")
    return _rules(described, {**given, "home_net": home_net}, changes_of(given))


def _saved_group(path: str) -> dict[str, Any]:
    option = "firewall_rules.rule_group_srcs"
    answer = _answer(path, option)
    _check_shape(answer, GROUP_ANSWER, path, option)
    if not arn_of(answer):
        raise OptionError(
            option, path, "it is not an answer of DescribeRuleGroup, which has a RuleGroupArn in its RuleGroupResponse"
        )
    return answer


def _check_shape(answer: Mapping[str, Any], shape: Shape, path: str, option: str) -> None:
    wrong = misfit(answer, shape)
    if wrong:
        raise OptionError(option, path, wrong)


def _answer(path: str, option: str, kind: FileKind = RULES) -> dict[str, Any]:
    content = json_of(read_file(path, kind, option), path)
    if not isinstance(content, dict):
        raise OptionError(option, path, "it is not a mapping in JSON as the AWS CLI prints it")
    return content


def live_rules(
    api: NetworkFirewall,
    ec2: Callable[[], Any],
    named: NamedFirewall,
    given: Mapping[str, Any],
    changes: Sequence[Change] = (),
) -> FirewallRules:
    """Return the rules of a firewall as they are now; raise FlowOpsError. ec2() makes a client of EC2."""
    answer = api.firewall_of(named)
    need_home_net = given.get("home_net") is None
    described = describe_rules(api, ec2, answer["Firewall"], need_home_net=need_home_net, changing=bool(changes))
    arn = str(answer["Firewall"]["FirewallPolicyArn"])
    holds = in_sync(answer["FirewallStatus"])
    if described.policy is None:
        if changes:
            raise FlowOpsError(f"firewall_rules.changes: what they would change is not known. {described.unread[0]}")
        return FirewallRules(unread_ruleset(arn), tuple(described.unread), holds, answers={"unread": described.unread})
    return _rules(described, given, changes, holds)


def _rules(
    described: Described, given: Mapping[str, Any], changes: Sequence[Change], holds: bool | None = None
) -> FirewallRules:
    policy, groups = described.policy or {}, described.groups
    now, after = _ruleset(described, given, policy, groups), None
    if changes:
        policy, groups = changed(policy, groups, changes)
        after = _ruleset(described, given, policy, groups)
        check_changed(after, changes)
    answers = _answers(replace(described, policy=policy, groups=groups), given.get("home_net"))
    return FirewallRules(now, tuple(described.unread), holds, after, answers)


def _answers(described: Described, home_net: Sequence[str] | None) -> dict[str, Any]:
    """Return what rules were read from, for JSON: times as texts."""
    found: dict[str, Any] = _plain(vars(described))
    return found if home_net is None else {**found, "home_net": list(home_net)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        # Half of a surrogate pair, which JSON may have, is no text that a file can hold.
        return value.encode("utf-8", "replace").decode("utf-8")
    return utc_text(value) if isinstance(value, datetime) else value


def _ruleset(
    described: Described, given: Mapping[str, Any], policy: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]
) -> Ruleset:
    return ruleset_of(
        policy,
        groups,
        home_net=given.get("home_net"),
        vpc_cidrs=described.vpc_cidrs,
        prefix_lists=described.prefix_lists,
        problems=described.problems,
    )
