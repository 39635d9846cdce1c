# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every report format does with the values of an audit result, which may be of any shape and from anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timezone
from typing import Any

from ...module_utils.errors import counted
from ...module_utils.times import parse_utc

SEVERITIES = ("critical", "high", "medium", "low", "informational")
TEXT_LIMIT = 500
NOT_GIVEN = "–"  # noqa: RUF001 - the dash that tables use for an empty cell

# Controls, lone surrogates, line and paragraph separators, and the marks that turn the direction of writing around:
# each can make a page show something else than what is there (or make it impossible to encode).
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def clean(value: Any, limit: int = TEXT_LIMIT) -> str:
    """Return a value as plain text of one line, at most about limit characters, with what cannot be shown spelt out."""
    if value is None:
        return ""
    if isinstance(value, (Mapping, list, tuple)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    text = str.__str__(value) if isinstance(value, str) else str(value)
    left_out = len(text) - limit
    if left_out > 0:
        text = text[:limit]
    text = _UNSHOWABLE.sub(lambda match: _spelt_out(match[0]), text)
    return f"{text}… ({left_out:,} more characters)" if left_out > 0 else text


def plain(value: Any) -> str:
    """Return a text exactly as it is, as a plain str; anything else as clean() returns it."""
    return str.__str__(value) if isinstance(value, str) else clean(value)


def human_bytes(count: int) -> str:
    """Return a number of bytes in decimal units, such as 1.2 MB."""
    if count < 1000:
        return f"{count} B"
    size, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB", "PB", "EB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:,.1f} {unit}" if size < 99.95 else f"{size:,.0f} {unit}"


def human_seconds(seconds: int) -> str:
    """Return a duration of whole seconds in its two largest units, such as 2 h 14 min."""
    parts = []
    rest = seconds
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, rest = divmod(rest, size)
        parts.append((amount, unit))
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[:2] if amount) or "0 s"


def endpoint(address: Any, port: Any) -> str:
    """Return address and port as one text, an IPv6 address in brackets before its port."""
    text = clean(address) or NOT_GIVEN
    number = clean(port)
    if not number:
        return text
    return f"[{text}]:{number}" if ":" in text else f"{text}:{number}"


def flow_text(flow: Mapping[str, Any]) -> str:
    """Return a flow record in a few words: from where to where, protocol and size."""
    source = endpoint(flow.get("source_address"), flow.get("source_port"))
    destination = endpoint(flow.get("destination_address"), flow.get("destination_port"))
    protocol = clean(flow.get("protocol"), 32) or clean(flow.get("protocol_number"), 32)
    size = integer(flow.get("byte_count"))
    words = [cut(source, 80), "to", cut(destination, 80), protocol, "" if size is None else human_bytes(size)]
    return " ".join(word for word in words if word)


def why_of(finding: Mapping[str, Any]) -> str:
    """Return what a finding itself says of why it is one: the message of a firewall's rule, or a description."""
    return clean(finding.get("message")) or clean(finding.get("description"))


def integer(value: Any) -> int | None:
    """Return a whole number, also one written as text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def number(value: int | None) -> str:
    """Return a number with separators, the dash for none."""
    return NOT_GIVEN if value is None else f"{value:,}"


def more(count: int, noun: str, plural: str = "") -> str:
    """Return the sentence that so many are not shown, empty for none."""
    return f"{counted(count, noun, plural)} more not shown here." if count > 0 else ""


def share(part: int, whole: int | None) -> str:
    """Return a percentage that says 0 % and 100 % only where that is exact."""
    if not whole or part <= 0:
        return "0 %"
    percent = 100 * part / whole
    if percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.0f} %" if percent == int(percent) else f"{percent:.1f} %"


def moment(value: Any) -> str:
    """Return a time as 2026-01-31 12:00:00 UTC; what is no time stays as it was written."""
    text = clean(value)
    try:
        instant = parse_utc(text)
    except ValueError:
        return text
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def cut(text: str, limit: int) -> str:
    """Return text of at most limit characters; what is longer ends in an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, (list, tuple)) else ()


def _spelt_out(character: str) -> str:
    if character in "\t\n\r\u2028\u2029":
        return " "
    return f"\\u{ord(character):04x}"
