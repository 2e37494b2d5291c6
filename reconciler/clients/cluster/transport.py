"""Sends requests: each bounded in time and size, tried again where that is safe, within a budget of time."""

from __future__ import annotations

import copy
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from reconciler import __version__
from reconciler.clients.cluster.access import Access
from reconciler.clients.cluster.interface import (
    PARALLEL,
    ClusterError,
    ClusterMisconfigured,
    ClusterUnreachable,
    Permit,
    Throttled,
)
from reconciler.clients.cluster.tally import Tally
from reconciler.clients.cluster.turns import Turns
from reconciler.clients.cluster.wire import Broken, Distrusted, Oversized, Reply, Wire
from reconciler.state.packing import encode

JSON = "application/json"
METADATA = f"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
"""The form of an answer that holds metadata alone; a server that does not know it sends the whole object."""

_FIRST = 0
"""The rank of what is not sent in bulk, before those of all parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the API. `repeatable` if sending it twice ends as sending it once does.

    `accept` says in which form the answer is wanted. `permit`, where there is one, is asked before each try.
    `bulk` marks one of many that are sent at once: all others, such as a renewal of a Lease, go first.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    content_type: str = JSON
    accept: str = JSON
    repeatable: bool = True
    permit: Permit | None = None
    bulk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API server said, after `tries` tries over `seconds`. `text` is set where it is not JSON.

    `unseen` says that an earlier try may have been acted on though its answer was lost.
    """

    status: int
    body: Mapping[str, Any]
    text: str = ""
    tries: int = 1
    seconds: float = 0.0
    unseen: bool = False


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
        """The answer, whatever its status.

        Raises ClusterUnreachable, Throttled, ClusterMisconfigured, and what the request's permit raises.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try, in seconds, and how much to read.

    `timeout` bounds connecting and each wait for an answer, `budget` one request with all its tries and
    pauses. `tries` bounds failures to get an answer. Being told to come back later is bounded by `budget`
    and, over all requests of a run, by `waits`. `hurry` bounds a request of a run that is to end. `size`
    bounds an answer's body, in bytes.
    """

    timeout: float = 10.0
    tries: int = 3
    pause: float = 0.5
    budget: float = 31.0
    waits: float = 120.0
    hurry: float = 4.0
    size: int = 64 * 1024 * 1024


class HttpTransport:
    """A transport over connections that are kept alive. Safe to use from many threads."""

    def __init__(
        self,
        access: Access,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        hurried: Callable[[], bool] = bool,
    ) -> None:
        """`hurried` says that the run is to end: from then on nothing is tried again or waited for long.

        A Job is given 30 seconds to end: enough for what is in flight, the record, Events and the Lease.
        """
        self._access = access
        self._patience = patience or Patience()
        # One more for the thread that renews the Lease.
        self._wire = Wire(access, keep=PARALLEL + 1, wait=self._patience.timeout)
        self._sleep = sleep
        self._monotonic = monotonic
        self._hurried = hurried
        self._waits = _Waits(self._patience.waits)
        self._turns = Turns(PARALLEL + 1)
        self._parts = itertools.count(1)
        self._rank = next(self._parts)
        self._tally = Tally()

    @property
    def server(self) -> str:
        parts = urlsplit(self._access.server)
        return parts.hostname or self._access.server if parts.port in (None, 443) else parts.netloc

    @property
    def counts(self) -> Mapping[str, int]:
        return self._tally.read_counts()

    @property
    def answers(self) -> Mapping[tuple[str, int], int]:
        return self._tally.read_answers()

    def part(self) -> HttpTransport:
        """The same connections and budgets, with counts of its own, which begin at nothing.

        Where turns are short, what earlier parts send in bulk goes first: one after the other comes to its
        end, and the steps that follow meet the bulk of the next, rather than each other.
        """
        part = copy.copy(self)
        part._rank = next(self._parts)
        part._tally = Tally(self._tally)
        return part

    def send(self, request: Request) -> Answer:
        body = None if request.body is None else encode(request.body)
        started = 0.0
        tries = failures = 0
        unseen = False
        while True:
            tries += 1
            delay: float | None = None
            told = False
            try:
                with self._turns.take(self._rank if request.bulk else _FIRST):
                    if tries == 1:
                        # Its time begins here: that others go first is no fault of the server. A permit
                        # is asked with the turn in hand, and knows what was waited.
                        started = self._monotonic()
                    left = self._find_left(request, tries, started, unseen)
                    reply = self._send_once(request, body, left)
            except Broken as error:
                self._tally.note_answer(request.method, 0)
                failures += 1
                unseen = unseen or error.sent
                if failures >= self._patience.tries or self._hurried() or not _may_repeat(request, error):
                    raise self._unreachable(str(error), tries, started, unseen) from error
                why = str(error)
            else:
                self._tally.note_answer(request.method, reply.status)
                answer = _read_answer(reply)
                delay = _read_delay(reply)
                told = answer.status == 429 or delay is not None
                final = replace(answer, tries=tries, seconds=self._monotonic() - started, unseen=unseen)
                if not _is_passing(request, answer, told_when=delay is not None):
                    return final
                if not told:
                    failures += 1
                    if failures >= self._patience.tries or self._hurried():
                        return final
                unseen = unseen or answer.status != 429
                why = f"answered {answer.status}"
            pause = self._pause(failures, delay)
            now = self._monotonic()
            late = now - started + pause > self._patience.budget
            if told and (late or self._hurried() or not self._waits.claim(now, pause)):
                raise Throttled(
                    self.server,
                    f"is overloaded: it asked to come back in {delay or pause:.0f} s",
                    tries=tries,
                    seconds=now - started,
                    unseen=unseen,
                )
            if late:
                raise self._unreachable(why, tries, started, unseen)
            self._sleep(pause)

    def _find_left(self, request: Request, tries: int, started: float, unseen: bool) -> float:
        """In how many seconds the next try, the `tries`-th, is to end."""
        left = self._patience.budget - (self._monotonic() - started)
        if left <= 0:
            why = "could not be asked in time: other requests of this run took all of it"
            raise self._unreachable(why, tries - 1, started, unseen)
        if request.permit is None:
            return left
        try:
            return min(left, request.permit())
        except ClusterError as error:
            # A try before this one may have been acted on.
            error.unseen = unseen
            raise

    def _send_once(self, request: Request, body: bytes | None, left: float) -> Reply:
        self._tally.note_sent(request.method)
        if self._hurried():
            left = min(left, self._patience.hurry)
        headers = {"Accept": request.accept, "User-Agent": f"modelsync/{__version__}"}
        if authorization := self._access.authorization():
            headers["Authorization"] = authorization
        if body is not None:
            headers["Content-Type"] = request.content_type
        try:
            return self._wire.exchange(
                request.method,
                f"{request.path}?{urlencode(request.query)}" if request.query else request.path,
                headers=headers,
                body=body,
                left=left,
                size=self._patience.size,
            )
        except Distrusted as error:
            raise ClusterMisconfigured(
                f"the API server at {self.server} could not be trusted: {error}. "
                "Check certificate-authority-data of the cluster, and that this is the cluster meant."
            ) from error

    def _pause(self, failures: int, delay: float | None) -> float:
        # Spread out, so that many that failed together do not come back together; and never at once, or
        # who is told to come back in 0 s for ever would ask without a rest.
        pause = self._patience.pause * random.uniform(0.5, 1.5) * max(1, failures)  # noqa: S311  (no secret)
        return pause if delay is None else max(pause, delay * random.uniform(1.0, 1.25))  # noqa: S311

    def _unreachable(self, why: str, tries: int, started: float, unseen: bool) -> ClusterUnreachable:
        seconds = self._monotonic() - started
        return ClusterUnreachable(self.server, why, tries=tries, seconds=seconds, unseen=unseen)


class _Waits:
    """How long a run waits because it was told to, over all its requests: time that is waited by many at
    once counts once.
    """

    def __init__(self, most: float) -> None:
        self._left = most
        self._until = 0.0
        self._lock = threading.Lock()

    def claim(self, now: float, seconds: float) -> bool:
        """Whether one may wait so long from now."""
        with self._lock:
            added = max(0.0, now + seconds - max(now, self._until))
            if added > self._left:
                return False
            self._left -= added
            self._until = max(self._until, now + seconds)
        return True


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
        # What is not stored may be asked for as often as one likes, and nobody looks into it.
        return self._transport.send(
            replace(request, query=query, body=body, accept=METADATA, repeatable=True, bulk=True)
        )


def _may_repeat(request: Request, error: Broken) -> bool:
    """A request that never left may always be sent again; one that may have arrived only if repeatable."""
    if isinstance(error, Oversized):
        return False
    return request.repeatable or not error.sent


def _is_passing(request: Request, answer: Answer, *, told_when: bool) -> bool:
    """Whether the answer says nothing about the request and may be another one next time."""
    if answer.status == 429:
        return True
    if answer.status == 503 and told_when:
        return True
    if answer.status in (502, 503, 504):
        return request.repeatable
    return answer.status == 500 and request.method == "GET"


def _read_answer(reply: Reply) -> Answer:
    text = reply.content.decode("utf-8", "replace")
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        body = None
    if isinstance(body, dict):
        return Answer(status=reply.status, body=body)
    return Answer(status=reply.status, body={}, text=text.strip())


def _read_delay(reply: Reply) -> float | None:
    """In how many seconds the server asks to come back; None if it does not say."""
    told = reply.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError):
        return None
