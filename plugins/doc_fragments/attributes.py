# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the plugins of this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """What a module supports of Ansible's common behaviour, beside ansible.builtin.action_common_attributes."""

    # For modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: Nothing is changed in AWS in either mode.
  diff_mode:
    support: none
  platform:
    platforms: posix
"""

    # For action plugins that only read and decide, on the controller.
    CONTROLLER = r"""
options: {}
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
    details: Nothing is changed in either mode.
  connection:
    support: none
  delegation:
    support: none
    details: Everything happens on the controller, whatever the task is delegated to.
  diff_mode:
    support: none
  platform:
    platforms: all
    support: full
"""

    # For modules with an action plugin of their name by plugin_utils/module_here.py.
    HERE = r"""
options: {}
notes:
  - On a local connection with the Python that runs Ansible, as the playbooks of this collection ask for, the module
    runs in the process of its task, which spares a fleet more than half of its processor time. With another connection
    or C(ansible_python_interpreter), or with C(become), C(environment), C(async) or C(delegate_to), it is started as
    any module is. What it does and returns is the same.
"""
