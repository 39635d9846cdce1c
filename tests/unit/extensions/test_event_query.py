# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_audit import audit
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_capture import capture
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_flush import flush
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_flush_impact_info import (
    flush_impact,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_operation_info import (
    list_operations,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_operation_result_info import (
    read_flows,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_plan import prove
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_verify import verify
from ansible_collections.flowops.aws.tests.unit.cases import cases

ROOT = Path(__file__).resolve().parents[3]
QUERIES: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8")
)
ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
NODE = {
    "name": "egress",
    "canonical_facts": {"firewall_arn": ARN},
    "facts": {
        "infra_type": "PublicCloud",
        "infra_bucket": "Networking",
        "device_type": "Network Firewall",
        "region": "us-east-1",
        "account_id": "123456789012",
    },
}
OPERATIONS = [f"flowops.aws.networkfirewall_flow_{name}" for name in ("capture", "flush")]
POLICY = {"default": "deny", "rules": []}
WORKS: dict[str, Callable[..., dict[str, Any]]] = {
    "flow_audit": audit,
    "flow_capture": capture,
    "flow_flush": flush,
    "flow_flush_impact_info": flush_impact,
    "flow_operation_info": list_operations,
    "flow_operation_result_info": read_flows,
    "flow_plan": prove,
    "flow_verify": verify,
}


def run(module: str, result: Any) -> list[Any]:
    """What the controller does with the result of an event."""
    found: list[Any] = jq.compile(QUERIES[module]["query"]).input(result).all()
    return found


def returns(module: Path) -> dict[str, Any]:
    """The return values that a module documents."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RETURN":
            found: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return found
    return {}


def test_every_module_that_says_which_firewall_it_worked_on_is_counted() -> None:
    wanted = set()
    for module in (ROOT / "plugins" / "modules").glob("networkfirewall_*.py"):
        values = returns(module)
        if "firewall_arn" in values or "firewall_arn" in values.get("flow_operations", {}).get("contains", {}):
            wanted.add(f"flowops.aws.{module.stem}")
    assert len(wanted) >= 6
    assert set(QUERIES) == wanted


def results(module_of: Callable[..., Any], control: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return what each module gives in a run from the capture to the proof, each in the ways that it is used."""
    found: list[tuple[str, dict[str, Any]]] = []

    def run_module(name: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        given = {"firewall_arn": ARN, "wait": False, "wait_timeout": 60, **options}
        result = WORKS[name](module_of(given, check_mode))
        control.advance(10)
        found.append((f"flowops.aws.networkfirewall_{name}", result))
        return result

    named = {"firewall_arn": None, "firewall_name": "egress"}
    everything = [{"any": True}]
    run_module("flow_flush_impact_info", **named)
    run_module("flow_capture", check_mode=True, flow_filters=everything)
    operations = run_module("flow_capture", flow_filters=everything)["flow_operations"]
    audited = run_module("flow_audit", operations=operations, plan=True, policy=POLICY, max_findings=10, top_n=1)
    plan = audited["plan"]["operations"]
    run_module("flow_plan", plan=plan, max_flows=1)
    run_module("flow_flush", check_mode=True, operations=plan, max_flows=1)
    run_module("flow_flush", operations=plan, max_flows=1)
    run_module("flow_verify", operations=operations, plan=plan, max_flows=1)
    run_module("flow_operation_result_info", flow_operation_id=operations[0]["flow_operation_id"])
    run_module("flow_operation_info", **named)
    run_module("flow_operation_info", describe=True)
    run_module("flow_operation_info", query="FlowOperations[].FlowOperationId")
    run_module("flow_operation_info", flow_operation_type="FLOW_FLUSH", max_items=1)
    return found


def test_each_module_that_has_worked_on_a_firewall_counts_it_however_it_is_used(
    module_of: Callable[..., Any], control: Any
) -> None:
    found = results(module_of, control)
    assert {name for name, _result in found} == set(QUERIES)
    for name, result in found:
        assert run(name, result) == [NODE], (name, result)


def test_a_listing_without_a_row_counts_the_firewall_that_was_asked(module_of: Callable[..., Any]) -> None:
    result = list_operations(module_of({"firewall_arn": ARN}))
    assert result["flow_operations"] == []
    assert run("flowops.aws.networkfirewall_flow_operation_info", result) == [NODE]


@pytest.mark.parametrize("module", sorted(set(QUERIES) - set(OPERATIONS)))
def test_a_firewall_is_one_node(module: str) -> None:
    assert run(module, {"firewall_arn": ARN, "changed": False}) == [NODE]


@pytest.mark.parametrize("module", OPERATIONS)
def test_the_operations_of_its_zones_are_one_node(module: str) -> None:
    rows = [{"firewall_arn": ARN, "availability_zone": zone} for zone in ("us-east-1a", "us-east-1b")]
    other = "arn:aws-us-gov:network-firewall:us-gov-west-1:111122223333:firewall/ingress"
    assert run(module, {"flow_operations": rows}) == [NODE]
    assert [node["name"] for node in run(module, {"flow_operations": [*rows, {"firewall_arn": other}]})] == [
        "ingress",
        "egress",
    ]


@pytest.mark.parametrize("module", sorted(QUERIES))
@pytest.mark.parametrize(
    "result",
    [
        {},
        {"msg": "An error", "failed": True},
        {"results": [{"firewall_arn": ARN}]},
        {"flow_operations": None, "firewall_arn": None},
        {"flow_operations": [None, 1, {"firewall_arn": 7}], "firewall_arn": ["x"]},
        {"flow_operations": {"a": 1}, "firewall_arn": "arn:aws:s3:::bucket"},
        None,
        [],
        "text",
    ],
)
def test_a_result_without_a_firewall_is_no_node_and_no_error(module: str, result: Any) -> None:
    assert run(module, result) == []


@pytest.mark.long
@settings(max_examples=cases(30, 2000), deadline=None)
@given(
    st.sampled_from(sorted(QUERIES)),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=60),
        lambda children: (
            st.lists(children, max_size=3)
            | st.dictionaries(st.sampled_from(["firewall_arn", "flow_operations", "other"]), children, max_size=3)
        ),
        max_leaves=12,
    ),
)
def test_no_result_whatever_raises_an_error(module: str, result: Any) -> None:
    for node in run(module, result):
        assert isinstance(node, dict)
        assert node["canonical_facts"]["firewall_arn"]
