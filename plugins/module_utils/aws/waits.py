# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for what AWS does: flow operations that end, a place that has room, a firewall in sync."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..errors import FlowOpsError, shown
from ..firewalls.impact import in_sync
from ..flows.arns import FirewallArn
from ..flows.scope import FlowOperation, Place
from .answers import bare
from .failures import needing
from .networkfirewall import NetworkFirewall
from .polling import Answer, wait_for
from .retries import asked_once

FINISHED = ("COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED")
# What to say of a capture that took too long: AWS itself advises against broad ones.
FEWER_FLOWS = (
    " To capture only the flows that can be findings, give fetch=findings and a policy (in the role flow_audit"
    " flow_audit_fetch: findings)."
)


def wait(
    api: NetworkFirewall,
    operations: Sequence[FlowOperation],
    timeout: float,
    notice: Callable[[float, dict[int, Any], list[int]], None] | None = None,
) -> tuple[list[dict[str, Any] | None], list[int]]:
    """Return the last description of each operation and the positions of those not finished in timeout seconds.

    An answer that no waiting can mend raises AwsError.
    """
    trouble: Counter[int] = Counter()

    def probe(index: int) -> Answer:
        operation = operations[index]
        doing = f"describe the flow operation {operation.flow_operation_id} in {operation.place}"
        answer = asked_once(partial(api.describe_once, **operation.to_api()), doing, trouble, index)
        if answer is None:
            return Answer(throttled=True)
        return Answer(bare(answer), answer["FlowOperationStatus"] in FINISHED)

    keys = range(len(operations))
    with ThreadPoolExecutor(max_workers=max(1, min(len(operations), api.spread_over))) as pool:
        waited = wait_for(keys, probe, timeout=timeout, clock=api.clock, spread=pool.map, notice=notice)
    return [waited.answers.get(index) for index in keys], waited.open


def wait_until_idle(api: NetworkFirewall, place: Place, deadline: float) -> None:
    """Return when no operation of a place is in progress; raise FlowOpsError at the deadline (monotonic seconds)."""

    def probe(_key: str) -> Answer:
        busy = [row for row in api.rows(place).values() if row["FlowOperationStatus"] == "IN_PROGRESS"]
        return Answer(busy, not busy)

    waited = wait_for(["zone"], probe, timeout=max(0.0, deadline - api.clock.monotonic()), clock=api.clock)
    if waited.open:
        row = waited.answers["zone"][0]
        raise FlowOpsError(
            f"{place} is still busy with flow operation {row['FlowOperationId']} ({row['FlowOperationType']});"
            " a zone takes one operation at a time, and wait_timeout has passed."
        )


def wait_until_in_sync(api: NetworkFirewall, firewall: FirewallArn, timeout: float) -> dict[str, Any] | None:
    """Return DescribeFirewall's last answer, in sync or timeout seconds old; None when none came in that time."""
    trouble: Counter[str] = Counter()

    def probe(arn: str) -> Answer:
        with needing("network-firewall:DescribeFirewall"):
            call = partial(api.firewall_once, FirewallArn=arn)
            answer = asked_once(call, f"describe the firewall {shown(arn)}", trouble, arn)
        if answer is None:
            return Answer(throttled=True)
        return Answer(dict(answer), in_sync(answer["FirewallStatus"]))

    return wait_for([firewall.arn], probe, timeout=timeout, clock=api.clock).answers.get(firewall.arn)
