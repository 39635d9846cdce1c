# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for AWX's API on loopback: it keeps objects and their relations as AWX does, and runs nothing."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Object = dict[str, Any]

# The collections of the API that hold what a schedule or a node of a workflow can run.
RUNNABLE = {
    "job_templates": "job_template",
    "projects": "project",
    "workflow_job_templates": "workflow_job_template",
    "workflow_approval_templates": "workflow_approval_template",
}
SECRETS = ("password", "security_token")
ENCRYPTED = "$encrypted$"


class Controller:
    """Answers awx.awx; `objects` is {collection: {id: object}}, `related` {path of a relation: [id]}."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, Object]] = {}
        self.related: dict[str, list[int]] = {}
        self.surveys: dict[str, Object] = {}
        self.written: list[str] = []
        self._lock = threading.Lock()
        controller = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer("GET")

            def do_POST(self) -> None:
                self._answer("POST")

            def do_PATCH(self) -> None:
                self._answer("PATCH")

            def _answer(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = controller.answer(method, self.path, json.loads(body) if body else {})
                content = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in (
                    ("Content-Type", "application/json"),
                    ("Content-Length", str(len(content))),
                    ("X-API-Product-Name", "AWX"),
                    ("X-API-Product-Version", "24.6.1"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        # What AWX brings along.
        for name in ("Ansible Galaxy", "Ours"):
            self._create("credentials", {"name": name})
        self._create("credential_types", {"name": "Amazon Web Services"})
        self.written.clear()

    def __enter__(self) -> Controller:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def named(self, collection: str, key: str = "name") -> dict[str, Object]:
        """Return the objects of a collection by their names."""
        return {item[key]: item for item in self.objects.get(collection, {}).values()}

    def linked(self, path: str) -> list[int]:
        """Return the ids that are related by a path such as job_templates/7/credentials."""
        return self.related.get(f"/api/v2/{path}/", [])

    def answer(self, method: str, target: str, body: Object) -> tuple[int, Any]:
        """Return the status and the JSON that answer a request."""
        url = urlsplit(target)
        path = re.sub(r"^/api/v2/+", "/api/v2/", url.path)
        with self._lock:
            if method != "GET":
                self.written.append(f"{method} {path}")
            words = path.removeprefix("/api/v2/").strip("/").split("/")
            if len(words) == 1:
                return self._collection(method, words[0], dict(parse_qsl(url.query)), body)
            item = self.objects.get(words[0], {}).get(int(words[1]))
            if item is None:
                return 404, {"detail": "Not found."}
            if len(words) == 2:
                if method == "PATCH":
                    item.update(self._kept(words[0], body))
                return 200, told(item)
            return self._relation(method, path, words, item, body)

    def _collection(self, method: str, name: str, query: Mapping[str, str], body: Object) -> tuple[int, Any]:
        if method == "POST":
            return 201, told(self._create(name, body))
        if name == "unified_job_templates":
            there = [item for runnable in RUNNABLE for item in self.objects.get(runnable, {}).values()]
        else:
            there = list(self.objects.get(name, {}).values())
        found = [told(item) for item in there if matches(item, query)]
        return 200, {"count": len(found), "next": None, "previous": None, "results": found}

    def _relation(self, method: str, path: str, words: list[str], item: Object, body: Object) -> tuple[int, Any]:
        if words[2] == "survey_spec":
            if method == "POST":
                self.surveys[path] = body
                return 200, {}
            return 200, self.surveys.get(path, {})
        if words[2] == "update":
            # Synced at once; nobody has committed anything meanwhile.
            made = self._create("project_updates", {"status": "successful", "finished": "now", "failed": False})
            return 202, made
        if words[2] == "create_approval_template":
            made = self._create("workflow_approval_templates", body)
            item["unified_job_template"] = made["id"]
            item["related"]["unified_job_template"] = made["url"]
            return 201, told(made)
        ids = self.related.setdefault(path, [])
        if method == "POST":
            if body.get("disassociate"):
                ids.remove(body["id"])
            else:
                ids.append(body["id"])
            return 204, None
        return 200, {"count": len(ids), "next": None, "previous": None, "results": [{"id": number} for number in ids]}

    def _create(self, name: str, body: Object) -> Object:
        number = 1 + sum(len(items) for items in self.objects.values())
        url = f"/api/v2/{name}/{number}/"
        item = {
            "id": number,
            "type": RUNNABLE.get(name, name.removesuffix("s")),
            "url": url,
            "related": {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"},
            "summary_fields": {},
            "scm_revision": "",
            **self._kept(name, body),
        }
        self.objects.setdefault(name, {})[number] = item
        return item

    def _kept(self, name: str, body: Object) -> Object:
        return {key: value for key, value in body.items() if key != "disassociate"}


def told(item: Object) -> Object:
    """Return an object as the API tells it: without secrets."""
    if not isinstance(item.get("inputs"), dict):
        return item
    inputs = {key: ENCRYPTED if key in SECRETS else value for key, value in item["inputs"].items()}
    return {**item, "inputs": inputs}


def matches(item: Object, query: Mapping[str, str]) -> bool:
    """Tell whether an object is one that the query of a listing asks for."""
    either = {key.removeprefix("or__"): value for key, value in query.items() if key.startswith("or__")}
    every = {key: value for key, value in query.items() if not key.startswith("or__")}
    return all(str(item.get(key)) == value for key, value in every.items()) and (
        not either or any(str(item.get(key)) == value for key, value in either.items())
    )
