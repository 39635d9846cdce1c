# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many cases a test of chance tries: a few in `make test`, many in `make test-long`, which runs what is marked."""

from __future__ import annotations

import os


def cases(few: int, many: int) -> int:
    """Return the number of cases to try, of seeds or of examples."""
    return many if "FLOWOPS_LONG" in os.environ else few
