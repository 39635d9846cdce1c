# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator is a model of its own: nothing of the product is in it, and its folders import downwards only."""

from __future__ import annotations

import ast
from pathlib import Path

EMULATOR = Path(__file__).resolve().parents[2] / "emulator"
# From the bottom up; what lies beside the folders puts them together.
FLOORS = ("world", "http", "services", "")


def _floor(file: Path) -> int:
    first = file.relative_to(EMULATOR).parts[0]
    return FLOORS.index(first if first in FLOORS else "")


def _imports(file: Path) -> set[Path | str]:
    """Return what a file imports, for running and for types: paths of the emulator's own, names of the rest."""
    found: set[Path | str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            folder = file.parents[node.level - 1]
            found.update(folder.joinpath(*(node.module or alias.name).split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


FILES = sorted(EMULATOR.rglob("*.py"))


def test_nothing_of_the_product_is_imported() -> None:
    names = {name for file in FILES for name in _imports(file) if isinstance(name, str)}
    assert "moto.core.base_backend" in names
    assert [name for name in names if name.startswith(("ansible", "plugins"))] == []


def test_imports_run_downwards() -> None:
    # The door is told which emulator it opens; for its type alone.
    known = {("http/door.py", "server")}
    upwards = {
        (str(file.relative_to(EMULATOR)), str(path.relative_to(EMULATOR)))
        for file in FILES
        for path in _imports(file)
        if isinstance(path, Path) and _floor(path) > _floor(file)
    }
    assert upwards == known


def test_the_world_knows_neither_http_nor_moto() -> None:
    names = {
        name.partition(".")[0]
        for file in FILES
        if FLOORS[_floor(file)] == "world"
        for name in _imports(file)
        if isinstance(name, str)
    }
    assert "json" in names and not names & {"moto", "flask", "werkzeug", "http", "urllib", "socketserver"}
