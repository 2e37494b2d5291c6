"""An HTTP proxy in front of a real server: it keeps what was asked, and plays faults."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from typing_extensions import Self

_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in. Header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


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


Fault = Callable[[Request], "Reply | CutAfter | None"]
"""Decides on each request; None passes it on."""


class Proxy:
    """Forwards to `upstream` (http://host:port). A context manager."""

    def __init__(self, upstream: str, fault: Fault = lambda _request: None) -> None:
        self.requests: list[Request] = []
        self._upstream = urlsplit(upstream).netloc
        self._fault = fault
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                proxy._handle(self)

            # Named by http.server.
            do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

            def log_message(self, *_arguments: object) -> None:
                """What was asked is kept in `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
            path=parts.path,
            query=parse_qs(parts.query),
            headers={name.lower(): value for name, value in handler.headers.items()},
        )
        self.requests.append(request)
        body = handler.rfile.read(int(request.headers.get("content-length", 0)))
        decision = self._fault(request)
        handler.close_connection = True
        if isinstance(decision, Reply):
            self._reply(handler, decision)
        else:
            self._forward(handler, body, decision.bytes if decision else None)

    def _reply(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        handler.send_header("Content-Type", reply.content_type)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body)

    def _forward(self, handler: BaseHTTPRequestHandler, body: bytes, cut_after: int | None) -> None:
        connection = http.client.HTTPConnection(self._upstream, timeout=30)
        try:
            headers = {
                name: value for name, value in handler.headers.items() if name.lower() not in _HOP_BY_HOP
            }
            connection.request(handler.command, handler.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            handler.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[:cut_after])
        finally:
            connection.close()
