# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets the folder be run: python tests/emulator --port 0 --flow-log FILE ..."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    # Run by its path, the package's folder is on sys.path and its parent is not.
    sys.path[0] = str(here.parent)
    sys.exit(import_module(f"{here.name}.cli").main())
