"""Kubernetes Events for what a run did, so that `kubectl describe` tells it too. Best effort."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from reconciler.clients.cluster.interface import AlreadyExists, Cluster, ClusterError
from reconciler.clients.cluster.kinds import CONFIG_MAP, EVENT
from reconciler.render.applyset import parent_name
from reconciler.state.inventory import ObjectResult, TargetRecord
from reconciler.state.objects import Body, ObjectKey
from reconciler.state.plans import Action
from reconciler.state.targets import Target

_COMPONENT = "modelsync"
_LIMIT = 25  # objects told one by one; the rest together, so that a large first run stays quick
_MESSAGE_LIMIT = 1024  # bytes, of the API server

_TOLD: Mapping[Action, str] = {
    Action.CREATED: "Normal",
    Action.CONFIGURED: "Normal",
    Action.DELETED: "Normal",
    Action.SKIPPED: "Warning",
    Action.FAILED: "Warning",
}


def record_events(
    cluster: Cluster,
    target: Target,
    *,
    results: tuple[ObjectResult, ...],
    record: TargetRecord,
    revision: str,
    now: datetime,
) -> tuple[str, ...]:
    """Write an Event for each object that a run changed, skipped or failed on; notes say what could not be.

    An Event's name follows from what it says, so that a run that says the same again adds none.
    """
    told = [result for result in results if result.action in _TOLD]
    entries = {entry.key: entry for entry in record.entries}
    bodies = []
    for result in told[:_LIMIT]:
        entry = entries.get(result.key)
        uid, generation = (entry.uid, entry.generation) if entry is not None else ("", 0)
        # An object that was edited and healed again has moved on, and is told again.
        seed = (uid, str(generation), revision, result.action.value, result.message)
        bodies.append(_build(result.key, uid, result.action, revision, result.message, seed, target, now))
    if len(told) > _LIMIT:
        bodies.append(_build_rest(told[_LIMIT:], record, revision, target, now))
    for body in bodies:
        try:
            cluster.writer.create(EVENT, target.namespace, body)
        except AlreadyExists:
            continue
        except ClusterError as error:
            return (f"Kubernetes Events could not be written; the run itself is not affected: {error}",)
    return ()


def _build_rest(
    rest: list[ObjectResult], record: TargetRecord, revision: str, target: Target, now: datetime
) -> Body:
    """One Event on the target's record for all objects beyond the limit."""
    key = ObjectKey(kind=CONFIG_MAP, namespace=target.namespace, name=parent_name(target.environment))
    failed = any(_TOLD[result.action] == "Warning" for result in rest)
    counts = ", ".join(
        f"{sum(result.action is action for result in rest)} {action.value}"
        for action in _TOLD
        if any(result.action is action for result in rest)
    )
    action = Action.FAILED if failed else Action.CONFIGURED
    seed = (record.uid, revision, *(f"{result.key} {result.action.value}" for result in rest))
    return _build(key, record.uid, action, revision, f"{len(rest)} more: {counts}", seed, target, now)


def _build(
    key: ObjectKey,
    uid: str,
    action: Action,
    revision: str,
    message: str,
    seed: tuple[str, ...],
    target: Target,
    now: datetime,
) -> Body:
    suffix = hashlib.sha256("\0".join(seed).encode()).hexdigest()[:16]
    time = now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = f"{action.value} by {revision}{f': {message}' if message else ''}"
    involved: dict[str, Any] = {
        "apiVersion": key.kind.api_version,
        "kind": key.kind.name,
        "namespace": key.namespace,
        "name": key.name,
    }
    if uid:
        involved["uid"] = uid
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.name,
        "metadata": {"name": f"{key.name[:230]}.{suffix}", "namespace": target.namespace},
        "involvedObject": involved,
        "type": _TOLD[action],
        "reason": action.value.capitalize(),
        "message": said.encode()[:_MESSAGE_LIMIT].decode(errors="ignore"),
        "source": {"component": _COMPONENT},
        "reportingComponent": _COMPONENT,
        "reportingInstance": target.field_manager,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    }
