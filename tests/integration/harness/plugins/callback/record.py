# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes every task result of a play as a line of JSON, so that tests read results and not screens."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: record
type: aggregate
short_description: Record task results as JSON lines
description: Appends one line for each task result to the file named by the environment variable FLOWOPS_RECORD.
requirements: []
"""


class CallbackModule(CallbackBase):
    """Appends {task, host, status, ignored, seconds, result} for each result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begun = time.monotonic()

    def _append(self, status: str, result: Any, ignored: bool = False) -> None:
        # Attributes without the underscore came with ansible-core 2.19.
        task = getattr(result, "task", None) or result._task
        host = getattr(result, "host", None) or result._host
        returned = getattr(result, "result", None)
        line = {
            "task": task.get_name().rpartition(" : ")[2],
            "host": host.get_name(),
            "status": status,
            "ignored": bool(ignored),
            "seconds": time.monotonic() - self._begun,
            "result": result._result if returned is None else returned,
        }
        with open(os.environ["FLOWOPS_RECORD"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Note when a task began."""
        self._begun = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Record a success."""
        self._append("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Record a failure."""
        self._append("failed", result, ignore_errors)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Record a skipped task."""
        self._append("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Record an unreachable host."""
        self._append("unreachable", result)
