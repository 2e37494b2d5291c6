"""Stores a target's record: only when it says something new, and never losing an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.apply.lease import Fence, LeaseLost
from reconciler.clients.cluster.interface import (
    AlreadyExists,
    Cluster,
    ClusterError,
    ClusterWriter,
    Conflict,
    NotFound,
)
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import decode_record, encode_record, has_same_content
from reconciler.render.applyset import parent_name
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import LiveObject, ObjectKey
from reconciler.state.targets import Target

Save = Callable[[TargetRecord], TargetRecord]
"""Stores a record, and gives it back as it is stored."""

HEARTBEAT = timedelta(minutes=10)
_TRIES = 4


def save_record(
    cluster: Cluster, target: Target, record: TargetRecord, *, known: TargetRecord, fence: Fence
) -> TargetRecord:
    """Store `record` where `known` was read, and return it as stored; nothing is sent if both say the same.

    Someone else's write in between is met by reading again, a bounded number of times; entries that it
    brought and marks that it set or took away are kept, and a ConfigMap that was deleted or damaged meanwhile
    is written whole. Raises LeaseLost if it was made under a later Lease than ours, Conflict if the
    ConfigMap does not come to rest.
    """
    if known.exists and not known.forged and has_same_content(record, known, target):
        return replace(record, uid=known.uid, resource_version=known.resource_version, exists=True)
    for _ in range(_TRIES):
        if known.fence > fence.transitions:
            raise LeaseLost(target, "the record was written by a later run")
        stamped = replace(
            record,
            exists=True,
            forged=False,
            fence=fence.transitions,
            uid=known.uid,
            resource_version=known.resource_version,
        )
        try:
            stored = _write(cluster.writer.guard(fence.check), target, stamped, exists=known.exists)
        except (AlreadyExists, Conflict, NotFound):
            base, known = known, decode_record(_read(cluster, target), target)
            record = _keep_marks(_keep_added(record, base, known), base, known)
            continue
        return replace(stamped, uid=stored.uid, resource_version=stored.resource_version)
    raise Conflict(_key(target), "others kept writing to it while this run tried to; nothing was lost")


def is_heartbeat_due(record: TargetRecord, now: datetime) -> bool:
    """Whether the record was not marked as seen alive for ten minutes."""
    if record.heartbeat is None:
        return record.exists
    # One that is yet to come was written by another clock, and would hide for as long that nobody looks.
    return record.exists and not timedelta(0) <= now - record.heartbeat < HEARTBEAT


def beat(cluster: Cluster, target: Target, record: TargetRecord, now: datetime) -> TargetRecord:
    """Mark the record as seen alive. Needs no Lease: its resourceVersion proves that nothing else moved.

    Best effort: if the record moved, or cannot be written, it is returned as it was.
    """
    if record.forged or not record.exists:
        return record
    marked = replace(record, heartbeat=now)
    try:
        stored = cluster.writer.replace(_key(target), encode_record(marked, target))
    except ClusterError:
        return record
    return replace(marked, resource_version=stored.resource_version)


def _write(writer: ClusterWriter, target: Target, record: TargetRecord, *, exists: bool) -> LiveObject:
    body = encode_record(record, target)
    if exists:
        return writer.replace(_key(target), body)
    return writer.create(CONFIG_MAP, target.namespace, body)


def _keep_added(record: TargetRecord, base: TargetRecord, found: TargetRecord) -> TargetRecord:
    known = {entry.key for entry in (*record.entries, *base.entries)}
    added = tuple(entry for entry in found.entries if entry.key not in known)
    return replace(record, entries=(*record.entries, *added)) if added else record


def _keep_marks(record: TargetRecord, base: TargetRecord, found: TargetRecord) -> TargetRecord:
    """The record with what someone did to the marks of people since `base` was read."""
    if not found.exists or found.forged:
        # A lost record says nothing of marks, least of all that somebody ended them.
        return record
    before = {mark.deployment: mark for mark in base.marks}
    after = {mark.deployment: mark for mark in found.marks}
    moved = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    ours = {mark.deployment: mark for mark in record.marks if mark.deployment not in moved}
    kept = ours | {name: after[name] for name in moved & after.keys()}
    return replace(record, marks=tuple(kept[name] for name in sorted(kept)))


def _read(cluster: Cluster, target: Target) -> LiveObject | None:
    return cluster.reader.get(CONFIG_MAP, target.namespace, parent_name(target.environment))


def _key(target: Target) -> ObjectKey:
    return ObjectKey(kind=CONFIG_MAP, namespace=target.namespace, name=parent_name(target.environment))
