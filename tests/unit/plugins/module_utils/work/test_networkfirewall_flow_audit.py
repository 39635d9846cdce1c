# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.plugins.module_utils.audit.reach import regions_of
from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import FLUSH, NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.files import read_records
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.operations.carry_out import carry_out
from ansible_collections.flowops.aws.plugins.module_utils.operations.fetch import cover_of
from ansible_collections.flowops.aws.plugins.module_utils.operations.order import plan_orders, planned_operations
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_audit import audit
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_verify import verify

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/lab"
ZONE = "us-east-1a"


def flow(number: int, port: int = 443, **members: Any) -> dict[str, Any]:
    return {
        "source_address": f"10.0.{number // 250}.{number % 250 + 1}",
        "source_port": 40000 + number,
        "destination_address": "198.51.100.7",
        "destination_port": port,
        "protocol": "tcp",
        "age": 100,
        "byte_count": 1000 + number,
        "packet_count": 3,
        **members,
    }


POLICY = {
    "rules": [
        {"name": "jump-host", "action": "allow", "source_address": "10.0.0.1"},
        {"name": "no-ssh", "action": "deny", "severity": "high", "destination_port": 22},
        {"name": "no-telnet", "action": "deny", "destination_port": 23},
    ]
}
# One flow of the jump host, 30 ssh, 5 telnet and 100 that nobody minds.
FLOWS = [flow(0, 22), *(flow(n, 22) for n in range(1, 31)), *(flow(n, 23) for n in range(31, 36))]
FLOWS += [flow(n) for n in range(36, 136)]


@pytest.fixture
def lab(control: Any, plain: Any) -> Callable[..., dict[str, Any]]:
    """Make the firewall lab with flows, capture them, and give the capture as the module returns it."""

    def make(flows: list[dict[str, Any]] | None = FLOWS, again: bool = False) -> dict[str, Any]:
        if not again:
            control.add_firewall("lab", flows={ZONE: flows})
        answer = plain.start_flow_capture(
            FirewallArn=ARN,
            AvailabilityZone=ZONE,
            FlowFilters=[{"SourceAddress": {"AddressDefinition": "0.0.0.0/0"}}],
        )
        control.advance(10)
        return {"firewall_arn": ARN, "availability_zone": ZONE, "flow_operation_id": answer["FlowOperationId"]}

    return make


def params(capture: dict[str, Any], **options: Any) -> dict[str, Any]:
    base = {
        "firewall_arn": ARN,
        "operations": [capture],
        "policy": POLICY,
        "policy_dir": None,
        "max_findings": 100,
        "top_n": 3,
        "dest": None,
        "findings_dest": None,
        "plan": False,
        "plan_dest": None,
    }
    return {**base, **options}


def test_an_audit_counts_what_breaks_the_policy(lab: Callable[..., Any], module_of: Callable[..., Any]) -> None:
    capture = lab()
    result = audit(module_of(params(capture)))
    assert (result["verdict"], result["partial"], result["changed"]) == ("noncompliant", False, False)
    assert (result["flow_count"], result["findings_total"]) == (136, 35)
    assert result["counts"] == {
        "by_rule": {"no-ssh": 30, "no-telnet": 5},
        "by_severity": {"high": 30, "medium": 5},
        "by_zone": {ZONE: 35},
    }
    assert len(result["findings"]) == 35
    assert {(item["rule"], item["severity"]) for item in result["findings"]} == {
        ("no-ssh", "high"), ("no-telnet", "medium"),
    }  # fmt: skip
    assert (result["firewall_arn"], result["firewall_name"]) == (ARN, "lab")
    assert [item["key"] for item in result["top"]["by_bytes"]["source"]] == ["10.0.0.136", "10.0.0.135", "10.0.0.134"]
    assert result["operations"][0]["flow_operation_id"] == capture["flow_operation_id"]
    assert result["operations"][0]["flow_count"] == 136


def test_a_whole_capture_without_findings_is_compliant(lab: Callable[..., Any], module_of: Callable[..., Any]) -> None:
    assert audit(module_of(params(lab([flow(5)]))))["verdict"] == "compliant"


@pytest.mark.parametrize(("flows", "verdict"), [([flow(5)], "inconclusive"), (FLOWS, "noncompliant")])
def test_a_partial_capture_is_never_compliant(
    lab: Callable[..., Any], module_of: Callable[..., Any], control: Any, flows: list[Any], verdict: str
) -> None:
    control.settings(next_status=["COMPLETED_WITH_ERRORS"], status_message="Flow timeout")
    module = module_of(params(lab(flows)))
    result = audit(module)
    assert (result["verdict"], result["partial"]) == (verdict, True)
    assert len(module.warnings) == 1 and "COMPLETED_WITH_ERRORS" in module.warnings[0]
    assert result["operations"][0]["status_message"] == "Flow timeout"


def test_a_capture_that_is_still_running_or_failed_is_never_compliant(
    lab: Callable[..., Any], module_of: Callable[..., Any], control: Any
) -> None:
    control.settings(next_status=["FAILED", "IN_PROGRESS"])
    assert audit(module_of(params(lab([flow(5)]))))["verdict"] == "inconclusive"
    assert audit(module_of(params(lab(again=True))))["verdict"] == "inconclusive"


def test_files_hold_every_flow_and_every_finding_and_the_plan(
    lab: Callable[..., Any], module_of: Callable[..., Any], tmp_path: Path
) -> None:
    paths = {name: str(tmp_path / f"{name}.jsonl") for name in ("dest", "findings_dest", "plan_dest")}
    result = audit(module_of(params(lab(), max_findings=2, **paths)))
    assert result["changed"] is True
    assert len(list(read_records(paths["dest"]))) == 136
    assert len(list(read_records(paths["findings_dest"]))) == 35
    assert len(result["findings"]) == 2
    for name, path in paths.items():
        assert result["files"][name]["sha256"] == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    (plan,) = read_records(paths["plan_dest"])
    assert plan["flow_count"] == 35 and plan["firewall_arn"] == ARN
    assert plan["hash"] == result["plan"]["hash"]


def test_check_mode_judges_and_writes_nothing(
    lab: Callable[..., Any], module_of: Callable[..., Any], tmp_path: Path
) -> None:
    module = module_of(params(lab(), dest=str(tmp_path / "flows.jsonl")), check_mode=True)
    result = audit(module)
    assert result["findings_total"] == 35 and result["changed"] is True
    assert os.listdir(tmp_path) == []


def test_a_failure_on_the_way_leaves_no_file(
    lab: Callable[..., Any], module_of: Callable[..., Any], control: Any, tmp_path: Path
) -> None:
    capture = lab()
    control.add_fault("access_denied", "ListFlowOperationResults", at=[2])
    with pytest.raises(FlowOpsError, match="AccessDeniedException"):
        audit(module_of(params(capture, dest=str(tmp_path / "flows.jsonl"))))
    assert os.listdir(tmp_path) == []


IN_PARTS = {
    "rules": [
        {"name": "ssh", "action": "deny", "destination_port": 22},
        {"name": "old", "action": "deny", "source_address": "10.0.0.0/8", "min_age": 3600},
    ]
}


def test_a_flow_that_two_captures_of_a_zone_have_is_told_and_cut_once(
    lab: Callable[..., Any], module_of: Callable[..., Any], plain: Any, control: Any
) -> None:
    both, young, old = flow(1, 22, age=5000), flow(2, 22, age=100), flow(3, age=5000)
    lab([both, young, old, flow(4, age=100)])
    cover = cover_of(regions_of(compile_policy(IN_PARTS, today=datetime.now(timezone.utc).date())))
    operations = []
    for age, filters in ((0, {"DestinationPort": "22"}), (3598, {})):
        answer = plain.start_flow_capture(
            FirewallArn=ARN,
            AvailabilityZone=ZONE,
            MinimumFlowAgeInSeconds=age,
            FlowFilters=[{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}, **filters}],
        )
        control.advance(10)
        item = {"availability_zone": ZONE, "flow_operation_id": answer["FlowOperationId"]}
        operations.append({**item, "fetch": {"fetched": "findings", "cover": cover}})
    result = audit(module_of({**params({}, policy=IN_PARTS, plan=True), "operations": operations}))
    assert (result["flow_count"], result["findings_total"], result["partial"]) == (3, 3, False)
    assert result["counts"]["by_rule"] == {"ssh": 2, "old": 1}
    assert [item["flow_count"] for item in result["operations"]] == [2, 2]
    plan = result["plan"]
    assert (plan["flow_count"], plan["inseparable"], plan["fetch"]) == (3, 0, "findings")
    assert [item["flow_count"] for item in plan["operations"]] == [2, 1]
    # The plan of the second capture spares what that of the first one cuts.
    assert [item["source_address"] for item in plan["operations"][1]["flow_filters"]] == [old["source_address"]]
    assert [item["minimum_flow_age"] for item in result["fetch"]["captures"]] == [0, 3598]


OLD = {"rules": [{"name": "old", "action": "deny", "min_age": 1000}]}


def test_the_plan_cuts_the_findings_and_spares_what_shares_their_5_tuple(
    lab: Callable[..., Any], module_of: Callable[..., Any]
) -> None:
    # Nine seconds apart, an age separates no two flows of one 5-tuple.
    flows = [flow(1, age=1000), flow(1, age=991), flow(2, age=2000), flow(3)]
    module = module_of(params(lab(flows), policy=OLD, plan=True))
    plan = audit(module)["plan"]
    assert (plan["flow_count"], plan["inseparable"], plan["captured_flow_count"]) == (1, 1, 4)
    (operation,) = plan["operations"]
    assert operation["flow_filters"] == [
        {
            "source_address": "10.0.0.3",
            "source_port": 40002,
            "destination_address": "198.51.100.7",
            "destination_port": 443,
            "protocols": ["tcp"],
        }
    ]
    assert operation["availability_zone"] == ZONE and operation["captured_at"]
    assert [(item["source_address"], item["availability_zone"]) for item in plan["inseparable_flows"]] == [
        ("10.0.0.2", ZONE)
    ]
    assert any("1 finding is left out" in warning for warning in module.warnings)


def test_the_plan_tells_old_flows_from_young_ones_of_the_same_5_tuple(
    lab: Callable[..., Any], module_of: Callable[..., Any]
) -> None:
    flows = [flow(1, age=2000), flow(1, age=5), flow(2, age=2000), flow(3)]
    module = module_of(params(lab(flows), policy=OLD, plan=True))
    plan = audit(module)["plan"]
    assert (plan["flow_count"], plan["inseparable"], plan["operation_count"]) == (2, 0, 1)
    assert 5 < plan["operations"][0]["minimum_flow_age"] < 2000
    assert module.warnings == []


def test_with_allow_collateral_the_inseparable_are_planned_and_what_that_costs_is_told(
    lab: Callable[..., Any], module_of: Callable[..., Any]
) -> None:
    flows = [flow(1, age=1000), flow(1, age=991), flow(2, age=2000), flow(3)]
    module = module_of(params(lab(flows), policy=OLD, plan=True, allow_collateral=True))
    plan = audit(module)["plan"]
    assert (plan["flow_count"], plan["inseparable"], plan["collateral"]) == (2, 0, 1)
    assert module.warnings == []


def test_a_result_stays_small_however_much_was_found(
    lab: Callable[..., Any], module_of: Callable[..., Any], tmp_path: Path
) -> None:
    # Every second port is innocent, so that no two findings can share a filter.
    flows = [flow(0, source_port=10_000 + n, byte_count=n % 2) for n in range(1, 6999)]
    policy = {"rules": [{"name": "talks", "action": "deny", "min_bytes": 1}]}
    options = {"policy": policy, "max_findings": 10_000, "plan_dest": str(tmp_path / "plan.json")}
    result = audit(module_of(params(lab(flows), **options)))
    assert len(json.dumps(result)) < 500_000
    assert result["findings_total"] == 3499
    assert 0 < len(result["findings"]) < 3499
    # The plan does not fit either, and is whole in its file.
    assert "operations" not in result["plan"] and result["plan"]["operation_count"] == 175
    (plan,) = read_records(str(tmp_path / "plan.json"))
    assert len(plan["operations"]) == 175 and plan["hash"] == result["plan"]["hash"]


def test_an_expired_exception_is_told(lab: Callable[..., Any], module_of: Callable[..., Any]) -> None:
    yesterday = (datetime.now(timezone.utc) - timedelta(days=1)).date().isoformat()
    policy = {"rules": [{"name": "old-exception", "action": "allow", "expires": yesterday}, *POLICY["rules"]]}
    module = module_of(params(lab(), policy=policy))
    assert audit(module)["findings_total"] == 35
    assert any("'old-exception'" in warning and "expired" in warning for warning in module.warnings)


def test_set_files_are_relative_to_the_policys_folder(
    lab: Callable[..., Any], module_of: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "threats.txt").write_text("198.51.100.0/24\n", encoding="utf-8")
    policy = {
        "sets": {"threats": {"file": "threats.txt"}},
        "rules": [{"name": "threats", "action": "deny", "destination_address": "$threats"}],
    }
    assert audit(module_of(params(lab(), policy=policy, policy_dir=str(tmp_path))))["findings_total"] == 136


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"max_findings": -1}, ["max_findings: -1"]),
        ({"top_n": 101}, ["top_n: 101"]),
        ({"operations": []}, ["operations: []"]),
        ({"operations": [{"flow_operation_id": "x"}]}, ["operations[0].flow_operation_id: 'x'"]),
        ({"operations": [{}]}, ["operations[0].flow_operation_id: None"]),
        ({"policy": {"rules": "x"}}, ["rules: 'x'"]),
        ({"dest": "/nowhere/at/all.jsonl"}, ["dest: '/nowhere/at/all.jsonl'"]),
        ({"dest": "/tmp/x.jsonl", "findings_dest": "/tmp/./x.jsonl"}, ["dest and findings_dest", "same file"]),
        ({"firewall_arn": "lab"}, ["firewall_arn: 'lab'"]),
    ],
)
def test_a_bad_option_is_named_before_any_call(
    module_of: Callable[..., Any], control: Any, options: dict[str, Any], parts: list[str]
) -> None:
    capture = {"flow_operation_id": "0a1b2c3d-0000-4000-8000-0123456789ab", "availability_zone": ZONE}
    with pytest.raises(FlowOpsError) as caught:
        audit(module_of(params(capture, **options)))
    assert all(part in caught.value.message for part in parts), caught.value.message
    assert "ListFlowOperationResults" not in control.calls()["counts"]


def test_operations_that_do_not_fit_are_refused(module_of: Callable[..., Any], control: Any) -> None:
    capture = {"flow_operation_id": "0a1b2c3d-0000-4000-8000-0123456789ab", "availability_zone": ZONE}
    for operations, said in (
        ([capture, capture], r"operations\[1\]\.flow_operation_id"),
        ([{**capture, "firewall_arn": ARN + "2"}], r"operations\[0\]\.firewall_arn"),
        ([{**capture, "flow_operation_type": "FLOW_FLUSH"}], r"operations\[0\]\.flow_operation_type"),
        ([{**capture, "vpc_endpoint_id": "vpce-1"}], r"operations\[0\]\..*only one"),
    ):
        with pytest.raises(FlowOpsError, match=said):
            audit(module_of(params(capture, operations=operations)))
    assert control.calls()["counts"] == {}


# -- and back: what became of the plan ---------------------------------------------------------------------------------


def verified(module_of: Callable[..., Any], plan: list[Any], capture: Any, **options: Any) -> tuple[Any, Any]:
    module = module_of(
        {"firewall_arn": ARN, "operations": [capture], "plan": plan, "max_flows": 100, "dest": None, **options}
    )
    return verify(module), module


@pytest.fixture
def flush(api: NetworkFirewall) -> Callable[[list[Any]], None]:
    """Carry out operations as the flush module does."""

    def carry(plan: list[Any]) -> None:
        given = {"firewall_arn": ARN, "operations": plan, "wait": True, "wait_timeout": 900}
        operations = planned_operations(api, parse_firewall_arn(ARN), plan_orders(plan, "operations"))
        carry_out(api, FLUSH, operations, given, pytest.fail)

    return carry


ONLY_TELNET = {
    "availability_zone": ZONE,
    "flow_filters": [{"source_address": "10.0.0.0/8", "destination_port": 23}],
}


def test_a_plan_that_was_carried_out_is_remediated(
    lab: Callable[..., Any], module_of: Callable[..., Any], flush: Callable[..., Any]
) -> None:
    plan = audit(module_of(params(lab(), plan=True)))["plan"]["operations"]
    assert len(plan) == 1 and len(plan[0]["flow_filters"]) < 10
    flush(plan)
    result, module = verified(module_of, plan, lab(again=True))
    assert (result["verdict"], result["planned"], result["gone"]) == ("remediated", 35, 35)
    assert result["flows"] == [] and module.warnings == []
    # And nothing else was touched.
    assert result["operations"][0]["flow_count"] == 101


def test_a_flow_that_was_not_cut_survives_and_makes_the_next_plan(
    lab: Callable[..., Any], module_of: Callable[..., Any], flush: Callable[..., Any], tmp_path: Path
) -> None:
    plan = audit(module_of(params(lab(), plan=True)))["plan"]["operations"]
    flush([ONLY_TELNET])
    result, _module = verified(module_of, plan, lab(again=True), dest=str(tmp_path / "left.jsonl"), max_flows=3)
    assert (result["verdict"], result["survived"], result["reborn"], result["gone"]) == ("survivors", 30, 0, 5)
    assert len(result["flows"]) == 3 and len(list(read_records(str(tmp_path / "left.jsonl")))) == 30
    assert result["plan"]["flow_count"] == 30
    assert result["by_rule"] == {}
    flush(result["plan"]["operations"])
    again, _module = verified(module_of, plan, lab(again=True))
    assert (again["verdict"], again["operations"][0]["flow_count"]) == ("remediated", 101)


def test_a_verification_that_knows_the_findings_names_their_rules(
    lab: Callable[..., Any], module_of: Callable[..., Any], flush: Callable[..., Any], control: Any, tmp_path: Path
) -> None:
    found = str(tmp_path / "findings.jsonl.gz")
    audited = audit(module_of(params(lab(), plan=True, findings_dest=found)))
    plan = audited["plan"]["operations"]
    control.settings(reconnect=1.0)
    flush([ONLY_TELNET])
    for findings in ({"findings_src": found}, {"findings": audited["findings"]}):
        result, _module = verified(module_of, plan, lab(again=True), **findings)
        assert (result["survived"], result["reborn"]) == (30, 5)
        assert result["by_rule"] == {
            "no-ssh": {"planned": 30, "gone": 0, "survived": 30, "reborn": 0},
            "no-telnet": {"planned": 5, "gone": 5, "survived": 0, "reborn": 5},
        }
        assert {(item["fate"], item["rule"]) for item in result["flows"]} == {
            ("survived", "no-ssh"), ("reborn", "no-telnet"),
        }  # fmt: skip


def test_a_verification_keeps_its_capture_when_it_is_asked_to(
    lab: Callable[..., Any], module_of: Callable[..., Any], tmp_path: Path
) -> None:
    plan = audit(module_of(params(lab(), plan=True)))["plan"]["operations"]
    kept = str(tmp_path / "capture.jsonl")
    result, _module = verified(module_of, plan, lab(again=True), capture_dest=kept)
    assert len(list(read_records(kept))) == 136
    assert result["files"]["capture_dest"]["sha256"] == hashlib.sha256(Path(kept).read_bytes()).hexdigest()


def test_flows_that_an_age_spared_are_neither_survivors_nor_reborn(
    lab: Callable[..., Any], module_of: Callable[..., Any], flush: Callable[..., Any]
) -> None:
    twins = [flow(number, age=age) for number in range(5) for age in (2000, 300)]
    plan = audit(module_of(params(lab(twins), policy=OLD, plan=True)))["plan"]["operations"]
    assert plan[0]["flow_count"] == 5
    flush(plan)
    result, _module = verified(module_of, plan, lab(again=True))
    assert (result["verdict"], result["planned"], result["survived"], result["reborn"]) == ("remediated", 5, 0, 0)
    assert result["operations"][0]["flow_count"] == 5


def test_a_flow_that_came_back_is_reborn(
    lab: Callable[..., Any], module_of: Callable[..., Any], flush: Callable[..., Any], control: Any
) -> None:
    plan = audit(module_of(params(lab(), plan=True)))["plan"]["operations"]
    control.settings(reconnect=1.0)
    flush(plan)
    result, _module = verified(module_of, plan, lab(again=True))
    assert (result["verdict"], result["survived"], result["reborn"]) == ("reborn", 0, 35)
    assert result["plan"]["flow_count"] == 0


def test_a_partial_capture_proves_nothing_gone(
    lab: Callable[..., Any], module_of: Callable[..., Any], flush: Callable[..., Any], control: Any
) -> None:
    plan = audit(module_of(params(lab(), plan=True)))["plan"]["operations"]
    flush(plan)
    control.settings(next_status=["COMPLETED_WITH_ERRORS"])
    assert verified(module_of, plan, lab(again=True))[0]["verdict"] == "inconclusive"
    elsewhere = [{**operation, "availability_zone": "us-east-1b"} for operation in plan]
    result, module = verified(module_of, elsewhere, lab(again=True))
    assert result["verdict"] == "inconclusive" and any("us-east-1b" in warning for warning in module.warnings)


def test_a_saved_capture_is_judged_as_the_live_one_was(
    lab: Callable[..., Any], module_of: Callable[..., Any], control: Any, tmp_path: Path
) -> None:
    path = str(tmp_path / "flows.jsonl.gz")
    live = audit(module_of(params(lab(), dest=path)))
    before = control.calls()["counts"]
    options = {"operations": None, "src": path, "partial": False}
    saved = audit(module_of(params({}, **options)))
    for name in ("verdict", "flow_count", "findings_total", "counts", "top", "findings"):
        assert saved[name] == live[name], name
    assert control.calls()["counts"] == before
    clean = {"rules": [{"name": "no-smtp", "action": "deny", "destination_port": 25}]}
    assert audit(module_of(params({}, **{**options, "policy": clean})))["verdict"] == "compliant"
    assert audit(module_of(params({}, **{**options, "policy": clean, "partial": True})))["verdict"] == "inconclusive"


def judged_file(module_of: Callable[..., Any], path: Path, policy: dict[str, Any], *flows: dict[str, Any]) -> Any:
    path.write_text("".join(json.dumps(item) + "\n" for item in flows), encoding="utf-8")
    module = module_of(params({}, operations=None, src=str(path), partial=False, policy=policy))
    return audit(module), module


def test_a_flow_that_could_be_a_finding_keeps_an_audit_from_being_compliant(
    module_of: Callable[..., Any], tmp_path: Path
) -> None:
    policy = {
        "rules": [
            {"name": "ssh", "action": "allow", "destination_port": 22},
            {"name": "large", "action": "deny", "min_bytes": 1000},
        ]
    }
    doubtful = [flow(number, port, byte_count=5000) for number, port in enumerate(["ANY", "", None] * 10)]
    result, module = judged_file(module_of, tmp_path / "flows.jsonl", policy, *doubtful, flow(50, 22))
    assert (result["verdict"], result["findings_total"], result["reasons"]) == ("inconclusive", 0, ["unreadable"])
    assert (result["unreadable"]["count"], len(result["unreadable"]["examples"])) == (30, 10)
    assert result["unreadable"]["examples"][0]["destination_port"] == "ANY"
    assert any("30 flows have members that cannot be read" in warning for warning in module.warnings)
    found, _module = judged_file(module_of, tmp_path / "flows.jsonl", policy, *doubtful, flow(50, 23, byte_count=5000))
    assert (found["verdict"], found["findings_total"]) == ("noncompliant", 1)


def test_protocols_without_ports_are_judged_again_from_a_file(module_of: Callable[..., Any], tmp_path: Path) -> None:
    policy = {"rules": [{"name": "no-gre", "action": "deny", "protocols": ["gre"]},
                        {"name": "no-ssh", "action": "deny", "destination_port": 22}]}  # fmt: skip
    flows = [
        flow(number, protocol=protocol, source_port=none, destination_port=none)
        for number, (protocol, none) in enumerate(itertools.product(["icmp", "gre", "esp"], [None, "", "ANY", 0]))
    ]
    result, _module = judged_file(module_of, tmp_path / "flows.jsonl", policy, *flows)
    assert (result["counts"]["by_rule"], result["unreadable"]["count"]) == ({"no-gre": 4}, 0)
    assert not any("source_port" in finding for finding in result["findings"])


@pytest.mark.parametrize(
    ("policy", "part"),
    [
        ({"rules": []}, ""),
        ({"rules": [{"name": "a", "action": "allow"}]}, "no rule that denies"),
        ({"rules": [{"name": "a", "action": "deny", "enabled": False}]}, "no rule that denies"),
        ({"rules": [{"name": "a", "action": "deny", "expires": "2020-01-01"}]}, "no rule that denies"),
        (
            {"sets": {"bad": []}, "rules": [{"name": "a", "action": "deny", "destination_address": ["$bad"]}]},
            "policy's sets.bad is empty",
        ),
        (
            {"rules": [{"name": "a", "action": "deny", "destination_address": [], "destination_port": 1}]},
            "policy's rules[0].destination_address is empty",
        ),
    ],
)
def test_a_policy_that_judges_nothing_is_valid_and_never_compliant(
    module_of: Callable[..., Any], tmp_path: Path, policy: dict[str, Any], part: str
) -> None:
    result, module = judged_file(module_of, tmp_path / "flows.jsonl", policy, flow(1))
    assert (result["verdict"], result["reasons"]) == ("inconclusive", ["nothing_judged"])
    # A policy without any rule is meant so.
    assert [part in warning for warning in module.warnings].count(True) == bool(part)
    used = {"sets": {"bad": [], "good": ["192.0.2.1"]}, "rules": [{"name": "a", "action": "deny",
            "destination_address": ["$good"]}]}  # fmt: skip
    assert judged_file(module_of, tmp_path / "flows.jsonl", used, flow(1))[0]["verdict"] == "compliant"
