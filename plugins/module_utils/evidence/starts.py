# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that a run has begun: on the disk before their answers are waited for, whatever happens then."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from ..errors import FlowOpsError, OptionError
from ..files import PLAN, json_of, read_bounded
from .disk import entries_of, kind_of, put, sync
from .manifest import FOLDER, canonical

OPERATIONS = "operations.json"
# What is still to come, captures after the flushes foremost, is about as much as there is already, and never nothing.
_LEAST_SPACE = 16 << 20
_TIMES_AS_MUCH = 2


class Starts:
    """The list of operations in the operations.json of a begun folder, by several threads; later ones are added to it.

    Raise OptionError when there is no such folder, when its disk has too little room for the evidence still to come,
    or when what is there cannot be read.
    """

    def __init__(self, folder: str, option: str = "evidence_path") -> None:
        self.folder = os.path.abspath(os.path.expanduser(folder))
        if kind_of(self.folder) != FOLDER:
            raise OptionError(option, folder, "it is not a folder that state=begun has made")
        _check_space(self.folder, option)
        self._lock = threading.Lock()
        self._items = self._known(option)

    def _known(self, option: str) -> list[dict[str, Any]]:
        path = os.path.join(self.folder, OPERATIONS)
        try:
            known = json_of(read_bounded(path, PLAN), path)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise OptionError(option, path, f"it cannot be read ({error.strerror})") from error
        if not isinstance(known, list):
            raise OptionError(option, path, "it is not a list of operations")
        return known

    def keep(self) -> None:
        """Write the list, though nothing has been begun; raise FlowOpsError when that fails."""
        with self._lock:
            self._write()

    def begin(self, item: Mapping[str, Any]) -> int:
        """Note that an operation is about to be started; return its number, raise FlowOpsError when that fails."""
        with self._lock:
            self._items.append(dict(item))
            self._write()
            return len(self._items) - 1

    def note(self, number: int, item: Mapping[str, Any]) -> None:
        """Note what has become known of an operation; raise FlowOpsError when it cannot be written."""
        with self._lock:
            self._items[number] = {**self._items[number], **item}
            self._write()

    def _write(self) -> None:
        try:
            put(self.folder, OPERATIONS, BytesIO(canonical(self._items)))
            sync(self.folder)
        except OSError as error:
            raise FlowOpsError(
                f"The evidence in '{self.folder}' cannot be written ({error.strerror or error}); nothing more is"
                " started without it."
            ) from error


def _check_space(folder: str, option: str) -> None:
    there = sum(os.lstat(os.path.join(folder, name)).st_size for name in entries_of(folder))
    needed = max(_LEAST_SPACE, _TIMES_AS_MUCH * there)
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        raise OptionError(
            option,
            folder,
            f"its disk has {free >> 20} MiB left, and the evidence still to come may need {needed >> 20} MiB; nothing"
            " was started",
        )
