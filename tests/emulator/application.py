# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""moto's server with services of our own, and everything that is answered ahead of it."""

from __future__ import annotations

import html
import io
import json
import math
import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask
from moto import settings as moto_settings
from moto.backend_index import backend_url_patterns
from moto.core.utils import convert_to_flask_response
from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import (
    HTTP_METHODS,
    BackendRequest,
    DomainDispatcherApplication,
    create_backend_app,
)

from .http.answers import error_body
from .http.door import PREFIX, Door
from .http.faults import LOSING, TOKENS, Fault
from .http.validation import parse_request
from .http.wire import ConnectionCut, call_application
from .services import ec2, sts, thingsgraph
from .services.networkfirewall import api, moto_service
from .world.errors import ApiError
from .world.executions import SERVICE as THINGS_GRAPH
from .world.places import known_regions
from .world.state import DEFAULT_ACCOUNT
from .world.tokens import LOOP, next_in_loop

if TYPE_CHECKING:
    from .server import Emulator

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/]+)/")
_SERVICES = {"NetworkFirewall_20201112": "networkfirewall", "IotThingsGraphFrontEndService": "iotthingsgraph"}
_MODELS = {"networkfirewall": api.SERVICE, "iotthingsgraph": THINGS_GRAPH}
_TOKENS = {"networkfirewall": "NextToken", "iotthingsgraph": "nextToken"}
_STARTS = ("StartFlowCapture", "StartFlowFlush")
_REFUSAL = re.compile(rb"<Code>(\w+)</Code>\s*<Message>(.*?)</Message>", re.DOTALL)
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
Response = tuple[str, list[tuple[str, str]], bytes]


class EmulatorApplication(DomainDispatcherApplication):
    """moto's dispatcher with services of our own, and everything that is answered ahead of it."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(self._create_app)
        self._emulator = emulator
        self._door = Door(emulator)
        # moto's list is shared by the process; this one is ours alone.
        self.backend_url_patterns: list[tuple[str, re.Pattern[str]]] = [
            *backend_url_patterns,
            ("iotthingsgraph", re.compile(r"https?://iotthingsgraph\.(.+)\.amazonaws\.com")),
        ]
        self._handlers: dict[str, Callable[..., Any]] = {
            "ec2": ec2.make_response_class(emulator.world, emulator.faults).dispatch,
            "networkfirewall": moto_service.make_response_class(
                emulator.api, moto_service.make_backends(emulator.world)
            ).dispatch,
            "iotthingsgraph": thingsgraph.make_response_class(thingsgraph.make_backends(emulator.executions)).dispatch,
            "sts": sts.make_response_class(emulator.world, emulator.faults).dispatch,
        }

    def _create_app(self, service: Any) -> Flask:
        if service not in self._handlers:
            return create_backend_app(service)
        app = Flask(f"emulator-{service}")
        app.debug = True
        app.request_class = BackendRequest
        app.add_url_rule(
            "/",
            endpoint="dispatch",
            methods=HTTP_METHODS,
            view_func=convert_to_flask_response(self._handlers[service]),
        )
        return app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer the control door, break what a fault says, serve result pages, and leave the rest to moto."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX):
            status, body = self._door.answer(environ["REQUEST_METHOD"], path, environ["wsgi.input"].read())
            start_response(_status_line(status), [("Content-Type", "application/json")])
            return [body]
        prefix, _dot, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        service = _SERVICES.get(prefix)
        if service is None and "/securityhub/aws4_request" in environ.get("HTTP_AUTHORIZATION", ""):
            status_line, headers, body = call_application(super().__call__, environ)
            refusal = _refusal_in(status_line, body)
            if refusal is not None:
                status_line, body = "403 Forbidden", error_body(refusal).encode()
                headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", refusal.code)]
            start_response(status_line, headers)
            return [body]
        if service is None:
            return super().__call__(environ, start_response)
        with self._emulator.world.under_way(operation):
            status_line, headers, body = self._serve(service, operation, environ)
        start_response(status_line, headers)
        return [body]

    def _serve(self, service: str, operation: str, environ: dict[str, Any]) -> Response:
        emulator = self._emulator
        emulator.world.count(operation)
        content_type = thingsgraph.CONTENT_TYPE if service == "iotthingsgraph" else api.CONTENT_TYPE
        _account, region = caller = _caller(environ.get("HTTP_AUTHORIZATION", ""))
        fault = self._fault(operation, caller)
        kind = "" if fault is None else fault.kind
        if kind == "drop_before":
            raise ConnectionCut
        if fault is not None and kind == "unavailable":
            return _status_line(fault.status or 503), [("Content-Type", "text/plain")], b""
        raw = environ["wsgi.input"].read()
        try:
            if fault is not None:
                _raise_error_of(fault, service)
            if "Credential=" not in environ.get("HTTP_AUTHORIZATION", ""):
                raise ApiError("MissingAuthenticationTokenException", "Request is missing Authentication Token")
            if region not in known_regions():
                raise ApiError("UnrecognizedClientException", f"There is no region {region}")
            request = parse_request(_MODELS[service], operation, raw)
            asked = request.get(_TOKENS[service])
            if kind == "token_loop" and asked in LOOP:
                # The listing itself never issued such a token.
                del request[_TOKENS[service]]
                raw = json.dumps(request).encode()
            status_line, body = self._carry_out(service, operation, caller, request, {**environ, **_input(raw)})
        except ApiError as error:
            return self._error(error, content_type, "message" if service == "iotthingsgraph" else "Message")
        if kind in TOKENS and status_line.startswith("200"):
            token = next_in_loop(asked) if kind == "token_loop" else ""
            body = json.dumps({**json.loads(body), _TOKENS[service]: token}).encode()
        response = self._finish(status_line, body, content_type)
        return self._broken(kind, operation, response) if kind in LOSING else response

    def _fault(self, operation: str, caller: tuple[str, str]) -> Fault | None:
        """Return the fault that a request meets, after its slowness has passed."""
        met = None
        for fault in self._emulator.faults.meet(operation, *caller):
            if fault.kind == "slow":
                time.sleep(fault.seconds)
            else:
                met = fault
        return met

    def _carry_out(
        self, service: str, operation: str, caller: tuple[str, str], request: dict[str, Any], environ: dict[str, Any]
    ) -> tuple[str, bytes]:
        """Return status line and body of the answer to a request that fits the model; ApiError if IAM refuses it."""
        # moto's dispatch, which takes longer than all the rest, holds a request against IAM's policies.
        guarded = not math.isinf(moto_settings.INITIAL_NO_AUTH_ACTION_COUNT)
        if service == "networkfirewall" and operation in self._emulator.api.operations and not guarded:
            status, body = self._emulator.api.answer(operation, *caller, request)
            return _status_line(status), body.encode()
        # The target header tells the protocol; without a content type moto would guess the model's first one.
        environ["CONTENT_TYPE"] = thingsgraph.CONTENT_TYPE if service == "iotthingsgraph" else api.CONTENT_TYPE
        status_line, _headers, answer = call_application(super().__call__, environ)
        refused = _refusal_in(status_line, answer)
        if refused is not None:
            raise refused
        return status_line, answer

    def _broken(self, kind: str, operation: str, response: Response) -> Response:
        """Return what is left of an answer after a fault: the work is done, and nobody will hear of it."""
        status_line, headers, body = response
        if operation in _STARTS and status_line.startswith("200"):
            self._emulator.world.mark_lost(json.loads(body)["FlowOperationId"])
        if kind == "drop_after":
            raise ConnectionCut
        headers = [item for item in headers if item[0] != "Content-Length"]
        if kind == "not_json":
            return "200 OK", [("Content-Type", "text/html")], _HTML
        half = body[: len(body) // 2]
        if kind == "cut":
            return status_line, [*headers, ("Content-Length", str(len(body)))], half
        return status_line, headers, half

    def _error(self, error: ApiError, content_type: str, member: str) -> Response:
        return self._finish(_status_line(error.status), error_body(error, member).encode(), content_type)

    def _finish(self, status_line: str, body: bytes, content_type: str) -> Response:
        return (
            status_line,
            [
                ("Content-Type", content_type),
                ("x-amzn-RequestId", str(uuid.uuid4())),
                ("Content-Length", str(len(body))),
            ],
            body,
        )


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"


def _refusal_in(status_line: str, body: bytes) -> ApiError | None:
    """Return a refusal of moto's IAM, which is XML whatever the service speaks; None for any other answer."""
    found = _REFUSAL.search(body) if status_line.startswith("403") else None
    if found is None:
        return None
    code, message = (html.unescape(part.decode()) for part in found.groups())
    return ApiError("AccessDeniedException" if code == "AccessDenied" else "UnrecognizedClientException", message)


def _input(raw: bytes) -> dict[str, Any]:
    """Return what a WSGI environment says of a body."""
    return {"wsgi.input": io.BytesIO(raw), "CONTENT_LENGTH": str(len(raw))}


def _raise_error_of(fault: Fault, service: str) -> None:
    """Raise the error that the fault is an answer with, if it is one."""
    internal = "InternalFailureException" if service == "iotthingsgraph" else "InternalServerError"
    errors = {
        "throttle": ApiError("ThrottlingException", "Rate exceeded", 400),
        "internal": ApiError(internal, "An internal error occurred", 500),
        "access_denied": ApiError("AccessDeniedException", "User is not authorized to perform this action", 400),
        "expired_token": ApiError(
            "ExpiredTokenException", "The security token included in the request is expired", 400
        ),
    }
    error = errors.get(fault.kind)
    if error is not None:
        error.status = fault.status or error.status
        raise error


def _caller(authorization: str) -> tuple[str, str]:
    """Return account and region of a signed request, the account as moto knows its access key."""
    found = _CREDENTIAL.search(authorization)
    if found is None:
        return DEFAULT_ACCOUNT, "us-east-1"
    return str(get_account_id_from(found.group(1))), found.group(2)
