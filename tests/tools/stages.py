# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of `make test` and those beside it; a stage that ran nothing has failed."""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from ansible_collections.flowops.aws.tests.tools.collection_tree import COPY, TREE, link_amazon_aws, project_files
from ansible_collections.flowops.aws.tests.tools.running import CACHE, ROOT, VENV, Runner, judge, junit_counts, tool

PACKAGE = "ansible_collections.flowops.aws"
# The unit tests that ansible-test can run, under its import rules.
PLUGIN_TESTS = "tests/unit/plugins/"
# Of those, folders without an emulator, which each test would have to start anew.
SMOKE_TESTS = ("tests/unit/plugins/filter/", "tests/unit/plugins/module_utils/flows/")
# A file of the integration tests is one emulator and a few plays, whose results its tests share: files can run side by
# side. One more than there mostly are processors, since plays wait for operations that take their time.
SPREAD = ("-n", "3", "--dist", "loadfile")
TYPED = ("plugins", "tests.emulator", "tests.tools", "tests.demo", "tests.benchmark", "tests.suricata")

# What a user gets. Anything else in the package is a mistake in build_ignore.
PACKAGED_FOLDERS = frozenset({"changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles"})
PACKAGED_FILES = frozenset(
    {"CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "SECURITY.md", "requirements.txt"}
)
CACHES = frozenset({"__pycache__", "node_modules", "venv"})

# ansible-test runs this script to put pip into the environments of its sanity tests. It downloads it from its own CI
# host; where that host is closed, Python's ensurepip does the same.
GET_PIP_URL = "https://ci-files.testing.ansible.com/ansible-test/get-pip-{version}.py"
GET_PIP_STAND_IN = """\
import subprocess
import sys

sys.exit(subprocess.call([sys.executable, "-m", "ensurepip", "--default-pip"]))
"""


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


def pytest(run: Runner, folder: str, *options: str, variables: Mapping[str, str] | None = None) -> None:
    """Run pytest over a folder; a run without tests and a skipped test are failures."""
    report = CACHE / "reports" / f"{run.result.stage}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command: list[str | Path] = [tool("python"), "-m", "pytest", "-q", *options, "--durations=5"]
    run.check([*command, f"--junit-xml={report}", folder], variables=variables)
    counts = junit_counts([report])
    run.result.counts = counts
    run.result.summary = str(counts)
    judge(run.result, counts, folder)


def unit(run: Runner) -> None:
    """Run the unit tests, in one process: they share one emulator, and moto has one state for all of a process."""
    pytest(run, "tests/unit")


def test_long(run: Runner) -> None:
    """Run the unit tests of chance with many more cases."""
    pytest(run, "tests/unit", "-m", "long", *SPREAD, variables={"FLOWOPS_LONG": "1"})


def integration(run: Runner) -> None:
    """Run the integration tests: real playbooks against the emulator."""
    pytest(run, "tests/integration", *SPREAD)


def ansible_test(run: Runner, command: str, *targets: str) -> str:
    """Run a command of ansible-test in the copy and return its output."""
    place_get_pip(run)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return run.check([tool("ansible-test"), command, "--local", "--python", version, "--color", "no", *targets], COPY)


def sanity(run: Runner) -> None:
    """Run ansible-test's sanity tests."""
    ran, left_out = sanity_counts(ansible_test(run, "sanity"))
    if not ran:
        run.result.problems.append("ansible-test ran no sanity test")
    run.result.summary = f"{len(ran)} tests"
    if left_out:
        run.result.output.append(f"left out by ansible-test: {', '.join(left_out)}")


def ansible_units(run: Runner, *targets: str) -> None:
    """Run the unit tests of the plugins under ansible-test's import rules, each in a process of its own."""
    reports = COPY / "tests" / "output" / "junit"
    shutil.rmtree(reports, ignore_errors=True)
    ansible_test(run, "units", *(targets or (PLUGIN_TESTS,)))
    counts = junit_counts(sorted(reports.glob("*.xml")))
    run.result.counts = counts
    run.result.summary = str(counts)
    judge(run.result, counts, "ansible-test units")


def smoke(run: Runner) -> None:
    """Run the part of the unit tests that ansible-test gets through quickly."""
    ansible_units(run, *SMOKE_TESTS)


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


def sanity_counts(output: str) -> tuple[list[str], list[str]]:
    """Return the names of the sanity tests that ran and of those that were left out, from ansible-test's output."""
    ran = re.findall(r'^Running sanity test "([^"]+)"', output, flags=re.MULTILINE)
    left_out = re.findall(r'Skipping sanity test "([^"]+)"', output)
    return list(dict.fromkeys(ran)), list(dict.fromkeys(left_out))


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


Stage = Callable[[Runner], None]

# The longest first, so that two of them fill two cores.
STAGES: dict[str, Stage] = {
    "integration": integration,
    "unit": unit,
    "sanity": sanity,
    "lint": lint,
    "types": types,
    "build": build,
}
# What `make test` leaves to `make release`, and to .ci/run a part of it: names as the command line knows them.
BESIDE: dict[str, Stage] = {"test-long": test_long, "ansible-units": ansible_units, "smoke": smoke}
