# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test every_flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.flowops.aws.plugins.filter.as_list import as_list


def every_flow(value: Any) -> bool:
    """Return whether flow filters, a list or the text of one, stand for every flow of a firewall."""
    return [{str(name): str(item).lower() for name, item in one.items()} for one in _mappings(value)] == [
        {"any": "true"}
    ]


def _mappings(value: Any) -> list[dict[Any, Any]]:
    return [item if isinstance(item, dict) else {} for item in as_list(value, "dict")]


class TestModule:
    """The tests of this file."""

    # Pytest takes it for a class of tests by its name.
    __test__ = False

    def tests(self) -> dict[str, Callable[..., bool]]:
        """Return the tests by name."""
        return {"every_flow": every_flow}
