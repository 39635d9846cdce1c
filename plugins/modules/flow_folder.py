# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_folder
short_description: Make a private folder for reports
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Makes a folder on the controller that only its owner can read (mode V(0700)), with the folders above it where they
    are missing; a folder that is there is given that mode.
  - It does what M(ansible.builtin.file) does, without starting a module for each firewall of a fleet.
options:
  path:
    description:
      - The folder. A relative path starts at the playbook's folder, as it does for modules on a local connection.
    type: path
    required: true
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    support: full
    details: Nothing is made; RV(ignore:changed) says whether it would be.
seealso:
  - module: flowops.aws.flow_report
"""

EXAMPLES = r"""
- name: Make the folder of the reports
  flowops.aws.flow_folder:
    path: /var/lib/flowops/reports
"""

RETURN = r"""
path:
  description: The whole path of the folder.
  returned: success
  type: str
  sample: /var/lib/flowops/reports
"""
