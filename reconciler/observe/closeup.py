"""A closer look at a namespace, taken only when something in it is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.clients.cluster.interface import ClusterReader, RightMissing
from reconciler.clients.cluster.kinds import EVENT, POD
from reconciler.observe.live import WORKLOAD_SELECTOR
from reconciler.state.objects import Kind, LiveObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeup:
    """What tells people why something is as it is: the operator's Pods, and the namespace's Events.

    `pods` and `events` come from complete lists; None stands for "not allowed to look", and `unseen` says
    so in the API server's words. Nothing in here decides what is written: it explains.
    """

    pods: tuple[LiveObject, ...] | None = None
    events: tuple[LiveObject, ...] | None = None
    unseen: tuple[str, ...] = ()


def read_closeup(reader: ClusterReader, namespace: str) -> Closeup:
    """The Pods that the operator's Deployments run in a namespace, and the namespace's Events.

    Two requests while each list fits one page. A right that is missing leaves that part None, since a
    verdict without its explanation is better than none; any other ClusterError is raised.
    """
    pods = _list(reader, POD, namespace, WORKLOAD_SELECTOR)
    events = _list(reader, EVENT, namespace)
    return Closeup(
        pods=None if isinstance(pods, RightMissing) else pods,
        events=None if isinstance(events, RightMissing) else events,
        unseen=tuple(str(part) for part in (pods, events) if isinstance(part, RightMissing)),
    )


def _list(
    reader: ClusterReader, kind: Kind, namespace: str, selector: str = ""
) -> tuple[LiveObject, ...] | RightMissing:
    try:
        return reader.list(kind, namespace, label_selector=selector)
    except RightMissing as error:
        return error
