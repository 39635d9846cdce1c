# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_plan
short_description: Read and check what is to be cut
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Reads a flush plan, from a file on the controller, an audit or as given, and fails unless it is a plan of this
    firewall that has not been changed since it was made and, with O(approved_hash), the one that was approved. AWS is
    not asked.
  - Filters and addresses are checked and returned as the filters of flushes to come.
  - Exactly one of O(plan), O(audit), O(flow_filters) and O(addresses) must be given.
options:
  firewall_arn:
    description: The ARN of the firewall that the plan must be for.
    type: str
    required: true
  plan:
    description:
      - A plan, a mapping with C(operations) as C(flow_audit_result.plan) is one, or the path on the controller of a
        JSON file with it. A relative path starts at the directory that ansible-playbook was started in.
    type: raw
  audit:
    description:
      - A C(flow_audit_result) with a plan, which is read from its file when it was too large to be returned.
      - The files that the audit wrote are returned as long as they are as it left them.
    type: dict
  flow_filters:
    description: Filters, 1 to 20, as in O(flowops.aws.networkfirewall_flow_flush#module:flow_filters).
    type: list
    elements: dict
  addresses:
    description: Addresses or CIDRs, 1 to 10, of which the flows in both directions are meant.
    type: list
    elements: str
  approved_hash:
    description: The RV(hash) of the plan that was approved; empty when none has to be.
    type: str
    default: ""
  availability_zones:
    description: Return the operations in these zones only; by default all.
    type: list
    elements: str
    default: []
  allow_collateral:
    description: Take a plan that was made to cut innocent flows too.
    type: bool
    default: false
  any_scope:
    description: Take a plan that has operations of other scopes than an Availability Zone, too.
    type: bool
    default: false
  findings_file:
    description: The findings that the plan was made for, in place of those that the audit or the plan names.
    type: str
  option_prefix:
    description: What the names of the options begin with in messages, for a role that hands its own variables on.
    type: str
    default: ""
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
  - module: flowops.aws.networkfirewall_flow_flush
  - module: flowops.aws.networkfirewall_flow_plan
"""

EXAMPLES = r"""
- name: Read the plan that was approved
  flowops.aws.flow_plan:
    firewall_arn: "{{ firewall_arn }}"
    plan: plan.json
    approved_hash: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  register: approved

- name: Carry it out
  flowops.aws.networkfirewall_flow_flush:
    firewall_arn: "{{ firewall_arn }}"
    operations: "{{ approved.operations }}"
    wait: true
"""

RETURN = r"""
firewall_arn:
  description: The ARN of the firewall.
  returned: success
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
source:
  description: Which option said what is to be cut.
  returned: success, and when the plan was refused
  type: str
  sample: plan
operations:
  description:
    - The operations of the plan in O(availability_zones), none for filters and addresses.
    - A result that is too large for an event of AWX is returned, but not shown.
  returned: success
  type: list
  elements: dict
  sample: [{"availability_zone": "us-east-1a", "flow_filters": [{"source_address": "10.0.0.7"}], "flow_count": 1}]
hash:
  description: The SHA-256 of the firewall's ARN and all operations of the plan, as it is approved.
  returned: when a plan was read
  type: str
  sample: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
inseparable:
  description: The number of findings that the plan leaves alone.
  returned: when a plan was read
  type: int
  sample: 0
captured_flow_count:
  description: The number of flows in the capture that the plan was made from, 0 when it does not say.
  returned: when a plan was read
  type: int
  sample: 7052
fetch:
  description:
    - V(findings) where the plan was made from a part of the flows, so that there is no whole to take a share of.
  returned: when it is so
  type: str
  sample: findings
flow_filters:
  description: The filters that were given, or those that the flows of the plan were captured by.
  returned: success
  type: list
  elements: dict
  sample: [{"any": true}]
availability_zones:
  description: The zones that were asked for.
  returned: success
  type: list
  elements: str
  sample: []
findings_src:
  description: The file of the findings that the plan was made for, empty without one.
  returned: when a plan was read
  type: str
  sample: flowops-reports/111122223333-us-east-1-egress-findings.jsonl.gz
copies:
  description:
    - The files to copy into the evidence, by the names that they get there, as
      O(flowops.aws.flow_evidence#module:copies) takes them. C(rules.json) has the firewall's rules that the plan was
      made by, when it is as the audit left it.
  returned: when a plan was read
  type: dict
  sample: {"rules.json": "flowops-reports/111122223333-us-east-1-egress-rules.json"}
rules_sha256:
  description: The checksum that the plan has for the file of the firewall's rules, null without one.
  returned: when a plan was read
  type: str
  sample: e3b0...
findings:
  description: The findings of the audit.
  returned: when no file has them
  type: list
  elements: dict
  sample: []
began_at:
  description: When this was read, by the controller's clock.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00+00:00"
versions:
  description: The versions of flowops.aws, ansible-core, Python, boto3 and botocore on the controller.
  returned: always
  type: dict
  sample: {"flowops.aws": "0.1.0", "ansible-core": "2.19.3", "boto3": "1.40.1", "botocore": "1.40.1"}
only_findings:
  description: Whether the findings at hand are all of the plan's, so that a flow that is none of them is innocent.
  returned: when a plan was read
  type: bool
  sample: true
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
