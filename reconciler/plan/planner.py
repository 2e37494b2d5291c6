"""Decides what is to happen to each object of a target. Pure: the same observation gives the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from reconciler.plan.describe import describe, describe_live, skip_leftover, skip_manifest, sort_changes
from reconciler.plan.diff import diff_owned
from reconciler.plan.endings import KEEP, ORPHAN, ORPHANED, describe_kept, find_ending, find_kept
from reconciler.plan.ownership import find_edits, find_rivals, is_rival, read_owned_fields
from reconciler.state.inventory import InventoryEntry
from reconciler.state.objects import (
    COMMIT_ANNOTATION,
    DIGEST_ANNOTATION,
    ENVIRONMENT_LABEL,
    PART_OF_LABEL,
    LiveObject,
    Manifest,
    ObjectKey,
    deployment_of,
)
from reconciler.state.observations import Observation
from reconciler.state.plans import Cause, Change, FieldChange, ForeignEdit, Op, Plan
from reconciler.state.targets import Desired


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
    leftovers = _list_leftovers(given, live, entries) if given.only is None else ()
    kept = find_kept(leftovers, entries, given.desired)
    changes.extend(_plan_leftovers(given, (item for item in leftovers if item.key not in kept), entries))
    return Plan(
        target=given.desired.target,
        revision=given.revision,
        digest=given.digest,
        changes=sort_changes(changes),
        unchanged=tuple(sorted(unchanged)),
        faults=given.desired.faults,
        notes=tuple(
            describe_kept(item, entries.get(item.key), given.desired.target.environment)
            for item in leftovers
            if item.key in kept
        ),
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
        if old is not None and new is None:
            # A faulty deployment is told as a fault, once.
            if old.deployment not in faulty:
                changes.append(_describe_end(desired, old))
        elif new is not None and old is None:
            changes.append(describe(Op.CREATE, Cause.REVISION, key, new.deployment, manifest=new))
        elif new is not None and old is not None and new.digest != old.digest:
            changes.append(
                describe(Op.UPDATE, Cause.REVISION, key, new.deployment, manifest=new, old_body=old.body)
            )
        else:
            unchanged.append(key)
    return Plan(
        target=desired.target,
        revision=revision,
        digest=digest,
        changes=sort_changes(changes),
        unchanged=tuple(unchanged),
        faults=desired.faults,
    )


def _describe_end(desired: Desired, old: Manifest) -> Change:
    cause = _removal_cause(desired, old.deployment)
    policies = (old.policy, desired.endings.get(old.deployment, ""))
    reason = _hold_text(desired) if desired.faults else ORPHANED if ORPHAN in policies else ""
    if KEEP in policies:
        reason = "is no longer declared and is kept, as onDelete: keep said"
    op = Op.SKIP if desired.faults or KEEP in policies else Op.DELETE
    change = describe(op, cause, old.key, old.deployment, old_body=old.body, reason=reason)
    return replace(change, held=KEEP in policies, orphan=op is Op.DELETE and ORPHAN in policies)


def is_ours(live: LiveObject, part_of: str) -> bool:
    """Whether the object carries our ApplySet's label: membership truth."""
    return live.labels.get(PART_OF_LABEL) == part_of


def _is_known(given: PlanInput, live: LiveObject, entry: InventoryEntry | None) -> bool:
    """Whether the object is ours, even with its label taken away: by label, record, or field manager."""
    if is_ours(live, given.part_of) or (entry is not None and entry.uid == live.uid):
        return True
    stripped = PART_OF_LABEL not in live.labels
    return stripped and bool(read_owned_fields(live, given.desired.target.field_manager))


def _plan_manifest(
    given: PlanInput, manifest: Manifest, live: LiveObject | None, entry: InventoryEntry | None
) -> Change | None:
    if live is None:
        return _plan_absent(given, manifest, entry)
    if live.deleting:
        return skip_manifest(
            manifest, live, Cause.REVISION, "is being deleted; it is made anew once it is gone"
        )
    if not _is_known(given, live, entry):
        return _plan_foreign(given, manifest, live)
    if entry is not None and _is_as_we_left_it(entry, manifest, live):
        return None
    manager = given.desired.target.field_manager
    differences = diff_owned(live.body, manifest.body, read_owned_fields(live, manager))
    fields = _without_bookkeeping(differences)
    if not fields:
        return None
    # A held commit annotation is nothing to apply by itself, but it makes an unforced apply conflict.
    edits = find_edits(live, manager, differences)
    cause = Cause.DRIFT if _was_applied(entry, live, manifest) else Cause.REVISION
    reason = _find_hold(given, cause, edits)
    if reason:
        return describe_live(Op.SKIP, Cause.DRIFT, manifest, live, fields=fields, edits=edits, reason=reason)
    return describe_live(Op.UPDATE, cause, manifest, live, fields=fields, edits=edits)


def _find_hold(given: PlanInput, cause: Cause, edits: tuple[ForeignEdit, ...]) -> str:
    """Why fields that differ are not taken back; empty if they are."""
    manager = given.desired.target.field_manager
    rivals = [edit.manager for edit in edits if is_rival(edit.manager, manager)]
    if rivals:
        return (
            f"held by {', '.join(rivals)}, another modelsync environment, from which nothing is ever taken; "
            "let one of the two stop declaring it"
        )
    if given.drift == "heal" or not (edits or cause is Cause.DRIFT):
        return ""
    holders = ", ".join(dict.fromkeys(edit.manager for edit in edits))
    what = f"held by {holders}" if holders else "changed in the cluster by someone who holds none of it now"
    return f"{what}; the environment says drift: report, so it is left as it is"


def _plan_absent(given: PlanInput, manifest: Manifest, entry: InventoryEntry | None) -> Change:
    gone = entry is not None and entry.digest == manifest.digest and bool(entry.uid)
    cause = Cause.DRIFT if gone else Cause.REVISION
    if gone and given.drift == "report":
        reason = "was deleted in the cluster; the environment says drift: report, so it is not made again"
        return skip_manifest(manifest, None, cause, reason)
    return describe(Op.CREATE, cause, manifest.key, manifest.deployment, manifest=manifest)


def _plan_foreign(given: PlanInput, manifest: Manifest, live: LiveObject) -> Change:
    owner = _find_owner(given, live)
    if owner:
        reason = f"belongs to {owner}; an object of another owner is never taken over"
        return skip_manifest(manifest, live, Cause.ADOPTION, reason)
    if not manifest.adopt:
        reason = (
            "exists, and modelsync did not make it; say adopt: true in its deployment file to take it over"
        )
        return skip_manifest(manifest, live, Cause.ADOPTION, reason)
    # Nothing of it is ours yet, so all that differs is what adoption would change.
    fields = _without_bookkeeping(diff_owned(live.body, manifest.body, {}))
    return describe_live(Op.UPDATE, Cause.ADOPTION, manifest, live, fields=fields)


def _find_owner(given: PlanInput, live: LiveObject) -> str:
    """Who else claims the object: another environment, or another ApplySet; empty if nobody does."""
    target = given.desired.target
    environment = live.labels.get(ENVIRONMENT_LABEL, target.environment)
    if environment != target.environment:
        return f"environment {environment}"
    rivals = find_rivals(live, target.field_manager)
    if rivals:
        return f"field manager {', '.join(rivals)}"
    other_set = live.labels.get(PART_OF_LABEL)
    return f"ApplySet {other_set}" if other_set else ""


def _list_leftovers(
    given: PlanInput, live: Mapping[ObjectKey, LiveObject], entries: Mapping[ObjectKey, InventoryEntry]
) -> tuple[LiveObject, ...]:
    declared = {manifest.key for manifest in given.manifests}
    found = (live[key] for key in sorted(live.keys() - declared))
    return tuple(item for item in found if _is_known(given, item, entries.get(item.key)))


def _plan_leftovers(
    given: PlanInput, leftovers: Iterable[LiveObject], entries: Mapping[ObjectKey, InventoryEntry]
) -> Iterator[Change]:
    faulty = {fault.deployment for fault in given.desired.faults}
    for item in leftovers:
        deployment = deployment_of(item)
        cause = _removal_cause(given.desired, deployment)
        reason = _find_reprieve(given, item, faulty)
        if reason:
            yield skip_leftover(item, cause, reason)
        else:
            change = describe(Op.DELETE, cause, item.key, deployment, live=item, old_body=item.body)
            orphans = find_ending(item, entries.get(item.key), given.desired) == ORPHAN
            yield replace(change, orphan=True, reason=ORPHANED) if orphans else change


def _find_reprieve(given: PlanInput, live: LiveObject, faulty: set[str]) -> str:
    """Why an object that is no longer declared is not deleted in this run; empty if it is."""
    if live.deleting:
        return f"is being deleted already{_name_finalizers(live)}"
    if deployment_of(live) in faulty:
        return "its declaration is faulty, so it is left as it was last applied"
    if faulty:
        return _hold_text(given.desired)
    if given.observation.record.forged or not given.observation.record.exists:
        return "the target's record was lost and is being rebuilt; nothing is pruned in this run"
    if not is_ours(live, given.part_of):
        return (
            f"is no longer declared, but its label {PART_OF_LABEL} was taken away, so it is not pruned; "
            "put the label back, or delete it by hand"
        )
    return ""


def _name_finalizers(live: LiveObject) -> str:
    names = (live.body.get("metadata") or {}).get("finalizers") or ()
    return f"; finalizers hold it: {', '.join(str(name) for name in names)}" if names else ""


def _removal_cause(desired: Desired, deployment: str) -> Cause:
    retired = desired.retire_all or deployment in desired.retired
    return Cause.RETIREMENT if retired else Cause.REMOVAL


def _hold_text(desired: Desired) -> str:
    names = sorted(f"{desired.target.environment}/{fault.deployment}" for fault in desired.faults)
    return f"nothing is pruned here while {', '.join(names)} cannot be read"


def _is_as_we_left_it(entry: InventoryEntry, manifest: Manifest, live: LiveObject) -> bool:
    """Generation moves with every change of the spec, and only then; metadata is compared by itself.

    A kind without a generation, such as ConfigMap, is compared field by field.
    """
    metadata = manifest.body["metadata"]
    return (
        entry.uid == live.uid
        and entry.generation == live.generation > 0
        and entry.digest == manifest.digest
        and _holds(live.labels, metadata.get("labels") or {})
        and _holds(live.annotations, metadata.get("annotations") or {})
    )


def _was_applied(entry: InventoryEntry | None, live: LiveObject, manifest: Manifest) -> bool:
    """Whether this very manifest was applied to this very object, so that what differs now is drift.

    The annotation says it too, for a run that died before it wrote the record, or a record that was lost.
    """
    recorded = entry is not None and entry.uid == live.uid and entry.digest == manifest.digest
    return recorded or live.annotations.get(DIGEST_ANNOTATION) == manifest.digest


def _holds(live: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(live.get(key) == value for key, value in wanted.items() if key != COMMIT_ANNOTATION)


def _without_bookkeeping(fields: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
    """The commit annotation names the last apply: another commit alone is nothing to apply."""
    return tuple(change for change in fields if change.path != f"metadata.annotations[{COMMIT_ANNOTATION}]")
