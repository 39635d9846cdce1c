# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients for many regions and many credentials from one session, that do not wait long for a silent endpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from ..errors import FlowOpsError, OptionError
from .clients import client_config
from .failures import calling, failed
from .sdk import BotoCoreError, ConnectTimeoutError, ReadTimeoutError, boto3

SERVICE = "network-firewall"
SESSION_NAME = "flowops-aws-inventory"
# Nothing that is asked here takes AWS long, and one region must not keep all the others waiting.
_TIMEOUT = 10
_CALLS = (
    "assume_role",
    "describe_firewall",
    "describe_regions",
    "describe_vpc_endpoint_association",
    "list_firewalls",
    "list_vpc_endpoint_associations",
)
Credentials = Mapping[str, str]


class SilentEndpointError(ConnectTimeoutError):
    """An endpoint took a request and did not answer: asked again as seldom as one that cannot be reached."""

    fmt = 'no answer came in time from the endpoint URL: "{endpoint_url}"'


def _impatient(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call that only reads, raising SilentEndpointError in place of the SDK's ReadTimeoutError."""

    @wraps(call)
    def asked(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except ReadTimeoutError as error:
            raise SilentEndpointError(endpoint_url=error.kwargs.get("endpoint_url")) from error

    return asked


class Connections:
    """SDK clients for any region and any credentials from one session.

    A session for each client, as amazon.aws makes them, reads the SDK's models again each time: 60 ms against 2 ms.
    """

    def __init__(
        self, endpoint_url: str | None, connection: Mapping[str, Any], aws_config: Mapping[str, Any] | None = None
    ) -> None:
        """Take what get_aws_connection_info returns and the user's settings of botocore; raise FlowOpsError."""
        self._endpoint_url = endpoint_url
        self._options = {
            name: value for name, value in connection.items() if name not in ("profile_name", "aws_config")
        }
        # Forks and slices share an account's request rate: a client that was throttled slows itself down.
        self._config = client_config(
            {
                "connect_timeout": _TIMEOUT,
                "read_timeout": _TIMEOUT,
                "retries": {"mode": "adaptive"},
                "user_agent_extra": SESSION_NAME,
                **(aws_config or {}),
            }
        )
        self._lock = threading.Lock()
        with calling("connect to AWS"):
            self._session = boto3.session.Session(profile_name=connection.get("profile_name"))

    def client(self, service: str, region: str, credentials: Credentials | None = None) -> Any:
        """Return a client with those credentials, by default the caller's; raise FlowOpsError."""
        try:
            # A session is not made for threads, the clients that come of it are.
            with self._lock:
                client = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint_url,
                    config=self._config,
                    **{**self._options, **(credentials or {})},
                )
        except ValueError as error:
            raise FlowOpsError(f"Could not connect to AWS: {error}.") from error
        except BotoCoreError as error:
            raise failed(error, "connect to AWS") from error
        for name in _CALLS:
            if hasattr(client, name):
                # Set on the client itself, so that what asks again, and the SDK's own paginators, go through it.
                setattr(client, name, _impatient(getattr(client, name)))
        return client

    def known_regions(self, partition: str) -> list[str]:
        """Return the regions of a partition in which the SDK knows the service."""
        return list(self._session.get_available_regions(SERVICE, partition_name=partition))

    def partition_of(self, region: str, option: str) -> str:
        """Return the partition of a region; raise OptionError when the SDK knows none for it."""
        try:
            return str(self._session.get_partition_for_region(region))
        except BotoCoreError as error:
            raise OptionError(option, region, "this SDK knows no partition of AWS with such a region") from error
