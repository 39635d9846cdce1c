# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments as this collection writes and reads them: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .errors import OptionError

# Seconds by which a moment may lie in the future of a clock that counts whole seconds and arrives late.
CLOCKS_APART = 5.0


def utc_text(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, such as 2026-01-31T12:00:00+00:00."""
    return moment.astimezone(timezone.utc).isoformat()


def parse_utc(text: str) -> datetime:
    """Return the moment that an ISO 8601 text names; without an offset it is UTC; raise ValueError when invalid."""
    moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def moment_of(value: Any, option: str) -> datetime | None:
    """Return the moment that an option gives as ISO 8601 text, None for none; raise OptionError."""
    if value is None:
        return None
    try:
        return parse_utc(value)
    except (AttributeError, TypeError, ValueError):
        raise OptionError(option, value, "give an ISO 8601 time such as 2026-01-31T12:00:00+00:00") from None
