"""Which step of a run a request belongs to: the rows of the crash matrix, told from the requests alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum

from tests.support.proxy import Request


class Step(str, Enum):
    """A durable state that a run passes; the value is the row of the crash matrix."""

    LEASE = "S0"
    LOOK = "S2"
    GUARDS = "S3"
    UNION = "S4"
    REHEARSAL = "S5"
    WRITE = "S6"
    HEALTH = "S7"
    WEIGHTS = "S8"
    PRUNE = "S9"
    RECORD = "S10"
    EVENTS = "S11"
    RELEASED = "S12"


_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def find_step(requests: Sequence[Request], number: int, *, weights: bool = False) -> Step:
    """The step of request `number` (from 1) of a run; `weights` if what it applies is a change of shares.

    Before the first request a run has fetched, verified, rendered and validated: the first look is what
    follows S1 and S2.
    """
    request, earlier = requests[number - 1], requests[: number - 1]
    kind = _kind(request)
    if kind == "leases":
        return Step.RELEASED if is_release(request) else Step.LEASE
    if kind == "events":
        return Step.EVENTS
    if kind == "seldondeployments" and request.method in _WRITES:
        if is_rehearsal(request):
            return Step.REHEARSAL
        if request.method == "DELETE":
            return Step.PRUNE
        return Step.WEIGHTS if weights else Step.WRITE
    if any(is_release(item) for item in earlier):
        return Step.RELEASED
    if kind == "configmaps" and request.method in _WRITES:
        return Step.RECORD if any(is_object_write(item) for item in earlier) else Step.UNION
    if any(item.method == "DELETE" for item in earlier) and kind == "seldondeployments":
        # The list that proves the absence of what was deleted.
        return Step.PRUNE
    if any(is_object_write(item) for item in earlier):
        return Step.HEALTH
    taken = any(_kind(item) == "leases" and item.method in _WRITES for item in earlier)
    return Step.GUARDS if taken else Step.LOOK


def is_object_write(request: Request) -> bool:
    """Whether it stores or deletes a SeldonDeployment."""
    return _kind(request) == "seldondeployments" and request.method in _WRITES and not is_rehearsal(request)


def is_write(request: Request) -> bool:
    """Whether it stores or deletes anything."""
    return request.method in _WRITES and not is_rehearsal(request)


def is_rehearsal(request: Request) -> bool:
    return "dryRun" in request.query


def is_release(request: Request) -> bool:
    """Whether it gives the Lease back."""
    if _kind(request) != "leases" or request.method != "PUT":
        return False
    return not json.loads(request.body)["spec"].get("holderIdentity")


def name_object(request: Request) -> str:
    """`seldondeployments/wines`, or the kind alone for a list or a POST."""
    return "/".join(_tail(request))


def _kind(request: Request) -> str:
    return _tail(request)[0]


def _tail(request: Request) -> list[str]:
    parts = request.path.strip("/").split("/")
    after = parts[parts.index("namespaces") :] if "namespaces" in parts else parts[-2:]
    return after[2:] or after[:1]
