"""A closer look at a namespace, taken only when something in it is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.clients.cluster.interface import ClusterReader, RightMissing
from reconciler.clients.cluster.kinds import EVENT, POD
from reconciler.observe.live import WORKLOAD_SELECTOR
from reconciler.state.objects import Kind, LiveObject, ObjectKey

_LOGS = 3
_LINES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeup:
    """What tells people why something is as it is: the operator's Pods, and the namespace's Events.

    `pods` and `events` come from complete lists; None stands for "not allowed to look", and `unseen` says
    so in the API server's words. `logs` hold the last lines of containers that ended without a message, by
    Pod and container. Nothing in here decides what is written: it explains.
    """

    pods: tuple[LiveObject, ...] | None = None
    events: tuple[LiveObject, ...] | None = None
    logs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


def read_closeup(reader: ClusterReader, namespace: str, *, logs: bool = False) -> Closeup:
    """The Pods that the operator's Deployments run in a namespace, and the namespace's Events.

    Two requests while each list fits one page; with `logs` one more for each container (three at most) that
    ended and left no message. A right that is missing leaves that part out, since a verdict without its
    explanation is better than none; any other ClusterError is raised.
    """
    pods = _list(reader, POD, namespace, WORKLOAD_SELECTOR)
    events = _list(reader, EVENT, namespace)
    ends = _list_silent_ends(pods) if logs and not isinstance(pods, RightMissing) else ()
    return Closeup(
        pods=None if isinstance(pods, RightMissing) else pods,
        events=None if isinstance(events, RightMissing) else events,
        logs=_read_logs(reader, tuple(ends)[:_LOGS]),
        unseen=tuple(str(part) for part in (pods, events) if isinstance(part, RightMissing)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SilentEnd:
    """A container that ended and left no message; `previous` if it runs again or waits to."""

    pod: ObjectKey
    container: str
    previous: bool


def _list_silent_ends(pods: Iterable[LiveObject]) -> Iterator[_SilentEnd]:
    for pod in pods:
        status: Mapping[str, Any] = pod.body.get("status") or {}
        for statuses in (status.get("initContainerStatuses"), status.get("containerStatuses")):
            for container in statuses or ():
                now = (container.get("state") or {}).get("terminated")
                before = (container.get("lastState") or {}).get("terminated")
                ended = now or before
                if ended and not container.get("ready") and not ended.get("message"):
                    yield _SilentEnd(pod=pod.key, container=str(container.get("name", "")), previous=not now)


def _read_logs(reader: ClusterReader, ends: Iterable[_SilentEnd]) -> Mapping[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for end in ends:
        try:
            text = reader.read_log(end.pod, end.container, previous=end.previous, lines=_LINES)
        except RightMissing:
            # Not worth a word: whoever may not read logs has the exit code.
            break
        found[(end.pod.name, end.container)] = text
    return found


def _list(
    reader: ClusterReader, kind: Kind, namespace: str, selector: str = ""
) -> tuple[LiveObject, ...] | RightMissing:
    try:
        found = reader.list(kind, namespace, label_selector=selector)
    except RightMissing as error:
        return error
    # Each of them is looked at for each Deployment that is not ready, and forgotten soon.
    return tuple(replace(live, body=dict(live.body)) for live in found)
