# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs of life of a task that waits: a module cannot say anything before it has ended, but its action can."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

# Seconds between two of them.
EVERY = 30


class WaitingAction(NormalAction):
    """The task of a module that may wait for minutes: it says every half minute that it is still at work."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns."""
        host = (task_vars or {}).get("inventory_hostname", "")
        with signs_of_life(f"{host}: {self._task.name or self._task.action}"):
            result: dict[str, Any] = super().run(tmp, task_vars)
            return result


@contextmanager
def signs_of_life(what: str) -> Iterator[None]:
    """Say every half minute for how long the work inside the block has been going on."""
    ended = threading.Event()
    told = threading.Thread(target=tell, args=(what, ended.wait, Display().display), daemon=True)
    told.start()
    try:
        yield
    finally:
        ended.set()
        told.join()


def tell(what: str, wait: Callable[[float], bool], say: Callable[[str], None]) -> None:
    """Say a line every half minute until wait(seconds) says that the work has ended."""
    for passed in count(1):
        if wait(EVERY):
            return
        say(f"{what}, at work for {passed * EVERY} s")
