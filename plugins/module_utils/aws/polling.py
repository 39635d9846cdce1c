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
    """How often to ask, in seconds: an interval that grows with the time already waited, from shortest to longest.

    Where ends are most often waited for, up to steady seconds, it does not grow beyond plateau.
    """

    shortest: float = 0.8
    plateau: float = 1.1
    steady: float = 15.8
    longest: float = 60.0
    share: float = 0.162
    jitter: float = 0.1

    def interval(self, waited: float, chance: float) -> float:
        """Return the seconds until the next question; chance (0 to 1) places the jitter."""
        grown = min(self.share * waited, max(self.plateau, self.plateau + _CATCHES_UP * (waited - self.steady)))
        return min(max(self.shortest, grown), self.longest) * (1 + self.jitter * (2 * chance - 1))


# Seconds that an interval grows by with each second, from the plateau back to the share of the time waited.
_CATCHES_UP = 0.5


class Throttling:
    """How far throttled answers slow the questions down: by the share of the latest ones, and by how long none came."""

    # What one answer weighs, and the share below which the service merely wants some of them to be asked again.
    _WEIGHT = 0.1
    _TOLERATED = 0.25
    # Seconds between any two questions when half of the answers or more are throttled.
    _GAP = 0.4
    # Seconds until a throttled question is asked again, by how much more each further time, and at most.
    _SOON = 0.25
    _GROWS = 2.0
    _LONGEST = 12.0
    # Of the time that has passed without any answer, what is waited then, and at most.
    _SILENT = 0.25
    _LONGEST_SILENT = 40.0
    _SLOWEST = 4.0

    def __init__(self, now: float) -> None:
        self.share = 0.0
        self.answered_at = now

    def add(self, throttled: bool, now: float) -> None:
        """Count an answer of that moment (monotonic seconds)."""
        self.share += self._WEIGHT * (throttled - self.share)
        if not throttled:
            self.answered_at = now

    @property
    def gap(self) -> float:
        """Seconds to leave between any two questions, 0 while hardly any answer is throttled."""
        over = max(0.0, self.share - self._TOLERATED) / (1 - self._TOLERATED)
        return self._GAP * min(1.0, 3 * over)

    def stretched(self, interval: float) -> float:
        """Return an interval in seconds, as long as the answers ask for."""
        if self.share < self._TOLERATED:
            return interval
        return interval * min(1 / (1 - self.share), self._SLOWEST)

    def again(self, times: int, now: float) -> float:
        """Return the seconds until a question is asked again that was throttled so many times in a row."""
        if self.share < self._TOLERATED:
            return self._SOON
        silent = min(self._SILENT * (now - self.answered_at), self._LONGEST_SILENT)
        return min(self._SOON * self._GROWS ** min(times, 30), max(self._LONGEST, silent))


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
Notice = Callable[[float, "dict[Key, Any]", "list[Key]"], None]


def wait_for(
    keys: Sequence[Key],
    probe: Probe[Key],
    *,
    timeout: float,
    clock: Clock,
    pace: Pace = Pace(),
    spread: Spread[Key] = map,
    chance: Callable[[], float] = random.random,
    notice: Notice[Key] | None = None,
) -> Waited[Key]:
    """Ask about every key until each is done or timeout seconds have passed, and once more at the deadline.

    spread asks about several keys at a time; throttled answers slow the questions down and never end the wait;
    notice is called after each round with the seconds waited, the answers so far and the keys still open.
    """
    rounds = _Rounds(keys, clock, timeout)
    while rounds.queue:
        batch = rounds.next_batch()
        answers = list(spread(probe, [keys[index] for index in batch]))
        rounds.take(batch, answers, pace, chance)
        if notice is not None:
            notice(rounds.waited.elapsed, rounds.waited.answers, rounds.unfinished())
    rounds.waited.open = rounds.unfinished()
    return rounds.waited


class _Rounds(Generic[Key]):
    """Which questions are due, and what has been answered."""

    def __init__(self, keys: Sequence[Key], clock: Clock, timeout: float) -> None:
        self.keys = keys
        self.clock = clock
        self.started = clock.monotonic()
        self.deadline = self.started + timeout
        self.waited: Waited[Key] = Waited()
        self.queue: list[tuple[float, int]] = [(self.started, index) for index in range(len(keys))]
        self.throttling = Throttling(self.started)
        # How many times in a row each question was throttled.
        self.throttled = [0] * len(keys)
        # Before this moment nothing is asked, whatever is due.
        self.free_at = self.started
        self.is_last = False
        self.still_open: list[int] = []

    def next_batch(self) -> list[int]:
        """Let time pass until questions are due, and return their positions."""
        due = min(max(self.queue[0][0], self.free_at), self.deadline)
        now = self.clock.monotonic()
        if due > now:
            self.clock.sleep(due - now)
            now = self.clock.monotonic()
        # At the deadline everything still open is asked one last time, so that nothing finished is called open.
        self.is_last = now >= self.deadline
        gap = self.throttling.gap
        self.free_at = now + gap
        batch: list[int] = []
        while self.queue and (self.is_last or (self.queue[0][0] <= now and not (gap and batch))):
            batch.append(heapq.heappop(self.queue)[1])
        return batch

    def take(self, batch: Sequence[int], answers: Sequence[Answer], pace: Pace, chance: Callable[[], float]) -> None:
        """Note a round's answers, and when to ask again about what is not done."""
        now = self.clock.monotonic()
        self.waited.elapsed = now - self.started
        for index, answer in zip(batch, answers, strict=True):
            self.waited.probes += 1
            self.throttling.add(answer.throttled, now)
            self.throttled[index] = self.throttled[index] + 1 if answer.throttled else 0
            if answer.value is not None:
                self.waited.answers[self.keys[index]] = answer.value
        again = [index for index, answer in zip(batch, answers, strict=True) if not answer.done]
        if self.is_last:
            self.still_open = again
            return
        for index in again:
            interval = pace.interval(self.waited.elapsed, chance())
            times = self.throttled[index]
            wait = self.throttling.again(times, now) if times else self.throttling.stretched(interval)
            heapq.heappush(self.queue, (min(now + wait, self.deadline), index))

    def unfinished(self) -> list[Key]:
        """Return the keys that are not done, in their order."""
        return [self.keys[index] for index in sorted([*self.still_open, *(index for _due, index in self.queue)])]
