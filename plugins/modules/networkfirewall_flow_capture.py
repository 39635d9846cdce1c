#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_capture
version_added: 0.1.0
short_description: Capture the live flows of an AWS Network Firewall
description:
  - Starts a capture of the firewall's state table, one flow operation for each zone, and optionally waits for it.
  - A zone takes one flow operation at a time. A zone that is busy with another one is waited for, until
    O(wait_timeout) has passed.
  - A start whose answer was lost on the way is looked for among the operations in AWS and used; it is not sent twice.
  - A capture reads the state table and changes nothing, so RV(ignore:changed) is always V(false).
author: flowops.aws contributors (!UNKNOWN)
options:
  flow_filters:
    required: true
  fetch:
    description:
      - V(all) captures every flow that O(flow_filters) match.
      - V(findings) captures those of them alone that can be findings or undecided, which is much quicker to read where
        a policy is about few flows. What O(policy) denies, or what the firewall's rules may not surely pass, is put
        into at most 20 filters and a minimum age for each capture; these match all such flows and as few others as can
        be told. What hangs on bytes and packets cannot be asked for.
      - Where that takes fewer flows, a zone gets up to four captures, one after another, such as one of old flows
        alone. They are waited for then, also without O(wait).
      - Where nothing narrower than O(flow_filters) would do, they are captured as they are, with a warning that says
        why. So it is for a policy that denies nothing or nearly everything, and for rules that drop by default or hang
        on the contents of packets. Of a list of thousands of networks large blocks are captured.
      - Without O(policy) the firewall's own rules are read, which needs the permissions that O(firewall_rules) tells
        of. Both directions of a flow are asked for then, so that none seems to have no reverse.
      - Flows that AWS does not show in full, for example without their ports, cannot be asked for.
      - Judge the captures by the same policy or rules with M(flowops.aws.networkfirewall_flow_audit).
    type: str
    choices: [all, findings]
    default: all
  policy:
    description:
      - With O(fetch=findings), the policy that the flows will be judged by, as
        O(flowops.aws.networkfirewall_flow_audit#module:policy) takes it; by default they are judged by the firewall's
        own rules.
  policy_dir:
    description: The folder that C(file) in the policy's C(sets) is relative to, by default the working directory.
  firewall_rules:
    description:
      - With O(fetch=findings), how the flows will be judged by the firewall's own rules, as
        O(flowops.aws.networkfirewall_flow_audit#module:firewall_rules) takes it.
      - Reading the rules needs C(network-firewall:DescribeFirewall), C(network-firewall:DescribeFirewallPolicy) and
        C(network-firewall:DescribeRuleGroup), and what else that option names.
attributes:
  check_mode:
    support: full
    details: Nothing is started; RV(flow_operations) says what would be.
  diff_mode:
    support: none
  platform:
    platforms: posix
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
  - module: flowops.aws.networkfirewall_flow_operation_result_info
  - plugin: flowops.aws.networkfirewall_flow_operation
    plugin_type: lookup
extends_documentation_fragment:
  - flowops.aws.attributes.here
  - flowops.aws.firewall
  - flowops.aws.scope
  - flowops.aws.flow_filters
  - flowops.aws.judging
  - flowops.aws.assume_role
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Capture every flow in every zone of a firewall
  flowops.aws.networkfirewall_flow_capture:
    firewall_name: egress
    region: us-east-1
    flow_filters: [{any: true}]
    wait: true
  register: capture

- name: Capture old web flows of two networks in one zone, without waiting
  flowops.aws.networkfirewall_flow_capture:
    firewall_name: egress
    region: us-east-1
    availability_zone: us-east-1a
    minimum_flow_age: 3600
    flow_filters:
      - source_address: 10.0.0.0/8
        destination_port: 443
        protocols: [tcp]
      - source_address: fd00::/8
        destination_port: 8000-8100
        protocols: [tcp, 17]
  register: capture

- name: Capture only the flows that can break a policy
  flowops.aws.networkfirewall_flow_capture:
    firewall_name: egress
    region: us-east-1
    flow_filters: [{any: true}]
    fetch: findings
    policy:
      rules:
        - name: no-telnet
          action: deny
          destination_port: [23]
          protocols: [tcp]
    wait: true
  register: telnet

- name: Wait for it
  ansible.builtin.set_fact:
    operations: "{{ query('flowops.aws.networkfirewall_flow_operation', *capture.flow_operations,
      region='us-east-1') }}"
"""

RETURN = r"""
flow_operations:
  description:
    - The operations that were started, one for each scope; the lookup
      P(flowops.aws.networkfirewall_flow_operation#lookup) and the option O(ignore:operations) of
      M(flowops.aws.networkfirewall_flow_audit) take the list as it is.
    - In check mode the operations that would be started, without ID and status.
    - When a start fails, those that had been started before are returned with the failure.
  returned: always
  type: list
  elements: dict
  contains:
    firewall_arn:
      description: The ARN of the firewall.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
    availability_zone:
      description: The zone; in its place the scope option that was given.
      returned: when the operation is scoped to a zone
      type: str
      sample: us-east-1a
    availability_zone_id:
      description: The ID of the zone.
      returned: when the operation is scoped to it
      type: str
      sample: use1-az1
    vpc_endpoint_id:
      description: The VPC endpoint.
      returned: when the operation is scoped to it
      type: str
      sample: vpce-0123456789abcdef0
    vpc_endpoint_association_arn:
      description: The VPC endpoint association.
      returned: when the operation is scoped to it
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:vpc-endpoint-association/0123abcd
    flow_operation_id:
      description: The ID of the flow operation.
      returned: when not in check mode
      type: str
      sample: 0a1b2c3d-0000-4000-8000-0123456789ab
    flow_operation_type:
      description: V(FLOW_CAPTURE) or V(FLOW_FLUSH).
      returned: always
      type: str
      sample: FLOW_CAPTURE
    flow_operation_status:
      description: V(IN_PROGRESS), V(COMPLETED), V(COMPLETED_WITH_ERRORS) (flows may be missing), V(FAILED) (no flows).
      returned: when not in check mode
      type: str
      sample: COMPLETED
    service_time:
      description:
        - What AWS's own clock said just before the operation was started, ISO 8601 in UTC. It takes the place of
          C(flow_request_timestamp) where AWS does not give that.
      returned: when not in check mode, and AWS's answers had a time
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    minimum_flow_age:
      description: The minimum age in seconds that was sent.
      returned: when one was sent
      type: int
      sample: 60
    fetch:
      description:
        - What O(fetch=findings) came to, C(fetched) (V(findings) or V(all)), C(reason) where that is V(all), and
          C(cover), which says what the filters were made for. M(flowops.aws.networkfirewall_flow_audit) reads it.
      returned: with O(fetch=findings)
      type: dict
      sample: {"fetched": "findings", "cover": "9f2c..."}
    adopted:
      description: That the answer to the start was lost and the operation was found again among those in AWS.
      returned: when it is so
      type: bool
      sample: true
    duration:
      description: The seconds that it took, from the answer to its start until it was seen to have ended.
      returned: with O(wait=true), when this task has started it
      type: float
      sample: 1.204
    partial:
      description: That the operation ended as V(COMPLETED_WITH_ERRORS).
      returned: with O(wait=true)
      type: bool
      sample: false
    status_message:
      description: Why the operation failed or is incomplete.
      returned: with O(wait=true), when AWS gives a reason
      type: str
      sample: Flow timeout
    flow_request_timestamp:
      description: When the firewall identified the flows, ISO 8601 in UTC.
      returned: with O(wait=true)
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    flow_operation:
      description: What was asked for, as AWS describes it.
      returned: with O(wait=true)
      type: dict
      contains:
        minimum_flow_age_in_seconds:
          description: Flows younger than this many seconds are ignored.
          returned: when it was given
          type: int
          sample: 60
        flow_filters:
          description: The filters, with the API's members in snake_case.
          returned: always
          type: list
          elements: dict
          sample: [{"source_address": {"address_definition": "10.0.0.0/8"}, "protocols": ["6"]}]
fetch:
  description:
    - What O(fetch=findings) came to, C(fetched) (V(findings) or V(all)), C(reason) where that is V(all), C(cover), and
      C(captures), the filters and the minimum age in seconds of each capture that a zone gets.
  returned: with O(fetch=findings)
  type: dict
  sample: {"fetched": "findings", "cover": "9f2c...", "captures": [{"flow_filters": [{"source_address": "10.0.0.0/8",
           "destination_port": "22"}], "minimum_flow_age": 0}]}
flow_filters:
  description:
    - The filters as they are sent to AWS, as people write them; with O(fetch=findings) those that were given, and
      RV(fetch) has those that were sent.
  returned: always
  type: list
  elements: dict
  sample: [{"source_address": "10.0.0.0/8", "destination_port": "443", "protocols": ["tcp"]}]
"""
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.operations.fetch import ALL, FETCHES
from ansible_collections.flowops.aws.plugins.module_utils.work.firewall_rules import firewall_rules_options
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_capture import capture
from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    firewall_options,
    flow_filter_options,
    one_firewall,
    role_options,
    scope_options,
    start_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **firewall_options(),
            **role_options(),
            **scope_options(),
            **start_options(),
            "fetch": {"type": "str", "choices": list(FETCHES), "default": ALL},
            "policy": {"type": "dict"},
            "policy_dir": {"type": "path"},
            "firewall_rules": {"type": "dict", "options": firewall_rules_options()},
            "flow_filters": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": flow_filter_options(),
            },
        },
        supports_check_mode=True,
        required_one_of=one_firewall()["required_one_of"],
        mutually_exclusive=[*one_firewall()["mutually_exclusive"], ["policy", "firewall_rules"]],
    )
    run(module, capture)


if __name__ == "__main__":
    main()
