# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ARN = "arn:aws-cn:network-firewall:cn-north-1:111122223333:firewall/egress"
FOLDER = "111122223333-cn-north-1-egress"
# Ansible must neither evaluate nor lose what AWS or a policy may say; the module must get it as it is.
HOSTILE = {"{{ 7*7 }}": "<b>=1+1</b>\n\u202eé", "none": None, "list": [1, {"a": True}]}
KEEP = """
- name: Keep evidence
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Begin
      flowops.aws.flow_evidence:
        state: begun
        evidence_dir: "{{ folder }}/evidence"
        firewall_arn: "{{ firewall_arn }}"
      register: evidence

    - name: Write as another task would
      ansible.builtin.copy:
        content: flows
        dest: "{{ evidence.path }}/{{ item }}"
        mode: "0644"
      loop: [before.jsonl.gz, before.jsonl.gz.part]
      when: not ansible_check_mode

    - name: Seal
      flowops.aws.flow_evidence:
        state: sealed
        path: "{{ evidence.path }}"
        verdict: remediated
        contents:
          plan: "{{ hostile }}"
          operations: []
        copies:
          policy.yml: "{{ folder }}/policy.yml"

    - name: Check
      flowops.aws.flow_evidence_info:
        path: "{{ folder }}/evidence"
      when: not ansible_check_mode
"""
SEAL_AGAIN = """
- name: Seal again
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Seal again
      flowops.aws.flow_evidence:
        state: sealed
        path: "{{ run }}.part"
        verdict: remediated
"""


@pytest.fixture(scope="module")
def run_playbook(tmp_path_factory: pytest.TempPathFactory) -> PlaybookRunner:
    """Run a playbook where nothing of AWS is to be had: evidence needs none."""
    return PlaybookRunner(tmp_path_factory.mktemp("playbooks"), "http://127.0.0.1:1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    (folder / "policy.yml").write_text("rules: []\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def keep(run_playbook: PlaybookRunner, folder: Path) -> Callable[..., Run]:
    def keep(**options: Any) -> Run:
        run = run_playbook(KEEP, {"folder": str(folder), "firewall_arn": ARN, "hostile": HOSTILE}, **options)
        assert run.rc == 0, run.explain()
        return run

    return keep


@pytest.fixture(scope="module")
def planned(keep: Callable[..., Run], folder: Path) -> tuple[Run, list[str]]:
    """A run in check mode, and what it left behind."""
    run = keep(check=True)
    return run, sorted(os.listdir(folder))


@pytest.fixture(scope="module")
def first(keep: Callable[..., Run], planned: tuple[Run, list[str]]) -> Run:
    return keep()


@pytest.fixture(scope="module")
def second(keep: Callable[..., Run], first: Run) -> Run:
    return keep()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_check_mode_says_what_it_would_and_makes_nothing(planned: tuple[Run, list[str]], folder: Path) -> None:
    run, left = planned
    assert left == ["policy.yml"]
    begun, sealed = run["Begin"], run["Seal"]
    assert begun["changed"] is sealed["changed"] is True
    assert re.fullmatch(r"\d{8}T\d{6}Z", begun["run"])
    path = folder / "evidence" / FOLDER / begun["run"]
    assert (begun["path"], sealed["path"]) == (f"{path}.part", str(path))
    assert sealed["manifest"] == {"path": f"{path}/manifest.json"}
    assert (sealed["file_count"], sealed["previous"]) == (3, None)


def test_a_run_is_kept_whole_and_for_its_owner(first: Run, folder: Path) -> None:
    begun, sealed = first["Begin"], first["Seal"]
    path = Path(sealed["path"])
    assert begun["changed"] is sealed["changed"] is True
    assert begun["path"] == f"{path}.part"
    assert path.parent == folder / "evidence" / FOLDER
    assert sorted(os.listdir(path)) == [
        "before.jsonl.gz",
        "manifest.json",
        "operations.json",
        "plan.json",
        "policy.yml",
    ]
    assert {mode_of(file) for file in path.iterdir()} == {0o600}
    assert {mode_of(item) for item in (path, path.parent, path.parent.parent)} == {0o700}
    assert not Path(begun["path"]).exists()
    assert json.loads((path / "plan.json").read_bytes()) == HOSTILE
    assert (path / "policy.yml").read_bytes() == b"rules: []\n"
    assert (sealed["file_count"], sealed["removed"]) == (4, ["before.jsonl.gz.part"])
    manifest = json.loads((path / "manifest.json").read_bytes())
    assert (manifest["firewall_arn"], manifest["verdict"], manifest["sequence"]) == (ARN, "remediated", 1)
    assert manifest["begun_at"] <= manifest["sealed_at"]
    assert [item["name"] for item in manifest["files"]] == sorted(set(os.listdir(path)) - {"manifest.json"})
    for item in manifest["files"]:
        content = (path / item["name"]).read_bytes()
        assert (item["sha256"], item["size"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_next_run_is_sealed_upon_it(first: Run, second: Run) -> None:
    before = first["Seal"]
    assert before["previous"] is None
    assert before["manifest"]["sha256"] == hashlib.sha256(Path(before["manifest"]["path"]).read_bytes()).hexdigest()
    assert second["Seal"]["previous"] == {"run": before["run"], "sha256": before["manifest"]["sha256"]}
    checked = second["Check"]
    assert (checked["intact"], checked["problem"], checked["changed"]) == (True, "", False)
    assert (checked["folder_count"], checked["file_count"], checked["unfinished"]) == (2, 8, [])
    head = {"run": second["Seal"]["run"], "sha256": second["Seal"]["manifest"]["sha256"]}
    assert checked["chains"] == [{"folder": str(Path(before["path"]).parent), "runs": 2, "head": head}]


@pytest.mark.parametrize("check", [False, True])
def test_sealing_twice_is_one_sentence(run_playbook: PlaybookRunner, first: Run, check: bool) -> None:
    path = first["Seal"]["path"]
    run = run_playbook(SEAL_AGAIN, {"run": path}, check=check)
    assert run.rc == 2
    assert run["Seal again"]["msg"] == f"path: '{path}.part' is not allowed; it was sealed already, as {path}."


CHECK = """
- name: Check evidence
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Check
      flowops.aws.flow_evidence_info: "{{ item }}"
      loop: "{{ cases }}"
      loop_control:
        label: "{{ item.path }}"
"""


def test_what_was_altered_is_named_and_fails_nothing(
    run_playbook: PlaybookRunner, first: Run, second: Run, folder: Path
) -> None:
    runs = [Path(run["Seal"]["path"]).name for run in (first, second)]
    heads = [run["Seal"]["manifest"]["sha256"] for run in (first, second)]
    copies = {name: folder / name / FOLDER for name in ("whole", "altered", "cut", "behead", "alone")}
    for copy in copies.values():
        shutil.copytree(folder / "evidence" / FOLDER, copy)
    plan = copies["altered"] / runs[0] / "plan.json"
    plan.write_bytes(plan.read_bytes().replace(b"true", b"null"))
    shutil.rmtree(copies["cut"] / runs[0])
    shutil.rmtree(copies["behead"] / runs[1])
    shutil.rmtree(copies["alone"] / runs[0])
    cases = [
        {"path": str(copies["whole"]), "expected_head": heads[1]},
        {"path": str(copies["altered"].parent), "expected_head": heads[1]},
        {"path": str(copies["cut"])},
        {"path": str(copies["behead"])},
        {"path": str(copies["behead"]), "expected_head": heads[1].upper()},
        {"path": str(copies["alone"] / runs[1])},
    ]
    expected = [
        "",
        f"'{FOLDER}/{runs[0]}/plan.json' was altered, its SHA-256 is ",
        f"'{runs[0]}' is missing, the run '{runs[1]}' names it as the one before it.",
        "",
        f"expected_head: no manifest has the SHA-256 {heads[1]}; the newest runs were removed, or ",
        "",
    ]
    for check in (False, True):
        run = run_playbook(CHECK, {"cases": cases}, check=check)
        assert run.rc == 0, run.explain()
        results = run["Check"]["results"]
        for result, problem in zip(results, expected, strict=True):
            assert result["changed"] is False
            assert result["intact"] is (problem == "")
            assert result["problem"].startswith(problem)
            assert bool(result["problem"]) is bool(problem)
        assert results[5]["notes"] == [f"The run '{runs[0]}' does not lie beside it; the link to it was not checked."]


REFUSALS = """
- name: Refuse
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Keep
      flowops.aws.flow_evidence: "{{ item.options }}"
      loop: "{{ keeping }}"
      loop_control: {label: "{{ item.id }}"}
      ignore_errors: true

    - name: Check
      flowops.aws.flow_evidence_info: "{{ item.options }}"
      loop: "{{ checking }}"
      loop_control: {label: "{{ item.id }}"}
      ignore_errors: true
"""


def test_bad_input_is_told_in_one_sentence(run_playbook: PlaybookRunner, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    part = f"{tmp_path}/{FOLDER}/20261121T093000Z.part"
    begin = {"state": "begun", "evidence_dir": str(tmp_path / "new"), "firewall_arn": ARN}
    seal = {"state": "sealed", "path": part, "verdict": "remediated"}
    keeping: list[tuple[str, dict[str, Any], list[str]]] = [
        ("nothing", {}, ["state"]),
        ("no ARN", {"state": "begun", "evidence_dir": "/x"}, ["state is begun", "firewall_arn"]),
        ("no verdict", {"state": "sealed", "path": part}, ["state is sealed", "verdict"]),
        ("bad ARN", {**begin, "firewall_arn": "egress"}, ["firewall_arn: 'egress' is not allowed"]),
        ("no folder", {**begin, "evidence_dir": str(tmp_path / "file")}, ["evidence_dir: ", "(Not a directory)"]),
        ("empty folder", {**begin, "evidence_dir": ""}, ["evidence_dir: '' is not allowed; give the path of a folder"]),
        ("mixed", {**begin, "contents": {"a": 1}}, ["contents belongs to state=sealed", "given with state=begun"]),
        ("mixed too", {**seal, "firewall_arn": ARN}, ["firewall_arn belongs to state=begun"]),
        ("not begun", seal, [f"path: '{part}' is not allowed", "not a folder that state=begun has made"]),
        ("no path", {**seal, "path": ""}, ["path: '' is not allowed; give the path of a folder"]),
        (
            "strange name",
            {**seal, "contents": {"../x": 1}},
            ["contents: '../x' is not allowed; give a name of letters"],
        ),
        ("no text", {**seal, "copies": {"x": ["a"]}}, ["copies: ['a'] is not allowed; give the path"]),
        ("no file", {**seal, "copies": {"x": "/none"}}, ["copies: '/none' is not allowed; it cannot be copied as x"]),
    ]
    checking: list[tuple[str, dict[str, Any], list[str]]] = [
        ("nothing", {}, ["path"]),
        ("missing", {"path": "/none"}, ["path: '/none' is not allowed; there is no such folder"]),
        ("file", {"path": str(tmp_path / "file")}, ["it is not a folder"]),
        ("other", {"path": str(tmp_path)}, ["give the folder of a run, that of a firewall, or an evidence_dir"]),
        ("empty", {"path": ""}, ["path: '' is not allowed; give the path of a folder"]),
        ("head", {"path": str(tmp_path), "expected_head": "abc"}, ["expected_head: 'abc' is not allowed", "SHA-256"]),
    ]

    def cases(items: list[tuple[str, dict[str, Any], list[str]]]) -> list[dict[str, Any]]:
        return [{"id": name, "options": options} for name, options, _expected in items]

    run = run_playbook(REFUSALS, {"keeping": cases(keeping), "checking": cases(checking)})
    assert "Traceback" not in run.output
    for task, items in (("Keep", keeping), ("Check", checking)):
        results = run.items(task)
        for name, _options, expected in items:
            assert results[name]["failed"] is True, f"{task} {name}"
            assert_sentence(results[name]["msg"], expected, f"{task} {name}")
    assert os.listdir(tmp_path) == ["file"]


def test_a_warning_tells_that_the_chain_was_broken_before(run_playbook: PlaybookRunner, tmp_path: Path) -> None:
    (tmp_path / "policy.yml").touch()
    variables = {"folder": str(tmp_path), "firewall_arn": ARN, "hostile": HOSTILE}
    first = run_playbook(KEEP, variables)["Seal"]
    Path(first["manifest"]["path"]).unlink()
    run = run_playbook(KEEP, variables)
    assert run.rc == 0, run.explain()
    said = f"'{first['manifest']['path']}' is missing. The chain of evidence is broken there."
    assert run["Seal"]["warnings"] == [said]
    assert run["Check"]["problem"] == f"'{FOLDER}/{first['run']}/manifest.json' is missing."


WITHOUT_SDK = """
    - name: Ask AWS
      flowops.aws.networkfirewall_flow_operation_info:
        firewall_name: egress
      ignore_errors: true
"""


def test_the_sdk_of_aws_is_not_needed(run_playbook: PlaybookRunner, keep: Callable[..., Run], tmp_path: Path) -> None:
    # What shadows the SDK ends whoever imports it.
    for name in ("boto3", "botocore"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the SDK was asked for')\n", encoding="utf-8")
    without = {"PYTHONPATH": str(tmp_path)}
    run = keep(env=without)
    assert run["Check"]["intact"] is True
    path = run["Seal"]["path"]
    control = run_playbook(CHECK + WITHOUT_SDK, {"cases": [{"path": path}]}, env=without)
    assert control["Check"]["results"][0]["intact"] is True
    assert control.recorded("Ask AWS").status == "failed"
    assert "the SDK was asked for" in json.dumps(control["Ask AWS"])
