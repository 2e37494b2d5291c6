"""The faults that a proxy plays on one request of a run, and what the run may make of each."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar


class Fault(str, Enum):
    """What happens on the n-th request; only DEAD goes on after it."""

    KILL = "killed after the server acted"
    TERM = "TERM after the server acted"
    DROP_BEFORE = "dropped before the server acted"
    DROP_AFTER = "dropped after the server acted"
    CUT = "connection cut within the answer"
    HALVE = "half an answer that claims to be whole"
    CONFLICT = "409 instead"
    EXPIRED = "410 instead"
    THROTTLED = "429 with Retry-After instead"
    ERROR = "500 instead"
    ERROR_AFTER = "500 after the server acted"
    UNAVAILABLE = "503 instead"
    TIMEOUT_AFTER = "504 after the server acted"
    LATE = "passed on late, after the Lease ran out"
    SLOW = "answered late, after the Lease ran out"
    REPEAT = "sent to the server twice"
    DEAD = "nothing answers any more"


LEASE = 2
"""The Lease of a disturbed run, in seconds: short, since the run after a killed one waits for its end."""

LATENESS = 2.2
"""How late LATE and SLOW are, in seconds: the Lease is over by then unless it was renewed."""

SIGNALS = {Fault.KILL: signal.SIGKILL, Fault.TERM: signal.SIGTERM}
AFTER = frozenset({Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.TIMEOUT_AFTER, Fault.CUT, Fault.HALVE})


class OnRequest(Protocol):
    """A case: a fault on the n-th request."""

    @property
    def fault(self) -> Fault: ...

    @property
    def at(self) -> int: ...


AnyCase = TypeVar("AnyCase", bound=OnRequest)


def take_alternate(cases: Iterable[AnyCase]) -> list[AnyCase]:
    """Half of the cases: of each fault every other request, and of each request every other fault."""
    order = {fault: number for number, fault in enumerate(Fault)}
    return [case for case in cases if (order[case.fault] + case.at) % 2 == 0]


def take_turns(cases: Sequence[AnyCase], start: int) -> list[AnyCase]:
    """One case of every other fault, from the first or (`start` is odd) the second, on each request in turn.

    Two samples, one with an even and one with an odd start, hold every fault, however few requests there are.
    """
    by_fault = [[case for case in cases if case.fault is fault] for fault in list(Fault)[start % 2 :: 2]]
    return [found[turn % len(found)] for turn, found in enumerate(by_fault) if found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer as the API server words it (metav1.Status)."""

    status: int
    reason: str
    message: str
    retry_after: int | None = None

    @property
    def body(self) -> bytes:
        details = {} if self.retry_after is None else {"retryAfterSeconds": self.retry_after}
        said = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": details,
            "code": self.status,
        }
        return json.dumps(said).encode()


REFUSALS = {
    Fault.CONFLICT: Refusal(status=409, reason="Conflict", message="the object has been modified"),
    Fault.EXPIRED: Refusal(status=410, reason="Expired", message="too old resource version"),
    Fault.THROTTLED: Refusal(
        status=429, reason="TooManyRequests", message="please try again later", retry_after=1
    ),
    Fault.ERROR: Refusal(status=500, reason="InternalError", message="an internal error occurred"),
    Fault.ERROR_AFTER: Refusal(
        status=500,
        reason="InternalError",
        message="etcdserver: request timed out",
    ),
    Fault.UNAVAILABLE: Refusal(status=503, reason="ServiceUnavailable", message="apiserver is shutting down"),
    Fault.TIMEOUT_AFTER: Refusal(
        status=504, reason="Timeout", message="request did not complete within the allotted timeout"
    ),
}
