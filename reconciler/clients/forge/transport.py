"""Requests to a forge's API: bounded in time and size, tried again where that is safe, limits honoured."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from reconciler import __version__
from reconciler.clients.cluster.access import Access
from reconciler.clients.cluster.interface import ClusterMisconfigured
from reconciler.clients.cluster.wire import Broken, Distrusted, Oversized, Reply, Wire
from reconciler.clients.forge.interface import ForgeRefused, ForgeUnreachable

# What GitHub asks for where a secondary limit names no time ("Best practices for using the REST API").
_UNTOLD = 60.0
_REPEATABLE = frozenset({"GET", "PATCH", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try, in seconds, and how much to read.

    `timeout` bounds connecting and each wait, `budget` one request with all its tries and pauses. `tries`
    bounds failures to get an answer. `waits` bounds, over all requests, how long is waited because the forge
    asks to come back later. `size` bounds an answer's body in bytes, `pages` how many make a list, each of
    `items` (100 are GitHub's most; a Gitea gives as many as its administrator allows, 50 by default).
    """

    timeout: float = 10.0
    tries: int = 3
    pause: float = 0.5
    budget: float = 150.0
    waits: float = 300.0
    size: int = 16 * 1024 * 1024
    pages: int = 100
    items: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. `path` begins with / and follows the API's address; `what` names its object in messages.

    `repeatable` is whether sending it twice ends as sending it once does (None: as its method says).
    """

    method: str
    path: str
    what: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool | None = None

    def may_repeat(self) -> bool:
        return self.method in _REPEATABLE if self.repeatable is None else self.repeatable


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the forge said: `body` is the JSON value, None where it is none. Headers compare without case."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Transport:
    """Sends requests to one forge."""

    def __init__(
        self,
        access: Access,
        *,
        server: str,
        headers: Mapping[str, str],
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`access.server` is the API's address, `server` the one that messages name.

        `now` is seconds since the epoch, for limits that name a time. Raises ForgeRefused.
        """
        self.server = server
        self.patience = patience or Patience()
        self.sleep = sleep
        self._access = access
        self._headers = headers
        self._monotonic = monotonic
        self._now = now
        self._waited = 0.0
        try:
            # The API server's wire, since it bounds whole answers; a timeout bounds each silence only.
            self._wire = Wire(access, keep=1, wait=self.patience.timeout)
        except ClusterMisconfigured as error:
            raise ForgeRefused(server, f"cannot be asked: {error}") from error

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status, except those that say nothing about the request.

        Raises ForgeUnreachable and ForgeRefused.
        """
        started = self._monotonic()
        failures = 0
        unseen = False
        while True:
            delay: float | None = None
            left = self.patience.budget - (self._monotonic() - started)
            try:
                reply = self._send_once(request, left)
            except Broken as error:
                failures += 1
                unseen = unseen or error.sent
                final = isinstance(error, Oversized) or (error.sent and not request.may_repeat())
                why = str(error)
            else:
                answer = Answer(status=reply.status, headers=reply.headers, body=_read_json(reply.content))
                delay = self._read_delay(answer)
                if delay is None and answer.status < 500:
                    return answer
                # A limit is looked at before anything is done.
                unseen = unseen or delay is None
                failures += delay is None
                final = delay is None and not request.may_repeat()
                why = f"answered {answer.status}"
            if final or failures >= self.patience.tries:
                raise self._unreachable(request, why, unseen)
            self._pause(request, why, started, failures, delay, unseen)

    def _send_once(self, request: Request, left: float) -> Reply:
        headers = {"Accept": "application/json", "User-Agent": f"modelsync/{__version__}", **self._headers}
        if authorization := self._access.authorization():
            headers["Authorization"] = authorization
        body = None if request.body is None else json.dumps(request.body).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._wire.exchange(
                request.method,
                f"{request.path}?{urlencode(request.query)}" if request.query else request.path,
                headers=headers,
                body=body,
                left=left,
                size=self.patience.size,
            )
        except Distrusted as error:
            raise ForgeRefused(
                self.server,
                f"could not be trusted: {error}. Check its address, and the certificates of a private "
                "authority.",
            ) from error

    def _pause(
        self,
        request: Request,
        why: str,
        started: float,
        failures: int,
        delay: float | None,
        unseen: bool,
    ) -> None:
        pause = self.patience.pause * random.uniform(0.5, 1.5) * max(1, failures)  # noqa: S311  (no secret)
        if delay is not None:
            # Never at once, or who is told 0 s for ever would ask without a rest.
            pause = max(pause, delay)
        late = self._monotonic() - started + pause >= self.patience.budget
        if delay is not None:
            if late or self._waited + pause > self.patience.waits:
                why = f"limits how often it may be asked: it wants us back in {delay:.0f} s"
                raise self._unreachable(request, why, unseen)
            self._waited += pause
        elif late:
            raise self._unreachable(request, why, unseen)
        self.sleep(pause)

    def _unreachable(self, request: Request, why: str, unseen: bool) -> ForgeUnreachable:
        lost = unseen and request.method != "GET"
        after = "; it may have been done all the same" if lost else ""
        return ForgeUnreachable(self.server, f"{why} (asked for {request.what}{after}).", unseen=lost)

    def _read_delay(self, answer: Answer) -> float | None:
        """In how many seconds the forge asks to come back; None where no limit was met.

        As GitHub says in "Rate limits for the REST API": 403 or 429, with Retry-After, or with nothing
        remaining until the time of X-RateLimit-Reset, or else with words about a secondary limit.
        """
        if answer.status not in (403, 429, 503):
            return None
        told = _read_retry_after(answer.headers.get("Retry-After", ""), self._now())
        if told is not None:
            return told
        if answer.status == 503:
            return None
        reset = answer.headers.get("X-RateLimit-Reset", "")
        if answer.headers.get("X-RateLimit-Remaining", "") == "0" and reset.isdecimal():
            return max(0.0, float(reset) - self._now())
        message = answer.body.get("message") if isinstance(answer.body, dict) else None
        if answer.status == 429 or "secondary rate limit" in str(message).lower():
            return _UNTOLD
        return None


def _read_retry_after(told: str, now: float) -> float | None:
    told = told.strip()
    if told.isdecimal():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
        return max(0.0, (moment - datetime.fromtimestamp(now, timezone.utc)).total_seconds())
    except (TypeError, ValueError):
        return None


def _read_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
