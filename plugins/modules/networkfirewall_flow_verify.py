#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_verify
version_added: 0.1.0
short_description: Say which flows of a flush plan are still there
description:
  - Holds a new capture of an AWS Network Firewall against the operations of a plan and says how many of the flows that
    the plan wanted cut are gone, how many survived, and how many came back.
  - A flow that matches a filter of the plan survived when it is at least as old as the time since the plan's capture
    and the minimum age that the plan gives the filter. A flow younger than the time since the capture is a new one and
    counts as reborn. What lies between the two was there and was spared; it is neither.
  - Where the findings are given, a flow born since is reborn when it goes the way that one of them went, from the same
    source to the same destination, port and protocol, whatever its own source port; it need not match a filter.
  - A partial capture never proves that flows are gone, nor does one whose filters or minimum age leave flows of the
    plan out.
author: flowops.aws contributors (!UNKNOWN)
options:
  operations:
    description:
      - The new captures, items as M(flowops.aws.networkfirewall_flow_capture) or the lookup
        P(flowops.aws.networkfirewall_flow_operation#lookup) return them.
    type: list
    elements: dict
    required: true
  max_flows:
    description: The most flows that are still there to return, 0 to 10000.
    type: int
    default: 100
  dest:
    description:
      - Write every flow that is still there to this file, flow records with C(fate) in JSON lines, compressed when the
        name ends in C(.gz).
    type: path
  capture_dest:
    description:
      - Write every captured flow to this file, flow records in JSON lines, compressed when the name ends in C(.gz).
    type: path
  before_src:
    description:
      - A capture of all flows before the flush, flow records in JSON lines. Given with O(captures), all flows that are
        no findings are compared, for a flush of which AWS does not list what it hit.
    type: path
    version_added: 0.1.0
  captures:
    description:
      - The captures of O(before_src), items as M(flowops.aws.networkfirewall_flow_capture) returns them. The findings
        must be those that they show. When they were taken says when the findings were born; without them, the plan's
        C(captured_at) does.
    type: list
    elements: dict
    version_added: 0.1.0
  later_operations:
    description:
      - One more capture of each scope after O(operations), by which it is known how many flows end by themselves
        meanwhile. Without it none is taken to.
    type: list
    elements: dict
    version_added: 0.1.0
  plan_dest:
    description: Write RV(plan) to this file as JSON.
    type: path
attributes:
  check_mode:
    support: full
    details: In check mode the flows are read and compared, and no file is written.
  diff_mode:
    support: none
  platform:
    platforms: posix
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
  - module: flowops.aws.networkfirewall_flow_flush
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
- name: Capture every flow again after a flush
  flowops.aws.networkfirewall_flow_capture:
    firewall_name: egress
    region: us-east-1
    flow_filters: [{any: true}]
    wait: true
  register: capture

- name: Say what is still there
  flowops.aws.networkfirewall_flow_verify:
    firewall_name: egress
    region: us-east-1
    operations: "{{ capture.flow_operations }}"
    plan: "{{ audit.plan.operations }}"
  register: verification
  failed_when: verification.verdict == 'survivors'
"""

RETURN = r"""
verdict:
  description:
    - V(survivors) when a flow survived, otherwise V(reborn) when one came back, otherwise V(inconclusive) when flows
      may be missing from the capture, otherwise V(remediated).
  returned: always
  type: str
  sample: remediated
partial:
  description: That flows may be missing from the capture, or that it lacks a scope of the plan.
  returned: always
  type: bool
  sample: false
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
planned:
  description: The number of flows that the plan wanted cut.
  returned: always
  type: int
  sample: 17
gone:
  description: The number of them that are not in the capture; a flow that came back is another one.
  returned: always
  type: int
  sample: 16
survived:
  description: The number of flows that are still there.
  returned: always
  type: int
  sample: 0
reborn:
  description: The number of flows that match the plan and are younger than its capture.
  returned: always
  type: int
  sample: 1
unproved:
  description:
    - Why nobody can say that flows which count as survived are those that were to be cut, a sentence for each scope.
    - A flow is known by its scope, 5-tuple and birth where the findings and the time of their capture are given. Of
      those that the plan's filters match, one that is no finding does not count. Without findings the filters decide
      alone.
  returned: always
  type: list
  elements: str
  sample: []
by_rule:
  description: For each rule the numbers of its flows, as far as the findings were given.
  returned: always
  type: dict
  sample: {"no-admin-ports-to-internet": {"planned": 17, "gone": 17, "survived": 0, "reborn": 1}}
flows:
  description:
    - The first flows that survived or came back, at most O(max_flows), flow records with their fate, and their rule
      where it is known.
  returned: always
  type: list
  elements: dict
  sample: [{"source_address": "10.0.3.17", "source_port": 49152, "destination_address": "198.51.100.7",
            "destination_port": 22, "protocol": "tcp", "protocol_number": 6, "age": 2, "fate": "reborn"}]
plan:
  description:
    - A plan that would cut exactly the survivors, made from the new capture; a flow that was too young to be told from
      those born since the first capture is old enough by then.
  returned: always
  type: dict
  contains:
    firewall_arn:
      description: The firewall that the plan is for.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
    operation_count:
      description: The number of flushes.
      returned: always
      type: int
      sample: 0
    dest:
      description: The file with the whole plan.
      returned: when O(plan_dest) is given
      type: str
      sample: /var/lib/flowops/plan.json
    operations:
      description:
        - The flushes, as M(flowops.aws.networkfirewall_flow_audit) returns them.
        - Left out when there are too many to return; they are in O(plan_dest).
      returned: when they fit
      type: list
      elements: dict
      sample: []
    flow_count:
      description: The number of flows that the plan cuts.
      returned: always
      type: int
      sample: 0
    inseparable:
      description: The number of survivors left out, because every filter for them would cut innocent flows too.
      returned: always
      type: int
      sample: 0
    format_version:
      description: The version of the form that the plan has; C(hash) is of it, too.
      returned: always
      type: int
      sample: 1
    hash:
      description: The SHA-256 (hex) of format version, firewall ARN and operations; it fits no other firewall.
      returned: always
      type: str
      sample: 4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945
operations:
  description: The flow operations that were read.
  returned: always
  type: list
  elements: dict
  sample: [{"availability_zone": "us-east-1a", "flow_operation_id": "0a1b2c3d-0000-4000-8000-0123456789ab",
            "flow_operation_status": "COMPLETED", "flow_count": 3526}]
suspected:
  description: That in some scope more flows vanished that are no findings than vanish by themselves.
  returned: with O(before_src)
  type: bool
  sample: false
vanished:
  description:
    - How many flows that are no findings vanished over the flush, by scope, as a number and a share, and the share that
      vanishes by itself in that time, null where nobody knows it.
  returned: with O(before_src)
  type: list
  elements: dict
  sample:
    - {"availability_zone": "us-east-1a", "flow_count": 3000, "vanished": 12, "share": 0.004, "share_by_itself": 0.005,
       "suspected": false}
files:
  description: The files written, by the name of the option.
  returned: always
  type: dict
  sample: {"dest": {"path": "/var/lib/flowops/still-there.jsonl", "sha256": "e3b0...", "count": 1}}
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_verify import verify
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
            "operations": {"type": "list", "elements": "dict", "required": True},
            **plan_options(),
            "max_flows": {"type": "int", "default": 100},
            "dest": {"type": "path"},
            "capture_dest": {"type": "path"},
            "plan_dest": {"type": "path"},
            "before_src": {"type": "path"},
            "captures": {"type": "list", "elements": "dict"},
            "later_operations": {"type": "list", "elements": "dict"},
        },
        supports_check_mode=True,
        **one_firewall(),
    )
    run(module, verify)


if __name__ == "__main__":
    main()
