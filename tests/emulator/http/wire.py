# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP side: werkzeug's threaded server with connections that stay open, and ways to break an answer."""

from __future__ import annotations

import io
import json
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer


class ConnectionCut(Exception):
    """Raised by the application to end the connection without an answer."""


class KeepAliveHandler(MotoRequestHandler):
    """Answers many requests on one connection, as AWS does; werkzeug itself closes after each."""

    protocol_version = "HTTP/1.1"
    # Headers and body go out in one segment: two would meet Nagle and the delayed ACK, 40 ms a request.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 300

    def setup(self) -> None:
        """Register the connection, so that the server can close it when it stops."""
        super().setup()
        self.server.connections.add(self.connection)

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin an answer, with the Date of the service's clock, or without one."""
        self.send_response_only(code, message)
        self.send_header("Server", self.version_string())
        date = self.server.date()
        if date is not None:
            self.send_header("Date", self.date_time_string(date))

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request; a body shorter than its Content-Length ends the connection, the client sees the cut."""
        environ = self.make_environ()
        stream = environ["wsgi.input"]
        if environ.get("wsgi.input_terminated"):
            body = stream.read()
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        else:
            body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        try:
            status, headers, answer = self._run(environ)
        except ConnectionCut:
            self.close_connection = True
            return
        bodiless = self.command == "HEAD" or status[:3] in ("204", "304") or status.startswith("1")
        promised = next((value for name, value in headers if name.lower() == "content-length"), None)
        code, _sep, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if promised is None and not bodiless:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(answer)
            if promised is not None and int(promised) != len(answer):
                self.close_connection = True
        self.wfile.flush()

    def _run(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        try:
            return call_application(self.server.app, environ)
        except ConnectionCut:
            raise
        except NotImplementedError as error:
            # So moto says that it lacks a call, and AWS that it knows no such call.
            body = {"__type": "UnknownOperationException", "Message": str(error)}
            return "400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")], json.dumps(body).encode()
        except Exception as error:
            # A bug of the emulator or of moto must be seen, and must not look like an AWS fault that is worth a retry.
            traceback.print_exc(file=sys.stderr)
            body = {"__type": "EmulatorError", "Message": f"{type(error).__name__}: {error}"}
            return "400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")], json.dumps(body).encode()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep no access log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing about connections that clients drop."""


def call_application(app: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Run a WSGI application to its end; returns status line, headers and whole body."""
    begun: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        begun[:] = [status, headers]
        return written.append

    chunks = app(environ, start_response)
    try:
        written.extend(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return begun[0], list(begun[1]), b"".join(written)


class LoopbackServer(ThreadedWSGIServer):
    """A threaded server that closes the connections still open when it stops."""

    request_queue_size = 128

    def __init__(self, host: str, port: int, app: Any, date: Callable[[], float | None]) -> None:
        self.connections: set[socket.socket] = set()
        self.date = date
        super().__init__(host, port, app, handler=KeepAliveHandler)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve from a thread of its own."""
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; a client with an open connection sees it end."""
        self.shutdown()
        if self._thread is not None:
            self._thread.join()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The client was quicker.
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over what a broken connection raises; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)
