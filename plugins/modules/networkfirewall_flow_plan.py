#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_plan
version_added: 0.1.0
short_description: Prove a flush plan on a fresh capture, and say which flows it would cut
description:
  - Holds the operations of a plan, as M(flowops.aws.networkfirewall_flow_audit) makes them, against a fresh capture of
    an AWS Network Firewall and returns the plan as it may be carried out now. Nothing is flushed.
  - A filter that would by now cut an innocent flow is dropped and reported; no filter is ever made wider.
  - With O(policy) the flows are judged anew. A filter that matches a flow which the policy allows is dropped. Flows
    born since the plan's capture that break the policy are cut too.
  - Without O(policy) the flows that were there when the plan's capture was taken are known by their age, and are all
    that is cut. A filter that matches more of them than it did then (C(flow_counts)) is dropped.
  - Without O(operations) the plan is taken at its word, AWS is not called, and the flows shown are those of the
    findings that it cuts.
author: flowops.aws contributors (!UNKNOWN)
options:
  operations:
    description:
      - The fresh captures, items as M(flowops.aws.networkfirewall_flow_capture) or the lookup
        P(flowops.aws.networkfirewall_flow_operation#lookup) return them, one for each scope of the plan.
    type: list
    elements: dict
  policy:
    description:
      - The policy to judge the captured flows by, as in
        O(flowops.aws.networkfirewall_flow_audit#module:policy). Needs O(operations).
    type: dict
  policy_dir:
    description:
      - The folder that C(file) in the policy's C(sets) is relative to. By default the working directory.
    type: path
  allow_collateral:
    description: Drop no filter for the innocent flows that it would cut, and count them in RV(flow_count).
    type: bool
    default: false
  only_findings:
    description:
      - That the findings given are all of the plan's, so that a filter is dropped which matches a flow that was there
        at the plan's capture and is none of them by 5-tuple and birth. Otherwise it is dropped when it matches more of
        them than it did then.
      - It does not matter where O(policy) judges every flow.
    type: bool
    default: false
    version_added: 0.1.0
  max_flows:
    description: The most flows to return, and to show in diff mode, 0 to 10000.
    type: int
    default: 100
  capture_dest:
    description:
      - Write every captured flow to this file, flow records in JSON lines, compressed when the name ends in C(.gz).
      - Needs O(operations).
    type: path
  findings_dest:
    description:
      - Write every flow that the plan matches and may cut to this file, flow records with C(rule) as far as it is
        known, in JSON lines. Those of dropped filters are among them.
    type: path
  plan_dest:
    description: Write RV(plan) to this file as JSON.
    type: path
attributes:
  check_mode:
    support: full
    details: In check mode the flows are read and compared, and no file is written.
  diff_mode:
    support: full
    details: Shows the flows that would go, by rule, at most O(max_flows).
  platform:
    platforms: posix
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
  - module: flowops.aws.networkfirewall_flow_flush
  - module: flowops.aws.networkfirewall_flow_verify
extends_documentation_fragment:
  - flowops.aws.firewall
  - flowops.aws.plan
  - flowops.aws.assume_role
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Capture every flow again, an hour after the audit
  flowops.aws.networkfirewall_flow_capture:
    firewall_name: egress
    region: us-east-1
    flow_filters: [{any: true}]
    wait: true
  register: capture

- name: Prove the approved plan
  flowops.aws.networkfirewall_flow_plan:
    firewall_name: egress
    region: us-east-1
    operations: "{{ capture.flow_operations }}"
    plan: "{{ audit.plan.operations }}"
  register: proof

- name: Carry out what is left of it
  flowops.aws.networkfirewall_flow_flush:
    firewall_name: egress
    region: us-east-1
    operations: "{{ proof.plan.operations }}"
    wait: true
"""

RETURN = r"""
firewall_arn:
  description: The ARN of the firewall.
  returned: always
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
proved:
  description: Whether the plan was held against a capture.
  returned: always
  type: bool
  sample: true
partial:
  description: Whether flows may be missing from the capture, or were passed over by its filters or its minimum age.
  returned: always
  type: bool
  sample: false
capture_age:
  description:
    - The seconds since the oldest capture that the plan was made from, by this machine's clock, null when the plan does
      not say when that was.
  returned: always
  type: int
  sample: 75
flow_count:
  description: The number of flows that would be cut.
  returned: always
  type: int
  sample: 17
captured_flow_count:
  description: The number of flows in the whole capture, 0 without O(operations).
  returned: always
  type: int
  sample: 7052
dropped:
  description: The filters that were dropped.
  returned: always
  type: list
  elements: dict
  contains:
    availability_zone:
      description: The zone, or in its place the scope of another kind.
      returned: when the operation is scoped to a zone
      type: str
      sample: us-east-1a
    flow_filter:
      description: The filter, as people write it.
      returned: always
      type: dict
      sample: {"source_address": "10.0.3.0/24", "destination_port": 22, "protocols": ["tcp"]}
    innocent_flow_count:
      description: The number of innocent flows that it would have cut.
      returned: always
      type: int
      sample: 1
by_rule:
  description:
    - The number of flows that the plan matches and may cut, by the rule that they break, as far as it is known.
  returned: always
  type: dict
  sample: {"no-admin-ports-to-internet": 17}
flows:
  description: The first of those flows, at most O(max_flows), flow records with their rule where it is known.
  returned: always
  type: list
  elements: dict
  sample: [{"source_address": "10.0.3.17", "source_port": 49152, "destination_address": "198.51.100.7",
            "destination_port": 22, "protocol": "tcp", "protocol_number": 6, "age": 900,
            "rule": "no-admin-ports-to-internet"}]
plan:
  description:
    - The plan without what was dropped, with C(firewall_arn), C(operations) (left out when there are too many to
      return; they are in O(plan_dest)), C(operation_count), C(flow_count), C(hash) and, with O(plan_dest), C(dest).
  returned: always
  type: dict
  sample: {"operation_count": 1, "flow_count": 17}
operations:
  description: The flow operations that were read.
  returned: always
  type: list
  elements: dict
  sample: [{"availability_zone": "us-east-1a", "flow_operation_id": "0a1b2c3d-0000-4000-8000-0123456789ab",
            "flow_operation_status": "COMPLETED", "flow_count": 3526}]
files:
  description: The files written, by the name of the option.
  returned: always
  type: dict
  sample: {"plan_dest": {"path": "/var/lib/flowops/plan.json", "sha256": "e3b0...", "count": 1}}
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_plan import prove
from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    firewall_options,
    one_firewall,
    plan_options,
    role_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **firewall_options(),
            **role_options(),
            **plan_options(),
            "operations": {"type": "list", "elements": "dict"},
            "policy": {"type": "dict"},
            "policy_dir": {"type": "path"},
            "allow_collateral": {"type": "bool", "default": False},
            "only_findings": {"type": "bool", "default": False},
            "max_flows": {"type": "int", "default": 100},
            "capture_dest": {"type": "path"},
            "findings_dest": {"type": "path"},
            "plan_dest": {"type": "path"},
        },
        supports_check_mode=True,
        **one_firewall(),
    )
    run(module, prove)


if __name__ == "__main__":
    main()
