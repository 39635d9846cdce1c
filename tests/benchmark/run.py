# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print the figures of the benchmark: ratios within one run, medians over runs that take turns. They gate nothing."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the benchmark and return its exit status."""
    # The checkout is linked there as flowops.aws, with amazon.aws beside it.
    sys.path.insert(0, os.environ.get("FLOWOPS_COLLECTIONS") or str(ROOT / ".venv" / "collections"))
    from ansible_collections.flowops.aws.tests.benchmark.aws import Aws, emulator
    from ansible_collections.flowops.aws.tests.benchmark.figures import NAMES, QUICK, Bench, Scale
    from ansible_collections.flowops.aws.tests.benchmark.measuring import BenchmarkError

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, help="how often each run takes its turn (default: 3, with --quick 1)")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to see that it works")
    parser.add_argument("--flow-log", type=Path, metavar="FILE", help="a flow log to compile plans for too")
    options = parser.parse_args()
    rounds = options.rounds if options.rounds is not None else 1 if options.quick else 3
    if rounds < 1:
        parser.error("argument --rounds: give a whole number from 1 up")
    if options.flow_log is not None and not options.flow_log.is_file():
        parser.error(f"argument --flow-log: '{options.flow_log}' is not a file; give a flow log in JSON lines or .gz")
    # A terminated run leaves through the same door as an interrupted one, so that the emulator ends with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flowops-bench-")))

        @cache
        def aws() -> Aws:
            return stack.enter_context(emulator(folder))

        print(
            f"Wall time, and processor time (user and system, all processes) in brackets; medians of {rounds}, with"
            f" {os.cpu_count()} processors and a load of {os.getloadavg()[0]:.1f} at the start.",
            flush=True,
        )
        try:
            bench = Bench(folder, aws, QUICK if options.quick else Scale(), rounds, options.flow_log)
            for line in bench.lines(set(options.only or NAMES)):
                print(line, flush=True)
        except BenchmarkError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("bench: interrupted", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
