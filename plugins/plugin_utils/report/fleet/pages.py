# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a fleet, as HTML and as Markdown."""

from __future__ import annotations

from ..render import html_page, markdown_page
from .view import FleetView


def html_of(view: FleetView) -> str:
    """Return the view as one HTML page, in the style of the audit's."""
    return html_page("fleet.html.j2", script="fleet.js", view=view)


def markdown_of(view: FleetView) -> str:
    """Return the view as GitHub Markdown."""
    return markdown_page("fleet.md.j2", view=view)
