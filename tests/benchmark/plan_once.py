# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One plan in a process of its own, whose memory is measured: plan_once.py KIND FLOWS FINDINGS."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(kind: str, count: int, findings: int) -> None:
    """Print the number of operations of a plan for a capture of so many flows, which are never in memory together."""
    # The checkout is linked there as flowops.aws, with amazon.aws beside it.
    sys.path.insert(0, os.environ.get("FLOWOPS_COLLECTIONS") or str(ROOT / ".venv" / "collections"))
    from ansible_collections.flowops.aws.tests.benchmark import planning

    with tempfile.TemporaryDirectory(prefix="flowops-plan-") as folder:
        plan = planning.planned(folder, {("bench", "us-east-1a"): planning.pages(kind, count, findings)})
    print(len(plan["operations"]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
