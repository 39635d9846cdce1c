# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the module of this name in this process where it can."""

from __future__ import annotations

from ..modules.networkfirewall_firewall_rule_info import main
from ..plugin_utils.module_here import ModuleHereAction


class ActionModule(ModuleHereAction):
    """The task `flowops.aws.networkfirewall_firewall_rule_info`."""

    MAIN = main
