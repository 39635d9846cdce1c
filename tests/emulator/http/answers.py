# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bodies of answers that are errors."""

from __future__ import annotations

import json

from ..world.errors import ApiError


def error_body(error: ApiError, member: str = "Message") -> str:
    """Return the JSON body of an error answer; member is what the service calls its sentence."""
    return json.dumps({"__type": error.code, member: error.message}, separators=(",", ":"))
