# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that work on the controller: what they take is documented, and what they say fits an event."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.flowops.aws.plugins.action import flow_approval, flow_plan, flow_remediation, flow_summary
from ansible_collections.flowops.aws.plugins.modules import flow_approval as approval_documentation
from ansible_collections.flowops.aws.plugins.modules import flow_plan as plan_documentation
from ansible_collections.flowops.aws.plugins.modules import flow_remediation as remediation_documentation
from ansible_collections.flowops.aws.plugins.modules import flow_summary as summary_documentation

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
OPERATION = {"availability_zone": "us-east-1a", "flow_filters": [{"source_address": "10.0.0.7"}], "flow_count": 1}
PLAN = {"firewall_arn": ARN, "operations": [OPERATION]}
GUARDS = {"max_flows": "10", "max_percent": "5", "max_capture_age": 60, "allow_partial": "no"}
ACTIONS: dict[str, tuple[Any, Any]] = {
    "flow_approval": (flow_approval, approval_documentation),
    "flow_plan": (flow_plan, plan_documentation),
    "flow_remediation": (flow_remediation, remediation_documentation),
    "flow_summary": (flow_summary, summary_documentation),
}


def run(name: str, **options: Any) -> dict[str, Any]:
    action, _documentation = ACTIONS[name]
    task = SimpleNamespace(args=options, async_val=0, check_mode=False, action=name)
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    result: dict[str, Any] = action.ActionModule(task, connection, None, DataLoader(), None, None).run(task_vars={})
    return result


def spec_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return what a documentation and an argument spec have in common."""
    return {
        name: {
            **{key: option.get(key) for key in ("type", "elements", "default")},
            "required": option.get("required", False),
            "options": spec_of(option.get("suboptions") or option.get("options") or {}),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("name", ACTIONS)
def test_the_documentation_names_the_options(name: str) -> None:
    action, documentation = ACTIONS[name]
    assert spec_of(yaml.safe_load(documentation.DOCUMENTATION)["options"]) == spec_of(action.ARGUMENT_SPEC)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("flow_plan", {"firewall_arn": ARN, "plan": PLAN}),
        ("flow_plan", {"firewall_arn": ARN, "audit": {"plan": PLAN, "findings": []}}),
        ("flow_plan", {"firewall_arn": ARN, "addresses": "10.0.0.7,10.0.0.8"}),
        ("flow_approval", {"firewall_arn": ARN, "plan_object": "s3://a/b", "approved_hash": "0" * 64}),
        ("flow_summary", {"firewall_arns": [ARN]}),
    ],
)
def test_the_documentation_names_what_is_returned(name: str, options: dict[str, Any]) -> None:
    result = run(name, **options)
    assert result["changed"] is False
    assert set(result) - {"changed"} <= set(yaml.safe_load(ACTIONS[name][1].RETURN))


def test_an_account_is_handed_from_task_to_task() -> None:
    account = run("flow_plan", firewall_arn=ARN, plan=PLAN)
    proof = {
        **{"proved": True, "partial": False, "flow_count": 1, "captured_flow_count": 40, "capture_age": None},
        **{"dropped": [], "flows": [], "plan": {"operations": [OPERATION]}, "files": {}},
    }
    account = run("flow_remediation", run=account, proof=proof)
    account = run("flow_remediation", run={**account, "failed": False, "warnings": []}, guards=GUARDS)
    assert (account["cutting"], account["cut"]) == (True, [OPERATION])
    account = run("flow_remediation", run=account, flush={"flow_operations": [{"flow_operation_id": "a"}]})
    assert (account["flushes"], account["again"]) == ([{"flow_operation_id": "a"}], False)
    documented = set(yaml.safe_load(remediation_documentation.RETURN)) | set(yaml.safe_load(plan_documentation.RETURN))
    assert set(account) - {"changed"} <= documented
    assert "failed" not in account


def test_a_guard_that_refuses_fails_the_task_in_a_sentence() -> None:
    account = {**run("flow_plan", firewall_arn=ARN, plan=PLAN), "flow_count": 11}
    result = run("flow_remediation", run=account, guards=GUARDS)
    assert result["failed"] is True
    assert result["msg"].startswith("11 flows would be cut, which is more than flow_remediate_max_flows, 10;")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"proof": {}, "guards": GUARDS},
        {"count": {}},
        {"comparison": {}},
        {"guards": {**GUARDS, "max_flows": "many"}},
    ],
)
def test_exactly_one_thing_is_noted(options: dict[str, Any]) -> None:
    with pytest.raises(AnsibleActionFail):
        run("flow_remediation", run=run("flow_plan", firewall_arn=ARN, plan=PLAN), **options)


def test_a_run_that_has_begun_to_cut_never_looks_like_one_that_was_refused() -> None:
    account = {
        **run("flow_plan", firewall_arn=ARN, plan=PLAN),
        "cutting": True,
        "flushes": [{"flow_operation_id": "a"}],
    }
    result = run("flow_remediation", run=account, flush={}, comparison={"verdict": "remediated"})
    assert (result["failed"], result["cutting"], result["flushes"]) == (True, True, account["flushes"])
    assert result["msg"].startswith("The run cannot be kept track of (KeyError(")
    # What stopped is taken up from there.
    after = run("flow_remediation", run=result, flush={"flow_operations": [{"flow_operation_id": "b"}]})
    assert [item["flow_operation_id"] for item in after["flushes"]] == ["a", "b"]


def test_a_plan_that_is_too_large_for_an_event_is_returned_and_not_shown() -> None:
    few = run("flow_plan", firewall_arn=ARN, plan=PLAN)
    many = run("flow_plan", firewall_arn=ARN, plan={**PLAN, "operations": [OPERATION] * 4000})
    assert "_ansible_no_log" not in few
    assert (many["_ansible_no_log"], len(many["operations"])) == (True, 4000)
    # What is refused is told.
    refused = run("flow_plan", firewall_arn=ARN, plan=PLAN, approved_hash="0" * 64)
    assert (refused["failed"], "_ansible_no_log" in refused) == (True, False)


def test_a_file_is_found_as_modules_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dest = tmp_path / "flows.jsonl.gz"
    dest.write_bytes(b"{}\n")
    sha256 = "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
    audit = {"plan": PLAN, "files": {"findings_dest": {"path": str(dest), "sha256": sha256}}}
    assert run("flow_plan", firewall_arn=ARN, audit=audit)["findings_src"] == str(dest)
    dest.unlink()
    dest.mkdir()
    assert run("flow_plan", firewall_arn=ARN, audit=audit)["findings_src"] == ""


def test_strings_are_never_templates() -> None:
    filters = [{"source_address": "10.0.0.7", "destination_port": "{{ 7 * 7 }}"}]
    result = run("flow_plan", firewall_arn=ARN, flow_filters=filters)
    assert (result["failed"], "{{ 7 * 7 }}" in result["msg"]) == (True, True)


def test_reports_of_a_folder_are_added_up(tmp_path: Path) -> None:
    report = {
        **{"firewall_arn": ARN, "firewall_name": "egress", "verdict": "compliant", "partial": False, "flow_count": 40},
        **{"findings_total": 0, "audited_at": "2026-01-31T12:00:00+00:00", "counts": {"by_severity": {}}},
        "plan": {"hash": "0" * 64, "flow_count": 0, "inseparable": 0},
    }
    (tmp_path / "111122223333-us-east-1-egress-report.json").write_text(json.dumps(report), encoding="utf-8")
    result = run("flow_summary", reports_dir=str(tmp_path), firewall_arns=[ARN, f"{ARN}-2"], bucket="audits")
    assert result["summary"]["verdicts"] == {"compliant": 1}
    assert result["approved"][ARN]["plan_object"]["bucket"] == "audits"
    assert result["sentence"] == f"1 firewall: 1 compliant; 0 of 40 live flows break the rules; no result of {ARN}-2."


def test_nothing_to_sum_up_is_a_sentence_that_says_what_is_needed(tmp_path: Path) -> None:
    result = run("flow_summary", report_dirs=[str(tmp_path)])
    assert result["failed"] is True
    assert result["msg"].startswith(
        f"There is no audit to sum up: no result was handed on and no JSON report is in {tmp_path}"
    )
    assert result["msg"].endswith("the role flow_audit writes one with json among flow_audit_reports.")
