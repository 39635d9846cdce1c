# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats of flow_report, in the order in which they are written; a new one is a file here and its name below."""

from __future__ import annotations

from . import asff, csv, html, json, markdown, ocsf
from .base import Format

FORMATS: tuple[Format, ...] = tuple(module.FORMAT for module in (html, markdown, json, csv, asff, ocsf))
