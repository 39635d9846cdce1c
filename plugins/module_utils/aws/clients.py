# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients of the SDK: the user's settings, and the role to assume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import OptionError, shown
from ..firewalls.accounts import parse_role_arn
from .failures import calling, needing
from .retries import ask_until_whole
from .sdk import BotoCoreError, Config, RefreshableCredentials

MAX_PARALLEL = 16
# Who a role's own trail of calls says it was.
SESSION_NAME = "flowops-aws"


def client_config(aws_config: Mapping[str, Any] | None) -> Any:
    """Return the user's botocore settings with the SDK's own retries off; raise OptionError when they are invalid.

    This folder retries by itself: it knows what may be asked twice, and that a start may not.
    """
    settings = {"max_pool_connections": 2 * MAX_PARALLEL, **(aws_config or {})}
    try:
        mode = (settings.get("retries") or {}).get("mode", "standard")
        return Config(**{**settings, "retries": {"mode": mode, "total_max_attempts": 1}})
    except (AttributeError, TypeError, ValueError, BotoCoreError) as error:
        # Only the names: a proxy's URL may hold a password.
        raise OptionError(
            "aws_config", sorted(map(str, settings)), "give settings of botocore's Config, each of its type"
        ) from error


def client_of(module: Any, service: str) -> Any:
    """Return a client with a module's connection options, in the role's account when it is to assume one."""
    return connected(module.client, service, module.params)


def connected(connect: Callable[..., Any], service: str, options: Mapping[str, Any]) -> Any:
    """Return connect's client of a service for the options aws_config, assume_role_arn and external_id.

    With a role it acts in that role's account for as long as it lives; FlowOpsError when the role cannot be assumed.
    """
    config = client_config(options.get("aws_config"))
    role_arn = options.get("assume_role_arn")
    if not role_arn:
        return connect(service, aws_config=config)
    parse_role_arn(role_arn, "assume_role_arn")
    credentials = _credentials_of(connect("sts", aws_config=config), role_arn, options.get("external_id"))
    given = credentials.get_frozen_credentials()
    # The client has the role's credentials and no others, so that nothing can reach the caller's account by mistake.
    client = connect(
        service,
        aws_config=config,
        aws_access_key_id=given.access_key,
        aws_secret_access_key=given.secret_key,
        aws_session_token=given.token,
    )

    def renew(request: Any, **_event: Any) -> None:
        request.context["signing"] = {**request.context.get("signing", {}), "request_credentials": credentials}

    client.meta.events.register("before-sign", renew)
    return client


def assumer(
    client: Any, role_arn: str, external_id: str | None, session_name: str = SESSION_NAME
) -> Callable[[], dict[str, Any]]:
    """Return a call that gives new Credentials of a role as STS does; it raises FlowOpsError."""
    ask_until_whole(client, {"assume_role": "Credentials"})
    request = {"RoleArn": role_arn, "RoleSessionName": session_name}
    if external_id:
        request["ExternalId"] = external_id

    def assume() -> dict[str, Any]:
        with needing("sts:AssumeRole"), calling(f"assume the role {shown(role_arn)}"):
            given: dict[str, Any] = client.assume_role(**request)["Credentials"]
        return given

    return assume


def _credentials_of(client: Any, role_arn: str, external_id: str | None) -> Any:
    """Return a role's credentials, which botocore renews some minutes before they expire; raise FlowOpsError."""
    assume = assumer(client, role_arn, external_id)

    def metadata() -> dict[str, str]:
        given = assume()
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    return RefreshableCredentials.create_from_metadata(
        metadata=metadata(), refresh_using=metadata, method="sts-assume-role"
    )
