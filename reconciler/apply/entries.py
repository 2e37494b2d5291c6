"""How the inventory moves: it widens before the first write and shrinks only by proven absence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.state.inventory import InventoryEntry
from reconciler.state.objects import (
    PART_OF_LABEL,
    PRUNE_ANNOTATION,
    LiveObject,
    Manifest,
    ObjectKey,
    deployment_of,
)
from reconciler.state.plans import Cause, Op, Plan


def widen_entries(
    entries: tuple[InventoryEntry, ...], plan: Plan, objects: Iterable[LiveObject], *, part_of: str
) -> tuple[InventoryEntry, ...]:
    """The union of what we own and what the plan is about to make ours, to be stored before the first write.

    Objects that carry our ApplySet's label but are missing from the record come back into it.
    """
    known = {entry.key: entry for entry in entries}
    for live in objects:
        if live.labels.get(PART_OF_LABEL) == part_of:
            known.setdefault(live.key, _read_entry(live))
    for change in plan.select(Op.CREATE, Op.UPDATE):
        entry = known.get(change.key, InventoryEntry(key=change.key, deployment=change.deployment))
        known[change.key] = replace(entry, adopted=entry.adopted or change.cause is Cause.ADOPTION)
    return _sort(known)


def _read_entry(live: LiveObject) -> InventoryEntry:
    """What the object itself says, where the record does not know of it."""
    policy = live.annotations.get(PRUNE_ANNOTATION, "")
    return InventoryEntry(
        key=live.key,
        deployment=deployment_of(live),
        policy=policy if policy in ("keep", "orphan") else "",
    )


def settle_entries(
    entries: tuple[InventoryEntry, ...],
    plan: Plan,
    objects: Iterable[LiveObject],
    *,
    part_of: str,
    manifests: tuple[Manifest, ...],
    applied: Mapping[ObjectKey, LiveObject] | None = None,
) -> tuple[InventoryEntry, ...]:
    """The inventory that the record should hold now.

    `objects` are all that exist, from complete lists; `applied` are the API server's answers to our own
    applies; `manifests` are all desired ones, whether the plan covers them or not. An entry goes only
    when its object is not desired and does not exist, or when someone made another one of its name.
    Without `applied` this is what a run that writes nothing finds: equal to the record's entries, or
    something is to be recorded.
    """
    written = dict(applied or {})
    live = {item.key: item for item in objects} | written
    digests = {manifest.key: manifest.digest for manifest in manifests}
    policies = {manifest.key: manifest.policy for manifest in manifests}
    settled = {
        entry.key: entry
        for entry in widen_entries(entries, plan, live.values(), part_of=part_of)
        if entry.key in digests or _is_still_ours(entry, live.get(entry.key), part_of)
    }
    for key in (*plan.unchanged, *written):
        if key in live and key in digests:
            entry = settled.get(key, InventoryEntry(key=key, deployment=deployment_of(live[key])))
            settled[key] = replace(
                entry,
                uid=live[key].uid,
                generation=live[key].generation,
                digest=digests[key],
                policy=policies[key],
            )
    return _sort(settled)


def _is_still_ours(entry: InventoryEntry, live: LiveObject | None, part_of: str) -> bool:
    return live is not None and (live.labels.get(PART_OF_LABEL) == part_of or live.uid == entry.uid)


def _sort(entries: Mapping[ObjectKey, InventoryEntry]) -> tuple[InventoryEntry, ...]:
    return tuple(entries[key] for key in sorted(entries))
