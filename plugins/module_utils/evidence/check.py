# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A check of evidence folders, offline: of a run, of a firewall's runs, or of all of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..errors import FlowOpsError, OptionError
from .chain import chain_problem, files_problem, in_chain_order, link_problem, mode_difference, name_problem
from .disk import (
    entries_of,
    found_in,
    is_firewall_like,
    is_run_like,
    is_unfinished,
    kind_of,
    look,
    runs_in,
    unchanging,
    was_sealed,
)
from .manifest import FOLDER, MANIFEST, Found, Manifest, Problem, is_sha256, named


class Checked:
    """What a check has seen so far; only the first problem counts."""

    def __init__(self) -> None:
        self.problem = ""
        self.file_count = 0
        self.folder_count = 0
        self.chains: list[dict[str, Any]] = []
        self.unfinished: list[str] = []
        self.notes: list[str] = []
        self.sha256s: set[str] = set()

    def one_run(self, path: str) -> None:
        """Check one run's folder, and its link when the run before it lies beside it."""
        folder, name = os.path.split(path)
        found = found_in(folder, name)
        self._count(folder, {name: found})
        if isinstance(found, Problem):
            self.problem = found.sentence()
            return
        problem = name_problem(name, found)
        before = found.previous.run if found.previous else None
        if before and kind_of(os.path.join(folder, before)):
            problem = problem or link_problem(found, {before: found_in(folder, before)}, [])
        elif before:
            self.notes.append(f"The run {named(before)} does not lie beside it; the link to it was not checked.")
        problem = problem or _files_problem(folder, found)
        self.problem = problem.sentence() if problem else ""

    def firewall(self, folder: str, prefix: str = "") -> None:
        """Check all runs of a firewall's folder; prefix is the folder's name when it is one of several."""
        kind = kind_of(folder)
        if kind != FOLDER:
            self.problem = self.problem or Problem(prefix, f"was replaced, it is {kind}").sentence()
            return
        with unchanging(folder):
            entries = entries_of(folder)
            runs = runs_in(folder, entries)
            unfinished = [name for name in entries if is_unfinished(folder, name)]
            renamed = [name for name in unfinished if was_sealed(folder, name)]
        self._count(folder, runs)
        self.unfinished += [f"{prefix}/{name}" if prefix else name for name in unfinished]
        if self.problem:
            return
        problem = chain_problem(runs, lambda found: _files_problem(folder, found))
        if renamed and not problem:
            problem = _renamed(renamed[0])
        # Hidden names are left to file systems and to our lock.
        strange = [name for name in entries if name not in runs and name not in unfinished and name[0] != "."]
        if strange and not problem:
            problem = Problem(strange[0], "was added, it is not a run's folder")
        self.problem = problem.sentence(prefix) if problem else ""

    def head(self, expected_head: str) -> None:
        """Check that a manifest seen has this SHA-256 (hex)."""
        if expected_head not in self.sha256s and not self.problem:
            self.problem = (
                f"expected_head: no manifest has the SHA-256 {expected_head};"
                " the newest runs were removed, or a manifest was altered."
            )

    def _count(self, folder: str, runs: Mapping[str, Found]) -> None:
        manifests = {name: found for name, found in runs.items() if isinstance(found, Manifest)}
        self.folder_count += len(runs)
        self.file_count += sum(len(found.files) for found in manifests.values())
        self.sha256s.update(found.sha256 for found in manifests.values())
        ordered = in_chain_order(manifests)
        head = {"run": ordered[-1], "sha256": manifests[ordered[-1]].sha256} if ordered else None
        self.chains.append({"folder": folder, "runs": len(runs), "head": head})


def check(path: str, expected_head: str | None = None) -> dict[str, Any]:
    """Return {intact, problem, folder_count, file_count, chains, unfinished, notes} of a run's folder or of all below.

    path is a run's folder, a firewall's folder or an evidence_dir; expected_head is the SHA-256 (hex) that a manifest
    there must have. What was altered first is named in problem, a sentence. Raise FlowOpsError when path is none of
    these or cannot be read.
    """
    if expected_head is not None:
        expected_head = expected_head.lower()
        if not is_sha256(expected_head):
            raise OptionError("expected_head", expected_head, "give the SHA-256 of a manifest, 64 hexadecimal digits")
    seen = Checked()
    try:
        _look_at(os.path.realpath(path), path, seen)
    except OSError as error:
        raise FlowOpsError(
            f"path: {named(str(error.filename or path))} cannot be read ({error.strerror or error})."
        ) from error
    if expected_head is not None:
        seen.head(expected_head)
    return {
        "intact": not seen.problem,
        "problem": seen.problem,
        "folder_count": seen.folder_count,
        "file_count": seen.file_count,
        "chains": seen.chains,
        "unfinished": seen.unfinished,
        "notes": seen.notes,
    }


def _look_at(path: str, given: str, seen: Checked) -> None:
    if kind_of(path) != FOLDER:
        raise OptionError("path", given, "it is not a folder" if kind_of(path) else "there is no such folder")
    folder, name = os.path.split(path)
    if is_unfinished(folder, name):
        if was_sealed(folder, name):
            seen.problem = _renamed(name).sentence()
            return
        raise OptionError(
            "path", given, "its run is not sealed yet, so that there is nothing to hold its files against"
        )
    if is_run_like(folder, name):
        seen.one_run(path)
    elif is_firewall_like(path):
        seen.firewall(path)
    else:
        chains = [entry for entry in entries_of(path) if is_firewall_like(os.path.join(path, entry))]
        if not chains:
            raise OptionError("path", given, "give the folder of a run, that of a firewall, or an evidence_dir")
        for entry in chains:
            seen.firewall(os.path.join(path, entry), entry)


def _renamed(name: str) -> Problem:
    return Problem(name, "has a manifest; it was sealed and renamed since, or cut off while it was sealed")


def _files_problem(folder: str, found: Manifest) -> Problem | None:
    path = os.path.join(folder, found.run)
    own = look(os.path.join(path, MANIFEST))
    what = mode_difference(own) if own else ""
    if what:
        return Problem(f"{found.run}/{MANIFEST}", what)
    return files_problem(found, entries_of(path), lambda name: look(os.path.join(path, name)))
