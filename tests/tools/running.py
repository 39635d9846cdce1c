# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running tools: their environment, their output, and the counts that a stage comes to."""

from __future__ import annotations

import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
COLLECTIONS = VENV / "collections"
CACHE = ROOT / ".cache"


@dataclass(frozen=True)
class Counts:
    """How many tests passed, failed (errors included) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass
class Result:
    """What a stage found: problems (none means success), a summary in words, counts of tests and all output.

    Seconds are those on the clock, processor those that its commands and their children took, user and system.
    """

    stage: str
    summary: str = ""
    problems: list[str] = field(default_factory=list)
    counts: Counts | None = None
    output: list[str] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0


class Runner:
    """Runs commands for one stage and gathers their output in its result."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __call__(
        self, command: Sequence[str | Path], cwd: Path = ROOT, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a command and return its exit status and its output, stderr included."""
        line = [str(word) for word in command]
        with subprocess.Popen(
            line,
            cwd=cwd,
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            output = process.stdout.read()
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.result.processor += usage.ru_utime + usage.ru_stime
        self.result.output.append(f"$ {' '.join(line)}\n{output.rstrip()}")
        return process.returncode, output

    def check(self, command: Sequence[str | Path], cwd: Path = ROOT, variables: Mapping[str, str] | None = None) -> str:
        """Run a command, note a problem when it fails and return its output."""
        status, output = self(command, cwd, variables)
        if status:
            self.result.problems.append(f"{Path(command[0]).name} ended with status {status}")
        return output


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of the tools: .venv first on PATH, our collections, no colours."""
    result = dict(os.environ)
    # What the caller's shell says about Python and Ansible must not decide over a test.
    for name in [n for n in result if n.startswith("ANSIBLE_") or n in ("PYTHONPATH", "PYTHONHOME", "MYPYPATH")]:
        del result[name]
    result.update(
        PATH=f"{VENV / 'bin'}{os.pathsep}{result.get('PATH', os.defpath)}",
        VIRTUAL_ENV=str(VENV),
        ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
        ANSIBLE_NOCOLOR="1",
        NO_COLOR="1",
        PY_COLORS="0",
    )
    result.setdefault("LC_ALL", "C.UTF-8")
    result.update(variables or {})
    return result


def tool(name: str) -> Path:
    """Return the path of a tool in the developer environment."""
    return VENV / "bin" / name


def junit_counts(reports: Iterable[Path]) -> Counts:
    """Return the counts over JUnit XML files; errors count as failures, a missing file counts nothing."""
    total = Counts()
    for report in reports:
        if not report.is_file():
            continue
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            total += Counts(tests - skipped - failed, failed, skipped)
    return total


def judge(result: Result, counts: Counts, where: str) -> None:
    """Note a problem for counts that must not pass: nothing ran, something failed, something was skipped."""
    if not counts.passed and not counts.failed:
        result.problems.append(f"no test ran in {where}")
    if counts.failed:
        result.problems.append(f"{counts.failed} tests failed in {where}")
    if counts.skipped:
        result.problems.append(f"{counts.skipped} tests were skipped in {where}: a skipped test proves nothing")


def run_stage(stage: str, work: Callable[[Runner], None]) -> Result:
    """Run one stage; what goes wrong in the stage itself is a problem of that stage."""
    result = Result(stage)
    start = time.monotonic()
    try:
        work(Runner(result))
    except (OSError, subprocess.SubprocessError, ElementTree.ParseError, tarfile.TarError) as error:
        result.problems.append(f"{type(error).__name__}: {error}")
    result.seconds = time.monotonic() - start
    return result


def report(result: Result) -> None:
    """Print a line for a finished stage and, when it failed, all that its tools said."""
    if result.problems:
        print(f"---- {result.stage}: output", *result.output, f"---- {result.stage}: end of output", sep="\n")
    words = "FAILED" if result.problems else result.summary
    print(
        f"{result.stage:<12} {result.seconds:6.1f} s {result.processor:7.1f} s of processor time  {words}", flush=True
    )
