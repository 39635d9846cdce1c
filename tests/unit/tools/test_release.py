# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.tools.release import (
    ROOT,
    ReleaseError,
    check_version,
    released,
    with_version,
)

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("version", ["0.1.1", "0.2.0", "1.0.0-rc.1", "10.0.0"])
def test_a_later_version_may_be_released(version: str) -> None:
    assert check_version(version, ["0.0.9", "0.1.0"]) == version


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("", "semantic version"),
        ("v0.2.0", "semantic version"),
        ("0.2", "semantic version"),
        ("01.2.0", "semantic version"),
        ("0.2.0\n", "semantic version"),
        ("0.1.0", "released already; changes"),
        ("0.0.10", "0.1.0 was released already"),
        ("0.1.0-rc.1", "0.1.0 was released already"),
    ],
)
def test_a_version_that_cannot_be_released(version: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=said) as raised:
        check_version(version, ["0.0.9", "0.1.0"])
    assert repr(version)[1:-1] in repr(str(raised.value))


def test_versions_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "changelogs").mkdir()
    content = {"releases": {version: {} for version in ("0.10.0", "0.9.0", "0.10.0-rc.1")}}
    (tmp_path / "changelogs" / "changelog.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert released(tmp_path) == ["0.9.0", "0.10.0-rc.1", "0.10.0"]


def test_only_the_version_of_galaxy_yml_changes() -> None:
    before = (ROOT / "galaxy.yml").read_text(encoding="utf-8")
    after = with_version(before, "9.8.7")
    assert yaml.safe_load(after) == {**yaml.safe_load(before), "version": "9.8.7"}
    assert len(set(before.splitlines()) ^ set(after.splitlines())) == 2
    with pytest.raises(ReleaseError, match="one line"):
        with_version("name: aws\n", "1.0.0")


def steps_of(path: Path) -> list[dict[str, Any]]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [step for job in content["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_what_a_developer_runs(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = {name for line in re.findall(r"(?m)^([a-z][a-z -]*):", makefile) for name in line.split()}
    asked = [step["run"] for step in steps_of(path) if "run" in step]
    targets = [name for text in asked if text.startswith("make ") for name in text.split()[1:] if "=" not in name]
    assert asked
    assert set(targets) <= known
    assert all((ROOT / text).is_file() for text in asked if text.startswith(".ci/"))


def test_each_change_the_matrix_and_a_tag_have_a_workflow() -> None:
    assert {path.stem for path in WORKFLOWS} == {"matrix", "publish", "test"}
    said = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    for what in ("make lint", ".ci/run", "make matrix", "make package"):
        assert f"run: {what}" in said
