# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the stages of `make test` and end with one plain line of counts, all of them taken from the tools' own output.

A stage that ran nothing has failed: several of the tools report success when they find nothing to do.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

if not __package__:
    # make runs this file as a script.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".venv" / "collections"))

from ansible_collections.flowops.aws.tests.tools.collection_tree import make_copy, project_files
from ansible_collections.flowops.aws.tests.tools.running import CACHE, Counts, Result, report, run_stage
from ansible_collections.flowops.aws.tests.tools.stages import BESIDE, STAGES

# So many lines of a failed stage are repeated at the end.
MOST_TOLD = 12


def closing_line(results: Sequence[Result]) -> str:
    """Return the one line that sums up a run."""
    by_stage = {result.stage: result for result in results}
    parts = []
    tests = [result.counts for result in results if result.counts is not None]
    if tests:
        parts.append(f"tests: {sum(tests, Counts())}")
    for stage in ("sanity", "lint", "types", "build"):
        result = by_stage.get(stage)
        if result is not None:
            parts.append(f"{stage}: {'FAILED' if result.problems else result.summary}")
    failed = [result.stage for result in results if result.problems]
    if failed:
        parts.append(f"failed: {', '.join(failed)}")
    return "; ".join(parts)


def told_by_tools(results: Iterable[Result]) -> list[str]:
    """Return the lines in which the tools of failed stages name what failed, the first few of each stage.

    Whoever sees only the end of a run, as in the log of a CI, sees them too.
    """
    told = []
    for result in results:
        if result.problems:
            found = re.findall(r"^(?:FAILED|ERROR)\b.+$", "\n".join(result.output), flags=re.MULTILINE)
            told += [f"{result.stage}: {line[:300]}" for line in dict.fromkeys([*result.problems, *found])][:MOST_TOLD]
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 only if every stage ran and found nothing."""
    known = {**STAGES, **BESIDE}
    parser = argparse.ArgumentParser(description="Run the stages of the test suite.")
    parser.add_argument(
        "stages", nargs="*", metavar="stage", help=f"{', '.join(known)}; without any the first {len(STAGES)}"
    )
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="stages at the same time")
    options = parser.parse_args(arguments)
    unknown = [stage for stage in options.stages if stage not in known]
    if unknown:
        parser.error(f"unknown stage {unknown[0]!r}; known are {', '.join(known)}")
    stages = [stage for stage in known if stage in (options.stages or STAGES)]
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "tree.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_copy(project_files())
    results = []
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for future in as_completed([pool.submit(run_stage, stage, known[stage]) for stage in stages]):
            results.append(future.result())
            report(results[-1])
    print(*told_by_tools(results), closing_line(results), sep="\n")
    return 1 if any(result.problems for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
