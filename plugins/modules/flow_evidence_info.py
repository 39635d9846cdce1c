#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: flow_evidence_info
version_added: 0.1.0
short_description: Check evidence folders and name the first file that was altered
description:
  - Holds evidence folders that M(flowops.aws.flow_evidence) has sealed against their manifests, and the manifests
    against each other.
  - Altered is a file whose content is another one, that is missing, or that no manifest names; a run that is missing
    from the chain, was renamed (to the name of an unsealed one, too) or was added to it; a file that others may read or
    write by its mode (a copy has to keep the modes); and anything that is not a regular file. Symbolic links are never
    followed.
  - Nothing but the folders is needed. Neither AWS nor its SDK is asked for anything.
  - The module does not fail when something was altered, see RV(intact).
author: flowops.aws contributors (!UNKNOWN)
options:
  path:
    description:
      - The folder of one run, or the folder of a firewall with all its runs, or the C(evidence_dir) with the folders of
        firewalls.
      - Of one run the files are checked, and its link to the run before when that lies beside it.
    type: path
    required: true
  expected_head:
    description:
      - The SHA-256 checksum in hex of a manifest, as M(flowops.aws.flow_evidence) returned it, that was written down
        elsewhere.
      - When it is there and RV(intact=true), neither that run nor any before it was altered or removed. It need not be
        that of the newest run, but nothing proves what came after it.
      - Without it nobody can tell whether the newest runs were removed, or made anew by someone who could write there.
      - Of several firewalls, the manifest of one must have it.
    type: str
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Nothing is changed in either mode.
  diff_mode:
    support: none
  platform:
    platforms: posix
seealso:
  - module: flowops.aws.flow_evidence
"""

EXAMPLES = r"""
- name: Check all evidence
  flowops.aws.flow_evidence_info:
    path: /var/lib/flowops/evidence
  register: evidence

- name: Check the chain of a firewall up to a manifest that was written down elsewhere
  flowops.aws.flow_evidence_info:
    path: /var/lib/flowops/evidence/111122223333-us-east-1-egress
    expected_head: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  register: chain

- name: Fail if it is broken
  ansible.builtin.assert:
    that: chain.intact
    fail_msg: "{{ chain.problem }}"

- name: Check one run
  flowops.aws.flow_evidence_info:
    path: /var/lib/flowops/evidence/111122223333-us-east-1-egress/20261121T093000Z
"""

RETURN = r"""
intact:
  description: Whether nothing was altered.
  returned: success
  type: bool
  sample: false
problem:
  description:
    - A sentence that names what was altered first, in the order of the runs and, within a run, of the names of its
      files.
    - Empty when nothing was.
  returned: success
  type: str
  sample: "'20261121T093000Z/plan.json' was altered, it has 1532 bytes instead of 1530."
folder_count:
  description: The number of runs in O(path), without unfinished ones.
  returned: success
  type: int
  sample: 12
file_count:
  description: The number of files that their manifests name.
  returned: success
  type: int
  sample: 84
chains:
  description: The firewalls, in the order of the names of their folders.
  returned: success
  type: list
  elements: dict
  contains:
    folder:
      description: The path of the firewall's folder.
      returned: always
      type: str
      sample: /var/lib/flowops/evidence/111122223333-us-east-1-egress
    runs:
      description: The number of its runs that were looked at.
      returned: always
      type: int
      sample: 12
    head:
      description: The newest of these runs, V(null) when there is none with a manifest.
      returned: always
      type: dict
      contains:
        run:
          description: The name of the run.
          returned: always
          type: str
          sample: 20261121T093000Z
        sha256:
          description: The SHA-256 checksum of its manifest.
          returned: always
          type: str
          sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
unfinished:
  description: The folders of runs that were begun and not sealed, relative to O(path). They are not looked into.
  returned: success
  type: list
  elements: str
  sample: [20261121T101500Z.part]
notes:
  description: Sentences about what was not checked.
  returned: success
  type: list
  elements: str
  sample: ["The run '20261120T180000Z' does not lie beside it; the link to it was not checked."]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.flowops.aws.plugins.module_utils.work.flow_evidence_info import examine
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "required": True}, "expected_head": {"type": "str"}},
        supports_check_mode=True,
    )
    run(module, examine)


if __name__ == "__main__":
    main()
