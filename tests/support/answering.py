"""A server on loopback that answers from a script: for what a healthy API server never says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.clients.cluster.access import Access
from reconciler.clients.cluster.rest import RestReader
from reconciler.clients.cluster.transport import HttpTransport, Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One answer. `silent` keeps the connection open without an answer; `hang_up` closes it."""

    status: int = 200
    body: Mapping[str, Any] | str = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    hang_up: bool = False


@dataclass(slots=True, kw_only=True)
class Server:
    """What it was asked, in order: method and path; and over how many connections."""

    url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    connections: int = 0


@dataclass(slots=True)
class ManualClock:
    """Time that passes only by sleeping."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@contextmanager
def serving(*scripts: Script) -> Iterator[Server]:
    """A server that gives these answers one by one, and the last for ever."""
    released = threading.Event()
    lock = threading.Lock()
    left = list(scripts)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else each body waits for the head to be acknowledged.
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            with lock:
                server.connections += 1

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            with lock:
                server.asked.append((self.command, self.path))
                script = left.pop(0) if len(left) > 1 else left[0]
            if script.silent:
                released.wait(30)
            if script.silent or script.hang_up:
                self.close_connection = True
                return
            body = script.body if isinstance(script.body, str) else json.dumps(script.body)
            self.send_response(script.status)
            for name, value in {**script.headers, "Content-Length": str(len(body.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Tests read `asked` instead."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(url=f"http://127.0.0.1:{http.server_address[1]}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        released.set()
        http.shutdown()
        thread.join()
        http.server_close()


def make_transport(
    url: str, clock: ManualClock | None = None, patience: Patience | None = None
) -> HttpTransport:
    """A transport whose pauses pass at once."""
    time = clock or ManualClock()
    return HttpTransport(
        Access(server=url),
        patience=patience or Patience(timeout=0.2),
        sleep=time.sleep,
        monotonic=time.monotonic,
    )


@contextmanager
def answering(*scripts: Script) -> Iterator[RestReader]:
    """A reader of a server that gives these answers."""
    with serving(*scripts) as server:
        yield RestReader(make_transport(server.url))
