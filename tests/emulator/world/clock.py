# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's time: runs like the wall clock, can be put forward, or stands still for tests."""

from __future__ import annotations

import time


class Clock:
    """Epoch seconds that never go back, plus whatever was added with advance()."""

    def __init__(self) -> None:
        self._wall = time.time()
        self._started = time.monotonic()
        self._advanced = 0.0

    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self._wall + (time.monotonic() - self._started) + self._advanced

    def advance(self, seconds: float) -> None:
        """Put the clock forward by seconds (ValueError if negative); nobody sleeps."""
        if seconds < 0:
            raise ValueError("advance: seconds must not be negative")
        self._advanced += seconds

    def reset(self) -> None:
        """Forget what was added with advance()."""
        self._advanced = 0.0


class SteppedClock(Clock):
    """A clock that only moves when advance() says so."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        super().__init__()
        self._start = start

    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self._start + self._advanced
