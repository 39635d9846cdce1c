# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """By what flows are judged: a policy, or the firewall's own rules."""

    DOCUMENTATION = r"""
options:
  policy:
    description:
      - The policy. Rules are tried in order and the first that matches decides.
      - Its keys are C(default), C(sets) and C(rules). A rule has C(name), C(action) (C(allow) or C(deny)), C(severity),
        C(description) (one line of at most 300 characters that says why there is the rule, for its findings and every
        report), C(enabled), C(expires) and the conditions C(source_address), C(destination_address), C(source_port),
        C(destination_port), C(protocols), C(min_age), C(max_age) (seconds), C(min_bytes) and C(min_packets), all of
        which must hold.
      - C(default) says what happens to a flow that no rule matches, C(allow) if it is not given. A flow denied by it is
        a finding of the rule C(default).
      - A list holds if any of its positive entries matches, or it has none, and none of its negated entries (C(!))
        does. A network never contains an address of the other IP version. C($name) stands for the entries of a set.
      - A flow that lacks a member, such as the ports of ICMP, meets no positive entry and no C(min_) or C(max_)
        condition on it.
      - Every mistake is reported at once, with its path.
      - Without it, and without O(firewall_rules), the flows are judged by the firewall's own rules.
    type: dict
  firewall_rules:
    description:
      - Judge by the firewall's own rules, of its policy and rule groups, in place of O(policy). V({}) says no more than
        that.
      - A flow is judged as a new connection with its 5-tuple would be, in every way that is possible; it is C(passed),
        C(dropped) (a finding, whose rule is C(RULE GROUP:SID)) or C(undecided), with the reason. What hangs on the
        contents of packets is never guessed.
      - The rules are read from AWS, which needs C(network-firewall:DescribeFirewall),
        C(network-firewall:DescribeFirewallPolicy) and C(network-firewall:DescribeRuleGroup), also
        C(network-firewall:DescribeFirewallPolicyV2) for Next Generation policies, C(ec2:DescribeVpcs) where the policy
        has no C(HOME_NET), and C(ec2:GetManagedPrefixListEntries) where rules name prefix lists. A rule group that may
        not be read leaves undecided what it could decide, with a warning; so does every other missing permission but
        the first.
    type: dict
    suboptions:
      changes:
        description:
          - What-if. Changes of the policy's rule groups; findings are then the flows that the rules as they would be
            drop and those of now do not.
        type: list
        elements: dict
        suboptions:
          rule_group:
            description: The name or ARN of a rule group. One that the policy has is replaced, another one is added.
            type: str
            required: true
          src:
            description:
              - A file with the rules of the group, Suricata text, or JSON as C(aws network-firewall
                describe-rule-group) prints it, C(create-rule-group), CloudFormation and Terraform take it; at most
                8 MiB.
            type: path
          priority:
            description: The priority of a rule group that is added, where the policy has an order by priority.
            type: int
          state:
            description: V(absent) takes the rule group out of the policy.
            type: str
            choices: [present, absent]
            default: present
      firewall_policy_src:
        description:
          - A file with the answer of C(DescribeFirewallPolicy) in JSON, to judge by in place of the rules in AWS; AWS
            is not asked for rules then.
          - Or a file that an audit wrote as C(rules_dest), which has the rule groups too.
        type: path
      rule_group_srcs:
        description:
          - Files with the answers of C(DescribeRuleGroup) for all rule groups of O(firewall_rules.firewall_policy_src).
        type: list
        elements: path
      home_net:
        description:
          - The CIDRs of C($HOME_NET), in place of the policy's variable or the VPC's only CIDR.
          - Where neither is known, as with a firewall of a transit gateway or a VPC of several CIDRs, rules that use it
            leave flows undecided.
        type: list
        elements: str
      initiator:
        description:
          - Which side of a flow opened the connection. V(source) takes the source for it, as Suricata's flow records
            have it; AWS does not say so.
          - V(unknown) judges every flow both ways; where these differ it is undecided.
          - A flow whose other direction is listed too is judged both ways in any case, but with V(service_port), which
            takes the side with the port of a service for the server.
        type: str
        choices: [source, unknown, service_port]
        default: source
      on_undecided:
        description: Whether undecided flows keep the verdict from being V(compliant).
        type: str
        choices: [inconclusive, ignore]
        default: inconclusive
  policy_dir:
    description:
      - The folder that C(file) in the policy's C(sets) is relative to, one address or CIDR a line, C(#) comments.
      - By default the working directory.
    type: path
"""
