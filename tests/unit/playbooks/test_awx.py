# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that playbooks/awx.yml sets up, held against AWX's own rules and against our roles' options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = ROOT / "playbooks"
OBJECTS = yaml.safe_load((PLAYBOOKS / "vars" / "awx.yml").read_text(encoding="utf-8").replace("!unsafe ", ""))
TEMPLATES = OBJECTS["flowops_awx_templates"]
QUESTIONS = [pytest.param(item, id=f"{t['name']}-{item['variable']}") for t in TEMPLATES for item in t["survey"]]
# AWX's question types, and the Python types of their defaults.
TYPES = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": float,
}
# By which AWX tells a playbook from other files; the second is of a line.
NO_PLAYBOOK = {"roles", "tasks", "group_vars", "host_vars"}
PLAY = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?import_playbook):\s*?.*?$", re.MULTILINE)


def options() -> dict[str, dict[str, Any]]:
    """Every option of every role."""
    found = {}
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        found.update(yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"])
    return found


def _differs(question: dict[str, Any], known: dict[str, dict[str, Any]]) -> bool:
    return bool(question.get("default", "").splitlines() != known[question["variable"]]["default"])


def is_a(kind: type, value: object) -> bool:
    """Return whether a value has a type of AWX's, where true is no number."""
    return isinstance(value, kind) and not isinstance(value, bool)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_one_that_awx_takes(question: dict[str, Any]) -> None:
    assert {"question_name", "variable", "type", "required"} <= set(question)
    assert isinstance(question["required"], bool)
    kind = TYPES[question["type"]]
    for limit in ("min", "max"):
        assert is_a(int, question.get(limit, 0))
    choices = question.get("choices")
    assert (choices is not None) == (question["type"] in ("multiplechoice", "multiselect"))
    if "default" in question:
        assert is_a(kind, question["default"])
        if choices is not None:
            assert set(question["default"].splitlines()) <= set(choices)
    if question["type"] in ("text", "textarea") and not question["required"]:
        # AWX's interface sends empty text, which is no list and no mapping.
        assert question["variable"].startswith("flowops_")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda item: item["name"])
def test_a_template_sets_options_that_there_are(template: dict[str, Any]) -> None:
    known = options()
    asked = {item["variable"]: item for item in template["survey"]}
    named = [*template["extra_vars"], *asked]
    # A default of a choice of several is for people: AWX gives it neither to a schedule nor to a node of a workflow.
    twice = set(template["extra_vars"]) & set(asked)
    assert len(asked) == len(template["survey"])
    assert twice == {name for name, item in asked.items() if item["type"] == "multiselect" and _differs(item, known)}
    for name in twice:
        assert template["extra_vars"][name] == asked[name]["default"].splitlines()
    own = [name for name in named if not name.startswith("flowops_")]
    assert set(own) <= set(known)
    for item in template["survey"]:
        if "choices" in item and item["type"] == "multiselect":
            assert set(item["choices"]) == set(known[item["variable"]]["choices"])
    used = (PLAYBOOKS / "tasks" / "approved.yml").read_text("utf-8") + str(template["extra_vars"])
    used += (ROOT / template["playbook"]).read_text("utf-8")
    assert not [name for name in named if name.startswith("flowops_") and name not in used]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda item: item["name"])
def test_a_playbook_is_one_that_awx_finds(template: dict[str, Any]) -> None:
    path = Path(template["playbook"])
    assert path.suffix in (".yml", ".yaml")
    assert not NO_PLAYBOOK & set(path.parts)
    assert PLAY.search((ROOT / path).read_text(encoding="utf-8"))


def test_nothing_that_is_asked_for_outranks_what_was_approved() -> None:
    bound = {"flow_remediate_plan", "flow_remediate_approved_hash", "flow_verify_plan", "flow_remediate_policy"}
    approved = yaml.safe_load((PLAYBOOKS / "tasks" / "approved.yml").read_text(encoding="utf-8"))
    bound |= {task["register"] for task in approved if "register" in task}
    bound |= {name for task in approved for name in (*task.get("vars", {}), *task.get("ansible.builtin.set_fact", {}))}
    bound |= {"flow_summary", "flow_summary_approved"}
    for template in TEMPLATES:
        named = {*template["extra_vars"], *(item["variable"] for item in template["survey"])}
        assert not named & bound
        assert not [name for name in named if name.startswith("flow_audit_of_")]


def test_what_cuts_or_verifies_takes_the_plans_that_were_approved_and_no_others() -> None:
    for template in TEMPLATES:
        bound = Path(template["playbook"]).name in ("remediate.yml", "verify.yml")
        assert template["extra_vars"].get("flowops_approved_plans", False) is bound
        assert "flowops_approved_plans" not in [item["variable"] for item in template["survey"]]


@pytest.mark.parametrize("workflow", OBJECTS["flowops_awx_workflows"], ids=lambda item: item["name"])
def test_a_workflow_asks_for_nothing_that_was_approved(
    workflow: dict[str, Any],
) -> None:
    ours = [item for item in TEMPLATES if item["name"] in str(workflow["nodes"])]
    assert ours
    asked = [item["variable"] for item in workflow["survey"]]
    maxima = ["flow_remediate_max_flows", "flow_remediate_max_percent"]
    assert asked == ["flowops_limit", "flowops_policy_file", *(maxima if "remediate" in workflow["name"] else [])]
    # It reaches the nodes whose own survey asks for it.
    for name in asked:
        assert [item for item in ours if name in [question["variable"] for question in item["survey"]]]
    assert all("flowops_limit" in item["extra_vars"]["flowops_hosts"] for item in ours)


@pytest.mark.parametrize("workflow", OBJECTS["flowops_awx_workflows"], ids=lambda item: item["name"])
def test_a_workflow_runs_templates_that_there_are(workflow: dict[str, Any]) -> None:
    names = {template["name"] for template in TEMPLATES}
    identifiers = [node["identifier"] for node in workflow["nodes"]]
    assert len(identifiers) == len(set(identifiers))
    for node in workflow["nodes"]:
        runs = node["unified_job_template"]
        assert runs["name"] in names or runs["type"] == "workflow_approval"
        for following in node.get("related", {}).values():
            assert {item["identifier"] for item in following} <= set(identifiers)


def test_a_schedule_starts_something_that_there_is() -> None:
    names = {item["name"] for item in (*TEMPLATES, *OBJECTS["flowops_awx_workflows"])}
    assert {item["unified_job_template"] for item in OBJECTS["flowops_awx_schedules"]} <= names


def tasks_of(names: list[str]) -> dict[str, dict[str, Any]]:
    """The tasks of tasks/awx.yml by their modules, blocks included."""
    text = (PLAYBOOKS / "tasks" / "awx.yml").read_text(encoding="utf-8")
    found = [item for task in yaml.safe_load(text) for item in task.get("block", [task])]
    return {name: task[f"awx.awx.{name}"] for task in found for name in names if f"awx.awx.{name}" in task}


def test_an_inventory_update_finds_the_collections_of_the_project() -> None:
    given = tasks_of(["inventory_source"])["inventory_source"]["source_vars"]
    assert given["ANSIBLE_COLLECTIONS_PATH"].split(":") == [
        "/runner/requirements_collections",
        "/usr/share/ansible/collections",
    ]


def test_nothing_that_waits_for_an_approval_holds_up_another_run() -> None:
    tasks = tasks_of(["job_template", "workflow_job_template"])
    assert tasks["workflow_job_template"]["allow_simultaneous"] is True
    assert "item.simultaneous" in tasks["job_template"]["allow_simultaneous"]
    assert [item["name"] for item in TEMPLATES if item.get("simultaneous")] == ["flowops isolate"]


def test_nobody_is_asked_to_approve_nothing_and_the_maxima_that_are_shown_are_those_that_hold() -> None:
    templates = {item["name"]: item for item in TEMPLATES}
    plans = templates["flowops plans"]
    assert plans["extra_vars"]["flow_summary_fail_without_plan"] is True
    for name in ("flowops plans", "flowops summary"):
        for of in ("max_flows", "max_percent"):
            assert f"flow_remediate_{of}" in templates[name]["extra_vars"][f"flow_summary_{of}"]
    (workflow,) = (item for item in OBJECTS["flowops_awx_workflows"] if "approve" in item["name"])
    nodes = {item["identifier"]: item.get("related", {}) for item in workflow["nodes"]}
    assert nodes["plans"] == {"success_nodes": [{"identifier": "approve"}], "failure_nodes": [{"identifier": "verify"}]}
    # What fails in between ends the workflow without an approval.
    assert nodes["summary"] == {"success_nodes": [{"identifier": "plans"}]}


def test_a_file_that_a_survey_names_lies_in_the_project() -> None:
    asked = [item["variable"] for template in TEMPLATES for item in template["survey"]]
    asked += [item["variable"] for workflow in OBJECTS["flowops_awx_workflows"] for item in workflow["survey"]]
    assert not [name for name in asked if name.endswith(("_file", "_dir", "_src")) and name != "flowops_policy_file"]
    (audit,) = (item for item in TEMPLATES if item["name"] == "flowops audit")
    assert audit["extra_vars"]["flow_audit_policy_file"] == "{{ flowops_policy_file | flowops.aws.project_file }}"
