# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a remediation, as HTML and as Markdown."""

from __future__ import annotations

from ..render import html_page, markdown_page
from .view import RemediationView


def html_of(view: RemediationView) -> str:
    """Return the view as one HTML page, in the style of the audit's."""
    return html_page("remediation.html.j2", view=view)


def markdown_of(view: RemediationView) -> str:
    """Return the view as GitHub Markdown."""
    return markdown_page("remediation.md.j2", view=view)
