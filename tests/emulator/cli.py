# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from .http.faults import Fault
from .server import Emulator
from .world.errors import FlowLogError


def _fault(text: str) -> Fault:
    try:
        return Fault.from_text(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description="The AWS side of flowops.aws on loopback.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: 0, any free one)")
    parser.add_argument("--port-file", type=Path, help="file the port is written to once it listens")
    parser.add_argument(
        "--flow-log",
        action="extend",
        nargs="+",
        default=[],
        metavar="FILE",
        help="flow logs, JSON lines, .gz by suffix",
    )
    parser.add_argument("--duration", type=_seconds, default=1.0, help="seconds an operation takes (default: 1.0)")
    parser.add_argument("--reconnect", type=_fraction, default=0.0, help="share of flushed flows that come back (0-1)")
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="SPEC",
        help="e.g. throttle:ListFlowOperations:every=3",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of identifiers and tokens (default: 0)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status (2 for a flow log that cannot be read)."""
    options = _parser().parse_args(argv)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    try:
        emulator = Emulator(
            options.flow_log,
            host=options.host,
            port=options.port,
            duration=options.duration,
            reconnect=options.reconnect,
            faults=options.fault,
            seed=options.seed,
        )
    except (FlowLogError, ValueError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    with emulator:
        if options.port_file is not None:
            # Renamed into place: who waits for the file never reads half a number.
            partial = options.port_file.with_name(f"{options.port_file.name}.{os.getpid()}")
            partial.write_text(f"{emulator.port}\n", encoding="ascii")
            partial.replace(options.port_file)
        print(f"listening on {emulator.url}", flush=True)
        ended.wait()
    return 0
