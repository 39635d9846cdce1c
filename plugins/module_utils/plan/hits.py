# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flows are in which of very many sets of spans: those of one 5-tuple by a look-up, the others many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ..flows.matching import AGE, AT_ONCE, DESTINATION_PORT, PROTOCOL, SOURCE_PORT, Flow, Spans, bits_of, matches
from ..flows.protocols import WITH_PORTS

# Reads flows anew, in pages.
Reading = Callable[[], Iterable[Sequence[Flow]]]

# The places of the sets that a flow is in.
Places = list[int]


def hits(sets: Sequence[Spans], read: Reading, perhaps: bool = False) -> Iterator[tuple[Places, Flow]]:
    """Yield the flows that are in one or more sets, surely or perhaps, with those sets; one flow up to several times.

    The flows are read once for all sets of one 5-tuple, and once for every so many of the others.
    """
    single: dict[tuple[int, ...], Places] = {}
    others = []
    for at, spans in enumerate(sets):
        key = _only_flow(spans)
        if key is None:
            others.append(at)
        else:
            single.setdefault(key, []).append(at)
    if single:
        yield from _in_single(single, sets, read, perhaps)
    # Neighbours together, so that most flows are seen at their port to be in none of them.
    others.sort(key=lambda at: (sets[at][DESTINATION_PORT] or [], sets[at][:PROTOCOL]))
    yield from _in_many(others, sets, read, perhaps)


def _only_flow(spans: Spans) -> tuple[int, ...] | None:
    """Return the 5-tuple that alone is in a set, without ports where its protocol has none; None for a larger set."""
    ends, ports = spans[:SOURCE_PORT], spans[SOURCE_PORT:]
    if any(each is None or len(each) != 1 or each[0][0] != each[0][1] for each in ends):
        return None
    numbers = [each[0][0] for each in ends if each]
    if ports == (None, None):
        return None if numbers[PROTOCOL] in WITH_PORTS else tuple(numbers)
    if any(each is None or len(each) != 1 or each[0][0] != each[0][1] for each in ports):
        return None
    return *numbers, *(each[0][0] for each in ports if each)


def _in_single(
    single: dict[tuple[int, ...], Places], sets: Sequence[Spans], read: Reading, perhaps: bool
) -> Iterator[tuple[Places, Flow]]:
    doubtful: list[Flow] = []
    for page in read():
        for flow in page:
            if min(flow) < 0 and (flow[PROTOCOL] in WITH_PORTS or min(flow[:SOURCE_PORT]) < 0):
                doubtful.append(flow)
                continue
            places = single.get(flow[:AGE]) or single.get(flow[:SOURCE_PORT])
            if places:
                yield places, flow
    if doubtful:
        # What is not known of them may be anything.
        yield from _in_many([at for places in single.values() for at in places], sets, lambda: [doubtful], perhaps)


def _in_many(places: Places, sets: Sequence[Spans], read: Reading, perhaps: bool) -> Iterator[tuple[Places, Flow]]:
    for start in range(0, len(places), AT_ONCE):
        here = places[start : start + AT_ONCE]
        for mask, flow in matches([sets[at] for at in here], read(), perhaps):
            yield [here[bit] for bit in bits_of(mask)], flow
