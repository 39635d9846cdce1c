# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Python that does once what every module of a playbook would do again: compile what is zipped, import boto3.

A module that Ansible pipes in is run by a fork of a process that has boto3 imported; see ../../warm.py.
"""

from __future__ import annotations

import os
import sys
import zipimport
from types import CodeType
from typing import Any

# Python keeps the compiled code of files, but not that of what it imports out of a zip.
_compile_source: Any = getattr(zipimport, "_compile_source", None)


def _compile_once(pathname: str, source: bytes) -> CodeType:
    import hashlib
    import marshal

    kept = os.path.join(os.environ["FLOWOPS_WARM"], f"{sys.hexversion:x}-{hashlib.sha256(source).hexdigest()}")
    try:
        with open(kept, "rb") as file:
            code = marshal.load(file)
    except OSError:
        code = _compile_source(pathname, source)
        with open(f"{kept}.{os.getpid()}", "wb") as file:
            marshal.dump(code, file)
        os.replace(f"{kept}.{os.getpid()}", kept)
    assert isinstance(code, CodeType)
    return code


def _hand_over(door: str) -> int | None:
    """Have the module on stdin run by the warm process and return its exit status; None when it is not there."""
    import json
    import socket

    words = json.dumps({"environment": dict(os.environ), "folder": os.getcwd(), "umask": _umask()}).encode()
    with socket.socket(socket.AF_UNIX) as channel:
        try:
            channel.connect(door)
        except OSError:
            return None
        socket.send_fds(channel, [len(words).to_bytes(8, "big")], [0, 1, 2])
        channel.sendall(words)
        status = channel.recv(1)
    # Without an answer the module was killed, as a shell would tell it.
    return status[0] if status else 137


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


if "FLOWOPS_WARM" in os.environ:
    if _compile_source is not None:
        zipimport._compile_source = _compile_once  # type: ignore[attr-defined]  # not public, and the only way in
    # Only a pipelined module is a Python without any argument.
    if len(sys.orig_argv) == 1 and not os.isatty(0):
        _status = _hand_over(os.path.join(os.environ["FLOWOPS_WARM"], "door"))
        if _status is not None:
            os._exit(_status)
