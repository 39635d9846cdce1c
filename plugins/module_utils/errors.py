# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions that this collection raises on purpose; each message is one sentence meant for a person."""

from __future__ import annotations

from typing import Any


class FlowOpsError(Exception):
    """A failure with a sentence for the user and, in details, return values (snake_case) that go with it."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class OptionError(FlowOpsError):
    """A bad option value; the sentence names the option, the value and what is allowed."""

    def __init__(self, option: str, value: Any, allowed: str) -> None:
        super().__init__(f"{option}: {shown(value)} is not allowed; {allowed}.")


def shortened(text: str, limit: int = 200) -> str:
    """Return a text on one line, at most limit characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def shown(value: Any, limit: int = 200) -> str:
    """Return a value as a sentence shows it: quoted, on one line, at most limit characters."""
    text = repr(value) if not isinstance(value, str) else "'" + value.replace("\n", "\\n").replace("\r", "\\r") + "'"
    return text if len(text) <= limit else text[: limit - 4] + "...'"
