"""Deletes what left the desired state: exactly the objects that were looked at, while they are ours."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.apply.clock import Clock
from reconciler.apply.lease import Fence, LeaseLost
from reconciler.apply.parallel import run_parallel
from reconciler.apply.stop import Interrupted, Stop
from reconciler.apply.write import describe_unseen
from reconciler.clients.cluster.interface import (
    PARALLEL,
    Cluster,
    ClusterError,
    Conflict,
    NotFound,
    ObjectError,
    ObjectMetadata,
)
from reconciler.state.inventory import ObjectResult
from reconciler.state.objects import PART_OF_LABEL, LiveObject, ObjectKey, is_unedited
from reconciler.state.plans import Action, Change

_TRIES = 5

# How often, and after how many seconds each, an object that is on its way out is looked for again: what a
# finalizer of a controller holds is mostly let go within a second.
_POLLS = 2
_PAUSE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """`absent` are the objects that a complete list, taken after the deletes, does not hold any more.

    `results` are of the objects that were tried; `sent` says whether any delete may have reached the server.
    """

    results: tuple[ObjectResult, ...]
    absent: frozenset[ObjectKey]
    sent: bool
    stopped: ClusterError | None = None


def prune_objects(
    changes: tuple[tuple[Change, ...], ...],
    cluster: Cluster,
    *,
    namespace: str,
    part_of: str,
    fence: Fence,
    clock: Clock,
    stop: Stop,
) -> Pruned:
    """Delete the objects of `changes` with uid and version as preconditions, children in the background.

    The groups of `changes` follow each other; the objects of one are deleted at once. An object that was
    made anew, edited, or lost our label since the plan was made is kept. One that a finalizer holds is asked
    to go and stays in the record until it is gone; finalizers are never stripped.
    """
    run = _Run(cluster, part_of=part_of, fence=fence, stop=stop)
    for group in changes:
        run.delete(group)
    tried = tuple(change for group in changes for change in group if change.key in run.results)
    if not tried:
        return Pruned(results=(), absent=frozenset(), sent=False, stopped=run.stopped)
    try:
        left = _find_left(tried, run, cluster, namespace, clock, stop)
    except ClusterError as error:
        # Nothing is proven absent, so nothing leaves the record; the next run finds out.
        return Pruned(
            results=tuple(run.results.values()),
            absent=frozenset(),
            sent=run.sent,
            stopped=run.stopped or error,
        )
    absent = frozenset(change.key for change in tried if change.key not in left)
    for change in tried:
        run.note(change, left.get(change.key))
    return Pruned(
        results=tuple(run.results.values()),
        absent=absent,
        sent=run.sent,
        stopped=run.stopped,
    )


class _Run:
    """The deletes so far."""

    def __init__(self, cluster: Cluster, *, part_of: str, fence: Fence, stop: Stop) -> None:
        self._cluster = cluster
        self._part_of = part_of
        self._fence = fence
        self._stop = stop
        self.results: dict[ObjectKey, ObjectResult] = {}
        self.stopped: ClusterError | None = None
        self.sent = False
        self._unseen: set[ObjectKey] = set()

    def delete(self, group: tuple[Change, ...]) -> None:
        for change, outcome in run_parallel(group, self._try, limit=PARALLEL, go_on=self._may_go_on):
            if isinstance(outcome, ObjectResult):
                self.results[change.key] = outcome
                self.sent = self.sent or outcome.action is Action.DELETED
                continue
            if outcome.unseen or not isinstance(outcome, LeaseLost | Interrupted):
                self.results[change.key] = _result(change.key, Action.FAILED, describe_unseen(outcome))
                if outcome.unseen:
                    self._unseen.add(change.key)
                    self.sent = True

    def note(self, change: Change, left: ObjectMetadata | None) -> None:
        """What complete lists show of an object now: whether it is `left`, and how."""
        key = change.key
        if left is None:
            if key in self._unseen:
                self.results[key] = _result(key, Action.DELETED, "its answer was lost, but it is gone")
        elif self.results[key].action is Action.DELETED or (key in self._unseen and left.deleting):
            self.results[key] = _describe_left(left, change)

    def _may_go_on(self) -> bool:
        return self.stopped is None and not self._stop.requested

    def _try(self, change: Change) -> ObjectResult | ClusterError:
        if change.live is None:
            raise ValueError(f"{change.key}: a delete needs the object that it was decided on")
        try:
            return _delete(change, change.live, self._cluster, self._part_of, self._fence)
        except ClusterError as error:
            # At once, so that no other thread begins anything after it.
            self.stopped = self.stopped or error
            return error


def _delete(change: Change, live: LiveObject, cluster: Cluster, part_of: str, fence: Fence) -> ObjectResult:
    key, planned, writer = live.key, live, cluster.writer.guard(fence.check)
    for _ in range(_TRIES):
        try:
            writer.delete(
                key,
                uid=live.uid,
                resource_version=live.resource_version,
                propagation="Orphan" if change.orphan else "Background",
            )
        except NotFound:
            return _result(key, Action.DELETED, "was gone already")
        except Conflict:
            # The operator's status writes move the version; anything else must not be overrun.
            found = cluster.reader.get(key.kind, key.namespace, key.name)
            if found is None:
                return _result(key, Action.DELETED, "was gone already")
            if kept := _find_reason_to_keep(found, planned, part_of):
                return _result(key, Action.SKIPPED, kept)
            if found.deleting:
                # Ours, if its answer was lost, or another's: it goes either way.
                return _result(key, Action.DELETED, "")
            live = found
            continue
        except ObjectError as error:
            return _result(key, Action.FAILED, error.detail)
        return _result(key, Action.DELETED, "")
    return _result(key, Action.FAILED, f"kept changing while this run tried to delete it {_TRIES} times")


def _find_reason_to_keep(found: LiveObject, planned: LiveObject, part_of: str) -> str:
    if found.uid != planned.uid:
        return "was made anew by someone since this run looked; kept"
    if found.labels.get(PART_OF_LABEL) != part_of:
        return "lost our label since this run looked, so it is not ours; kept"
    edited = not is_unedited(found, planned) and not found.deleting
    # Only status may move: an annotation may say that the object is to be kept.
    if edited or found.labels != planned.labels or found.annotations != planned.annotations:
        return "was edited since this run looked; kept, and the next run looks again"
    return ""


def _find_left(
    changes: tuple[Change, ...], run: _Run, cluster: Cluster, namespace: str, clock: Clock, stop: Stop
) -> dict[ObjectKey, ObjectMetadata]:
    """Those of the objects that are still there, by complete lists."""
    left = _list_left(changes, cluster, namespace)
    for _ in range(_POLLS):
        going = any(item.deleting and run.results[key].action is Action.DELETED for key, item in left.items())
        if not going or stop.requested:
            break
        clock.sleep(_PAUSE)
        left = _list_left(changes, cluster, namespace)
    return left


def _list_left(
    changes: tuple[Change, ...], cluster: Cluster, namespace: str
) -> dict[ObjectKey, ObjectMetadata]:
    wanted = {change.key for change in changes}
    kinds = sorted({key.kind for key in wanted})
    found = (item for kind in kinds for item in cluster.reader.list_metadata(kind, namespace))
    return {item.key: item for item in found if item.key in wanted}


def _describe_left(metadata: ObjectMetadata, change: Change) -> ObjectResult:
    """What is told of an object that a list shows though its delete was taken."""
    key = metadata.key
    if change.live is not None and metadata.uid != change.live.uid:
        return _result(key, Action.DELETED, "someone made another one of its name since")
    if not metadata.deleting:
        return _result(key, Action.FAILED, "is still there though the API server took its delete")
    held = f"; finalizers hold it: {', '.join(metadata.finalizers)}" if metadata.finalizers else ""
    return _result(key, Action.DELETED, f"is being deleted{held}")


def _result(key: ObjectKey, action: Action, message: str) -> ObjectResult:
    return ObjectResult(key=key, action=action, message=message)
