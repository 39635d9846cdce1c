# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_summary
short_description: Put the audits of many firewalls together
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Takes the newest audit of each firewall, from what the role flow_audit handed on and from JSON reports, adds them up
    and names the firewalls that have none. AWS is not asked.
options:
  handed_on:
    description: What audits handed on, each as text or a mapping.
    type: list
    elements: raw
    default: []
  reports_dir:
    description:
      - The folder on the controller that has the JSON reports of O(firewall_arns), named as the role flow_audit names
        them. One that is not there is passed over.
    type: path
  bucket:
    description: The S3 bucket that these reports, and the plans beside them, are in.
    type: str
    default: ""
  prefix:
    description: What the names of their objects begin with.
    type: str
    default: ""
  firewall_arns:
    description: The ARNs of the firewalls of which there should be an audit.
    type: list
    elements: str
    default: []
  max_age:
    description: Pass over audits that are older than this many seconds, or do not say when they were; 0 takes any age.
    type: int
    default: 0
  report_dirs:
    description:
      - Folders on the controller with JSON reports, of whichever firewalls. A file that is no report is left out with a
        warning.
      - A relative path starts at the directory that ansible-playbook was started in.
    type: list
    elements: path
    default: []
  max_flows:
    description: The number of flows of one firewall above which a plan is said to be refused.
    type: int
    default: 1000
  max_percent:
    description: The share of the flows of one firewall, in percent, above which a plan is said to be refused.
    type: float
    default: 10.0
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
  - module: flowops.aws.flow_approval
"""

EXAMPLES = r"""
- name: Put the audits of two firewalls together
  flowops.aws.flow_summary:
    reports_dir: flowops-reports
    firewall_arns:
      - arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
      - arn:aws:network-firewall:us-east-1:111122223333:firewall/ingress
  register: fleet

- name: Show the plans and their hashes
  ansible.builtin.debug:
    var: fleet.lines
"""

RETURN = r"""
summary:
  description:
    - What the audits add up to, as C(flow_summary_result) tells it, with C(firewalls), C(missing), C(verdicts),
      C(flow_count), C(findings_total), C(plan_flow_count) and C(hash), the SHA-256 of the hashes of all plans.
  returned: success
  type: dict
  sample: {"missing": [], "verdicts": {"compliant": 2}, "flow_count": 7052, "findings_total": 0, "plan_flow_count": 0}
approved:
  description: The hash of each plan, how many flows it cuts and where it is, by the ARN of its firewall.
  returned: success
  type: dict
  sample: {}
lines:
  description:
    - What whoever is to approve the plans is shown of each firewall, with the rules, the widest filters, the share of
      the flows, the age, and whether the maxima will refuse it; and a line for all.
  returned: success
  type: list
  elements: str
  sample: ["All plans: 0 flows to cut, hash 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]
missing:
  description: The firewalls of O(firewall_arns) without a result, and why.
  returned: success
  type: list
  elements: dict
  contains:
    firewall_arn:
      description: The ARN of the firewall.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/inside
    reason:
      description: Why there is none.
      returned: always
      type: str
      sample: no result was handed on
sentence:
  description: The summary in one sentence.
  returned: success
  type: str
  sample: "2 firewalls: 2 compliant; 0 of 7052 live flows break the rules."
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
