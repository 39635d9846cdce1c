# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them: real ansible-runner, a private data directory, a project that nobody can write to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml

from ansible_collections.flowops.aws.plugins.module_utils.plan.plan import digest
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import live, starts_of
from ansible_collections.flowops.aws.tests.integration.harness.runner import CREDENTIALS, HERE, environment
from ansible_collections.flowops.aws.tests.integration.harness.slicing import slice_of, write_inventory
from ansible_collections.flowops.aws.tests.integration.harness.warm import warmed

ROOT = HERE.parents[1]


class UnsafeLoader(yaml.SafeLoader):
    """Reads the variables of playbooks/awx.yml, whose templates for AWX are marked as unsafe."""


UnsafeLoader.add_constructor("!unsafe", lambda loader, node: str(node.value))
ZONE = "us-east-1a"
BUCKET = "flow-audits"
# AWX drops the result of an event above this.
EVENT_LIMIT = 700_000
POLICY = {"rules": [{"name": "no-telnet", "action": "deny", "severity": "high", "destination_port": [23]}]}
# Names out of order: AWX slices the hosts by their names.
EVERYTHING = [{"source_address": "0.0.0.0/0"}]
OBJECTS = yaml.load((ROOT / "playbooks" / "vars" / "awx.yml").read_text(encoding="utf-8"), UnsafeLoader)
# What AWX tells a job of the workflow that it is a node of.
WORKFLOW = {"awx_workflow_job_id": 7}
FLEET = {"west": 2, "core": 0, "branch-a": 3, "lab": 0}


@dataclass(frozen=True)
class Job:
    """What AWX keeps of a job: how it ended, its events in order, and its artifacts."""

    status: str
    events: list[dict[str, Any]]
    artifacts: dict[str, Any]
    stdout: str
    folder: Path

    def failures(self) -> list[str]:
        """Return the messages of the tasks that failed."""
        return [
            str(event["event_data"]["res"].get("msg"))
            for event in self.events
            if event["event"] in ("runner_on_failed", "runner_item_on_failed")
        ]

    def message(self, task: str) -> Any:
        """Return what a task said."""
        (found,) = [
            event["event_data"]["res"]["msg"]
            for event in self.events
            if event["event"] in ("runner_on_ok", "runner_on_failed") and event["event_data"]["task"] == task
        ]
        return found


class SafeStringDumper(yaml.SafeDumper):
    """Marks every string of a job's variables as no template, as AWX does."""

    def represent_data(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def merged(*jobs: Job) -> dict[str, Any]:
    """Return what a workflow's next job is given of its parents' artifacts: of one name, the last one's."""
    artifacts: dict[str, Any] = {}
    for job in jobs:
        artifacts.update(job.artifacts)
    return artifacts


class Jobs:
    """Runs playbooks of the project over hosts {name: variables} with variables as a survey and artifacts give them."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.endpoint_url = endpoint_url

    def __call__(
        self,
        playbook: str,
        hosts: Mapping[str, Any],
        own: Mapping[str, Any],
        given: Mapping[str, Any] | None = None,
        *,
        check: bool = False,
    ) -> Job:
        """Run a playbook, a path in the project, with its template's own variables and those that it was given."""
        private = Path(tempfile.mkdtemp(dir=self.folder))
        project = private / "project"
        shutil.copytree(ROOT / "playbooks", project / "playbooks")
        script = private / "inventory" / "hosts"
        script.parent.mkdir()
        write_inventory(script, hosts)
        (private / "env").mkdir()
        lines = [
            yaml.dump_all([{name: value}], None, Dumper=SafeStringDumper, default_flow_style=False)
            for name, value in (given or {}).items()
        ]
        (private / "env" / "extravars").write_text(
            (yaml.safe_dump(dict(own)) if own else "") + "".join(lines), encoding="utf-8"
        )
        settings = {
            "ANSIBLE_HOME": str(private / "home"),
            "ANSIBLE_CALLBACK_PLUGINS": None,
            "ANSIBLE_ROLES_PATH": None,
            # As the entry point of an execution environment sets it.
            "PWD": str(project),
            "AWS_URL": self.endpoint_url,
            # AWX gives the token of a session twice, and no region.
            "AWS_SECURITY_TOKEN": "FQoGZXIvYXdzTESTTESTTESTTEST",
            "AWS_SESSION_TOKEN": "FQoGZXIvYXdzTESTTESTTESTTEST",
        }
        for path in [project, *project.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)
        before = {path: path.stat().st_mtime_ns for path in [project, *project.rglob("*")]}
        run = ansible_runner.run(
            private_data_dir=str(private),
            playbook=playbook,
            envvars=warmed(environment(settings)),
            forks=2,
            cmdline="--check" if check else None,
            quiet=True,
            timeout=300,
        )
        assert {path: path.stat().st_mtime_ns for path in [project, *project.rglob("*")]} == before
        events = list(run.events)
        artifacts = next(
            (e["event_data"].get("artifact_data", {}) for e in events if e["event"] == "playbook_on_stats"), {}
        )
        with run.stdout as stream:
            return Job(run.status, events, artifacts, stream.read(), private)


@pytest.fixture(scope="module")
def jobs(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    kept = dict(os.environ)
    yield Jobs(tmp_path_factory.mktemp("jobs"), emulator.url)
    # ansible-runner changes the environment of whoever calls it.
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture(scope="module")
def hosts(control: Control) -> dict[str, dict[str, Any]]:
    """The firewalls as the inventory plugin and playbooks/inventory/networkfirewall.yml give them."""
    for name, guilty in FLEET.items():
        flows = [
            {
                "source_address": "10.0.0.1",
                "source_port": 40000 + number,
                "destination_address": "203.0.113.5",
                "destination_port": 23 if number < guilty else 443,
                "protocol": "tcp",
                "age": 500,
            }
            for number in range(8)
        ]
        control.add_firewall(name, flows={ZONE: flows})
    connections = {f"flow_{role}_connection": {"region": "us-east-1"} for role in ("audit", "remediate", "verify")}
    return {
        item["firewall_name"]: {
            "firewall_arn": item["firewall_arn"],
            "region": "us-east-1",
            "ansible_connection": "local",
            **connections,
        }
        for item in control.state()["firewalls"]
    }


@pytest.fixture(scope="module")
def bucket(client: Callable[..., Any]) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return s3


def template_of(name: str, **more: Any) -> dict[str, Any]:
    """The own variables of a template as playbooks/awx.yml gives them to AWX, with others on top."""
    (found,) = [item for item in OBJECTS["flowops_awx_templates"] if item["name"] == name]
    return {**{name: filled_in(value) for name, value in found["extra_vars"].items()}, **more}


def filled_in(value: Any) -> Any:
    """Return a value of playbooks/vars/awx.yml as playbooks/awx.yml gives it to AWX."""
    if isinstance(value, dict):
        return {name: filled_in(item) for name, item in value.items()}
    name = str(value).removeprefix("{{ ").removesuffix(" }}")
    return OBJECTS[name] if name.startswith("flowops_awx_") else value


def survey_of(name: str, **answers: Any) -> dict[str, Any]:
    """What AWX gives for a template's survey in a workflow: its defaults, and answers in the types that AWX has."""
    (found,) = [item for item in OBJECTS["flowops_awx_templates"] if item["name"] == name]
    # AWX's interface sends empty text for a question without an answer.
    empty = {item["variable"]: "" for item in found["survey"] if item["type"] in ("text", "textarea")}
    # The default of a choice of several is text, which AWX's own check drops, since an answer is a list.
    defaults = {
        item["variable"]: item["default"]
        for item in found["survey"]
        if "default" in item and item["type"] != "multiselect"
    }
    assert set(answers) <= {item["variable"] for item in found["survey"]}
    return {**empty, **defaults, **answers}


@pytest.fixture(scope="module")
def whole(jobs: Jobs, hosts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Job:
    own = template_of("flowops audit", flow_audit_report_dir=str(tmp_path_factory.mktemp("whole")))
    return jobs("playbooks/audit.yml", hosts, own, survey_of("flowops audit"))


@pytest.fixture(scope="module")
def slices(jobs: Jobs, hosts: dict[str, Any], bucket: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Job]:
    """Two slices, the second of which hands no plan on: it is too large, and goes through S3."""
    return [
        jobs(
            "playbooks/audit.yml",
            slice_of(hosts, number, 2),
            template_of(
                "flowops audit",
                flow_audit_report_dir=str(tmp_path_factory.mktemp("slice")),
                flow_audit_s3_bucket=BUCKET,
                flow_audit_max_artifact=16384 if number == 1 else 10,
            ),
            survey_of("flowops audit"),
        )
        for number in (1, 2)
    ]


@pytest.fixture(scope="module")
def summary(jobs: Jobs, hosts: dict[str, Any], slices: list[Job]) -> Job:
    given = {**survey_of("flowops summary"), **merged(*slices), **WORKFLOW}
    return jobs("playbooks/summary.yml", hosts, template_of("flowops summary", flowops_summary_bucket=BUCKET), given)


def assert_kept_whole(job: Job) -> None:
    """Every event is one that AWX keeps, nothing tells a secret, and what is handed on is small."""
    assert job.events
    sizes = [len(json.dumps(event)) for event in job.events]
    assert max(sizes) < EVENT_LIMIT
    # What ansible-runner leaves in the place of a result above the limit.
    told = [event.get("event_data", {}) for event in job.events]
    assert [data["task"] for data in told if data.get("res") == {}] == []
    assert len(json.dumps(job.artifacts)) < 20_000
    everything = json.dumps(told) + json.dumps(job.artifacts) + job.stdout
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in everything
    assert "FQoGZXIvYXdzTEST" not in everything


def told(artifacts: Mapping[str, Any]) -> dict[str, Any]:
    """The audits among artifacts by the name of their firewall, without what differs from run to run."""
    return {
        item["firewall_name"]: {
            key: item[key] for key in ("verdict", "partial", "flow_count", "findings_total", "plan_flow_count")
        }
        for item in audits_of(artifacts)
    }


def audits_of(artifacts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The audits that were handed on."""
    return [json.loads(text) for name, text in artifacts.items() if name.startswith("flow_audit_of_")]


def test_hosts_are_dealt_out_as_awx_does() -> None:
    hosts = dict.fromkeys("edacb", 0)
    assert [list(slice_of(hosts, number, 2)) for number in (1, 2)] == [["a", "c", "e"], ["b", "d"]]


def test_the_slices_together_are_the_whole(whole: Job, slices: list[Job]) -> None:
    for job in (whole, *slices):
        assert job.status == "successful", job.stdout
    assert told(merged(*slices)) == told(whole.artifacts)
    assert {name: item["findings_total"] for name, item in told(whole.artifacts).items()} == FLEET
    # Nothing that two slices say has one name, of which AWX would keep only one.
    names = [{name for name in job.artifacts if name.startswith("flow_audit")} for job in slices]
    assert all(names)
    assert not names[0] & names[1]
    for job in (whole, *slices):
        assert_kept_whole(job)


def test_the_summary_shows_every_plan_with_its_hash(summary: Job, slices: list[Job], hosts: dict[str, Any]) -> None:
    assert summary.status == "successful", summary.stdout
    assert_kept_whole(summary)
    audits = {item["firewall_arn"]: item for item in audits_of(merged(*slices))}
    handed_on = summary.artifacts["flow_summary"]
    assert {arn: item["plan_hash"] for arn, item in handed_on["firewalls"].items()} == {
        arn: item["plan_hash"] for arn, item in audits.items()
    }
    assert (handed_on["missing"], handed_on["verdicts"]) == ([], {"compliant": 2, "noncompliant": 2})
    assert (handed_on["findings_total"], handed_on["plan_flow_count"], handed_on["flow_count"]) == (5, 5, 32)
    lines = summary.message("Show the plans and their hashes to whoever is to approve them")
    arn = hosts["west"]["firewall_arn"]
    (at,) = [at for at, line in enumerate(lines) if line.startswith(f"{arn}: ")]
    assert lines[at].startswith(f"{arn}: noncompliant, 2 of 8 flows broke the rules at {audits[arn]['audited_at']}, ")
    assert lines[at + 1] == f"    the plan cuts 2 flows, 25 % of all, hash {audits[arn]['plan_hash']}"
    assert lines[at + 2] == "    by rule: no-telnet 2"
    assert "    will be refused: 25 % > 10 % (flow_remediate_max_percent)" in lines[at + 3 :]
    assert lines[-1] == f"All plans: 5 flows to cut, hash {handed_on['hash']}"


def test_what_was_uploaded_says_the_same(jobs: Jobs, hosts: dict[str, Any], summary: Job) -> None:
    extra = {"firewall_arn": "arn:aws:network-firewall:us-east-1:123456789012:firewall/gone"}
    own = template_of("flowops summary", flowops_summary_bucket=BUCKET)
    everywhere = {**hosts, "gone": {**hosts["lab"], **extra}}
    job = jobs("playbooks/summary.yml", everywhere, own, survey_of("flowops summary"))
    assert job.status == "failed"
    assert_sentence(job.failures()[-1], ["4 firewalls", "2 noncompliant", "no result of", "firewall/gone"])
    uploaded, handed_on = job.artifacts["flow_summary"], summary.artifacts["flow_summary"]
    assert uploaded["missing"] == [extra["firewall_arn"]]
    assert {key: uploaded[key] for key in ("verdicts", "flow_count", "findings_total")} == {
        key: handed_on[key] for key in ("verdicts", "flow_count", "findings_total")
    }
    # One bucket, one run of audits: the plans are the same ones.
    assert uploaded["firewalls"][hosts["west"]["firewall_arn"]]["plan_hash"] in str(handed_on["firewalls"])
    assert {arn: item.get("plan_object") for arn, item in uploaded["firewalls"].items()} == {
        arn: item.get("plan_object") for arn, item in handed_on["firewalls"].items()
    }


def test_a_slice_that_failed_is_missing_whatever_was_uploaded_before(
    jobs: Jobs, hosts: dict[str, Any], slices: list[Job]
) -> None:
    given = {**survey_of("flowops summary"), **slices[0].artifacts, **WORKFLOW}
    job = jobs("playbooks/summary.yml", hosts, template_of("flowops summary", flowops_summary_bucket=BUCKET), given)
    assert job.status == "failed"
    missing = [hosts[name]["firewall_arn"] for name in slice_of(hosts, 2, 2)]
    assert job.artifacts["flow_summary"]["missing"] == sorted(missing)
    assert_sentence(job.failures()[-1], ["no result of", *missing])


def test_firewalls_are_picked_by_a_pattern(jobs: Jobs, hosts: dict[str, Any], slices: list[Job]) -> None:
    given = {**survey_of("flowops summary", flowops_limit="west,lab"), **merged(*slices), **WORKFLOW}
    job = jobs("playbooks/summary.yml", hosts, template_of("flowops summary"), given)
    assert job.status == "successful", job.stdout
    assert job.artifacts["flow_summary"]["missing"] == []
    given = {**survey_of("flowops summary", flowops_limit="nosuch"), **merged(*slices), **WORKFLOW}
    nobody = jobs("playbooks/summary.yml", hosts, template_of("flowops summary"), given)
    assert nobody.status == "failed"
    assert_sentence(nobody.failures()[0], ["flowops_hosts: 'nosuch' is not allowed", "no host"])
    # A slice may have none of them.
    own = template_of("flowops audit")
    job = jobs("playbooks/audit.yml", {"core": hosts["core"]}, own, survey_of("flowops audit", flowops_limit="west"))
    assert job.status == "successful", job.stdout
    assert job.artifacts == {}


def test_a_plan_that_is_nowhere_is_told_to_whoever_is_to_approve_it(
    jobs: Jobs, hosts: dict[str, Any], tmp_path: Path
) -> None:
    west = {"west": hosts["west"]}
    own = template_of("flowops audit", flow_audit_report_dir=str(tmp_path), flow_audit_max_artifact=10)
    audited = jobs("playbooks/audit.yml", west, own, survey_of("flowops audit"))
    given = {**survey_of("flowops summary"), **audited.artifacts, **WORKFLOW}
    job = jobs("playbooks/summary.yml", west, template_of("flowops summary"), given)
    assert job.status == "successful", job.stdout
    lines = job.message("Show the plans and their hashes to whoever is to approve them")
    assert "    it was too large to be handed on and was not uploaded, so that it cannot be carried out" in lines


def test_what_was_approved_is_cut_and_nothing_else(
    jobs: Jobs,
    hosts: dict[str, Any],
    slices: list[Job],
    summary: Job,
    aws: Any,
    control: Control,
    tmp_path: Path,
    bucket: Any,
) -> None:
    artifacts = {**merged(*slices), **summary.artifacts}
    own = template_of(
        "flowops remediate",
        flow_remediate_evidence_dir=str(tmp_path / "evidence"),
        flow_remediate_s3_bucket=BUCKET,
    )
    given = {**survey_of("flowops remediate", flow_remediate_max_percent=50.0), **artifacts}
    arns = {name: variables["firewall_arn"] for name, variables in hosts.items()}
    # Both ways of a plan are there: as an artifact, and as an object.
    audits = {item["firewall_name"]: item for item in audits_of(artifacts)}
    assert {name: "plan" in audits[name] for name in ("branch-a", "west")} == {"branch-a": True, "west": False}

    # Somebody puts another plan, sound in itself, in the approved one's place.
    key = audits["west"]["plan_object"]["object"]
    approved = bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    operations = [
        {**item, "minimum_flow_age": 0, "flow_filters": EVERYTHING} for item in json.loads(approved)["operations"]
    ]
    found = digest(arns["west"], operations)
    other = {**json.loads(approved), "operations": operations, "hash": found}
    bucket.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(other))
    refused = jobs("playbooks/remediate.yml", {"west": hosts["west"]}, own, given)
    assert refused.status == "failed"
    assert_sentence(refused.failures()[0], [found, "not flow_remediate_approved_hash", audits["west"]["plan_hash"]])
    # The workflow is told that it was refused, why, and where the evidence of it is, which was on a disk that is gone.
    told_of_it = refused.artifacts["flow_remediate"][arns["west"]]
    assert (told_of_it["verdict"], told_of_it["message"]) == ("refused", refused.failures()[0])
    evidence = told_of_it["evidence"]
    assert evidence.keys() == {"bucket", "object", "manifest_sha256"}
    manifest = bucket.get_object(Bucket=evidence["bucket"], Key=evidence["object"])["Body"].read()
    assert hashlib.sha256(manifest).hexdigest() == evidence["manifest_sha256"]
    assert json.loads(manifest)["about"]["plan_hash"] == found
    # Nothing is said of a plan that nobody approved either.
    given_verify = {**survey_of("flowops verify"), **artifacts}
    unproved = jobs("playbooks/verify.yml", {"west": hosts["west"]}, template_of("flowops verify"), given_verify)
    assert unproved.status == "failed"
    assert_sentence(unproved.failures()[0], [found, "not flow_verify_approved_hash", audits["west"]["plan_hash"]])
    named = f"s3://{BUCKET}/{key}"
    for playbook, template in (("remediate", "flowops remediate"), ("verify", "flowops verify")):
        for answer, words in (("", ["flowops_approved_hash", "''"]), ("f" * 64, [found, "f" * 64])):
            alone = survey_of(template, flowops_plan_object=named, flowops_approved_hash=answer)
            job = jobs(f"playbooks/{playbook}.yml", {"west": hosts["west"]}, template_of(template), alone)
            assert job.status == "failed"
            assert_sentence(job.failures()[0], words)
    assert starts_of(control, arns["west"], "StartFlowFlush") == []
    bucket.put_object(Bucket=BUCKET, Key=key, Body=approved)

    job = jobs("playbooks/remediate.yml", hosts, own, given)
    assert job.status == "successful", job.stdout
    assert_kept_whole(job)
    for name, guilty in FLEET.items():
        left = live(aws, arns[name], [ZONE])
        assert sum(left.values()) == 8 - guilty
        assert not [flow for flow in left if flow[4] == "23"]
        assert bool(starts_of(control, arns[name], "StartFlowFlush")) == bool(guilty)
    # A job's disk ends with it: what is left of it says how it went, and proves it.
    told = {name: json.loads(text) for name, text in job.artifacts.items() if name.startswith("flow_remediate_of_")}
    assert {name.rpartition("_east_1_")[2]: item["gone"] for name, item in told.items()} == {"west": 2, "branch_a": 3}
    kept = bucket.list_objects_v2(Bucket=BUCKET, Prefix="flow-evidence/")["Contents"]
    heads = {
        hashlib.sha256(bucket.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()).hexdigest()
        for item in kept
        if item["Key"].endswith("/manifest.json")
    }
    assert {item["evidence"]["manifest_sha256"] for item in told.values()} < heads
    assert {item["evidence"]["object"] for item in told.values()} < {item["Key"] for item in kept}
    assert "path" not in next(iter(told.values()))["evidence"]

    verified = jobs("playbooks/verify.yml", hosts, template_of("flowops verify"), given_verify)
    assert verified.status == "successful", verified.stdout
    assert_kept_whole(verified)


def test_nothing_is_cut_that_was_not_approved(
    jobs: Jobs, hosts: dict[str, Any], slices: list[Job], summary: Job, control: Control
) -> None:
    arn = hosts["core"]["firewall_arn"]
    own, given = template_of("flowops remediate"), {**survey_of("flowops remediate"), **merged(*slices)}
    job = jobs("playbooks/remediate.yml", {"core": hosts["core"]}, own, given)
    assert job.status == "failed"
    assert_sentence(job.failures()[-1], ["flow_summary_approved", arn, "approved"])
    # A variable given at launch outranks what was approved: it is refused, whatever it says.
    loose = {"flow_remediate_approved_hash": "", **given, **summary.artifacts}
    job = jobs("playbooks/remediate.yml", {"west": hosts["west"]}, own, loose)
    assert job.status == "failed"
    assert_sentence(job.failures()[-1], ["flow_remediate_approved_hash", "extra variable"])
    assert starts_of(control, arn, "StartFlowFlush") == []


def test_a_plan_of_thousands_of_filters_is_in_no_event(jobs: Jobs, hosts: dict[str, Any], tmp_path: Path) -> None:
    captured_at = datetime.now(timezone.utc).isoformat()
    operations = [
        {
            "availability_zone": ZONE,
            "flow_filters": [
                {
                    "source_address": f"10.{number // 256}.{number % 256}.{item}",
                    "source_port": str(1024 + number),
                    "destination_address": "203.0.113.5",
                    "destination_port": "23",
                    "protocols": ["tcp"],
                }
                for item in range(20)
            ],
            "minimum_flow_age": 60,
            "captured_at": captured_at,
            "flow_count": 20,
        }
        for number in range(300)
    ]
    plan = {"firewall_arn": hosts["west"]["firewall_arn"], "operations": operations}
    assert len(json.dumps(plan)) > EVENT_LIMIT
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    own = {"flowops_hosts": "all", "flow_remediate_max_flows": 10_000}
    job = jobs("playbooks/remediate.yml", {"west": hosts["west"]}, own, {"flow_remediate_plan": str(path)}, check=True)
    assert job.status == "successful", job.stdout
    assert_kept_whole(job)
    assert any(event.get("event_data", {}).get("task") == "Cut the flows" for event in job.events)
    own = {"flowops_hosts": "all"}
    verified = jobs("playbooks/verify.yml", {"west": hosts["west"]}, own, {"flow_verify_plan": str(path)})
    assert verified.status == "successful", verified.stdout
    assert_kept_whole(verified)
