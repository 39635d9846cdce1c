# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking again: what may be asked twice, how often, and when an answer counts as whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .failures import (
    READ_ATTEMPTS,
    THROTTLING_CODES,
    IncompleteAnswer,
    calling,
    is_retryable,
    name_of,
)
from .sdk import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError, ResponseParserError

CONNECT_ATTEMPTS = 4
UNREACHABLE = (EndpointConnectionError, ConnectTimeoutError)
# What a call raises whose request has been sent, or may have been.
UNANSWERED = (ClientError, HTTPClientError, ResponseParserError, IncompleteAnswer)


class ReadRetry(AWSRetry):
    """AWSRetry for calls that only read: also lost connections and answers that did not arrive whole."""

    base_class = UNANSWERED

    @staticmethod
    def status_code_from_exception(error: Any) -> str:
        """Return the service's error code, or the name of the exception when no service answered."""
        return name_of(error)

    @staticmethod
    def found(response_code: str, catch_extra_error_codes: Sequence[str] | None = None) -> bool:
        """Return whether asking again may help."""
        return is_retryable(response_code, catch_extra_error_codes)


class ConnectRetry(AWSRetry):
    """A short retry for an endpoint that could not be reached at all, which waiting seldom mends."""

    base_class = UNREACHABLE

    @staticmethod
    def status_code_from_exception(error: Any) -> str:
        """Return the name of the exception."""
        return type(error).__name__

    @staticmethod
    def found(response_code: str, catch_extra_error_codes: Sequence[str] | None = None) -> bool:
        """Return True: nothing has been sent, so asking again is always safe."""
        return True


def whole(call: Callable[..., Any], operation: str, member: str) -> Callable[..., Any]:
    """Return the SDK call, raising IncompleteAnswer when its answer lacks the member that is always there."""

    @wraps(call)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = call(*args, **kwargs)
        except (AttributeError, RuntimeError, TypeError, ValueError) as error:
            # botocore takes JSON that is no mapping, text in no known encoding, and milliseconds for what it expects.
            raise IncompleteAnswer(f"the answer to {operation} was not what the API sends") from error
        if not isinstance(answer, Mapping) or member not in answer:
            raise IncompleteAnswer(f"the answer to {operation} came without {member}: cut off, or not from the API")
        return answer

    return checked


def retried(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call that only reads, repeated while that may help."""
    connected = ConnectRetry.jittered_backoff(retries=CONNECT_ATTEMPTS, delay=0.2, max_delay=2)(call)
    again: Callable[..., Any] = ReadRetry.jittered_backoff(retries=READ_ATTEMPTS, delay=0.1, max_delay=20)(connected)
    return again


def ask_until_whole(client: Any, members: Mapping[str, str]) -> None:
    """Let calls of a client that may be repeated be retried until whole; {method: the member that is always there}.

    Calls younger than the SDK are passed over; what asks for them says what that means.
    """
    for name, member in members.items():
        if hasattr(client, name):
            operation = client.meta.method_to_api_mapping[name]
            # Set on the client itself, so that the SDK's own paginators go through it too.
            setattr(client, name, retried(whole(getattr(client, name), operation, member)))


def asked_once(call: Callable[[], Any], doing: str, trouble: Counter[Any], key: Any) -> Any:
    """Return a call's answer, None when asking again later may bring one; raise AwsError when nothing will.

    trouble counts, by key, how often in a row the endpoint could not be reached.
    """
    with calling(doing):
        try:
            answer = call()
        except UNREACHABLE:
            trouble[key] += 1
            if trouble[key] >= CONNECT_ATTEMPTS:
                raise
            return None
        except UNANSWERED as error:
            code = name_of(error)
            if code not in THROTTLING_CODES and not is_retryable(code):
                raise
            return None
    trouble.pop(key, None)
    return answer
