# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flows a capture lists in both directions, in eight bytes a flow."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

# Systems take the ports of clients from here on.
_FIRST_CLIENT_PORT = 32768
_FIRST_FREE_PORT = 1024

_ENDS = ("source_address", "source_port", "destination_address", "destination_port")


class Pairs:
    """Tells of a flow whether its reverse is among the flows added: first add all pages, then ask.

    By accident two flows are taken for a pair once in 2**64 / n; such a one is judged both ways, which is never wrong.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._sorted = True

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add a page of flow records."""
        self._hashes.extend(_hash(record, *_ENDS) for record in records)
        self._sorted = False

    def has_reverse(self, record: Mapping[str, Any]) -> bool:
        """Return whether the flow with the ends of a flow record exchanged was added."""
        if not self._sorted:
            self._hashes = array("Q", sorted(self._hashes))
            self._sorted = True
        own = _hash(record, *_ENDS)
        wanted = _hash(record, *_ENDS[2:], *_ENDS[:2])
        at = bisect_left(self._hashes, wanted)
        # A flow from an address and port to themselves is its own reverse, and no pair.
        return wanted != own and at < len(self._hashes) and self._hashes[at] == wanted


def _hash(record: Mapping[str, Any], *members: str) -> int:
    text = " ".join(str(record.get(member, 0)) for member in (*members, "protocol_number", "availability_zone"))
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def opened_by_source(record: Mapping[str, Any]) -> bool | None:
    """Return whether the ports of a flow say that its source opened it, None when they do not say."""
    source, destination = record.get("source_port"), record.get("destination_port")
    if not isinstance(source, int) or not isinstance(destination, int):
        return None
    for limit in (_FIRST_FREE_PORT, _FIRST_CLIENT_PORT):
        if (source < limit) != (destination < limit):
            return destination < limit
    return None
