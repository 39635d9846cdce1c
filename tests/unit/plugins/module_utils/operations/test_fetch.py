# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.starts import Order
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.flows.filters import to_api
from ansible_collections.flowops.aws.plugins.module_utils.flows.regions import WHOLE, Region, region_of
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import Place, Scope
from ansible_collections.flowops.aws.plugins.module_utils.operations.capture import Capture
from ansible_collections.flowops.aws.plugins.module_utils.operations.fetch import (
    Fetched,
    cover_of,
    fetched_of,
    narrowed,
    rule_regions,
)
from ansible_collections.flowops.aws.plugins.module_utils.operations.order import Operation
from ansible_collections.flowops.aws.plugins.module_utils.operations.rule_source import FirewallRules
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import rules_of

ARN = parse_firewall_arn("arn:aws:network-firewall:us-east-1:123456789012:firewall/lab")
ZONES = [Scope("availability_zone", f"us-east-1{letter}") for letter in "ab"]
EVERY = [{"any": True}]
SSH = region_of({"source_address": "10.0.0.0/8", "destination_port": 22, "protocols": ["tcp"]})
OLD = region_of({"source_address": "10.0.0.0/8"})._replace(age=((3600, 2**62),))
TAKEN = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
PART = {"fetched": "findings", "cover": cover_of([SSH])}


def operations(age: int | None = None) -> list[Operation]:
    return [Operation(Place(ARN, zone), Order(to_api(EVERY), age)) for zone in ZONES]


def capture(name: str, age: int, taken: datetime | None, *filters: dict[str, Any], scope: Scope = ZONES[0]) -> Capture:
    made = Capture(name, scope)
    made.minimum_flow_age = age
    made.api_filters = to_api(filters)
    made.service_time = taken
    made.statuses = {"COMPLETED"}
    made.fetch = PART
    return made


def record(port: int, age: int) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "192.0.2.1",
        "destination_port": port,
        "protocol_number": 6,
        "age": age,
    }


def test_each_zone_gets_the_captures_of_younger_flows_first() -> None:
    found, told = narrowed(operations(), [SSH, OLD], EVERY, 4)
    asked = [(item.place.scope.value, item.order.minimum_flow_age) for item in found]
    assert asked == [("us-east-1a", None), ("us-east-1b", None), ("us-east-1a", 3598), ("us-east-1b", 3598)]
    assert found[0].order.api_filters == [
        {"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}, "DestinationPort": "22", "Protocols": ["6"]}
    ]
    assert told == {"fetched": "findings", "cover": cover_of([SSH, OLD])}
    only, _told = narrowed(operations(60), [SSH, OLD], EVERY, 1)
    assert [item.order.minimum_flow_age for item in only] == [60, 60]


def test_what_cannot_be_narrowed_is_captured_as_it_was_to_be() -> None:
    found, told = narrowed(operations(7), [WHOLE], EVERY, 4)
    assert found == operations(7)
    assert told["fetched"] == "all" and "most of the flows" in told["reason"]
    assert narrowed([], [WHOLE], EVERY, 4) == ([], {"fetched": "all"})


def test_a_flow_is_told_once_whichever_captures_have_it() -> None:
    ssh = {"source_address": "10.0.0.0/8", "destination_port": 22}
    first = capture("a", 0, TAKEN, ssh)
    later = capture("b", 3600, TAKEN + timedelta(seconds=60), {"source_address": "10.0.0.0/8"})
    fetched = fetched_of([first, later], resume=False)
    assert fetched is not None and fetched.is_part
    flows = [record(22, 4000), record(443, 4000), record(22, 62)]
    assert fetched.told_before(first, flows) == set()
    # The last one may have been born between the two.
    assert fetched.told_before(later, flows) == {0}
    first.minimum_flow_age = 3950
    assert fetched.told_before(later, flows) == set()


@pytest.mark.parametrize("change", ["time", "partial", "scope"])
def test_a_flow_is_told_again_where_it_is_not_sure_that_it_was(change: str) -> None:
    first = capture("a", 0, None if change == "time" else TAKEN, {"source_address": "10.0.0.0/8"})
    later = capture("b", 60, TAKEN, {"source_address": "10.0.0.0/8"}, scope=ZONES[change == "scope"])
    if change == "partial":
        first.statuses.add("COMPLETED_WITH_ERRORS")
    assert Fetched([first, later], PART).told_before(later, [record(22, 4000)]) == set()


def test_what_was_asked_for_is_held_against_what_is_asked_now() -> None:
    fetched = Fetched([capture("a", 0, TAKEN, {"source_address": "10.0.0.0/8"})], PART)
    fetched.check([SSH])
    assert not fetched.uncovered and not fetched.warnings()
    fetched.check([SSH, OLD])
    assert fetched.uncovered and "has changed" in fetched.warnings()[0]


def test_captures_that_do_not_belong_together_are_refused() -> None:
    part, other = capture("a", 0, TAKEN, *EVERY), capture("b", 0, TAKEN, *EVERY)
    other.fetch = None
    assert fetched_of([other], resume=True) is None
    with pytest.raises(FlowOpsError, match="not all of them are of one capture"):
        fetched_of([part, other], resume=False)
    with pytest.raises(FlowOpsError, match="resume"):
        fetched_of([part], resume=True)


def test_everything_is_asked_for_while_a_change_is_still_spreading() -> None:
    rules = rules_of("drop tcp any any -> any 23 (sid:1;)")
    assert rule_regions(FirewallRules(rules, in_sync=False)) == [WHOLE]
    now, after = (
        rule_regions(FirewallRules(rules)),
        rule_regions(FirewallRules(rules_of("pass ip any any -> any any (sid:1;)"), after=rules)),
    )
    # What rules that are to change do now is asked for too, so that what they newly pass is counted.
    assert set(now) <= set(after)
    assert all(isinstance(region, Region) for region in now)
