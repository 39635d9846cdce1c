# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run costs, runs in turn, and the line that is printed of them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True)
class Cost:
    """What one run took: wall and processor time in seconds, of all its processes."""

    wall: float
    cpu: float

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of one run after another."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: Cost) -> Cost:
        """Return the cost without a part of it."""
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


@dataclass(frozen=True)
class Figure:
    """One line of the benchmark: a cost as a multiple of another, what they are of, and the bound to aim at."""

    name: str
    cost: Cost
    against: Cost
    compared: str
    aim: str

    def line(self) -> str:
        """Return the line that is printed."""
        return (
            f"{self.name:<14}{self.cost.wall / self.against.wall:6.2f} x"
            f"  (processor {self.cost.cpu / self.against.cpu:.2f} x)"
            f"  {self.compared}: {seconds(self.cost)} against {seconds(self.against)}  aim: {self.aim}"
        )


def seconds(cost: Cost) -> str:
    """Return wall time and, in brackets, processor time."""
    return f"{cost.wall:.2f} s ({cost.cpu:.2f} s)"


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the median of each member of the costs."""
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))


def interleaved(rounds: int, runs: Mapping[str, Callable[[], Cost]]) -> dict[str, Cost]:
    """Return the median cost of each run, after rounds in which each had one turn (A B C, A B C, ...)."""
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for _round in range(rounds):
        for name, run in runs.items():
            costs[name].append(run())
    return {name: middle(found) for name, found in costs.items()}


def cost_of_call(call: Callable[[], object]) -> Cost:
    """Return what a call in this process took."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def cost_of_command(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str], timeout: float = 1800.0
) -> Cost:
    """Return what a command took with all that it started; raise BenchmarkError when it fails or passes timeout (s)."""
    with open(folder / "output", "w+b") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], cwd=folder, env=dict(env), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        while True:
            # wait4 alone says what the process and those it waited for have used.
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() - begun > timeout:
                process.kill()
                os.wait4(process.pid, 0)
                process.returncode = -9
                raise BenchmarkError(f"{command[0]} took more than {timeout:.0f} s.")
            time.sleep(0.005)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
            raise BenchmarkError(f"{command[0]} ended with status {process.returncode}:\n{text[-4000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)
