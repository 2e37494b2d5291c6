"""Callers who never stop asking, and small backends that say who they are."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE = 30.0  # seconds for one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, or what came instead of it (status 0). `begun` is when it was asked for (monotonic)."""

    begun: float
    status: int
    text: str

    @property
    def failed(self) -> bool:
        return self.status != 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What callers ask, over and over. A GET where there is no body, else a POST of JSON."""

    url: str
    body: bytes = b""

    def ask(self, connection: http.client.HTTPConnection) -> Answer:
        begun = time.monotonic()
        parts = urlsplit(self.url)
        try:
            if self.body:
                connection.request("POST", parts.path, self.body, {"Content-Type": "application/json"})
            else:
                connection.request("GET", parts.path)
            response = connection.getresponse()
            text = response.read().decode("utf-8", errors="replace")
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(begun=begun, status=0, text=repr(error))
        return Answer(begun=begun, status=response.status, text=text)

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is kept from question to question."""
        parts = urlsplit(self.url)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)


def ask(question: Question, times: int) -> tuple[Answer, ...]:
    """Answers to the same question, one after the other on one connection."""
    connection = question.connect()
    try:
        return tuple(question.ask(connection) for _ in range(times))
    finally:
        connection.close()


class Callers:
    """So many callers who ask on, each on a connection of its own, until the block ends."""

    def __init__(self, question: Question, *, callers: int = 2) -> None:
        self._question = question
        self._answers: list[Answer] = []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    @property
    def answers(self) -> Sequence[Answer]:
        """All answers until now, in the order in which they came."""
        return tuple(self._answers)

    @property
    def failures(self) -> Sequence[Answer]:
        return tuple(answer for answer in self._answers if answer.failed)

    def wait_for(self, more: int, *, patience: float = 60.0) -> Sequence[Answer]:
        """So many answers to questions that were asked from now on."""
        begin, known, end = time.monotonic(), len(self._answers), time.monotonic() + patience
        while time.monotonic() < end:
            asked = [answer for answer in self._answers[known:] if answer.begun >= begin]
            if len(asked) >= more:
                return tuple(asked)
            time.sleep(0.02)
        raise AssertionError(f"no {more} answers within {patience:.0f} s; {len(self._answers) - known} came")

    def _call(self) -> None:
        connection = self._question.connect()
        try:
            while not self._end.is_set():
                self._answers.append(self._question.ask(connection))
        finally:
            connection.close()


def count(answers: Sequence[Answer], who: Callable[[str], str]) -> Counter[str]:
    """How many answers each gave; `who` reads the giver from the text."""
    return Counter(who(answer.text) for answer in answers)


class Backend:
    """A server on a loopback address of its own that answers every request with its name and the path.

    `metrics` is what it answers to /prometheus where it is given; `seen` counts all other requests.
    """

    def __init__(self, name: str, *, port: int = 8000, metrics: str = "") -> None:
        self.name = name
        # One of four million: two runs on one machine do not meet.
        self.address = str(IPv4Address("127.64.0.0") + random.randrange(1, 2**22))
        self.seen = 0
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet, at once: two would wait for each other's acknowledgement.
            wbufsize = 65536
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if metrics and self.path == "/prometheus":
                    content, kind = metrics.encode(), "text/plain; version=0.0.4"
                else:
                    with backend._lock:
                        backend.seen += 1
                    said = {"name": backend.name, "path": self.path}
                    content, kind = json.dumps(said).encode(), "application/json"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            # Named by http.server.
            do_POST = do_GET

            def log_message(self, *_arguments: object) -> None:
                """Nobody reads it."""

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((self.address, port), Handler)
        # The gateway keeps its connections for longer than the backend is there.
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def named(text: str) -> str:
    """Which backend gave this answer."""
    name: str = json.loads(text)["name"]
    return name
