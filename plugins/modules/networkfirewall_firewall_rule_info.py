#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_firewall_rule_info
version_added: 0.1.0
short_description: Show the rules of an AWS Network Firewall in the order in which they are asked
description:
  - Reads a firewall's policy and rule groups and lists the rules in the order of their evaluation, the stateless ones
    first, each with what kind of rule it is to the engine, what its action covers, and whether a 5-tuple decides it.
  - Gives advice where the order of the rules defeats their author, such as a rule that can never fire, that acts on one
    packet only or that matches replies too.
  - Needs the permissions C(network-firewall:DescribeFirewall), C(network-firewall:DescribeFirewallPolicy) and
    C(network-firewall:DescribeRuleGroup), C(network-firewall:DescribeFirewallPolicyV2) for a Next Generation policy,
    C(ec2:DescribeVpcs) where the policy has no C(HOME_NET), and C(ec2:GetManagedPrefixListEntries) where rules name
    prefix lists. What a missing one keeps from being read is told in a warning.
author: flowops.aws contributors (!UNKNOWN)
options:
  firewall_arn:
    description:
      - The ARN of the firewall, in any partition (C(arn:aws), C(arn:aws-us-gov), C(arn:aws-cn)).
      - One of O(firewall_arn), O(firewall_name) and O(firewall_policy_src) must be given.
    type: str
  firewall_name:
    description: The name of the firewall, resolved to its ARN by one C(DescribeFirewall) call.
    type: str
  changes:
    description:
      - Changes of the policy's rule groups; the rules as they would be are shown.
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
      - Files with the answers of C(DescribeRuleGroup) for all rule groups of O(firewall_policy_src).
    type: list
    elements: path
  home_net:
    description:
      - The CIDRs of C($HOME_NET), in place of the policy's variable or the VPC's only CIDR.
      - Where neither is known, as with a firewall of a transit gateway or a VPC of several CIDRs, rules that use it
        leave flows undecided.
    type: list
    elements: str
  dest:
    description:
      - Write the rules to this file, one in a line of JSON, in place of returning them; compressed when the name ends
        in C(.gz).
    type: path
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
extends_documentation_fragment:
  - flowops.aws.attributes.here
  - flowops.aws.attributes.info
  - flowops.aws.assume_role
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read the rules of a firewall
  flowops.aws.networkfirewall_firewall_rule_info:
    firewall_name: egress
    region: us-east-1
  register: egress

- name: Show what its author may not have meant
  ansible.builtin.debug:
    msg: "{{ egress.rules | map(attribute='advice', default=[]) | flatten | map(attribute='sentence') }}"

- name: Check a changed rule group before it is rolled out, without asking AWS
  flowops.aws.networkfirewall_firewall_rule_info:
    firewall_policy_src: policy.json
    rule_group_srcs: [egress.json]
    changes:
      - rule_group: egress
        src: new.rules
"""

RETURN = r"""
firewall_policy:
  description: The firewall policy, its order, HOME_NET and rule groups with their last change.
  returned: always
  type: dict
  sample: {"arn": "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/strict", "name": "strict",
           "rule_order": "STRICT_ORDER", "home_net": "10.0.0.0/8", "in_sync": true, "groups": []}
rules:
  description: The rules in the order in which they are asked.
  returned: unless O(dest) is given
  type: list
  elements: dict
  contains:
    rule:
      description: The name of the rule, C(RULE GROUP:SID), of a stateless one C(RULE GROUP:PRIORITY).
      returned: always
      type: str
      sample: egress:7
    group:
      description: The name of the rule group.
      returned: always
      type: str
      sample: egress
    sid:
      description: The signature ID, unique within the group only.
      returned: for stateful rules
      type: int
      sample: 7
    priority:
      description: The priority within the group.
      returned: for stateless rules
      type: int
      sample: 1
    line:
      description: The line of the group's text that the rule stands in.
      returned: for stateful rules
      type: int
      sample: 3
    action:
      description: What the rule does, V(pass), V(drop), V(reject), V(alert), or V(forward) to the stateful rules.
      returned: always
      type: str
      sample: drop
    type:
      description:
        - What kind of rule it is to the engine, which says on which packets it is looked at, such as V(ip_only),
          V(pkt), V(app_layer) or V(stateless).
      returned: always
      type: str
      sample: pkt
    scope:
      description: What its action covers, V(flow), V(packet) or V(either) where that is not known.
      returned: always
      type: str
      sample: packet
    decided_by_5_tuple:
      description: Whether addresses, ports and protocol decide the rule.
      returned: always
      type: bool
      sample: false
    reason:
      description: Why they do not, a word, such as V(content).
      returned: when RV(rules[].decided_by_5_tuple) is V(false)
      type: str
      sample: content
    why:
      description: The same in words.
      returned: when RV(rules[].decided_by_5_tuple) is V(false)
      type: str
      sample: it hangs on what the packets carry
    hangs_on:
      description: The keyword, variable or group that it hangs on.
      returned: when RV(rules[].decided_by_5_tuple) is V(false)
      type: str
      sample: tls.sni
    message:
      description: The rule's C(msg).
      returned: for stateful rules
      type: str
      sample: no ssh to the internet
    text:
      description: The rule as Suricata reads it.
      returned: always
      type: str
      sample: drop tcp $HOME_NET any -> $EXTERNAL_NET 22 (sid:7;)
    advice:
      description: What its author may not have meant, each with C(advice) (a word), C(rule) and C(sentence).
      returned: for stateful rules
      type: list
      elements: dict
      sample: []
rule_count:
  description: The number of rules.
  returned: always
  type: int
  sample: 73
advice_count:
  description: The number of pieces of advice.
  returned: always
  type: int
  sample: 0
undecided:
  description: Why 5-tuples do not decide rules, the most frequent reasons first.
  returned: always
  type: list
  elements: dict
  sample: [{"reason": "content", "description": "it hangs on what the packets carry", "rule_count": 40}]
files:
  description: The file written, by the name of the option.
  returned: when O(dest) is given
  type: dict
  sample: {"dest": {"path": "/var/lib/flowops/rules.jsonl", "sha256": "e3b0...", "count": 73}}
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.firewall_rules import rule_source_options
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_firewall_rule_info import firewall_rules
from ansible_collections.flowops.aws.plugins.module_utils.work.options import firewall_options, role_options
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **firewall_options(),
            **role_options(),
            **rule_source_options(),
            "dest": {"type": "path"},
        },
        supports_check_mode=True,
        required_one_of=[["firewall_arn", "firewall_name", "firewall_policy_src"]],
        mutually_exclusive=[["firewall_arn", "firewall_name"]],
    )
    run(module, firewall_rules)


if __name__ == "__main__":
    main()
