# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.flowops.aws.tests.tools import setup_env
from ansible_collections.flowops.aws.tests.tools.setup_env import AMAZON_AWS, Collection, Environment, SetupError


def place_collection(folder: Path, version: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"collection_info": {"version": version}}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stand in for the commands that need a network; gives those that were asked for."""
    asked: list[list[str]] = []

    def run(command: list[str], hint: str = "") -> None:
        asked.append(command)
        if command[1:3] == ["-m", "venv"]:
            python = Path(command[3]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)

    def from_galaxy(self: Environment, folder: Path, wanted: Collection) -> Path:
        place_collection(folder / "found", wanted.version)
        return folder / "found"

    monkeypatch.setattr(setup_env, "run", run)
    monkeypatch.setattr(Environment, "_from_galaxy", from_galaxy)
    return asked


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Environment]:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "requirements.txt").write_text("boto3\n", encoding="utf-8")
    (tmp_path / "tests" / "requirements-dev.txt").write_text("ruff\n", encoding="utf-8")
    return lambda: Environment(tmp_path, tmp_path / ".venv")


def test_a_fresh_environment_holds_the_collection_and_a_link_to_the_checkout(
    make: Callable[[], Environment], commands: list[list[str]], tmp_path: Path
) -> None:
    environment = make()
    assert environment.prepare("run") is True
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]]
    assert (environment.collections / "flowops" / "aws").resolve() == tmp_path.resolve()
    assert setup_env.collection_version(environment.collections / "amazon" / "aws") == AMAZON_AWS
    assert environment.is_ready("run")
    assert not environment.is_ready("dev")


def test_awx_is_for_developers_only(make: Callable[[], Environment], commands: list[list[str]]) -> None:
    environment = make()
    awx = environment.collections / "awx" / "awx"
    environment.prepare("run")
    assert not awx.exists()
    environment.prepare("dev")
    assert setup_env.collection_version(awx) == "24.6.1"
    assert environment.is_ready("dev")
    place_collection(awx, "1.0.0")
    assert not environment.is_ready("dev")
    assert environment.is_ready("run")


def test_a_second_run_does_nothing(make: Callable[[], Environment], commands: list[list[str]]) -> None:
    make().prepare("run")
    commands.clear()
    assert make().prepare("run") is False
    assert commands == []


def test_changed_requirements_are_installed_into_the_same_environment(
    make: Callable[[], Environment], commands: list[list[str]], tmp_path: Path
) -> None:
    make().prepare("run")
    kept = tmp_path / ".venv" / "kept"
    kept.touch()
    commands.clear()
    (tmp_path / "tests" / "requirements.txt").write_text("boto3\nmoto\n", encoding="utf-8")
    assert make().prepare("run") is True
    assert [command[1:3] for command in commands] == [["-m", "pip"]]
    assert kept.exists()


def test_an_interrupted_run_is_redone_from_scratch(
    make: Callable[[], Environment], commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(self: Environment, wanted: Collection) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Environment, "_place", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make().prepare("run")
    half_made = tmp_path / ".venv" / "half-made"
    half_made.touch()
    commands.clear()
    assert make().prepare("run") is True
    assert not half_made.exists()
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]]


def test_a_checkout_that_was_moved_gets_a_new_environment(
    make: Callable[[], Environment], commands: list[list[str]], tmp_path: Path
) -> None:
    environment = make()
    environment.prepare("run")
    link = environment.collections / "flowops" / "aws"
    link.unlink()
    link.symlink_to(tmp_path / "where-it-was")
    commands.clear()
    assert make().prepare("run") is True
    assert commands[0][1:3] == ["-m", "venv"]


def test_another_version_of_amazon_aws_is_replaced(make: Callable[[], Environment], commands: list[list[str]]) -> None:
    environment = make()
    environment.prepare("run")
    place_collection(environment.collections / "amazon" / "aws", "9.0.0")
    assert make().prepare("run") is True
    assert setup_env.collection_version(environment.collections / "amazon" / "aws") == AMAZON_AWS


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"collection_info": null}'])
def test_a_manifest_that_cannot_be_read_is_no_collection(content: str, tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.json").write_text(content, encoding="utf-8")
    assert setup_env.collection_version(tmp_path) is None


def test_missing_requirements_are_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"tests/requirements\.txt is missing"):
        Environment(tmp_path, tmp_path / ".venv").fingerprint("run")


def test_an_old_python_looks_for_a_newer_one_and_passes_over_what_does_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shim = tmp_path / "python-shim"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    (tmp_path / "python-good").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 10, 14, "final", 0))
    assert setup_env.find_controller(["python-shim", "python-good"]) == str(tmp_path / "python-good")
    with pytest.raises(SetupError, match=r"Python 3\.11 or later"):
        setup_env.find_controller(["python-shim"])


def test_a_failing_command_is_named_with_its_hint() -> None:
    with pytest.raises(SetupError, match=r"failed with status 1: /bin/false \(try harder\)"):
        setup_env.run(["/bin/false"], "try harder")


def test_a_wrong_stage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        setup_env.main(["everything"])
    assert "invalid choice: 'everything'" in capsys.readouterr().err
