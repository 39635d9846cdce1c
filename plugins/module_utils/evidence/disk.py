# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies in evidence folders: looked at without following links, written whole, locked against other runs."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from ..files import BLOCK, digest_of, whole_file
from .manifest import FOLDER, LINK, MANIFEST, REGULAR, SPECIAL, Found, Problem, Seen, is_run, parse_manifest

PART = ".part"
LOCK = ".lock"
# Begun folders hold it in the manifest's place; by its name it counts as half-written, too.
DRAFT = MANIFEST + PART
WRITING = ".writing" + PART
_FIREWALL_FOLDER = re.compile(r"\d{12}-[a-z0-9-]+-[A-Za-z0-9-]+")
# Far above any manifest of ours; a forged one must not fill the memory.
_LARGEST_MANIFEST = 1 << 24


def make_folders(path: str) -> None:
    """Make a folder of mode 0700, and those around it; raise OSError."""
    if not os.path.isdir(path):
        make_folders(os.path.dirname(path))
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
            os.chmod(path, 0o700)


def check_place(path: str) -> None:
    """Raise OSError when a folder could not be made at a path."""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    os.scandir(path).close()
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def put(folder: str, name: str, source: IO[bytes]) -> None:
    """Write a file of mode 0600 that appears under its name when it is whole."""
    # What is there under the name may be the very file that is copied.
    with whole_file(os.path.join(folder, name), os.path.join(folder, WRITING)) as file:
        shutil.copyfileobj(source, file, BLOCK)


def sync(folder: str) -> None:
    """Have a folder's entries written to the disk; raise OSError."""
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
def locked(folder: str) -> Iterator[None]:
    """Keep other runs of the same firewall out for a moment."""
    number = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


@contextmanager
def unchanging(folder: str) -> Iterator[None]:
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


def entries_of(folder: str) -> list[str]:
    """Return the names in a folder in order, none when there is no such folder."""
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def kind_of(path: str) -> str:
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


def open_evidence(path: str) -> IO[bytes]:
    """Open a file to read, never through a symbolic link and never waiting for a pipe; raise OSError."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def bounded(file: IO[bytes]) -> bytes:
    """Return all bytes of a manifest; raise ValueError when it has more than any manifest."""
    if os.fstat(file.fileno()).st_size > _LARGEST_MANIFEST:
        raise ValueError(f"it has more than {_LARGEST_MANIFEST} bytes")
    return file.read()


def look(path: str) -> Seen | None:
    """Return what is under a path, and what it holds if it is a regular file; None for nothing."""
    kind = kind_of(path)
    if kind != REGULAR:
        return Seen(kind) if kind else None
    with open_evidence(path) as file:
        return seen_in(file)


def is_run_like(folder: str, name: str) -> bool:
    """Return whether a name in a firewall's folder stands for a sealed run, under its own name or another one."""
    if is_run(name):
        return True
    path = os.path.join(folder, name)
    return not name.endswith(PART) and kind_of(path) == FOLDER and bool(kind_of(os.path.join(path, MANIFEST)))


def is_unfinished(folder: str, name: str) -> bool:
    """Return whether a name in a firewall's folder is that of a run that was begun and not sealed."""
    return name.endswith(PART) and is_run(name.removesuffix(PART)) and kind_of(os.path.join(folder, name)) == FOLDER


def was_sealed(folder: str, name: str) -> bool:
    """Return whether a run that is not sealed by its name was so once: it has a manifest, and no draft."""
    has_manifest, has_draft = (kind_of(os.path.join(folder, name, each)) for each in (MANIFEST, DRAFT))
    return bool(has_manifest) and not has_draft


def is_firewall_like(path: str) -> bool:
    """Return whether a path is that of a firewall's folder, by its name or by the runs in it."""
    if _FIREWALL_FOLDER.fullmatch(os.path.basename(path)):
        return True
    return kind_of(path) == FOLDER and any(
        is_run_like(path, name) or is_unfinished(path, name) for name in entries_of(path)
    )


def runs_in(folder: str, entries: list[str]) -> dict[str, Found]:
    """Return what stands under the names of sealed runs in a firewall's folder, by name."""
    return {name: found_in(folder, name) for name in entries if is_run_like(folder, name)}


def found_in(folder: str, name: str) -> Found:
    """Return the manifest of a run's folder, or why there is none to go by; raise OSError when it cannot be read."""
    path = os.path.join(folder, name)
    kind = kind_of(path)
    if kind != FOLDER:
        return Problem(name, f"was replaced, it is {kind}")
    kind = kind_of(os.path.join(path, MANIFEST))
    if kind != REGULAR:
        return Problem(f"{name}/{MANIFEST}", f"was replaced, it is {kind}" if kind else "is missing")
    with open_evidence(os.path.join(path, MANIFEST)) as file:
        try:
            return parse_manifest(bounded(file))
        except ValueError as error:
            return Problem(f"{name}/{MANIFEST}", f"was altered, {error}")


def seen_in(file: IO[bytes]) -> Seen:
    """Return what a regular file holds."""
    sha256, size = digest_of(file)
    return Seen(REGULAR, size, sha256, stat.S_IMODE(os.fstat(file.fileno()).st_mode))
