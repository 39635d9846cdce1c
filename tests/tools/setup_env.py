# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the developer environment `.venv`: the tools, the collections we need and a link to this checkout.

Needs nothing but Python 3.10 and its standard library. It is quiet when nothing is to be done, and a run that was
interrupted is made good by the next one.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# One version for everybody, so that a test that fails on one machine fails on the other.
AMAZON_AWS = "11.4.0"
# The release of the PyPI package "ansible" that carries it, for machines that cannot reach Galaxy.
ANSIBLE_PACKAGE = "14.5.0"
GALAXY_SECONDS = 60


@dataclass(frozen=True)
class Collection:
    """A collection of this version, and the release of the PyPI package "ansible" that carries it."""

    namespace: str
    version: str
    package: str
    name: str = "aws"

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}"


COLLECTIONS = {
    "run": (Collection("amazon", AMAZON_AWS, ANSIBLE_PACKAGE),),
    # What playbooks/awx.yml is linted and tried with; we do not depend on it.
    "dev": (Collection("amazon", AMAZON_AWS, ANSIBLE_PACKAGE), Collection("awx", "24.6.1", "13.8.0", "awx")),
}

# The controller side of ansible-core 2.18 and later runs on these.
CONTROLLER_MINIMUM = (3, 11)
CONTROLLER_NAMES = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")

STAGES = {"run": "tests/requirements.txt", "dev": "tests/requirements-dev.txt"}


class SetupError(Exception):
    """The environment cannot be made; the message says why and what would help."""


class Environment:
    """The folder `.venv` of a checkout and what is known about it; every step may be repeated."""

    def __init__(self, root: Path, venv: Path) -> None:
        self.root = root
        self.venv = venv
        self.python = venv / "bin" / "python"
        self.collections = venv / "collections" / "ansible_collections"
        # It lies there while something is being changed: found at the start, it tells of a run that never ended.
        self.unfinished = venv / ".unfinished"

    def stamp(self, stage: str) -> Path:
        """Return the stamp file of a stage ("run" or "dev")."""
        return self.venv / f".ready-{stage}"

    def fingerprint(self, stage: str) -> str:
        """Return a hash over all that the stage depends on; raises SetupError when a requirements file is missing."""
        names = [STAGES["run"]] if stage == "run" else list(STAGES.values())
        digest = hashlib.sha256(" ".join(wanted.version for wanted in COLLECTIONS[stage]).encode())
        for name in names:
            try:
                digest.update((self.root / name).read_bytes())
            except FileNotFoundError as error:
                raise SetupError(f"{name} is missing from {self.root}") from error
        return digest.hexdigest()

    def is_ready(self, stage: str) -> bool:
        """Tell whether the stage was completed with the requirements as they are now."""
        if self.unfinished.exists() or not self.python.exists():
            return False
        try:
            if self.stamp(stage).read_text(encoding="utf-8").strip() != self.fingerprint(stage):
                return False
        except FileNotFoundError:
            return False
        return all(map(self._is_placed, COLLECTIONS[stage])) and self._link_is_right()

    def prepare(self, stage: str) -> bool:
        """Complete the stage and return whether anything had to be done; raises SetupError."""
        if self.is_ready(stage):
            self._touch(stage)
            return False
        link = self.collections / "flowops" / "aws"
        moved = link.is_symlink() and not self._link_is_right()
        # The scripts in .venv/bin name their interpreter by its full path: a checkout that was moved needs new ones.
        if self.unfinished.exists() or moved or (self.venv.exists() and not runs(self.python)):
            shutil.rmtree(self.venv)
        self.venv.mkdir(parents=True, exist_ok=True)
        self.unfinished.touch()
        if not self.python.exists():
            interpreter = find_controller()
            say(f"making {self.venv.name} with {interpreter}")
            run([interpreter, "-m", "venv", str(self.venv)], "Python's venv module is needed (Debian: python3-venv)")
        say(f"installing {STAGES[stage]}")
        requirements = str(self.root / STAGES[stage])
        # Python compiles what it imports, which is a small part of what is installed.
        run([str(self.python), "-m", "pip", "install", "--quiet", "--no-compile", "--requirement", requirements])
        for wanted in COLLECTIONS[stage]:
            self._place(wanted)
        self._link_checkout()
        self.stamp(stage).write_text(self.fingerprint(stage) + "\n", encoding="utf-8")
        self.unfinished.unlink()
        return True

    def _touch(self, stage: str) -> None:
        # make compares times: a newer requirements file of the same content would bring it back on every run.
        self.stamp(stage).touch()

    def _link_is_right(self) -> bool:
        link = self.collections / "flowops" / "aws"
        return link.is_symlink() and link.resolve() == self.root.resolve()

    def _link_checkout(self) -> None:
        if self._link_is_right():
            return
        link = self.collections / "flowops" / "aws"
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink() or link.is_file():
            link.unlink()
        elif link.is_dir():
            shutil.rmtree(link)
        link.symlink_to(self.root, target_is_directory=True)

    def _is_placed(self, wanted: Collection) -> bool:
        return collection_version(self.collections / wanted.namespace / wanted.name) == wanted.version

    def _place(self, wanted: Collection) -> None:
        if self._is_placed(wanted):
            return
        target = self.collections / wanted.namespace / wanted.name
        say(f"fetching the collection {wanted} {wanted.version}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="collection-", dir=self.venv) as folder:
            found = self._from_galaxy(Path(folder), wanted) or self._from_package(Path(folder), wanted)
            if target.is_symlink():
                target.unlink()
            elif target.exists():
                shutil.rmtree(target)
            # A rename within one file system: the collection is there whole or not at all.
            found.rename(target)

    def _from_galaxy(self, folder: Path, wanted: Collection) -> Path | None:
        galaxy = str(self.venv / "bin" / "ansible-galaxy")
        command = [galaxy, "collection", "install", f"{wanted}:=={wanted.version}", "--no-deps", "--timeout", "10"]
        try:
            subprocess.run(
                [*command, "--collections-path", str(folder)],
                check=True,
                capture_output=True,
                timeout=GALAXY_SECONDS,
                # Collections that the user has elsewhere would count as "already installed".
                env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder)},
            )
        except (subprocess.SubprocessError, OSError):
            return None
        found = folder / "ansible_collections" / wanted.namespace / wanted.name
        return found if collection_version(found) == wanted.version else None

    def _from_package(self, folder: Path, wanted: Collection) -> Path:
        say(f"Galaxy does not answer: taking it out of the PyPI package ansible {wanted.package}")
        # The wheel is only unpacked, never imported, so its own demands on the Python version do not matter.
        download = [str(self.python), "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        run(
            [*download, "--python-version", "3.12", "--dest", str(folder), f"ansible=={wanted.package}"],
            f"neither Galaxy nor a Python package index gave the collection {wanted}",
        )
        wheel = next(folder.glob("ansible-*.whl"), None)
        if wheel is None:
            raise SetupError(f"no wheel of ansible {wanted.package} was downloaded")
        inside = f"ansible_collections/{wanted.namespace}/{wanted.name}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if name.startswith(f"{inside}/")])
        found = folder / inside
        version = collection_version(found)
        if version != wanted.version:
            raise SetupError(f"ansible {wanted.package} holds {wanted} {version}, not {wanted.version}")
        return found


def collection_version(folder: Path) -> str | None:
    """Return the version of an installed collection, or None when there is none that can be read."""
    try:
        manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
        return str(manifest["collection_info"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_controller(names: Sequence[str] = CONTROLLER_NAMES) -> str:
    """Return an interpreter that ansible-core runs on: this one, else one on PATH; raises SetupError."""
    if sys.version_info[:2] >= CONTROLLER_MINIMUM:
        return sys.executable
    for name in names:
        found = shutil.which(name)
        # Asked, not believed: a version manager's shim is on PATH even where its Python is not.
        if found and runs(Path(found), f"import sys; sys.exit(sys.version_info[:2] < {CONTROLLER_MINIMUM})"):
            return found
    wanted = ".".join(map(str, CONTROLLER_MINIMUM))
    raise SetupError(f"ansible-core needs Python {wanted} or later, none is on PATH; name one: make PYTHON=/path/to/it")


def runs(python: Path, code: str = "import pip") -> bool:
    """Tell whether the interpreter starts and the code ends well."""
    try:
        return subprocess.run([str(python), "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(command: list[str], hint: str = "") -> None:
    """Run a command with its output on stderr; raises SetupError with the command and the hint when it fails."""
    try:
        status = subprocess.run(command, check=False, stdout=sys.stderr).returncode
    except OSError as error:
        raise SetupError(f"{command[0]}: {error.strerror}") from error
    if status:
        raise SetupError(f"failed with status {status}: {' '.join(command)}" + (f" ({hint})" if hint else ""))


def say(text: str) -> None:
    """Print a line of progress on stderr."""
    print(f"set-up: {text}", file=sys.stderr, flush=True)


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two runs at once (`make -j`) do the work one after the other."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("stage", choices=sorted(STAGES), nargs="?", default="run", help="what to install for")
    stage = parser.parse_args(arguments).stage
    environment = Environment(ROOT, ROOT / ".venv")
    try:
        with exclusive(ROOT / ".cache" / "setup.lock"):
            environment.prepare(stage)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next run starts afresh")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
