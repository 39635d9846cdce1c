# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make a release ready: changelog, version, package and the importer's checks; nothing is tagged or published."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
COLLECTIONS = ROOT / ".venv" / "collections"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[a-z0-9.]+)?")

AFTER = """\
{archive} is ready and checked. What is left to do, by somebody who may:

  1. Read CHANGELOG.md as a user would, and commit it: git add -A && git commit -m "Release {version}"
  2. Run what takes long: make matrix test-long docs eda browser suricata
  3. Try the package: ansible-galaxy collection install {archive} -p /tmp/collections
  4. Tag it: git tag -s v{version} -m "flowops.aws {version}"
  5. Push branch and tag: git push origin main v{version}
     The workflow "publish" then tests the tag, builds the package again and publishes it.
  6. Look at the page on Galaxy, and write the release's notes from CHANGELOG.md.
"""


class ReleaseError(Exception):
    """Why there is no release; one sentence for a person."""


def check_version(version: str, releases: Sequence[str]) -> str:
    """Return the version to release; raise ReleaseError when it is none, or not above what was released."""
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"VERSION: '{version}' is not allowed; give a semantic version such as 0.1.0.")
    if version in releases:
        raise ReleaseError(f"VERSION: '{version}' was released already; changes go into a version of their own.")
    later = [text for text in releases if _order(text) > _order(version)]
    if later:
        raise ReleaseError(f"VERSION: '{version}' is not allowed; {later[-1]} was released already, give a later one.")
    return version


def _order(version: str) -> tuple[tuple[int, ...], int, str]:
    numbers, _dash, before = version.partition("-")
    # What is before a release sorts below it.
    return tuple(map(int, numbers.split("."))), 0 if before else 1, before


def with_version(galaxy: str, version: str) -> str:
    """Return the text of galaxy.yml with another version, and nothing else changed."""
    changed, count = re.subn(r"(?m)^version: .*$", f"version: {version}", galaxy)
    if count != 1:
        raise ReleaseError("galaxy.yml: there has to be one line with the version.")
    return changed


def released(root: Path = ROOT) -> list[str]:
    """Return the versions in changelogs/changelog.yaml, oldest first."""
    content: Any = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))
    return sorted(content.get("releases") or {}, key=_order)


def run(*command: str | Path) -> str:
    """Run a command in the checkout and return what it printed; raise ReleaseError with its output when it fails."""
    line = [str(word) for word in command]
    # antsibull-changelog asks the ansible-doc that it finds for the new modules and plugins.
    found = {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    done = subprocess.run(
        line,
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env={**os.environ, **found},
    )
    if done.returncode:
        raise ReleaseError(f"{' '.join(line)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def write_changelog(version: str) -> None:
    """Turn the fragments into the section of a version, in changelogs/changelog.yaml and CHANGELOG.md."""
    fragments = [path for path in (ROOT / "changelogs" / "fragments").glob("*") if not path.name.startswith(".")]
    if not fragments:
        raise ReleaseError("changelogs/fragments: there is none; a release without changes says nothing to its users.")
    run(BIN / "antsibull-changelog", "lint")
    galaxy = ROOT / "galaxy.yml"
    galaxy.write_text(with_version(galaxy.read_text(encoding="utf-8"), version), encoding="utf-8")
    run(BIN / "antsibull-changelog", "release", "--version", version, "--update-existing")


def build(version: str) -> Path:
    """Build and check the package of galaxy.yml's version; return its path below dist."""
    said = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    if said != version:
        raise ReleaseError(f"VERSION: '{version}' is not allowed; galaxy.yml has {said}, run make release first.")
    if version not in released():
        raise ReleaseError(f"VERSION: '{version}' is not in the changelog; run make release first.")
    # The stage checks each name in the package, and runs galaxy-importer's checks.
    print(run(BIN / "python", "tests/tools/run_tests.py", "build").strip())
    run(BIN / "ansible-galaxy", "collection", "build", "--force", "--output-path", ROOT / "dist", ROOT)
    return ROOT / "dist" / f"flowops-aws-{version}.tar.gz"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description="Make a release ready; nothing is tagged, pushed or published.")
    parser.add_argument("version")
    parser.add_argument("--package-only", action="store_true", help="build what was released by an earlier run")
    options = parser.parse_args(arguments)
    try:
        if not options.package_only:
            if run("git", "status", "--porcelain").strip():
                raise ReleaseError(
                    "The checkout has changes that are not committed; a release holds what is committed."
                )
            write_changelog(check_version(options.version, released()))
        archive = build(options.version)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    print(AFTER.format(archive=archive.relative_to(ROOT), version=options.version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
