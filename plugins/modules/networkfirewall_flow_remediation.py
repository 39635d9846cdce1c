#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_remediation
version_added: 0.1.0
short_description: Flush what a plan names after a rehearsal and a trial, and ask what was hit
description:
  - Carries the operations of a plan out as flushes of an AWS Network Firewall, and takes nothing for granted about what
    AWS makes of their filters.
  - Before the first flush each operation is captured with exactly its filters and its minimum age. A captured flow that
    is none of the findings by scope, 5-tuple and birth stops the task before anything is cut.
  - Then one filter for one finding is tried alone, one that would hit few of the captured flows if its conditions were
    joined by OR, either direction counted and ages ignored. One that lists no flow proves nothing, and another is
    taken.
  - After each flush, before the next one in its scope, its own results are held against the findings. Whatever is none
    of them is collateral, is told, and stops what has not begun.
  - Scopes are flushed beside each other, the operations of a scope one after the other. An operation that nothing is
    left of, because its flows have ended or the trial has cut them, is not started. One that an earlier run has
    carried out since the plan's capture is found and not started again.
  - M(flowops.aws.networkfirewall_flow_flush) flushes without all this.
author: flowops.aws contributors (!UNKNOWN)
options:
  captures:
    description:
      - This run's captures, items as M(flowops.aws.networkfirewall_flow_capture) returns them with C(wait). Read are
        the scope, C(flow_request_timestamp), else C(service_time), and C(duration).
      - The findings that are given must be those that they show, as
        RV(flowops.aws.networkfirewall_flow_plan#module:files) has them.
    type: list
    elements: dict
    required: true
  held_against:
    description:
      - What the results of operations are held against. V(findings) takes every flow that is none of the findings for
        collateral; V(flow_filters) every flow that the operation's filters do not match, or that was born since its
        capture.
    type: str
    choices: [findings, flow_filters]
    default: findings
  rehearse:
    description: Which operations are rehearsed, V(all), the V(first) of each scope, or V(none).
    type: str
    choices: [all, first, none]
    default: all
  trial:
    description: Try one filter alone before any other flush. It needs O(capture_src).
    type: bool
    default: true
  capture_src:
    description: The path of all captured flows, by which the filter to try is chosen, flow records in JSON lines.
    type: path
  flushed_dest:
    description:
      - Write every flow that AWS lists for the flushes to this file, flow records in JSON lines, compressed when the
        name ends in C(.gz). Its folder must exist.
    type: path
  evidence_path:
    description:
      - The folder that M(flowops.aws.flow_evidence) has begun. Each operation is noted in its C(operations.json) before
        its answer is waited for.
      - Nothing is started when the disk of the folder has too little room for the evidence that is still to come.
    type: path
  wait_timeout:
    description: For how many seconds to wait at most for all captures of the rehearsal, and again for all flushes.
    type: int
    default: 3600
attributes:
  check_mode:
    support: full
    details: In check mode nothing is started; it returns what would be flushed.
  diff_mode:
    support: full
    details: Shows the flows that would go by rule, or the filters where no findings are given.
  platform:
    platforms: posix
seealso:
  - module: flowops.aws.networkfirewall_flow_flush
  - module: flowops.aws.networkfirewall_flow_plan
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
- name: Carry a plan out, each flush held against the findings of a capture of this run
  flowops.aws.networkfirewall_flow_remediation:
    firewall_arn: arn:aws:network-firewall:us-east-1:123456789012:firewall/egress
    plan: "{{ proof.plan.operations }}"
    captures: "{{ capture.flow_operations }}"
    findings_src: /var/lib/flowops/findings.jsonl.gz
    capture_src: /var/lib/flowops/capture.jsonl.gz
    flushed_dest: /var/lib/flowops/flushed.jsonl.gz
"""

RETURN = r"""
flow_operations:
  description: The flushes, those of the trial first, or in check mode those that would be started.
  returned: always
  type: list
  elements: dict
  sample:
    - firewall_arn: arn:aws:network-firewall:us-east-1:123456789012:firewall/egress
      availability_zone: us-east-1a
      flow_operation_id: 0a1b2c3d-0000-4000-8000-0123456789ab
      flow_operation_type: FLOW_FLUSH
      flow_operation_status: COMPLETED
      minimum_flow_age: 12
      duration: 1.204
      partial: false
      purpose: flush
      listed_flow_count: 17
      collateral_count: 0
rehearsal:
  description:
    - What the rehearsal found, V(false) where none was held; C(strangers) are the first flows that are not to be cut,
      flow records with their C(kind), V(innocent), V(newborn) or V(unclear).
    - C(delay) is the longest time in seconds that an operation took.
  returned: except in check mode
  type: dict
  sample:
    passed: true
    flow_operation_ids: [0a1b2c3d-0000-4000-8000-0123456789ac]
    operation_count: 1
    flow_count: 17
    stranger_count: 0
    strangers: []
    delay: 1.204
trial:
  description:
    - What the trial found, V(false) where none was wanted. C(passed) is null where no filter could be tried, or AWS
      listed nothing for it. C(hit_at_worst) is how many captured flows it might have hit.
  returned: except in check mode
  type: dict
  sample:
    passed: true
    availability_zone: us-east-1a
    flow_operation_id: 0a1b2c3d-0000-4000-8000-0123456789ad
    flow_filter: {source_address: 10.0.0.1, destination_address: 203.0.113.5}
    flow_count: 1
    hit_at_worst: 2
    message: ""
deed:
  description: What the flushes did, by their own results.
  returned: except in check mode
  type: dict
  contains:
    listed_flow_count:
      description: The number of flows that AWS lists for the flushes.
      type: int
      sample: 17
    cut:
      description: The number of findings among them.
      type: int
      sample: 17
    counts:
      description:
        - The number of them by kind, V(finding), V(reverse) (the other direction of a finding's connection),
          V(innocent), V(newborn) (with a finding's 5-tuple, born later) and V(unclear) (some member cannot be read).
      type: dict
      sample: {"finding": 17}
    collateral_count:
      description: The number of them that are surely no findings.
      type: int
      sample: 0
    collateral:
      description: The first of these, flow records with their C(kind).
      type: list
      elements: dict
      sample: []
    unproved:
      description: Why nobody can say what a flush hit, one sentence each.
      type: list
      elements: str
      sample: []
    silent:
      description:
        - The flushes for which AWS lists no flow although there were some to cut, or so few that the others cannot all
          have ended by themselves.
      type: list
      elements: dict
      sample: []
    suspected:
      description: That more flows than AWS tells of seem to have been hit.
      type: bool
      sample: false
    stopped:
      description: That collateral, or results that could not be read, kept further operations from being started.
      type: bool
      sample: false
    unread:
      description: The number of flushes whose results could not be read.
      type: int
      sample: 0
    tolerance:
      description: The seconds by which the birth of a flow may be wrong, 2 and those that a capture took.
      type: int
      sample: 4
    margin:
      description: The seconds from a start to the identification of flows that the minimum ages allowed for.
      type: int
      sample: 4
files:
  description: The file that was written, by its option.
  returned: except in check mode
  type: dict
  sample: {"flushed_dest": {"path": "/var/lib/flowops/flushed.jsonl.gz", "count": 17, "sha256": "9f86d081884c7d65"}}
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_remediation import remediate
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
            "captures": {"type": "list", "elements": "dict", "required": True},
            "held_against": {"type": "str", "choices": ["findings", "flow_filters"], "default": "findings"},
            "rehearse": {"type": "str", "choices": ["all", "first", "none"], "default": "all"},
            "trial": {"type": "bool", "default": True},
            "capture_src": {"type": "path"},
            "flushed_dest": {"type": "path"},
            "evidence_path": {"type": "path"},
            "wait_timeout": {"type": "int", "default": 3600},
        },
        supports_check_mode=True,
        **one_firewall(),
    )
    run(module, remediate)


if __name__ == "__main__":
    main()
