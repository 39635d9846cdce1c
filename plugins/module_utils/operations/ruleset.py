# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that an audit judges by: a firewall's own as AWS describes them, or answers that were saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws.firewall_rules import Described, describe_rules
from ..aws.networkfirewall import NetworkFirewall
from ..errors import FlowOpsError, OptionError
from ..firewalls.impact import in_sync
from ..flows.arns import NamedFirewall
from ..rules.judge import INITIATORS
from ..rules.read import arn_of, check_home_net, missing_groups, ruleset_of, unread_ruleset
from ..rules.ruleset import Ruleset

ON_UNDECIDED = ("inconclusive", "ignore")
# An answer of DescribeRuleGroup has at most 2 MB of rules.
_LARGEST_ANSWER = 8 << 20


@dataclass(frozen=True)
class FirewallRules:
    """What an audit judges by: the rules as they are, what could not be read of them, and whether they hold.

    in_sync is False while a change is still spreading, None where AWS was not asked.
    """

    ruleset: Ruleset
    unread: tuple[str, ...] = ()
    in_sync: bool | None = None


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


def saved_rules(given: Mapping[str, Any], read: Callable[[str, str, int], bytes]) -> FirewallRules:
    """Return the rules in saved answers; read(path, option, most bytes) reads a file, and raises FlowOpsError."""
    option = "firewall_rules.firewall_policy_src"
    path = str(given["firewall_policy_src"])
    policy = _answer(path, option, read)
    if "FirewallPolicy" not in policy:
        raise OptionError(option, path, "it is not an answer of DescribeFirewallPolicy, which has a FirewallPolicy")
    groups = [_saved_group(path, read) for path in given.get("rule_group_srcs") or ()]
    missing = missing_groups(policy, groups)
    if missing:
        raise FlowOpsError(
            f"firewall_rules.rule_group_srcs: the rule group '{missing[0]}', which the policy names, is missing;"
            f" give the answers of DescribeRuleGroup for all groups of the policy ({len(missing)} missing)."
        )
    return FirewallRules(ruleset_of(policy, groups, home_net=given.get("home_net")))


def _saved_group(path: str, read: Callable[[str, str, int], bytes]) -> dict[str, Any]:
    option = "firewall_rules.rule_group_srcs"
    answer = _answer(path, option, read)
    if not arn_of(answer):
        raise OptionError(
            option, path, "it is not an answer of DescribeRuleGroup, which has a RuleGroupArn in its RuleGroupResponse"
        )
    return answer


def _answer(path: str, option: str, read: Callable[[str, str, int], bytes]) -> dict[str, Any]:
    try:
        content = json.loads(read(path, option, _LARGEST_ANSWER))
    except (ValueError, RecursionError):
        raise OptionError(option, path, "it is not JSON as the AWS CLI prints it") from None
    if not isinstance(content, dict):
        raise OptionError(option, path, "it is not a mapping in JSON as the AWS CLI prints it")
    return content


def live_rules(
    api: NetworkFirewall, ec2: Callable[[], Any], named: NamedFirewall, given: Mapping[str, Any]
) -> FirewallRules:
    """Return the rules of a firewall as they are now; raise FlowOpsError. ec2() makes a client of EC2."""
    answer = api.firewall_of(named)
    home_net: Sequence[str] | None = given.get("home_net")
    described = describe_rules(api, ec2, answer["Firewall"], need_home_net=home_net is None)
    return FirewallRules(
        _ruleset(described, str(answer["Firewall"]["FirewallPolicyArn"]), home_net),
        tuple(described.unread),
        in_sync(answer["FirewallStatus"]),
    )


def _ruleset(described: Described, arn: str, home_net: Sequence[str] | None) -> Ruleset:
    if described.policy is None:
        return unread_ruleset(arn)
    return ruleset_of(
        described.policy,
        described.groups,
        home_net=home_net,
        vpc_cidrs=described.vpc_cidrs,
        prefix_lists=described.prefix_lists,
        problems=described.problems,
    )
