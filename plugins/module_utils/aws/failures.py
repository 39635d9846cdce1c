# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the SDK raises, as an AwsError: the facts as fields, and one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from ..errors import AwsError, Failure
from .sdk import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ResponseParserError,
)

# AWSRetry knows neither of the codes that this API declares, nor those of Things Graph.
RETRIED_CODES = ("ThrottlingException", "InternalServerError", "InternalFailureException", "ServiceUnavailable")
THROTTLING_CODES = ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded")
DENIED_CODES = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
EXPIRED_CODES = ("ExpiredTokenException", "ExpiredToken")
NOT_FOUND = "ResourceNotFoundException"
INVALID_REQUEST = "InvalidRequestException"
# Waits of about 0.1, 0.2, 0.4 ... 20 seconds, halved by jitter on average: some two minutes of trouble on one page.
READ_ATTEMPTS = 16

# The way to the service failing, or the way back.
_TRANSIENT_EXCEPTIONS = frozenset(
    {
        "HTTPClientError",
        "ConnectionClosedError",
        "ReadTimeoutError",
        "ResponseStreamingError",
        "ResponseParserError",
        "IncompleteAnswer",
    }
)


class IncompleteAnswer(Exception):
    """An answer with status 200 that lacks what the API always sends: cut off, or not from the API at all."""


def code_of(error: BaseException) -> str:
    """Return a ClientError's code, 'HTTP 5xx' for a server failure without a name, '' for other exceptions."""
    if not isinstance(error, ClientError) or not hasattr(error, "response"):
        return ""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 and code not in RETRIED_CODES:
        return f"HTTP {status}"
    return code


def name_of(error: BaseException) -> str:
    """Return the service's error code, or the name of the exception when no service answered."""
    return code_of(error) or type(error).__name__


def is_retryable(code: str, others: Any = None) -> bool:
    """Return whether asking again may help after a code or exception of that name; others are codes to count in."""
    if AWSRetry.found(code, [*RETRIED_CODES, *(others or ())]):
        return True
    # A code with a known name is the service's considered answer; the rest is the way to it failing.
    return code in _TRANSIENT_EXCEPTIONS or code.startswith("HTTP 5") or code == "429"


@contextmanager
def calling(doing: str) -> Iterator[None]:
    """Turn what the SDK raises inside the block into an AwsError that says in one sentence what failed."""
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError, IncompleteAnswer) as error:
        raise failed(error, doing) from error


@contextmanager
def needing(action: str) -> Iterator[None]:
    """Note the IAM action that a call inside the block needs, and name it where the call is refused for it.

    A role whose credentials could not be renewed has noted its own by then.
    """
    try:
        yield
    except AwsError as error:
        raise error.needing(action) from error


def failed(error: Any, doing: str, attempts: int = READ_ATTEMPTS) -> AwsError:
    """Return an SDK exception as an AwsError; attempts is how often it was asked before that was given up."""
    code = code_of(error)
    if code:
        said = str(error.response.get("Error", {}).get("Message") or "").strip().rstrip(".")
        why = f"{said} ({code})" if said else code
        why += _advice(code, attempts)
    else:
        said = why = _without_an_answer(error, attempts)
    name = name_of(error)
    return AwsError(
        Failure(
            code=name,
            doing=doing,
            why=why,
            said=said,
            denied=code in DENIED_CODES,
            throttled=code in THROTTLING_CODES,
            retryable=is_retryable(name),
        )
    )


def _advice(code: str, attempts: int) -> str:
    if code in THROTTLING_CODES:
        return f"; AWS kept throttling through {attempts} attempts, try again later or with fewer forks"
    return "; the session credentials have expired, get new ones" if code in EXPIRED_CODES else ""


def _without_an_answer(error: Any, attempts: int) -> str:
    if isinstance(error, NoCredentialsError):
        return (
            "no AWS credentials were found; set access_key and secret_key, or profile, or the environment variables"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if isinstance(error, PartialCredentialsError):
        return f"the AWS credentials are incomplete ({error})"
    if isinstance(error, EndpointConnectionError):
        text = f"{str(error).rstrip('.')}; check endpoint_url, region and the network"
        return text[0].lower() + text[1:]
    if isinstance(error, IncompleteAnswer):
        return f"{error}, {attempts} times in a row; check endpoint_url and what lies between here and AWS"
    return " ".join(str(error).split()).rstrip(".")
