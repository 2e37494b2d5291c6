"""Which good set to go back to without git, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.apply.clock import Clock
from reconciler.apply.events import record_events
from reconciler.apply.lease import Fence
from reconciler.apply.recorder import save_record
from reconciler.apply.write import Refusal, Written, apply_change, rehearse_change
from reconciler.clients.cluster.interface import Cluster, ClusterError
from reconciler.pipeline.refusals import EmergencyRefused
from reconciler.pipeline.sync.bodies import is_of_set, read_applied
from reconciler.plan.diff import diff_owned
from reconciler.plan.ownership import find_edits, read_owned_fields
from reconciler.plan.shares import read_shares
from reconciler.plan.wording import describe_set
from reconciler.render.applyset import applyset_id, parent_name
from reconciler.render.digest import digest_manifest
from reconciler.state.emergencies import Rollback
from reconciler.state.inventory import (
    GoodSet,
    InventoryEntry,
    ObjectResult,
    RunSummary,
    TargetRecord,
)
from reconciler.state.objects import (
    ENVIRONMENT_LABEL,
    PART_OF_LABEL,
    SELDON_DEPLOYMENT,
    LiveObject,
    Manifest,
    ObjectKey,
)
from reconciler.state.plans import Cause, Change, Op
from reconciler.state.targets import Target

_NEVER_RENDERED = frozenset(
    {
        "args",
        "command",
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "initContainers",
        "lifecycle",
        "securityContext",
        "volumeMounts",
        "volumes",
    }
)
"""Fields of Pods that no declaration leads to, and that could reach beyond a model server."""

_NAMES = frozenset({"annotations", "labels", "matchLabels", "nodeSelector"})
"""Fields below which people name things as they like."""


def choose_set(
    record: TargetRecord, live: LiveObject | None, target: Target, deployment: str
) -> tuple[GoodSet, Manifest]:
    """The last good set that is not what is applied, and its manifest. Raises EmergencyRefused."""
    name = f"{target.environment}/{deployment}"
    part_of = applyset_id(parent_name(target.environment), target.namespace)
    if live is not None and live.labels.get(PART_OF_LABEL) != part_of:
        raise EmergencyRefused(
            f"{live.key} in namespace {target.namespace} is not {target.environment}'s "
            f"(it does not carry its {PART_OF_LABEL}), so it is left alone."
        )
    if live is not None and live.deleting:
        raise EmergencyRefused(f"{live.key} in namespace {target.namespace} is being deleted; wait for that.")
    sets = [item for item in (*record.good, *record.before) if item.deployment == deployment]
    if not sets:
        raise EmergencyRefused(
            f"no good set of {name} is kept: no run ever saw it Current as declared. Roll back in git."
        )
    applied = digest_manifest(read_applied(live, target.field_manager)) if live is not None else ""
    chosen = next((item for item in sets if not is_of_set(applied, item)), None)
    if chosen is None:
        raise EmergencyRefused(
            f"{name} is at its last good set already ({describe_set(sets[0].shares)}), and no earlier one is "
            "kept. Roll back in git."
        )
    if not chosen.body:
        raise EmergencyRefused(
            f"the manifest of {name}'s last good set ({describe_set(chosen.shares)}) is not kept: somebody "
            "edited the object, or the record had no room for it. Roll back in git, or let a sync take the "
            "edit back."
        )
    return chosen, read_manifest(chosen, target, part_of)


def read_manifest(good: GoodSet, target: Target, part_of: str) -> Manifest:
    """The manifest in a set's body, if it is one of this deployment and this target.

    The record can be written by others; whoever could change what it says must not choose what the caller's
    rights make elsewhere. Raises EmergencyRefused.
    """
    try:
        body = json.loads(good.body)
    except (ValueError, RecursionError):
        body = None
    found: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    metadata = found.get("metadata")
    named: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    labels = named.get("labels")
    wanted = (
        (found.get("apiVersion"), SELDON_DEPLOYMENT.api_version),
        (found.get("kind"), SELDON_DEPLOYMENT.name),
        (named.get("name"), good.deployment),
        (named.get("namespace"), target.namespace),
    )
    own = isinstance(labels, Mapping) and (
        labels.get(ENVIRONMENT_LABEL) == target.environment and labels.get(PART_OF_LABEL) == part_of
    )
    digest = digest_manifest(found) if own and all(is_ == should for is_, should in wanted) else ""
    if not is_of_set(digest, good) or read_shares(found) != good.shares or _reaches_further(found):
        raise EmergencyRefused(
            f"the manifest that the record keeps for {target.environment}/{good.deployment} is not that of "
            "its good set, so it is not applied. Roll back in git."
        )
    key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=target.namespace, name=good.deployment)
    return Manifest(key=key, deployment=good.deployment, body=found, digest=digest)


def _reaches_further(value: Any) -> bool:
    if isinstance(value, Mapping):
        inner = (item for key, item in value.items() if key not in _NAMES)
        return not _NEVER_RENDERED.isdisjoint(value) or any(map(_reaches_further, inner))
    return isinstance(value, list) and any(map(_reaches_further, value))


def write_back(rollback: Rollback, cluster: Cluster, fence: Fence, clock: Clock) -> tuple[str, ...]:
    """Try, write, and record with the mark, in this order; notes say what went wrong beside it.

    The Lease keeps sync away until the mark is stored. Killed in between, the next sync makes the object as
    git says: a mark over an object that was never taken back would hide more. Raises EmergencyRefused where
    the API server refuses the object, ClusterError.
    """
    target, known = rollback.target, rollback.record
    change = _make_change(rollback)
    _demand(rehearse_change(change, cluster.reader, cluster.dry_run, target), rollback)
    writer = cluster.writer.guard(fence.check)
    written = _demand(apply_change(change, cluster.reader, writer, target), rollback)
    said = describe_emergency(rollback)
    line = RunSummary(revision=rollback.good.revision, finished=clock.now(), outcome=0, summary=said)
    marked = replace(
        known,
        entries=tuple(_settle(known.entries, change, written, rollback.manifest.digest)),
        marks=(*(item for item in known.marks if item.deployment != change.deployment), rollback.mark),
        history=(*known.history, line),
        quiet="",
    )
    try:
        saved = save_record(cluster, target, marked, known=known, fence=fence)
    except ClusterError as error:
        raise EmergencyRefused(
            f"{rollback.name} was rolled back to {describe_set(rollback.mark.shares)}, but its mark could "
            f"not be stored, so the next sync makes it as git says again: {error}"
        ) from error
    return record_events(
        cluster,
        target,
        results=(ObjectResult(key=change.key, action=written.action, message=said),),
        record=saved,
        revision=rollback.good.revision,
        now=clock.now(),
    )


def describe_emergency(rollback: Rollback) -> str:
    """One line for history and Event."""
    mark = rollback.mark
    return (
        f"emergency rollback of {rollback.name} to {describe_set(mark.shares)} by {mark.by} until "
        f"{mark.until:%Y-%m-%d %H:%M:%S} UTC: {mark.reason}"
    )


def _make_change(rollback: Rollback) -> Change:
    manifest, live = rollback.manifest, rollback.live
    if live is None:
        return Change(
            op=Op.CREATE,
            cause=Cause.DRIFT,
            key=manifest.key,
            deployment=manifest.deployment,
            manifest=manifest,
        )
    manager = rollback.target.field_manager
    fields = diff_owned(live.body, manifest.body, read_owned_fields(live, manager))
    return Change(
        op=Op.UPDATE,
        cause=Cause.DRIFT,
        key=manifest.key,
        deployment=manifest.deployment,
        manifest=manifest,
        live=live,
        fields=fields,
        # Named, so that what a person holds meanwhile may be taken back from exactly them.
        edits=find_edits(live, manager, fields),
    )


def _demand(outcome: Written | Refusal, rollback: Rollback) -> Written:
    if isinstance(outcome, Refusal):
        raise EmergencyRefused(f"{rollback.name} was not rolled back: {outcome.message}")
    return outcome


def _settle(
    entries: tuple[InventoryEntry, ...], change: Change, written: Written, digest: str
) -> Iterator[InventoryEntry]:
    """The entries with the object as it was left, so that the next runs tell it from a person's edit."""
    entry = next((item for item in entries if item.key == change.key), None)
    yield from (item for item in entries if item.key != change.key)
    yield replace(
        entry or InventoryEntry(key=change.key, deployment=change.deployment),
        uid=written.live.uid,
        generation=written.live.generation,
        digest=digest,
    )
