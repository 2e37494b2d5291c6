"""An HTTP proxy in front of a real server: it keeps what was asked, and plays faults."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import urllib3

if TYPE_CHECKING:
    from typing_extensions import Self

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in: the `number`-th, from 1, in order of arrival.

    `target` is path and query as sent; header names are lower-case.
    """

    number: int
    method: str
    target: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer in the server's stead."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutAfter:
    """Pass on the server's answer, and break the connection after so many bytes of its body."""

    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Halve:
    """Pass on the first half of the server's body as if it were all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Ask the server twice, and pass on what it said the second time. For `before`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Break the connection without a word."""


Hook = Callable[[Request], "Reply | CutAfter | Halve | Repeat | Drop | None"]
"""Decides on each request, in its own time; None lets it pass. Called from a thread per connection."""


def let_pass(_request: Request) -> None:
    """The hook that does nothing."""


class _Server(ThreadingHTTPServer):
    # A run under test opens its connections all at once.
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that is gone is no news, and what else fails breaks the connection."""


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
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._upstream = upstream.rstrip("/")
        self._before = before
        self._after = after
        self._pool = pool or open_pool(context)
        self._shares_pool = pool is not None
        self._state = threading.Condition()
        self._in_flight = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer goes out in two parts; the second must not wait for word of the first.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                proxy._handle(self)

            # Named by http.server.
            do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

            def log_message(self, *_arguments: object) -> None:
                """What was asked is kept in `requests`."""

        self._server = _Server(("127.0.0.1", 0), Handler)
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
        if not self._shares_pool:
            self._pool.clear()

    def settle(self, timeout: float = 30.0) -> None:
        """Wait until no request is on its way: the server may act on one whose client is gone already."""
        with self._state:
            done = self._state.wait_for(lambda: not self._in_flight, timeout)
        assert done, f"requests are still on their way after {timeout:.0f} s"

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        with self._state:
            request = Request(
                number=len(self.requests) + 1,
                method=handler.command,
                target=handler.path,
                path=parts.path,
                query=parse_qs(parts.query),
                headers={name.lower(): value for name, value in handler.headers.items()},
                body=body,
            )
            self.requests.append(request)
            self._in_flight += 1
        try:
            self._pass_on(handler, request)
        except (BrokenPipeError, ConnectionResetError):
            # The client is gone, as some tests mean it to be.
            handler.close_connection = True
        finally:
            with self._state:
                self._in_flight -= 1
                self._state.notify_all()

    def _pass_on(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        decision = self._before(request)
        if not isinstance(decision, Reply | Drop):
            status, headers, content = self._ask(request)
            if isinstance(decision, Repeat):
                status, headers, content = self._ask(request)
            decision = self._after(request) or decision
        if isinstance(decision, Reply):
            status, content = decision.status, decision.body
            headers = [("Content-Type", decision.content_type), *decision.headers.items()]
        elif isinstance(decision, Halve):
            content = content[: len(content) // 2]
        handler.close_connection |= isinstance(decision, CutAfter | Drop)
        if not isinstance(decision, Drop):
            cut = decision.bytes if isinstance(decision, CutAfter) else None
            _send(handler, status, headers, content, cut)

    def _ask(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the server's answer."""
        answer = self._pool.request(
            request.method,
            f"{self._upstream}{request.target}",
            body=request.body or None,
            headers=dict(_keep_end_to_end(request.headers.items())),
            timeout=30,
            retries=False,
            redirect=False,
            decode_content=False,
        )
        return answer.status, _keep_end_to_end(answer.headers.items()), answer.data


def open_pool(context: ssl.SSLContext | None = None) -> urllib3.PoolManager:
    """Connections to a real server, kept open between requests; `context` is for TLS."""
    return urllib3.PoolManager(num_pools=4, maxsize=64, ssl_context=context)


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
