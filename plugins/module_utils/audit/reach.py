# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flows a policy can make findings of: regions that have all of them, and as few others as can be told."""

from __future__ import annotations

from ..flows.matching import ABSENT
from ..flows.regions import WHOLE, Region, narrowed
from ..flows.spans import merged
from .policy import Policy, Rule

# The members of a flow record that a capture can be asked by, as regions name them.
_MEMBERS = {
    "source_address": "source",
    "destination_address": "destination",
    "protocol_number": "protocol",
    "source_port": "source_port",
    "destination_port": "destination_port",
    "age": "age",
}
_PORTS = ("source_port", "destination_port")
# Allow rules cut what a rule after them can match into at most so many parts.
_MOST_PARTS = 64
# So many allow rules are looked at in all; each of them is, for every later rule that denies.
_MOST_LOOKS = 50_000


def regions_of(policy: Policy) -> list[Region]:
    """Return regions that have every flow that the policy denies."""
    holes: list[Region] = []
    found: list[Region] = []
    looks = _MOST_LOOKS
    for rule in policy.rules:
        region = _region_of(rule)
        if region.is_empty:
            continue
        if rule.deny is None:
            # What is allowed only from a number of bytes or packets on cannot be left out: nobody can ask for those.
            if set(rule.conditions) <= set(_MEMBERS):
                holes.append(region)
            continue
        found += narrowed(region, holes[: max(looks, 0)], _MOST_PARTS)
        looks -= len(holes)
    if policy.default is not None:
        found += narrowed(WHOLE, holes[: max(looks, 0)], _MOST_PARTS)
    return list(dict.fromkeys(found))


def _region_of(rule: Rule) -> Region:
    """Return the flows that a rule can match; of its bytes and packets nothing can be asked."""
    members = {}
    for member, condition in rule.conditions.items():
        if member in _MEMBERS:
            absent = [(ABSENT, ABSENT)] if condition.absent and member in _PORTS else []
            members[_MEMBERS[member]] = merged([*absent, *condition.spans])
    return WHOLE._replace(**members)
