# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.selection import Selection
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.firewalls.records import record


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({}, True),
        ({"name": "egress"}, True),
        ({"name": ["x", "eg*"]}, True),
        ({"name": "eg"}, False),
        ({"name": "EGRESS"}, False),
        ({"name": "egres?"}, True),
        ({"arn": "*:firewall/egress"}, True),
        ({"arn": "*:eu-*"}, False),
        ({"vpc-id": "vpc-0a"}, True),
        ({"vpc-id": ["vpc-0b"]}, False),
        ({"vpc-id": "*0a"}, True),
        ({"status": ["provision*", "re?dy"]}, True),
        ({"status": "ready"}, True),
        ({"status": ["PROVISIONING", "FAILED"]}, False),
        ({"sync-state": "IN_SYNC"}, True),
        ({"availability-zone": "us-east-1b"}, True),
        ({"availability-zone": "us-east-1c"}, False),
        ({"transit-gateway-id": "*"}, False),
        ({"tag-key": "Env"}, True),
        ({"tag-key": "env"}, False),
        ({"tag:Env": ["prod", "staging"]}, True),
        ({"tag:Env": "dev"}, False),
        ({"tag:None": "*"}, False),
        ({"tag:Odd": "a[b]*.c"}, True),
        ({"tag:Odd": r"a[b]\*.c"}, True),
        ({"tag:Env": r"pro\?"}, False),
        ({"tag:On": True}, True),
        ({"tag:Number": 7}, True),
        ({"tag:Empty": "*"}, True),
        ({"name": "egress", "tag:Env": "dev"}, False),
    ],
)
def test_every_filter_must_hold(filters: dict[str, Any], holds: bool) -> None:
    tags = {"Env": "prod", "Odd": "a[b]*.c", "On": "true", "Number": "7", "Empty": ""}
    assert Selection(filters, [], []).takes(record(tags=tags)) is holds


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        ([], [], ["egress", "egress-test", "inspection"]),
        (["egress*"], [], ["egress", "egress-test"]),
        (["egress*"], ["*-test"], ["egress"]),
        ([], ["*:firewall/egress*"], ["inspection"]),
        (["*:firewall/inspection", "egress"], [], ["egress", "inspection"]),
        (["nothing"], [], []),
    ],
)
def test_include_and_exclude_are_patterns_of_names_and_arns(
    include: list[str], exclude: list[str], taken: list[str]
) -> None:
    selection = Selection({}, include, exclude)
    records = [record(name) for name in ("egress", "egress-test", "inspection")]
    assert [item["firewall_name"] for item in records if selection.takes(item)] == taken
    assert [
        item["firewall_name"] for item in records if selection.may_take(item["firewall_name"], item["firewall_arn"])
    ] == taken


def test_what_a_listing_does_not_tell_is_left_for_later() -> None:
    selection = Selection({"name": "eg*", "tag:Env": "prod", "status": "READY"}, [], [])
    assert selection.may_take("egress", record()["firewall_arn"])
    assert not selection.may_take("inspection", record("inspection")["firewall_arn"])


def test_the_api_is_asked_for_vpcs_only_by_their_ids() -> None:
    assert Selection({"vpc-id": ["vpc-0a", "vpc-0b"]}, [], []).vpc_ids == ["vpc-0a", "vpc-0b"]
    assert Selection({"vpc-id": ["vpc-0a", "vpc-0*"]}, [], []).vpc_ids == []
    assert Selection({}, [], []).vpc_ids == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"filters": {"vpc_id": "vpc-0a"}}, "filters: 'vpc_id' is not allowed; known are "),
        ({"filters": {"tag:": "x"}}, "filters: 'tag:'"),
        ({"filters": {"name": []}}, "filters.name: []"),
        ({"filters": {"name": None}}, "filters.name: None"),
        ({"filters": {"tag:Env": {"a": "b"}}}, "filters.tag:Env: "),
        ({"filters": {"vpc-id": ["vpc-0a", "foo"]}}, "filters.vpc-id: 'foo' is not allowed; give the ID of a VPC"),
        ({"filters": {"vpc-id": "vpc-0A"}}, "filters.vpc-id: 'vpc-0A'"),
        ({"filters": {"status": ["REDY"]}}, "filters.status: 'REDY' is not allowed; known are DELETING, FAILED, "),
        ({"filters": {"sync-state": "synced"}}, "filters.sync-state: 'synced' is not allowed; known are "),
        ({"include": [None]}, "include: None"),
        ({"exclude": [""]}, "exclude: ''"),
    ],
)
def test_a_selection_that_makes_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(FlowOpsError) as caught:
        Selection(options.get("filters", {}), options.get("include", []), options.get("exclude", []))
    assert said in caught.value.message
