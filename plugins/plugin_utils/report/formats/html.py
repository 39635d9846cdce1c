# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as one HTML page that people read; it asks for nothing outside itself."""

from __future__ import annotations

from collections.abc import Iterable

from ..render import html_page, script_data
from ..rows import Packed, shown_rows
from ..view import View
from .base import Format, Material

# What is there without JavaScript, too; the script shows as many at a time.
ROWS_AT_ONCE = 50


def html_of(view: View) -> str:
    """Return the view as one HTML page; its findings are in it as data, of which a script shows a part."""
    packed = Packed(view.findings)
    rows = shown_rows(view.findings, ROWS_AT_ONCE)
    held = len(view.findings.rows[: view.findings.max_rows])
    return html_page(
        "report.html.j2",
        script="report.js",
        view=view,
        rows=rows,
        beyond=held > len(rows),
        caption=view.findings.caption(held),
        packed=packed,
        data=script_data(packed.data),
    )


def _contents(material: Material) -> Iterable[bytes]:
    return [html_of(material.view).encode()]


FORMAT = Format("html", _contents)
