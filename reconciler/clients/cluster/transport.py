"""Sends requests: with a timeout on each, tried again where that is safe, within a budget of time."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import (
    HTTPError,
    InvalidHeader,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util.retry import Retry

from reconciler.clients.cluster.interface import ClusterMisconfigured, ClusterUnreachable, Throttled

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the API. `repeatable` if sending it twice ends as sending it once does.

    `accept` says in which form the answer is wanted.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    content_type: str = JSON
    accept: str = JSON
    repeatable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API server said, after `tries` tries over `seconds`. `text` is set where it is not JSON."""

    status: int
    body: Mapping[str, Any]
    text: str = ""
    tries: int = 1
    seconds: float = 0.0


class Transport(Protocol):
    """Sends requests to one API server."""

    @property
    def server(self) -> str:
        """Its address, as messages name it."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests sent so far by HTTP method, each try counted."""

    @property
    def answers(self) -> Mapping[tuple[str, int], int]:
        """The same by method and status; 0 stands for those that got no answer."""

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status. Raises ClusterUnreachable, Throttled, ClusterMisconfigured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try, in seconds. `timeout` bounds connecting and each wait for an answer.

    `tries` bounds failures to get an answer; being told to come back later is bounded by `budget` alone.
    """

    timeout: float = 10.0
    tries: int = 3
    pause: float = 0.5
    budget: float = 31.0


class HttpTransport:
    """A transport over a urllib3 pool.

    urllib3's own Retry is not used for sending: it follows Retry-After only for answers that it also
    counts as tries, knows no total of time, and cannot say how long it tried.
    """

    def __init__(
        self,
        pool: urllib3.PoolManager,
        url: str,
        *,
        headers: Callable[[], Mapping[str, str]],
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`headers` are asked for before each try, so that a token that was renewed meanwhile is used."""
        self._pool = pool
        self._url = url.rstrip("/")
        self._headers = headers
        self._patience = patience or Patience()
        self._sleep = sleep
        self._monotonic = monotonic
        self._counts: dict[str, int] = {}
        self._answers: Counter[tuple[str, int]] = Counter()
        self._counting = threading.Lock()

    @property
    def server(self) -> str:
        parts = urlsplit(self._url)
        return parts.hostname or self._url if parts.port in (None, 443) else parts.netloc

    @property
    def counts(self) -> Mapping[str, int]:
        with self._counting:
            return dict(self._counts)

    @property
    def answers(self) -> Mapping[tuple[str, int], int]:
        with self._counting:
            return dict(self._answers)

    def send(self, request: Request) -> Answer:
        started = self._monotonic()
        tries = failures = 0
        while True:
            tries += 1
            delay: float | None = None
            try:
                answer, delay = self._send_once(request)
            except HTTPError as error:
                self._note(request, 0)
                failures += 1
                why = self._explain(error)
                if failures >= self._patience.tries or not _may_repeat(request, error):
                    raise self._unreachable(why, tries, started) from error
            else:
                self._note(request, answer.status)
                if not _is_passing(request, answer, told_when=delay is not None):
                    return replace(answer, tries=tries, seconds=self._monotonic() - started)
                why = f"answered {answer.status}"
                if delay is None and answer.status != 429:
                    failures += 1
                    if failures >= self._patience.tries:
                        return replace(answer, tries=tries, seconds=self._monotonic() - started)
            pause = self._pause(failures) if delay is None else delay
            if self._monotonic() - started + pause > self._patience.budget:
                if delay is not None:
                    raise Throttled(
                        self.server,
                        f"is overloaded: it asked to come back in {delay:.0f} s",
                        tries=tries,
                        seconds=self._monotonic() - started,
                    )
                raise self._unreachable(why, tries, started)
            self._sleep(pause)

    def _send_once(self, request: Request) -> tuple[Answer, float | None]:
        """The answer, and in how many seconds it asks to come back."""
        with self._counting:
            self._counts[request.method] = self._counts.get(request.method, 0) + 1
        query = f"?{urlencode(request.query)}" if request.query else ""
        headers = {"Accept": request.accept, **self._headers()}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        response = self._pool.request(
            request.method,
            f"{self._url}{request.path}{query}",
            body=None if request.body is None else json.dumps(request.body).encode(),
            headers=headers,
            timeout=urllib3.Timeout(connect=self._patience.timeout, read=self._patience.timeout),
            retries=False,
            redirect=False,
        )
        return _read_answer(response), _read_delay(response)

    def _note(self, request: Request, status: int) -> None:
        with self._counting:
            self._answers[(request.method, status)] += 1

    def _pause(self, failures: int) -> float:
        # Spread out, so that many runs that failed together do not come back together.
        return self._patience.pause * random.uniform(0.5, 1.5) * max(1, failures)  # noqa: S311  (no secret)

    def _explain(self, error: HTTPError) -> str:
        if isinstance(error, SSLError):
            raise ClusterMisconfigured(
                f"the API server at {self.server} could not be trusted: {error}. "
                "Check certificate-authority-data of the cluster, and that this is the cluster meant."
            ) from error
        if isinstance(error, NameResolutionError):
            return "has a name that could not be resolved"
        if isinstance(error, NewConnectionError):
            return "could not be connected to (nothing listens there, or a firewall is between)"
        if isinstance(error, HTTPTimeoutError):
            return f"did not answer within {self._patience.timeout:.0f} s"
        return f"broke the connection ({error})"

    def _unreachable(self, why: str, tries: int, started: float) -> ClusterUnreachable:
        return ClusterUnreachable(self.server, why, tries=tries, seconds=self._monotonic() - started)


class DryRunTransport:
    """The same connection, on which the API server is asked to store nothing."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def server(self) -> str:
        return self._transport.server

    @property
    def counts(self) -> Mapping[str, int]:
        return self._transport.counts

    @property
    def answers(self) -> Mapping[tuple[str, int], int]:
        return self._transport.answers

    def send(self, request: Request) -> Answer:
        # Options in a delete's body make the API server ignore those of the query, so they must be there.
        body = request.body
        if request.method == "DELETE" and body is not None:
            body = {**body, "dryRun": ["All"]}
        query = {**request.query, "dryRun": "All"}
        # What is not stored may be asked for as often as one likes.
        return self._transport.send(replace(request, query=query, body=body, repeatable=True))


def _may_repeat(request: Request, error: HTTPError) -> bool:
    """A request that never left may always be sent again; one that may have arrived only if repeatable."""
    never_left = isinstance(error, NewConnectionError) or (
        isinstance(error, HTTPTimeoutError) and not isinstance(error, ReadTimeoutError)
    )
    return request.repeatable or never_left


def _is_passing(request: Request, answer: Answer, *, told_when: bool) -> bool:
    """Whether the answer says nothing about the request and may be another one next time."""
    if answer.status == 429:
        return True
    if answer.status == 503 and told_when:
        return True
    if answer.status in (502, 503, 504):
        return request.repeatable
    return answer.status == 500 and request.method == "GET"


def _read_answer(response: urllib3.BaseHTTPResponse) -> Answer:
    text = response.data.decode("utf-8", "replace")
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        body = None
    if isinstance(body, dict):
        return Answer(status=response.status, body=body)
    return Answer(status=response.status, body={}, text=text.strip())


def _read_delay(response: urllib3.BaseHTTPResponse) -> float | None:
    told = response.headers.get("Retry-After")
    if told is None:
        return None
    try:
        return max(0.0, Retry().parse_retry_after(told))
    except InvalidHeader:
        return None
