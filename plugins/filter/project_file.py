# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter project_file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError


def project_file(value: Any) -> str:
    """Return a path that a survey names, which lies in the project; raise AnsibleFilterError for any other."""
    path = str(value if value is not None else "").strip()
    if path.startswith(("/", "~")) or "\\" in path or ":" in path or ".." in re.split("/+", path):
        raise AnsibleFilterError(
            f"flowops_policy_file: '{path}' is not allowed; give a path within the project, without .. in it."
        )
    return path


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"project_file": project_file}
