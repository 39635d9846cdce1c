# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files: private ones that appear whole, those of strangers read with bounds, and flow records as JSON lines."""

from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import io
import json
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from typing import IO, Any, NamedTuple, NoReturn

from .errors import FlowOpsError, OptionError, shown
from .flows.flowlog import is_log_entry, records_of_log
from .flows.logforms import mappings_in

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


BLOCK = 1 << 20
# How deep the lists and mappings of a JSON file may be nested, and how long its numbers may be; ours need far less.
_DEEPEST = 32
_LONGEST_NUMBER = 20
# No flow record, and no entry of a flow log, comes near it.
_LONGEST_LINE = 1 << 20


class FileKind(NamedTuple):
    """A kind of file that somebody else wrote: what it is called, and how many bytes it has at most."""

    name: str
    largest: int


POLICY = FileKind("policy", 1 << 20)
LIST = FileKind("list", 64 << 20)
PLAN = FileKind("plan", 16 << 20)


@contextmanager
def whole_file(path: str, part: str = "") -> Iterator[IO[bytes]]:
    """Write a file of mode 0600 that appears under its name when it is whole and on the disk, at the block's end.

    Until then it is part, or PATH.part, never through a symbolic link; an exception removes that. Raise OSError, a
    BlockingIOError when another task is writing it.
    """
    part = part or f"{path}.part"
    file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb")
    try:
        # Two tasks that write one file would both believe that what is there is theirs.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    try:
        os.fchmod(file.fileno(), 0o600)
        file.truncate()
        yield file
        file.flush()
        os.fsync(file.fileno())
        # Before it is closed, for the lock ends with that.
        os.replace(part, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        # What is still buffered has nowhere to go any more, and a full disk fails the closing too.
        with suppress(OSError):
            file.close()
        raise
    file.close()


def digest_of(file: IO[bytes]) -> tuple[str, int]:
    """Return the SHA-256 (hex) and the number of bytes of what is left of a file."""
    digest, size = hashlib.sha256(), 0
    for block in iter(lambda: file.read(BLOCK), b""):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def sha256_of(path: str) -> str | None:
    """Return the SHA-256 (hex) of a file's bytes, None when there is none; raise OSError for what is no file."""
    try:
        with open_regular(path) as file:
            return digest_of(file)[0]
    except FileNotFoundError:
        return None


def open_regular(path: str) -> IO[bytes]:
    """Open a file of somebody else's, never waiting for a pipe or a device; raise OSError with what it is instead."""
    _check_regular(os.stat(path).st_mode)
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb")
    try:
        _check_regular(os.fstat(file.fileno()).st_mode)
    except OSError:
        file.close()
        raise
    return file


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, give the path of a file")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def read_bounded(path: str, kind: FileKind) -> bytes:
    """Return the bytes of a regular file; raise OSError when there is none, or when it has more than its kind may."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(kind.largest + 1)
    # A file of the kernel's may have nothing to say yet.
    if data is None:
        raise OSError(errno.EINVAL, "it is not a regular file")
    if max(size, len(data)) > kind.largest:
        raise OSError(errno.EFBIG, f"it has more than the {kind.largest >> 20} MiB that a {kind.name} may have")
    # What the kernel makes up while it is read says that it has no bytes, or more than there are.
    if size != len(data):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return data


def read_file(path: str, kind: FileKind, option: str) -> bytes:
    """Return the bytes of a file of that kind; raise OptionError, which quotes nothing of it."""
    try:
        return read_bounded(path, kind)
    except (OSError, ValueError) as error:
        raise OptionError(option, path, _why(error)) from None


def _why(error: Exception) -> str:
    """Return why a file could not be read, in words."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    said = getattr(error, "strerror", None) or "it is not the name of a file"
    return said if said.startswith("it ") else f"it cannot be read ({said})"


def text_of(data: bytes, path: str) -> str:
    """Return the text of a file's bytes in UTF-8; raise FlowOpsError with the line that is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FlowOpsError(f"{shown(path)} line {line}: it is not text in UTF-8.") from None


def json_of(data: bytes, path: str) -> Any:
    """Return the JSON value in a file's bytes; raise FlowOpsError, which quotes nothing, when it is none.

    A mapping with a key twice, numbers of more than 20 digits, NaN, and what is nested deeply, are refused.
    """
    try:
        value = json.loads(text_of(data, path), object_pairs_hook=_once, parse_int=_number, parse_constant=_no_number)
    except RecursionError:
        raise FlowOpsError(f"{shown(path)}: it is nested more than {_DEEPEST} levels deep.") from None
    except json.JSONDecodeError as error:
        raise FlowOpsError(f"{shown(path)} line {error.lineno}: it is not JSON.") from None
    except ValueError as error:
        raise FlowOpsError(f"{shown(path)}: {error}.") from None
    level = [value]
    for _depth in range(_DEEPEST):
        level = [item for each in level for item in _items(each)]
    if level:
        raise FlowOpsError(f"{shown(path)}: it is nested more than {_DEEPEST} levels deep.")
    return value


def _items(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("a mapping in it has a key twice")
    return mapping


def _number(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number in it has more than {_LONGEST_NUMBER} digits")
    return int(text)


def _no_number(_text: str) -> NoReturn:
    raise ValueError("a number in it is none")


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
        self.dry_run = dry_run
        self.option = option
        self.count = 0
        self.sha256 = ""
        self.size = 0
        self.changed = False
        self._ended = False

    def __enter__(self) -> LineFile:
        self._stack = ExitStack()
        try:
            self._raw = None if self.dry_run else self._stack.enter_context(whole_file(self.path))
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
        """End the file before its with block does, so that what as_result() returns can be used inside it."""
        self.__exit__(None, None, None)

    def as_result(self) -> dict[str, Any]:
        """Return {path, sha256, count} of the finished file."""
        return {"path": self.path, "sha256": self.sha256, "count": self.count}

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._ended:
            return
        self._ended = True
        if kind is not None:
            self._hashed.raw = None
            self._stack.__exit__(kind, error, trace)
            return
        try:
            with self._stack:
                self._end()
        except OSError as failed:
            raise self._failed(failed) from failed

    def _end(self) -> None:
        try:
            if self._gzip is not None:
                self._gzip.close()
            self._sink.flush()
        except OSError:
            self._hashed.raw = None
            raise
        if self._raw is not None:
            self.size = self._raw.tell()
        self.sha256 = self._hashed.sha256.hexdigest()
        self.changed = sha256_of(self.path) != self.sha256

    def _failed(self, error: OSError) -> FlowOpsError:
        return FlowOpsError(
            f"{self.option}: '{self.path}' could not be written ({error.strerror}); nothing was left behind."
        )


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
    """Return a function that reads the lines of a list, relative to the folder, or to the working directory."""

    def read(path: str) -> list[str]:
        data = read_bounded(os.path.join(folder or ".", os.path.expanduser(path)), LIST)
        return io.TextIOWrapper(io.BytesIO(data), "utf-8").readlines()

    return read


def read_lines(path: str, option: str = "src") -> Iterator[dict[str, Any]]:
    """Yield the mappings of a file of JSON lines in order; raise FlowOpsError naming the line that is none.

    What CloudWatch and Firehose add to the entries of a flow log, or leave out between them, does not matter.
    """
    number = 1
    rest = ""
    try:
        with _unpacked(path) as file:
            while part := file.readline(_LONGEST_LINE):
                # Firehose writes whole files without an end of line.
                is_whole = part.endswith("\n") or len(part) < _LONGEST_LINE
                found, rest = mappings_in(rest + part, is_whole)
                yield from found
                if len(rest) > _LONGEST_LINE:
                    raise ValueError(f"an entry has at most {_LONGEST_LINE >> 20} MiB")
                number += part.endswith("\n")
            if rest:
                mappings_in(rest)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise OptionError(option, path, _why(error)) from None
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise FlowOpsError(f"{option}: '{path}' cannot be read after line {number - 1} ({why}).") from error
    except ValueError as error:
        raise FlowOpsError(f"{option}: line {number} of '{path}' is not a mapping in JSON ({error}).") from error


@contextmanager
def _unpacked(path: str) -> Iterator[IO[str]]:
    """Open a text file to read, unpacked where it begins as gzip does, whatever its name."""
    with open_regular(path) as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        with gzip.open(file, "rt", encoding="utf-8") if packed else io.TextIOWrapper(file, "utf-8") as text:
            yield text


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
