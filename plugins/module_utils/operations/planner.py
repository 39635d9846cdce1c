# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for what captures showed: findings in memory, the flows to spare on disk."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import IO, Any

from ..errors import FlowOpsError
from ..flows.arns import FirewallArn
from ..flows.matching import Flow, flows_of
from ..plan.build import build, compile_best
from ..plan.plan import Plan
from .capture import Capture


class Planner:
    """Makes the plan for the findings of captures; the flows it must spare wait on disk. Use it in a with block."""

    def __init__(self, folder: str, captures: Sequence[Capture]) -> None:
        self.folder = folder
        self.captures = captures

    def __enter__(self) -> Planner:
        self._spool: IO[bytes] = tempfile.TemporaryFile(dir=self.folder)
        # Where the pages of each capture begin, and how long they are.
        self._pages: dict[str, list[tuple[int, int]]] = {}
        return self

    def __exit__(self, *_failure: object) -> None:
        self._spool.close()

    def add(self, capture: Capture, records: Sequence[Mapping[str, Any]], guilty: Sequence[object]) -> None:
        """Add one page's flow records, and for each whether it is a finding."""
        found = [record for record, is_finding in zip(records, guilty, strict=True) if is_finding]
        innocent = [record for record, is_finding in zip(records, guilty, strict=True) if not is_finding]
        # A finding that no filter can name is spared by those for others: nobody could tell afterwards what it was.
        innocent += [record for record, named in zip(found, capture.findings.add_all(found), strict=True) if not named]
        page = marshal.dumps(flows_of(innocent))
        self._pages.setdefault(capture.flow_operation_id, []).append((self._spool.tell(), len(page)))
        self._spool.write(page)

    def plan(self, firewall: FirewallArn, allow_collateral: bool = False) -> Plan:
        """Return the plan; findings whose every filter would match a flow to spare are inseparable."""
        compiled = []
        for capture in self.captures:
            scope = _plan_scope(capture)
            innocents = partial(self._innocents, capture)
            best = compile_best(scope, capture.findings, innocents, capture.api_filters, allow_collateral)
            compiled.append((scope, best))
        return build(firewall.arn, compiled)

    def _innocents(self, capture: Capture) -> Iterator[list[Flow]]:
        for begin, length in self._pages.get(capture.flow_operation_id, ()):
            self._spool.seek(begin)
            # A file that nobody else can open: what is read is what was written above.
            yield marshal.loads(self._spool.read(length))


def check_moment(capture: Capture) -> None:
    """Raise FlowOpsError when a capture has findings and nobody knows when it was taken."""
    if capture.findings.flows and capture.seen_at is None:
        raise FlowOpsError(
            f"There is no plan for the findings of the capture {capture.flow_operation_id} in {capture.scope}: AWS does"
            " not say when it was taken, and its item in operations has no service_time; a flush could not spare flows"
            " born since. Capture again with flowops.aws.networkfirewall_flow_capture."
        )


def _plan_scope(capture: Capture) -> dict[str, Any]:
    scope: dict[str, Any] = {**capture.scope.named(), "minimum_flow_age": capture.minimum_flow_age or 0}
    if capture.captured_at:
        scope["captured_at"] = capture.captured_at
    return scope
