# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[3]
QUERIES: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8")
)
ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
NODE = {
    "name": "egress",
    "canonical_facts": {"firewall_arn": ARN},
    "facts": {
        "infra_type": "PublicCloud",
        "infra_bucket": "Networking",
        "device_type": "Network Firewall",
        "region": "us-east-1",
        "account_id": "111122223333",
    },
}
OPERATIONS = [f"flowops.aws.networkfirewall_flow_{name}" for name in ("capture", "flush", "operation_info")]


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


@settings(max_examples=60, deadline=None)
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
