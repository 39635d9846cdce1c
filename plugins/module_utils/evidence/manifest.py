# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifests of evidence folders: what one says, written and read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

from ..errors import FlowOpsError, shown
from ..flows.arns import parse_firewall_arn
from ..times import parse_utc

VERSION = 1
MANIFEST = "manifest.json"
REGULAR, LINK, FOLDER, SPECIAL = "a regular file", "a symbolic link", "a folder", "a special file"

_MEMBERS = {
    "about",
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
    """What is under a name: its kind and, of a regular file, its size in bytes, its SHA-256 in hex and its mode."""

    kind: str
    size: int = 0
    sha256: str = ""
    mode: int = 0o600


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
    begun: Mapping[str, str],
    sealed_at: str,
    verdict: str,
    files: Mapping[str, Seen],
    previous: Manifest | None,
    about: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the bytes of the manifest that seals a begun run (a draft's members); times are ISO 8601 in UTC.

    about is what else is known of the run: who, by which policy, versions and guards, and what was asked for.
    """
    document = {
        "about": dict(about or {}),
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
    if not isinstance(document["about"], dict):
        raise ValueError("its about is not a mapping")
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
