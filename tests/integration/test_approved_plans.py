# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that were approved: for one firewall, for the flows of one audit, and carried out once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    captured,
    fact,
    failed,
    flow,
    live,
    plan_of,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

DURATION = 0
ZONE = "us-east-1a"
BUCKET = "approved-plans"
GUILTY = 20
POLICY = {"rules": [{"name": "no-telnet", "action": "deny", "destination_port": [23], "protocols": ["tcp"]}]}


def content() -> list[dict[str, Any]]:
    return [flow(number, 23 if number <= GUILTY else 443) for number in range(1, 2 * GUILTY)]


# -- for one firewall -------------------------------------------------------------------------------------------------

PATHS = ("file", "audit", "artifact", "object")


@pytest.fixture(scope="module")
def edited(
    runner: FirewallRunner, control: Control, client: Callable[..., Any], aws: Any
) -> tuple[Run, dict[str, str]]:
    """A plan that was approved for one firewall, its ARN edited to each of others, handed in on every path."""
    approved_for = control.add_firewall("approved", flows={ZONE: content()})["arn"]
    plan = plan_of(approved_for, captured(aws, approved_for, [ZONE]), lambda found: found[4] == "23")
    approved_hash = _hash(runner, approved_for, plan)
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    folder = runner.started_in()
    hosts, arns = {}, {}
    for path in PATHS:
        for kept in ("hash", "nohash"):
            name = f"{path}-{kept}"
            arn = arns[name] = control.add_firewall(name, flows={ZONE: content()})["arn"]
            hashed = {"hash": approved_hash} if kept == "hash" else {}
            hosts[name] = {
                "firewall_arn": arn,
                "flow_remediate_max_percent": 60,
                **_given(path, name, arn, {**plan, "firewall_arn": arn, **hashed}, approved_hash),
            }
            if path == "file":
                (folder / f"{name}.json").write_text(json.dumps({**plan, "firewall_arn": arn, **hashed}), "utf-8")
            if path == "object":
                body = json.dumps({**plan, "firewall_arn": arn, **hashed})
                s3.put_object(Bucket=BUCKET, Key=f"{name}.json", Body=body)
    return runner("flowops.aws.remediate", hosts, started_in=folder), arns


def _given(path: str, name: str, arn: str, plan: dict[str, Any], approved_hash: str) -> dict[str, Any]:
    """Return the variables of a host that is to carry a plan out."""
    if path == "file":
        return {"flow_remediate_plan": f"{name}.json", "flow_remediate_approved_hash": approved_hash}
    if path == "audit":
        audit = {"firewall_arn": arn, "plan": plan}
        return {"flow_remediate_audit": audit, "flow_remediate_approved_hash": approved_hash}
    if path == "artifact":
        label = f"123456789012_us_east_1_{name}".replace("-", "_")
        return {
            "flowops_approved_plans": True,
            "flow_summary_approved": {arn: {"plan_hash": approved_hash, "plan_flow_count": GUILTY}},
            f"flow_audit_of_{label}": json.dumps({"plan": plan}),
        }
    return {
        "flowops_approved_plans": True,
        "flowops_plan_object": f"s3://{BUCKET}/{name}.json",
        "flowops_approved_hash": approved_hash,
    }


def _hash(runner: FirewallRunner, arn: str, plan: dict[str, Any]) -> str:
    """Return the hash of a plan as the collection tells it to whoever is to approve it."""
    playbook = """
- name: Look
  hosts: all
  gather_facts: false
  tasks:
    - name: Read
      flowops.aws.flow_plan:
        firewall_arn: "{{ firewall_arn }}"
        plan: "{{ plan }}"
"""
    return str(runner(playbook, {"approved": {"firewall_arn": arn, "plan": plan}})["Read"]["hash"])


@pytest.mark.parametrize("kept", ["hash", "nohash"])
@pytest.mark.parametrize("path", PATHS)
def test_a_plan_whose_firewall_was_edited_is_refused_on_every_path(
    edited: tuple[Run, dict[str, str]], control: Control, path: str, kept: str
) -> None:
    run, arns = edited
    name = f"{path}-{kept}"
    message = failed(run, name)[0].result["msg"]
    why = "is not that of its firewall and operations" if kept == "hash" else "and not flow_remediate_approved_hash"
    assert why in message, run.explain()
    assert starts_of(control, arns[name], "StartFlowFlush") == []
    assert starts_of(control, arns[name], "StartFlowCapture") == []


# -- for the flows of one audit ---------------------------------------------------------------------------------------

AUDIT = """
- name: Audit
  hosts: all
  gather_facts: false
  roles:
    - role: flowops.aws.flow_audit
"""


@pytest.mark.parametrize("by", ["plan", "audit", "approval"])
def test_as_many_old_innocents_as_findings_that_ended_are_not_cut(
    runner: FirewallRunner, control: Control, aws: Any, by: str
) -> None:
    """Five findings have ended since, and there are five other flows in their box: it is identity that counts."""
    name = f"swapped-{by}"
    arn = control.add_firewall(name, flows={ZONE: content()})["arn"]
    folder = runner.started_in()
    audited = runner(AUDIT, {name: {"firewall_arn": arn, "flow_audit_policy": POLICY}}, started_in=folder)
    audit = fact(audited, name, "flow_audit_result")
    assert audit["findings_total"] == GUILTY
    (operation,) = audit["plan"]["operations"]
    assert len(operation["flow_filters"]) == 1
    for number in range(1, 6):
        one = {"SourceAddress": {"AddressDefinition": f"10.0.0.{number}"}, "DestinationPort": "23"}
        aws.start_flow_flush(FirewallArn=arn, AvailabilityZone=ZONE, FlowFilters=[one])
    # Old flows that the audit did not see, as after a change of routes, in the filter that has all findings.
    innocents = [flow(number, 23, source_port=40005 + number, age=900) for number in range(6, 11)]
    control.add_flows(name, ZONE, innocents)
    before = live(aws, arn, [ZONE])
    given: dict[str, Any] = {
        "plan": {"flow_remediate_plan": audit["plan"]["dest"]},
        "audit": {"flow_remediate_audit": audit},
        "approval": {
            "flow_remediate_plan": audit["plan"],
            "flow_remediate_approved_hash": audit["plan"]["hash"],
        },
    }[by]
    hosts = {name: {"firewall_arn": arn, "flow_remediate_max_percent": 60, **given}}
    run = runner("flowops.aws.remediate", hosts, started_in=folder)
    gone = before - live(aws, arn, [ZONE])
    strangers = {(item["source_address"], str(item["source_port"])) for item in innocents}
    assert not strangers & {(found[1], found[2]) for found in gone}, run.explain()
    result = fact(run, name, "flow_remediate_result")
    assert result["verdict"] == "survivors"
    assert result["dropped"][0]["innocent_flow_count"] == 5


# -- once -------------------------------------------------------------------------------------------------------------


def test_a_plan_that_was_carried_out_already_is_said_to_be(runner: FirewallRunner, control: Control, aws: Any) -> None:
    arn = control.add_firewall("again", flows={ZONE: content()})["arn"]
    folder = runner.started_in()
    audited = runner(AUDIT, {"again": {"firewall_arn": arn, "flow_audit_policy": POLICY}}, started_in=folder)
    plan = fact(audited, "again", "flow_audit_result")["plan"]
    hosts = {
        "again": {
            "firewall_arn": arn,
            "flow_remediate_plan": plan["dest"],
            "flow_remediate_approved_hash": plan["hash"],
            "flow_remediate_max_percent": 60,
            "flow_remediate_trial": False,
        }
    }
    first = runner("flowops.aws.remediate", hosts, started_in=folder)
    assert fact(first, "again", "flow_remediate_result")["verdict"] == "remediated", first.explain()
    done = starts_of(control, arn, "StartFlowFlush")
    second = runner("flowops.aws.remediate", hosts, started_in=folder)
    said = second.recorded("Say what became of them", "again").result["msg"]
    assert said == (
        "again: nothing_to_cut; the plan was carried out before; nothing left to cut; 1 earlier flush found; nothing"
        " else was touched: proved."
    )
    assert starts_of(control, arn, "StartFlowFlush") == done
    result = fact(second, "again", "flow_remediate_result")
    assert (result["planned"], result["gone"], result["survived"]) == (0, 0, 0)
    # In check mode, too.
    looked = runner("flowops.aws.remediate", hosts, started_in=folder, options=["--check"])
    assert looked.rc == 0
    assert Counter(item["operation"] for item in control.calls()["starts"])["StartFlowFlush"] >= len(done)


@pytest.mark.parametrize("trial", [True, False])
def test_two_remediations_of_one_firewall_at_once_cut_nothing_twice_and_no_innocent(
    runner: FirewallRunner, control: Control, aws: Any, trial: bool
) -> None:
    """As two workflows do that were approved one after the other: a zone takes one operation at a time."""
    name = f"at-once-{trial}".lower()
    arn = control.add_firewall(name, flows={ZONE: content()})["arn"]
    plan = plan_of(arn, captured(aws, arn, [ZONE]), lambda found: found[4] == "23")
    before = live(aws, arn, [ZONE])
    hosts = {
        name: {
            "firewall_arn": arn,
            "flow_remediate_plan": plan,
            "flow_remediate_max_percent": 60,
            "flow_remediate_trial": trial,
        }
    }
    # Each operation takes a while, so that the other run meets it.
    control.settings(duration=0.5)
    try:
        with ThreadPoolExecutor(max_workers=2) as pool:
            runs = list(pool.map(lambda _number: runner("flowops.aws.remediate", hosts), range(2)))
    finally:
        control.settings(duration=0)
    results = [fact(run, name, "flow_remediate_result") for run in runs]
    assert [run.rc for run in runs] == [0, 0], [run.explain() for run in runs]
    # Whoever flushes what the other has just cut is told of no flow, and does not call that proved.
    assert {result["verdict"] for result in results} <= {"remediated", "nothing_to_cut", "unproved"}
    assert [result["collateral_count"] for result in results] == [0, 0]
    gone = before - live(aws, arn, [ZONE])
    assert gone.total() == GUILTY and {found[4] for found in gone} == {"23"}
    # Each flow was cut by one of them.
    assert len([record for record in control.cut() if record["firewall_arn"] == arn]) == GUILTY
    assert sum(result["cut"] for result in results) == GUILTY


# -- what a person reads last -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def foretold(runner: FirewallRunner, control: Control, aws: Any) -> Run:
    """Check mode on a firewall where nothing refuses, one where two guards would, and one with nothing to cut."""
    given: dict[str, dict[str, Any]] = {
        "allowed": {},
        "refused": {"flow_remediate_max_flows": 3, "flow_remediate_max_percent": 10},
        "filters": {"flow_remediate_flow_filters": [{"destination_port": 23, "source_address": "10.0.0.0/8"}]},
        "idle": {},
    }
    hosts = {}
    for name, variables in given.items():
        arn = control.add_firewall(f"foretold-{name}", flows={ZONE: content()})["arn"]
        plan = plan_of(arn, captured(aws, arn, [ZONE]), lambda found: found[4] == "23")
        if name == "idle":
            plan["operations"] = []
        hosts[name] = {"firewall_arn": arn, "flow_remediate_max_percent": 60, **variables}
        if name != "filters":
            hosts[name]["flow_remediate_plan"] = plan
    # Two of its guards look at the firewall itself.
    control.set_sync_state("foretold-refused", "PENDING")
    control.add_association("foretold-refused", ZONE)
    return runner("flowops.aws.remediate", hosts, options=["--check"])


def test_check_mode_ends_with_one_sentence(foretold: Run) -> None:
    said = {
        name: foretold.recorded("Say what would be cut, and what would refuse it", name).result["msg"]
        for name in ("allowed", "refused", "filters", "idle")
    }
    assert said["allowed"] == "foretold-allowed: 20 flows would be cut by 1 flush; no guard refuses."
    assert said["filters"] == (
        "foretold-filters: a number of flows that nobody has counted would be cut by 1 flush; no guard refuses."
    )
    assert said["idle"] == "foretold-idle: no flow would have to be cut; no guard refuses."
    assert said["refused"].startswith(
        "foretold-refused: 20 flows would be cut by 1 flush; The firewall is PENDING, not"
    )
    for guard in ("allow_out_of_sync", "allow_endpoint_associations", "max_flows, 3", "max_percent, 10"):
        assert f"flow_remediate_{guard}" in said["refused"]
    (stopped,) = failed(foretold, "refused")
    assert stopped.result["msg"] == said["refused"]
    assert [failed(foretold, name) for name in ("allowed", "filters", "idle")] == [[], [], []]


UNSEALABLE = """
- name: Refuse, and cannot seal
  hosts: all
  gather_facts: false
  roles:
    - role: flowops.aws.flow_remediate
      vars:
        # Whoever reads this variable leaves a folder in the evidence, which cannot be sealed then.
        flow_remediate_max_flows: "{{ lookup('ansible.builtin.pipe', spoil) | int }}"
        spoil: "for part in {{ folder }}/flowops-evidence/*/*.part; do mkdir -p $part/stray; done; echo 3"
"""


def test_when_sealing_fails_the_first_error_is_the_one_shown(
    runner: FirewallRunner, control: Control, aws: Any
) -> None:
    arn = control.add_firewall("unsealed", flows={ZONE: content()})["arn"]
    plan = plan_of(arn, captured(aws, arn, [ZONE]), lambda found: found[4] == "23")
    folder = runner.started_in()
    hosts = {"unsealed": {"firewall_arn": arn, "flow_remediate_plan": plan, "folder": str(folder)}}
    run = runner(UNSEALABLE, hosts, started_in=folder)
    first, last = failed(run, "unsealed")
    assert first.result["msg"].startswith("20 flows would be cut, which is more than flow_remediate_max_flows, 3")
    assert last.result["msg"].startswith(
        "unsealed: refused, for the reason that the task before gave; 0 flushes begun."
    )
    assert "The evidence could not be sealed: " in last.result["msg"] and "stray" in last.result["msg"]
    assert fact(run, "unsealed", "flow_remediate_result")["message"] == first.result["msg"]
    # It is there all the same, and says that it is not sealed.
    assert list(folder.glob("flowops-evidence/*/*.part/plan.json"))
