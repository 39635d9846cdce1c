# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.flowops.aws.tests.tools.collection_tree import make_copy
from ansible_collections.flowops.aws.tests.tools.run_tests import MOST_TOLD, closing_line, told_by_tools
from ansible_collections.flowops.aws.tests.tools.running import Counts, Result, Runner, judge, junit_counts, run_stage
from ansible_collections.flowops.aws.tests.tools.stages import sanity_counts, strays


def test_junit_counts_add_up_errors_are_failures_and_a_missing_report_counts_nothing(tmp_path: Path) -> None:
    first = tmp_path / "first.xml"
    first.write_text(
        '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="1"/>'
        '<testsuite tests="3" failures="0" errors="0" skipped="0"/></testsuites>',
        encoding="utf-8",
    )
    assert junit_counts([first, tmp_path / "none.xml"]) == Counts(passed=8, failed=3, skipped=1)


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        (Counts(), "no test ran in tests/unit"),
        (Counts(skipped=4), "no test ran in tests/unit"),
        (Counts(passed=5, failed=1), "1 tests failed in tests/unit"),
        (Counts(passed=5, skipped=2), "2 tests were skipped in tests/unit: a skipped test proves nothing"),
    ],
)
def test_counts_that_must_not_pass_are_problems(counts: Counts, problem: str) -> None:
    result = Result("unit")
    judge(result, counts, "tests/unit")
    assert problem in result.problems


def test_counts_of_a_good_run_are_no_problem() -> None:
    result = Result("unit")
    judge(result, Counts(passed=1), "tests/unit")
    assert result.problems == []


def test_sanity_tests_are_counted_once_and_only_when_they_ran() -> None:
    output = (
        'Running sanity test "pep8"\n'
        'Running sanity test "import" on Python 3.11\n'
        'Running sanity test "import" on Python 3.12\n'
        'WARNING: Skipping sanity test "pslint" because it is disabled\n'
        'Creating sanity test "pylint" environment\n'
    )
    assert sanity_counts(output) == (["pep8", "import"], ["pslint"])


def test_sanity_that_skips_all_targets_ran_nothing() -> None:
    assert sanity_counts("WARNING: All targets skipped.\n") == ([], [])


def test_the_package_may_hold_known_files_of_the_product_only() -> None:
    good = ["README.md", "plugins/modules/a.py", "roles/flow_audit/meta/argument_specs.yml"]
    bad = [
        ".venv/bin/python",
        "Makefile",
        "plugins/modules/.hidden",
        "plugins/modules/__pycache__/a.cpython-311.pyc",
        "plugins/modules/left_behind.py",
        "tests/emulator/data.jsonl",
    ]
    known = [*good, *(name for name in bad if "left_behind" not in name)]
    assert strays([*good, *bad, "MANIFEST.json", "FILES.json"], known) == bad


def test_the_closing_line_sums_tests_and_names_what_failed() -> None:
    results = [
        Result("integration", counts=Counts(passed=2, failed=1), problems=["1 tests failed"]),
        Result("unit", counts=Counts(passed=810)),
        Result("sanity", summary="43 tests"),
        Result("types", summary="clean, 60 files"),
        Result("lint", summary="clean, 70 files", problems=["ruff ended with status 1"]),
    ]
    assert closing_line(results) == (
        "tests: 812 passed, 1 failed, 0 skipped; sanity: 43 tests; lint: FAILED; types: clean, 60 files; "
        "failed: integration, lint"
    )


def test_the_end_of_a_run_repeats_what_the_tools_of_failed_stages_named() -> None:
    said = "collecting\nFAILED tests/unit/test_a.py::test_b - 1 == 2\nERROR: plugins/a.py:1:1: wrong\nERRORS of old"
    results = [
        Result("lint", summary="clean", output=["FAILED to be noted, for the stage passed"]),
        Result("sanity", problems=["ansible-test ended with status 1"], output=["one", said, said]),
        Result("unit", problems=[f"problem {at}" for at in range(100)]),
    ]
    told = told_by_tools(results)
    assert told[:3] == [
        "sanity: ansible-test ended with status 1",
        "sanity: FAILED tests/unit/test_a.py::test_b - 1 == 2",
        "sanity: ERROR: plugins/a.py:1:1: wrong",
    ]
    assert told[3:] == [f"unit: problem {at}" for at in range(MOST_TOLD)]


def test_a_stage_that_breaks_down_has_failed() -> None:
    def work(run: Runner) -> None:
        run(["/nonexistent/tool"])

    result = run_stage("lint", work)
    assert len(result.problems) == 1
    assert "/nonexistent/tool" in result.problems[0]


def test_a_command_that_fails_is_a_problem_and_its_output_is_kept() -> None:
    result = Result("lint")
    output = Runner(result).check(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
    assert output == "out\nerr\n"
    assert result.problems == ["sh ended with status 3"]
    assert result.output[0].endswith("out\nerr")


def test_the_copy_follows_the_project_and_is_a_repository_of_its_own(tmp_path: Path) -> None:
    root, tree = tmp_path / "root", tmp_path / "tree"
    copy = tree / "ansible_collections" / "flowops" / "aws"
    (root / "plugins" / "modules").mkdir(parents=True)
    (root / "galaxy.yml").write_text("one", encoding="utf-8")
    (root / "plugins" / "modules" / "old.py").write_text("old", encoding="utf-8")
    make_copy(["galaxy.yml", "plugins/modules/old.py"], root, tree)
    (root / "galaxy.yml").write_text("three", encoding="utf-8")
    (root / "new.py").write_text("new", encoding="utf-8")
    make_copy(["galaxy.yml", "new.py"], root, tree)
    files = {p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file() and ".git" not in p.parts}
    assert files == {"galaxy.yml", "new.py"}
    assert (copy / "galaxy.yml").read_text(encoding="utf-8") == "three"
    assert (copy / ".git").is_dir()
    assert not (copy / "plugins" / "modules" / "old.py").exists()
