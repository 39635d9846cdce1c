#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_flush_impact_info
version_added: 0.1.0
short_description: Say what a flush of an AWS Network Firewall would meet
description:
  - Says what stands between a flush and its effect, whether the firewall's rules are in force everywhere, what happens
    to the clients of flows that are cut, and which VPC endpoint associations share the firewall.
  - A flow that is cut while changed rules are still on their way can be let in again by the rules before them;
    O(wait=true) waits until they have arrived.
  - Flushes nothing and decides nothing; a playbook refuses or goes on by what this module returns.
  - Needs the permissions C(network-firewall:DescribeFirewall), C(network-firewall:DescribeFirewallPolicy),
    C(network-firewall:ListVpcEndpointAssociations) and C(network-firewall:DescribeVpcEndpointAssociation), and
    C(network-firewall:DescribeFirewallPolicyV2) for a firewall with a Next Generation policy.
author: flowops.aws contributors (!UNKNOWN)
options:
  wait:
    description: Wait until the firewall's configuration is in sync.
    type: bool
    default: false
  wait_timeout:
    description:
      - The most seconds to wait with O(wait=true), 1 or more.
      - A wait that runs out does not fail the module; it returns what it saw last, with RV(in_sync) V(false).
    type: int
    default: 600
  caller_identity:
    description:
      - Ask STS who the caller is, the one that would flush. STS is not asked when O(endpoint_url) is given, which is
        that of another service; where it may not be asked, nothing fails.
    type: bool
    default: false
    version_added: 0.1.0
notes:
  - A botocore older than 1.38.25 cannot list VPC endpoint associations; RV(vpc_endpoint_associations) is empty then,
    and all associations count as hidden.
seealso:
  - module: flowops.aws.networkfirewall_flow_flush
extends_documentation_fragment:
  - flowops.aws.firewall
  - flowops.aws.attributes.info
  - flowops.aws.assume_role
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Wait until the changed rules are in force, and see what a flush would meet
  flowops.aws.networkfirewall_flow_flush_impact_info:
    firewall_name: egress
    region: us-east-1
    wait: true
    wait_timeout: 300
  register: impact

- name: Refuse to flush while flows could be let in again
  ansible.builtin.assert:
    that: impact.in_sync
    fail_msg: "{{ impact.configuration_sync_state_effect }}"

- name: Say what happens to the clients, and who else uses the firewall
  ansible.builtin.debug:
    msg:
      - "{{ impact.stream_exception_policy }}: {{ impact.stream_exception_policy_effect }}"
      - "{{ impact.hidden_association_count }} of {{ impact.number_of_associations }} associations are not ours to see"
"""

RETURN = r"""
caller_identity:
  description: Who the caller is, as STS tells it, null where that is unknown.
  returned: with O(caller_identity=true)
  type: dict
  sample:
    account: "111122223333"
    arn: arn:aws:sts::111122223333:assumed-role/flowops/run
    user_id: AROAEXAMPLE:run
sdk_versions:
  description: The versions of boto3 and botocore that ask.
  returned: with O(caller_identity=true)
  type: dict
  sample: {"boto3": "1.44.5", "botocore": "1.44.5"}
caller_identity_unknown:
  description: Why it is unknown.
  returned: with O(caller_identity=true), when it is unknown
  type: str
  sample: endpoint_url was given, and STS is not asked at the endpoint of another service.
firewall_arn:
  description: The ARN of the firewall.
  returned: always
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
firewall_name:
  description: The name of the firewall.
  returned: always
  type: str
  sample: egress
firewall_policy_arn:
  description: The ARN of the firewall's policy.
  returned: always
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/egress
in_sync:
  description: Whether RV(configuration_sync_state) is V(IN_SYNC).
  returned: always
  type: bool
  sample: true
configuration_sync_state:
  description:
    - V(IN_SYNC), V(PENDING) (changes are on their way) or V(CAPACITY_CONSTRAINED), AWS's summary over the zones.
  returned: always
  type: str
  sample: IN_SYNC
configuration_sync_state_effect:
  description: What RV(configuration_sync_state) means for a flush, in one sentence.
  returned: always
  type: str
  sample: The rules are in force at every endpoint of the firewall, so a flow that is cut meets them when it comes back.
sync_states:
  description:
    - The state of each Availability Zone, by its name.
    - C(attachment) is the zone's endpoint, with C(subnet_id), C(endpoint_id), C(status) and, when AWS gives a reason,
      C(status_message).
    - C(config) holds, by the ARN of the policy or rule group, C(sync_status) and C(update_token).
  returned: always
  type: dict
  sample:
    us-east-1a:
      attachment:
        subnet_id: subnet-0123456789abcdef0
        endpoint_id: vpce-0123456789abcdef0
        status: READY
      config:
        arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/egress:
          sync_status: IN_SYNC
          update_token: 0a1b2c3d-0000-4000-8000-0123456789ab
out_of_sync:
  description: The policies and rule groups of RV(sync_states) whose status is not V(IN_SYNC), with their zones.
  returned: always
  type: list
  elements: dict
  contains:
    availability_zone:
      description: The zone.
      returned: always
      type: str
      sample: us-east-1a
    resource_arn:
      description: The ARN of the policy or rule group.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/egress
    sync_status:
      description: V(PENDING), V(CAPACITY_CONSTRAINED), V(NOT_SUBSCRIBED) or V(DEPRECATED).
      returned: always
      type: str
      sample: PENDING
stream_exception_policy:
  description:
    - What the firewall does with the packets of a connection that it does not know from its beginning, such as one that
      was cut; V(DROP), V(REJECT) or V(CONTINUE).
    - Where the policy names none, AWS's default, V(DROP), or V(REJECT) for a Next Generation policy. A Next Generation
      policy in monitor mode is V(CONTINUE) whatever it names.
  returned: always
  type: str
  sample: REJECT
stream_exception_policy_effect:
  description: What RV(stream_exception_policy) does to the clients of flushed flows, in one sentence.
  returned: always
  type: str
  sample:
    The packets of a connection that is cut are dropped until its client opens a new one; the client is not told and
    notices by a time-out.
policy_mode:
  description: V(ENFORCE), or V(MONITOR), in which a policy blocks nothing.
  returned: when the firewall has a Next Generation policy
  type: str
  sample: ENFORCE
vpc_endpoint_associations:
  description: The VPC endpoint associations of the firewall that AWS lists for the caller.
  returned: always
  type: list
  elements: dict
  contains:
    vpc_endpoint_association_arn:
      description: The ARN of the association.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:vpc-endpoint-association/0123abcd
    vpc_id:
      description: The VPC; like all that follows V(null) where AWS does not describe the association to the caller.
      returned: always
      type: str
      sample: vpc-0123456789abcdef0
    subnet_id:
      description: The subnet.
      returned: always
      type: str
      sample: subnet-0123456789abcdef0
    availability_zone:
      description: The zone.
      returned: always
      type: str
      sample: us-east-1a
    vpc_endpoint_id:
      description: The VPC endpoint.
      returned: always
      type: str
      sample: vpce-0123456789abcdef0
    status:
      description: V(READY), V(PROVISIONING), V(DELETING) or V(FAILED).
      returned: always
      type: str
      sample: READY
number_of_associations:
  description: How many VPC endpoint associations the firewall has, as C(DescribeFirewall) counts them.
  returned: always
  type: int
  sample: 3
hidden_association_count:
  description:
    - How many of RV(number_of_associations) are not in RV(vpc_endpoint_associations), such as those of other accounts
      that the firewall is shared with. AWS advises to tell their owners before a flush.
  returned: always
  type: int
  sample: 1
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_flush_impact_info import (
    flush_impact,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    firewall_options,
    one_firewall,
    role_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **firewall_options(),
            **role_options(),
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 600},
            "caller_identity": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
        **one_firewall(),
    )
    run(module, flush_impact)


if __name__ == "__main__":
    main()
