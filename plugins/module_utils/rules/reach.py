# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flows a firewall's rules may drop or leave undecided: regions that have all of them, in both directions.

Nothing is reasoned here about what rules do: the judge itself is asked about whole regions, in which a rule that
matches some flows only matches perhaps. What it lets pass then, passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..flows.addresses import EVERY_ADDRESS, on_line
from ..flows.matching import LAST_PORT
from ..flows.regions import EVERY_PORT, Region, left_of, shared
from ..flows.spans import without
from . import keywords
from .entries import boxes_of
from .fate import Fates
from .headers import Addresses, Ports
from .keys import Fit, Keys, What
from .packets import TCP_TALKS
from .ruleset import DROP, PASS, Header, Ruleset
from .verdicts import PASSED
from .walk import MAYBE, NO, YES

# The judge is asked so often, times the spans of all rules that it has to look at. Passes cut a region into so many
# parts.
_MOST_QUESTIONS = 400_000
_MOST_PARTS = 64
# The protocols that the judge tells apart, and the ports of tunnels.
_PORT_MEMBERS = ("source_port", "destination_port")
_KNOWN = (keywords.TCP, keywords.UDP, keywords.SCTP, keywords.ICMP, keywords.ICMP6, keywords.GRE)
_CARRIERS = frozenset({4, 41})
_PORTS: Final = ((0, LAST_PORT),)
# An address of each IP version.
_SAMPLES = {4: "192.0.2.1", 6: "2001:db8::1"}
_TUNNEL_PORTS: Final = ((3544, 3544), (4789, 4789), (6081, 6081))


@dataclass(frozen=True)
class _Box:
    """One header of an entry, in both readings: what it matches for sure, and what it may match."""

    place: int
    yes: Region
    maybe: Region

    def fit(self, region: Region) -> int:
        """Return how the header fits the packets that the sources of a region's flows send."""
        if shared(self.maybe, region) is None:
            return NO
        return YES if all(not without(mine, sure) for mine, sure in zip(region, self.yes, strict=True)) else MAYBE


def regions_of(*rulesets: Ruleset) -> list[Region]:
    """Return regions that have every flow that one of the rulesets does not surely pass, whichever side opened it."""
    return list(dict.fromkeys(region for ruleset in rulesets for region in _Reach(ruleset).regions()))


class _Reach:
    """What one ruleset does to regions."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._fates = Fates(ruleset)
        self._keys = Keys((), TCP_TALKS)
        self._entries = self._fates.entries
        self._boxes = [_box_of(place, header) for place, header in boxes_of(self._entries)]
        self._asks_same_address = any(entry.kind.same_address for entry in self._entries)
        self._questions = _MOST_QUESTIONS
        # What a question costs: boxes have lists of networks.
        self._weight = sum(len(member) for box in self._boxes for member in box.maybe[1:])

    def regions(self) -> Iterator[Region]:
        """Yield the regions."""
        for region, what in self._kinds():
            if not what.possible:
                yield region
                continue
            for suspect in self._suspects(region, what):
                for part in self._narrowed(suspect, what):
                    # Of a protocol with ports, every port is as good as any.
                    ports = {name: EVERY_PORT for name in _PORT_MEMBERS if getattr(part, name) == _PORTS}
                    yield part._replace(**ports)

    def _kinds(self) -> Iterator[tuple[Region, What]]:
        """Yield regions that have all flows, each with what the judge knows of its flows apart from rules."""
        others = keywords.EVERY_PROTOCOL - set(_KNOWN) - _CARRIERS
        for protocols in (*(frozenset({number}) for number in _KNOWN), _CARRIERS, others):
            spans = tuple((number, number) for number in sorted(protocols))
            ports = _PORTS if protocols <= keywords.WITH_PORTS else EVERY_PORT
            for version, whole in EVERY_ADDRESS.items():
                region = Region(spans, ports, ports, (whole,), (whole,))
                yield region, self._what(min(protocols), version)
                if protocols == {keywords.UDP}:
                    # Those with a tunnel's port are in the region before too, as if they had none.
                    what = self._what(keywords.UDP, version, _TUNNEL_PORTS[0][0])
                    yield region._replace(source_port=_TUNNEL_PORTS), what
                    yield region._replace(destination_port=_TUNNEL_PORTS), what

    def _what(self, protocol: int, version: int, port: int = 1) -> What:
        address = _SAMPLES[version]
        record: Mapping[str, Any] = {
            "source_address": address,
            "destination_address": address,
            "source_port": 1,
            "destination_port": port,
            "protocol_number": protocol,
        }
        return self._keys.what(self._keys.of([record])[0])._replace(same_address=False)

    def _suspects(self, region: Region, what: What) -> list[Region]:
        """Return parts of a region outside of which every flow passes: where rules drop, or none at all is known to."""
        blamed = {
            place
            for place, entry in enumerate(self._entries)
            if entry.effect == DROP or (entry.effect == PASS and entry.kind.type == "stateless")
        }
        others = [Fit(place, MAYBE, MAYBE) for place in range(len(self._entries)) if place not in blamed]
        if not self._passes(what, others, region):
            return [region]
        found = []
        for box in self._boxes:
            if box.place in blamed:
                found += [shared(region, box.maybe), shared(region, box.maybe.turned())]
        return [part for part in dict.fromkeys(found) if part is not None]

    def _narrowed(self, region: Region, what: What) -> list[Region]:
        """Return what is left of a region without parts that surely pass."""
        if self._questions <= 0:
            return [region]
        fits = self._fits(region)
        if self._passes(what, fits, region):
            return []
        parts = [region]
        places = {fit.place for fit in fits if MAYBE in (fit.source, fit.destination)}
        for box in self._boxes:
            if box.place not in places or self._entries[box.place].effect != PASS:
                continue
            for hole in dict.fromkeys((box.yes, box.yes.turned())):
                inside = shared(region, hole)
                if inside is None or self._questions <= 0:
                    continue
                if self._passes(what, self._fits(inside), inside):
                    cut = [left for part in parts for left in left_of(part, inside)]
                    if len(cut) <= _MOST_PARTS:
                        parts = cut
        return parts

    def _fits(self, region: Region) -> list[Fit]:
        self._questions -= self._weight
        turned = region.turned()
        found: dict[int, list[int]] = {}
        for box in self._boxes:
            for side, sent in enumerate((region, turned)):
                fit = box.fit(sent)
                if fit != NO:
                    fits = found.setdefault(box.place, [NO, NO])
                    fits[side] = max(fits[side], fit)
        return [Fit(place, *fits) for place, fits in sorted(found.items())]

    def _passes(self, what: What, fits: Sequence[Fit], region: Region) -> bool:
        """Return whether every flow of a region passes, whichever side opened it."""
        turned = [Fit(fit.place, fit.destination, fit.source) for fit in fits]
        same = [False]
        if self._asks_same_address and shared(region, region.turned()) is not None:
            same.append(True)
        whats = [what._replace(same_address=each) for each in same]
        return all(self._fates.of(each, way).fate == PASSED for each in whats for way in (fits, turned))


def _box_of(place: int, header: Header) -> _Box:
    return _Box(place, _region_of(header, "yes"), _region_of(header, "maybe"))


def _region_of(header: Header, side: str) -> Region:
    """Return the flows whose packets from the source a header matches, for sure (yes) or perhaps (maybe)."""
    numbers = header.protocols
    if header.source_port is not None or header.destination_port is not None:
        numbers = numbers & keywords.WITH_PORTS
    return Region(
        tuple((number, number) for number in sorted(numbers)),
        _ports(header.destination_port, side),
        _ports(header.source_port, side),
        _addresses(header.source, side),
        _addresses(header.destination, side),
    )


def _addresses(addresses: Addresses, side: str) -> tuple[tuple[int, int], ...]:
    return tuple(on_line(getattr(addresses, side)))


def _ports(ports: Ports | None, side: str) -> tuple[tuple[int, int], ...]:
    return EVERY_PORT if ports is None else tuple(getattr(ports, side))
