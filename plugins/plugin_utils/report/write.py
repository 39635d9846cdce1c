# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports on disk: private, in one step, and not written again when they are there already."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from ...module_utils.errors import OptionError
from ...module_utils.files import check_dest, sha256_of, whole_file


@dataclass(frozen=True)
class Report:
    """A report that is to be written: the option that asked for it, its format, where it goes, and what is in it."""

    option: str
    format: str
    dest: str
    blocks: Iterable[bytes]


def write_reports(reports: Sequence[Report], *, dry_run: bool) -> dict[str, Any]:
    """Write each report that differs; return changed, reports (format, dest, sha256, size) and msg."""
    told, words = [], []
    for report in reports:
        written = write_private(report.option, report.dest, report.blocks, dry_run=dry_run)
        words.append(_sentence(report, changed=written["changed"], dry_run=dry_run))
        told.append({"format": report.format, "dest": report.dest, **written})
    changed = [item.pop("changed") for item in told]
    return {"changed": any(changed), "reports": told, "msg": " ".join(words)}


def _sentence(report: Report, *, changed: bool, dry_run: bool) -> str:
    if not changed:
        return f"The {report.format} report {report.dest} is up to date."
    return f"{'Would write' if dry_run else 'Wrote'} the {report.format} report {report.dest}."


def check_paths(paths: Mapping[str, str], dests: Collection[str]) -> None:
    """Raise OptionError unless paths (by option) are of different files and the dests among them can become files."""
    taken: dict[str, str] = {}
    for option, path in paths.items():
        real = os.path.realpath(path)
        if real in taken:
            raise OptionError(option, path, f"it must name another file than {taken[real]}")
        taken[real] = option
        if option in dests:
            check_dest(path, option)


def is_written(dest: str, sha256: str, size: int) -> bool:
    """Return whether dest is a private file of that size (bytes) and SHA-256 (hex)."""
    try:
        status = os.lstat(dest)
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) != 0o600 or status.st_size != size:
            return False
        return sha256_of(dest) == sha256
    except OSError:
        return False


def write_private(option: str, dest: str, blocks: Iterable[bytes], *, dry_run: bool) -> dict[str, Any]:
    """Put blocks at dest in one step, with mode 0600, unless they are there already.

    Return changed, sha256 (hex) and size (bytes); with dry_run nothing is written. Raise OptionError when writing
    fails, and then leave dest as it was.
    """
    digest, size, changed = hashlib.sha256(), 0, False
    try:
        with suppress(_AsItWas), nullcontext(io.BytesIO()) if dry_run else whole_file(dest) as stream:
            for block in blocks:
                digest.update(block)
                size += len(block)
                if not dry_run:
                    stream.write(block)
            changed = not is_written(dest, digest.hexdigest(), size)
            if not changed:
                raise _AsItWas
    except OSError as error:
        raise OptionError(option, dest, f"it could not be written: {error.strerror}") from error
    return {"changed": changed, "sha256": digest.hexdigest(), "size": size}


class _AsItWas(Exception):
    """What would be written is there already."""
