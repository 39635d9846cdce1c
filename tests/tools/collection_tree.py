# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copy of the collection that the tools look at, with the collections beside it that they need."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ansible_collections.flowops.aws.tests.tools.running import CACHE, COLLECTIONS, ROOT

TREE = CACHE / "tree"
COPY = TREE / "ansible_collections" / "flowops" / "aws"


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
