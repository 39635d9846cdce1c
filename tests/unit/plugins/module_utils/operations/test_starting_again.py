# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flushes of the past an operation of a plan is taken to have been carried out by."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import FLUSH, NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import firewall_of
from ansible_collections.flowops.aws.plugins.module_utils.operations.carry_out import carry_out, has_cut
from ansible_collections.flowops.aws.plugins.module_utils.operations.order import orders_of, planned_operations
from ansible_collections.flowops.aws.plugins.module_utils.times import utc_text

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
ZONE = "us-east-1a"
SSH = {"source_address": "10.0.0.0/30", "destination_port": "20-22", "protocols": ["tcp"]}
DNS = {"source_address": "2001:db8::/64", "destination_port": 53, "protocols": ["tcp", "udp"]}
API_SSH = {"SourceAddress": {"AddressDefinition": "10.0.0.0/30"}, "DestinationPort": "20:22", "Protocols": ["TCP"]}
API_DNS = {
    "SourceAddress": {"AddressDefinition": "2001:0db8::/64"},
    "DestinationPort": "53:53",
    "Protocols": ["UDP", "6"],
}


def captured(clock: Any, seconds: float = -30) -> str:
    return utc_text(datetime.fromtimestamp(clock.time() + seconds, timezone.utc))


def flushed(api: NetworkFirewall, warnings: list[str], *filters: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Carry out an operation of a plan, and return what is told of it."""
    params = {
        "firewall_arn": ARN,
        "operations": [{"availability_zone": ZONE, "flow_filters": list(filters), **members}],
        "wait": True,
        "wait_timeout": 300,
    }
    operations = planned_operations(api, firewall_of(params), orders_of(params))
    (item,) = carry_out(api, FLUSH, operations, params, warnings.append)
    assert has_cut([item]) is not item.get("already_flushed", False)
    return item


@pytest.mark.parametrize("filters", [[SSH, DNS], [DNS, SSH], [SSH], [DNS]])
def test_a_flush_with_all_of_its_filters_has_done_it(
    api: NetworkFirewall, control: Any, clock: Any, warnings: list[str], filters: list[dict[str, Any]]
) -> None:
    # However AWS writes them back, and whether more had been asked for than is left of the operation.
    (identifier,) = control.add_operations(
        "egress", ZONE, type="FLOW_FLUSH", status="COMPLETED", age_seconds=10, flow_filters=[API_SSH, API_DNS]
    )
    item = flushed(api, warnings, *filters, captured_at=captured(clock))
    assert (item["flow_operation_id"], item["already_flushed"]) == (identifier, True)
    assert control.calls()["starts"] == []
    # It asked for no age, so it was not the one that this plan would have sent.
    (warning,) = warnings
    assert "20 seconds after the capture, later than its minimum_flow_age of 0 seconds allowed for" in warning


@pytest.mark.parametrize(
    "operation",
    [
        {"flow_filters": [API_SSH]},
        {"flow_filters": [API_SSH, {**API_DNS, "DestinationPort": "54"}]},
        {"flow_filters": [API_SSH, {**API_DNS, "Protocols": ["TCP"]}]},
        {"type": "FLOW_CAPTURE"},
        {"status": "FAILED"},
        {"status": "COMPLETED_WITH_ERRORS"},
        {"age_seconds": 31},
    ],
)
def test_what_has_not_cut_all_of_it_has_not_done_it(
    api: NetworkFirewall, control: Any, clock: Any, warnings: list[str], operation: dict[str, Any]
) -> None:
    earlier = {"type": "FLOW_FLUSH", "status": "COMPLETED", "age_seconds": 10, "flow_filters": [API_SSH, API_DNS]}
    control.add_operations("egress", ZONE, **{**earlier, **operation})
    item = flushed(api, warnings, SSH, DNS, captured_at=captured(clock))
    (start,) = control.calls()["starts"]
    assert item["flow_operation_id"] == start["flow_operation_id"]
    assert "already_flushed" not in item and warnings == []


def test_a_flush_that_goes_on_still_is_waited_for(
    api: NetworkFirewall, control: Any, clock: Any, warnings: list[str]
) -> None:
    (identifier,) = control.add_operations(
        *("egress", ZONE),
        **{
            "type": "FLOW_FLUSH",
            "status": "IN_PROGRESS",
            "age_seconds": 10,
            "remaining": 60,
            "flow_filters": [API_SSH],
        },
    )
    item = flushed(api, warnings, SSH, captured_at=captured(clock))
    assert (item["flow_operation_id"], item["already_flushed"]) == (identifier, True)
    assert item["flow_operation_status"] == "COMPLETED"
    assert sum(clock.slept) >= 60
    assert control.calls()["starts"] == []
