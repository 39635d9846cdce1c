# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_remediation
short_description: Keep track of a remediation
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - What the role flow_remediate knows between its tasks is one mapping, the run. It begins as
    M(flowops.aws.flow_plan) returned it; this notes what other modules have found out or done, decides what
    follows from it, and returns it for the next task. AWS is not asked.
  - Exactly one of O(firewall), O(count), O(proof), O(guards) and O(flush) must be given.
options:
  run:
    description: The run, as M(flowops.aws.flow_plan) or this module returned it.
    type: dict
    required: true
  capture:
    description:
      - What M(flowops.aws.networkfirewall_flow_capture) returned of the filters that are to be flushed.
      - Required with O(count).
    type: dict
  count:
    description:
      - What M(flowops.aws.networkfirewall_flow_audit) counted of that capture; each zone with such flows gets a flush.
    type: dict
  minimum_flow_age:
    description: The seconds below which flows are left alone, with O(count).
    type: int
    default: 0
  proof:
    description: What M(flowops.aws.networkfirewall_flow_plan) returned of the plan.
    type: dict
  firewall:
    description:
      - What a flush would meet. The task fails and names the guard that refuses; in check mode what would refuse is
        noted, for the sentence that O(guards) then makes.
    type: dict
    suboptions:
      impact:
        description: What M(flowops.aws.networkfirewall_flow_flush_impact_info) returned of the firewall.
        type: dict
        required: true
      sync_timeout:
        description: The seconds for which rules on their way were waited for.
        type: int
        required: true
      allow_out_of_sync:
        description: Whether the firewall's rules may be in force in some of its zones only.
        type: bool
        required: true
      allow_continue:
        description: Whether the stream exception policy may be V(CONTINUE).
        type: bool
        required: true
      allow_endpoint_associations:
        description: Whether VPC endpoint associations may share the firewall.
        type: bool
        required: true
  guards:
    description: How much may be cut. The run may begin to cut, or the task fails and names the guard that refuses.
    type: dict
    suboptions:
      max_flows:
        description:
          - The most flows, 1000 where it is not given. A plan that was made from a part of the flows is refused
            without it.
        type: int
      max_percent:
        description: The largest share of the captured flows, in percent.
        type: float
        required: true
      max_capture_age:
        description: The age of the capture in seconds.
        type: int
        required: true
      allow_partial:
        description: Whether flows may be missing from the capture.
        type: bool
        required: true
  beside:
    description: What the result says beside what became of the flows, with O(guards), such as C(caller_identity).
    type: dict
    default: {}
  flush:
    description: What M(flowops.aws.networkfirewall_flow_flush) returned, also when it failed.
    type: dict
  comparison:
    description: What M(flowops.aws.networkfirewall_flow_verify) returned after that flush. Needs O(flush).
    type: dict
  rounds:
    description: How many times to flush at most, with O(comparison).
    type: int
    default: 1
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - module: flowops.aws.flow_plan
"""

EXAMPLES = r"""
- name: Read the plan
  flowops.aws.flow_plan:
    firewall_arn: "{{ firewall_arn }}"
    plan: plan.json
  register: run

- name: Hold it against a fresh capture
  flowops.aws.networkfirewall_flow_plan:
    firewall_arn: "{{ firewall_arn }}"
    plan: "{{ run.operations }}"
    operations: "{{ capture.flow_operations }}"
  register: proof

- name: Note what was proved
  flowops.aws.flow_remediation:
    run: "{{ run }}"
    proof: "{{ proof }}"
  register: run

- name: Stop when more would be cut than allowed
  flowops.aws.flow_remediation:
    run: "{{ run }}"
    guards: {max_flows: 100, max_percent: 5, max_capture_age: 3600, allow_partial: false}
  register: run
"""

RETURN = r"""
operations:
  description: The flushes of the whole run.
  returned: success
  type: list
  elements: dict
  sample: [{"availability_zone": "us-east-1a", "flow_filters": [{"source_address": "10.0.0.7"}], "flow_count": 1}]
flow_count:
  description: The number of flows that would be cut.
  returned: success
  type: int
  sample: 17
captured_flow_count:
  description: The number of flows in the capture that counted them, 0 when only those to cut were captured.
  returned: success
  type: int
  sample: 7052
percent:
  description: The share of those that would be cut.
  returned: after O(proof)
  type: float
  sample: 0.24
partial:
  description: Whether flows may be missing from the capture that counted them.
  returned: success
  type: bool
  sample: false
capture_age:
  description: The seconds since the capture that the plan was made from, 0 when it was proved on a fresh one.
  returned: success
  type: int
  sample: 0
dropped:
  description: The filters that were dropped because they would by now cut innocent flows.
  returned: success
  type: list
  elements: dict
  sample: []
is_counted:
  description: Whether anybody has counted these flows.
  returned: success
  type: bool
  sample: true
captures:
  description: This run's captures, which what operations were about is held against, where, when and how long.
  returned: success
  type: list
  elements: dict
  sample: [{"availability_zone": "us-east-1a", "flow_request_timestamp": "2026-01-31T12:00:00+00:00", "duration": 1.2}]
capture_src:
  description: The path of all flows of these captures, empty where no file has them.
  returned: success
  type: str
  sample: /var/lib/flowops/capture-before.jsonl.gz
held_against:
  description: Whether findings or the flow_filters say what is to be cut.
  returned: success
  type: str
  sample: findings
shown:
  description: The flows to show in diff mode where no file has them.
  returned: after O(count) and O(proof)
  type: list
  elements: dict
  sample: []
cutting:
  description: Whether the guards have let the run begin to cut.
  returned: success
  type: bool
  sample: true
stopped_as:
  description: What the verdict of a run is called that stops now, V(refused), V(rehearsal) or V(failed).
  returned: success
  type: str
  sample: failed
told:
  description:
    - What the result of a run that stops now says of other flows, C(nothing_else), C(collateral_count), C(collateral)
      and C(unproved); empty before the first flush.
  returned: when O(flush) is given
  type: dict
  sample: {"nothing_else": "unproved", "collateral_count": 0, "collateral": []}
hit_others:
  description: The sentence on flows that were cut and are no findings, empty where none was.
  returned: when O(flush) is given
  type: str
  sample: " 2 flows were cut that are no findings."
beside:
  description: What the result says beside what became of the flows.
  returned: success
  type: dict
  sample: {"stream_exception_policy": "DROP"}
refused:
  description: What each guard says that would refuse.
  returned: in check mode, after O(firewall) and O(guards)
  type: list
  elements: str
  sample: []
rehearsal:
  description: What the first rehearsal found, as M(flowops.aws.networkfirewall_flow_remediation) tells it.
  returned: after O(flush)
  type: dict
  sample: {"passed": true, "operation_count": 1, "flow_count": 17, "stranger_count": 0}
trial:
  description: What the trial found.
  returned: after O(flush)
  type: dict
  sample: {"passed": true, "flow_count": 1}
tried:
  description: Whether a trial has shown something, so that none is needed any more.
  returned: success
  type: bool
  sample: true
deeds:
  description: What the flushes of each round did, by their own results.
  returned: success
  type: list
  elements: dict
  sample: [{"cut": 17, "collateral_count": 0}]
suspected:
  description: Whether more flows vanished than vanish by themselves, where AWS does not list what was cut.
  returned: success
  type: bool
  sample: false
words:
  description: The words that hold of the result, of which the play may fail.
  returned: after O(guards)
  type: list
  elements: str
  sample: [proved, remediated]
round:
  description: The number of the round that is due, from 1.
  returned: success
  type: int
  sample: 1
cut:
  description: The flushes of the round that is due.
  returned: after O(guards)
  type: list
  elements: dict
  sample: []
again:
  description: Whether another round can cut what survived.
  returned: success
  type: bool
  sample: false
flushes:
  description: The flow operations that were started, or found to have been started by an earlier run of the same plan.
  returned: success
  type: list
  elements: dict
  sample: [{"availability_zone": "us-east-1a", "flow_operation_id": "0a1b2c3d-0000-4000-8000-0123456789ab"}]
result:
  description: What has become of the flows, as C(flow_remediate_result) tells it.
  returned: after O(guards)
  type: dict
  sample: {"verdict": "remediated", "planned": 17, "gone": 17, "survived": 0, "reborn": 0, "flush_count": 1}
sentence:
  description: That result in one sentence.
  returned: after O(guards)
  type: str
  sample: "egress: remediated; 17 of 17 flows are gone, 0 survived, 0 came back; 1 flush; nothing else was touched."
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
