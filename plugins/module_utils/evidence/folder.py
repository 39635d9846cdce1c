# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence folders: one for each run, whole under its name or not there at all, each sealed upon the one before."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timezone
from io import BytesIO
from typing import IO, Any

from ..errors import FlowOpsError, OptionError
from ..flows.arns import parse_firewall_arn
from ..times import utc_text
from .manifest import (
    FOLDER,
    LINK,
    MANIFEST,
    REGULAR,
    SPECIAL,
    Found,
    Manifest,
    Problem,
    Seen,
    canonical,
    chain_problem,
    draft,
    files_problem,
    in_chain_order,
    is_run,
    is_sha256,
    link_problem,
    manifest,
    name_problem,
    named,
    parse_draft,
    parse_manifest,
)

PART = ".part"
LOCK = ".lock"
# What is half-written: files that appear under their names when they are whole, and what a resumed reading keeps.
_LEFTOVERS = (PART, ".resume")
# Begun folders hold it in the manifest's place; by its name it counts as half-written, too.
_DRAFT = MANIFEST + PART
_WRITING = ".writing" + PART
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FIREWALL_FOLDER = re.compile(r"\d{12}-[a-z0-9-]+-[A-Za-z0-9-]+")
# Far above any manifest of ours; a forged one must not fill the memory.
_LARGEST_MANIFEST = 1 << 24
_BLOCK = 1 << 20


# -- writing -----------------------------------------------------------------------------------------------------------


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
            _check_place(folder)
            run = _free_name(folder, moment)
            return {"path": os.path.join(folder, run + PART), "run": run}
        _make_folders(folder)
        with _locked(folder):
            run = _free_name(folder, moment)
            path = os.path.join(folder, run + PART)
            os.mkdir(path, 0o700)
            # The umask has had its say.
            os.chmod(path, 0o700)
            with _created(os.path.join(path, _DRAFT)) as file:
                file.write(draft(run, firewall_arn, utc_text(moment)))
    except OSError as error:
        raise OptionError(
            "evidence_dir", evidence_dir, f"no folder can be made in it ({error.strerror or error})"
        ) from error
    return {"path": path, "run": run}


def _check_place(path: str) -> None:
    """Raise OSError when a folder could not be made at a path."""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    os.scandir(path).close()
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def _make_folders(path: str) -> None:
    if not os.path.isdir(path):
        _make_folders(os.path.dirname(path))
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
            os.chmod(path, 0o700)


def _free_name(folder: str, moment: datetime) -> str:
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    name, number = stamp, 1
    while any(os.path.lexists(os.path.join(folder, taken)) for taken in (name, name + PART)):
        number += 1
        name = f"{stamp}-{number}"
    return name


def seal(
    path: str,
    verdict: str,
    contents: Mapping[str, Any],
    copies: Mapping[str, str],
    now: datetime,
    *,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Seal a begun folder and return {path, run, manifest, previous, file_count, removed, warnings}.

    contents are values by name, each written as NAME.json; copies are paths of existing files by name. Raise
    FlowOpsError when path is not a begun folder, or when something in it cannot be evidence; it stays begun then. With
    dry_run nothing is changed, and manifest has no sha256, which depends on the time.
    """
    texts = _texts(contents)
    _check_copies(copies, texts)
    path = os.path.abspath(path)
    run = _begun_run(path)
    folder = os.path.dirname(path)
    final = os.path.join(folder, run)
    told = {"path": os.path.join(final, MANIFEST)}
    try:
        if dry_run:
            # Where nothing was begun in earnest, there is nothing to read, nor have the files to copy been written.
            if os.path.lexists(path):
                with _owned(path):
                    _check_chain(path, _begun(path, run), _newest(folder)[0])
            names = set(_entries(path)) - {MANIFEST, _DRAFT}
            removed = _leftovers(names)
            names = names.difference(removed) | texts.keys() | copies.keys()
            previous, warnings = _newest(folder)
        else:
            with ExitStack() as stack:
                sources: dict[str, IO[bytes]] = {name: BytesIO(text) for name, text in texts.items()}
                for name, source in copies.items():
                    sources[name] = stack.enter_context(_source(name, source))
                stack.enter_context(_owned(path))
                begun = _begun(path, run)
                removed = _fill(path, sources)
                names = set(_entries(path)) - {MANIFEST, _DRAFT}
                files = {name: _taken(path, name) for name in names}
                with _locked(folder):
                    previous, warnings = _newest(folder)
                    _check_chain(path, begun, previous)
                    data = manifest(begun, utc_text(now.replace(microsecond=0)), verdict, files, previous)
                    _finish(path, final, data)
            told["sha256"] = hashlib.sha256(data).hexdigest()
    except OSError as error:
        where = f", {named(error.filename)}" if isinstance(error.filename, str) else ""
        raise FlowOpsError(
            f"path: {named(path)} could not be sealed ({error.strerror or error}{where});"
            " it stays begun and can be sealed once that is mended."
        ) from error
    return {
        "path": final,
        "run": run,
        "manifest": told,
        "previous": {"run": previous.run, "sha256": previous.sha256} if previous else None,
        "file_count": len(names),
        "removed": removed,
        "warnings": warnings,
    }


def _texts(contents: Mapping[str, Any]) -> dict[str, bytes]:
    texts = {}
    for name, value in contents.items():
        _check_file_name("contents", name, f"{name}.json")
        try:
            texts[f"{name}.json"] = canonical(value)
        except (TypeError, ValueError) as error:
            raise OptionError("contents", name, f"its value cannot be written as JSON ({error})") from error
    return texts


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
    for name in (_DRAFT, MANIFEST):
        try:
            with _regular(os.path.join(path, name)) as file:
                begun = parse_draft(_bounded(file))
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
    return sorted(name for name in names if name.endswith(_LEFTOVERS) and name != _DRAFT)


def _fill(path: str, sources: Mapping[str, IO[bytes]]) -> list[str]:
    """Copy sources into a begun folder; return the half-written files that were there and are gone."""
    os.chmod(path, 0o700)
    removed = [name for name in _leftovers(_entries(path)) if _kind_of(os.path.join(path, name)) != FOLDER]
    for name in removed:
        os.unlink(os.path.join(path, name))
    for name, source in sources.items():
        _put(path, name, source)
    return [name for name in removed if name != _WRITING]


@contextmanager
def _source(name: str, path: str) -> Iterator[IO[bytes]]:
    """Open a file to copy; raise OptionError when it is not there or no regular file."""
    path = os.path.abspath(os.path.expanduser(path))
    try:
        # Without waiting for a writer, in case it is a pipe.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except IsADirectoryError as error:
        raise OptionError("copies", path, f"it is a folder, give the path of the file to copy as {name}") from error
    except OSError as error:
        raise OptionError("copies", path, f"it cannot be copied as {name} ({error.strerror})") from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OptionError("copies", path, f"it is not a regular file, give the one to copy as {name}")
        yield file


@contextmanager
def _created(path: str) -> Iterator[IO[bytes]]:
    """Write a file of mode 0600 in place, on the disk when the block ends; never through a symbolic link."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _put(folder: str, name: str, source: IO[bytes]) -> None:
    """Write a file of mode 0600 that appears under its name when it is whole."""
    # What is there under the name may be the very file that is copied.
    with _created(os.path.join(folder, _WRITING)) as file:
        shutil.copyfileobj(source, file, _BLOCK)
    os.replace(os.path.join(folder, _WRITING), os.path.join(folder, name))


def _taken(folder: str, name: str) -> Seen:
    """Return what a file of a begun folder holds, and close it to others; raise FlowOpsError when it is no evidence."""
    path = os.path.join(folder, name)
    kind = _kind_of(path)
    if kind != REGULAR:
        raise FlowOpsError(f"path: {named(path)} is {kind}; a run's folder holds regular files only, take it out.")
    with _regular(path) as file:
        os.fchmod(file.fileno(), 0o600)
        os.fsync(file.fileno())
        return _digested(file)


def _finish(path: str, final: str, data: bytes) -> None:
    """Put the manifest into a begun folder and give it its name; called while the firewall's folder is locked."""
    with _created(os.path.join(path, MANIFEST)) as file:
        file.write(data)
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(path, _DRAFT))
    _sync(path)
    os.rename(path, final)
    _sync(os.path.dirname(path))


def _sync(folder: str) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    except OSError as error:
        # Some file systems have no such thing for folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(number)


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Keep other runs of the same firewall out for a moment."""
    number = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _newest(folder: str) -> tuple[Manifest | None, list[str]]:
    """Return the manifest of the run that was sealed last, and warnings about runs whose manifests tell nothing."""
    runs = _runs_in(folder, _entries(folder))
    # Under whatever name: a folder that was renamed can be given its name back.
    sealed = [found for found in runs.values() if isinstance(found, Manifest)]
    newest = max(sealed, key=lambda found: (found.sequence, found.run), default=None)
    # The evidence of what was done just now must be kept, whatever became of what is older.
    return newest, [
        f"{found.sentence(folder)} The chain of evidence is broken there."
        for found in runs.values()
        if isinstance(found, Problem)
    ]


# -- reading -----------------------------------------------------------------------------------------------------------


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def _kind_of(path: str) -> str:
    """Return what is at a path, without following it; '' for nothing."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISREG(mode):
        return REGULAR
    if stat.S_ISLNK(mode):
        return LINK
    return FOLDER if stat.S_ISDIR(mode) else SPECIAL


def _regular(path: str) -> IO[bytes]:
    """Open a file to read, never through a symbolic link and never waiting for a pipe; raise OSError."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _bounded(file: IO[bytes]) -> bytes:
    """Return all bytes of a manifest; raise ValueError when it has more than any manifest."""
    if os.fstat(file.fileno()).st_size > _LARGEST_MANIFEST:
        raise ValueError(f"it has more than {_LARGEST_MANIFEST} bytes")
    return file.read()


def _digested(file: IO[bytes]) -> Seen:
    digest, size = hashlib.sha256(), 0
    for block in iter(lambda: file.read(_BLOCK), b""):
        digest.update(block)
        size += len(block)
    return Seen(REGULAR, size, digest.hexdigest())


def _look(path: str) -> Seen | None:
    kind = _kind_of(path)
    if kind != REGULAR:
        return Seen(kind) if kind else None
    with _regular(path) as file:
        return _digested(file)


def _is_run_like(folder: str, name: str) -> bool:
    """Return whether a name in a firewall's folder stands for a sealed run, under its own name or another one."""
    if is_run(name):
        return True
    path = os.path.join(folder, name)
    return not name.endswith(PART) and _kind_of(path) == FOLDER and bool(_kind_of(os.path.join(path, MANIFEST)))


def _is_unfinished(folder: str, name: str) -> bool:
    return name.endswith(PART) and is_run(name.removesuffix(PART)) and _kind_of(os.path.join(folder, name)) == FOLDER


def _is_firewall_like(path: str) -> bool:
    if _FIREWALL_FOLDER.fullmatch(os.path.basename(path)):
        return True
    return _kind_of(path) == FOLDER and any(
        _is_run_like(path, name) or _is_unfinished(path, name) for name in _entries(path)
    )


def _runs_in(folder: str, entries: list[str]) -> dict[str, Found]:
    return {name: _found(folder, name) for name in entries if _is_run_like(folder, name)}


def _found(folder: str, name: str) -> Found:
    """Return the manifest of a run's folder, or why there is none to go by; raise OSError when it cannot be read."""
    path = os.path.join(folder, name)
    kind = _kind_of(path)
    if kind != FOLDER:
        return Problem(name, f"was replaced, it is {kind}")
    kind = _kind_of(os.path.join(path, MANIFEST))
    if kind != REGULAR:
        return Problem(f"{name}/{MANIFEST}", f"was replaced, it is {kind}" if kind else "is missing")
    with _regular(os.path.join(path, MANIFEST)) as file:
        try:
            return parse_manifest(_bounded(file))
        except ValueError as error:
            return Problem(f"{name}/{MANIFEST}", f"was altered, {error}")


def _files_problem(folder: str, found: Manifest) -> Problem | None:
    path = os.path.join(folder, found.run)
    return files_problem(found, _entries(path), lambda name: _look(os.path.join(path, name)))


@contextmanager
def _unchanging(folder: str) -> Iterator[None]:
    """Let no run be sealed for a moment, where this user may say so; a copy of the folder needs no lock."""
    try:
        number = os.open(os.path.join(folder, LOCK), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_SH)
        yield
    finally:
        os.close(number)


class _Check:
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
        found = _found(folder, name)
        self._count(folder, {name: found})
        if isinstance(found, Problem):
            self.problem = found.sentence()
            return
        problem = name_problem(name, found)
        before = found.previous.run if found.previous else None
        if before and _kind_of(os.path.join(folder, before)):
            problem = problem or link_problem(found, {before: _found(folder, before)}, [])
        elif before:
            self.notes.append(f"The run {named(before)} does not lie beside it; the link to it was not checked.")
        problem = problem or _files_problem(folder, found)
        self.problem = problem.sentence() if problem else ""

    def firewall(self, folder: str, prefix: str = "") -> None:
        """Check all runs of a firewall's folder; prefix is the folder's name when it is one of several."""
        kind = _kind_of(folder)
        if kind != FOLDER:
            self.problem = self.problem or Problem(prefix, f"was replaced, it is {kind}").sentence()
            return
        with _unchanging(folder):
            entries = _entries(folder)
            runs = _runs_in(folder, entries)
            unfinished = [name for name in entries if _is_unfinished(folder, name)]
        self._count(folder, runs)
        self.unfinished += [f"{prefix}/{name}" if prefix else name for name in unfinished]
        if self.problem:
            return
        problem = chain_problem(runs, lambda found: _files_problem(folder, found))
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
    seen = _Check()
    try:
        _check(os.path.realpath(path), path, seen)
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


def _check(path: str, given: str, seen: _Check) -> None:
    if _kind_of(path) != FOLDER:
        raise OptionError("path", given, "it is not a folder" if _kind_of(path) else "there is no such folder")
    folder, name = os.path.split(path)
    if _is_unfinished(folder, name):
        raise OptionError(
            "path", given, "its run is not sealed yet, so that there is nothing to hold its files against"
        )
    if _is_run_like(folder, name):
        seen.one_run(path)
    elif _is_firewall_like(path):
        seen.firewall(path)
    else:
        chains = [entry for entry in _entries(path) if _is_firewall_like(os.path.join(path, entry))]
        if not chains:
            raise OptionError("path", given, "give the folder of a run, that of a firewall, or an evidence_dir")
        for entry in chains:
            seen.firewall(os.path.join(path, entry), entry)
