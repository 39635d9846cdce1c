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
from collections.abc import Iterable, Iterator, Mapping
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
from ..plugin_utils.report_asff import asff_of
from ..plugin_utils.report_csv import csv_of
from ..plugin_utils.report_json import json_of
from ..plugin_utils.report_names import Names
from ..plugin_utils.report_ocsf import ocsf_of
from ..plugin_utils.report_rules import RuleReport, RuleTally, rule_report
from ..plugin_utils.report_text import items

# In the order in which they are written and told.
DESTS = {
    "html_dest": "html",
    "markdown_dest": "markdown",
    "json_dest": "json",
    "csv_dest": "csv",
    "asff_dest": "asff",
    "ocsf_dest": "ocsf",
}
PATHS = ("findings_src", *DESTS)
ARGUMENT_SPEC: dict[str, Any] = {
    "audit": {"type": "dict", "required": True},
    "findings_src": {"type": "path"},
    **{option: {"type": "path"} for option in DESTS},
    "asff_archive": {"type": "bool", "default": True},
    "title": {"type": "str", "default": "Flow audit"},
    "max_rows": {"type": "int", "default": MAX_ROWS},
}
FINDINGS_ALLOWED = "it must be a readable file of findings as JSON lines (compressed if its name ends in .gz)"


class ActionModule(ActionBase):
    """The task `flowops.aws.flow_report`."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write what differs, or in check mode only say it; return reports, a list of format, dest, sha256, size."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC, required_one_of=[list(DESTS)])[1]
        try:
            result.update(self._reports(options))
        except FlowOpsError as error:
            result.update(failed=True, msg=error.message, **error.details)
        return result

    def _reports(self, options: Mapping[str, Any]) -> dict[str, Any]:
        paths = {
            # As for modules on a local connection, a relative path starts at the playbook.
            name: str(self._loader.path_dwim(options[name]))
            for name in PATHS
            if options.get(name) is not None
        }
        check_options(options, paths)
        view, tally = read_view(options, paths)
        # What cannot be said is found out before anything is written.
        chosen = [(option, contents_of(option, options, paths, view, tally)) for option in DESTS if option in paths]
        reports, words, changed = [], [], False
        for option, contents in chosen:
            report_format, dest = DESTS[option], paths[option]
            written = write_private(option, dest, contents, dry_run=self._task.check_mode)
            changed = changed or written["changed"]
            if written["changed"]:
                verb = "Would write" if self._task.check_mode else "Wrote"
                words.append(f"{verb} the {report_format} report {dest}.")
            else:
                words.append(f"The {report_format} report {dest} is up to date.")
            reports.append(
                {"format": report_format, "dest": dest, "sha256": written["sha256"], "size": written["size"]}
            )
        outcome: dict[str, Any] = {"changed": changed, "reports": reports, "msg": " ".join(words)}
        warnings = list(view.warnings)
        if "csv_dest" in paths and "findings_src" not in paths and tally.total < view.findings_total:
            warnings.append(
                f"csv_dest: the audit result itself holds only {tally.total:,} of {view.findings_total:,} findings;"
                " give findings_src to have all of them."
            )
        if warnings:
            outcome["warnings"] = warnings
        return outcome


def contents_of(
    option: str, options: Mapping[str, Any], paths: Mapping[str, str], view: View, tally: RuleTally
) -> Iterable[bytes]:
    """Return the report of an option, in blocks; raise FlowOpsError for what the audit result does not allow."""
    audit = options["audit"]

    def rules() -> RuleReport:
        return rule_report(audit, view, tally, option)

    if option == "html_dest":
        return [html_of(view).encode()]
    if option == "markdown_dest":
        return [markdown_of(view).encode()]
    if option == "json_dest":
        return [json_of(audit, view).encode()]
    if option == "asff_dest":
        return [asff_of(rules(), archive=options["asff_archive"]).encode()]
    if option == "ocsf_dest":
        return list(ocsf_of(rules()))
    table = csv_of(findings_of(options, paths), Names(audit.get("addresses")))
    return compressed(table) if paths[option].endswith(".gz") else table


def check_options(options: Mapping[str, Any], paths: Mapping[str, str]) -> None:
    """Raise OptionError for what can be known to be wrong before anything is read or written."""
    if not 0 <= options["max_rows"] <= MAX_ROWS_LIMIT:
        raise OptionError("max_rows", options["max_rows"], f"it must be a number from 0 to {MAX_ROWS_LIMIT}")
    taken: dict[str, str] = {}
    for option in PATHS:
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


def read_view(options: Mapping[str, Any], paths: Mapping[str, str]) -> tuple[View, RuleTally]:
    """Return the view of the audit and its findings rule by rule, after reading them once; raise OptionError."""
    tally = RuleTally()
    findings = tally.watch(findings_of(options, paths))
    title, max_rows = options["title"], options["max_rows"]
    whole_file = "findings_src" in paths
    return view_of(options["audit"], findings, title=title, max_rows=max_rows, whole_file=whole_file), tally


def findings_of(options: Mapping[str, Any], paths: Mapping[str, str]) -> Iterator[Any]:
    """Yield the findings of findings_src, or without it those inside the audit result; raise OptionError."""
    src = paths.get("findings_src")
    if src is None:
        yield from items(options["audit"].get("findings"))
        return
    try:
        with opened_lines(src) as lines:
            yield from findings_of_lines(lines)
    except FindingsError as error:
        raise OptionError("findings_src", src, f"{FINDINGS_ALLOWED}, and {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "what it holds is not whole compressed data"
        raise OptionError("findings_src", src, f"{FINDINGS_ALLOWED}: {reason}") from error


def compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield blocks as a gzip file without a name and a time in it: the same content makes the same file."""
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for block in blocks:
        yield compressor.compress(block)
    yield compressor.flush()


@contextmanager
def opened_lines(src: str) -> Iterator[Iterator[bytes]]:
    """Open a file of JSON lines, decompressed if its name ends in .gz; raise OSError."""
    with gzip.open(src, "rb") if src.endswith(".gz") else open(src, "rb") as stream:
        yield iter(stream)


def is_written(dest: str, sha256: str, size: int) -> bool:
    """Return whether dest is a private file of that size (bytes) and SHA-256 (hex)."""
    try:
        status = os.lstat(dest)
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) != 0o600 or status.st_size != size:
            return False
        digest = hashlib.sha256()
        with open(dest, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest() == sha256
    except OSError:
        return False


def write_private(option: str, dest: str, blocks: Iterable[bytes], *, dry_run: bool) -> dict[str, Any]:
    """Put blocks at dest in one step, with mode 0600, unless they are there already.

    Return changed, sha256 (hex) and size (bytes); with dry_run nothing is written. Raise OptionError when writing
    fails, and then leave dest as it was.
    """
    digest, size, temporary = hashlib.sha256(), 0, None
    try:
        # mkstemp makes it 0600 from its first byte on; in the same folder, so that the replacing is one step.
        handle, temporary = (
            (os.open(os.devnull, os.O_WRONLY), None)
            if dry_run
            else tempfile.mkstemp(prefix=f".{os.path.basename(dest)[:100]}.", dir=os.path.dirname(dest))
        )
        with os.fdopen(handle, "wb") as stream:
            for block in blocks:
                digest.update(block)
                size += len(block)
                stream.write(block)
            if temporary is not None:
                stream.flush()
                os.fsync(stream.fileno())
        changed = not is_written(dest, digest.hexdigest(), size)
        if temporary is not None and changed:
            os.replace(temporary, dest)
    except OSError as error:
        raise OptionError(option, dest, f"it could not be written: {error.strerror}") from error
    finally:
        if temporary is not None:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
    return {"changed": changed, "sha256": digest.hexdigest(), "size": size}
