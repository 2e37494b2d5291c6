"""Decides what is to happen to each object of a target. Pure: the same observation gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.plan.diff import diff, diff_owned
from reconciler.plan.ownership import find_edits, read_owned_fields
from reconciler.plan.shares import compare_shares, read_shares
from reconciler.state.inventory import InventoryEntry
from reconciler.state.objects import (
    DIGEST_ANNOTATION,
    ENVIRONMENT_LABEL,
    MANAGED_BY_LABEL,
    PART_OF_LABEL,
    LiveObject,
    Manifest,
    ObjectKey,
)
from reconciler.state.observations import Observation
from reconciler.state.plans import Cause, Change, FieldChange, ForeignEdit, Op, Plan
from reconciler.state.targets import Desired

_ORDER = {Op.CREATE: 0, Op.UPDATE: 1, Op.DELETE: 2, Op.SKIP: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """Everything a live plan is decided on.

    `part_of` is the ApplySet ID that proves membership; `digest` that of all manifests together.
    `only` limits the plan to these deployments (nothing is deleted then); None means all.
    """

    desired: Desired
    manifests: tuple[Manifest, ...]
    observation: Observation
    revision: str
    digest: str
    part_of: str
    drift: Literal["heal", "report"] = "heal"
    only: frozenset[str] | None = field(default=None)


def make_plan(given: PlanInput) -> Plan:
    """The changes that make the observed target equal to the desired one, without the guards' word on them.

    Skipped objects are changes too, each with its reason: what plan and sync say of them is the same.
    """
    live = {item.key: item for item in given.observation.objects}
    entries = {entry.key: entry for entry in given.observation.record.entries}
    changes: list[Change] = []
    unchanged: list[ObjectKey] = []
    for manifest in given.manifests:
        if given.only is not None and manifest.deployment not in given.only:
            continue
        change = _plan_manifest(given, manifest, live.get(manifest.key), entries.get(manifest.key))
        if change is None:
            unchanged.append(manifest.key)
        else:
            changes.append(change)
    changes.extend(_plan_leftovers(given, live))
    return Plan(
        target=given.desired.target,
        revision=given.revision,
        digest=given.digest,
        changes=tuple(sorted(changes, key=lambda change: (_ORDER[change.op], change.key))),
        unchanged=tuple(sorted(unchanged)),
        faults=given.desired.faults,
    )


def compare_manifests(
    desired: Desired, base: tuple[Manifest, ...], head: tuple[Manifest, ...], revision: str, digest: str
) -> Plan:
    """The offline plan: what changes between two revisions of the declarations, with no cluster asked."""
    before = {manifest.key: manifest for manifest in base}
    after = {manifest.key: manifest for manifest in head}
    faulty = {fault.deployment for fault in desired.faults}
    changes: list[Change] = []
    unchanged: list[ObjectKey] = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if new is None and old is not None:
            if old.deployment in faulty:
                continue
            retired = desired.retire_all or old.deployment in desired.retired
            cause = Cause.RETIREMENT if retired else Cause.REMOVAL
            changes.append(_describe(Op.DELETE, cause, key, old.deployment, old_body=old.body))
        elif new is not None and old is None:
            changes.append(_describe(Op.CREATE, Cause.REVISION, key, new.deployment, manifest=new))
        elif new is not None and old is not None and new.digest != old.digest:
            changes.append(
                _describe(Op.UPDATE, Cause.REVISION, key, new.deployment, manifest=new, old_body=old.body)
            )
        else:
            unchanged.append(key)
    return Plan(
        target=desired.target,
        revision=revision,
        digest=digest,
        changes=tuple(sorted(changes, key=lambda change: (_ORDER[change.op], change.key))),
        unchanged=tuple(unchanged),
        faults=desired.faults,
    )


def is_ours(live: LiveObject, part_of: str) -> bool:
    """Whether the object carries our ApplySet's label: membership truth."""
    return live.labels.get(PART_OF_LABEL) == part_of


def _plan_manifest(
    given: PlanInput, manifest: Manifest, live: LiveObject | None, entry: InventoryEntry | None
) -> Change | None:
    if live is None:
        return _plan_absent(given, manifest, entry)
    if live.deleting:
        return _skip(manifest, live, Cause.REVISION, "is being deleted; it is made anew once it is gone")
    mine = is_ours(live, given.part_of) or (entry is not None and entry.uid == live.uid)
    if not mine:
        return _plan_foreign(manifest, live)
    if entry is not None and _is_as_we_left_it(entry, manifest, live):
        return None
    manager = given.desired.target.field_manager
    fields = diff_owned(live.body, manifest.body, read_owned_fields(live, manager))
    fields = tuple(change for change in fields if not _is_bookkeeping(change.path))
    edits = find_edits(live, manager, fields)
    if not fields:
        return None
    new_revision = live.annotations.get(DIGEST_ANNOTATION) != manifest.digest
    drifted = _has_drifted(entry, live, manifest, bool(edits))
    cause = Cause.DRIFT if drifted and not new_revision else Cause.REVISION
    if given.drift == "report" and (edits or cause is Cause.DRIFT):
        holder = edits[0].manager if edits else "someone else"
        reason = f"held by {holder}; the environment says drift: report, so it is left as it is"
        return _describe_live(Op.SKIP, Cause.DRIFT, manifest, live, fields=fields, edits=edits, reason=reason)
    return _describe_live(Op.UPDATE, cause, manifest, live, fields=fields, edits=edits)


def _plan_absent(given: PlanInput, manifest: Manifest, entry: InventoryEntry | None) -> Change:
    gone = entry is not None and entry.digest == manifest.digest and bool(entry.uid)
    cause = Cause.DRIFT if gone else Cause.REVISION
    if gone and given.drift == "report":
        return Change(
            op=Op.SKIP,
            cause=cause,
            key=manifest.key,
            deployment=manifest.deployment,
            manifest=manifest,
            reason="was deleted in the cluster; the environment says drift: report, so it is not made again",
        )
    return _describe(Op.CREATE, cause, manifest.key, manifest.deployment, manifest=manifest)


def _plan_foreign(manifest: Manifest, live: LiveObject) -> Change:
    environment = live.labels.get(ENVIRONMENT_LABEL)
    if (
        environment is not None
        or live.labels.get(MANAGED_BY_LABEL) == "modelsync"
        or PART_OF_LABEL in live.labels
    ):
        holder = environment or live.labels.get(PART_OF_LABEL) or "another modelsync"
        return _skip(
            manifest,
            live,
            Cause.REVISION,
            f"belongs to {holder}; an object of another owner is never taken over",
        )
    if not manifest.adopt:
        return _skip(
            manifest,
            live,
            Cause.ADOPTION,
            "exists, and modelsync did not make it; say adopt: true in its deployment file to take it over",
        )
    # Nothing of it is ours yet, so all that differs is what adoption would change.
    fields = tuple(
        change for change in diff_owned(live.body, manifest.body, {}) if not _is_bookkeeping(change.path)
    )
    return _describe_live(Op.UPDATE, Cause.ADOPTION, manifest, live, fields=fields)


def _plan_leftovers(given: PlanInput, live: Mapping[ObjectKey, LiveObject]) -> Iterator[Change]:
    declared = {manifest.key for manifest in given.manifests}
    faulty = {fault.deployment for fault in given.desired.faults}
    for key in sorted(live):
        item = live[key]
        if key in declared or not is_ours(item, given.part_of) or given.only is not None:
            continue
        # An object is named after its deployment's file.
        deployment = key.name
        retired = given.desired.retire_all or deployment in given.desired.retired
        cause = Cause.RETIREMENT if retired else Cause.REMOVAL
        if item.deleting:
            yield _skip_leftover(item, cause, "is being deleted already")
        elif deployment in faulty:
            yield _skip_leftover(
                item, cause, "its declaration is faulty, so it is left as it was last applied"
            )
        elif faulty:
            names = ", ".join(f"{given.desired.target.environment}/{name}" for name in sorted(faulty))
            yield _skip_leftover(item, cause, f"nothing is pruned here while {names} cannot be read")
        elif given.observation.record.forged or not given.observation.record.exists:
            yield _skip_leftover(
                item,
                cause,
                "the target's record was lost and is being rebuilt; nothing is pruned in this run",
            )
        else:
            yield _describe(Op.DELETE, cause, key, deployment, live=item, old_body=item.body)


def _is_as_we_left_it(entry: InventoryEntry, manifest: Manifest, live: LiveObject) -> bool:
    """Generation moves with every change of the spec, and only then; metadata is compared by itself."""
    metadata = manifest.body["metadata"]
    return (
        entry.uid == live.uid
        and entry.generation == live.generation
        and entry.digest == manifest.digest
        and _holds(live.labels, metadata.get("labels") or {})
        and _holds(live.annotations, metadata.get("annotations") or {})
    )


def _holds(live: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(
        live.get(key) == value
        for key, value in wanted.items()
        if not _is_bookkeeping(f"metadata.annotations[{key}]")
    )


def _is_bookkeeping(path: str) -> bool:
    """The commit annotation names the last apply: another commit alone is nothing to apply."""
    return path == "metadata.annotations[modelsync.dev/commit]"


def _has_drifted(entry: InventoryEntry | None, live: LiveObject, manifest: Manifest, edited: bool) -> bool:
    if edited:
        return True
    if entry is None or entry.uid != live.uid:
        return False
    return entry.digest == manifest.digest


def _skip(manifest: Manifest, live: LiveObject, cause: Cause, reason: str) -> Change:
    return Change(
        op=Op.SKIP,
        cause=cause,
        key=manifest.key,
        deployment=manifest.deployment,
        manifest=manifest,
        live=live,
        reason=reason,
    )


def _skip_leftover(live: LiveObject, cause: Cause, reason: str) -> Change:
    return Change(op=Op.SKIP, cause=cause, key=live.key, deployment=live.key.name, live=live, reason=reason)


def _describe_live(
    op: Op,
    cause: Cause,
    manifest: Manifest,
    live: LiveObject,
    *,
    fields: tuple[FieldChange, ...],
    edits: tuple[ForeignEdit, ...] = (),
    reason: str = "",
) -> Change:
    return Change(
        op=op,
        cause=cause,
        key=manifest.key,
        deployment=manifest.deployment,
        manifest=manifest,
        live=live,
        variants=compare_shares(read_shares(live.body), read_shares(manifest.body)),
        fields=tuple(change for change in fields if not _is_derived(change.path)) or fields,
        edits=edits,
        reason=reason,
    )


def _describe(
    op: Op,
    cause: Cause,
    key: ObjectKey,
    deployment: str,
    *,
    manifest: Manifest | None = None,
    live: LiveObject | None = None,
    old_body: Mapping[str, object] | None = None,
) -> Change:
    new_body = manifest.body if manifest is not None else None
    fields = diff(old_body, new_body) if old_body is not None and new_body is not None else ()
    return Change(
        op=op,
        cause=cause,
        key=key,
        deployment=deployment,
        manifest=manifest,
        live=live,
        variants=compare_shares(read_shares(old_body), read_shares(new_body)),
        fields=tuple(change for change in fields if not _is_derived(change.path)),
    )


def _is_derived(path: str) -> bool:
    """Annotations that follow from the other fields would only repeat them in a plan."""
    return path.startswith("metadata.annotations[modelsync.dev/")
