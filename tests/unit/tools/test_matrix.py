# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.tools import collection_tree, docs, eda, matrix, running, setup_env
from ansible_collections.flowops.aws.tests.tools.matrix import MatrixError, Row


def test_a_python_that_is_missing_fails_its_row_and_the_closing_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    row = Row("2.20", "10.1.2")
    matrix.try_row(row, list(matrix.CHECKS))
    assert row.problems == ["no Python 3.12 or 3.13 or 3.14 on this machine"]
    good = Row("2.19", "11.4.0", "3.13", {"unit": "5 passed", "demo": "8 plays", "docs": "9 documented"})
    assert matrix.closing_line([good, row]) == (
        "matrix: 1 of 2 combinations passed; "
        "ansible-core 2.20 with amazon.aws 10.1.2: no Python 3.12 or 3.13 or 3.14 on this machine"
    )
    lines = matrix.table([good, row])
    assert lines[0].split() == ["ansible-core", "amazon.aws", "Python", "unit", "demo", "docs", "seconds"]
    assert lines[2].split()[:3] == ["2.20", "10.1.2", "none"]
    assert lines[2].count("not run") == 3


def test_a_python_of_another_version_under_the_wanted_name_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(MatrixError):
        matrix.find_python(["3.12"])


def test_a_row_has_its_own_ansible_core_and_everybody_s_versions_of_the_rest() -> None:
    texts = ["ansible-core~=2.19.0\nboto3~=1.44,>=1.44.5\nmoto~=5.2.5\n", "ruff~=0.17.5\npytest~=9.2\n"]
    assert matrix.requirements("2.21", texts) == [
        "ansible-core~=2.21.0",
        "boto3~=1.44,>=1.44.5",
        "moto~=5.2.5",
        "pytest~=9.2",
    ]


def place(folder: Path, version: str) -> None:
    folder.mkdir(parents=True)
    manifest = {"collection_info": {"version": version}}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_a_row_is_not_tried_with_another_amazon_aws_than_its_name_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(matrix, "MATRIX", tmp_path / "matrix")
    monkeypatch.setattr(collection_tree, "COLLECTIONS", tmp_path / "collections")
    installed = tmp_path / "collections" / "ansible_collections" / "amazon" / "aws"
    place(installed, "11.0.0")
    with pytest.raises(MatrixError, match=rf"holds amazon\.aws 11\.0\.0, not {setup_env.AMAZON_AWS}"):
        matrix.place_amazon_aws(setup_env.AMAZON_AWS)
    (installed / "MANIFEST.json").unlink()
    installed.rmdir()
    with pytest.raises(MatrixError, match="holds amazon.aws None"):
        matrix.place_amazon_aws(setup_env.AMAZON_AWS)
    place(installed, setup_env.AMAZON_AWS)
    tree = matrix.place_amazon_aws(setup_env.AMAZON_AWS)
    assert setup_env.collection_version(tree / "ansible_collections" / "amazon" / "aws") == setup_env.AMAZON_AWS


@pytest.mark.parametrize("missing", matrix.UNIT_TESTS)
def test_a_folder_of_unit_tests_that_is_missing_fails_the_row(tmp_path: Path, missing: str) -> None:
    for name in matrix.UNIT_TESTS:
        if name != missing:
            (tmp_path / name).mkdir(parents=True)
    result = running.Result("unit")
    assert matrix.unit(running.Runner(result), tmp_path / "python", tmp_path) == "none"
    assert result.problems == [f"{missing} are missing"]
    assert all((matrix.ROOT / name).is_dir() for name in matrix.UNIT_TESTS)


def test_what_the_unit_tests_import_is_installed_for_a_row() -> None:
    # The others come with ansible-core and boto3.
    known = {name.replace("-", "_") for name in matrix.TOOLS} | {"ansible", "ansible_collections", "yaml", "botocore"}
    for folder in matrix.UNIT_TESTS:
        for path in (matrix.ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and not node.level:
                    names = [str(node.module)]
                roots = {name.partition(".")[0] for name in names}
                assert roots <= known | sys.stdlib_module_names, path


EVERYTHING = {
    "filter": {"as_list", "firewall_label"},
    "inventory": {"networkfirewall"},
    "lookup": {"networkfirewall_flow_operation"},
    "module": {"networkfirewall_flow_capture", "networkfirewall_flow_flush"},
    "role": {"flow_audit", "flow_verify"},
    "test": {"firewall_arn"},
}


def copy_of(root: Path) -> Path:
    for kind, names in EVERYTHING.items():
        folder = root / {"module": "plugins/modules", "role": "roles"}.get(kind, f"plugins/{kind}")
        folder.mkdir(parents=True)
        if kind in ("filter", "test"):
            # A file of several, called like none of them.
            text = f"class Module:\n    def {kind}s(self):\n        return {dict.fromkeys(sorted(names))}\n"
            (folder / "several.py").write_text(text, encoding="utf-8")
            continue
        for name in names:
            (folder / name).mkdir() if kind == "role" else (folder / f"{name}.py").touch()
    for name in ("plugins/action/flow_report.py", "plugins/module_utils/times.py", "plugins/modules/__pycache__/x.pyc"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "plugins" / "filter" / "as_list.yml").touch()
    return root


class Said(running.Runner):
    """Says what ansible-doc would, warnings first."""

    def __init__(self, known: dict[str, set[str]]) -> None:
        super().__init__(running.Result("docs"))
        dump: dict[str, Any] = {kind: {f"flowops.aws.{name}": {} for name in names} for kind, names in known.items()}
        self.said = "[WARNING]: old\n" + json.dumps({"all": {**dump, "become": {"ansible.builtin.su": {}}}})

    def check(self, *_command: Any, **_options: Any) -> str:
        return self.said


def test_everything_that_is_documented_passes(tmp_path: Path) -> None:
    run = Said(EVERYTHING)
    assert matrix.docs(run, tmp_path / "python", copy_of(tmp_path)) == "9 documented"
    assert run.result.problems == []


@pytest.mark.parametrize(("kind", "name"), [(kind, min(names)) for kind, names in EVERYTHING.items()])
def test_a_plugin_or_role_that_ansible_doc_does_not_know_fails_the_row(tmp_path: Path, kind: str, name: str) -> None:
    run = Said({**EVERYTHING, kind: EVERYTHING[kind] - {name}, "strategy": {name}})
    matrix.docs(run, tmp_path / "python", copy_of(tmp_path))
    assert run.result.problems == [f"ansible-doc does not know the {kind} flowops.aws.{name}"]


def test_what_is_to_be_documented_is_found_in_this_collection() -> None:
    found = matrix.documented(matrix.ROOT)
    assert set(found) == set(EVERYTHING)
    for kind, names in EVERYTHING.items():
        assert found[kind] >= {f"flowops.aws.{name}" for name in names}


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("command not found", None),
    ],
)
def test_java_s_version_is_read(output: str, version: int | None) -> None:
    assert eda.java_version(output) == version


def test_without_java_the_rulebook_s_test_fails_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert eda.main() == 1
    assert capsys.readouterr().out == (
        "eda: FAILED, nothing was tried: no java on PATH; ansible-rulebook needs 17 (Debian: openjdk-17-jre-headless)\n"
    )


def test_the_inventory_of_ansible_s_documentation_is_one_that_sphinx_reads() -> None:
    written = docs.inventory({"a_label": ("page.html#a-label", "A title")}, ["ANSIBLE_X"])
    header, packed = written.split(b"zlib.\n")
    assert header.startswith(b"# Sphinx inventory version 2\n")
    assert zlib.decompress(packed).decode().splitlines() == [
        "a_label std:label -1 page.html#a-label A title",
        "ANSIBLE_X std:envvar 1 reference_appendices/config.html#envvar-$ -",
    ]


def test_other_collections_plugins_are_linked_to_their_own_pages() -> None:
    text = ":ref:`x <ansible_collections.amazon.aws.s3_object_module>` :ansplugin:`amazon.aws.aws_ec2#inventory`"
    text += " :ansplugin:`flowops.aws.flow_audit#role`"
    assert docs.labels_of_others(text) == {
        "ansible_collections.amazon.aws.aws_ec2_inventory": (
            "collections/amazon/aws/aws_ec2_inventory.html",
            "amazon.aws.aws_ec2",
        ),
        "ansible_collections.amazon.aws.s3_object_module": (
            "collections/amazon/aws/s3_object_module.html",
            "amazon.aws.s3_object",
        ),
    }
