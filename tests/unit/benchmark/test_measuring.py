# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.flowops.aws.tests.benchmark.measuring import (
    BenchmarkError,
    Cost,
    Figure,
    cost_of_call,
    cost_of_command,
    interleaved,
    middle,
)

BUSY = "import time\nwhile time.process_time() < 0.2: pass\n"


def test_runs_take_turns_and_each_has_the_median_of_its_own() -> None:
    order: list[str] = []
    walls = {"a": iter([1.0, 9.0, 2.0]), "b": iter([5.0, 4.0, 60.0])}

    def run(name: str) -> Callable[[], Cost]:
        def once() -> Cost:
            order.append(name)
            return Cost(next(walls[name]), 0.5)

        return once

    assert interleaved(3, {"a": run("a"), "b": run("b")}) == {"a": Cost(2.0, 0.5), "b": Cost(5.0, 0.5)}
    assert order == ["a", "b"] * 3


def test_each_member_of_the_costs_has_its_own_median() -> None:
    assert middle([Cost(1, 30), Cost(2, 10), Cost(3, 20)]) == Cost(2, 20)


def test_costs_one_after_another_add_up() -> None:
    assert Cost(2, 1) + Cost(3, 2) == Cost(5, 3)
    assert Cost(5, 3) - Cost(3, 2) == Cost(2, 1)


def test_a_line_has_name_ratio_comparison_and_aim() -> None:
    line = Figure("audit", Cost(3.0, 1.0), Cost(2.0, 4.0), "audit / loop", "<= 1.1").line()
    assert " ".join(line.split()) == (
        "audit 1.50 x (processor 0.25 x) audit / loop: 3.00 s (1.00 s) against 2.00 s (4.00 s) aim: <= 1.1"
    )


def test_a_call_costs_its_processor_time() -> None:
    cost = cost_of_call(lambda: sum(range(2_000_000)))
    assert 0 < cost.cpu <= cost.wall * 1.5


def test_a_command_costs_what_its_children_cost_too(tmp_path: Path) -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}], check=True)"
    cost = cost_of_command([sys.executable, "-c", parent], tmp_path, os.environ)
    assert cost.cpu >= 0.2
    assert cost.wall > 0


def test_a_command_that_fails_is_told_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"ended with status 3:\n(.|\n)*no such thing"):
        cost_of_command(["/bin/sh", "-c", "echo no such thing >&2; exit 3"], tmp_path, os.environ)


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"took more than 0 s"):
        cost_of_command(["/bin/sh", "-c", "exec sleep 60"], tmp_path, os.environ, timeout=0.1)
