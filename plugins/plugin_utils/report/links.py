# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where one report leads to another."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from .text import clean

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_KEPT = "/:?=&%#~.,-_+@"


def link_of(place: Any) -> str:
    """Return a path or a web address as what a link leads to; empty for anything else, such as a script."""
    text = clean(place, 2000)
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[0].lower() not in ("https:", "http:", "file:"):
        return ""
    return quote(text, safe=_KEPT)


def relative_to(page: str) -> Callable[[str], str]:
    """Return what turns the absolute path of a file into one relative to a page; other places stay as they are."""
    folder = os.path.dirname(page)
    return lambda place: os.path.relpath(place, folder) if os.path.isabs(place) else place
