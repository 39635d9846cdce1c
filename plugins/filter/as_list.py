# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter as_list."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml


def as_list(value: Any, elements: str = "str") -> list[Any]:
    """Return a list as it is, the items of text that stands for one as text, any other value as the only item.

    With elements "dict" the text is of mappings, in YAML or JSON; what is none of it is the only item.
    """
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return list(value)
    if not isinstance(value, str):
        return [value]
    text = value.strip()
    if elements == "dict":
        return _mappings(text)
    if text.startswith(("[", "- ", "---")):
        items = _of_yaml(text)
        if items is not None:
            return items
        # An address that begins or ends in a colon is a mapping to YAML.
        text = re.sub(r"^\s*-\s+", "", text.removeprefix("---"), flags=re.MULTILINE)
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
    return [item.strip() for item in re.split(r"[,\n]", text) if item.strip()]


def _mappings(text: str) -> list[Any]:
    found = _read(text) if text else []
    listed = found if isinstance(found, list) else [found]
    return listed if all(isinstance(item, dict) for item in listed) else [text]


def _read(text: str) -> Any:
    try:
        # Nothing is a number to this loader, so that no address and no ID becomes another one.
        return yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError:
        return None


def _of_yaml(text: str) -> list[str] | None:
    found = _read(text)
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        return None
    return [item.strip() for item in found if item.strip()]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"as_list": as_list}
