# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How every module ends: its result or one sentence, never more than AWX keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..errors import FlowOpsError

# AWX drops an event's result above 700,000 bytes; this leaves room for what Ansible adds.
RESULT_LIMIT = 500_000
# Room for what comes on top of the result: Ansible's own keys and warnings, the filters and reports that a role adds.
_ADDED_LATER = 20_000
# However large the options are, which whoever gave them has to bound.
_LEAST_RESULT = 150_000
# The plan and the findings of thousands of flows would fill what AWX keeps, and whoever gave them has them.
_LARGE_OPTION = 100_000


class Module(Protocol):
    """What this collection asks of a module, Ansible's own or amazon.aws's."""

    params: dict[str, Any]
    check_mode: bool
    tmpdir: str
    _diff: bool

    def warn(self, message: str) -> None:
        """Add a warning to what the module returns."""


def run(module: Any, work: Callable[[Any], Mapping[str, Any]]) -> None:
    """End a module with what work returns, or with the sentence of the FlowOpsError it raises."""
    proxies = _proxies(module.params)
    if proxies:
        # What amazon.aws wraps is what masks values.
        getattr(module, "_module", module).no_log_values.update(proxies)
    try:
        result = work(module)
    except FlowOpsError as error:
        module.fail_json(msg=error.message, **error.details, **_invocation(module.params))
    module.exit_json(**result, **_invocation(module.params))


def _proxies(params: Mapping[str, Any]) -> list[str]:
    """Return the proxies of aws_config, whose addresses may hold passwords, which amazon.aws's spec does not hide."""
    config = params.get("aws_config")
    proxies = config.get("proxies") if isinstance(config, Mapping) else None
    return [str(proxy) for proxy in proxies.values() if proxy] if isinstance(proxies, Mapping) else []


def told_back(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as they stand beside a result, in place of those above 100,000 bytes how large they are."""
    sizes = {name: len(json.dumps(value, default=str)) for name, value in params.items()}
    return {
        name: value if sizes[name] <= _LARGE_OPTION else f"left out, {sizes[name]:,} bytes"
        for name, value in params.items()
    }


def _invocation(params: Mapping[str, Any]) -> dict[str, Any]:
    told = told_back(params)
    # Ansible tells the options back itself where nothing is left out of them.
    return {} if told == params else {"invocation": {"module_args": told}}


def warn_when_large(module: Module, result: Mapping[str, Any], instead: str) -> None:
    """Warn when a result is larger than AWX keeps; instead names what to use."""
    size = len(json.dumps(result, default=str))
    if size > RESULT_LIMIT:
        module.warn(
            f"The result has {size:,} bytes; AWX drops results above 700,000 bytes and Ansible slows down: {instead}."
        )


def warn_when_cut_off(module: Module, listing: Any) -> None:
    """Warn when a listing ended in a way that does not say whether there is more."""
    if listing.ended_early:
        module.warn(
            f"AWS ended its answer to {listing.operation} with a token that is empty, which says neither that there is"
            " more nor that there is not; something may be missing."
        )


def room_in(module: Module, result: Mapping[str, Any]) -> int:
    """Return how many bytes a result can still grow by, less than 0 when it is too large already."""
    # Ansible tells the options back beside the result.
    options = len(json.dumps(told_back(module.params), default=str))
    return max(RESULT_LIMIT - _ADDED_LATER - options, _LEAST_RESULT) - len(json.dumps(result))


def bounded(module: Module, result: dict[str, Any], list_key: str, plan_dest: str | None) -> dict[str, Any]:
    """Return the result with the plan's operations left out and then the list cut where it would grow too large."""
    items = result.pop(list_key)
    room = room_in(module, result)
    if room < 0 and "plan" in result:
        del result["plan"]["operations"]
        if not plan_dest:
            module.warn("The plan is too large to return; give plan_dest to have it written to a file.")
        room = room_in(module, result)
    fitting = []
    for item in items:
        room -= len(json.dumps(item)) + 2
        if room < 0:
            break
        fitting.append(item)
    return {**result, list_key: fitting}
