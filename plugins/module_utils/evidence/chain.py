# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chain that the runs of a firewall make, each sealed upon the one before, and which file of it was altered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from .manifest import MANIFEST, REGULAR, Found, Manifest, Problem, Seen, is_run, named

# The mode of every file of a sealed run.
PRIVATE = 0o600


def files_problem(found: Manifest, present: Collection[str], look: Callable[[str], Seen | None]) -> Problem | None:
    """Return what is wrong first with a run's files: those it names in order, then those (present) it does not name.

    look says what is under a name, None for nothing; it is asked for one name after the other, as far as needed.
    """
    for name, wanted in found.files.items():
        what = _difference(wanted, look(name))
        if what:
            return Problem(f"{found.run}/{name}", what)
    for name in sorted(set(present) - found.files.keys() - {MANIFEST}):
        seen = look(name)
        kind = f", and is {seen.kind}" if seen and seen.kind != REGULAR else ""
        return Problem(f"{found.run}/{name}", f"was added, the manifest does not name it{kind}")
    return None


def _difference(wanted: Seen, seen: Seen | None) -> str:
    if seen is None:
        return "is missing"
    if seen.kind != REGULAR:
        return f"was replaced, it is {seen.kind}"
    if seen.size != wanted.size:
        return f"was altered, it has {seen.size} bytes instead of {wanted.size}"
    if seen.sha256 != wanted.sha256:
        return f"was altered, its SHA-256 is {seen.sha256} instead of {wanted.sha256}"
    return mode_difference(seen)


def mode_difference(seen: Seen) -> str:
    """Return what is wrong with a regular file's mode, '' when nothing is."""
    if seen.mode != PRIVATE:
        return f"has the mode {seen.mode:04o} instead of {PRIVATE:04o}"
    return ""


def in_chain_order(runs: Mapping[str, Found]) -> list[str]:
    """Return the names of runs, the oldest first; one without a manifest stands where the others say it was."""
    manifests = {name: found for name, found in runs.items() if isinstance(found, Manifest)}
    named_by = {found.previous.run: found.sequence for found in manifests.values() if found.previous}

    def place(name: str) -> tuple[int, int, tuple[str, int, str]]:
        found = runs[name]
        if isinstance(found, Manifest):
            return found.sequence, 0, _moment_of(name)
        if name in named_by:
            return named_by[name] - 1, 0, _moment_of(name)
        earlier = [found.sequence for other, found in manifests.items() if _moment_of(other) < _moment_of(name)]
        return max(earlier, default=0), 1, _moment_of(name)

    return sorted(runs, key=place)


def _moment_of(name: str) -> tuple[str, int, str]:
    stamp, _hyphen, number = name.partition("-")
    return (stamp, int(number or 1), "") if is_run(name) else (name, 0, name)


def chain_problem(runs: Mapping[str, Found], files_of: Callable[[Manifest], Problem | None]) -> Problem | None:
    """Return what was altered first in a chain (runs by the names of their folders), None when nothing was.

    files_of says what is wrong with the files of one run; it is asked for one run after the other, as far as needed.
    """
    following: dict[str, list[Manifest]] = {}
    for found in runs.values():
        if isinstance(found, Manifest) and found.previous:
            following.setdefault(found.previous.run, []).append(found)
    after: dict[str | None, str] = {}
    for name in in_chain_order(runs):
        found = runs[name]
        if isinstance(found, Problem):
            return found
        problem = name_problem(name, found) or link_problem(found, runs, following.get(found.run, []))
        if problem:
            return problem
        before = found.previous.run if found.previous else None
        if before in after:
            return Problem(name, f"follows {_run_text(before)}, as {named(after[before])} does; one of them was added")
        after[before] = name
        problem = files_of(found)
        if problem:
            return problem
    return None


def _run_text(name: str | None) -> str:
    return "no other run" if name is None else f"the run {named(name)}"


def name_problem(name: str, found: Manifest) -> Problem | None:
    """Return what is wrong when a folder's name is not that of the run in it."""
    if name == found.run:
        return None
    return Problem(name, f"was renamed or copied, its manifest is that of the run {named(found.run)}")


def link_problem(found: Manifest, runs: Mapping[str, Found], following: Collection[Manifest]) -> Problem | None:
    """Return what is wrong with a run's link to the one before it; following are the runs that name it as theirs."""
    if found.previous is None:
        return None
    own = f"{found.run}/{MANIFEST}"
    before = runs.get(found.previous.run)
    if before is None:
        return Problem(found.previous.run, f"is missing, the run {named(found.run)} names it as the one before it")
    if isinstance(before, Problem):
        return before
    if before.sha256 != found.previous.sha256:
        if any(later.previous and later.previous.sha256 != found.sha256 for later in following):
            # Two links are broken, and this manifest is what both have in common.
            return Problem(own, "was altered, neither the run before it nor the one after it agrees with it")
        return Problem(
            f"{before.run}/{MANIFEST}",
            f"was altered, its SHA-256 is {before.sha256} and the run {named(found.run)} names {found.previous.sha256}",
        )
    if before.sequence + 1 != found.sequence:
        return Problem(own, f"was altered, it has the sequence {found.sequence} after one of {before.sequence}")
    if before.firewall_arn != found.firewall_arn:
        return Problem(own, f"was altered, the run before it is of {named(before.firewall_arn)}")
    return None
