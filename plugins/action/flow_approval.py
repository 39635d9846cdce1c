# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the plan of a firewall that was approved, on the controller."""

from __future__ import annotations

from typing import Any

from ..plugin_utils.action import ControllerAction
from ..plugin_utils.approval import approved

ARGUMENT_SPEC: dict[str, Any] = {
    "firewall_arn": {"type": "str", "required": True},
    "summary": {"type": "raw"},
    "handed_on": {"type": "raw"},
    "plan_object": {"type": "str", "default": ""},
    "approved_hash": {"type": "raw", "default": ""},
}


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_approval`."""

    def as_result(self) -> dict[str, Any]:
        """Return the hash that was approved and the plan, or where it is; raise FlowOpsError when none was approved."""
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]
        return approved(options.pop("firewall_arn"), **options)
