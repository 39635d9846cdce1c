# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS tells of a firewall's rules: its policy, rule groups, the VPC's addresses and prefix lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import AwsError, shown
from ..rules.read import asks_vpc, references_of
from .answers import bare
from .failures import NOT_FOUND, calling, needing
from .networkfirewall import NetworkFirewall, spread
from .vpcs import Vpcs

_PREFIX_LIST = ":prefix-list/"


@dataclass
class Described:
    """The answers of AWS about one firewall's rules, and a sentence on each thing that could not be read.

    policy is None where it may not be read; problems says by ARN why a rule group was not; prefix lists are CIDRs by
    ARN; vpc_cidrs is None where HOME_NET cannot be told from the VPC.
    """

    policy: Mapping[str, Any] | None = None
    groups: list[dict[str, Any]] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    vpc_cidrs: list[str] | None = None
    prefix_lists: dict[str, list[str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def describe_rules(
    api: NetworkFirewall, ec2: Any, firewall: Mapping[str, Any], *, need_home_net: bool, changing: bool
) -> Described:
    """Return what AWS tells of the rules of a firewall, as DescribeFirewall has it; raise FlowOpsError.

    A missing permission is no error: what it keeps from being read is named. ec2() makes a client of EC2 when one is
    needed; need_home_net is False where the caller gives HOME_NET. What keeps it from being known is
    told where rules look for it, or may do so once they are changed.
    """
    found = Described()
    arn = str(firewall["FirewallPolicyArn"])
    try:
        found.policy, _next_generation = api.firewall_policy_answer(arn)
    except AwsError as error:
        found.unread.append(_unless_denied(error).message)
        return found
    _describe_groups(api, found)
    if need_home_net and "HOME_NET" not in _variables_of(found.policy):
        # Rules that are kept, and changed later, may look for it.
        found.vpc_cidrs, unknown = _cidrs_of_vpc(ec2, firewall)
        if unknown and (changing or asks_vpc(found.policy, found.groups)):
            found.unread.append(unknown)
    _describe_prefix_lists(ec2, found)
    return found


def _unless_denied(error: AwsError) -> AwsError:
    """Return an error that only keeps something from being read; raise any other."""
    if not error.failure.denied and error.code != NOT_FOUND:
        raise error
    return error


def _describe_groups(api: NetworkFirewall, found: Described) -> None:
    arns = list(dict.fromkeys(arn for arn, _stateful in references_of(found.policy or {})))

    def ask(arn: str) -> dict[str, Any] | AwsError:
        try:
            return rule_group(api, arn)
        except AwsError as error:
            return _unless_denied(error)

    for arn, answer in zip(arns, spread(api.spread_over, ask, arns), strict=True):
        if isinstance(answer, AwsError):
            found.problems[arn] = answer.message
            found.unread.append(answer.message)
        else:
            found.groups.append(answer)


def rule_group(api: NetworkFirewall, arn: str) -> dict[str, Any]:
    """Return DescribeRuleGroup's answer; raise AwsError."""
    with needing("network-firewall:DescribeRuleGroup"), calling(f"describe the rule group {shown(arn)}"):
        return bare(api.client.describe_rule_group(RuleGroupArn=arn))


def _variables_of(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    body = policy.get("FirewallPolicy") or {}
    variables: Mapping[str, Any] = (body.get("PolicyVariables") or {}).get("RuleVariables") or {}
    return variables


def _cidrs_of_vpc(ec2: Any, firewall: Mapping[str, Any]) -> tuple[list[str] | None, str]:
    """Return the VPC's CIDR where it has only one, for AWS does not say which of several HOME_NET has; else why not."""
    vpc_id = firewall.get("VpcId")
    if not vpc_id:
        return None, "The firewall is in no VPC of its own, so that HOME_NET is not known."
    try:
        cidrs = Vpcs(ec2()).cidrs_of(vpc_id)
    except AwsError as error:
        return None, f"{_unless_denied(error).message} So HOME_NET is not known."
    if len(cidrs) == 1:
        return cidrs, ""
    several = f"The VPC {shown(vpc_id)} has {len(cidrs)} CIDR blocks, and AWS does not say which of them HOME_NET has."
    return None, several


def _describe_prefix_lists(ec2: Any, found: Described) -> None:
    arns = list(dict.fromkeys(_references_in(found.groups)))
    if not arns:
        return
    vpcs = Vpcs(ec2())
    for arn in arns:
        try:
            found.prefix_lists[arn] = vpcs.prefix_list(arn.rpartition("/")[2])
        except AwsError as error:
            found.unread.append(_unless_denied(error).message)


def _references_in(groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for group in groups:
        sets = ((group.get("RuleGroup") or {}).get("ReferenceSets") or {}).get("IPSetReferences") or {}
        for reference in sets.values():
            arn = str(reference.get("ReferenceArn") or "")
            if _PREFIX_LIST in arn:
                yield arn
