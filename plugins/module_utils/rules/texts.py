# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of Suricata rules, cut into header and options; what Suricata would refuse is told with line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

ACTIONS = ("pass", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "alert")
_HEADER_PARTS = ("action", "protocol", "source", "source port", "direction", "destination", "destination port")
# Without brackets no part of a header has a space in it, which most rules are.
_PLAIN = re.compile(r" *([^\s\[(]+) +([^\s\[(]+) +([^\s(]+) +([^\s(]+) +(\S\S) +([^\s(]+) +([^\s(]+) +\(")
# What the engine reads a line into.
_LONGEST_LINE = 8191
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONGEST_NUMBER = 10
_END_OF_OPTION = re.compile(r"(?<!\\);")
_ESCAPED = re.compile(r"\\([\"\\;:])")


class RuleTextError(ValueError):
    """Why Suricata refuses a rule, with the column (from 1) that shows it."""

    def __init__(self, why: str, column: int = 1) -> None:
        super().__init__(why)
        self.why = why
        self.column = column


class Option(NamedTuple):
    """One option of a rule: its keyword in lower case, its value or None, and its column."""

    keyword: str
    value: str | None
    column: int


class RuleText(NamedTuple):
    """A rule cut into its parts."""

    action: str
    protocol: str
    source: str
    source_port: str
    direction: str
    destination: str
    destination_port: str
    options: tuple[Option, ...]

    def value_of(self, keyword: str) -> str | None:
        """Return the value of the first option with a keyword, None without one."""
        return next((option.value for option in self.options if option.keyword == keyword), None)


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield the rules of a text, each with the number of its first line; a backslash at the end of a line goes on."""
    pending, first = "", 0
    # Nothing else ends a line to the engine, so that a comment goes on behind it.
    for number, ended in enumerate(text.split("\n"), 1):
        line = ended.removesuffix("\r")
        if not pending:
            first = number
            # Whether a return in the midst of a comment ends it, nobody says.
            if not line.strip() or (line.lstrip().startswith("#") and "\r" not in line):
                continue
        if line.rstrip().endswith("\\"):
            pending += line.rstrip()[:-1]
            continue
        yield first, (pending + line).rstrip()
        pending = ""
    if pending.strip():
        yield first, pending.rstrip()


def parse(line: str) -> RuleText:
    """Return the parts of one rule; raise RuleTextError where it cannot be cut into them."""
    if len(line) > _LONGEST_LINE or len(line.encode("utf-8", "surrogatepass")) > _LONGEST_LINE:
        raise RuleTextError(f"it has more than {_LONGEST_LINE} bytes", 1)
    control = _CONTROL.search(line)
    if control:
        raise RuleTextError("it has a control character in it", control.start() + 1)
    plain = _PLAIN.match(line)
    if plain and not any("[" in part and "]" not in part for part in plain.groups()):
        parts, body = list(plain.groups()), plain.end()
    else:
        parts, body = _parts(line)
    if parts[0].lower() not in ACTIONS:
        raise RuleTextError(f"{parts[0]} is not an action ({', '.join(ACTIONS)})", line.find(parts[0]) + 1)
    if parts[4] not in ("->", "<>"):
        raise RuleTextError(f"{parts[4]} is not a direction (-> or <>)", line.find(parts[4]) + 1)
    action, protocol, source, source_port, direction, destination, destination_port = parts
    options = _options(line, body)
    return RuleText(action.lower(), protocol, source, source_port, direction, destination, destination_port, options)


def _parts(line: str) -> tuple[list[str], int]:
    """Return the seven parts of a header, and where the options begin."""
    parts: list[str] = []
    at = 0
    for name in _HEADER_PARTS:
        while at < len(line) and line[at] in " \t":
            at += 1
        start, depth = at, 0
        while at < len(line) and (line[at] != " " or depth):
            depth += (line[at] == "[") - (line[at] == "]")
            at += 1
        if start == at or at == len(line):
            raise RuleTextError(f"its {name} is missing, or a bracket is not closed", start + 1)
        parts.append(line[start:at])
        if any(char.isspace() and char != " " for char in parts[-1]):
            raise RuleTextError(f"its {name} has a tab in it", start + 1)
    # The parentheses around the options may be missing.
    while at < len(line) and line[at] in " \t(":
        at += 1
    return parts, at


def _options(line: str, at: int) -> tuple[Option, ...]:
    end = len(line.rstrip(") \t\r\n"))
    if end <= at:
        raise RuleTextError("it has no options", at + 1)
    options = []
    while at < end:
        found = _END_OF_OPTION.search(line, at)
        if found is None:
            if line[at:end].strip():
                raise RuleTextError("its last option does not end with a semicolon", at + 1)
            break
        if not line[at : found.start()].strip():
            raise RuleTextError("an option is empty", at + 1)
        options.append(_option(line, at, found.start()))
        at = found.end()
    return tuple(options)


def _option(line: str, at: int, end: int) -> Option:
    keyword, colon, value = line[at:end].partition(":")
    column = at + len(keyword) - len(keyword.lstrip()) + 1
    return Option(keyword.strip().lower(), value.strip() if colon else None, column)


def number_in(text: str) -> int | None:
    """Return the number that digits of ASCII write, None for any other text and for more than ten of them."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def unquoted(value: str | None) -> str:
    """Return the value of an option without the quotes around it, its escapes undone."""
    text = (value or "").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
