# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_approval
short_description: Find the plan of a firewall that was approved
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - In a workflow the role flow_summary shows every plan with its hash, and what is approved there is carried out. This
    finds the hash and the plan of one firewall in what the jobs before have handed on, and fails when there is none.
  - Outside of a workflow the plan is named by O(plan_object), and O(approved_hash) says which plan that has to be. What
    jobs handed on does not count then.
options:
  firewall_arn:
    description: The ARN of the firewall.
    type: str
    required: true
  summary:
    description: What the role flow_summary handed on as C(flow_summary_approved), as text or a mapping.
    type: raw
  handed_on:
    description: What the role flow_audit handed on of this firewall, as text or a mapping.
    type: raw
  plan_object:
    description: The object in S3 that is the plan, C(s3://bucket/object).
    type: str
    default: ""
  approved_hash:
    description: The hash of that plan, as the audit's report shows it.
    type: raw
    default: ""
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - module: flowops.aws.flow_plan
"""

EXAMPLES = r"""
- name: Find the plan that was approved
  flowops.aws.flow_approval:
    firewall_arn: "{{ firewall_arn }}"
    plan_object: s3://flow-audits/plans/plan.json
    approved_hash: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  register: approval
"""

RETURN = r"""
plan_hash:
  description: The hash that was approved.
  returned: success
  type: str
  sample: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
plan_flow_count:
  description: The number of flows that the approved plan cuts.
  returned: when it was handed on
  type: int
  sample: 17
plan:
  description: The plan.
  returned: when it was handed on and has flows
  type: dict
  sample: {"operations": [], "flow_count": 17}
plan_object:
  description: Where the plan is, its C(bucket) and C(object).
  returned: when the plan itself was not handed on
  type: dict
  sample: {"bucket": "flow-audits", "object": "plans/plan.json"}
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
