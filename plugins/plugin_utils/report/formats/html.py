# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as one HTML page that people read; it asks for nothing outside itself."""

from __future__ import annotations

from collections.abc import Iterable

from ..render import html_page
from ..view import View
from .base import Format, Material


def html_of(view: View) -> str:
    """Return the view as one HTML page."""
    rows = view.findings.rows[: view.findings.max_rows]
    return html_page("report.html.j2", view=view, rows=rows, caption=view.findings.caption(len(rows)))


def _contents(material: Material) -> Iterable[bytes]:
    return [html_of(material.view).encode()]


FORMAT = Format("html", _contents)
