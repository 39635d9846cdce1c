# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module in the process of its task: it says what it would have said in a process of its own, and leaves nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.action import networkfirewall_flow_audit, networkfirewall_flow_capture
from ansible_collections.flowops.aws.plugins.plugin_utils.module_here import ModuleHereAction, result_of

SECRET = "not-to-be-told-to-anybody"
SPEC: dict[str, Any] = {"count": {"type": "int", "required": True}, "password": {"type": "str", "no_log": True}}


@pytest.fixture(autouse=True)
def local_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this run of Ansible."""
    folder = tmp_path / "local"
    folder.mkdir()
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder))
    return folder


def counts() -> None:
    """Be a module that tells its options back."""
    module = AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True)
    Path(module.tmpdir, "kept").write_text("x", encoding="utf-8")
    module.warn("Something is odd.")
    if module.params["count"] < 0:
        module.fail_json(msg=f"{module.params['password']} is too little.", changed=False)
    module.exit_json(
        changed=not module.check_mode, count=module.params["count"], tmpdir=module.tmpdir, cwd=os.getcwd(),
        told=f"with {module.params['password']}",
    )  # fmt: skip


def test_a_result_is_what_the_module_ends_with(local_tmp: Path) -> None:
    result = result_of(counts, {"count": "3", "password": SECRET})
    assert (result["changed"], result["count"], result["warnings"]) == (True, 3, ["Something is odd."])
    assert result["invocation"]["module_args"]["count"] == 3
    assert SECRET not in str(result)
    assert Path(result["tmpdir"]).parent == local_tmp
    assert list(local_tmp.iterdir()) == []


def test_a_failure_is_one_too(local_tmp: Path) -> None:
    result = result_of(counts, {"count": -1, "password": SECRET})
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].endswith("is too little.")
    assert SECRET not in str(result)
    assert list(local_tmp.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "missing required arguments: count"),
        ({"count": "many"}, "argument 'count' is of type"),
        ({"count": 1, "cuont": 2}, "Unsupported parameters for (flowops.aws.counts) module: cuont."),
    ],
)
def test_a_bad_option_is_told_as_ansible_tells_it(options: dict[str, Any], sentence: str) -> None:
    result = result_of(counts, {**options, "_ansible_module_name": "flowops.aws.counts"})
    assert result["failed"]
    assert sentence in result["msg"]


def test_check_mode_reaches_the_module() -> None:
    assert result_of(counts, {"count": 1, "_ansible_check_mode": True})["changed"] is False


def test_what_is_no_result_is_not_taken_for_one() -> None:
    before = AnsibleAWSModule.default_settings["module_class"]

    def breaks() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        result_of(breaks, {})
    with pytest.raises(RuntimeError, match="without a result"):
        result_of(lambda: None, {})
    assert AnsibleAWSModule.default_settings["module_class"] is before


class CountsAction(ModuleHereAction):
    """The task of the module above."""

    MAIN = counts


def executed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, transport: str = "local", become: Any = None, **more: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what the task's module returned, and what was handed to a process of its own."""
    handed: list[dict[str, Any]] = []
    monkeypatch.setattr(NormalAction, "_execute_module", lambda _self, **kwargs: handed.append(kwargs) or {})
    interpreter = more.pop("interpreter", sys.executable)
    loader = DataLoader()
    loader.set_basedir(str(folder))
    task = SimpleNamespace(
        **{
            "args": {"count": 1}, "async_val": 0, "check_mode": False, "diff": False, "no_log": False,
            "action": "flowops.aws.counts", "delegate_to": None, "environment": [], **more,
        }
    )  # fmt: skip
    connection = SimpleNamespace(transport=transport, become=become, _shell=SimpleNamespace(tmpdir=None))
    templar = SimpleNamespace(template=lambda value: value)
    action = CountsAction(task, connection, None, loader, templar, None)
    return action._execute_module(task_vars={"ansible_python_interpreter": interpreter}), handed


def test_a_local_connection_with_this_python_needs_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.getcwd()
    result, handed = executed(tmp_path, monkeypatch)
    assert (result["count"], handed) == (1, [])
    # A local connection starts modules in the folder of the playbook.
    assert (result["cwd"], os.getcwd()) == (str(tmp_path), before)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"transport": "ssh"},
        {"become": object()},
        {"interpreter": "/usr/bin/another-python"},
        {"interpreter": None},
        {"delegate_to": "bastion"},
        {"async_val": 60},
        {"environment": [{"AWS_PROFILE": "audit"}]},
    ],
)
def test_whatever_else_is_asked_for_gets_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, otherwise: dict[str, Any]
) -> None:
    result, handed = executed(tmp_path, monkeypatch, **otherwise)
    assert (result, len(handed)) == ({}, 1)


@pytest.mark.parametrize("action", [networkfirewall_flow_audit, networkfirewall_flow_capture])
def test_an_action_runs_the_module_of_its_name(action: Any) -> None:
    assert action.ActionModule.MAIN.__module__.rpartition(".")[2] == action.__name__.rpartition(".")[2]
