# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

from ansible_collections.flowops.aws.plugins.action import flow_folder, flow_variables
from ansible_collections.flowops.aws.plugins.modules import flow_folder as documentation


def run(action: Any, folder: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    loader = DataLoader()
    loader.set_basedir(str(folder))
    task = SimpleNamespace(args=options, async_val=0, check_mode=check_mode, action="flow_folder")
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    result: dict[str, Any] = action.ActionModule(task, connection, None, loader, None, None).run(task_vars={})
    return result


def test_a_folder_is_made_private_once(tmp_path: Path) -> None:
    made = run(flow_folder, tmp_path, path="a/reports")
    assert made == {"changed": True, "path": str(tmp_path / "a" / "reports")}
    assert stat.S_IMODE((tmp_path / "a" / "reports").stat().st_mode) == 0o700
    assert run(flow_folder, tmp_path, path="a/reports")["changed"] is False
    assert set(made) - {"changed"} == set(yaml.safe_load(documentation.RETURN))


def test_a_folder_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir(mode=0o755)
    assert run(flow_folder, tmp_path, path=str(folder))["changed"] is True
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_check_mode_says_what_it_would_do(tmp_path: Path) -> None:
    assert run(flow_folder, tmp_path, check_mode=True, path="reports")["changed"] is True
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["taken", "taken/reports"])
def test_what_cannot_be_a_folder_is_named(tmp_path: Path, path: str) -> None:
    (tmp_path / "taken").touch()
    result = run(flow_folder, tmp_path, path=path)
    assert result["failed"]
    assert result["msg"].startswith(f"path: '{path}' is not allowed; no folder can be made there: ")
    assert result["msg"].endswith(".")


def test_the_first_condition_that_fails_is_told(tmp_path: Path) -> None:
    conditions = [
        {"holds": True, "fail_msg": "Never."},
        {"holds": "no", "fail_msg": "flow_audit_top_n: 'x' is not allowed."},
        {"holds": False, "fail_msg": "Too late."},
    ]
    assert run(flow_variables, tmp_path, role="flow_audit", conditions=conditions[:1]) == {"changed": False}
    result = run(flow_variables, tmp_path, role="flow_audit", conditions=conditions)
    assert (result["failed"], result["msg"]) == (True, "flow_audit_top_n: 'x' is not allowed.")
