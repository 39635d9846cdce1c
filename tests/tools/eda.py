# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the rulebook in a real ansible-rulebook, in an environment of its own, and end with one plain line.

It is no part of `make test`, because ansible-rulebook needs Java 17, which pip cannot install. Without Java this fails
and says so: a test that was left out proves nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

if not __package__:
    # make runs this file as a script.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".venv" / "collections"))

from ansible_collections.flowops.aws.tests.tools import running, setup_env

EDA = running.CACHE / "eda"
JAVA_MINIMUM = 17
# ansible-rulebook runs ansible-galaxy to find collections; aiobotocore is what the event source of amazon.aws imports.
REQUIREMENTS = ("ansible-rulebook==1.3.2", "aiobotocore~=3.10", "ansible-core~=2.19.0")


def java_version(output: str) -> int | None:
    """Return the major version in what `java -version` says, or None; before 9 they were written 1.8."""
    match = re.search(r'version "(?:1\.)?([0-9]+)', output)
    return int(match[1]) if match else None


def java_problem() -> str | None:
    """Return why there is no Java to run ansible-rulebook with, or None when there is one."""
    binary = shutil.which("java")
    if binary is None:
        return f"no java on PATH; ansible-rulebook needs {JAVA_MINIMUM} (Debian: openjdk-17-jre-headless)"
    done = subprocess.run([binary, "-version"], capture_output=True, check=False, encoding="utf-8", errors="replace")
    version = java_version(done.stderr + done.stdout)
    if version is None or version < JAVA_MINIMUM:
        return f"java is version {version}; ansible-rulebook needs {JAVA_MINIMUM} (Debian: openjdk-17-jre-headless)"
    return None


def prepare() -> Path:
    """Return the ansible-rulebook of the environment, made anew when its needs changed; raises SetupError."""
    binary = EDA / "bin" / "ansible-rulebook"
    stamp = EDA / ".ready"
    needs = "\n".join([sys.executable, *REQUIREMENTS])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == needs and binary.is_file():
        return binary
    shutil.rmtree(EDA, ignore_errors=True)
    setup_env.say(f"making {EDA.relative_to(running.ROOT)}")
    setup_env.run([sys.executable, "-m", "venv", str(EDA)], "Python's venv module is needed")
    setup_env.run([str(EDA / "bin" / "python"), "-m", "pip", "install", "--quiet", *REQUIREMENTS])
    stamp.write_text(needs, encoding="utf-8")
    return binary


def main() -> int:
    """Run the tests and return the exit status: 0 only if they ran and passed."""
    problem = java_problem()
    if problem:
        print(f"eda: FAILED, nothing was tried: {problem}")
        return 1
    try:
        binary = prepare()
    except setup_env.SetupError as error:
        print(f"eda: FAILED, nothing was tried: {error}")
        return 1
    result = running.Result("eda")
    run = running.Runner(result)
    report = running.CACHE / "reports" / "eda.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command: list[str | Path] = [running.tool("python"), "-m", "pytest", "-q", f"--junit-xml={report}", "tests/eda"]
    run.check(command, variables={"FLOWOPS_RULEBOOK": str(binary)})
    counts = running.junit_counts([report])
    running.judge(result, counts, "tests/eda")
    if result.problems:
        print(*result.output, *result.problems, sep="\n")
    print(f"eda: {'FAILED' if result.problems else counts}")
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
