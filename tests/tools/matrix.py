# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Try the collection with every supported ansible-core and amazon.aws, and end with a table and one plain line.

A row is the unit tests of the plugins, the demo (audit, remediate, verify on the emulator) and ansible-doc over
everything. A row that could not be tried, for lack of a Python or of a collection, has failed.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

if not __package__:
    # make runs this file as a script.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".venv" / "collections"))

from ansible_collections.flowops.aws.tests.tools import collection_tree, running, setup_env

ROOT = Path(__file__).resolve().parents[2]
MATRIX = ROOT / ".cache" / "matrix"

# ansible-core to the Pythons that its controller side runs on, the one to try it with first.
CORES = {
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.13", "3.12", "3.11"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}
# amazon.aws to the release of the PyPI package "ansible" that carries it: the oldest 10 there is, and the newest 11.
COLLECTIONS = {"10.1.2": "12.3.0", setup_env.AMAZON_AWS: setup_env.ANSIBLE_PACKAGE}
# Of the requirements only what the rows run; linters have stages of their own.
TOOLS = (
    *("boto3", "flask", "flask-cors", "hypothesis", "idstools", "jmespath", "jq", "moto", "py-ocsf-models", "pytest"),
    "suricataparser",
)
UNIT_TESTS = ("tests/unit/plugins", "tests/unit/extensions")
# The folders of plugins that ansible-doc has no documentation of: what a task calls is documented as a module.
UNDOCUMENTED = frozenset({"action", "doc_fragments", "module_utils", "plugin_utils"})


class MatrixError(Exception):
    """A row cannot be tried; the message says why."""


@dataclass
class Row:
    """One combination and what came of it: a word for each check and the output of those that failed."""

    core: str
    collection: str
    python: str = ""
    checks: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Return the row's name, as it is printed."""
        return f"ansible-core {self.core} with amazon.aws {self.collection}"


def find_python(versions: Sequence[str]) -> tuple[str, Path]:
    """Return the first of the versions there is, and its interpreter; raises MatrixError naming all of them."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in versions:
        on_path = shutil.which(f"python{version}")
        kept = sorted(root.glob(f"{version}.*/bin/python{version}"))
        code = f"import sys; sys.exit('.'.join(map(str, sys.version_info[:2])) != '{version}')"
        for candidate in [*([Path(on_path)] if on_path else []), *reversed(kept)]:
            # Asked, not believed: a version manager's shim is on PATH even where its Python is not.
            if setup_env.runs(candidate, f"import ensurepip; {code}"):
                return version, candidate
    raise MatrixError(f"no Python {' or '.join(versions)} on this machine")


def requirements(core: str, texts: Iterable[str]) -> list[str]:
    """Return what a row's environment needs, with the versions that the developer environment has."""
    wanted = []
    for line in "\n".join(texts).splitlines():
        name = re.match(r"[A-Za-z0-9_.-]+", line)
        if name and name[0] in TOOLS:
            wanted.append(line)
    return [f"ansible-core~={core}.0", *sorted(set(wanted))]


def make_environment(core: str, python: Path) -> Path:
    """Return the interpreter of a virtual environment with that ansible-core, made anew when its needs changed."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in setup_env.STAGES.values()]
    needs = requirements(core, texts)
    venv = MATRIX / f"core-{core}"
    stamp = venv / ".ready"
    fingerprint = hashlib.sha256("\n".join([str(python), *needs]).encode()).hexdigest()
    own = venv / "bin" / "python"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint and setup_env.runs(own):
        return own
    shutil.rmtree(venv, ignore_errors=True)
    try:
        setup_env.say(f"making {venv.relative_to(ROOT)} with {python}")
        setup_env.run([str(python), "-m", "venv", str(venv)], "Python's venv module is needed")
        setup_env.run([str(own), "-m", "pip", "install", "--quiet", *needs])
    except setup_env.SetupError as error:
        raise MatrixError(str(error)) from error
    stamp.write_text(fingerprint, encoding="utf-8")
    return own


def place_amazon_aws(version: str) -> Path:
    """Return a tree of collections that holds that amazon.aws; raises MatrixError when it cannot be had."""
    tree = MATRIX / f"amazon.aws-{version}"
    target = tree / "ansible_collections" / "amazon" / "aws"
    if setup_env.collection_version(target) == version:
        return tree
    target.parent.mkdir(parents=True, exist_ok=True)
    if version == setup_env.AMAZON_AWS:
        # The developer environment has it already, unless it is older than the version that is asked for.
        collection_tree.link_amazon_aws(tree)
        found_version = setup_env.collection_version(target)
        if found_version != version:
            raise MatrixError(f"{target} holds amazon.aws {found_version}, not {version}; make clean, then make .venv")
        return tree
    package = COLLECTIONS[version]
    setup_env.say(f"taking amazon.aws {version} out of the PyPI package ansible {package}")
    with tempfile.TemporaryDirectory(prefix="amazon-aws-", dir=MATRIX) as folder:
        # The wheel is only unpacked, never imported, so its own demands on the Python version do not matter.
        command = [str(running.tool("python")), "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary"]
        try:
            setup_env.run([*command, ":all:", "--python-version", "3.12", "--dest", folder, f"ansible=={package}"])
        except setup_env.SetupError as error:
            raise MatrixError(str(error)) from error
        with zipfile.ZipFile(next(Path(folder).glob("ansible-*.whl"))) as archive:
            names = [name for name in archive.namelist() if name.startswith("ansible_collections/amazon/aws/")]
            archive.extractall(folder, names)
        found = Path(folder) / "ansible_collections" / "amazon" / "aws"
        if setup_env.collection_version(found) != version:
            raise MatrixError(f"the package ansible {package} does not hold amazon.aws {version}")
        shutil.rmtree(target, ignore_errors=True)
        found.rename(target)
    return tree


def make_tree(version: str) -> Path:
    """Return a copy of the collection beside that amazon.aws, in which tests and demo find their own collections."""
    tree = place_amazon_aws(version)
    collection_tree.make_copy(collection_tree.project_files(), ROOT, tree)
    copy = tree / "ansible_collections" / "flowops" / "aws"
    link = copy / ".venv" / "collections"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(tree, target_is_directory=True)
    return copy


def unit(run: running.Runner, python: Path, copy: Path) -> str:
    """Run the unit tests of what is installed and return their counts."""
    report = copy / "tests" / "output" / "matrix.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    missing = [name for name in UNIT_TESTS if not (copy / name).is_dir()]
    if missing:
        run.result.problems.append(f"{' and '.join(missing)} are missing")
        return "none"
    command: list[str | Path] = [
        python,
        "-m",
        "pytest",
        "-q",
        "-o",
        f"cache_dir={MATRIX / 'pytest'}",
        f"--junit-xml={report}",
        *UNIT_TESTS,
    ]
    run.check(command, copy, variables(python, copy))
    counts = running.junit_counts([report])
    running.judge(run.result, counts, "the unit tests")
    return f"{counts.passed} passed"


def demo(run: running.Runner, python: Path, copy: Path) -> str:
    """Run the demo's playbooks on the emulator and return how many hosts of how many playbooks came through."""
    with tempfile.TemporaryDirectory(prefix="flowops-matrix-") as folder:
        command: list[str | Path] = [python, copy / "tests" / "demo" / "demo.py", "--reports", Path(folder) / "reports"]
        run.check(command, copy, variables(python, copy))
        log = Path(folder) / "reports" / "demo.log"
        output = log.read_text(encoding="utf-8") if log.is_file() else ""
    recaps = re.findall(r"^\S+\s+: ok=\d+ .*?unreachable=(\d+)\s+failed=(\d+)", output, flags=re.MULTILINE)
    bad = sum(1 for unreachable, failed in recaps if int(unreachable) or int(failed))
    if not recaps or bad:
        run.result.problems.append(f"the demo: {len(recaps)} hosts were played, {bad} of them failed")
    return f"{len(recaps)} plays"


def names_in(path: Path) -> set[str]:
    """Return the names of what a file has: of filters and tests the keys that its methods of these names return."""
    if path.suffix == ".py" and path.parent.name in ("filter", "test"):
        methods = ("filters", "tests")
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        inside = [node for method in tree if getattr(method, "name", "") in methods for node in ast.walk(method)]
        keys = [key for node in inside if isinstance(node, ast.Dict) for key in node.keys]
        return {str(key.value) for key in keys if isinstance(key, ast.Constant)}
    return {path.stem}


def documented(copy: Path) -> dict[str, set[str]]:
    """Return the names of all plugins, modules and roles of a copy, by the kinds that ansible-doc knows."""
    found: dict[str, set[str]] = {"role": {path.name for path in (copy / "roles").glob("*") if path.is_dir()}}
    for folder in (copy / "plugins").glob("*"):
        if folder.is_dir() and folder.name not in UNDOCUMENTED:
            kind = "module" if folder.name == "modules" else folder.name
            files = [path for path in folder.iterdir() if path.suffix in (".py", ".yml") and path.stem != "__init__"]
            found[kind] = {name for path in files for name in names_in(path)}
    return {kind: {f"flowops.aws.{name}" for name in names} for kind, names in found.items()}


def docs(run: running.Runner, python: Path, copy: Path) -> str:
    """Have ansible-doc read the documentation of everything and return of how many plugins and roles."""
    binary = python.with_name("ansible-doc")
    with tempfile.TemporaryDirectory(prefix="flowops-matrix-") as folder:
        # Warnings go to stderr, which the runner mixes in: the JSON is looked for, not taken as it is.
        output = run.check([binary, "--metadata-dump", "flowops.aws"], Path(folder), variables(python, copy))
    try:
        everything = json.loads(output[output.index("{") :])["all"]
    except (ValueError, KeyError):
        run.result.problems.append("ansible-doc gave no documentation")
        return "none"
    names = [name for plugins in everything.values() for name in plugins if name.startswith("flowops.aws.")]
    wanted = documented(copy)
    missing = [
        f"the {kind} {name}" for kind in sorted(wanted) for name in sorted(wanted[kind] - set(everything.get(kind, ())))
    ]
    if missing or not wanted.get("module"):
        run.result.problems.append(f"ansible-doc does not know {', '.join(missing) or 'any module'}")
    return f"{len(names)} documented"


CHECKS: dict[str, Callable[[running.Runner, Path, Path], str]] = {"unit": unit, "demo": demo, "docs": docs}


def variables(python: Path, copy: Path) -> dict[str, str]:
    """Return what a row's commands have in their environment: its own tools first, its own collections."""
    return {
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(python.parent.parent),
        "ANSIBLE_COLLECTIONS_PATH": str(copy.parents[2]),
        "ANSIBLE_HOME": str(MATRIX / "ansible"),
    }


def try_row(row: Row, checks: Sequence[str]) -> None:
    """Run these checks of a row and note in it what came of them."""
    start = time.monotonic()
    try:
        row.python, interpreter = find_python(CORES[row.core])
        python = make_environment(row.core, interpreter)
        copy = make_tree(row.collection)
        for name in checks:
            result = running.Result(name)
            row.checks[name] = CHECKS[name](running.Runner(result), python, copy)
            if result.problems:
                row.checks[name] = "FAILED"
                row.problems += result.problems
                row.output += result.output
    except (MatrixError, OSError) as error:
        row.problems.append(str(error))
    row.seconds = time.monotonic() - start


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the closing table."""
    lines = [("ansible-core", "amazon.aws", "Python", *CHECKS, "seconds")]
    for row in rows:
        words = [row.checks.get(name, "not run") for name in CHECKS]
        lines.append((row.core, row.collection, row.python or "none", *words, f"{row.seconds:.0f}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def closing_line(rows: Sequence[Row]) -> str:
    """Return the one line that sums up the matrix."""
    failed = [row for row in rows if row.problems]
    line = f"matrix: {len(rows) - len(failed)} of {len(rows)} combinations passed"
    return line + "".join(f"; {row.name}: {row.problems[0]}" for row in failed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 only if every row was tried and passed."""
    parser = argparse.ArgumentParser(description="Try the collection with every supported ansible-core and amazon.aws.")
    parser.add_argument(
        "--core", choices=sorted(CORES), action="append", help="only this ansible-core; may be repeated"
    )
    parser.add_argument("--collection", choices=sorted(COLLECTIONS), action="append", help="only this amazon.aws")
    parser.add_argument("--check", choices=list(CHECKS), action="append", help="only this check; may be repeated")
    options = parser.parse_args(arguments)
    MATRIX.mkdir(parents=True, exist_ok=True)
    rows = [Row(core, collection) for core in options.core or CORES for collection in options.collection or COLLECTIONS]
    for row in rows:
        try_row(row, options.check or list(CHECKS))
        if row.problems:
            print(f"---- {row.name}: output", *row.output, *row.problems, f"---- {row.name}: end of output", sep="\n")
        print(f"{row.name}: {'FAILED' if row.problems else 'passed'}, {row.seconds:.0f} s", flush=True)
    print("", *table(rows), "", closing_line(rows), sep="\n")
    return 1 if any(row.problems for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
