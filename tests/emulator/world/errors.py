# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the emulator answers instead of a result."""

from __future__ import annotations


class ApiError(Exception):
    """An error answer of an AWS service: its code, its sentence, its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class InvalidRequest(ApiError):
    """InvalidRequestException, 400."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidRequestException", message)


class NotFound(ApiError):
    """ResourceNotFoundException, 400."""

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)


class DoorError(Exception):
    """A control-door request that makes no sense; the message says why."""


class FlowLogError(Exception):
    """A flow log that cannot be read; the message names file and line."""
