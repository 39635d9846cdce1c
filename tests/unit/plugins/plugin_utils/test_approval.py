# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as approved: nothing that nobody was shown, and nothing that is of an unknown form."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.plugin_utils.approval import approved

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
HASH = "0123456789abcdef" * 4
OBJECT = {"bucket": "audits", "object": "plans/plan.json"}
PLAN = {"operations": [{"availability_zone": "us-east-1a"}], "hash": HASH}
ENTRY = {"plan_hash": HASH, "plan_flow_count": 3, "plan_object": OBJECT}


def refused(**options: Any) -> str:
    with pytest.raises(FlowOpsError) as failure:
        approved(ARN, **options)
    return failure.value.message


@pytest.mark.parametrize("written", [json.dumps, dict])
def test_the_plan_comes_as_it_was_handed_on(written: Any) -> None:
    found = approved(ARN, summary=written({ARN: ENTRY}), handed_on=written({"plan": PLAN, "plan_hash": "another"}))
    assert found == {"plan_hash": HASH, "plan_flow_count": 3, "plan": PLAN}


@pytest.mark.parametrize("handed_on", [None, "", "{}", {}, {"plan": {"flow_count": 3}}, {"plan": None}])
def test_a_plan_that_was_too_large_is_where_it_was_uploaded(handed_on: Any) -> None:
    found = approved(ARN, summary={ARN: ENTRY}, handed_on=handed_on)
    assert found == {"plan_hash": HASH, "plan_flow_count": 3, "plan_object": OBJECT}


@pytest.mark.parametrize("where", [None, {}, {"bucket": "audits"}, {"bucket": "audits", "object": ""}, "audits"])
def test_a_plan_that_is_nowhere_is_told(where: Any) -> None:
    message = refused(summary={ARN: {**ENTRY, "plan_object": where}})
    assert message.startswith(f"The plan for '{ARN}' was too large to be handed on and was not uploaded;")


@pytest.mark.parametrize("summary", [None, "", "{}", {}, {f"{ARN}2": ENTRY}, {ARN: {}}, {ARN: None}, {ARN: HASH}])
def test_what_nobody_was_shown_was_not_approved(summary: Any) -> None:
    # An audit that hands a plan on has it approved by nobody.
    message = refused(summary=summary, handed_on={"plan": PLAN, "plan_hash": HASH}, approved_hash=HASH)
    assert message.startswith(f"flow_summary_approved: it holds no plan for '{ARN}', so that none was approved.")


@pytest.mark.parametrize("value", ["", "abc", HASH.upper(), f"{HASH} ", 7, [HASH], True])
def test_what_is_no_hash_approves_nothing(value: Any) -> None:
    message = refused(summary={ARN: {**ENTRY, "plan_hash": value}}, handed_on={"plan": PLAN})
    assert message.startswith("flow_summary_approved: ")
    assert "64 hexadecimal digits" in message


@pytest.mark.parametrize("summary", ["words", "[]", [], "7", 7])
def test_what_cannot_be_read_approves_nothing(summary: Any) -> None:
    assert "as the job before handed it on" in refused(summary=summary, handed_on={"plan": PLAN})


def test_a_plan_without_flows_needs_no_plan() -> None:
    found = approved(ARN, summary={ARN: {"plan_hash": HASH, "plan_flow_count": 0}})
    assert found == {"plan_hash": HASH, "plan_flow_count": 0}


@pytest.mark.parametrize("count", ["0", "", "some", False, -1, 0.5, []])
def test_a_number_of_flows_of_an_unknown_form_is_not_nought(count: Any) -> None:
    assert "plan_flow_count" in refused(summary={ARN: {**ENTRY, "plan_flow_count": count}}, handed_on={"plan": PLAN})


def test_a_number_of_flows_that_is_not_told_leaves_the_plan_to_be_read() -> None:
    entry = {"plan_hash": HASH, "plan_object": OBJECT}
    assert approved(ARN, summary={ARN: entry}) == entry


def test_an_object_counts_with_the_hash_beside_it_and_nothing_else() -> None:
    found = approved(
        ARN,
        summary={ARN: {**ENTRY, "plan_hash": "f" * 64}},
        handed_on={"plan": PLAN},
        plan_object="s3://audits/plans/plan.json",
        approved_hash=f" {HASH.upper()} ",
    )
    assert found == {"plan_hash": HASH, "plan_object": OBJECT}


@pytest.mark.parametrize("value", ["", " ", "abc", f"{HASH}0"])
def test_an_object_without_its_hash_is_refused(value: str) -> None:
    message = refused(summary={ARN: ENTRY}, plan_object="s3://audits/plan.json", approved_hash=value)
    assert message.startswith("flowops_approved_hash: ")


@pytest.mark.parametrize(
    "url", ["plan.json", "s3://audits", "s3://audits/", "https://audits/plan.json", "s3:///plan.json"]
)
def test_what_is_no_object_is_refused(url: str) -> None:
    assert refused(plan_object=url, approved_hash=HASH).startswith(f"flowops_plan_object: '{url}' is not allowed;")


@pytest.mark.parametrize(
    "text", ["0" * 64, "0" * 63 + "7", "1234567890" * 6 + "1234", "01234567" * 8, "09" * 32, "e1" * 32]
)
def test_a_hash_that_yaml_takes_for_a_number_is_the_hash(text: str) -> None:
    told = approved(ARN, plan_object="s3://audits/plan.json", approved_hash=yaml.safe_load(text))
    assert told["plan_hash"] == text


@pytest.mark.parametrize("value", [True, None, 0.5, "0" * 63, 10**70])
def test_what_is_no_hash_is_refused(value: Any) -> None:
    assert "flowops_approved_hash" in refused(plan_object="s3://audits/plan.json", approved_hash=value)
