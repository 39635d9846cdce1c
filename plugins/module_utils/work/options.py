# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specs that modules share, and the ranges of their numbers."""

from __future__ import annotations

from typing import Any

from ..errors import OptionError


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


def start_options() -> dict[str, Any]:
    """Return the argument spec that captures and flushes share beside their filters."""
    return {
        "availability_zones": {"type": "list", "elements": "str"},
        "minimum_flow_age": {"type": "int"},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 900},
    }


def operation_options() -> dict[str, Any]:
    """Return the argument spec of one operation of a plan."""
    return {
        **scope_options(),
        "flow_filters": {"type": "list", "elements": "dict", "required": True, "options": flow_filter_options()},
        "minimum_flow_age": {"type": "int"},
        "captured_at": {"type": "str"},
        "flow_count": {"type": "int"},
        "flow_counts": {"type": "list", "elements": "int"},
    }


def plan_options() -> dict[str, Any]:
    """Return the argument spec of a plan and of the findings that it was made for."""
    return {
        "plan": {"type": "list", "elements": "dict", "required": True, "options": operation_options()},
        "findings_src": {"type": "path"},
        "findings": {"type": "list", "elements": "dict"},
    }


def one_firewall() -> dict[str, Any]:
    """Return what a module demands of firewall_arn and firewall_name: one of them, not both."""
    pair = ["firewall_arn", "firewall_name"]
    return {"required_one_of": [pair], "mutually_exclusive": [pair]}


def check_range(option: str, value: int, largest: int) -> None:
    """Raise OptionError when a number is not from 0 to largest."""
    if not 0 <= value <= largest:
        raise OptionError(option, value, f"give a whole number from 0 to {largest}")


def check_timeout(option: str, value: int) -> None:
    """Raise OptionError when a time-out is not at least a second."""
    if value < 1:
        raise OptionError(option, value, "give a number of seconds from 1 up")
