# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Capture files: flow records as JSON lines, gzip by suffix, whole or not there at all."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import chain
from typing import IO, Any

from .errors import FlowOpsError, OptionError
from .flows.flowlog import is_log_entry, records_of_log

_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


# The members of the usual flow record, in their order, and whether each is a text or a number.
_USUAL = {
    "source_address": str,
    "source_port": int,
    "destination_address": str,
    "destination_port": int,
    "protocol": str,
    "protocol_number": int,
    "age": int,
    "packet_count": int,
    "byte_count": int,
    "availability_zone": str,
}
_USUAL_NAMES = tuple(_USUAL)
_USUAL_LINE = "{" + ",".join(f'"{name}":' + ('"%s"' if kind is str else "%d") for name, kind in _USUAL.items()) + "}\n"


def check_dest(path: str, option: str = "dest") -> str:
    """Return the path when a file can be put there; raise OptionError when its folder is missing or closed."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise OptionError(option, path, f"its folder {folder} does not exist, make it first")
    if os.path.isdir(path):
        raise OptionError(option, path, "it is a folder, give the path of a file")
    if os.path.lexists(path) and not os.path.isfile(path):
        raise OptionError(option, path, "what is there is not a regular file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OptionError(option, path, f"its folder {folder} cannot be written to by this user")
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise OptionError(option, path, "the file there cannot be written to by this user")
    return path


def _usual_lines(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the lines of usual flow records, in a third of an encoder's time; '' when one is not quite usual."""
    if not all(map(_USUAL_NAMES.__eq__, map(tuple, records))):
        return ""
    rows = [tuple(record.values()) for record in records]
    texts: list[Any] = []
    for kind, column in zip(_USUAL.values(), zip(*rows, strict=True), strict=True):
        if {*map(type, column)} != {kind}:
            return ""
        if kind is str:
            texts += column
    text = "".join(texts)
    if not (text.isascii() and text.isprintable()) or '"' in text or "\\" in text:
        return ""
    return "".join(map(_USUAL_LINE.__mod__, rows))


class _Hashed(io.RawIOBase):
    """A sink that hashes what passes through it and hands it on, or drops it when there is nowhere to put it."""

    def __init__(self, raw: IO[bytes] | None) -> None:
        super().__init__()
        self.raw = raw
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        if self.raw is not None:
            self.raw.write(data)
        return len(data)


class LineFile:
    """A file of JSON lines that appears under its name (mode 0600) only when it is whole; use it in a with block.

    Until then it is written beside it as NAME.part; an exception inside the block removes that. With dry_run
    nothing is written, and sha256 and changed still say what would have been.
    """

    def __init__(self, path: str, *, dry_run: bool = False, option: str = "dest") -> None:
        self.path = check_dest(path, option)
        self.part = f"{path}.part"
        self.dry_run = dry_run
        self.option = option
        self.count = 0
        self.sha256 = ""
        self.size = 0
        self.changed = False
        self._ended = False

    def __enter__(self) -> LineFile:
        try:
            self._raw = None if self.dry_run else self._opened()
        except BlockingIOError as error:
            raise OptionError(self.option, self.path, "another task is writing it at this moment") from error
        except OSError as error:
            raise OptionError(self.option, self.path, f"it cannot be written ({error.strerror})") from error
        self._hashed = _Hashed(self._raw)
        sink = io.BufferedWriter(self._hashed, 1 << 18)
        self._sink: IO[bytes] = sink
        self._gzip: gzip.GzipFile | None = None
        if self.path.endswith(".gz"):
            # No name and no time in the header: the same flows make the same file.
            self._gzip = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=sink, mtime=0)
        return self

    def _opened(self) -> IO[bytes]:
        file = os.fdopen(os.open(self.part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb")
        try:
            # Two tasks that write one file would both believe that what is there is theirs.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(file.fileno(), 0o600)
            file.truncate()
        except OSError:
            file.close()
            raise
        return file

    def write(self, record: Mapping[str, Any]) -> None:
        """Write one record as a line."""
        self.write_all([record])

    def write_all(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Write records as lines, in one go."""
        written = list(records)
        if written:
            text = _usual_lines(written) or "".join(f"{_ENCODE(record)}\n" for record in written)
            try:
                (self._gzip or self._sink).write(text.encode("utf-8", "surrogatepass"))
            except OSError as error:
                raise self._failed(error) from error
            self.count += len(written)

    def finish(self) -> None:
        """End the file before its with block does, so that what told() returns can be used inside it."""
        self.__exit__(None, None, None)

    def told(self) -> dict[str, Any]:
        """Return {path, sha256, count} of the finished file."""
        return {"path": self.path, "sha256": self.sha256, "count": self.count}

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            if kind is None:
                if self._gzip is not None:
                    self._gzip.close()
                self._sink.flush()
                if self._raw is not None:
                    self.size = self._raw.tell()
                    self._raw.flush()
                    os.fsync(self._raw.fileno())
                self.sha256 = self._hashed.sha256.hexdigest()
                self.changed = sha256_of(self.path) != self.sha256
                if self._raw is not None:
                    # Before it is closed, for the lock ends with that.
                    os.replace(self.part, self.path)
                    self._raw.close()
        except OSError as failed:
            self._discard()
            raise self._failed(failed) from failed
        if kind is not None:
            self._discard()

    def _failed(self, error: OSError) -> FlowOpsError:
        return FlowOpsError(
            f"{self.option}: '{self.path}' could not be written ({error.strerror}); nothing was left behind."
        )

    def _discard(self) -> None:
        if self._raw is not None:
            # What is still buffered has nowhere to go any more, and a full disk fails the closing too.
            self._hashed.raw = None
            with suppress(FileNotFoundError):
                os.unlink(self.part)
            with suppress(OSError):
                self._raw.close()


def open_files(
    stack: ExitStack, params: Mapping[str, Any], options: Sequence[str], *, dry_run: bool
) -> dict[str, LineFile]:
    """Return the files that the options name, by option, each a LineFile that ends with the stack."""
    return {
        option: stack.enter_context(LineFile(params[option], dry_run=dry_run, option=option))
        for option in options
        if params[option]
    }


def reader_in(folder: str | None) -> Callable[[str], list[str]]:
    """Return a function that reads the lines of a text file, relative to the folder, or to the working directory."""

    def read(path: str) -> list[str]:
        with open(os.path.join(folder or ".", os.path.expanduser(path)), encoding="utf-8") as file:
            return file.readlines()

    return read


def sha256_of(path: str) -> str | None:
    """Return the SHA-256 (hex) of a file's bytes, None when there is no such file."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def read_lines(path: str, option: str = "src") -> Iterator[dict[str, Any]]:
    """Yield the mappings of a file of JSON lines in order; raise FlowOpsError naming the line that is none."""
    opener: Any = gzip.open if path.endswith(".gz") else open
    number = 0
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for line in file:
                number += 1
                if line.strip():
                    content = json.loads(line)
                    if not isinstance(content, dict):
                        raise ValueError("not a mapping")
                    yield content
    except FileNotFoundError:
        raise OptionError(option, path, "there is no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise FlowOpsError(f"{option}: '{path}' cannot be read after line {number} ({error}).") from error
    except ValueError as error:
        raise FlowOpsError(f"{option}: line {number} of '{path}' is not a mapping in JSON ({error}).") from error


def read_records(path: str, option: str = "src") -> Iterator[dict[str, Any]]:
    """Yield the flow records of a capture file, or of an AWS flow log (with firewall_name), in order."""
    lines = read_lines(path, option)
    first = next(lines, None)
    if first is None:
        return
    everything = chain([first], lines)
    if not is_log_entry(first):
        yield from everything
        return
    try:
        yield from records_of_log(everything)
    except (TypeError, ValueError) as error:
        raise FlowOpsError(f"{option}: '{path}' is not a flow log of AWS Network Firewall ({error}).") from error
