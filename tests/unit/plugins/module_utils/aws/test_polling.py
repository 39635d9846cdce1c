# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.polling import Answer, Waited, wait_for


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.looks = 0

    def monotonic(self) -> float:
        # A wait that no longer lets time pass would never end.
        self.looks += 1
        assert self.looks < 10_000
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


class Operations:
    """Operations that end so many seconds from now; notes when each was asked about and when its end was noticed."""

    def __init__(self, clock: FakeClock, durations: list[float]) -> None:
        self.clock = clock
        self.started = clock.now
        self.durations = durations
        self.asked: list[tuple[float, int]] = []
        self.noticed: dict[int, float] = {}

    def probe(self, index: int) -> Answer:
        passed = self.clock.now - self.started
        self.asked.append((passed, index))
        done = passed >= self.durations[index]
        if done:
            self.noticed[index] = passed
        return Answer("COMPLETED" if done else "IN_PROGRESS", done)


def wait(
    durations: list[float], timeout: float = 7200.0, seed: int = 0, **options: Any
) -> tuple[Operations, Waited[int], FakeClock]:
    clock = FakeClock()
    operations = Operations(clock, durations)
    waited = wait_for(
        range(len(durations)),
        options.pop("probe", operations.probe),
        timeout=timeout,
        clock=clock,
        chance=random.Random(seed).random,
        **options,
    )
    return operations, waited, clock


@pytest.mark.parametrize("duration", [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800])
def test_an_end_is_noticed_soon_and_few_questions_are_asked(duration: float) -> None:
    overshoots = []
    for seed in range(200):
        # Ends that fall anywhere between two questions, not always at the same place.
        exact = duration * (1 + random.Random(seed).uniform(-0.05, 0.05))
        operations, waited, _clock = wait([exact], seed=seed)
        assert waited.open == []
        overshoots.append(operations.noticed[0] - exact)
        if duration <= 600:
            assert waited.probes <= 45
    assert sum(overshoots) / len(overshoots) <= max(0.1 * duration, 1.0)
    assert min(overshoots) >= 0


def test_exactly_ten_minutes_take_at_most_45_questions() -> None:
    assert max(wait([600.0], seed=seed)[1].probes for seed in range(200)) <= 45


def test_sixty_operations_take_about_as_long_as_one() -> None:
    for seed in range(20):
        _one, alone, _clock = wait([2.0], seed=seed)
        _many, together, clock = wait([2.0] * 60, seed=seed)
        assert together.open == []
        assert together.elapsed <= alone.elapsed + 1.5
        assert together.elapsed == pytest.approx(sum(clock.slept))


def test_spread_is_asked_about_several_keys_at_a_time() -> None:
    rounds: list[int] = []

    def spread(probe: Callable[[int], Answer], keys: Any) -> list[Answer]:
        rounds.append(len(keys))
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(probe, keys))

    operations, waited, _clock = wait([3.0] * 10, spread=spread)
    assert rounds[0] == 10
    assert waited.open == [] and sorted(operations.noticed) == list(range(10))


def test_answers_belong_to_their_keys() -> None:
    clock = FakeClock()
    ends = {"a": 5.0, "b": 0.0, "c": 40.0}
    waited = wait_for(
        list(ends), lambda key: Answer(f"{key}!", clock.now - 1000 >= ends[key]), timeout=100, clock=clock
    )
    assert waited.answers == {"a": "a!", "b": "b!", "c": "c!"}
    assert waited.open == []


def test_the_last_sleep_ends_at_the_deadline() -> None:
    for seed in range(50):
        _operations, waited, clock = wait([1e9], timeout=47.3, seed=seed)
        assert clock.now == pytest.approx(1047.3)
        assert waited.open == [0]
        assert waited.elapsed == pytest.approx(47.3)
        assert waited.answers == {0: "IN_PROGRESS"}


def test_an_operation_that_ends_exactly_at_the_deadline_is_not_called_open() -> None:
    for seed in range(50):
        _operations, waited, _clock = wait([30.0, 29.999, 30.001], timeout=30.0, seed=seed)
        assert waited.open == [2]
        assert waited.answers == {0: "COMPLETED", 1: "COMPLETED", 2: "IN_PROGRESS"}


def test_everything_open_is_asked_once_more_at_the_deadline() -> None:
    operations, waited, _clock = wait([1e9] * 7, timeout=20.0)
    at_the_end = [index for passed, index in operations.asked if passed >= 20.0]
    assert sorted(at_the_end) == list(range(7))
    assert waited.open == list(range(7))


def test_timeout_0_asks_once_and_never_sleeps() -> None:
    operations, waited, clock = wait([0.0, 1.0], timeout=0)
    assert [index for _passed, index in operations.asked] == [0, 1]
    assert clock.slept == []
    assert waited.open == [1]


def test_nothing_to_wait_for_ends_at_once() -> None:
    _operations, waited, clock = wait([])
    assert (waited.probes, waited.open, clock.slept) == (0, [], [])


def test_throttling_slows_the_questions_and_never_ends_them() -> None:
    def rate(throttled: bool) -> int:
        clock = FakeClock()
        waited = wait_for([0], lambda _key: Answer(throttled=throttled), timeout=600, clock=clock, chance=lambda: 0.5)
        assert waited.open == [0] and clock.now == pytest.approx(1600)
        return waited.probes

    assert rate(True) < rate(False) * 0.6


def test_after_throttling_the_pace_recovers_and_the_end_is_noticed() -> None:
    clock = FakeClock()
    operations = Operations(clock, [60.0])

    def probe(index: int) -> Answer:
        return Answer(throttled=True) if 1000 < clock.now < 1010 else operations.probe(index)

    waited = wait_for([0], probe, timeout=3600, clock=clock, chance=lambda: 0.5)
    assert waited.open == []
    assert operations.noticed[0] - 60 <= 15


def test_a_throttled_answer_does_not_wipe_out_what_was_known() -> None:
    clock = FakeClock()
    asked = iter([Answer("IN_PROGRESS"), *[Answer(throttled=True)] * 50])
    waited = wait_for([0], lambda _key: next(asked), timeout=30, clock=clock)
    assert waited.answers == {0: "IN_PROGRESS"}


def test_notice_hears_of_every_round_and_of_what_is_open() -> None:
    heard: list[tuple[float, dict[int, Any], list[int]]] = []
    operations, waited, _clock = wait(
        [0.0, 1.0, 1e9],
        timeout=30.0,
        notice=lambda elapsed, answers, still_open: heard.append((elapsed, dict(answers), list(still_open))),
    )
    assert heard[0] == (0.0, {0: "COMPLETED", 1: "IN_PROGRESS", 2: "IN_PROGRESS"}, [1, 2])
    assert len(heard) == len({passed for passed, _index in operations.asked})
    assert [elapsed for elapsed, _answers, _open in heard] == sorted(elapsed for elapsed, _a, _o in heard)
    # At the end it hears the truth: one operation has not ended.
    assert heard[-1] == (30.0, waited.answers, [2])


def test_an_exception_of_a_probe_ends_the_wait() -> None:
    def probe(_key: int) -> Answer:
        raise RuntimeError("no such operation")

    with pytest.raises(RuntimeError, match="no such operation"):
        wait([1.0], probe=probe)


def every_ninth(calls: int, _chance: random.Random) -> bool:
    return calls % 9 == 0


def nine_in_ten(_calls: int, chance: random.Random) -> bool:
    return chance.random() < 0.9


def sixty(is_throttled: Callable[[int, random.Random], bool], seed: int) -> tuple[Operations, Waited[int], FakeClock]:
    """Wait for 60 operations of about 15 seconds, of which the service throttles some of the questions."""
    chance = random.Random(seed)
    durations = [15 * (1 + chance.uniform(-0.05, 0.05)) for _operation in range(60)]
    clock = FakeClock()
    operations = Operations(clock, durations)
    calls = 0

    def probe(index: int) -> Answer:
        nonlocal calls
        calls += 1
        if is_throttled(calls, chance):
            operations.asked.append((clock.now - operations.started, index))
            return Answer(throttled=True)
        return operations.probe(index)

    waited = wait_for(range(60), probe, timeout=3600, clock=clock, chance=chance.random)
    return operations, waited, clock


@pytest.mark.parametrize("seed", range(20))
def test_some_throttled_answers_cost_hardly_any_time(seed: int) -> None:
    operations, waited, _clock = sixty(every_ninth, seed)
    assert waited.open == []
    late = max(noticed - operations.durations[index] for index, noticed in operations.noticed.items())
    assert late <= 2.0


@pytest.mark.parametrize("seed", range(10))
def test_where_most_answers_are_throttled_few_are_asked_for_and_it_ends(seed: int) -> None:
    operations, waited, clock = sixty(nine_in_ten, seed)
    assert waited.open == [] and clock.now - operations.started <= 2400
    # The first question about each goes out at once; what is known after it is that most are throttled.
    moments = [moment for moment, _index in operations.asked if moment > 0]
    assert all(sum(second <= moment < second + 1 for moment in moments) <= 3 for second in range(int(moments[-1])))
    assert len(moments) <= 3 * moments[-1]


def test_a_throttled_question_is_asked_again_before_its_turn() -> None:
    clock = FakeClock()
    asked: dict[int, list[float]] = {index: [] for index in range(20)}

    def probe(index: int) -> Answer:
        asked[index].append(clock.now)
        return Answer(throttled=index == 7 and len(asked[7]) == 2)

    wait_for(range(20), probe, timeout=10, clock=clock)
    assert asked[7][2] - asked[7][1] <= 0.5
    assert min(second - first for first, second in zip(asked[3][:-2], asked[3][1:-1], strict=True)) > 0.5
