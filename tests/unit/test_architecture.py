# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The architecture, read from the imports and the sizes of plugins/: arrows run one way, and files stay small."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.flowops.aws.plugins"

# From the bottom up: a folder imports from those of lower floors only, so neither from its own floor.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors"}),
    frozenset({"times"}),
    frozenset({"flows"}),
    frozenset({"files"}),
    frozenset({"rules", "thingsgraph"}),
    frozenset({"audit", "evidence", "firewalls"}),
    frozenset({"aws", "plan"}),
    frozenset({"operations"}),
    frozenset({"work"}),
)
PURE = frozenset({"errors", "times", "flows", "rules", "thingsgraph", "audit", "evidence", "firewalls", "plan"})
SDK = frozenset({"boto3", "botocore"})
SDK_FILE = "module_utils/aws/sdk.py"

LARGEST_FILE = 350
LONGEST_FUNCTION = 50
MEDIAN_FUNCTION = 8

# What a module has beside its documentation: imports, main() and the line that calls it.
DOCUMENTATION = frozenset({"DOCUMENTATION", "EXAMPLES", "RETURN"})

# What does not keep a rule yet, by rule and file. An entry that is no longer needed fails the test: delete it.
KNOWN: dict[tuple[str, str], str] = {}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(PLUGINS).as_posix()


def _files(folder: str = "") -> list[Path]:
    return sorted((PLUGINS / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a file imports, relative ones made whole."""
    package = [*PACKAGE.split("."), *path.relative_to(PLUGINS).parent.parts]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _own_imports(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the parts, below plugins/, of what a file imports of this collection."""
    for name in _imports(path):
        if name.startswith(f"{PACKAGE}."):
            yield tuple(name.removeprefix(f"{PACKAGE}.").split("."))


def _target(parts: tuple[str, ...]) -> Path | None:
    """Return the file that an import of this collection reads, None when there is none."""
    for length in range(len(parts), 0, -1):
        path = PLUGINS.joinpath(*parts[:length]).with_suffix(".py")
        if path.is_file():
            return path
    return None


def _floor(folder: str) -> int:
    return next((number for number, floor in enumerate(FLOORS) if folder in floor), -1)


def _folder(path: Path) -> str:
    """Return a file's folder below module_utils, of a file that lies in none its own name."""
    return path.relative_to(PLUGINS / "module_utils").parts[0].removesuffix(".py")


def _arrows_up() -> Iterator[tuple[str, str]]:
    for path in _files("module_utils"):
        here = _folder(path)
        for parts in _own_imports(path):
            to = parts[1] if len(parts) > 1 else ""
            if parts[0] != "module_utils" or (to != here and not 0 <= _floor(to) < _floor(here)):
                yield _name(path), ".".join(parts)


def _is_guarded(path: Path) -> bool:
    """Return whether every import of the SDK in a file stands in a try that catches ImportError."""
    guarded = [
        node
        for block in ast.walk(_tree(path))
        if isinstance(block, ast.Try)
        and any(isinstance(item.type, ast.Name) and item.type.id == "ImportError" for item in block.handlers)
        for node in block.body
    ]
    at_all = [
        node
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in SDK)
        or (isinstance(node, ast.Import) and node.names[0].name.split(".")[0] in SDK)
    ]
    return all(node in guarded for node in at_all)


def _sdk_outside() -> Iterator[tuple[str, str]]:
    for path in _files():
        if any(name.split(".")[0] in SDK for name in _imports(path)):
            if _name(path) != SDK_FILE:
                yield _name(path), "imports the SDK"
            elif not _is_guarded(path):
                yield _name(path), "imports the SDK without a guard"


def _sdk_called_outside() -> Iterator[tuple[str, str]]:
    """One folder calls the SDK: nobody else takes anything from the file that imports it."""
    for path in _files():
        if _name(path).startswith("module_utils/aws/"):
            continue
        if any(parts[:3] == ("module_utils", "aws", "sdk") for parts in _own_imports(path)):
            yield _name(path), "takes from aws/sdk.py"


def _ansible_in_pure() -> Iterator[tuple[str, str]]:
    for path in _files("module_utils"):
        if _folder(path) not in PURE:
            continue
        for name in _imports(path):
            if name.split(".")[0] == "ansible" or (
                name.startswith("ansible_collections.") and not name.startswith(PACKAGE)
            ):
                yield _name(path), name


def _docstring_lines(path: Path) -> set[int]:
    """Return the numbers of the lines that document: docstrings, and what a module's documentation is."""
    lines: set[int] = set()
    for node in ast.walk(_tree(path)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_documentation = isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id in DOCUMENTATION for target in node.targets
        )
        if is_text or is_documentation:
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


@cache
def _code_lines(path: Path) -> set[int]:
    """Return the numbers of the lines of a file that hold code: no comment, no docstring, not empty."""
    kinds = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type not in kinds:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - _docstring_lines(path)


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of a file with its number of lines of code."""
    code = _code_lines(path)
    for node in ast.walk(_tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, len(code.intersection(range(node.lineno, (node.end_lineno or node.lineno) + 1)))


def _large_files() -> Iterator[tuple[str, str]]:
    for path in _files():
        size = len(_code_lines(path))
        if size > LARGEST_FILE:
            yield _name(path), f"{size} lines of code"


def _long_functions() -> Iterator[tuple[str, str]]:
    for path in _files():
        for name, length in _functions(path):
            if length > LONGEST_FUNCTION:
                yield _name(path), f"{name} has {length} lines"


def _defined(path: Path) -> list[str]:
    """Return what a file defines at its top level, imports and documentation left out."""
    names = []
    for node in _tree(path).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names.extend(target.id for target in node.targets if isinstance(target, ast.Name))
    return [name for name in names if name not in DOCUMENTATION]


def _calls_own_work(path: Path) -> bool:
    """Return whether the last statement of main() is run(module, <something of work/<the module's name>>)."""
    theirs = {
        alias.asname or alias.name
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == f"{PACKAGE}.module_utils.work.{path.stem}"
        for alias in node.names
    }
    main = next(node for node in _tree(path).body if isinstance(node, ast.FunctionDef) and node.name == "main")
    last = main.body[-1]
    if not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Call):
        return False
    call = last.value
    names = [argument.id for argument in call.args if isinstance(argument, ast.Name)]
    return isinstance(call.func, ast.Name) and call.func.id == "run" and names[:1] == ["module"] and names[1] in theirs


def _fat_modules() -> Iterator[tuple[str, str]]:
    for path in _files("modules"):
        defined = _defined(path)
        if not defined:
            # The action plugin of the same name does all of it on the controller.
            assert (PLUGINS / "action" / path.name).is_file()
            continue
        if defined != ["main"]:
            yield _name(path), f"defines {', '.join(defined)}"
        elif not _calls_own_work(path):
            yield _name(path), "main() does not end with run(module, ...) of the work of the same name"
        strangers = [
            parts for parts in _own_imports(path) if parts[:2] != ("module_utils", "work") and not parts[-1].isupper()
        ]
        if strangers:
            yield _name(path), f"imports {'.'.join(strangers[0])}"


RULES = {
    "arrow": _arrows_up,
    "sdk": _sdk_outside,
    "sdk-call": _sdk_called_outside,
    "ansible": _ansible_in_pure,
    "file": _large_files,
    "function": _long_functions,
    "module": _fat_modules,
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_of_the_architecture_holds(rule: str) -> None:
    broken: dict[str, list[str]] = {}
    for name, what in RULES[rule]():
        broken.setdefault(name, []).append(what)
    known = {name for known_rule, name in KNOWN if known_rule == rule}
    assert {name: what for name, what in broken.items() if name not in known} == {}
    assert sorted(known - set(broken)) == [], "no longer needed: delete it from KNOWN"


def test_what_is_known_names_a_rule_and_gives_a_reason() -> None:
    assert {rule for rule, _name in KNOWN} <= set(RULES)
    assert all(reason.strip() for reason in KNOWN.values())


def test_every_folder_has_a_floor() -> None:
    assert sorted({_folder(path) for path in _files("module_utils")} - frozenset().union(*FLOORS)) == []


def test_no_file_takes_part_in_a_circle() -> None:
    arrows = {
        path: {target for parts in _own_imports(path) if (target := _target(parts)) not in (None, path)}
        for path in _files()
    }
    # What imports nothing that is left cannot be in a circle; what remains in the end is.
    while leaves := {path for path, to in arrows.items() if not to & arrows.keys()}:
        arrows = {path: to for path, to in arrows.items() if path not in leaves}
    assert sorted(map(_name, arrows)) == []


def test_half_of_the_functions_are_short() -> None:
    lengths = [length for path in _files("module_utils") for _name_of_it, length in _functions(path)]
    assert median(lengths) <= MEDIAN_FUNCTION


def test_all_work_is_found_under_the_name_of_its_module() -> None:
    shared = {"options", "query", "result", "enrich", "firewall_rules"}
    work = {path.stem for path in _files("module_utils/work")} - shared
    assert sorted(work - {path.stem for path in _files("modules")}) == []


def test_the_rules_see_what_they_look_for(tmp_path: Path) -> None:
    """A rule that reads nothing would hold for ever."""
    assert len(_files("module_utils")) > 30
    assert any(parts[:2] == ("module_utils", "flows") for path in _files() for parts in _own_imports(path))
    assert any(name.startswith("botocore.") for path in _files() for name in _imports(path))
    assert any(length > MEDIAN_FUNCTION for path in _files() for _name_of_it, length in _functions(path))
    sample = tmp_path / "sample.py"
    lines = ['"""Docs."""', "# why", "x = 1", "def f():", '    """One."""', "    return (", "        1", "    )"]
    sample.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert list(_functions(sample)) == [("f", 4)]
    assert len(_code_lines(sample)) == 5
