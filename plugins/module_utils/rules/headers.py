# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses and ports of a rule's header, as Suricata reads them; there is a third answer for unknown variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..flows.addresses import LAST_ADDRESS, point_of
from ..flows.matching import LAST_PORT
from ..flows.spans import Span, common, contains, merged, without

# The text that a variable stands for; None when that is not known. Raises HeaderError when there is no such variable.
Lookup = Callable[[str], "str | None"]
ByVersion = Mapping[int, tuple[Span, ...]]

_NOTHING: ByVersion = {4: (), 6: ()}
_EVERYTHING: ByVersion = {version: ((0, last),) for version, last in LAST_ADDRESS.items()}
_ALL_PORTS: tuple[Span, ...] = ((0, LAST_PORT),)
_DEEPEST = 64
_INNER = 2
_LONGEST_NUMBER = 10
# A variable of variables may stand for more than there is time to read: so many are looked up for one text, of so many
# characters in all.
_MOST_VARIABLES = 1000
_MOST_CHARACTERS = 32_000_000


class HeaderError(ValueError):
    """What Suricata refuses in a header, in words."""


class _UnsureError(ValueError):
    """A text that Suricata takes, but in a way that depends on accidents of its parser."""


@dataclass(frozen=True, eq=False)
class Addresses:
    """The addresses that match for sure and those that may match, by IP version; negated as Suricata counts it."""

    yes: ByVersion
    maybe: ByVersion
    negated: bool = False

    @property
    def known(self) -> bool:
        """Whether every address matches or does not."""
        return self.yes == self.maybe

    def only(self, version: int) -> Addresses:
        """Return these addresses as far as they are of one IP version."""
        return Addresses(
            {**_NOTHING, version: self.yes[version]}, {**_NOTHING, version: self.maybe[version]}, self.negated
        )


@dataclass(frozen=True, eq=False)
class Ports:
    """The ports that match for sure and those that may match."""

    yes: tuple[Span, ...]
    maybe: tuple[Span, ...]

    @property
    def known(self) -> bool:
        """Whether every port matches or does not."""
        return self.yes == self.maybe


ANY_ADDRESS = Addresses(_EVERYTHING, _EVERYTHING)
UNKNOWN_ADDRESS = Addresses(_NOTHING, _EVERYTHING)
# Any port other than the word "any" keeps a rule from matching packets without ports, so that "any" is None.
UNKNOWN_PORTS = Ports((), _ALL_PORTS)


def _no_variables(name: str) -> str | None:
    raise HeaderError(f"the variable {name} is not known")


def _bounded(lookup: Lookup) -> Lookup:
    """Return a lookup that raises HeaderError when one text asks it for too much."""
    left = [_MOST_VARIABLES, _MOST_CHARACTERS]

    def find(name: str) -> str | None:
        value = lookup(name)
        left[0] -= 1
        left[1] -= len(value or "")
        if min(left) < 0:
            raise HeaderError("its variables stand for too much, or one of them names itself")
        return value

    return find


class _Pile:
    """Addresses gathered from one side of a list: those that are in it for sure and those that may be."""

    def __init__(self) -> None:
        self.yes: dict[int, list[Span]] = {4: [], 6: []}
        self.maybe: dict[int, list[Span]] = {4: [], 6: []}

    def add(self, yes: ByVersion, maybe: ByVersion) -> None:
        for version in LAST_ADDRESS:
            self.yes[version].extend(yes[version])
            self.maybe[version].extend(maybe[version])

    def __bool__(self) -> bool:
        return any(self.maybe.values())


def addresses_of(text: str, lookup: Lookup = _no_variables) -> Addresses:
    """Return the addresses of a rule's header; raise HeaderError with the reason where Suricata refuses the text."""
    if text.lower() == "any":
        return ANY_ADDRESS
    single = _atom(text) if text[0].isalnum() else None
    if single is not None:
        return Addresses({**_NOTHING, single[0]: (single[1],)}, {**_NOTHING, single[0]: (single[1],)})
    wanted, unwanted = _Pile(), _Pile()
    _gather(text, _bounded(lookup), wanted, unwanted, 0)
    yes, maybe = _difference(wanted, unwanted)
    return Addresses(yes, maybe, bool(unwanted))


def _gather(text: str, lookup: Lookup, wanted: _Pile, unwanted: _Pile, depth: int) -> None:
    if depth > _DEEPEST:
        raise HeaderError("its lists are nested too deep, or a variable names itself")
    for negated, item in _items(text):
        pile = unwanted if negated else wanted
        inner = None
        if item[0] in "$@":
            inner = lookup(item)
            if inner is None:
                pile.add(UNKNOWN_ADDRESS.yes, UNKNOWN_ADDRESS.maybe)
                continue
        elif item[0] == "[":
            inner = _inside(item)
        if inner is None:
            spans = _spans_of(item)
            pile.add(spans, spans)
        elif negated:
            inner_wanted, inner_unwanted = _Pile(), _Pile()
            _gather(inner, lookup, inner_wanted, inner_unwanted, depth + 1)
            unwanted.add(*_difference(inner_wanted, inner_unwanted))
        else:
            _gather(inner, lookup, wanted, unwanted, depth + 1)


def _spans_of(item: str) -> ByVersion:
    if item.lower() == "any":
        return _EVERYTHING
    found = _atom(item)
    if found is None and "." in item.partition("/")[2]:
        # Of 10.0.0.0/255.0.0.0 Suricata 7.0.10 matches not one address of 10.0.0.0/8.
        raise HeaderError(f"{item} has a mask that Suricata reads as that of another network; write its length")
    if found is None:
        raise HeaderError(f"{item} is not an address")
    return {**_NOTHING, found[0]: (found[1],)}


def _difference(wanted: _Pile, unwanted: _Pile) -> tuple[ByVersion, ByVersion]:
    yes: dict[int, tuple[Span, ...]] = {}
    maybe: dict[int, tuple[Span, ...]] = {}
    if merged(unwanted.yes[4]) == _EVERYTHING[4]:
        raise HeaderError("it excludes every address")
    for version in LAST_ADDRESS:
        base_yes, base_maybe = merged(wanted.yes[version]), merged(wanted.maybe[version])
        if not base_maybe and unwanted.maybe[version]:
            # Suricata fills a version that is only excluded from with everything, and leaves one not mentioned empty.
            base_maybe = _EVERYTHING[version]
            base_yes = base_maybe if unwanted.yes[version] else ()
        yes[version] = without(base_yes, merged(unwanted.maybe[version]))
        maybe[version] = without(base_maybe, merged(unwanted.yes[version]))
    if not any(maybe.values()):
        raise HeaderError("no address is left of it")
    return yes, maybe


def _items(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the items of a list, each with whether it is negated."""
    depth = start = 0
    for at, char in enumerate(text):
        if char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
            if depth < 0:
                raise HeaderError("a closing bracket has no opening one")
        elif char == "," and depth == 0:
            yield _item(text[start:at])
            start = at + 1
    if depth:
        raise HeaderError("an opening bracket has no closing one")
    yield _item(text[start:])


def _item(text: str) -> tuple[bool, str]:
    bare = text.strip()
    item = bare.lstrip("! ")
    if not item:
        raise HeaderError("an entry of its list is empty")
    return bare.startswith("!"), item


def _inside(item: str) -> str:
    if not item.endswith("]"):
        raise HeaderError(f"{item} is not a list")
    return item[1:-1]


@lru_cache(maxsize=4096)
def _atom(item: str) -> tuple[int, Span] | None:
    """Return a host, a network or a range as (IP version, span), None for what is none of them."""
    if "/" in item:
        return _network(*item.split("/", 1))
    if "-" in item:
        first, last = (point_of(end) for end in item.split("-", 1))
        if first is None or last is None or first[0] != last[0] or first[1] > last[1]:
            return None
        return first[0], (first[1], last[1])
    point = point_of(item)
    return None if point is None else (point[0], (point[1], point[1]))


def _network(address: str, length: str) -> tuple[int, Span] | None:
    point = point_of(address)
    if point is None:
        return None
    version, number = point
    bits = 32 if version == 4 else 128
    prefix = int(length) if length.isascii() and length.isdigit() and len(length) <= _LONGEST_NUMBER else -1
    if not 0 <= prefix <= bits:
        return None
    size = 1 << (bits - prefix)
    first = number & ~(size - 1)
    return version, (first, first + size - 1)


def network_of(text: str) -> tuple[int, Span] | None:
    """Return a network or a host as (IP version, span), None for any other text."""
    return None if "-" in text else _atom(text)


def ports_of(text: str, lookup: Lookup = _no_variables) -> Ports | None:
    """Return the ports of a rule's header, None for the word any; raise HeaderError where Suricata refuses the text."""
    if text.lower() == "any":
        return None
    wanted: list[Span] = []
    unwanted: list[Span] = []
    unknown: list[bool] = []
    try:
        _gather_ports(text, _bounded(lookup), False, (wanted, unwanted), unknown, 0)
    except _UnsureError:
        return UNKNOWN_PORTS
    if unknown:
        return UNKNOWN_PORTS
    holes = merged(unwanted)
    if holes == _ALL_PORTS:
        raise HeaderError("it excludes every port")
    spans = without(merged(wanted) if wanted else _ALL_PORTS, holes)
    if not spans:
        raise HeaderError("no port is left of it")
    return Ports(spans, spans)


def _gather_ports(
    text: str, lookup: Lookup, negate: bool, piles: tuple[list[Span], list[Span]], unknown: list[bool], depth: int
) -> None:
    if depth > _DEEPEST:
        raise HeaderError("its lists are nested too deep, or a variable names itself")
    _refuse_negation_after_range(text)
    for negated, item in _items(text):
        if negate and negated:
            # What a negation inside of a negated list means to Suricata depends on its place in the list.
            raise _UnsureError
        parity = negate or negated
        if item[0] in "$@":
            value = lookup(item)
            if value is None:
                unknown.append(parity)
                continue
            _gather_ports(value, lookup, parity, piles, unknown, depth + 1)
        elif item[0] == "[":
            _gather_ports(_inside(item), lookup, parity, piles, unknown, depth + 1)
        else:
            piles[parity].append(_port_span(item))


def _refuse_negation_after_range(text: str) -> None:
    """Raise HeaderError where Suricata takes an exclusion for a part of the range before it: in inner lists."""
    in_range, depth = False, 0
    for char in text:
        if char == "!" and in_range:
            raise HeaderError("it excludes a port after a range, in a list inside of a list")
        in_range = char == ":" or (in_range and char != "]" and not (char == "," and depth < _INNER))
        depth += (char == "[") - (char == "]")


def _port_span(item: str) -> Span:
    if item.lower() == "any":
        return _ALL_PORTS[0]
    first, colon, last = item.partition(":")
    low = _port(first, item) if first or not colon else 0
    high = low if not colon else _port(last, item) if last else LAST_PORT
    if low > high:
        raise HeaderError(f"the range {item} ends before it begins")
    return low, high


def _port(text: str, item: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER) or int(text) > LAST_PORT:
        raise HeaderError(f"{item} is not a port from 0 to 65535")
    return int(text)


def union_of_addresses(many: list[Addresses]) -> Addresses:
    """Return the addresses that are in one of many."""
    yes, maybe = (
        {v: merged(span for one in many for span in getattr(one, side)[v]) for v in LAST_ADDRESS}
        for side in ("yes", "maybe")
    )
    return Addresses(yes, maybe, any(one.negated for one in many))


def union_of_ports(many: list[Ports | None]) -> Ports | None:
    """Return the ports that are in one of many; all of them name ports."""
    named = [one for one in many if one is not None]
    return Ports(merged(span for one in named for span in one.yes), merged(span for one in named for span in one.maybe))


def intersect(addresses: Addresses, spans: ByVersion) -> Addresses:
    """Return the addresses that are also in spans."""
    return Addresses(
        {v: common(addresses.yes[v], spans[v]) for v in LAST_ADDRESS},
        {v: common(addresses.maybe[v], spans[v]) for v in LAST_ADDRESS},
        addresses.negated,
    )


def has_address(spans: ByVersion, address: object) -> bool:
    """Return whether an address, as text, is in spans."""
    point = point_of(address) if isinstance(address, str) else None
    return point is not None and contains(spans[point[0]], point[1])
