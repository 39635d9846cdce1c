# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Python whose sleeps are a hundredth as long, for tests in which AWS fails until a module gives up."""

from __future__ import annotations

import time
from typing import Any

_sleep = time.sleep


def _nap(seconds: Any) -> None:
    _sleep(seconds / 100)


time.sleep = _nap
