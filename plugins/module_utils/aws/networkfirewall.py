# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only room that calls the SDK: every call to AWS, its retries, and its errors as sentences."""

from __future__ import annotations

import json
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial, wraps
from typing import Any

try:
    import boto3
    import botocore
    import botocore.loaders
    from botocore.config import Config
    from botocore.credentials import RefreshableCredentials
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectTimeoutError,
        EndpointConnectionError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
    )
    from botocore.paginate import TokenDecoder, TokenEncoder
    from botocore.parsers import ResponseParserError
except ImportError:
    # AnsibleAWSModule and the lookup base say what is missing; the names below are only needed once that passed.
    BotoCoreError = ClientError = ConnectTimeoutError = EndpointConnectionError = HTTPClientError = Exception
    NoCredentialsError = PartialCredentialsError = ResponseParserError = Exception

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from ..errors import FlowOpsError, OptionError, shown
from ..firewalls.accounts import parse_role_arn
from ..firewalls.impact import in_sync
from ..flows.filters import keys_of
from ..flows.records import utc_text
from ..flows.scope import MEMBER_SINCE, SCOPE_MEMBERS, parse_firewall_arn, scope_text, scope_to_api
from .polling import Answer, wait_for

# A page that every listing of these services can have.
_SMALL_PAGE = 100
FINISHED = ("COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED")
CAPTURE, FLUSH = "FLOW_CAPTURE", "FLOW_FLUSH"
MAX_PARALLEL = 16

# AWSRetry knows neither of the codes that this API declares, nor those of Things Graph.
RETRIED_CODES = ("ThrottlingException", "InternalServerError", "InternalFailureException", "ServiceUnavailable")
THROTTLING_CODES = ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded")
DENIED_CODES = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
_NOT_FOUND = "ResourceNotFoundException"
# What AWS may answer to the ARN of a firewall policy that is of the other generation.
_OTHER_GENERATION = (_NOT_FOUND, "InvalidRequestException")

# Waits of about 0.1, 0.2, 0.4 ... 20 seconds, halved by jitter on average: some two minutes of trouble on one page.
_READ_ATTEMPTS = 16
_CONNECT_ATTEMPTS = 4
_START_ATTEMPTS = 12
_LOOKS_FOR_A_LOST_START = 3
_CLOCKS_APART = 5.0
# Who a role's own trail of calls says it was.
SESSION_NAME = "flowops-aws"
# Seconds that a start based on a capture may take from being sent to being carried out.
ON_THE_WAY = 5


class IncompleteAnswer(Exception):
    """An answer with status 200 that lacks what the API always sends: cut off, or not from the API at all."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        time.sleep(seconds)


class ReadRetry(AWSRetry):
    """AWSRetry for calls that only read: also lost connections and answers that did not arrive whole."""

    base_class = (ClientError, HTTPClientError, ResponseParserError, IncompleteAnswer)

    @staticmethod
    def status_code_from_exception(error: Any) -> str:
        """Return the service's error code, or the name of the exception when no service answered."""
        return code_of(error) or type(error).__name__

    @staticmethod
    def found(response_code: str, catch_extra_error_codes: Sequence[str] | None = None) -> bool:
        """Return whether asking again may help."""
        if AWSRetry.found(response_code, catch_extra_error_codes):
            return True
        # A code with a known name is the service's considered answer; the rest is the way to it failing.
        return response_code in _TRANSIENT_EXCEPTIONS or response_code.startswith("HTTP 5") or response_code == "429"


class ConnectRetry(AWSRetry):
    """A short retry for an endpoint that could not be reached at all, which waiting seldom mends."""

    base_class = (EndpointConnectionError, ConnectTimeoutError)

    @staticmethod
    def status_code_from_exception(error: Any) -> str:
        """Return the name of the exception."""
        return type(error).__name__

    @staticmethod
    def found(response_code: str, catch_extra_error_codes: Sequence[str] | None = None) -> bool:
        """Return True: nothing has been sent, so asking again is always safe."""
        return True


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


def code_of(error: BaseException) -> str:
    """Return a ClientError's code, 'HTTP 5xx' for a server failure without a name, '' for other exceptions."""
    if not isinstance(error, ClientError) or not hasattr(error, "response"):
        return ""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 and code not in RETRIED_CODES:
        return f"HTTP {status}"
    return code


def _whole(call: Callable[..., Any], operation: str, member: str) -> Callable[..., Any]:
    """Return the SDK call, raising IncompleteAnswer when its answer lacks the member that is always there."""

    @wraps(call)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = call(*args, **kwargs)
        except (AttributeError, TypeError, UnicodeDecodeError) as error:
            # botocore takes JSON that is no mapping, or text in no known encoding, for a mapping.
            raise IncompleteAnswer(f"the answer to {operation} was not what the API sends") from error
        if not isinstance(answer, Mapping) or member not in answer:
            raise IncompleteAnswer(f"the answer to {operation} came without {member}: cut off, or not from the API")
        return answer

    return checked


def _retried(call: Callable[..., Any]) -> Callable[..., Any]:
    connected = ConnectRetry.jittered_backoff(retries=_CONNECT_ATTEMPTS, delay=0.2, max_delay=2)(call)
    retried: Callable[..., Any] = ReadRetry.jittered_backoff(
        retries=_READ_ATTEMPTS, delay=0.1, max_delay=20, catch_extra_error_codes=list(RETRIED_CODES)
    )(connected)
    return retried


def ask_until_whole(client: Any, members: Mapping[str, str]) -> None:
    """Let calls of a client that only read be retried until whole; {method: the member that is always there}."""
    for name, member in members.items():
        operation = client.meta.method_to_api_mapping[name]
        # Set on the client itself, so that the SDK's own paginators go through it too.
        setattr(client, name, _retried(_whole(getattr(client, name), operation, member)))


@contextmanager
def calling(doing: str) -> Iterator[None]:
    """Turn what the SDK raises inside the block into a FlowOpsError that says in one sentence what failed."""
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError, IncompleteAnswer) as error:
        raise sentence(error, doing) from error


@contextmanager
def needing(action: str) -> Iterator[None]:
    """Name the IAM action in the sentence of a call inside the block that is refused for the lack of it."""
    try:
        yield
    except FlowOpsError as error:
        # A role whose credentials could not be renewed is another permission, whatever the call was.
        named = action in error.message or "sts:AssumeRole" in error.message
        if code_in(error) not in DENIED_CODES or named:
            raise
        text = f"{error.message.rstrip('.')}; the permission {action} is missing."
        raise FlowOpsError(text, **error.details) from error


def code_in(error: FlowOpsError) -> str:
    """Return the code of the SDK exception that a FlowOpsError tells of, '' when it tells of none."""
    return str(error.details.get("error", {}).get("code", ""))


def sentence(error: Any, doing: str, attempts: int = _READ_ATTEMPTS) -> FlowOpsError:
    """Return an SDK exception as a FlowOpsError: one sentence, and error {code, message} for programs."""
    code = code_of(error)
    if code:
        message = str(error.response.get("Error", {}).get("Message") or "").strip().rstrip(".")
        text = f"{message} ({code})" if message else code
        if code in THROTTLING_CODES:
            text += f"; AWS kept throttling through {attempts} attempts, try again later or with fewer forks"
        elif code in ("ExpiredTokenException", "ExpiredToken"):
            text += "; the session credentials have expired, get new ones"
        return FlowOpsError(f"Could not {doing}: {text}.", error={"code": code, "message": message})
    if isinstance(error, NoCredentialsError):
        text = (
            "no AWS credentials were found; set access_key and secret_key, or profile, or the environment variables"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    elif isinstance(error, PartialCredentialsError):
        text = f"the AWS credentials are incomplete ({error})"
    elif isinstance(error, EndpointConnectionError):
        text = f"{str(error).rstrip('.')}; check endpoint_url, region and the network"
        text = text[0].lower() + text[1:]
    elif isinstance(error, IncompleteAnswer):
        text = f"{error}, {attempts} times in a row; check endpoint_url and what lies between here and AWS"
    else:
        text = " ".join(str(error).split()).rstrip(".")
    return FlowOpsError(f"Could not {doing}: {text}.", error={"code": type(error).__name__, "message": text})


@dataclass(frozen=True)
class Paging:
    """The SDK's PaginationConfig: max_items in all, page_size a page, starting_token from an earlier next_token."""

    max_items: int | None = None
    page_size: int | None = None
    starting_token: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], largest_page: int) -> Paging:
        """Return the paging that the options ask for; raise OptionError naming the one that is out of range."""
        paging = cls(options.get("max_items"), options.get("page_size"), options.get("starting_token") or None)
        if paging.max_items is not None and paging.max_items < 1:
            raise OptionError("max_items", paging.max_items, "give a whole number from 1 up")
        if paging.page_size is not None and not 1 <= paging.page_size <= largest_page:
            raise OptionError("page_size", paging.page_size, f"give a whole number from 1 to {largest_page}")
        _decode_token(paging.starting_token)
        return paging


def _decode_token(token: str | None) -> tuple[str | None, int]:
    """Return the service's token and the items of its page already seen; raise OptionError for a foreign text."""
    if token is None:
        return None, 0
    try:
        decoded = TokenDecoder().decode(token)
    except Exception:  # pylint: disable=broad-except  # any failure to decode says the same thing
        decoded = None
    if isinstance(decoded, dict):
        inner = decoded.get("NextToken", decoded.get("nextToken"))
        skip = decoded.get("boto_truncate_amount", 0)
        if (inner is None or isinstance(inner, str)) and isinstance(skip, int) and skip >= 0 and (inner or skip):
            return inner, skip
    elif re.fullmatch(r"[0-9A-Za-z:/+=_.-]{1,4096}", token):
        return token, 0
    raise OptionError("starting_token", token, "give the next_token that an earlier listing returned")


class Listing:
    """The pages of one paginated operation, each asked for until it arrived whole, cut at max_items items.

    The SDK's own iterator cuts at max_items too, but its token then holds only for the same page_size;
    here the items already seen are skipped over as many pages as it takes.
    """

    def __init__(
        self, client: Any, operation: str, request: Mapping[str, Any], paging: Paging, list_key: str, doing: str
    ) -> None:
        self.client = client
        self.operation = operation
        self.request = dict(request)
        self.paging = paging
        self.list_key = list_key
        self.doing = doing
        self.next_token: str | None = None
        self.page_count = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each page, a response of the API with its list cut to what was asked for."""
        paginator = self.client.get_paginator(self.operation)
        token_key = self._token_key()
        token, skip = _decode_token(self.paging.starting_token)
        # As few as are wanted, if that is less than a page: then the service's own token says where to go on.
        config: dict[str, Any] = {"PageSize": self.paging.page_size or self._fewer_than_a_page()}
        if token is not None:
            config["StartingToken"] = TokenEncoder().encode({token_key: token})
        left = self.paging.max_items
        answers = iter(paginator.paginate(**self.request, PaginationConfig=config))
        while True:
            try:
                with calling(self.doing):
                    page = next(answers, None)
            except FlowOpsError as error:
                raise self._about_token(error) from error
            if page is None:
                return
            self.page_count += 1
            items = page[self.list_key]
            following = page.get(token_key)
            skipped = min(skip, len(items))
            skip -= skipped
            shown_items = items[skipped:] if skipped else items
            if left is not None and len(shown_items) >= left:
                if len(shown_items) > left:
                    self.next_token = self.token_after(token_key, token, skipped + left)
                elif following:
                    self.next_token = self.token_after(token_key, following, 0)
                yield {**page, self.list_key: shown_items[:left]}
                return
            if left is not None:
                left -= len(shown_items)
            yield {**page, self.list_key: shown_items} if skipped else page
            token = following

    def _fewer_than_a_page(self) -> int | None:
        most = self.paging.max_items
        return most if most is not None and most <= _SMALL_PAGE else None

    def _token_key(self) -> str:
        return "nextToken" if self.list_key == "messages" else "NextToken"

    @staticmethod
    def token_after(token_key: str, token: str | None, seen: int = 0) -> str:
        """Return the SDK's starting token for the service's own token and the items of its page already seen."""
        content: dict[str, Any] = {token_key: token}
        if seen:
            content["boto_truncate_amount"] = seen
        return str(TokenEncoder().encode(content))

    def _about_token(self, error: FlowOpsError) -> FlowOpsError:
        code = error.details.get("error", {}).get("code")
        if self.paging.starting_token and self.page_count == 0 and code == "InvalidRequestException":
            return FlowOpsError(
                f"starting_token: {shown(self.paging.starting_token, 80)} was refused by AWS"
                f" ({error.details['error']['message']}); give the next_token of a recent listing with the same"
                " options, or none to start over.",
                **error.details,
            )
        return error


def client_config(aws_config: Mapping[str, Any] | None) -> Any:
    """Return the user's botocore settings with the SDK's own retries off; raise OptionError when they are none.

    This room retries by itself: it knows what may be asked twice, and that a start may not.
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


class NetworkFirewall:
    """AWS Network Firewall's flow operations through one SDK client."""

    def __init__(
        self, client: Any, clock: Any = None, spread_over: int = MAX_PARALLEL, warn: Callable[[str], None] | None = None
    ) -> None:
        if not hasattr(client, "list_flow_operations"):
            raise FlowOpsError(
                f"This botocore {botocore.__version__} does not know flow operations; install 1.37.17 or newer."
            )
        self.client = client
        self.clock = clock or SystemClock()
        self.spread_over = spread_over
        self.warn = warn or (lambda message: None)
        # The calls as the SDK made them, for those who must not repeat them blindly.
        self._start = {CAPTURE: client.start_flow_capture, FLUSH: client.start_flow_flush}
        self._describe_once = _whole(client.describe_flow_operation, "DescribeFlowOperation", "FlowOperationStatus")
        self._firewall_once = _whole(client.describe_firewall, "DescribeFirewall", "FirewallStatus")
        for name, member in (
            ("list_flow_operations", "FlowOperations"),
            ("list_flow_operation_results", "Flows"),
            ("describe_firewall", "FirewallStatus"),
            ("describe_flow_operation", "FlowOperationStatus"),
            ("describe_firewall_policy", "FirewallPolicy"),
            ("describe_firewall_policy_v2", "FirewallPolicyV2"),
            ("list_vpc_endpoint_associations", "VpcEndpointAssociations"),
            ("describe_vpc_endpoint_association", "VpcEndpointAssociation"),
        ):
            if not hasattr(client, name):
                # Younger than this SDK; what asks for it says what that means.
                continue
            operation = client.meta.method_to_api_mapping[name]
            # Set on the client itself, so that the SDK's own paginators go through it too.
            setattr(client, name, _retried(_whole(getattr(client, name), operation, member)))
        if "NumberOfAssociations" not in client.meta.service_model.shape_for("Firewall").members:
            client.meta.events.register_first(
                "before-parse.network-firewall.DescribeFirewall", _lift_number, unique_id="flowops.aws.lift_number"
            )

    # -- firewalls -----------------------------------------------------------------------------------------------

    def firewall(self, *, arn: str | None = None, name: str | None = None) -> dict[str, Any]:
        """Return DescribeFirewall's answer for a firewall by ARN or name; raise FlowOpsError when there is none."""
        key = {"FirewallArn": arn} if arn else {"FirewallName": name}
        with needing("network-firewall:DescribeFirewall"), calling(f"describe the firewall {shown(arn or name)}"):
            return dict(self.client.describe_firewall(**key))

    def arn_of(self, options: Mapping[str, Any]) -> str:
        """Return the firewall's ARN from firewall_arn, or from firewall_name by one describe."""
        arn = options.get("firewall_arn")
        if not arn:
            return str(self.firewall(name=options["firewall_name"])["Firewall"]["FirewallArn"])
        region = self.client.meta.region_name
        if parse_firewall_arn(arn).region != region:
            raise OptionError(
                "firewall_arn",
                arn,
                f"its region differs from the region in use, {region}; set region to the firewall's",
            )
        return str(arn)

    def zones_of(self, options: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Return the ARN of the firewall that the options name and its Availability Zones, sorted, by one describe."""
        answer = self.firewall_of(options)
        return str(answer["Firewall"]["FirewallArn"]), sorted(answer["FirewallStatus"].get("SyncStates") or {})

    def check_scope(self, scope: Mapping[str, str]) -> None:
        """Raise FlowOpsError when the installed botocore is too old for a scope member."""
        members = self.client.meta.service_model.operation_model("DescribeFlowOperation").input_shape.members
        for name in scope:
            member = SCOPE_MEMBERS[name]
            if member not in members:
                raise FlowOpsError(
                    f"{name}: this botocore {botocore.__version__} does not know it;"
                    f" install botocore {MEMBER_SINCE.get(member, '1.37.17')} or newer."
                )

    # -- reading -------------------------------------------------------------------------------------------------

    def flow_operations(
        self, arn: str, scope: Mapping[str, str], operation_type: str | None, paging: Paging = Paging()
    ) -> Listing:
        """Return the listing of a firewall's flow operations (the last 12 hours), rows without scope."""
        request: dict[str, Any] = {"FirewallArn": arn, **scope_to_api(scope)}
        if operation_type:
            request["FlowOperationType"] = operation_type
        doing = f"list the flow operations of {shown(arn)} in {scope_text(scope)}"
        return Listing(self.client, "list_flow_operations", request, paging, "FlowOperations", doing)

    def flow_operation_results(
        self, arn: str, scope: Mapping[str, str], flow_operation_id: str, paging: Paging = Paging()
    ) -> Listing:
        """Return the listing of one flow operation's flows."""
        request = {"FirewallArn": arn, "FlowOperationId": flow_operation_id, **scope_to_api(scope)}
        doing = f"list the flows of flow operation {flow_operation_id} in {scope_text(scope)}"
        return Listing(self.client, "list_flow_operation_results", request, paging, "Flows", doing)

    def lift_flows(self) -> None:
        """Let the flows of results pass by the SDK's parser, which takes longer over them than over all the rest.

        They then come as the service sent them, members unknown to the SDK included.
        """
        self.client.meta.events.register_first(
            "before-parse.network-firewall.ListFlowOperationResults", _lift, unique_id="flowops.aws.lift"
        )

    def describe(self, arn: str, scope: Mapping[str, str], flow_operation_id: str) -> dict[str, Any]:
        """Return DescribeFlowOperation's answer."""
        with calling(f"describe the flow operation {flow_operation_id} in {scope_text(scope)}"):
            return _bare(
                self.client.describe_flow_operation(
                    FirewallArn=arn, FlowOperationId=flow_operation_id, **scope_to_api(scope)
                )
            )

    # -- waiting -------------------------------------------------------------------------------------------------

    def wait(
        self,
        operations: Sequence[Mapping[str, Any]],
        timeout: float,
        notice: Callable[[float, dict[int, Any], list[int]], None] | None = None,
    ) -> tuple[list[dict[str, Any] | None], list[int]]:
        """Return the last description of each operation and the positions of those not finished in timeout seconds.

        An operation is {firewall_arn, flow_operation_id, scope option}; an answer that no waiting can mend raises.
        """
        with ThreadPoolExecutor(max_workers=max(1, min(len(operations), self.spread_over))) as pool:
            trouble: Counter[int] = Counter()

            def probe(index: int) -> Answer:
                item = operations[index]
                scope = {name: item[name] for name in SCOPE_MEMBERS if item.get(name)}
                doing = f"describe the flow operation {item['flow_operation_id']} in {scope_text(scope)}"
                call = partial(
                    self._describe_once,
                    FirewallArn=item["firewall_arn"],
                    FlowOperationId=item["flow_operation_id"],
                    **scope_to_api(scope),
                )
                answer = _asked_once(call, doing, trouble, index)
                if answer is None:
                    return Answer(throttled=True)
                return Answer(_bare(answer), answer["FlowOperationStatus"] in FINISHED)

            waited = wait_for(
                range(len(operations)),
                probe,
                timeout=timeout,
                clock=self.clock,
                spread=pool.map,
                notice=notice,
            )
        return [waited.answers.get(index) for index in range(len(operations))], waited.open

    def _wait_until_idle(self, arn: str, scope: Mapping[str, str], deadline: float) -> None:
        """Return when no operation of the scope is in progress; raise FlowOpsError at the deadline (monotonic)."""

        def probe(_key: str) -> Answer:
            busy = [row for row in self._rows(arn, scope).values() if row["FlowOperationStatus"] == "IN_PROGRESS"]
            return Answer(busy, not busy)

        waited = wait_for(["zone"], probe, timeout=max(0.0, deadline - self.clock.monotonic()), clock=self.clock)
        if waited.open:
            row = waited.answers["zone"][0]
            raise FlowOpsError(
                f"{scope_text(scope)} is still busy with flow operation {row['FlowOperationId']}"
                f" ({row['FlowOperationType']}); a zone takes one operation at a time, and wait_timeout has passed."
            )

    def _rows(self, arn: str, scope: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        listing = self.flow_operations(arn, scope, None)
        return {row["FlowOperationId"]: row for page in listing for row in page["FlowOperations"]}

    def flushes_since(self, arn: str, scope: Mapping[str, str], moment: datetime) -> list[dict[str, Any]]:
        """Return DescribeFlowOperation's answers for the flushes of a scope since a moment that ended well or go on."""
        return [
            {"FlowOperationId": operation_id, **self.describe(arn, scope, operation_id)}
            for operation_id, row in self._rows(arn, scope).items()
            if row["FlowOperationType"] == FLUSH
            and row["FlowOperationStatus"] in ("IN_PROGRESS", "COMPLETED")
            and row["FlowRequestTimestamp"] >= moment
        ]

    # -- guards --------------------------------------------------------------------------------------------------

    def firewall_of(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return DescribeFirewall's answer for the firewall that the options name; raise FlowOpsError."""
        name = options.get("firewall_name")
        return self.firewall(name=name) if name else self.firewall(arn=self.arn_of(options))

    def wait_until_in_sync(self, arn: str, timeout: float) -> dict[str, Any] | None:
        """Return DescribeFirewall's last answer, in sync or timeout seconds old; None when none came in that time."""
        trouble: Counter[str] = Counter()

        def probe(key: str) -> Answer:
            with needing("network-firewall:DescribeFirewall"):
                call = partial(self._firewall_once, FirewallArn=key)
                answer = _asked_once(call, f"describe the firewall {shown(key)}", trouble, key)
            if answer is None:
                return Answer(throttled=True)
            return Answer(dict(answer), in_sync(answer["FirewallStatus"]))

        return wait_for([arn], probe, timeout=timeout, clock=self.clock).answers.get(arn)

    def firewall_policy(self, arn: str) -> tuple[dict[str, Any], bool]:
        """Return a firewall policy as AWS describes it, and whether it is a Next Generation one; raise FlowOpsError."""
        doing = f"describe the firewall policy {shown(arn)}"
        try:
            with needing("network-firewall:DescribeFirewallPolicy"), calling(doing):
                return dict(self.client.describe_firewall_policy(FirewallPolicyArn=arn)["FirewallPolicy"]), False
        except FlowOpsError as error:
            # An ARN does not say of which generation its policy is.
            if code_in(error) not in _OTHER_GENERATION:
                raise
            if not hasattr(self.client, "describe_firewall_policy_v2"):
                raise FlowOpsError(
                    f"{error.message} If it is a Next Generation policy, botocore {botocore.__version__} is too old to"
                    " read it; install the newest.",
                    **error.details,
                ) from error
            return self._next_generation_policy(arn, doing, error), True

    def _next_generation_policy(self, arn: str, doing: str, as_a_classic_one: FlowOpsError) -> dict[str, Any]:
        try:
            with needing("network-firewall:DescribeFirewallPolicyV2"), calling(doing):
                return dict(self.client.describe_firewall_policy_v2(FirewallPolicyV2Arn=arn)["FirewallPolicyV2"])
        except FlowOpsError as error:
            if code_in(error) not in _OTHER_GENERATION:
                raise
            raise as_a_classic_one from error

    def associations_of(self, firewall_arn: str) -> list[dict[str, Any]]:
        """Return DescribeVpcEndpointAssociation's answer for each association that AWS lists for a firewall.

        One that AWS does not describe, gone or of another account, has its ARN alone; an SDK without them knows none.
        """
        if not hasattr(self.client, "list_vpc_endpoint_associations"):
            return []
        doing = f"list the VPC endpoint associations of {shown(firewall_arn)}"
        request = {"FirewallArn": firewall_arn}
        listing = Listing(
            self.client, "list_vpc_endpoint_associations", request, Paging(), "VpcEndpointAssociations", doing
        )
        with needing("network-firewall:ListVpcEndpointAssociations"):
            arns = [item["VpcEndpointAssociationArn"] for page in listing for item in page["VpcEndpointAssociations"]]
        return spread(self.spread_over, partial(self._association, firewall_arn), arns)

    def _association(self, firewall_arn: str, arn: str) -> dict[str, Any]:
        doing = f"describe the VPC endpoint association {shown(arn)}"
        try:
            with needing("network-firewall:DescribeVpcEndpointAssociation"), calling(doing):
                return _bare(self.client.describe_vpc_endpoint_association(VpcEndpointAssociationArn=arn))
        except FlowOpsError as error:
            of_another_account = arn.split(":")[4:5] != firewall_arn.split(":")[4:5]
            silent = (_NOT_FOUND, *DENIED_CODES) if of_another_account else (_NOT_FOUND,)
            if code_in(error) not in silent:
                raise
            return {"VpcEndpointAssociation": {"VpcEndpointAssociationArn": arn}}

    # -- starting ------------------------------------------------------------------------------------------------

    def start(
        self,
        kind: str,
        arn: str,
        scope: Mapping[str, str],
        api_filters: Sequence[Mapping[str, Any]],
        *,
        minimum_flow_age: int | None,
        captured_at: datetime | None,
        deadline: float,
    ) -> dict[str, Any]:
        """Start one capture or flush in a scope and return {flow_operation_id, flow_operation_status, ...}.

        A zone busy with another operation is waited for until deadline (monotonic seconds). A start whose answer
        was lost is looked for among the operations that were not there before, and never sent twice blindly.
        With captured_at, the minimum flow age sent grows by the seconds since then, counted by the service's clock.
        """
        attempt = _Attempt(kind, arn, dict(scope), list(api_filters))
        attempt.known = seen = self._rows(arn, scope)
        try:
            while True:
                age = self._age_to_ask(arn, scope, minimum_flow_age, captured_at)
                outcome = self._try(attempt, age, deadline)
                if isinstance(outcome, dict):
                    return outcome
                if outcome is _WAS_BUSY:
                    rows = self._rows(arn, scope)
                    if not _busy(rows, seen):
                        raise attempt.error
                    self._wait_until_idle(arn, scope, deadline)
                    seen = self._rows(arn, scope)
                    if not attempt.lost:
                        # What ended meanwhile was somebody else's, whatever it was about.
                        attempt.known = seen
                if self.clock.monotonic() >= deadline:
                    raise attempt.error
                pause = min(0.2 * 2**attempt.failures, 10.0, max(0.0, deadline - self.clock.monotonic()))
                self.clock.sleep(pause)
        except FlowOpsError as error:
            if attempt.lost:
                raise FlowOpsError(
                    f"{error.message} The answer to a start was lost, so the {attempt.verb} may have been started all"
                    " the same; look at the flow operations before starting it again.",
                    **{**error.details, "maybe_started": True},
                ) from error
            raise

    def _try(self, attempt: _Attempt, age: int | None, deadline: float) -> dict[str, Any] | object:
        """Send a start once; return the operation, _WAS_BUSY or _FAILED when it is worth another, or raise."""
        request: dict[str, Any] = {
            "FirewallArn": attempt.arn,
            **scope_to_api(attempt.scope),
            "FlowFilters": attempt.api_filters,
        }
        if age is not None:
            request["MinimumFlowAgeInSeconds"] = age
        try:
            answer = _whole(self._start[attempt.kind], attempt.doing, "FlowOperationId")(**request)
            return self._started(attempt, answer["FlowOperationId"], age, answer)
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            # Nothing was sent.
            attempt.failures += 1
            attempt.unreachable += 1
            attempt.error = sentence(error, attempt.doing)
            if attempt.unreachable >= _CONNECT_ATTEMPTS:
                raise attempt.error from error
            return _FAILED
        except (ClientError, HTTPClientError, ResponseParserError, IncompleteAnswer) as error:
            attempt.failures += 1
            attempt.error = sentence(error, attempt.doing, attempt.failures)
            code = ReadRetry.status_code_from_exception(error)
            if code == "InvalidRequestException":
                attempt.failures = 0
                return (self._adopt(attempt) if attempt.lost else None) or _WAS_BUSY
            if code not in THROTTLING_CODES:
                if not ReadRetry.found(code, list(RETRIED_CODES)):
                    raise attempt.error from error
                attempt.lost.append(request)
                adopted = self._look_for(attempt)
                if adopted:
                    return adopted
            if attempt.failures >= _START_ATTEMPTS:
                raise attempt.error from error
            return _FAILED
        except BotoCoreError as error:
            raise sentence(error, attempt.doing) from error

    def _age_to_ask(
        self, arn: str, scope: Mapping[str, str], minimum: int | None, captured_at: datetime | None
    ) -> int | None:
        if captured_at is None:
            return minimum
        passed = self.service_time(arn, scope) - captured_at.timestamp()
        if passed < -_CLOCKS_APART:
            raise OptionError(
                "captured_at",
                utc_text(captured_at),
                "it lies in the future of AWS's clock; give the time of the capture with its offset from UTC",
            )
        # A start takes a while to arrive and to be carried out, and flows are born meanwhile.
        return (minimum or 0) + max(0, math.ceil(passed)) + ON_THE_WAY

    def service_time(self, arn: str, scope: Mapping[str, str]) -> float:
        """Return the service's own clock, seconds since the epoch, never behind it; ours when it sends no Date."""
        page = next(iter(self.flow_operations(arn, scope, None, Paging(max_items=1, page_size=1))))
        text = page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        try:
            # The header counts whole seconds and was already late when it arrived.
            return parsedate_to_datetime(text).timestamp() + 1
        except (TypeError, ValueError):
            return float(self.clock.time())

    def _look_for(self, attempt: _Attempt) -> dict[str, Any] | None:
        for look in range(_LOOKS_FOR_A_LOST_START):
            adopted = self._adopt(attempt)
            if adopted:
                return adopted
            if look < _LOOKS_FOR_A_LOST_START - 1:
                self.clock.sleep(0.5 * 2**look)
        return None

    def _adopt(self, attempt: _Attempt) -> dict[str, Any] | None:
        """Return the operation that a start had begun whose answer was lost, None when there is none."""
        wanted = {(keys_of(request["FlowFilters"]), _age_in(request)): request for request in attempt.lost}
        for operation_id, row in self._rows(attempt.arn, attempt.scope).items():
            if operation_id in attempt.known or row["FlowOperationType"] != attempt.kind:
                continue
            try:
                found = self.describe(attempt.arn, attempt.scope, operation_id)
                asked = found.get("FlowOperation") or {}
                request = wanted.get((keys_of(asked.get("FlowFilters") or ()), _age_in(asked)))
            except OptionError:
                # Filters that this collection would not send are somebody else's.
                continue
            except FlowOpsError as error:
                if error.details.get("error", {}).get("code") != "ResourceNotFoundException":
                    raise
                continue
            same_scope = all(found.get(SCOPE_MEMBERS[name], value) == value for name, value in attempt.scope.items())
            if request is not None and same_scope:
                self.warn(
                    f"The answer to a start in {scope_text(attempt.scope)} was lost; the operation it had started,"
                    f" {operation_id}, was found and is used."
                )
                age = request.get("MinimumFlowAgeInSeconds")
                return {**self._started(attempt, operation_id, age, found), "adopted": True}
        return None

    @staticmethod
    def _started(attempt: _Attempt, operation_id: str, age: int | None, answer: Mapping[str, Any]) -> dict[str, Any]:
        item: dict[str, Any] = {
            "firewall_arn": attempt.arn,
            **attempt.scope,
            "flow_operation_id": operation_id,
            "flow_operation_type": attempt.kind,
            "flow_operation_status": answer.get("FlowOperationStatus", "IN_PROGRESS"),
        }
        if age is not None:
            item["minimum_flow_age"] = age
        return item


class _Attempt:
    """One capture or flush on its way: what is asked for, what has been sent without an answer, what went wrong."""

    def __init__(self, kind: str, arn: str, scope: dict[str, str], api_filters: list[Mapping[str, Any]]) -> None:
        self.kind = kind
        self.arn = arn
        self.scope = scope
        self.api_filters = api_filters
        self.verb = "capture" if kind == CAPTURE else "flush"
        self.doing = f"start a flow {self.verb} in {scope_text(scope)}"
        # The operations that were there before the first start whose answer was lost.
        self.known: Mapping[str, Any] = {}
        self.lost: list[dict[str, Any]] = []
        self.failures = 0
        self.unreachable = 0
        self.error = FlowOpsError(f"Could not {self.doing}.")


_WAS_BUSY, _FAILED = object(), object()


def _age_in(asked: Mapping[str, Any]) -> int:
    return int(asked.get("MinimumFlowAgeInSeconds") or 0)


class ThingsGraph:
    """AWS IoT Things Graph's flow execution messages through one SDK client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        client.list_flow_execution_messages = _retried(
            _whole(client.list_flow_execution_messages, "ListFlowExecutionMessages", "messages")
        )

    def messages(self, flow_execution_id: str, paging: Paging) -> Listing:
        """Return the listing of a flow execution's messages."""
        request = {"flowExecutionId": flow_execution_id}
        doing = f"list the messages of flow execution {shown(flow_execution_id)} of AWS IoT Things Graph (discontinued)"
        return Listing(self.client, "list_flow_execution_messages", request, paging, "messages", doing)


class SecurityHub:
    """AWS Security Hub's import of findings through one SDK client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        # An import of the same finding again changes nothing, so asking a second time is safe.
        self._import = _retried(_whole(client.batch_import_findings, "BatchImportFindings", "SuccessCount"))

    @property
    def finding_shape(self) -> Any:
        """The SDK's model of a finding in the AWS Security Finding Format."""
        return self.client.meta.service_model.shape_for("AwsSecurityFinding")

    def import_batch(self, findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return BatchImportFindings's answer for at most 100 findings."""
        with needing("securityhub:BatchImportFindings"), calling("import findings into AWS Security Hub"):
            return dict(self._import(Findings=list(findings)))


class S3:
    """Amazon S3's storing of objects through one SDK client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._put = _whole(client.put_object, "PutObject", "ETag")

    def put(self, bucket: str, key: str, path: str, checksum: str, encryption: Mapping[str, str]) -> dict[str, Any]:
        """Return PutObject's answer for a file of at most 5 GiB; S3 refuses it when checksum is not its SHA-256."""

        def attempt() -> Any:
            # Opened anew each time: what was sent of it before is not sent by the next attempt.
            with open(path, "rb") as body:
                return self._put(Bucket=bucket, Key=key, Body=body, ChecksumSHA256=checksum, **encryption)

        with needing("s3:PutObject"), calling(f"upload {shown(path)} to the bucket {shown(bucket)}"):
            return _bare(_retried(attempt)())


class Ec2:
    """Amazon EC2's network interfaces and instances through one SDK client."""

    def __init__(self, client: Any, page_size: int = 1000) -> None:
        self.client = client
        self.paging = Paging(page_size=page_size)
        for name, member in (
            ("describe_network_interfaces", "NetworkInterfaces"),
            ("describe_instances", "Reservations"),
        ):
            operation = client.meta.method_to_api_mapping[name]
            # Set on the client itself, so that the SDK's own paginators go through it too.
            setattr(client, name, _retried(_whole(getattr(client, name), operation, member)))

    def network_interfaces(self, filter_name: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the network interfaces that a filter lets through, of at most 200 values."""
        request = {"Filters": [{"Name": filter_name, "Values": list(values)}]}
        doing = "look up addresses among EC2's network interfaces"
        for page in Listing(
            self.client, "describe_network_interfaces", request, self.paging, "NetworkInterfaces", doing
        ):
            yield from page["NetworkInterfaces"]

    def instances(self, instance_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the instances with the IDs, at most 200; those that are gone are left out."""
        # Asked for by InstanceIds, one that is gone would fail the whole call.
        request = {"Filters": [{"Name": "instance-id", "Values": list(instance_ids)}]}
        doing = "look up the names of EC2 instances"
        for page in Listing(self.client, "describe_instances", request, self.paging, "Reservations", doing):
            for reservation in page["Reservations"]:
                yield from reservation.get("Instances") or ()


def things_graph(connect: Callable[..., Any], options: Mapping[str, Any]) -> ThingsGraph:
    """Return AWS IoT Things Graph through connect(service, aws_config=...); raise FlowOpsError if the SDK lacks it."""
    # The default session may name a profile that is not there; which services there are does not depend on it.
    if "iotthingsgraph" not in botocore.loaders.create_loader().list_available_services("service-2"):
        raise FlowOpsError(
            f"This boto3 {boto3.__version__} no longer knows AWS IoT Things Graph, which AWS has discontinued;"
            " install a release that still has it, such as boto3 1.44."
        )
    return ThingsGraph(connected(connect, "iotthingsgraph", options))


def spread(pool_size: int, call: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Return call(item) for each item, up to pool_size at once, in order; the first exception is raised."""
    with ThreadPoolExecutor(max_workers=max(1, min(pool_size, len(items)))) as pool:
        return list(pool.map(call, items))


def _lift(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any) -> None:
    """Take Flows out of an answer before the SDK parses it; what is no whole answer is left to the SDK."""
    if response_dict["status_code"] != 200:
        return
    try:
        answer = json.loads(response_dict["body"])
        flows = answer.pop("Flows")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if isinstance(flows, list):
        customized_response_dict["Flows"] = flows
        response_dict["body"] = json.dumps(answer).encode()


def _lift_number(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any) -> None:
    """Take NumberOfAssociations out of a firewall's description beside what an SDK that does not know it parses."""
    try:
        number = json.loads(response_dict["body"])["Firewall"]["NumberOfAssociations"]
    except (ValueError, KeyError, TypeError):
        return
    customized_response_dict["NumberOfAssociations"] = number


def _asked_once(call: Callable[[], Any], doing: str, trouble: Counter[Any], key: Any) -> Any:
    """Return a call's answer, None when asking again later may bring one; raise FlowOpsError when nothing will.

    trouble counts, by key, how often in a row the endpoint could not be reached.
    """
    with calling(doing):
        try:
            answer = call()
        except (EndpointConnectionError, ConnectTimeoutError):
            trouble[key] += 1
            if trouble[key] >= _CONNECT_ATTEMPTS:
                raise
            return None
        except (ClientError, HTTPClientError, ResponseParserError, IncompleteAnswer) as error:
            code = ReadRetry.status_code_from_exception(error)
            if code not in THROTTLING_CODES and not ReadRetry.found(code, list(RETRIED_CODES)):
                raise
            return None
    trouble.pop(key, None)
    return answer


def _busy(rows: Mapping[str, Mapping[str, Any]], seen: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether something ran in the scope: in progress now, or begun or ended since it was last looked at."""
    return any(
        row["FlowOperationStatus"] == "IN_PROGRESS"
        or operation_id not in seen
        or seen[operation_id]["FlowOperationStatus"] == "IN_PROGRESS"
        for operation_id, row in rows.items()
    )


def _bare(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in answer.items() if member != "ResponseMetadata"}


def described(answer: Mapping[str, Any], scope: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a description or a row of the API with snake_case keys and times as ISO 8601 UTC text."""
    converted = {
        member: utc_text(value) if isinstance(value, datetime) else value for member, value in _bare(answer).items()
    }
    return {**(scope or {}), **camel_dict_to_snake_dict(converted)}
