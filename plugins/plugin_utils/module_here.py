# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that run in the process of their task where that is what a process of their own would have done as well.

A module is a new Python, which unpacks and compiles what it imports and reads the SDK and its models: a second of
processor time, twice for each firewall. What an action plugin imports, Ansible has imported before it forks.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, NoReturn

from ansible import constants
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values
from ansible.utils.display import Display
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ..module_utils.aws.connections import SERVICE
from ..module_utils.aws.models import kept_models, read_models
from .signs import WaitingAction

_LOCAL = frozenset({"local", "ansible.builtin.local"})

# Ansible imports this file in the process that it forks for each host, and what has been read there is shared by them.
read_models(SERVICE)


class ModuleHereAction(WaitingAction):
    """The task of a module that only needs the controller's Python and a local connection to run in this process."""

    MAIN: ClassVar[Callable[[], None]]

    def _execute_module(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the module's result, from this process where that differs from a process of its own in nothing."""
        task_vars = kwargs.get("task_vars") or {}
        if kwargs.get("wrap_async") or not self._is_here(task_vars):
            result: dict[str, Any] = super()._execute_module(*args, **kwargs)
            return result
        with _in_folder(self._loader.get_basedir()), _apart_from_ansible(), kept_models():
            return result_of(type(self).MAIN, self._given())

    def _is_here(self, task_vars: Mapping[str, Any]) -> bool:
        """Return whether the module would be run on this machine, by this user, Python and environment."""
        task = self._task
        if task.async_val or task.delegate_to or any(task.environment or ()) or self._connection.become:
            return False
        if self._connection.transport not in _LOCAL:
            return False
        interpreter = self._templar.template(task_vars.get("ansible_python_interpreter"))
        return isinstance(interpreter, str) and os.path.abspath(interpreter) == os.path.abspath(sys.executable)

    def _given(self) -> dict[str, Any]:
        # As a module is given them, Ansible's marks are left behind.
        options: dict[str, Any] = json.loads(json.dumps(dict(self._task.args), default=str))
        return {
            **options,
            "_ansible_check_mode": self._task.check_mode,
            "_ansible_diff": self._task.diff,
            "_ansible_module_name": self._task.action,
            "_ansible_no_log": self._task.no_log,
            "_ansible_verbosity": Display().verbosity,
        }


def result_of(main: Callable[[], None], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a module's main() returns or fails with for its options, as JSON brings it back."""
    settings = AnsibleAWSModule.default_settings
    with TemporaryDirectory(prefix="ansible-moduletmp-", dir=constants.DEFAULT_LOCAL_TMP) as folder:

        def made(**spec: Any) -> _Module:
            return _Module(given, folder, **spec)

        before = settings["module_class"]
        settings["module_class"] = made
        try:
            main()
        except _Ended as ended:
            result: dict[str, Any] = json.loads(json.dumps(ended.result, default=str))
            return result
        finally:
            settings["module_class"] = before
    raise RuntimeError("The module ended without a result.")


class _Ended(BaseException):
    """A module has said its result; no `except Exception` on the way may keep it."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self.result = result


class _Module(AnsibleModule):
    """Ansible's own module, which takes its options and leaves its result without a process in between."""

    def __init__(self, given: Mapping[str, Any], folder: str, **spec: Any) -> None:
        self._given = given
        self._folder = folder
        self._told: dict[str, None] = {}
        super().__init__(**spec)

    def _load_params(self) -> None:
        self.params = dict(self._given)

    @property
    def tmpdir(self) -> str:
        """Return a folder that is removed with all that it holds when the module has ended."""
        return self._folder

    def warn(self, warning: str, **_more: Any) -> None:
        """Keep a warning for the result, which shows it."""
        self._told[warning] = None

    def exit_json(self, **kwargs: Any) -> NoReturn:
        """End with a result."""
        self._end(kwargs)

    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn:
        """End with a failure."""
        self._end({**kwargs, "failed": True, "msg": str(msg)})

    def _end(self, result: dict[str, Any]) -> NoReturn:
        self.do_cleanup_files()
        self.add_path_info(result)
        result.setdefault("invocation", {"module_args": self.params})
        warnings = list(dict.fromkeys([*self._told, *result.pop("warnings", ())]))
        if warnings:
            result["warnings"] = warnings
        # As Ansible does: the marks of success and failure stay, whatever secret has their spelling.
        kept = {name: value for name, value in result.items() if value is None or isinstance(value, bool)}
        raise _Ended({**remove_values(result, self.no_log_values), **kept})


@contextmanager
def _apart_from_ansible() -> Iterator[None]:
    """Spare the garbage collector all that was there before.

    It would look through the objects of Ansible again and again while the SDK's models are read, and each page that it
    touches is copied for this fork: half of the processor time, and 12 MB.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _in_folder(folder: str) -> Iterator[None]:
    """Work in the folder in which a local connection starts a module."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
