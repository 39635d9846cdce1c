# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a connection whatever it speaks, found by going through the applications that rules name, one by one.

Without this, two rules that drop TLS and all but TLS would leave a connection undecided that is dropped in both cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from .kinds import UNTIL_CHANGED, UNTIL_FOUND, Kind
from .packets import Conversation, speaking
from .walk import Ends, Step, ends

# More applications than this are not gone through.
_MOST_APPLICATIONS = 8


def ends_in_every_case(steps: Sequence[Step], changing: Sequence[Kind], *, tcp: bool) -> Ends | None:
    """Return the ends that a connection can come to, each application looked at apart; None where that is no help.

    Changing are the kinds of all rules that may match a packet of it, which may change flowbits; a rule that is not
    known may change any.
    """
    names = sorted({step.kind.application for step in steps if step.kind.application})
    reads = any(step.kind.wants_unset for step in steps)
    if len(names) > _MOST_APPLICATIONS or not (names or reads):
        return None
    found = [ends(tuple(_settled(steps, changing, name)), _conversations(name, tcp)) for name in ("", *names)]
    return Ends(*(any(each) for each in zip(*found, strict=True)))


@lru_cache(maxsize=64)
def _conversations(application: str, tcp: bool) -> tuple[Conversation, ...]:
    return speaking(application, tcp)


def _settled(steps: Sequence[Step], changing: Sequence[Kind], application: str) -> Iterator[Step]:
    """Yield the steps, those whose flowbits surely are as they want them marked so."""
    before = {name for kind in changing if not kind.application for name in kind.changes}
    after = before | {name for kind in changing if kind.application == application for name in kind.changes}
    for step in steps:
        kind = step.kind
        if kind.wants_unset and not kind.wants_set and not kind.wants_unset & before:
            fit = UNTIL_FOUND if kind.wants_unset & after else UNTIL_CHANGED
            step = step._replace(kind=kind._replace(bits_fit=fit))
        yield step
