# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the module of this name, and say that it is at work while it waits."""

from __future__ import annotations

from ..plugin_utils.signs import WaitingAction


class ActionModule(WaitingAction):
    """The task `flowops.aws.networkfirewall_flow_remediation`."""
