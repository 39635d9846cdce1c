# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the reports of a flow audit, on the controller."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils.errors import FlowOpsError, OptionError
from ..plugin_utils.report import (
    MAX_ROWS,
    MAX_ROWS_LIMIT,
    FindingsError,
    View,
    findings_of_lines,
    html_of,
    markdown_of,
    view_of,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "audit": {"type": "dict", "required": True},
    "findings_src": {"type": "path"},
    "html_dest": {"type": "path"},
    "markdown_dest": {"type": "path"},
    "title": {"type": "str", "default": "Flow audit"},
    "max_rows": {"type": "int", "default": MAX_ROWS},
}
FORMATS = (("html", "html_dest", html_of), ("markdown", "markdown_dest", markdown_of))
FINDINGS_ALLOWED = "it must be a readable file of findings as JSON lines (compressed if its name ends in .gz)"


class ActionModule(ActionBase):
    """The task `flowops.aws.flow_report`."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write what differs, or in check mode only say it; return reports, a list of format, dest, sha256, size."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.validate_argument_spec(
            argument_spec=ARGUMENT_SPEC, required_one_of=[["html_dest", "markdown_dest"]]
        )[1]
        try:
            result.update(self._reports(options))
        except FlowOpsError as error:
            result.update(failed=True, msg=error.message, **error.details)
        return result

    def _reports(self, options: Mapping[str, Any]) -> dict[str, Any]:
        paths = {
            # As for modules on a local connection, a relative path starts at the playbook.
            name: str(self._loader.path_dwim(options[name]))
            for name in ("findings_src", "html_dest", "markdown_dest")
            if options.get(name) is not None
        }
        check_options(options, paths)
        view = read_view(options, paths)
        reports, words, changed = [], [], False
        for report_format, option, render in FORMATS:
            if option not in paths:
                continue
            content = render(view).encode()
            dest = paths[option]
            differs = not is_written(dest, content)
            if differs and not self._task.check_mode:
                write_private(option, dest, content)
            changed = changed or differs
            if differs:
                verb = "Would write" if self._task.check_mode else "Wrote"
                words.append(f"{verb} the {report_format} report {dest}.")
            else:
                words.append(f"The {report_format} report {dest} is up to date.")
            reports.append(
                {
                    "format": report_format,
                    "dest": dest,
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size": len(content),
                }
            )
        outcome: dict[str, Any] = {"changed": changed, "reports": reports, "msg": " ".join(words)}
        if view.warnings:
            outcome["warnings"] = list(view.warnings)
        return outcome


def check_options(options: Mapping[str, Any], paths: Mapping[str, str]) -> None:
    """Raise OptionError for what can be known to be wrong before anything is read or written."""
    if not 0 <= options["max_rows"] <= MAX_ROWS_LIMIT:
        raise OptionError("max_rows", options["max_rows"], f"it must be a number from 0 to {MAX_ROWS_LIMIT}")
    taken: dict[str, str] = {}
    for option in ("findings_src", "html_dest", "markdown_dest"):
        if option not in paths:
            continue
        real = os.path.realpath(paths[option])
        if real in taken:
            raise OptionError(option, paths[option], f"it must name another file than {taken[real]}")
        taken[real] = option
        if option != "findings_src":
            check_dest(option, paths[option])


def check_dest(option: str, dest: str) -> None:
    """Raise OptionError unless dest can become a file: its folder is there and writable, and it is no folder itself."""
    allowed = "it must name a file in an existing, writable folder"
    folder = os.path.dirname(dest)
    if os.path.isdir(dest):
        raise OptionError(option, dest, f"{allowed}, and this is a folder")
    if not os.path.isdir(folder):
        raise OptionError(option, dest, f"{allowed}, and there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OptionError(option, dest, f"{allowed}, and {folder} is not writable")


def read_view(options: Mapping[str, Any], paths: Mapping[str, str]) -> View:
    """Return the view of the audit, with the findings of findings_src where that is given; raise OptionError."""
    audit, title, max_rows = options["audit"], options["title"], options["max_rows"]
    src = paths.get("findings_src")
    if src is None:
        return view_of(audit, title=title, max_rows=max_rows)
    try:
        with opened_lines(src) as lines:
            return view_of(audit, findings_of_lines(lines), title=title, max_rows=max_rows)
    except FindingsError as error:
        raise OptionError("findings_src", src, f"{FINDINGS_ALLOWED}, and {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "what it holds is not whole compressed data"
        raise OptionError("findings_src", src, f"{FINDINGS_ALLOWED}: {reason}") from error


@contextmanager
def opened_lines(src: str) -> Iterator[Iterator[bytes]]:
    """Open a file of JSON lines, decompressed if its name ends in .gz; raise OSError."""
    with gzip.open(src, "rb") if src.endswith(".gz") else open(src, "rb") as stream:
        yield iter(stream)


def is_written(dest: str, content: bytes) -> bool:
    """Return whether dest is a private file that holds exactly content."""
    try:
        status = os.lstat(dest)
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) != 0o600 or status.st_size != len(content):
            return False
        with open(dest, "rb") as stream:
            return stream.read() == content
    except OSError:
        return False


def write_private(option: str, dest: str, content: bytes) -> None:
    """Put content at dest in one step, with mode 0600; raise OptionError, and then leave dest as it was."""
    temporary = None
    try:
        # mkstemp makes it 0600 from its first byte on; in the same folder, so that the replacing is one step.
        handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(dest)[:100]}.", dir=os.path.dirname(dest))
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, dest)
    except OSError as error:
        raise OptionError(option, dest, f"it could not be written: {error.strerror}") from error
    finally:
        if temporary is not None:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
