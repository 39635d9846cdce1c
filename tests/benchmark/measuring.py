# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run costs, runs in turn, and the line that is printed of them."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

# How often the memory of a command is looked at.
WATCH_SECONDS = 0.25


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True)
class Cost:
    """What one run took of all its processes: wall and processor time in seconds, memory in bytes where watched."""

    wall: float
    cpu: float
    memory: int = 0

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of one run after another."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.memory, other.memory))

    def __sub__(self, other: Cost) -> Cost:
        """Return the cost without a part of it."""
        return Cost(self.wall - other.wall, self.cpu - other.cpu, self.memory)


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
    return Cost(
        median(cost.wall for cost in costs),
        median(cost.cpu for cost in costs),
        int(median(cost.memory for cost in costs)),
    )


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


def memory_of(pid: int) -> int:
    """Return the bytes of memory that a process and all that it started hold now, what they share counted once."""
    found, waiting = 0, [pid]
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        # It may end at any moment.
        with suppress(OSError):
            for children in process.glob("task/*/children"):
                waiting.extend(int(child) for child in children.read_text(encoding="ascii").split())
            held = re.search(r"^Pss:\s+(\d+) kB$", (process / "smaps_rollup").read_text(encoding="ascii"), re.MULTILINE)
            found += int(held[1]) * 1024 if held else 0
    return found


def cost_of_command(
    command: Sequence[str | Path],
    folder: Path,
    env: Mapping[str, str],
    timeout: float = 1800.0,
    watch_memory: bool = False,
) -> Cost:
    """Return what a command took with all that it started; raise BenchmarkError when it fails or passes timeout (s).

    Its output is left in the file `output` of the folder. Memory is watched on request, for that takes time.
    """
    memory, watched = 0, 0.0
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
            if watch_memory and time.perf_counter() - watched > WATCH_SECONDS:
                memory, watched = max(memory, memory_of(process.pid)), time.perf_counter()
            time.sleep(0.005)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
            raise BenchmarkError(f"{command[0]} ended with status {process.returncode}:\n{text[-4000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, memory)
