# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sets of a policy: entries that its rules name, written in it or in files of one entry a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import OptionError, shown
from ..flows.addresses import ADDRESS_ALLOWED, Span, parse_span
from ..flows.filters import PORT_ALLOWED, PROTOCOL_ALLOWED, parse_ports, parse_protocol
from ..flows.matching import LAST_PORT
from .mistakes import Mistakes

Parse = Callable[[Any, str], Span]
ReadLines = Callable[[str], Iterable[str]]

_A_LIST = "a list has one address or CIDR, port or protocol on each line, and comments behind # or ;"


def ports_of(entry: Any, where: str) -> Span:
    """Return a port or a range as (first, last); raise OptionError naming where it stands."""
    return parse_ports(entry, where) or (0, LAST_PORT)


def protocol_of(entry: Any, where: str) -> Span:
    """Return a protocol as (number, number); raise OptionError naming where it stands."""
    number = parse_protocol(entry, where)
    return number, number


# What an entry may be, and what is said of one that is not.
_KINDS: dict[Parse, str] = {
    parse_span: ADDRESS_ALLOWED,
    ports_of: PORT_ALLOWED,
    protocol_of: PROTOCOL_ALLOWED,
}


class Entries(NamedTuple):
    """The entries of a set, each with its index, or its line in a file."""

    path: str
    file: str
    items: Sequence[tuple[Any, int]]

    @property
    def has_any(self) -> bool:
        """Whether one of the entries stands for everything."""
        return any(isinstance(entry, str) and entry.lower() == "any" for entry, _at in self.items)

    def mistake(self, mistakes: Mistakes, used_at: str, at: int, entry: Any, allowed: tuple[str, str]) -> None:
        """Note a wrong entry, which is quoted unless it stands in a file; allowed says it long and short."""
        if self.file:
            mistakes.add(f"{shown(self.file)} line {at}: {allowed[1]}.")
        else:
            where = f"{self.path}[{at}]"
            mistakes.value(f"{used_at} ({where})" if used_at else where, entry, allowed[0])


class Sets:
    """The sets of one policy."""

    def __init__(self, mistakes: Mistakes, read_lines: ReadLines | None) -> None:
        self._mistakes = mistakes
        self._read_lines = read_lines
        self._sets: dict[str, Entries] = {}
        self._spans: dict[tuple[str, Parse], list[Span]] = {}

    def read(self, given: Any) -> None:
        """Take the sets of a policy, as they are written."""
        if not isinstance(given, Mapping):
            self._mistakes.value("sets", given, "give a mapping of set names to lists")
            return
        for name, content in given.items():
            self._sets[str(name)] = self._entries(f"sets.{name}", content)

    def __getitem__(self, name: str) -> Entries:
        return self._sets[name]

    def __contains__(self, name: str) -> bool:
        return name in self._sets

    def names(self) -> str:
        """Return the names of the sets as rules write them."""
        return ", ".join(f"${name}" for name in self._sets) or "none"

    def spans(self, name: str, parse: Parse, used_at: str) -> list[Span]:
        """Return the entries of a set as spans; its mistakes are noted once, however many rules name it."""
        if (name, parse) not in self._spans:
            entries = self._sets[name]
            self._spans[name, parse] = spans = []
            for entry, at in entries.items:
                try:
                    spans.append(parse(entry, ""))
                except OptionError as error:
                    entries.mistake(self._mistakes, used_at, at, entry, (error.allowed, _KINDS[parse]))
        return self._spans[name, parse]

    def check_unused(self) -> None:
        """Note what is wrong with sets that no rule has read, as addresses or as ports."""
        allowed = "a set holds addresses and CIDRs, or ports and ranges, or protocols"
        used = {name for name, _parse in self._spans}
        for name in sorted(self._sets.keys() - used):
            entries = self._sets[name]
            for entry, at in entries.items:
                if not any(_parses(parse, entry) for parse in _KINDS):
                    entries.mistake(self._mistakes, "", at, entry, (allowed, allowed))

    def _entries(self, path: str, content: Any) -> Entries:
        if isinstance(content, Mapping):
            if set(content) != {"file"} or not isinstance(content["file"], str):
                self._mistakes.value(path, dict(content), "give a list, or {file: path}")
                return Entries(path, "", ())
            return Entries(path, content["file"], self._lines(f"{path}.file", content["file"]))
        if isinstance(content, (str, int)):
            content = [content]
        if not isinstance(content, Sequence):
            self._mistakes.value(path, content, "give a list of addresses, CIDRs or ports, or {file: path}")
            return Entries(path, "", ())
        items = []
        for at, entry in enumerate(content):
            if str(entry).startswith(("!", "$")):
                self._mistakes.value(
                    f"{path}[{at}]", entry, "a set holds plain entries; negate or name sets in the rules"
                )
            else:
                items.append((entry, at))
        return Entries(path, "", items)

    def _lines(self, path: str, file: str) -> Sequence[tuple[str, int]]:
        if self._read_lines is None:
            self._mistakes.value(path, file, "sets from files cannot be read here")
            return ()
        try:
            return self._items(file, self._read_lines(file))
        except OSError as error:
            why = error.strerror or ""
            self._mistakes.value(path, file, why if why.startswith("it ") else f"it cannot be read ({why})")
        except UnicodeDecodeError:
            self._mistakes.value(path, file, "it is not UTF-8 text")
        except ValueError:
            self._mistakes.value(path, file, "it is not the name of a file")
        return ()

    def _items(self, file: str, lines: Iterable[str]) -> Sequence[tuple[str, int]]:
        items = []
        for number, line in enumerate(lines, 1):
            text = line.partition("#")[0].partition(";")[0].strip("\ufeff \t\r\n")
            if not text:
                continue
            if "," in text or text[0] in "[{\"'<":
                self._mistakes.add(f"{shown(file)} line {number}: this looks like CSV, JSON or markup; {_A_LIST}.")
                return ()
            if text[0] in "!$":
                self._mistakes.add(f"{shown(file)} line {number}: negate or name sets in the rules; {_A_LIST}.")
                continue
            items.append((text, number))
        return items


def _parses(parse: Parse, entry: Any) -> bool:
    try:
        parse(entry, "")
    except OptionError:
        return False
    return True
