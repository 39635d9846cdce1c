#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flow_evidence
version_added: 0.1.0
short_description: Keep the evidence of a run in a folder that is sealed upon the one before
description:
  - Keeps what a run saw, decided and did in one folder for each run, and seals it with a manifest that has the SHA-256
    checksum of each file and of the manifest of the run before. The runs of a firewall thereby make a chain, in which
    an alteration shows.
  - O(state=begun) makes the folder C(evidence_dir/ACCOUNT-REGION-FIREWALL/RUN.part), where C(RUN) is the time in UTC
    such as C(20261121T093000Z), with C(-2) and so on behind it when there is a run of that second already. Until it is
    sealed, any task may put files into it.
  - O(state=sealed) writes O(contents) and O(copies) into it, then C(manifest.json), and takes the C(.part) off its
    name. A folder without C(.part) is therefore always whole. A run that was cut off leaves its folder as it was then,
    and that can be sealed later.
  - M(flowops.aws.flow_evidence_info) checks such folders.
author: flowops.aws contributors (!UNKNOWN)
options:
  state:
    description:
      - V(begun) makes a new folder each time, V(sealed) seals one.
    type: str
    required: true
    choices: [begun, sealed]
  evidence_dir:
    description:
      - The folder that holds those of all firewalls. It is made when it is missing.
      - Required for O(state=begun), and not allowed otherwise.
    type: path
  firewall_arn:
    description:
      - The ARN of the firewall that the run is about. It names the folder, nothing is asked of AWS.
      - Required for O(state=begun), and not allowed otherwise.
    type: str
  path:
    description:
      - The path that O(state=begun) returned, which ends in C(.part).
      - Required for O(state=sealed), and not allowed otherwise.
    type: path
  verdict:
    description:
      - How the run ended, such as V(remediated), for the manifest.
      - Required for O(state=sealed), and not allowed otherwise.
    type: str
  contents:
    description:
      - Values to write into the folder, by name. Each becomes the file C(NAME.json), with sorted keys and in ASCII.
      - A name has letters, digits, periods, underscores and hyphens, and begins with a letter or a digit.
      - Ansible tells the options of a task back in its result, so large values are better written to a file and
        given in O(copies).
      - Values are written as they are. Give none that holds a secret.
      - Only allowed for O(state=sealed).
    type: dict
  copies:
    description:
      - Paths of existing files to copy into the folder, by the names that they get there. The names are made like those
        of O(contents).
      - A file that is in the folder already need not be given.
      - Only allowed for O(state=sealed).
    type: dict
  about:
    description:
      - What else the manifest is to say of the run, up to 1 MiB. It is written as it is; give none that holds a secret.
      - Such as C(who) (C(account), C(arn) and C(user_id) as STS tells them, or null with C(who_unknown), the reason),
        C(policy) or C(rules) with their C(sha256), C(versions), C(guards), C(asked_for) and C(tolerance).
      - Only allowed for O(state=sealed).
    type: dict
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - Makes and writes nothing, and says what it would. What O(state=begun) returned in check mode can be given to
        O(state=sealed) in check mode, too.
      - Files of O(copies) need not exist then, for the tasks that write them may have written nothing either.
  diff_mode:
    support: none
  platform:
    platforms: posix
notes:
  - Folders have the mode C(0700) and files C(0600), also those that other tasks have put there.
  - Files that end in C(.part) or C(.resume) are half-written. They are removed before the folder is sealed.
  - A folder within the folder, a symbolic link or anything else that is not a regular file is refused.
  - Runs of one firewall may begin and end at the same time, on several machines too where the file system has C(flock).
    They are chained in the order in which they are sealed.
  - A manifest is a proof for whoever knows the checksum of a later one. Keep RV(manifest) of the newest run where those
    who can write to O(evidence_dir) cannot. Without it nobody can tell whether the newest runs were removed or forged.
seealso:
  - module: flowops.aws.flow_evidence_info
"""

EXAMPLES = r"""
- name: Begin to keep evidence
  flowops.aws.flow_evidence:
    state: begun
    evidence_dir: /var/lib/flowops/evidence
    firewall_arn: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
  register: evidence

- name: Audit into the folder
  flowops.aws.networkfirewall_flow_audit:
    firewall_name: egress
    region: us-east-1
    operations: "{{ capture.flow_operations }}"
    policy:
      rules:
        - {name: no-telnet, action: deny, destination_port: [23]}
    dest: "{{ evidence.path }}/capture-before.jsonl.gz"
    findings_dest: "{{ evidence.path }}/findings.jsonl.gz"
    plan_dest: "{{ evidence.path }}/plan.json"
  register: audit

- name: Seal the folder
  flowops.aws.flow_evidence:
    state: sealed
    path: "{{ evidence.path }}"
    verdict: "{{ audit.verdict }}"
    contents:
      operations: "{{ audit.operations }}"
      counts: "{{ audit.counts }}"
    copies:
      policy.yml: "{{ playbook_dir }}/policy.yml"
  register: sealed

- name: Show what to write down elsewhere
  ansible.builtin.debug:
    msg: "{{ sealed.run }} {{ sealed.manifest.sha256 }}"
"""

RETURN = r"""
path:
  description:
    - The absolute path of the folder, with C(.part) for O(state=begun) and without for O(state=sealed).
    - In check mode, the path that it would have.
  returned: success
  type: str
  sample: /var/lib/flowops/evidence/111122223333-us-east-1-egress/20261121T093000Z
run:
  description: The name of the run.
  returned: success
  type: str
  sample: 20261121T093000Z
manifest:
  description: The manifest that seals the folder.
  returned: when O(state=sealed)
  type: dict
  contains:
    path:
      description: The absolute path of the manifest.
      returned: always
      type: str
      sample: /var/lib/flowops/evidence/111122223333-us-east-1-egress/20261121T093000Z/manifest.json
    sha256:
      description:
        - The SHA-256 checksum of the manifest, as O(flowops.aws.flow_evidence_info#module:expected_head) takes it.
      returned: when not in check mode
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
previous:
  description: The run of this firewall that was sealed before, V(null) for the first.
  returned: when O(state=sealed)
  type: dict
  contains:
    run:
      description: The name of that run.
      returned: always
      type: str
      sample: 20261120T180000Z
    sha256:
      description: The SHA-256 checksum of its manifest.
      returned: always
      type: str
      sample: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
file_count:
  description: The number of files that the manifest names.
  returned: when O(state=sealed)
  type: int
  sample: 7
removed:
  description: The names of the half-written files that were removed.
  returned: when O(state=sealed)
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.flowops.aws.plugins.module_utils.work.flow_evidence import record
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "required": True, "choices": ["begun", "sealed"]},
            "evidence_dir": {"type": "path"},
            "firewall_arn": {"type": "str"},
            "path": {"type": "path"},
            "verdict": {"type": "str"},
            "contents": {"type": "dict"},
            "copies": {"type": "dict"},
            "about": {"type": "dict"},
        },
        required_if=[
            ["state", "begun", ["evidence_dir", "firewall_arn"]],
            ["state", "sealed", ["path", "verdict"]],
        ],
        supports_check_mode=True,
    )
    run(module, record)


if __name__ == "__main__":
    main()
