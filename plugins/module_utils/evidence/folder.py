# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence folders: one for each run, whole under its name or not there at all, each sealed upon the one before."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timezone
from io import BytesIO
from typing import IO, Any, NamedTuple

from ..errors import FlowOpsError, OptionError
from ..files import open_regular
from ..flows.arns import parse_firewall_arn
from ..times import utc_text
from .disk import (
    DRAFT,
    PART,
    WRITING,
    bounded,
    check_place,
    entries_of,
    kind_of,
    locked,
    make_folders,
    open_evidence,
    put,
    runs_in,
    seen_in,
    sync,
)
from .manifest import (
    FOLDER,
    MANIFEST,
    REGULAR,
    Manifest,
    Problem,
    Seen,
    canonical,
    draft,
    is_run,
    manifest,
    named,
    parse_draft,
)

# What is half-written: files that appear under their names when they are whole, and what a resumed reading keeps.
_LEFTOVERS = (PART, ".resume")
# What is larger belongs into a file of the folder.
_LARGEST_ABOUT = 1 << 20
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def folder_name(firewall_arn: str) -> str:
    """Return the name of a firewall's folder; raise OptionError when it is not a firewall's ARN."""
    firewall = parse_firewall_arn(firewall_arn)
    return f"{firewall.account_id}-{firewall.region}-{firewall.name}"


def begin(evidence_dir: str, firewall_arn: str, now: datetime, *, dry_run: bool = False) -> dict[str, str]:
    """Make the folder of a new run (mode 0700) and return its {path, run}; the path ends in .part until it is sealed.

    Raise OptionError when it cannot be made. With dry_run nothing is made, and what is returned would be.
    """
    folder = os.path.join(os.path.abspath(evidence_dir), folder_name(firewall_arn))
    moment = now.astimezone(timezone.utc).replace(microsecond=0)
    try:
        if dry_run:
            check_place(folder)
            run = _free_name(folder, moment)
            return {"path": os.path.join(folder, run + PART), "run": run}
        make_folders(folder)
        with locked(folder):
            run = _free_name(folder, moment)
            path = os.path.join(folder, run + PART)
            os.mkdir(path, 0o700)
            # The umask has had its say.
            os.chmod(path, 0o700)
            put(path, DRAFT, BytesIO(draft(run, firewall_arn, utc_text(moment))))
    except OSError as error:
        raise OptionError(
            "evidence_dir", evidence_dir, f"no folder can be made in it ({error.strerror or error})"
        ) from error
    return {"path": path, "run": run}


def _free_name(folder: str, moment: datetime) -> str:
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    name, number = stamp, 1
    while any(os.path.lexists(os.path.join(folder, taken)) for taken in (name, name + PART)):
        number += 1
        name = f"{stamp}-{number}"
    return name


class _Place(NamedTuple):
    """Where a begun run lies: the path of its folder, and the run's name, by which it is sealed."""

    path: str
    run: str

    @property
    def folder(self) -> str:
        """The firewall's folder."""
        return os.path.dirname(self.path)

    @property
    def final(self) -> str:
        """The run's folder when it is sealed."""
        return os.path.join(self.folder, self.run)


def seal(
    path: str,
    verdict: str,
    contents: Mapping[str, Any],
    copies: Mapping[str, str],
    now: datetime,
    *,
    about: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Seal a begun folder and return {path, run, manifest, previous, file_count, removed, warnings}.

    contents are values by name, each written as NAME.json; copies are paths of existing files by name; about is for
    the manifest. Raise
    FlowOpsError when path is not a begun folder, or when something in it cannot be evidence; it stays begun then. With
    dry_run nothing is changed, and manifest has no sha256, which depends on the time.
    """
    texts = _texts(contents)
    _check_copies(copies, texts)
    _check_about(about)
    path = os.path.abspath(path)
    place = _Place(path, _begun_run(path))
    try:
        if dry_run:
            return _would_seal(place, texts.keys() | copies.keys())
        return _sealed(place, texts, copies, _Words(verdict, about, utc_text(now.replace(microsecond=0))))
    except OSError as error:
        where = f", {named(error.filename)}" if isinstance(error.filename, str) else ""
        raise FlowOpsError(
            f"path: {named(path)} could not be sealed ({error.strerror or error}{where});"
            " it stays begun and can be sealed once that is mended."
        ) from error


def _would_seal(place: _Place, written: Iterable[str]) -> dict[str, Any]:
    """Return what would be told of a folder, sealed with files of those names."""
    # Where nothing was begun in earnest, there is nothing to read, nor have the files to copy been written.
    if os.path.lexists(place.path):
        with _owned(place.path):
            _check_chain(place.path, _begun(place.path, place.run), _newest(place.folder)[0])
    there = _evidence_in(place.path)
    removed = _leftovers(there)
    previous, warnings = _newest(place.folder)
    count = len(there.difference(removed).union(written))
    return _told(place, previous, warnings, file_count=count, removed=removed)


class _Words(NamedTuple):
    """What a manifest says beside what is in the folder."""

    verdict: str
    about: Mapping[str, Any] | None
    sealed_at: str


def _sealed(place: _Place, texts: Mapping[str, bytes], copies: Mapping[str, str], words: _Words) -> dict[str, Any]:
    """Seal a folder and return what is told of it."""
    with ExitStack() as stack:
        sources: dict[str, IO[bytes]] = {name: BytesIO(text) for name, text in texts.items()}
        for name, source in copies.items():
            sources[name] = stack.enter_context(_source(name, source))
        stack.enter_context(_owned(place.path))
        begun = _begun(place.path, place.run)
        removed = _fill(place.path, sources)
        files = {name: _taken(place.path, name) for name in _evidence_in(place.path)}
        with locked(place.folder):
            previous, warnings = _newest(place.folder)
            _check_chain(place.path, begun, previous)
            data = manifest(begun, words.sealed_at, words.verdict, files, previous, words.about)
            _finish(place.path, place.final, data)
    told = _told(place, previous, warnings, file_count=len(files), removed=removed)
    told["manifest"]["sha256"] = hashlib.sha256(data).hexdigest()
    return told


def _told(place: _Place, previous: Manifest | None, warnings: list[str], **members: Any) -> dict[str, Any]:
    return {
        "path": place.final,
        "run": place.run,
        "manifest": {"path": os.path.join(place.final, MANIFEST)},
        "previous": {"run": previous.run, "sha256": previous.sha256} if previous else None,
        **members,
        "warnings": warnings,
    }


def _evidence_in(path: str) -> set[str]:
    return set(entries_of(path)) - {MANIFEST, DRAFT}


def _texts(contents: Mapping[str, Any]) -> dict[str, bytes]:
    texts = {}
    for name, value in contents.items():
        _check_file_name("contents", name, f"{name}.json")
        try:
            texts[f"{name}.json"] = canonical(value)
        except (TypeError, ValueError) as error:
            raise OptionError("contents", name, f"its value cannot be written as JSON ({error})") from error
    return texts


def _check_about(about: Mapping[str, Any] | None) -> None:
    try:
        size = len(canonical(about or {}))
    except (TypeError, ValueError) as error:
        raise OptionError("about", sorted(about or ()), f"it cannot be written as JSON ({error})") from error
    if size > _LARGEST_ABOUT:
        raise OptionError("about", sorted(about or ()), f"it has {size:,} bytes, give at most {_LARGEST_ABOUT:,}")


def _check_copies(copies: Mapping[str, str], texts: Mapping[str, bytes]) -> None:
    for name, source in copies.items():
        _check_file_name("copies", name, name)
        if name in texts:
            raise OptionError("copies", name, "contents writes a file of that name, too")
        if not isinstance(source, str) or not source:
            raise OptionError("copies", source, f"give the path of the file to copy as {name}")


def _check_file_name(option: str, given: Any, name: str) -> None:
    if not isinstance(given, str) or not _FILE_NAME.fullmatch(given):
        raise OptionError(
            option,
            given,
            "give a name of letters, digits, periods, underscores and hyphens that begins with a letter or a digit",
        )
    if name == MANIFEST:
        raise OptionError(option, given, f"{MANIFEST} is what seals the folder")
    if name.endswith(_LEFTOVERS):
        raise OptionError(option, given, f"files that end in {' or '.join(_LEFTOVERS)} are half-written and left out")


def _begun_run(path: str) -> str:
    """Return the run that a path of a begun folder names, whether the folder is there or not; raise if it cannot be."""
    name = os.path.basename(path)
    run = name.removesuffix(PART)
    if not is_run(run):
        raise OptionError("path", path, "give the path that state=begun returned, which ends in a run's name and .part")
    final = os.path.join(os.path.dirname(path), run)
    if name == run:
        known = "it is sealed already" if os.path.lexists(os.path.join(path, MANIFEST)) else "it does not end in .part"
        raise OptionError("path", path, f"{known}, give the path that state=begun returned")
    if os.path.lexists(final):
        known = "its name is taken by" if os.path.lexists(path) else "it was sealed already, as"
        raise OptionError("path", path, f"{known} {final}")
    return run


@contextmanager
def _owned(path: str) -> Iterator[None]:
    """Keep other tasks from sealing the same folder; raise OptionError when one does, or when it is no folder."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise OptionError("path", path, f"it is not a folder that state=begun has made ({error.strerror})") from error
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OptionError("path", path, "another task is sealing it at this moment") from error
        yield
    finally:
        os.close(number)


def _begun(path: str, run: str) -> dict[str, str]:
    """Return what was said when a folder was begun; raise OptionError when it was not, or as another run."""
    # A run that was killed while it was sealed may have left the manifest, and no draft any more.
    for name in (DRAFT, MANIFEST):
        try:
            with open_evidence(os.path.join(path, name)) as file:
                begun = parse_draft(bounded(file))
        except FileNotFoundError:
            continue
        except ValueError as error:
            raise OptionError("path", path, f"its {name} is damaged, {error}") from error
        if begun["run"] != run:
            raise OptionError("path", path, f"it was begun as the run {named(begun['run'])} and renamed since")
        return begun
    raise OptionError("path", path, "it is not a folder that state=begun has made")


def _check_chain(path: str, begun: Mapping[str, str], previous: Manifest | None) -> None:
    # Once sealed, it would break the chain of the other firewall for good.
    own = begun["firewall_arn"]
    if previous and previous.firewall_arn != own:
        raise OptionError(
            "path",
            path,
            f"it was begun for {named(own)}, the runs beside it are of {named(previous.firewall_arn)}",
        )


def _leftovers(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.endswith(_LEFTOVERS) and name != DRAFT)


def _fill(path: str, sources: Mapping[str, IO[bytes]]) -> list[str]:
    """Copy sources into a begun folder; return the half-written files that were there and are gone."""
    os.chmod(path, 0o700)
    removed = [name for name in _leftovers(entries_of(path)) if kind_of(os.path.join(path, name)) != FOLDER]
    for name in removed:
        os.unlink(os.path.join(path, name))
    for name, source in sources.items():
        put(path, name, source)
    return [name for name in removed if name != WRITING]


@contextmanager
def _source(name: str, path: str) -> Iterator[IO[bytes]]:
    """Open a file to copy; raise OptionError when it is not there or no regular file."""
    path = os.path.abspath(os.path.expanduser(path))
    try:
        file = open_regular(path)
    except IsADirectoryError as error:
        raise OptionError("copies", path, f"it is a folder, give the path of the file to copy as {name}") from error
    except OSError as error:
        raise OptionError("copies", path, f"it cannot be copied as {name} ({error.strerror})") from error
    with file:
        yield file


def _taken(folder: str, name: str) -> Seen:
    """Return what a file of a begun folder holds, and close it to others; raise FlowOpsError when it is no evidence."""
    path = os.path.join(folder, name)
    kind = kind_of(path)
    if kind != REGULAR:
        raise FlowOpsError(f"path: {named(path)} is {kind}; a run's folder holds regular files only, take it out.")
    with open_evidence(path) as file:
        os.fchmod(file.fileno(), 0o600)
        os.fsync(file.fileno())
        return seen_in(file)


def _finish(path: str, final: str, data: bytes) -> None:
    """Put the manifest into a begun folder and give it its name; called while the firewall's folder is locked."""
    put(path, MANIFEST, BytesIO(data))
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(path, DRAFT))
    sync(path)
    os.rename(path, final)
    sync(os.path.dirname(path))


def _newest(folder: str) -> tuple[Manifest | None, list[str]]:
    """Return the manifest of the run that was sealed last, and warnings about runs whose manifests tell nothing."""
    runs = runs_in(folder, entries_of(folder))
    # Under whatever name: a folder that was renamed can be given its name back.
    sealed = [found for found in runs.values() if isinstance(found, Manifest)]
    newest = max(sealed, key=lambda found: (found.sequence, found.run), default=None)
    # The evidence of what was done just now must be kept, whatever became of what is older.
    return newest, [
        f"{found.sentence(folder)} The chain of evidence is broken there."
        for found in runs.values()
        if isinstance(found, Problem)
    ]
