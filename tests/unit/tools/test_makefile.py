# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import subprocess

import pytest

from ansible_collections.flowops.aws.tests.tools.running import ROOT

TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")
PHONY = re.search(r"^\.PHONY: (.+?[^\\])$", TEXT, flags=re.MULTILINE | re.DOTALL)
assert PHONY
TARGETS = [name for name in PHONY[1].replace("\\", " ").split() if not name.startswith("$")]
FILES = ("CONTRIBUTING.md", "README.md", ".ci/run", ".github/workflows/test.yml", ".github/workflows/matrix.yml")


def test_a_target_that_a_document_names_is_there() -> None:
    for file in FILES:
        text = (ROOT / file).read_text(encoding="utf-8")
        named = set(re.findall(r"^\s*(?:run: )?make ([a-z-]+)|`make ([a-z-]+)`", text, flags=re.MULTILINE))
        assert {name for pair in named for name in pair if name} <= set(TARGETS), file


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_does_something(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    assert "Nothing to be done" not in done.stdout
    assert done.stdout.strip()
