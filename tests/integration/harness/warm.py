# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spares the runs of the tests what each would do again; ansible-playbook and its modules stay what they are.

Three things are kept for all runs of a process: the payloads that Ansible zips for modules, the code that is compiled
out of them, and a Python that has boto3 imported and forks for each module.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType

SHIM = Path(__file__).resolve().parent / "shims" / "warm"


def warmed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a run with what makes it warm; one with a PYTHONPATH of its own stays as it is."""
    if "PYTHONPATH" in environment:
        return dict(environment)
    folder = _folder()
    # The same name may stand for another source in another tree of collections.
    tree = hashlib.sha256(environment.get("ANSIBLE_COLLECTIONS_PATH", "").encode()).hexdigest()[:16]
    payloads = folder / f"payloads-{tree}"
    payloads.mkdir(exist_ok=True)
    return {
        **environment,
        "FLOWOPS_WARM": str(folder),
        "FLOWOPS_PAYLOADS": str(payloads),
        "PYTHONPATH": str(SHIM),
        "ANSIBLE_CALLBACK_PLUGINS": os.pathsep.join(
            filter(None, [environment.get("ANSIBLE_CALLBACK_PLUGINS"), str(SHIM / "callback")])
        ),
    }


@functools.cache
def _folder() -> Path:
    """Return the folder of what is kept, with a process beside it that ends with this one."""
    folder = Path(tempfile.mkdtemp(prefix="flowops-warm-"))
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder / "door")],
        # It ends when this pipe does, whatever becomes of us.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "FLOWOPS_WARM": str(folder), "PYTHONPATH": str(SHIM)},
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.stdin.close)
    process.stdout.readline()
    return folder


def serve(door: str) -> None:
    """Run each module that is handed over in a fork, until stdin ends."""
    import select

    import boto3

    # Much of botocore is imported by the first client only.
    boto3.client("network-firewall", region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(door)
        listener.listen(64)
        print("ready", flush=True)
        while True:
            readable, _writable, _failed = select.select([listener.fileno(), 0], [], [])
            if 0 in readable:
                return
            channel, _address = listener.accept()
            if os.fork() == 0:
                listener.close()
                status = _as_handed_over(channel)
                channel.sendall(bytes([status]))
                os._exit(status)
            channel.close()
            _reap()


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _as_handed_over(channel: socket.socket) -> int:
    """Become the process that handed over, run what its stdin says, and return the exit status."""
    size, streams, _flags, _address = socket.recv_fds(channel, 8, 3)
    words = json.loads(channel.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(words["environment"])
    os.chdir(words["folder"])
    os.umask(words["umask"])
    sys.argv = [""]
    sys.path[0] = ""
    try:
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(sys.stdin.buffer.read(), "<stdin>", "exec"), main.__dict__)
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status & 0xFF


if __name__ == "__main__":
    serve(sys.argv[1])
