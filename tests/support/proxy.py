"""An HTTP proxy in front of a real server: it keeps what was asked, and plays faults."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from typing_extensions import Self

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in. `target` is path and query as sent; header names are lower-case."""

    method: str
    target: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer in the server's stead."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class CutAfter:
    """Pass on the server's answer, and break the connection after so many bytes of its body."""

    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Break the connection without a word."""


Hook = Callable[[Request], "Reply | CutAfter | Drop | None"]
"""Decides on each request, in its own time; None lets it pass. Called from a thread per connection."""


def let_pass(_request: Request) -> None:
    """The hook that does nothing."""


class Proxy:
    """Forwards plain HTTP on loopback to `upstream` (http or https://host:port). A context manager.

    `before` decides before the server is asked: with a Reply or Drop it never is. `after` decides once
    the server has acted and answered. `context` is for TLS towards the server. `requests` is in order of
    arrival.
    """

    def __init__(
        self,
        upstream: str,
        before: Hook = let_pass,
        *,
        after: Hook = let_pass,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._upstream = urlsplit(upstream)
        self._before = before
        self._after = after
        self._context = context
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy._handle(self)

            # Named by http.server.
            do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

            def log_message(self, *_arguments: object) -> None:
                """What was asked is kept in `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A client may keep its connection for longer than the proxy is there.
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        request = Request(
            method=handler.command,
            target=handler.path,
            path=parts.path,
            query=parse_qs(parts.query),
            headers={name.lower(): value for name, value in handler.headers.items()},
        )
        self.requests.append(request)
        body = handler.rfile.read(int(request.headers.get("content-length", 0)))
        decision = self._before(request)
        if not isinstance(decision, Reply | Drop):
            status, headers, content = self._ask(request, body)
            decision = self._after(request) or decision
        if isinstance(decision, Reply):
            status, content = decision.status, decision.body
            headers = [("Content-Type", decision.content_type)]
        handler.close_connection |= isinstance(decision, CutAfter | Drop)
        if not isinstance(decision, Drop):
            cut = decision.bytes if isinstance(decision, CutAfter) else None
            _send(handler, status, headers, content, cut)

    def _ask(self, request: Request, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the server's answer."""
        host, port = self._upstream.hostname or "", self._upstream.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=30, context=self._context)
            if self._upstream.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=30)
        )
        try:
            headers = dict(_keep_end_to_end(request.headers.items()))
            connection.request(request.method, request.target, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, _keep_end_to_end(answer.getheaders()), answer.read()
        finally:
            connection.close()


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    headers: list[tuple[str, str]],
    content: bytes,
    cut: int | None,
) -> None:
    handler.send_response(status)
    for name, value in (*headers, ("Content-Length", str(len(content)))):
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content[:cut])


def _keep_end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
