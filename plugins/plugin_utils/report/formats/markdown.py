# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as GitHub Markdown, with the first findings only."""

from __future__ import annotations

from collections.abc import Iterable

from ..build import MARKDOWN_ROWS
from ..render import markdown_page
from ..rows import shown_rows
from ..view import View
from .base import Format, Material


def markdown_of(view: View) -> str:
    """Return the view as GitHub Markdown with at most MARKDOWN_ROWS findings."""
    rows = shown_rows(view.findings, MARKDOWN_ROWS)
    return markdown_page("report.md.j2", view=view, rows=rows, caption=view.findings.caption(len(rows)))


def _contents(material: Material) -> Iterable[bytes]:
    return [markdown_of(material.view).encode()]


FORMAT = Format("markdown", _contents)
