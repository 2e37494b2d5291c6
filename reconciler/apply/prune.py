"""Deletes what left the desired state: exactly the objects that were looked at, while they are ours."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.apply.lease import Fence, LeaseLost
from reconciler.clients.cluster.interface import Cluster, ClusterError, Conflict, NotFound, ObjectError
from reconciler.state.inventory import ObjectResult
from reconciler.state.objects import PART_OF_LABEL, LiveObject, ObjectKey, is_unedited
from reconciler.state.plans import Action, Change

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """`absent` are the objects that a complete list, taken after the deletes, does not hold any more."""

    results: tuple[ObjectResult, ...]
    absent: frozenset[ObjectKey]
    stopped: ClusterError | None = None


def prune_objects(
    changes: tuple[Change, ...], cluster: Cluster, *, namespace: str, part_of: str, fence: Fence
) -> Pruned:
    """Delete the objects of `changes` with uid and version as preconditions, children in the background.

    An object that was made anew, or lost our label, since the plan was made is kept. One that a finalizer
    holds is asked to go and stays in the record until it is gone; finalizers are never stripped.
    """
    results: dict[ObjectKey, ObjectResult] = {}
    stopped: ClusterError | None = None
    for change in changes:
        if change.live is None:
            raise ValueError(f"{change.key}: a delete needs the object that it was decided on")
        try:
            results[change.key] = _delete(change.live, cluster, part_of, fence)
        except ClusterError as error:
            if not isinstance(error, LeaseLost):
                results[change.key] = _result(change.key, Action.FAILED, str(error))
            stopped = error
            break
    try:
        left = _list_all(changes, cluster, namespace)
    except ClusterError as error:
        # Nothing is proven absent, so nothing leaves the record; the next run finds out.
        return Pruned(results=tuple(results.values()), absent=frozenset(), stopped=stopped or error)
    for key, live in left.items():
        result = results.get(key)
        if result is not None and result.action is Action.DELETED and live.deleting:
            results[key] = _result(key, Action.DELETED, _describe_finalizers(live))
    absent = frozenset(change.key for change in changes if change.key not in left)
    return Pruned(results=tuple(results.values()), absent=absent, stopped=stopped)


def _delete(live: LiveObject, cluster: Cluster, part_of: str, fence: Fence) -> ObjectResult:
    key, uid = live.key, live.uid
    for _ in range(_TRIES):
        fence.check()
        try:
            cluster.writer.delete(key, uid=uid, resource_version=live.resource_version)
        except NotFound:
            return _result(key, Action.DELETED, "was gone already")
        except Conflict:
            # The operator's status writes move the version; anything else must not be overrun.
            found = cluster.reader.get(key.kind, key.namespace, key.name)
            if found is None:
                return _result(key, Action.DELETED, "was gone already")
            if found.uid != uid:
                return _result(key, Action.SKIPPED, "was made anew by someone since this run looked; kept")
            if found.labels.get(PART_OF_LABEL) != part_of:
                return _result(
                    key, Action.SKIPPED, "lost our label since this run looked, so it is not ours; kept"
                )
            if not is_unedited(found, live):
                return _result(
                    key,
                    Action.SKIPPED,
                    "was edited since this run looked; kept, and the next run looks again",
                )
            live = found
            continue
        except ObjectError as error:
            return _result(key, Action.FAILED, error.detail)
        return _result(key, Action.DELETED, "")
    return _result(key, Action.FAILED, f"kept changing while this run tried to delete it {_TRIES} times")


def _list_all(changes: tuple[Change, ...], cluster: Cluster, namespace: str) -> dict[ObjectKey, LiveObject]:
    kinds = sorted({change.key.kind for change in changes})
    return {live.key: live for kind in kinds for live in cluster.reader.list(kind, namespace)}


def _describe_finalizers(live: LiveObject) -> str:
    finalizers = (live.body.get("metadata") or {}).get("finalizers") or ()
    if not finalizers:
        return "is being deleted"
    return f"is being deleted; finalizers hold it: {', '.join(str(name) for name in finalizers)}"


def _result(key: ObjectKey, action: Action, message: str) -> ObjectResult:
    return ObjectResult(key=key, action=action, message=message)
