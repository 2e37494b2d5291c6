"""A small HTTP server with the shapes of GitHub's published OpenAPI description.

It holds every request to that description: path, query and body. What it answers is the description's own
example, or what a test lays over it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from tests.support.proxy import Proxy, Reply, Request

DESCRIPTION = Path(__file__).resolve().parents[1] / "contract" / "github_api.json"
_LARGEST_PAGE = 100
_NOWHERE = "http://127.0.0.1:1"  # never asked: every request is answered here


@dataclass(slots=True, kw_only=True)
class GitHubServer:
    """Answers by operation id (`pulls/list`); `faults` are given first, one for each request.

    `lists` holds what an operation's pages are made of; `answers` what is laid over an example.
    """

    prefix: str = ""
    login: str = "modelsync[bot]"
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Reply] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    uri: str = ""
    link_host: str = ""
    _operations: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._operations = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["operations"]

    def example(self, operation: str) -> Any:
        """What the description has as an operation's answer; of a list, its first item."""
        (found,) = (each for each in self._operations if each["operation"] == operation)
        answer = json.loads(json.dumps(found["answer"]))
        return answer[0] if found["paged"] else answer

    def answer(self, request: Request) -> Reply:
        """The hook of the server."""
        graphql = "/api/graphql" if self.prefix else "/graphql"
        if request.path == graphql:
            self.called.append("viewer")
            fault = self.faults.pop(0) if self.faults else None
            return fault or _reply(200, {"data": {"viewer": {"login": self.login}}})
        for operation in self._operations:
            if operation["method"] == request.method and self._matches(operation["path"], request.path):
                self.called.append(operation["operation"])
                self._judge(operation, request)
                return self.faults.pop(0) if self.faults else self._answer(operation, request)
        self.complaints.append(f"{request}: the description has no such call")
        return _reply(404, {"message": "Not Found", "status": "404"})

    def _matches(self, template: str, path: str) -> bool:
        # The path of a file within a repository is the one parameter that has slashes.
        pattern = re.escape(template).replace(r"\{path\}", ".+")
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        return re.fullmatch(re.escape(self.prefix) + pattern, path) is not None

    def _judge(self, operation: Mapping[str, Any], request: Request) -> None:
        for name, values in request.query.items():
            schema = operation["query"].get(name)
            if schema is None:
                self.complaints.append(f"{request}: the description has no parameter {name}")
                continue
            value: Any = int(values[0]) if schema["type"] == "integer" else values[0]
            self._check(request, value, schema)
        if int(request.query.get("per_page", ["1"])[0]) > _LARGEST_PAGE:
            self.complaints.append(f"{request}: a page has {_LARGEST_PAGE} items at most")
        if request.headers.get("accept") != "application/vnd.github+json" or not request.headers.get(
            "user-agent"
        ):
            self.complaints.append(f"{request}: headers that GitHub asks for are missing")
        if request.body or "request" in operation:
            body = json.loads(request.body)
            self.bodies.append(body)
            self._check(request, body, operation.get("request", False))

    def _check(self, request: Request, value: Any, schema: Any) -> None:
        for error in jsonschema.Draft7Validator(schema).iter_errors(value):
            self.complaints.append(f"{request}: {error.message}")

    def _answer(self, operation: Mapping[str, Any], request: Request) -> Reply:
        name, status = operation["operation"], operation["status"]
        if not operation["paged"]:
            answer = operation["answer"]
            return _reply(status, {**answer, **self.answers.get(name, {})} if answer is not None else None)
        items = self.lists.get(name, [])
        size, page = (
            int(request.query.get(key, [preset])[0]) for key, preset in (("per_page", "30"), ("page", "1"))
        )
        shown = items[(page - 1) * size : page * size]
        host = self.link_host or self.uri
        last = max(1, -(-len(items) // size))
        links = [("prev", page - 1)] if page > 1 else []
        links += [("next", page + 1), ("last", last)] if page < last else []
        link = ", ".join(
            f'<{host}{request.path}?per_page={size}&page={number}>; rel="{kind}"' for kind, number in links
        )
        return _reply(status, shown, {"Link": link} if link else {})


def _reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    content = b"" if body is None else json.dumps(body).encode()
    return Reply(status=status, body=content, content_type="application/json", headers=headers or {})


def refuse(status: int, message: str, **headers: str) -> Reply:
    """An error as GitHub says it; names of headers are given with _ for -."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return _reply(status, {"message": message, "status": str(status)}, told)


@contextmanager
def serve_github(server: GitHubServer) -> Iterator[GitHubServer]:
    """The server on loopback, until the block ends; asserts that each request was as the description says."""
    with Proxy(_NOWHERE, server.answer) as proxy:
        server.uri = proxy.uri
        yield server
    assert server.complaints == []
