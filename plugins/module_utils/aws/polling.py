# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for many operations at once: when to ask again, apart from whom, and from the clock."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

Key = TypeVar("Key")


class Clock(Protocol):
    """A monotonic clock in seconds, and a way to let it run."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Pace:
    """How often to ask, in seconds: an interval that grows with the time already waited, from shortest to longest."""

    shortest: float = 0.8
    longest: float = 60.0
    share: float = 0.16
    jitter: float = 0.1

    def interval(self, waited: float, slowdown: float, chance: float) -> float:
        """Return the seconds until the next question; slowdown multiplies, chance (0 to 1) places the jitter."""
        steady = min(max(self.shortest, self.share * waited), self.longest)
        return min(steady * slowdown, max(self.longest, steady)) * (1 + self.jitter * (2 * chance - 1))


@dataclass
class Answer:
    """What a probe learned: the operation's description, whether it is done, or that the service throttled it."""

    value: Any = None
    done: bool = False
    throttled: bool = False


@dataclass
class Waited(Generic[Key]):
    """How a wait ended: the last answer for each key, those still open, and the number of questions asked."""

    answers: dict[Key, Any] = field(default_factory=dict)
    open: list[Key] = field(default_factory=list)
    probes: int = 0
    elapsed: float = 0.0


Probe = Callable[[Key], Answer]
Spread = Callable[[Callable[[Key], Answer], Sequence[Key]], Iterable[Answer]]

_SLOWEST = 16.0


def wait_for(
    keys: Sequence[Key],
    probe: Probe[Key],
    *,
    timeout: float,
    clock: Clock,
    pace: Pace = Pace(),
    spread: Spread[Key] = map,
    chance: Callable[[], float] = random.random,
    notice: Callable[[float, dict[Key, Any], list[Key]], None] | None = None,
) -> Waited[Key]:
    """Ask about every key until each is done or timeout seconds have passed, and once more at the deadline.

    spread asks about several keys at a time; throttled answers stretch the intervals and never end the wait;
    notice is called after each round with the seconds waited, the answers so far and the keys still open.
    """
    started = clock.monotonic()
    deadline = started + timeout
    waited: Waited[Key] = Waited()
    queue: list[tuple[float, int]] = [(started, index) for index in range(len(keys))]
    slowdown = 1.0
    still_open: list[int] = []
    while queue:
        now = clock.monotonic()
        if queue[0][0] > now:
            clock.sleep(queue[0][0] - now)
            now = clock.monotonic()
        # At the deadline everything still open is asked one last time, so that nothing finished is called open.
        last_round = now >= deadline
        batch = []
        while queue and (queue[0][0] <= now or last_round):
            batch.append(heapq.heappop(queue)[1])
        again: list[int] = []
        throttled = False
        for index, answer in zip(batch, spread(probe, [keys[index] for index in batch]), strict=True):
            waited.probes += 1
            throttled = throttled or answer.throttled
            if answer.value is not None:
                waited.answers[keys[index]] = answer.value
            if not answer.done:
                again.append(index)
        slowdown = min(slowdown * 2, _SLOWEST) if throttled else max(1.0, slowdown / 2)
        now = clock.monotonic()
        waited.elapsed = now - started
        if last_round:
            still_open = again
        else:
            for index in again:
                due = now + pace.interval(waited.elapsed, slowdown, chance())
                heapq.heappush(queue, (min(due, deadline), index))
        if notice is not None:
            unfinished = sorted([*still_open, *(index for _due, index in queue)])
            notice(waited.elapsed, waited.answers, [keys[index] for index in unfinished])
    waited.open = [keys[index] for index in sorted(still_open)]
    return waited
