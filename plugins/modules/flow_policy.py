# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_policy
short_description: Read and check what flows are to be judged by
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Reads a policy, from a file on the controller or as given, and fails with every mistake and its path, so that a play
    can stop before its first call to AWS.
  - What a policy is made of is said at O(flowops.aws.networkfirewall_flow_audit#module:policy).
  - Without a policy flows are judged by the firewall's own rules; then what is given of O(firewall_rules) is checked in
    the same way, its files are looked for and read.
options:
  policy:
    description:
      - The policy itself.
      - At most one of O(policy) and O(policy_file) may be given.
    type: raw
  firewall_rules:
    description:
      - How to judge by the firewall's own rules, as
        O(flowops.aws.networkfirewall_flow_audit#module:firewall_rules) takes it. Lists may be text, as surveys give it,
        and what is empty counts as not given.
      - Files are looked for as O(policy_file) is.
    type: dict
  policy_file:
    description:
      - A YAML file that holds the policy, on the controller. Set files in it are relative to its folder.
      - A relative path starts at the directory that ansible-playbook was started in, or else at the playbook's folder,
        or at the one around that.
    type: path
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
"""

EXAMPLES = r"""
- name: Read and check the policy
  flowops.aws.flow_policy:
    policy_file: policy.yml
  register: checked

- name: Judge the flows of a capture by it
  flowops.aws.networkfirewall_flow_audit:
    firewall_name: egress
    region: us-east-1
    operations: "{{ capture.flow_operations }}"
    policy: "{{ checked.policy }}"
    policy_dir: "{{ checked.policy_dir }}"
"""

RETURN = r"""
policy:
  description: The policy, with days as text.
  returned: when a policy is given
  type: dict
  sample: {"default": "allow", "rules": []}
policy_dir:
  description: The folder on the controller that the policy's set files are relative to.
  returned: when a policy is given
  type: str
  sample: /srv/playbooks
firewall_rules:
  description: What to judge by, with the whole paths of its files, for the module's option of that name.
  returned: when no policy is given
  type: dict
  sample: {"changes": [{"rule_group": "egress", "src": "/srv/playbooks/new.rules"}]}
rules:
  description:
    - The rules, with C(expired) or C(enabled) where a rule does not count, and with C(description) and C(text), the
      rule on one line, as long as there is room for them.
  returned: when a policy is given
  type: list
  elements: dict
  sample: [{"name": "no-ssh-to-internet", "action": "deny", "severity": "high"}]
policy_errors:
  description: Every mistake of the policy, each behind its path.
  returned: when the policy has mistakes
  type: list
  elements: str
  sample: ["rules[0].destination_port[0]: 70000 is not allowed; give a port from 0 to 65535."]
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
