# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_variables
short_description: Refuse variables that a role does not know
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Fails when a variable of the host begins like the options of a role of this collection and is none of them, and
    names the option that was probably meant. C(flow_remediate_max_flow) in place of C(flow_remediate_max_flows) would
    otherwise be ignored, and guard nothing.
  - A role's own variables are allowed, ROLE__NAME, ROLE_result, and what jobs hand on, ROLE_of_FIREWALL.
  - Then fails with the sentence of the first of O(conditions) that does not hold. One task for all that can be said
    before anything is read costs a fleet less than one for each sentence.
options:
  conditions:
    description: What has to hold of the variables, and what to say where it does not; the first that fails is told.
    type: list
    elements: dict
    default: []
    suboptions:
      holds:
        description: Whether it does, mostly a template.
        type: bool
        required: true
      fail_msg:
        description: The sentence to fail with.
        type: str
        required: true
  role:
    description:
      - The name of the role; without it, those of every role, and variables that begin with C(flowops_), which are held
        against the playbooks'.
    type: str
    default: ""
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - module: flowops.aws.flow_policy
"""

EXAMPLES = r"""
- name: Stop when a variable of flow_audit is mistyped
  flowops.aws.flow_variables:
    role: flow_audit

- name: Stop when a variable of flow_audit is mistyped or out of range
  flowops.aws.flow_variables:
    role: flow_audit
    conditions:
      - holds: "{{ 0 <= flow_audit_top_n | int <= 100 }}"
        fail_msg: "flow_audit_top_n: '{{ flow_audit_top_n }}' is not allowed; give a whole number from 0 to 100."
"""

RETURN = r"""
# Nothing but what every module returns.
"""
