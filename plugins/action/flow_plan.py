# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check what is to be cut, on the controller."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ..module_utils.errors import FlowOpsError
from ..module_utils.files import sha256_of
from ..plugin_utils.action import ControllerAction, now_text
from ..plugin_utils.given_plan import Held, as_given
from ..plugin_utils.versions import versions

ARGUMENT_SPEC: dict[str, Any] = {
    "firewall_arn": {"type": "str", "required": True},
    "plan": {"type": "raw"},
    "audit": {"type": "dict"},
    "flow_filters": {"type": "list", "elements": "dict"},
    "addresses": {"type": "list", "elements": "str"},
    "approved_hash": {"type": "str", "default": ""},
    "availability_zones": {"type": "list", "elements": "str", "default": []},
    "allow_collateral": {"type": "bool", "default": False},
    "any_scope": {"type": "bool", "default": False},
    "findings_file": {"type": "str"},
    "option_prefix": {"type": "str", "default": ""},
}


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_plan`."""

    def as_result(self) -> dict[str, Any]:
        """Return what is to be cut; raise FlowOpsError for what must not be."""
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]
        held = Held(
            options["firewall_arn"],
            options["approved_hash"],
            options["availability_zones"],
            options["allow_collateral"],
            options["any_scope"],
            options["option_prefix"],
        )
        try:
            given = as_given(options, held, self._sha256)
        except FlowOpsError as error:
            # For the evidence of a run that is refused here.
            raise error.saying(error.message, versions=versions()) from error
        return {"firewall_arn": held.firewall_arn, **given, "began_at": now_text(), "versions": versions()}

    def _sha256(self, path: str) -> str | None:
        """Return the checksum of a file of an audit, as modules on a local connection find it, None without one."""
        with suppress(OSError):
            return sha256_of(str(self._loader.path_dwim(path)))
        return None
