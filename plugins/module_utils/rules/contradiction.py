# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows that are there although the rules, as they are read, let no such connection begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

# So many seconds a change of the rules may take to be everywhere.
SPREADING = 600
# So many packets an attempt has at most that the firewall is dropping.
ATTEMPT = 10


def began_after(record: Mapping[str, Any], identified: datetime | None, newest_change: datetime | None) -> bool:
    """Return whether a flow surely began when the rules were in force everywhere.

    Identified is when the capture saw it; what is not known says no, so that the flow is judged as the others are.
    """
    age = record.get("age")
    if identified is None or newest_change is None or isinstance(age, bool) or not isinstance(age, int):
        return False
    return identified.timestamp() - age > newest_change.timestamp() + SPREADING


def is_attempt(record: Mapping[str, Any]) -> bool:
    """Return whether a flow has so few packets that the firewall may well be dropping it; a count not known says no."""
    count = record.get("packet_count")
    return isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= ATTEMPT
