# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has changed since an earlier capture: flows new and gone, and talkers never seen before."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_FLOW = ("availability_zone", "source_address", "source_port", "destination_address", "destination_port", "protocol")
_WORD = 2**64 - 1
_TALKERS = ("source_address", "destination_address")


class Drift:
    """Flow records held against a baseline; eight bytes for each flow and talker of the baseline are kept.

    A flow is known by its zone and 5-tuple. The baseline is read by reading(), which yields its flow records and may
    be called again.
    """

    def __init__(self, reading: Callable[[], Iterable[Mapping[str, Any]]], most_shown: int) -> None:
        self._reading = reading
        self.most_shown = most_shown
        flows = array("Q")
        talkers: set[int] = set()
        for record in reading():
            flows.append(_digest(record.get(name) for name in _FLOW))
            talkers.update(_digest([record[name]]) for name in _TALKERS if name in record)
        self._flows = array("Q", sorted(set(flows)))
        self._seen = bytearray(len(self._flows))
        self._talkers = talkers
        self.baseline_count = len(flows)
        self.new_count = 0
        self.new: list[dict[str, Any]] = []
        self.new_talkers_count = 0
        self.new_talkers: list[str] = []

    def add_all(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Hold flow records against the baseline."""
        flows, seen, talkers = self._flows, self._seen, self._talkers
        for record in records:
            digest = _digest(record.get(name) for name in _FLOW)
            at = bisect_left(flows, digest)
            if at < len(flows) and flows[at] == digest:
                seen[at] = 1
            else:
                self.new_count += 1
                if len(self.new) < self.most_shown:
                    self.new.append(dict(record))
            for name in _TALKERS:
                address = record.get(name)
                if address is not None and (key := _digest([address])) not in talkers:
                    talkers.add(key)
                    self.new_talkers_count += 1
                    if len(self.new_talkers) < self.most_shown:
                        self.new_talkers.append(address)

    def as_result(self) -> dict[str, Any]:
        """Return the counts and the first flows new, gone (as the baseline has them) and talkers never seen before."""
        gone: list[dict[str, Any]] = []
        gone_count = self._seen.count(0)
        for record in self._reading() if gone_count else ():
            if len(gone) == self.most_shown:
                break
            at = bisect_left(self._flows, _digest(record.get(name) for name in _FLOW))
            if not self._seen[at]:
                self._seen[at] = 1
                gone.append(dict(record))
        return {
            "baseline_flow_count": self.baseline_count,
            "new_count": self.new_count,
            "new": self.new,
            "gone_count": gone_count,
            "gone": gone,
            "new_talkers_count": self.new_talkers_count,
            "new_talkers": self.new_talkers,
        }


def _digest(values: Iterable[Any]) -> int:
    # Of 64 bits, keyed anew in each process by Python, which is enough where one process reads both captures.
    return hash(tuple(values)) & _WORD
