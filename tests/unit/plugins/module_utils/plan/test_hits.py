# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sets a flow is in: the same as each set says alone, however many there are and whatever is not known."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.flows.matching import ABSENT, UNKNOWN, Flow, Spans, matches
from ansible_collections.flowops.aws.plugins.module_utils.plan.hits import hits

TCP, ICMP = 6, 1


def made(rng: random.Random) -> Spans:
    """Return a set of spans over few numbers, half of the time one of a single 5-tuple."""
    protocol = rng.choice((TCP, ICMP))
    if rng.random() < 0.5:
        source, destination, first, second = (rng.randrange(1, 5) for _member in range(4))
        ports = ([(first, first)], [(second, second)]) if protocol == TCP else (None, None)
        return [(source, source)], [(destination, destination)], [(protocol, protocol)], *ports
    protocols = rng.choice(([(TCP, TCP)], [(ICMP, ICMP)], [(ICMP, ICMP), (TCP, TCP)]))
    spans = [[(low, low + rng.randrange(4))] for low in (rng.randrange(0, 4) for _member in range(4))]
    return spans[0], spans[1], protocols, rng.choice((spans[2], None)), rng.choice((spans[3], None))


def flow_of(rng: random.Random) -> Flow:
    """Return a flow over the same numbers, of which some are not known."""
    protocol = rng.choice((TCP, TCP, ICMP, UNKNOWN))
    ports = (rng.randrange(5), rng.randrange(5)) if protocol == TCP else (ABSENT, ABSENT)
    members = [rng.randrange(1, 5), rng.randrange(1, 5), protocol, *ports]
    if rng.random() < 0.3:
        members[rng.randrange(5)] = UNKNOWN
    source, destination, number, first, second = members
    return source, destination, number, first, second, rng.randrange(100)


@pytest.mark.parametrize("perhaps", [False, True])
@pytest.mark.parametrize("count", [0, 1, 40, 3_000])
def test_many_sets_say_what_each_says_alone(count: int, perhaps: bool) -> None:
    rng = random.Random(count)
    sets = [made(rng) for _set in range(count)]
    flows = [flow_of(rng) for _flow in range(60)]
    found: Counter[tuple[int, Flow]] = Counter()
    for places, flow in hits(sets, lambda: [flows[:25], flows[25:]], perhaps):
        found.update((at, flow) for at in places)
    alone = Counter((at, flow) for at, spans in enumerate(sets) for _mask, flow in matches([spans], [flows], perhaps))
    assert found == alone
