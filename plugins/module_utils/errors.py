# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions that this collection raises on purpose; each message is one sentence meant for a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Failure:
    """A call to AWS that failed, in facts; doing and why are the parts of its sentence.

    code is the service's, or the name of the exception when no service answered, and said the service's own message.
    action is the IAM permission that the call needs; retryable, that the same call may go well later.
    """

    code: str = ""
    doing: str = ""
    why: str = ""
    said: str = ""
    action: str = ""
    denied: bool = False
    throttled: bool = False
    retryable: bool = False

    @property
    def sentence(self) -> str:
        """What failed, why, and which permission is missing."""
        missing = f"; the permission {self.action} is missing" if self.denied and self.action else ""
        # AWS often names it by itself.
        return f"Could not {self.doing}: {self.why}{'' if self.action in self.why else missing}."


class FlowOpsError(Exception):
    """A failure with a sentence for the user and, in details, return values (snake_case) that go with it."""

    # What is known of a call to AWS; of any other mistake, nothing.
    failure = Failure()

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    @property
    def code(self) -> str:
        """The code of the failed call to AWS, '' when it was none."""
        return self.failure.code

    def saying(self, message: str, **details: Any) -> FlowOpsError:
        """Return the same failure in other words, with more details."""
        return FlowOpsError(message, **{**self.details, **details})

    def ending(self, text: str) -> FlowOpsError:
        """Return the same failure with a text before the full stop of its sentence."""
        return self.saying(f"{self.message.rstrip('.')}{text}.")


class AwsError(FlowOpsError):
    """A failed call to AWS: the facts in failure, and error {code, message} among its details for programs."""

    def __init__(self, failure: Failure, message: str | None = None, **details: Any) -> None:
        told = {"code": failure.code, "message": failure.said}
        super().__init__(message or failure.sentence, **{"error": told, **details})
        self.failure = failure

    def saying(self, message: str, **details: Any) -> AwsError:
        """Return the same failure in other words, with more details."""
        return AwsError(self.failure, message, **{**self.details, **details})

    def needing(self, action: str) -> AwsError:
        """Return the same failure with the IAM permission that the call needs, unless it is known already."""
        if self.failure.action:
            return self
        return AwsError(replace(self.failure, action=action), **self.details)


class OptionError(FlowOpsError):
    """A bad option value; the sentence names the option, the value and what is allowed."""

    def __init__(self, option: str, value: Any, allowed: str) -> None:
        super().__init__(f"{option}: {shown(value)} is not allowed; {allowed}.")
        self.allowed = allowed


def shortened(text: str, limit: int = 200) -> str:
    """Return a text on one line, at most limit characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def counted(value: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the plural (one with an s, unless another is given) unless it is one."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {plural or noun + 's'}"


def shown(value: Any, limit: int = 200) -> str:
    """Return a value as a sentence shows it: quoted, on one line, at most limit characters."""
    text = repr(value) if not isinstance(value, str) else "'" + value.replace("\n", "\\n").replace("\r", "\\r") + "'"
    return text if len(text) <= limit else text[: limit - 4] + "...'"
