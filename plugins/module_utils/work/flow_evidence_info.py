# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence folders checked, from options to result, without AWS and its SDK."""

from __future__ import annotations

from typing import Any

from ..evidence.check import check
from .flow_evidence import refuse_empty
from .result import Module


def examine(module: Module) -> dict[str, Any]:
    """Check evidence folders and return the module's result; raise FlowOpsError when there are none."""
    refuse_empty(module.params, "path")
    return {"changed": False, **check(module.params["path"], module.params["expected_head"])}
