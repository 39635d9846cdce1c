# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates for people: HTML is escaped by autoescape, Markdown by finalize; nothing is printed that was not."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .text import TEXT_LIMIT, clean

_TEMPLATES = Path(__file__).with_name("templates")
_MARKUP = re.compile("[<>&]")
_MARKDOWN_ACTIVE = re.compile(r"[\\`*_\[\]{}|~$#]")
_MARKDOWN_OPENING = re.compile(r"^(?:([-+=])(?=[-=\s]|$)|(\d+)([.)])(?=\s|$))")


def html_page(template: str, script: str = "", **values: Any) -> str:
    """Return an HTML page that asks for nothing outside itself; its style and the script of that name are inside it."""
    style, code = _asset("report.css"), _asset(script) if script else ""
    return (
        _html()
        .get_template(template)
        .render(
            # Both are files of this collection; nothing of the audit is in them.
            style=Markup(style),
            script=Markup(code),
            style_hash=_source_hash(style),
            script_hash=_source_hash(code),
            **values,
        )
    )


def script_data(value: Any) -> Markup:
    """Return a value as JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Markup(_MARKUP.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def markdown_page(template: str, **values: Any) -> str:
    """Return a page of GitHub Markdown."""
    return re.sub(r"\n{3,}", "\n\n", _markdown().get_template(template).render(**values))


def escape_markdown(value: Any) -> Any:
    """Return text so that Markdown shows it as it is; a number stays one, Markup is taken as written."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    text = " ".join(clean(value, limit=10 * TEXT_LIMIT).split())
    # Not only Markdown: what publishes pages from it may run templates over it, which begin with {{ or {%.
    text = _MARKDOWN_ACTIVE.sub(r"\\\g<0>", text).replace("{%", "{\\%")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Bare addresses would become links, and a name after @ would call somebody.
    text = text.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "@<!-- -->")
    return _MARKDOWN_OPENING.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", text)


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    """Return the hash by which a content security policy allows an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _html() -> Environment:
    return _environment(autoescape=True)


@cache
def _markdown() -> Environment:
    return _environment(finalize=escape_markdown)


def _environment(**options: Any) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    # Of what links.link_of returns, in which nothing is left to escape.
    environment.filters["link"] = Markup
    return environment
