# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Captures, from options to result."""

from __future__ import annotations

from typing import Any

from ..aws.networkfirewall import CAPTURE, NetworkFirewall
from ..errors import FlowOpsError
from ..flows.arns import firewall_of
from ..flows.filters import from_api
from ..operations.carry_out import carry_out
from ..operations.order import one_per_scope, order_of
from .options import check_timeout
from .result import Module


def capture(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    named = firewall_of(params)
    check_timeout("wait_timeout", params["wait_timeout"])
    order = order_of(params)
    api = NetworkFirewall.of(module)
    operations = one_per_scope(api, named, params, order)
    result: dict[str, Any] = {"changed": False, "flow_filters": from_api(order.api_filters)}
    if module.check_mode:
        return {**result, "flow_operations": [operation.planned(CAPTURE) for operation in operations]}
    try:
        return {**result, "flow_operations": carry_out(api, CAPTURE, operations, params, module.warn)}
    except FlowOpsError as error:
        raise error.saying(error.message, **{**result, **error.details}) from error
