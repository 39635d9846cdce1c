# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds a request against botocore's model, with the enums, patterns, minima and maxima that botocore never checks."""

from __future__ import annotations

import json
import re
from typing import Any

from ..world.errors import ApiError
from ..world.model import service_model

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
}


def parse_request(service: str, operation: str, raw: str | bytes) -> dict[str, Any]:
    """Return the members of a request that fits botocore's model of the operation, else raise ApiError."""
    if operation not in service_model(service).operation_names:
        raise ApiError("UnknownOperationException", f"There is no operation {operation}")
    try:
        request = json.loads(raw or b"{}")
    except ValueError:
        raise ApiError("SerializationException", "the request is not JSON") from None
    validate(service, operation, request)
    checked: dict[str, Any] = request
    return checked


def problems_of(service: str, shape: str, value: Any) -> list[str]:
    """Return what breaks the model of a shape in a value."""
    problems: list[str] = []
    _check(service_model(service).shape_for(shape), value, "", problems)
    return problems


def validate(service: str, operation: str, params: Any) -> None:
    """Raise InvalidRequestException naming every member that breaks the model of the operation's input."""
    shape = service_model(service).operation_model(operation).input_shape
    problems: list[str] = []
    if shape is not None:
        _check(shape, params, "", problems)
    if problems:
        count = len(problems)
        raise ApiError(
            "InvalidRequestException",
            f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(problems)}",
        )


def _check(shape: Any, value: Any, where: str, problems: list[str]) -> None:
    kind = shape.type_name
    fits = isinstance(value, _TYPES[kind]) and not (isinstance(value, bool) and kind != "boolean")
    if not fits:
        problems.append(f"Value at '{where or 'request'}' failed to satisfy constraint: Member must be a {kind}")
        return
    if kind == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                problems.append(
                    f"Value at '{_below(where, name)}' failed to satisfy constraint: Member must not be null"
                )
        for name, member in shape.members.items():
            if value.get(name) is not None:
                _check(member, value[name], _below(where, name), problems)
        return
    if kind == "list":
        _check_bounds(shape, len(value), "length", where, problems)
        for position, item in enumerate(value, start=1):
            _check(shape.member, item, f"{where}.{position}", problems)
        return
    if kind == "map":
        for key, item in value.items():
            _check(shape.key, key, _below(where, key), problems)
            _check(shape.value, item, _below(where, key), problems)
        return
    if kind == "string":
        _check_string(shape, value, where, problems)
    elif kind in ("integer", "long"):
        _check_bounds(shape, value, "value", where, problems)
        if not -(1 << 31) <= value < 1 << 31 and kind == "integer":
            problems.append(f"Value '{value}' at '{where}' failed to satisfy constraint: Member must be an integer")


def _check_string(shape: Any, value: str, where: str, problems: list[str]) -> None:
    _check_bounds(shape, len(value), "length", where, problems)
    if shape.enum and value not in shape.enum:
        problems.append(
            f"Value '{value}' at '{where}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        )
    pattern = shape.metadata.get("pattern")
    if pattern and not re.search(pattern, value):
        problems.append(
            f"Value '{value}' at '{where}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}"
        )


def _check_bounds(shape: Any, size: int, what: str, where: str, problems: list[str]) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        problems.append(
            f"Value at '{where}' failed to satisfy constraint: Member must have {what} greater than or equal to {low}"
        )
    if high is not None and size > high:
        problems.append(
            f"Value at '{where}' failed to satisfy constraint: Member must have {what} less than or equal to {high}"
        )


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
