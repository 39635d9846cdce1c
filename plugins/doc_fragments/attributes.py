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
