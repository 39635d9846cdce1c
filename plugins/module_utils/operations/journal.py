# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has been read of captures, kept in a file, so that a reading that was cut off goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from .capture import Capture, Page


class Journal:
    """What has been read of captures so far, in a file beside the one that is being written (mode 0600).

    Each line is one page with the token of the next, so that a reading that was cut off goes on from there. Use it in
    a with block; a block that ends well removes the file.
    """

    def __init__(self, path: str, captures: Sequence[Capture]) -> None:
        self.path = path
        self._header = {"captures": [[capture.flow_operation_id, capture.scope.named()] for capture in captures]}
        self._file: IO[str] | None = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: object, *_failure: object) -> None:
        if self._file is not None:
            self._file.close()
        if kind is None:
            with suppress(FileNotFoundError):
                os.unlink(self.path)

    def pages(self) -> Iterator[tuple[int, Page]]:
        """Yield the pages noted by an earlier reading of the same captures, each with its capture's position."""
        end = 0
        with suppress(FileNotFoundError), open(self.path, "rb") as file:
            if _parsed(file.readline()) == self._header:
                end = file.tell()
                for line in file:
                    noted = _parsed(line)
                    if noted is None:
                        break
                    end += len(line)
                    yield noted["at"], Page(noted["flows"], noted["zone"], noted["next"], noted["status"], {})
        # Behind the last whole line there may be a part of one, of the moment when the reading was cut off.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.ftruncate(descriptor, end)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        self._file.seek(end)
        if not end:
            self._write(self._header)

    def note(self, at: int, page: Page) -> None:
        """Note a page of the capture at that position."""
        self._write({"at": at, "zone": page.zone, "next": page.next_token, "status": page.status, "flows": page.flows})

    def _write(self, content: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(content, separators=(",", ":")) + "\n")
            self._file.flush()


def _parsed(line: bytes) -> Any:
    """Return the content of a line that is whole, None for one that is not."""
    if not line.endswith(b"\n"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None
