# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep track of a remediation, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils.errors import FlowOpsError
from ..plugin_utils.action import ControllerAction, now_text
from ..plugin_utils.guards import Firewall, Limits
from ..plugin_utils.remediation import KEPT, begun, compared, counted, flushed, foretold, guarded, met, proved

# What Ansible says of a task beside what the task returned.
_OF_THE_TASK = ("changed", "failed", "msg", "warnings", "deprecations", "exception", "invocation", "censored")
ARGUMENT_SPEC: dict[str, Any] = {
    "run": {"type": "dict", "required": True},
    "capture": {"type": "dict"},
    "count": {"type": "dict"},
    "minimum_flow_age": {"type": "int", "default": 0},
    "proof": {"type": "dict"},
    "firewall": {
        "type": "dict",
        "options": {
            "impact": {"type": "dict", "required": True},
            "sync_timeout": {"type": "int", "required": True},
            "allow_out_of_sync": {"type": "bool", "required": True},
            "allow_continue": {"type": "bool", "required": True},
            "allow_endpoint_associations": {"type": "bool", "required": True},
        },
    },
    "guards": {
        "type": "dict",
        "options": {
            "max_flows": {"type": "int"},
            "max_percent": {"type": "float", "required": True},
            "max_capture_age": {"type": "int", "required": True},
            "allow_partial": {"type": "bool", "required": True},
        },
    },
    "beside": {"type": "dict", "default": {}},
    "flush": {"type": "dict"},
    "comparison": {"type": "dict"},
    "rounds": {"type": "int", "default": 1},
}


# So many flows may be cut where nobody has said how many.
_MOST_FLOWS = 1000


def _limits(guards: Mapping[str, Any]) -> Limits:
    given = guards["max_flows"]
    return Limits(**{**guards, "max_flows": _MOST_FLOWS if given is None else given}, is_given=given is not None)


class ActionModule(ControllerAction):
    """The task `flowops.aws.flow_remediation`."""

    def as_result(self) -> dict[str, Any]:
        """Return the run with what has become known; raise FlowOpsError with the guard that refuses."""
        options = self.validate_argument_spec(
            argument_spec=ARGUMENT_SPEC,
            required_one_of=[["firewall", "count", "proof", "guards", "flush"]],
            mutually_exclusive=[["firewall", "count", "proof", "guards", "flush"]],
            required_by={"count": ["capture"], "comparison": ["flush"]},
        )[1]
        run = begun({name: value for name, value in options["run"].items() if name not in _OF_THE_TASK})
        try:
            return self._noted(run, options)
        # A defect too: a run that has begun to cut must never look like one that was refused.
        except Exception as error:
            said = error.message if isinstance(error, FlowOpsError) else f"The run cannot be kept track of ({error!r})."
            raise FlowOpsError(said, **{name: run[name] for name in KEPT if run.get(name)}) from error

    def _noted(self, run: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        if options["firewall"] is not None:
            return met(run, Firewall(**options["firewall"]), bool(self._task.check_mode))
        if options["count"] is not None:
            captured = options["capture"]["flow_operations"]
            return counted(run, captured, options["count"], options["minimum_flow_age"])
        if options["proof"] is not None:
            return proved(run, options["proof"], bool(self._task.check_mode))
        if options["guards"] is not None:
            tell = foretold if self._task.check_mode else guarded
            return tell({**run, "beside": options["beside"]}, _limits(options["guards"]))
        run = flushed(run, options["flush"])
        if options["comparison"] is None:
            return run
        done = compared(run, options["comparison"], options["rounds"])
        times = {"began_at": run.get("began_at"), "ended_at": now_text()}
        return {**done, "result": {**done["result"], **times}}
