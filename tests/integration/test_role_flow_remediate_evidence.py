# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an audit to sealed evidence: a plan that was approved, proved on a fresh capture, and what is kept of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan.plan import digest
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    Identity,
    fact,
    failed,
    flow,
    live,
    modes,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import CREDENTIALS, REGION, Run

DURATION = 0
ZONE = "us-east-1a"
BUCKET = "kept-evidence"
SECRET = "sEcReTsEcReTsEcReTsEcReTsEcReTsEcReTsEcR"
# Telnet is for the terminals in the middle, of a subnet and of an address that lie between and among the guilty.
POLICY = {
    "rules": [
        {"name": "terminals", "action": "allow", "source_address": ["10.0.0.32/27", "10.0.0.6"]},
        {"name": "no-telnet", "action": "deny", "destination_port": [23], "protocols": ["tcp"]},
    ]
}
AGED_POLICY = {"rules": [{"name": "no-long-telnet", "action": "deny", "destination_port": [23], "min_age": 300}]}
# One run: an audit, what happens until its plan is approved, a run with another approval, and one with the right one.
PLAYBOOK = """
- name: Audit, approve and remediate
  hosts: all
  gather_facts: false
  tasks:
    - name: Audit
      ansible.builtin.include_role:
        name: flowops.aws.flow_audit

    - name: Let flows be born
      ansible.builtin.uri:
        url: "{{ flow_audit_connection.endpoint_url }}/_emulator/flows"
        method: POST
        body_format: json
        body: {firewall_name: "{{ inventory_hostname }}", zone: us-east-1a, flows: "{{ newcomers }}"}

    - name: Try another approval
      when: refused_first | default(false)
      block:
        - name: Remediate with another approval
          ansible.builtin.include_role:
            name: flowops.aws.flow_remediate
          vars:
            flow_remediate_plan: "{{ flow_audit_result.plan }}"
            flow_remediate_approved_hash: "{{ 'another' | hash('sha256') }}"
            flow_remediate_evidence_dir: "{{ evidence_dir }}"
      rescue:
        - name: Go on
          ansible.builtin.debug:
            msg: "{{ flow_remediate_result.message }}"

    - name: Remediate
      ansible.builtin.include_role:
        name: flowops.aws.flow_remediate
      vars:
        flow_remediate_plan: "{{ flow_audit_result.plan.dest if by_path | default(false) else flow_audit_result.plan }}"
        flow_remediate_approved_hash: "{{ flow_audit_result.plan.hash | upper }} "
        flow_remediate_findings_file: "{{ flow_audit_result.files.findings_dest.path }}"
        flow_remediate_evidence_dir: "{{ evidence_dir }}"
"""


GUILTY = (*range(1, 5), *range(65, 69))
SPREAD = [*map(flow, (*GUILTY, 33, 34, 35)), *(flow(number, 443) for number in range(1, 13))]
# The terminals' new flow lies in the filter that has the first four; the other one breaks the policy.
NEWCOMERS = [flow(6, source_port=40003, byte_count=6), flow(66, age=60, byte_count=66)]
# Of the flows of one subnet to one port only the age tells some from the others.
YOUNG = [flow(number, age=5) for number in range(2, 20, 2)]
AGED = [*(flow(number) for number in range(1, 20, 2)), *YOUNG, *(flow(number, 443) for number in range(1, 13))]


@dataclass
class Approved:
    """The run, the folder that it was started in, and what lived on each firewall before and after."""

    run: Run
    folder: Path
    arns: dict[str, str]
    before: dict[str, Counter[Identity]]
    after: dict[str, Counter[Identity]]

    def result(self, name: str) -> dict[str, Any]:
        result: dict[str, Any] = fact(self.run, name, "flow_remediate_result")
        return result

    def gone(self, name: str) -> set[tuple[str, int]]:
        """Return the addresses and byte counts of the flows that are gone."""
        return {(found[1], found[7]) for found in self.before[name] - self.after[name]}

    def sealed(self, name: str) -> list[Path]:
        """Return the folders of evidence of a firewall, the oldest first."""
        return sorted((self.folder / "evidence").glob(f"*-{name}/*Z*"))


@pytest.fixture(scope="module")
def s3(client: Callable[..., Any]) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return s3


@pytest.fixture(scope="module")
def approved(runner: FirewallRunner, emulator: Emulator, control: Control, aws: Any, s3: Any) -> Approved:
    hosts: dict[str, dict[str, Any]] = {
        "by-path": {
            **{"by_path": True, "refused_first": True, "flow_remediate_policy": POLICY, "newcomers": NEWCOMERS},
            **{"flow_remediate_s3_bucket": BUCKET, "flow_remediate_s3_prefix": "proof/"},
        },
        # Without a policy a flow is known by its age alone: this one says that it was there when the audit was made.
        "inline": {"newcomers": [flow(6, source_port=40003, age=900, byte_count=6)], "flow_remediate_fail_on": []},
        "unkept": {"newcomers": [], "flow_remediate_s3_bucket": "nowhere-to-be-found"},
        "aged": {"flow_audit_policy": AGED_POLICY, "flow_remediate_policy": AGED_POLICY, "newcomers": []},
    }
    folder = runner.started_in()
    arns, before = {}, {}
    for name, variables in hosts.items():
        content = AGED if name == "aged" else SPREAD
        arns[name] = control.add_firewall(name, flows={ZONE: content})["arn"]
        before[name] = live(aws, arns[name], [ZONE])
        variables["firewall_arn"] = arns[name]
    control.add_fault("throttle", "StartFlowFlush", at=[2])
    common = {
        "flow_audit_policy": POLICY,
        "flow_audit_report_dir": str(folder / "reports"),
        "flow_audit_reports": [],
        "flow_remediate_max_percent": 60,
        "flow_remediate_trial": False,
        "flow_remediate_connection": {
            **{"region": REGION, "endpoint_url": emulator.url},
            **{"access_key": CREDENTIALS["AWS_ACCESS_KEY_ID"], "secret_key": SECRET},
        },
        # Relative to where the run was started, wherever the playbook is.
        "evidence_dir": "evidence",
    }
    run = runner(PLAYBOOK, hosts, common, started_in=folder)
    control.clear_faults()
    return Approved(run, folder, arns, before, {name: live(aws, arn, [ZONE]) for name, arn in arns.items()})


# -- the proof --------------------------------------------------------------------------------------------------------


def test_a_filter_that_would_hit_an_innocent_flow_is_dropped_and_never_widened(
    approved: Approved, control: Control
) -> None:
    result = approved.result("by-path")
    planned = fact(approved.run, "by-path", "flow_audit_result")["plan"]
    (operation,) = planned["operations"]
    (dropped,) = result["dropped"]
    assert dropped["innocent_flow_count"] == 1
    assert dropped["availability_zone"] == ZONE
    (kept,) = [item for item in operation["flow_filters"] if item != dropped["flow_filter"]]
    (start,) = starts_of(control, approved.arns["by-path"], "StartFlowFlush")
    (sent,) = start["request"]["FlowFilters"]
    assert sent["SourceAddress"]["AddressDefinition"] == kept["source_address"]
    assert sent["SourcePort"] == kept["source_port"].replace("-", ":")
    (warning,) = approved.run.recorded("Prove the plan", "by-path").result["warnings"]
    assert "would by now cut 1 innocent flows, so it was dropped" in warning


def test_with_a_policy_what_was_born_since_and_breaks_it_is_cut_too(approved: Approved) -> None:
    assert approved.gone("by-path") == {(f"10.0.0.{number}", 1000 + number) for number in GUILTY[4:]}
    left = {(found[1], found[7]) for found in approved.after["by-path"]}
    assert ("10.0.0.6", 6) in left
    assert ("10.0.0.66", 66) not in left
    result = approved.result("by-path")
    assert (result["planned"], result["gone"], result["survived"], result["reborn"]) == (5, 5, 0, 0)
    assert result["by_rule"] == {"no-telnet": {"planned": 5, "gone": 5, "survived": 0, "reborn": 0}}


def test_what_a_dropped_filter_was_for_is_still_there_and_fails_the_play(approved: Approved) -> None:
    assert approved.result("by-path")["verdict"] == "survivors"
    message = failed(approved.run, "by-path")[-1].result["msg"]
    assert message.startswith("by-path: survivors; 5 of 5 flows are gone, 0 survived, 0 came back; 1 flush;")
    assert message.endswith("1 filter was dropped, because it would by now cut innocent flows.")


def test_without_a_policy_a_filter_that_matches_more_than_before_is_dropped(approved: Approved) -> None:
    result = approved.result("inline")
    (dropped,) = result["dropped"]
    assert dropped["innocent_flow_count"] == 1
    assert approved.gone("inline") == {(f"10.0.0.{number}", 1000 + number) for number in GUILTY[4:]}
    assert ("10.0.0.6", 6) in {(found[1], found[7]) for found in approved.after["inline"]}
    assert (result["verdict"], result["planned"], result["gone"]) == ("survivors", 4, 4)
    assert result["by_rule"] == {"no-telnet": {"planned": 4, "gone": 4, "survived": 0, "reborn": 0}}
    assert not failed(approved.run, "inline")


def test_flows_that_only_their_age_tells_apart_are_told_apart_by_it(approved: Approved, control: Control) -> None:
    (operation,) = fact(approved.run, "aged", "flow_audit_result")["plan"]["operations"]
    assert len(operation["flow_filters"]) == 1
    assert operation["minimum_flow_age"] > 5
    assert approved.gone("aged") == {(f"10.0.0.{number}", 1000 + number) for number in range(1, 20, 2)}
    result = approved.result("aged")
    assert (result["verdict"], result["planned"], result["gone"], result["dropped"]) == ("remediated", 10, 10, [])
    # The young ones have aged since the audit, and the flush has asked for as much more.
    (start,) = starts_of(control, approved.arns["aged"], "StartFlowFlush")
    assert start["request"]["MinimumFlowAgeInSeconds"] > operation["minimum_flow_age"]
    assert not failed(approved.run, "aged")


# -- the evidence -----------------------------------------------------------------------------------------------------

FILES = {
    *("capture-before.jsonl.gz", "findings.jsonl.gz", "plan.json", "operations.json", "capture-after.jsonl.gz"),
    *("verdict.json", "manifest.json", "flushed.jsonl.gz", "report.html", "report.md"),
}


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_the_bucket_has_the_evidence_of_every_run_as_the_folders_have_it(approved: Approved, s3: Any) -> None:
    folders = approved.sealed("by-path")
    assert len(folders) == 2
    kept = {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    files = {
        f"proof/{file.parent.parent.name}/{file.parent.name}/{file.name}": file
        for run in folders
        for file in run.iterdir()
    }
    assert kept == set(files)
    for key, file in files.items():
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == file.read_bytes()


def test_the_page_of_a_run_knows_what_the_run_knows(approved: Approved) -> None:
    (folder,) = approved.sealed("unkept")
    lines = (folder / "report.md").read_text(encoding="utf-8").replace("\\", "").splitlines()
    # A firewall's own endpoint is never asked who calls.
    assert [line for line in lines if "unknown" in line] == ["- Who: unknown"]
    assert f"- Evidence: {folder}" in lines
    guards = {
        line.split("|")[1].strip(" `"): [cell.strip() for cell in line.split("|")[2:5]] for line in lines if "|" in line
    }
    assert guards["max_flows"] == ["8", "1000", "kept"]
    assert guards["allow_partial"][1] == "no"


def test_evidence_that_cannot_be_uploaded_fails_the_play_after_all_else(approved: Approved) -> None:
    result = approved.result("unkept")
    assert (result["verdict"], result["planned"], result["gone"]) == ("remediated", 8, 8)
    (folder,) = approved.sealed("unkept")
    message = failed(approved.run, "unkept")[-1].result["msg"]
    assert message.startswith("unkept: remediated; 8 of 8 flows are gone")
    assert f" The evidence in {folder} was not uploaded: " in message
    assert "nowhere-to-be-found" in message


def test_a_refused_run_leaves_a_sealed_folder(approved: Approved) -> None:
    refused, _carried_out = approved.sealed("by-path")
    told = approved.run.recorded("Go on", "by-path").result["msg"]
    assert "and not flow_remediate_approved_hash" in told
    assert modes(refused).keys() == {".", "manifest.json", "operations.json", "verdict.json"}
    assert json.loads((refused / "manifest.json").read_bytes())["verdict"] == "refused"
    assert json.loads((refused / "verdict.json").read_bytes()) == {
        "verdict": "refused",
        "firewall_arn": approved.arns["by-path"],
        "message": told,
        **{"rehearsal": False, "trial": False, "flush_count": 0},
    }
    assert json.loads((refused / "operations.json").read_bytes()) == []


def test_the_manifest_of_a_refused_run_says_as_much_as_that_of_a_finished_one(approved: Approved) -> None:
    refused, carried_out = (
        json.loads((folder / "manifest.json").read_bytes())["about"] for folder in approved.sealed("by-path")
    )
    assert refused.keys() == carried_out.keys()
    # It was refused before AWS was asked.
    assert (refused["who"], refused["who_unknown"]) == (None, "AWS was not asked.")
    plan = fact(approved.run, "by-path", "flow_audit_result")["plan"]
    assert refused["plan_hash"] == carried_out["plan_hash"] == plan["hash"]
    assert refused["policy_sha256"] == carried_out["policy_sha256"]
    assert len(refused["policy_sha256"]) == 64
    assert refused["versions"].keys() >= {"flowops.aws", "ansible-core", "boto3", "botocore"}
    assert refused["asked_for"]["source"] == carried_out["asked_for"]["source"] == "plan"
    assert refused["guards"] == {**carried_out["guards"], "approved_hash": refused["guards"]["approved_hash"]}


@pytest.mark.parametrize("name", ["by-path", "inline", "aged"])
def test_a_run_keeps_what_was_there_what_was_done_and_what_came_of_it(
    approved: Approved, control: Control, name: str
) -> None:
    kept = approved.sealed(name)[-1]
    result = approved.result(name)
    assert modes(kept) == {".": 0o700, **dict.fromkeys(FILES, 0o600)}
    plan, operations, verdict = (
        json.loads((kept / f"{member}.json").read_bytes()) for member in ("plan", "operations", "verdict")
    )
    (start,) = starts_of(control, approved.arns[name], "StartFlowFlush")
    flushes = [item["flow_operation_id"] for item in operations if item["purpose"] == "flush"]
    assert flushes == [start["flow_operation_id"]]
    assert [item["purpose"] for item in operations] == ["rehearsal", "flush"]
    assert all(item["flow_request_timestamp"] and item["flow_operation_status"] == "COMPLETED" for item in operations)
    assert plan["firewall_arn"] == approved.arns[name]
    assert digest(plan["firewall_arn"], plan["operations"]) == plan["hash"]
    assert sum(len(operation["flow_filters"]) for operation in plan["operations"]) == len(
        start["request"]["FlowFilters"]
    )
    assert (verdict["verdict"], verdict["planned"], verdict["dropped"]) == (
        result["verdict"],
        result["planned"],
        result["dropped"],
    )
    # What is gone was there before and not after, flow by flow; among it is what the findings name.
    before, after = (
        Counter((item["source_address"], item["byte_count"]) for item in records(kept / f"capture-{when}.jsonl.gz"))
        for when in ("before", "after")
    )
    assert after == Counter((found[1], found[7]) for found in approved.after[name].elements())
    cut = before - after
    assert approved.gone(name) <= set(cut)
    flushed = Counter((item["source_address"], item["byte_count"]) for item in records(kept / "flushed.jsonl.gz"))
    assert flushed == cut
    findings = {(item["source_address"], item["byte_count"]) for item in records(kept / "findings.jsonl.gz")}
    assert set(cut) <= findings
    assert cut.total() == result["gone"]


def test_each_run_is_sealed_upon_the_one_before(approved: Approved) -> None:
    first, second = approved.sealed("by-path")
    manifest = json.loads((second / "manifest.json").read_bytes())
    about = manifest["about"]
    assert (about["who"], about["guards"]["max_percent"], about["asked_for"]["source"]) == (None, 60, "plan")
    assert "STS is not asked at the endpoint of another service" in about["who_unknown"]
    assert about["versions"].keys() >= {"flowops.aws", "ansible-core", "botocore"}
    sealed = hashlib.sha256((first / "manifest.json").read_bytes()).hexdigest()
    assert manifest["previous"] == {"run": first.name, "sha256": sealed}
    assert manifest["verdict"] == "survivors"
    assert approved.result("by-path")["evidence"] == {
        "path": str(second),
        "manifest_sha256": hashlib.sha256((second / "manifest.json").read_bytes()).hexdigest(),
    }


def test_no_credentials_are_kept(approved: Approved) -> None:
    looked_at = 0
    for path in (approved.folder / "evidence").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            for secret in (SECRET, *CREDENTIALS.values()):
                assert secret.encode() not in content, path
            looked_at += 1
    assert looked_at >= 3 + 3 * len(FILES)


def test_the_chain_is_checked_offline_and_what_was_altered_is_named(
    approved: Approved, runner: FirewallRunner, tmp_path: Path
) -> None:
    for name in ("evidence", "altered"):
        shutil.copytree(approved.folder / "evidence", tmp_path / name)
    (path,) = (tmp_path / "altered").glob(f"*-aged/{approved.sealed('aged')[0].name}/operations.json")
    path.write_bytes(path.read_bytes().replace(b"COMPLETED", b"COMPLETEd"))
    hosts = {name: {"evidence_dir": name} for name in ("evidence", "altered")}
    run = runner(
        "flowops.aws.verify",
        hosts,
        {"flow_verify_connection": {"endpoint_url": "http://127.0.0.1:1"}},
        started_in=tmp_path,
    )
    assert not failed(run, "evidence")
    told = run.recorded("Say whether anything was altered", "evidence").result["msg"]
    assert told == f"evidence: intact; {2 + 4 * (len(FILES) - 1)} files in 5 runs are as they were sealed."
    message = failed(run, "altered")[-1].result["msg"]
    assert "operations.json' was altered, its SHA-256 is" in message


def test_no_traceback_is_shown(approved: Approved) -> None:
    assert approved.run.rc == 2
    assert "Traceback" not in approved.run.output
