# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of this collection begins and ends with: options, the client, and one way to fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ..aws.networkfirewall import NetworkFirewall, connected
from ..errors import FlowOpsError, OptionError, shortened
from ..flows.scope import check_firewall_name, parse_firewall_arn, scope_of

# AWX drops an event's result above 700,000 bytes; this leaves room for what Ansible adds.
RESULT_LIMIT = 500_000
# Room for what comes on top of the result: Ansible's own keys and warnings, the filters and reports that a role adds.
_ADDED_LATER = 20_000
# However large the options are, which whoever gave them has to bound.
_LEAST_RESULT = 150_000
# The plan and the findings of thousands of flows would fill what AWX keeps, and whoever gave them has them.
_LARGE_OPTION = 100_000


def firewall_options() -> dict[str, Any]:
    """Return the argument spec of firewall_arn and firewall_name."""
    return {"firewall_arn": {"type": "str"}, "firewall_name": {"type": "str"}}


def role_options() -> dict[str, Any]:
    """Return the argument spec of assume_role_arn and external_id."""
    return {"assume_role_arn": {"type": "str"}, "external_id": {"type": "str"}}


def scope_options() -> dict[str, Any]:
    """Return the argument spec of the four ways to name a scope."""
    return {
        "availability_zone": {"type": "str"},
        "availability_zone_id": {"type": "str"},
        "vpc_endpoint_id": {"type": "str"},
        "vpc_endpoint_association_arn": {"type": "str"},
    }


def pagination_options() -> dict[str, Any]:
    """Return the argument spec of max_items, page_size, starting_token and query."""
    return {
        "max_items": {"type": "int"},
        "page_size": {"type": "int"},
        "starting_token": {"type": "str", "no_log": False},
        "query": {"type": "str"},
    }


def flow_filter_options() -> dict[str, Any]:
    """Return the argument spec of one flow filter."""
    return {
        "source_address": {"type": "str"},
        "destination_address": {"type": "str"},
        "source_port": {"type": "str"},
        "destination_port": {"type": "str"},
        "protocols": {"type": "list", "elements": "str"},
        "any": {"type": "bool", "default": False},
    }


def one_firewall() -> dict[str, Any]:
    """Return what a module demands of firewall_arn and firewall_name: one of them, not both."""
    pair = ["firewall_arn", "firewall_name"]
    return {"required_one_of": [pair], "mutually_exclusive": [pair]}


def run(module: AnsibleAWSModule, work: Callable[[AnsibleAWSModule], Mapping[str, Any]]) -> None:
    """End the module with what work returns, or with the sentence of the FlowOpsError it raises."""
    try:
        result = work(module)
    except FlowOpsError as error:
        module.fail_json(msg=error.message, **error.details, **_invocation(module.params))
    module.exit_json(**result, **_invocation(module.params))


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


def check_range(option: str, value: int, largest: int) -> None:
    """Raise OptionError when a number is not from 0 to largest."""
    if not 0 <= value <= largest:
        raise OptionError(option, value, f"give a whole number from 0 to {largest}")


def checked_firewall(params: Mapping[str, Any]) -> None:
    """Raise OptionError when the firewall's ARN or name cannot be one."""
    if params.get("firewall_arn") is not None:
        parse_firewall_arn(params["firewall_arn"])
    elif params.get("firewall_name") is not None:
        check_firewall_name(params["firewall_name"])


def checked_scope(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the scope after checking the firewall options beside it; raise FlowOpsError naming what is wrong."""
    checked_firewall(params)
    return scope_of(params)


def network_firewall(module: AnsibleAWSModule) -> NetworkFirewall:
    """Return the API through a client with the module's connection options."""
    return NetworkFirewall(client_of(module, "network-firewall"), warn=module.warn)


def client_of(module: AnsibleAWSModule, service: str) -> Any:
    """Return a client with the module's connection options, in the role's account when it is to assume one."""
    return connected(module.client, service, module.params)


def compiled_query(query: str | None) -> Any:
    """Return a compiled JMESPath expression, None for none; raise OptionError when it does not parse."""
    if query is None:
        return None
    try:
        import jmespath
    except ImportError as error:
        raise FlowOpsError("query needs the Python library jmespath where the module runs; install it.") from error
    try:
        return jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        reason = shortened(str(error).partition("\n")[0])
        raise OptionError("query", query, f"give a JMESPath expression over one page ({reason})") from error


def searched(expression: Any, pages: Iterable[Mapping[str, Any]], query: str) -> list[Any]:
    """Return what a JMESPath expression finds, page by page, lists joined; as the SDK's PageIterator.search does."""
    import jmespath

    found: list[Any] = []
    for page in pages:
        try:
            value = expression.search({key: item for key, item in page.items() if key != "ResponseMetadata"})
        except jmespath.exceptions.JMESPathError as error:
            reason = shortened(str(error))
            raise OptionError("query", query, f"give a JMESPath expression that fits a page ({reason})") from error
        if isinstance(value, list):
            found.extend(value)
        else:
            found.append(value)
    return found


def warn_when_large(module: AnsibleAWSModule, result: Mapping[str, Any], instead: str) -> None:
    """Warn when a result is larger than AWX keeps; instead names what to use."""
    size = len(json.dumps(result, default=str))
    if size > RESULT_LIMIT:
        module.warn(
            f"The result has {size:,} bytes; AWX drops results above 700,000 bytes and Ansible slows down: {instead}."
        )


def room_in(module: AnsibleAWSModule, result: Mapping[str, Any]) -> int:
    """Return how many bytes a result can still grow by, less than 0 when it is too large already."""
    # Ansible tells the options back beside the result.
    options = len(json.dumps(told_back(module.params), default=str))
    return max(RESULT_LIMIT - _ADDED_LATER - options, _LEAST_RESULT) - len(json.dumps(result))


def bounded(module: AnsibleAWSModule, result: dict[str, Any], list_key: str, plan_dest: str | None) -> dict[str, Any]:
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
