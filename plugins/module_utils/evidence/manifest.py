# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifests of evidence folders: what one says, the chain that they make, and which file of it was altered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Union

from ..errors import FlowOpsError, shown
from ..flows.arns import parse_firewall_arn
from ..times import parse_utc

VERSION = 1
MANIFEST = "manifest.json"
REGULAR, LINK, FOLDER, SPECIAL = "a regular file", "a symbolic link", "a folder", "a special file"

_MEMBERS = {
    "begun_at",
    "checksum",
    "files",
    "firewall_arn",
    "previous",
    "run",
    "sealed_at",
    "sequence",
    "verdict",
    "version",
}
_RUN = re.compile(r"\d{8}T\d{6}Z(?:-[1-9]\d*)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Seen:
    """What is under a name: its kind and, of a regular file, its size in bytes and its SHA-256 in hex."""

    kind: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Link:
    """The run before a run: its name and the SHA-256 (hex) of its manifest's bytes."""

    run: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read: its members, and the SHA-256 (hex) of its own bytes."""

    run: str
    sequence: int
    firewall_arn: str
    begun_at: str
    files: Mapping[str, Seen]
    previous: Link | None
    sha256: str


@dataclass(frozen=True)
class Problem:
    """What was altered: the path of a file or folder, relative to the firewall's folder, and what is wrong with it."""

    path: str
    what: str

    def sentence(self, folder: str = "") -> str:
        """Return the problem as a sentence, the path below a folder."""
        return f"{named(f'{folder}/{self.path}' if folder else self.path)} {self.what}."


# What stands under the name of a run: its manifest, or why there is none to go by.
Found = Union[Manifest, Problem]


def is_run(name: str) -> bool:
    """Return whether a name is one that a run can have, such as 20261121T093000Z or 20261121T093000Z-2."""
    return _RUN.fullmatch(name) is not None


def is_sha256(text: str) -> bool:
    """Return whether a text is a SHA-256 as manifests write it, in lower-case hex."""
    return _SHA256.fullmatch(text) is not None


def named(path: str) -> str:
    """Return a path as a sentence shows it, with nothing in it that a terminal would obey."""
    plain = (letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in path)
    return shown("".join(plain))


def canonical(value: Any) -> bytes:
    """Return a value as JSON with sorted keys, in ASCII; raise TypeError or ValueError when JSON has no such value."""
    # In ASCII, so that no text can break out of the encoding or turn the direction of a terminal around.
    return (json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n").encode("ascii")


def draft(run: str, firewall_arn: str, begun_at: str) -> bytes:
    """Return the bytes of the draft that a begun folder holds until its manifest is written."""
    return canonical({"version": VERSION, "run": run, "firewall_arn": firewall_arn, "begun_at": begun_at})


def parse_draft(data: bytes) -> dict[str, str]:
    """Return {run, firewall_arn, begun_at} of a draft or of a manifest; raise ValueError when it is neither."""
    return _begun(_document(data))


def manifest(
    begun: Mapping[str, str], sealed_at: str, verdict: str, files: Mapping[str, Seen], previous: Manifest | None
) -> bytes:
    """Return the bytes of the manifest that seals a begun run (a draft's members); times are ISO 8601 in UTC."""
    document = {
        "version": VERSION,
        **begun,
        "sequence": previous.sequence + 1 if previous else 1,
        "sealed_at": sealed_at,
        "verdict": verdict,
        "files": [{"name": name, "sha256": seen.sha256, "size": seen.size} for name, seen in sorted(files.items())],
        "previous": {"run": previous.run, "sha256": previous.sha256} if previous else None,
    }
    return canonical({**document, "checksum": _checksum(document)})


def parse_manifest(data: bytes) -> Manifest:
    """Return what a manifest's bytes say; raise ValueError with the reason when they are not as they were written."""
    document = _document(data)
    begun = _begun(document)
    if document.keys() != _MEMBERS:
        raise ValueError("its members are not those of a manifest")
    _moment(document, "sealed_at")
    _text(document, "verdict")
    sequence = document["sequence"]
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        raise ValueError("its sequence is not a number from 1 up")
    files = _files(document["files"])
    previous = _previous(document["previous"])
    if document.pop("checksum") != _checksum(document):
        raise ValueError("its checksum is not that of its content")
    if (previous is None) != (sequence == 1):
        raise ValueError("only a run of sequence 1 has none before it")
    return Manifest(
        begun["run"],
        sequence,
        begun["firewall_arn"],
        begun["begun_at"],
        files,
        previous,
        hashlib.sha256(data).hexdigest(),
    )


def _checksum(document: Mapping[str, Any]) -> str:
    # The next run proves this one; until there is a next run, this finds a damaged file, though no forger.
    return hashlib.sha256(canonical(document)).hexdigest()


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
        unchanged = canonical(document) == data
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(document, dict):
        raise ValueError("it is not a mapping")
    if not unchanged:
        raise ValueError("its layout is not that of a manifest")
    return document


def _begun(document: Mapping[str, Any]) -> dict[str, str]:
    if document.get("version") != VERSION:
        raise ValueError(f"it has no version {VERSION}")
    if not is_run(_text(document, "run")):
        raise ValueError("its run is not a run's name")
    _moment(document, "begun_at")
    try:
        parse_firewall_arn(_text(document, "firewall_arn"))
    except FlowOpsError as error:
        raise ValueError("its firewall_arn is not the ARN of a firewall") from error
    return {name: document[name] for name in ("run", "firewall_arn", "begun_at")}


def _text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member)
    if not isinstance(value, str):
        raise ValueError(f"its {member} is not text")
    return value


def _moment(document: Mapping[str, Any], member: str) -> None:
    try:
        parse_utc(_text(document, member))
    except ValueError as error:
        raise ValueError(f"its {member} is not a time in ISO 8601") from error


def _files(items: Any) -> dict[str, Seen]:
    files: dict[str, Seen] = {}
    for item in items if isinstance(items, list) else [None]:
        if not isinstance(item, dict) or item.keys() != {"name", "sha256", "size"}:
            raise ValueError("its files are not a list of names with sha256 and size")
        name, digest, size = item["name"], item["sha256"], item["size"]
        if not isinstance(name, str) or not name or {"/", "\0"} & set(name) or name in (".", "..", MANIFEST):
            raise ValueError("it has a file whose name is not allowed")
        if not isinstance(digest, str) or not is_sha256(digest):
            raise ValueError(f"it has a file without a SHA-256, {named(name)}")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ValueError(f"it has a file without a size, {named(name)}")
        files[name] = Seen(REGULAR, size, digest)
    if isinstance(items, list) and [item["name"] for item in items] != sorted(files):
        raise ValueError("its files are not in the order of their names, each once")
    return files


def _previous(value: Any) -> Link | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != {"run", "sha256"}:
        raise ValueError("its previous is not a run with a sha256")
    if not is_run(_text(value, "run")) or not is_sha256(_text(value, "sha256")):
        raise ValueError("its previous is not a run with a sha256")
    return Link(value["run"], value["sha256"])


# -- judging -----------------------------------------------------------------------------------------------------------


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
