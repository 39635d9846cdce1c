# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the stages of `make test` and end with one plain line of counts, all of them taken from the tools' own output.

A stage that ran nothing has failed: several of the tools report success when they find nothing to do.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
COLLECTIONS = VENV / "collections"
CACHE = ROOT / ".cache"
TREE = CACHE / "tree"
COPY = TREE / "ansible_collections" / "flowops" / "aws"

PACKAGE = "ansible_collections.flowops.aws"
# The unit tests that ansible-test can run, under its import rules.
PLUGIN_TESTS = "tests/unit/plugins"
TYPED = ("plugins", "tests.emulator", "tests.tools", "tests.demo", "tests.benchmark")

# What a user gets. Anything else in the package is a mistake in build_ignore.
PACKAGED_FOLDERS = frozenset({"changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles"})
PACKAGED_FILES = frozenset(
    {"CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "SECURITY.md", "requirements.txt"}
)
CACHES = frozenset({"__pycache__", "node_modules", "venv"})

# So many lines of a failed stage are repeated at the end.
MOST_TOLD = 12

# ansible-test runs this script to put pip into the environments of its sanity tests. It downloads it from its own CI
# host; where that host is closed, Python's ensurepip does the same.
GET_PIP_URL = "https://ci-files.testing.ansible.com/ansible-test/get-pip-{version}.py"
GET_PIP_STAND_IN = """\
import subprocess
import sys

sys.exit(subprocess.call([sys.executable, "-m", "ensurepip", "--default-pip"]))
"""


@dataclass(frozen=True)
class Counts:
    """How many tests passed, failed (errors included) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass
class Result:
    """What a stage found: problems (none means success), a summary in words, counts of tests and all output."""

    stage: str
    summary: str = ""
    problems: list[str] = field(default_factory=list)
    counts: Counts | None = None
    output: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Runner:
    """Runs commands for one stage and gathers their output in its result."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __call__(
        self, command: Sequence[str | Path], cwd: Path = ROOT, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a command and return its exit status and its output, stderr included."""
        line = [str(word) for word in command]
        done = subprocess.run(
            line,
            cwd=cwd,
            env=environment(variables),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        self.result.output.append(f"$ {' '.join(line)}\n{done.stdout.rstrip()}")
        return done.returncode, done.stdout

    def check(self, command: Sequence[str | Path], cwd: Path = ROOT, variables: Mapping[str, str] | None = None) -> str:
        """Run a command, note a problem when it fails and return its output."""
        status, output = self(command, cwd, variables)
        if status:
            self.result.problems.append(f"{Path(command[0]).name} ended with status {status}")
        return output


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of the tools: .venv first on PATH, our collections, no colours."""
    result = dict(os.environ)
    # What the caller's shell says about Python and Ansible must not decide over a test.
    for name in [n for n in result if n.startswith("ANSIBLE_") or n in ("PYTHONPATH", "PYTHONHOME", "MYPYPATH")]:
        del result[name]
    result.update(
        PATH=f"{VENV / 'bin'}{os.pathsep}{result.get('PATH', os.defpath)}",
        VIRTUAL_ENV=str(VENV),
        ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
        ANSIBLE_NOCOLOR="1",
        NO_COLOR="1",
        PY_COLORS="0",
    )
    result.setdefault("LC_ALL", "C.UTF-8")
    result.update(variables or {})
    return result


def tool(name: str) -> Path:
    """Return the path of a tool in the developer environment."""
    return VENV / "bin" / name


def project_files() -> list[str]:
    """Return the files of the project, tracked and new but not ignored, relative to its root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    return sorted(name for name in set(listing.split("\0")) if name and (ROOT / name).is_file())


def make_copy(names: Iterable[str], root: Path = ROOT, tree: Path = TREE) -> None:
    """Bring the copy of the collection up to date, amazon.aws and awx.awx beside it.

    ansible-test wants a real folder of this name, in a repository of its own: below an ignored folder of another
    repository it would find no files, test nothing and report success.
    """
    copy = tree / "ansible_collections" / "flowops" / "aws"
    copy.mkdir(parents=True, exist_ok=True)
    wanted = set(names)
    for path in sorted(copy.rglob("*"), reverse=True):
        relative = path.relative_to(copy)
        if relative.parts[0] == ".git":
            continue
        if path.is_dir() and not path.is_symlink():
            # A tool that still runs may put a file of its caches back at any moment; the folder then stays.
            with suppress(OSError):
                path.rmdir()
        elif relative.as_posix() not in wanted:
            path.unlink(missing_ok=True)
    for name in wanted:
        source, target = root / name, copy / name
        seen = source.stat()
        if target.exists():
            there = target.stat()
            same = (there.st_mtime_ns, there.st_size, there.st_mode) == (seen.st_mtime_ns, seen.st_size, seen.st_mode)
            if same:
                continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    if not (copy / ".git").exists():
        subprocess.run(["git", "init", "--quiet", str(copy)], check=True, capture_output=True)
    link_amazon_aws(tree)
    # Without it ansible-lint could not hold playbooks/awx.yml against the modules' options.
    link_collection(tree, "awx", "awx")


def link_amazon_aws(tree: Path) -> None:
    """Put a link to the installed amazon.aws into a tree of collections; a right one stays."""
    link_collection(tree, "amazon", "aws")


def link_collection(tree: Path, namespace: str, name: str) -> None:
    """Put a link to an installed collection into a tree of collections; a right one stays."""
    link = tree / "ansible_collections" / namespace / name
    if link.exists():
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(COLLECTIONS / "ansible_collections" / namespace / name, target_is_directory=True)


def junit_counts(reports: Iterable[Path]) -> Counts:
    """Return the counts over JUnit XML files; errors count as failures, a missing file counts nothing."""
    total = Counts()
    for report in reports:
        if not report.is_file():
            continue
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            total += Counts(tests - skipped - failed, failed, skipped)
    return total


def sanity_counts(output: str) -> tuple[list[str], list[str]]:
    """Return the names of the sanity tests that ran and of those that were left out, from ansible-test's output."""
    ran = re.findall(r'^Running sanity test "([^"]+)"', output, flags=re.MULTILINE)
    left_out = re.findall(r'Skipping sanity test "([^"]+)"', output)
    return list(dict.fromkeys(ran)), list(dict.fromkeys(left_out))


def strays(packed: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return what should not be in the package: other than the known project files a user needs."""
    made = {"FILES.json", "MANIFEST.json"}
    files = set(known) | made
    found = []
    for name in packed:
        parts = PurePosixPath(name).parts
        hidden = any(part.startswith(".") or part in CACHES for part in parts)
        expected = parts[0] in PACKAGED_FOLDERS if len(parts) > 1 else name in PACKAGED_FILES
        if hidden or not expected or name not in files:
            found.append(name)
    return sorted(found)


def lint(run: Runner) -> None:
    """Run every linter over the copy, so that nobody's stray files count."""
    names = project_files()
    run.check([tool("ruff"), "check", "--no-cache", "."], COPY)
    run.check([tool("ruff"), "format", "--no-cache", "--check", "."], COPY)
    run.check([tool("yamllint"), "--strict", "."], COPY)
    tree = {
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_HOME": str(CACHE / "ansible"),
        # antsibull-docs copies what git knows: without a ceiling, amazon.aws is an ignored folder of this repository.
        "GIT_CEILING_DIRECTORIES": str(ROOT),
    }
    output = run.check([tool("ansible-lint"), "--offline", "--strict", "--nocolor"], COPY, tree)
    match = re.search(r"(?:in|on) (\d+) files?", output)
    if not match or not int(match[1]):
        run.result.problems.append("ansible-lint looked at no file")
    run.check([tool("antsibull-docs"), "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."], COPY, tree)
    run.check([tool("antsibull-changelog"), "lint"], COPY, tree)
    run.result.summary = f"clean, {len(names)} files"


def types(run: Runner) -> None:
    """Run mypy over our packages under the names they are imported by."""
    arguments: list[str] = []
    for name in TYPED:
        if any(COPY.joinpath(*name.split(".")).rglob("*.py")):
            arguments += ["-p", f"{PACKAGE}.{name}"]
    if not arguments:
        run.result.problems.append("mypy found nothing to check")
        return
    settings = [f"--config-file={COPY / 'pyproject.toml'}", f"--cache-dir={CACHE / 'mypy'}", "--no-color-output"]
    output = run.check([tool("mypy"), *settings, *arguments], COPY, {"MYPYPATH": str(TREE)})
    match = re.search(r"no issues found in (\d+) source files?", output)
    if match and int(match[1]):
        run.result.summary = f"clean, {match[1]} files"
    elif not run.result.problems:
        run.result.problems.append("mypy checked no file")


def pytest(run: Runner, folder: str, *options: str) -> None:
    """Run pytest over a folder; a run without tests and a skipped test are failures."""
    report = CACHE / "reports" / f"{Path(folder).name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    # A file of the integration tests is one emulator and a few plays, whose results its tests share: files can run side
    # by side. The unit tests share one emulator, and moto has one state for all of a process.
    spread = ["-n", "2", "--dist", "loadfile"] if folder == "tests/integration" else []
    command: list[str | Path] = [
        tool("python"),
        "-m",
        "pytest",
        "-q",
        *spread,
        *options,
        "--durations=5",
        f"--junit-xml={report}",
        folder,
    ]
    run.check(command)
    counts = junit_counts([report])
    run.result.counts = counts
    run.result.summary = str(counts)
    judge(run.result, counts, folder)


def judge(result: Result, counts: Counts, where: str) -> None:
    """Note a problem for counts that must not pass: nothing ran, something failed, something was skipped."""
    if not counts.passed and not counts.failed:
        result.problems.append(f"no test ran in {where}")
    if counts.failed:
        result.problems.append(f"{counts.failed} tests failed in {where}")
    if counts.skipped:
        result.problems.append(f"{counts.skipped} tests were skipped in {where}: a skipped test proves nothing")


def unit(run: Runner) -> None:
    """Run the unit tests."""
    pytest(run, "tests/unit")


def unit_beside_sanity(run: Runner) -> None:
    """Run the unit tests that the stage sanity does not run too."""
    pytest(run, "tests/unit", f"--ignore={PLUGIN_TESTS}")


def integration(run: Runner) -> None:
    """Run the integration tests: real playbooks against the emulator."""
    pytest(run, "tests/integration")


def place_get_pip(run: Runner) -> None:
    """Put the stand-in for get-pip.py where ansible-test keeps its download, only if its host does not answer."""
    source = next(VENV.glob("lib/python3*/site-packages/ansible_test/_internal/python_requirements.py"), None)
    match = re.search(r"\bpip='([0-9.]+)'", source.read_text(encoding="utf-8")) if source else None
    version = match[1] if match else None
    if version is None:
        return
    cached = Path.home() / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
    if cached.exists():
        return
    try:
        request = urllib.request.Request(GET_PIP_URL.format(version=version), method="HEAD")
        with urllib.request.urlopen(request, timeout=5):
            return
    except (urllib.error.URLError, OSError):
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_text(GET_PIP_STAND_IN, encoding="utf-8")
        run.result.output.append(f"ansible-test's host does not answer: {cached} calls ensurepip instead")


def sanity(run: Runner) -> None:
    """Run ansible-test's sanity tests and, under its own import rules, the unit tests of the plugins."""
    place_get_pip(run)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    common = ["--local", "--python", version, "--color", "no"]
    output = run.check([tool("ansible-test"), "sanity", *common], COPY)
    ran, left_out = sanity_counts(output)
    if not ran:
        run.result.problems.append("ansible-test ran no sanity test")
    run.result.summary = f"{len(ran)} tests"
    if left_out:
        run.result.output.append(f"left out by ansible-test: {', '.join(left_out)}")

    reports = COPY / "tests" / "output" / "junit"
    shutil.rmtree(reports, ignore_errors=True)
    run.check([tool("ansible-test"), "units", *common, f"{PLUGIN_TESTS}/"], COPY)
    counts = junit_counts(sorted(reports.glob("*.xml")))
    run.result.counts = counts
    judge(run.result, counts, "ansible-test units")
    run.result.summary += f" and {counts.passed} unit tests under ansible-test"


def build(run: Runner) -> None:
    """Build the package in the checkout as it is, check every name in it and run galaxy-importer."""
    known = project_files()
    with tempfile.TemporaryDirectory(prefix="flowops-aws-build-") as folder:
        target = Path(folder)
        run.check([tool("ansible-galaxy"), "collection", "build", "--output-path", target, ROOT], target)
        archive = next(target.glob("flowops-aws-*.tar.gz"), None)
        if archive is None:
            run.result.problems.append("no package was built")
            return
        with tarfile.open(archive) as package:
            packed = [member.name for member in package.getmembers() if member.isfile()]
        run.result.problems += [f"the package holds {name}" for name in strays(packed, known)]
        for name in ("LICENSE", "README.md", "meta/runtime.yml"):
            if name not in packed:
                run.result.problems.append(f"the package lacks {name}")
        import_package(run, archive)
    run.result.summary = f"{len(packed)} files"


def import_package(run: Runner, archive: Path) -> None:
    """Run galaxy-importer on a built package; its warnings and errors are problems."""
    settings = archive.parent / "galaxy-importer.cfg"
    settings.write_text(
        # Lint runs as a stage of its own, with the tree that its rules need.
        "[galaxy-importer]\nCHECK_REQUIRED_TAGS=True\nRUN_ANSIBLE_LINT=False\n",
        encoding="utf-8",
    )
    # The importer shows ansible-doc the package alone; the doc fragments of amazon.aws reach it over sys.path.
    beside = archive.parent / "beside"
    link_amazon_aws(beside)
    output = run.check(
        [tool("python"), "-m", "galaxy_importer.main", archive],
        archive.parent,
        {"GALAXY_IMPORTER_CONFIG": str(settings), "PYTHONPATH": str(beside)},
    )
    if "Importer processing completed successfully" not in output:
        run.result.problems.append("galaxy-importer refused the package")
    for line in re.findall(r"^(?:WARNING|ERROR): (.+)$", output, flags=re.MULTILINE):
        run.result.problems.append(f"galaxy-importer: {line}")


STAGES: dict[str, Callable[[Runner], None]] = {
    # The longest first, so that two of them fill two cores.
    "integration": integration,
    "sanity": sanity,
    "unit": unit,
    "lint": lint,
    "types": types,
    "build": build,
}


def run_stage(stage: str, work: Callable[[Runner], None]) -> Result:
    """Run one stage; what goes wrong in the stage itself is a problem of that stage."""
    result = Result(stage)
    start = time.monotonic()
    try:
        work(Runner(result))
    except (OSError, subprocess.SubprocessError, ElementTree.ParseError, tarfile.TarError) as error:
        result.problems.append(f"{type(error).__name__}: {error}")
    result.seconds = time.monotonic() - start
    return result


def closing_line(results: Sequence[Result]) -> str:
    """Return the one line that sums up a run."""
    by_stage = {result.stage: result for result in results}
    parts = []
    tests = [result.counts for result in results if result.counts is not None]
    if tests:
        parts.append(f"tests: {sum(tests, Counts())}")
    for stage in ("sanity", "lint", "types", "build"):
        result = by_stage.get(stage)
        if result is not None:
            parts.append(f"{stage}: {'FAILED' if result.problems else result.summary}")
    failed = [result.stage for result in results if result.problems]
    if failed:
        parts.append(f"failed: {', '.join(failed)}")
    return "; ".join(parts)


def told_by_tools(results: Iterable[Result]) -> list[str]:
    """Return the lines in which the tools of failed stages name what failed, the first few of each stage.

    Whoever sees only the end of a run, as in the log of a CI, sees them too.
    """
    told = []
    for result in results:
        if result.problems:
            found = re.findall(r"^(?:FAILED|ERROR)\b.+$", "\n".join(result.output), flags=re.MULTILINE)
            told += [f"{result.stage}: {line[:300]}" for line in dict.fromkeys([*result.problems, *found])][:MOST_TOLD]
    return told


def report(result: Result) -> None:
    """Print a line for a finished stage and, when it failed, all that its tools said."""
    if result.problems:
        print(f"---- {result.stage}: output", *result.output, f"---- {result.stage}: end of output", sep="\n")
    words = "FAILED" if result.problems else result.summary
    print(f"{result.stage:<12} {result.seconds:6.1f} s  {words}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 only if every stage ran and found nothing."""
    parser = argparse.ArgumentParser(description="Run the stages of the test suite.")
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"one of {', '.join(STAGES)}; all without any")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="stages at the same time")
    options = parser.parse_args(arguments)
    unknown = [stage for stage in options.stages if stage not in STAGES]
    if unknown:
        parser.error(f"unknown stage {unknown[0]!r}; known are {', '.join(STAGES)}")
    stages = [stage for stage in STAGES if not options.stages or stage in options.stages]
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "tree.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_copy(project_files())
    # ansible-test runs the tests of the plugins each in a process of its own; once is enough.
    works = {**STAGES, "unit": unit_beside_sanity} if "sanity" in stages else STAGES
    results = []
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for future in as_completed([pool.submit(run_stage, stage, works[stage]) for stage in stages]):
            results.append(future.result())
            report(results[-1])
    print(*told_by_tools(results), closing_line(results), sep="\n")
    return 1 if any(result.problems for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
