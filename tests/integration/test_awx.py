# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/awx.yml by the real modules of awx.awx against a stand-in for AWX's API, and its environment's build."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.integration.harness.controller import Controller
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.runner import (
    CREDENTIALS,
    HERE,
    PlaybookRunner,
    Run,
    environment,
)

ROOT = HERE.parents[1]
PLAYBOOK = ROOT / "playbooks" / "awx.yml"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> PlaybookRunner:
    return PlaybookRunner(tmp_path_factory.mktemp("awx"), "http://127.0.0.1:1")


@pytest.fixture(scope="module")
def controller() -> Iterator[Controller]:
    with Controller() as running:
        yield running


def set_up(runner: PlaybookRunner, controller: Controller, **variables: Any) -> Run:
    """Run the playbook against the stand-in."""
    settings = {"CONTROLLER_HOST": controller.url, "CONTROLLER_OAUTH_TOKEN": "TESTTESTTESTTESTTESTTESTTEST"}
    return runner(PLAYBOOK, variables, settings)


@pytest.fixture(scope="module")
def first(runner: PlaybookRunner, controller: Controller) -> Run:
    run = set_up(runner, controller, flowops_awx_slices=3, flowops_awx_s3_bucket="our-audits")
    assert run.rc == 0, run.explain()
    return run


def test_every_object_is_made(first: Run, controller: Controller) -> None:
    assert set(controller.named("organizations")) == {"flowops"}
    organization = controller.named("organizations")["flowops"]["id"]
    galaxy = controller.named("credentials")["Ansible Galaxy"]["id"]
    assert controller.linked(f"organizations/{organization}/galaxy_credentials") == [galaxy]
    templates = controller.named("job_templates")
    assert {name: item["playbook"] for name, item in templates.items()} == {
        "flowops audit": "playbooks/audit.yml",
        "flowops summary": "playbooks/summary.yml",
        "flowops plans": "playbooks/summary.yml",
        "flowops remediate": "playbooks/remediate.yml",
        "flowops verify": "playbooks/verify.yml",
        "flowops isolate": "playbooks/isolate.yml",
        "flowops execution audit": "playbooks/execution_audit.yml",
    }
    assert {name: item["job_slice_count"] for name, item in templates.items() if item["job_slice_count"] > 1} == {
        f"flowops {name}": 3 for name in ("audit", "remediate", "verify")
    }
    for item in templates.values():
        assert item["ask_job_type_on_launch"] is True
        assert item["ask_variables_on_launch"] is item["ask_limit_on_launch"] is False
        assert controller.surveys[f"{item['url']}survey_spec/"]["spec"]
    (source,) = controller.objects["inventory_sources"].values()
    assert source["source"] == "scm"
    assert "ANSIBLE_COLLECTIONS_PATH: /runner/requirements_collections:" in yaml.safe_dump(
        yaml.safe_load(source["source_vars"])
    )
    named = yaml.safe_load((ROOT / source["source_path"]).read_text(encoding="utf-8"))
    assert named["plugin"] == "flowops.aws.networkfirewall"
    assert source["source_path"].endswith("networkfirewall.yml")


def test_an_image_that_runs_no_job_is_told(first: Run, controller: Controller) -> None:
    image = controller.named("execution_environments")["flowops"]["image"]
    assert_sentence(first["Say that an image of AWX's own is too old"]["msg"], ["flowops_awx_image", image, "2.18"])


def test_what_awx_is_to_evaluate_reaches_it_unevaluated(first: Run, controller: Controller) -> None:
    given = json.loads(controller.named("job_templates")["flowops execution audit"]["extra_vars"])
    assert given["flow_execution_audit_flow_execution_ids"].startswith("{{ flowops_execution_ids")
    given = json.loads(controller.named("job_templates")["flowops audit"]["extra_vars"])
    assert given["flow_audit_s3_bucket"] == "our-audits"


def test_the_workflow_remediates_only_what_was_approved(first: Run, controller: Controller) -> None:
    workflow = controller.named("workflow_job_templates")["flowops audit, approve, remediate, verify"]
    # Of what is asked for no variable can take the place of what was approved, no limit break a node.
    assert workflow["ask_variables_on_launch"] is workflow["ask_limit_on_launch"] is False
    asked = controller.surveys[f"{workflow['url']}survey_spec/"]["spec"]
    assert "flowops_limit" in [item["variable"] for item in asked]
    assert workflow["allow_simultaneous"] is True
    assert not workflow.get("extra_vars")
    nodes = {
        item["identifier"]: item
        for item in controller.objects["workflow_job_template_nodes"].values()
        if item["workflow_job_template"] == workflow["id"]
    }
    names = {item["id"]: name for name, item in nodes.items()}
    edges = {
        (name, kind, names[target])
        for name, item in nodes.items()
        for kind in ("always_nodes", "success_nodes", "failure_nodes")
        for target in controller.linked(f"workflow_job_template_nodes/{item['id']}/{kind}")
    }
    assert edges == {
        ("audit", "always_nodes", "summary"),
        ("summary", "success_nodes", "plans"),
        ("plans", "success_nodes", "approve"),
        ("plans", "failure_nodes", "verify"),
        ("approve", "success_nodes", "remediate"),
        ("remediate", "always_nodes", "verify"),
    }
    approvals = controller.objects["workflow_approval_templates"]
    assert approvals[nodes["approve"]["unified_job_template"]]["timeout"] == 3600


def test_a_second_run_changes_nothing(first: Run, runner: PlaybookRunner, controller: Controller) -> None:
    controller.written.clear()
    run = set_up(runner, controller, flowops_awx_slices=3, flowops_awx_s3_bucket="our-audits")
    assert run.rc == 0, run.explain()
    assert len([item for item in run.tasks if item.task.startswith("Set the ")]) > 8
    assert [item.task for item in run.tasks if item.result.get("changed")] == []
    assert re.fullmatch(r"POST /api/v2/projects/\d+/update/", "\n".join(controller.written))


def test_no_secret_is_told(first: Run) -> None:
    said = first.output + json.dumps([item.result for item in first.tasks], default=str)
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in said


def test_a_missing_awx_awx_is_told_in_a_sentence(runner: PlaybookRunner, tmp_path: Path) -> None:
    collections = tmp_path / "ansible_collections"
    for name in ("amazon", "flowops"):
        (collections / name).mkdir(parents=True)
    installed = Path(environment()["ANSIBLE_COLLECTIONS_PATH"].split(":")[0]) / "ansible_collections"
    (collections / "amazon" / "aws").symlink_to(installed / "amazon" / "aws")
    (collections / "flowops" / "aws").symlink_to(ROOT)
    run = runner(PLAYBOOK, None, {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path)})
    assert run.rc == 2
    assert_sentence(run["Stop without it"]["msg"], ["awx.awx", "missing", "ansible-galaxy collection install"])


@pytest.mark.parametrize(("wrong", "found"), [(False, 0), (True, 1)])
def test_ansible_lint_holds_the_options_against_awx_awx(wrong: bool, found: int, tmp_path: Path) -> None:
    text = (ROOT / "playbooks" / "tasks" / "awx.yml").read_text(encoding="utf-8")
    task = text.replace("    scm_update_cache_timeout:", "    scm_cache_timeout:") if wrong else text
    assert (task != text) == wrong
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "main.yml").write_text(task, encoding="utf-8")
    config = tmp_path / "lint.yml"
    config.write_text("offline: true\nenable_list: [args]\n", encoding="utf-8")
    lint = [str(Path(sys.executable).parent / "ansible-lint"), "--offline", "--nocolor", "--format", "json"]
    done = subprocess.run(
        [*lint, "-c", str(config), "tasks/main.yml"],
        check=False,
        cwd=tmp_path,
        env=environment({"ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_CALLBACK_PLUGINS": None}),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    rules = [item["check_name"] for item in json.loads(done.stdout)]
    assert [rule for rule in rules if rule.startswith(("args", "syntax-check"))] == ["args[module]"] * found, (
        done.stdout
    )


def test_ansible_builder_makes_a_context(tmp_path: Path) -> None:
    builder = [str(Path(sys.executable).parent / "ansible-builder"), "create"]
    subprocess.run(
        [*builder, "--file", str(ROOT / "execution-environment.yml"), "--context", str(tmp_path / "context")],
        cwd=tmp_path,
        env=environment(),
        check=True,
        capture_output=True,
        timeout=60,
    )
    built = tmp_path / "context" / "_build"
    # What it is called depends on the container engine that was found.
    (container,) = (path for path in built.parent.iterdir() if path.name in ("Containerfile", "Dockerfile"))
    wanted = yaml.safe_load((built / "requirements.yml").read_text(encoding="utf-8"))
    assert [item["name"] for item in wanted["collections"]] == ["flowops.aws"]
    assert (built / "requirements.txt").read_text("utf-8") == (ROOT / "requirements.txt").read_text("utf-8")
    assert "ansible-galaxy collection install" in container.read_text(encoding="utf-8")
    ours = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    assert (ROOT / ours["dependencies"]["python"]).is_file()


def test_a_second_organization_has_templates_of_its_own(
    first: Run, runner: PlaybookRunner, controller: Controller
) -> None:
    names = {"aws": "two AWS", "environment": "two", "inventory": "two", "project": "two"}
    run = set_up(
        runner,
        controller,
        flowops_awx_organization="two",
        flowops_awx_names=names,
        flowops_awx_galaxy_credentials=["Ansible Galaxy", "Ours"],
    )
    assert run.rc == 0, run.explain()
    organizations = {item["id"]: name for name, item in controller.named("organizations").items()}
    assert sorted(organizations.values()) == ["flowops", "two"]
    templates = {item["id"]: item for item in controller.objects["job_templates"].values()}
    workflows = controller.objects["workflow_job_templates"]
    nodes = [
        item
        for item in controller.objects["workflow_job_template_nodes"].values()
        if item["unified_job_template"] in templates
    ]
    assert len(nodes) == 2 * 7
    for node in nodes:
        used = templates[node["unified_job_template"]]
        assert used["organization"] == workflows[node["workflow_job_template"]]["organization"]


def test_the_repository_is_the_collection_of_its_own_project(tmp_path: Path) -> None:
    galaxy = [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", "install", "--no-deps", "--offline"]
    # As AWX does, in the folder of the project.
    done = subprocess.run(
        [*galaxy, "-r", "collections/requirements.yml", "-p", str(tmp_path)],
        cwd=ROOT,
        env=environment({"ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}),
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    installed = tmp_path / "ansible_collections" / "flowops" / "aws"
    for name in ("roles/flow_audit", "plugins/modules/networkfirewall_flow_capture.py", "playbooks/audit.yml"):
        assert (installed / name).exists()
