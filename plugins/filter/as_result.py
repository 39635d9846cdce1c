# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter as_result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_OF_THE_TASK = frozenset({"changed", "failed", "warnings", "deprecations"})


def as_result(registered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a module returned, without what Ansible says of the task."""
    return {name: value for name, value in registered.items() if name not in _OF_THE_TASK}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"as_result": as_result}
