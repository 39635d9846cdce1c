# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.flowops.aws.plugins.filter.as_result import FilterModule as AsResult
from ansible_collections.flowops.aws.plugins.filter.counted import FilterModule as Counted
from ansible_collections.flowops.aws.plugins.filter.firewall import FilterModule
from ansible_collections.flowops.aws.plugins.filter.flow_execution_summary import (
    flow_execution_outcomes,
    flow_execution_sentence,
)
from ansible_collections.flowops.aws.plugins.test.every_flow import TestModule as EveryFlow
from ansible_collections.flowops.aws.plugins.test.firewall_arn import TestModule

ARN = "arn:aws-us-gov:network-firewall:us-gov-west-1:111122223333:firewall/egress-1"
NO_ARNS: list[Any] = [
    *("", "egress", None, 7, f"{ARN}/x", ARN.replace(":firewall/", ":firewall-policy/"), ARN.replace("1111", "x111")),
    ARN.replace("network-firewall", "ec2"),
    f"{ARN}\n",
]
FILTERS = FilterModule().filters()


@pytest.mark.parametrize("value", NO_ARNS)
def test_what_is_no_arn_of_a_firewall_names_nothing(value: Any) -> None:
    assert TestModule().tests()["firewall_arn"](value) is False
    with pytest.raises(AnsibleFilterError, match="firewall_arn: "):
        FILTERS["firewall_label"](value)


def test_a_firewall_is_named_by_its_arn() -> None:
    assert TestModule().tests()["firewall_arn"](ARN) is True
    assert FILTERS["firewall_label"](ARN) == "111122223333-us-gov-west-1-egress-1"
    assert FILTERS["firewall_artifact"](ARN, "flow_audit") == "flow_audit_of_111122223333_us_gov_west_1_egress_1"


@pytest.mark.parametrize("name", ["region", "aws_region", "ec2_region"])
def test_a_region_that_is_given_counts_and_else_that_of_the_firewall(name: str) -> None:
    connect = FILTERS["firewall_connection"]
    assert connect(ARN, {name: "eu-west-1"}) == {name: "eu-west-1"}
    assert connect(ARN, {"profile": "audit"}) == {"region": "us-gov-west-1", "profile": "audit"}
    assert connect("", {}) == {}


def test_a_role_to_assume_is_added_where_there_is_one() -> None:
    assert FILTERS["firewall_connection"]("", {"profile": "audit"}, "arn:role") == {
        "profile": "audit",
        "assume_role_arn": "arn:role",
    }


def test_a_result_is_what_the_module_returned() -> None:
    registered = {"changed": True, "failed": False, "warnings": [], "deprecations": [], "verdict": "compliant"}
    assert AsResult().filters()["as_result"](registered) == {"verdict": "compliant"}


def test_executions_are_counted_by_their_outcomes() -> None:
    told = flow_execution_outcomes([{"item": "a", "messages": []}, {"item": "b", "messages": []}])
    assert [execution["flow_execution_id"] for execution in told["executions"]] == ["a", "b"]
    assert told["outcomes"] == {"unknown": 2}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "a: failed"),
        ({"duration": 7.25}, "a: failed after 7.25 s"),
        ({"first_failed_step": {"name": "read"}}, "a: failed, first failed step read"),
        (
            {"duration": 1.0, "first_failed_step": {"name": "read", "reason": "silence"}},
            "a: failed after 1.0 s, first failed step read (silence)",
        ),
    ],
)
def test_how_an_execution_went_is_told_in_a_few_words(members: dict[str, Any], words: str) -> None:
    assert flow_execution_sentence({"flow_execution_id": "a", "outcome": "failed", **members}) == words


def test_a_number_has_its_noun_in_the_plural_unless_it_is_one() -> None:
    counted = Counted().filters()["counted"]
    assert [counted(1, "flow"), counted(0, "flow"), counted(1200, "entry", "entries")] == [
        "1 flow",
        "0 flows",
        "1,200 entries",
    ]


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ([{"any": True}], True),
        ("[{any: true}]", True),
        ('[{"any": true}]', True),
        ([{"any": False}], False),
        ([{"any": True}, {"destination_port": "443"}], False),
        ([{"source_address": "0.0.0.0/0"}], False),
        ("nonsense", False),
        ([], False),
    ],
)
def test_filters_of_every_flow_are_told_from_others(value: Any, answer: bool) -> None:
    assert EveryFlow().tests()["every_flow"](value) is answer
