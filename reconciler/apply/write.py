"""Writes one change by server-side apply, unforced unless the plan names what is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.clients.cluster.interface import (
    AlreadyExists,
    ClusterError,
    ClusterReader,
    ClusterWriter,
    Conflict,
    FieldConflict,
    FieldHolder,
    Invalid,
    ObjectError,
)
from reconciler.state.objects import LiveObject, Manifest, is_unedited
from reconciler.state.plans import Action, Cause, Change, Op
from reconciler.state.targets import Target

_TRIES = 5
_OUR_MANAGERS = "modelsync-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The object as the API server holds it now, without its body, and what that took."""

    live: LiveObject
    action: Action
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the object was not written.

    `concerns_object_alone` if someone else holds it or changed it meanwhile, so that nothing is wrong with
    what we wanted.
    """

    message: str
    concerns_object_alone: bool


def rehearse_change(
    change: Change, reader: ClusterReader, dry_run: ClusterWriter, target: Target
) -> Written | Refusal:
    """As `apply_change`, on a writer that stores nothing.

    What is not there yet is rehearsed as a plain creation: the API server checks the same, admission
    included, and has no fields to merge, which is a good part of the work of a server-side apply.
    """
    if change.op is not Op.CREATE or change.manifest is None:
        return apply_change(change, reader, dry_run, target)
    try:
        live = dry_run.create(change.key.kind, change.key.namespace, change.manifest.body)
    except AlreadyExists:
        # Somebody made it since this run looked; who, and what they hold, an apply tells.
        return apply_change(change, reader, dry_run, target)
    except ObjectError as error:
        return _refuse(error)
    return _written(change, live)


def apply_change(
    change: Change, reader: ClusterReader, writer: ClusterWriter, target: Target
) -> Written | Refusal:
    """Create or update the change's object as the target's field manager.

    Unforced first. Only where the plan says that an edit is taken back (drift that heals) or an object is
    adopted is it forced, on exactly the object and version that the plan was decided on. Raises
    ClusterError for what is not about this object.
    """
    manifest = change.manifest
    if manifest is None:
        raise ValueError(f"{change.key}: a change that writes needs a manifest")
    uid = change.live.uid if change.live is not None else ""
    try:
        live = writer.apply(change.key, manifest.body, manager=target.field_manager, uid=uid)
    except FieldConflict as conflict:
        return _take_over(change, manifest, conflict, reader, writer, target)
    except ObjectError as error:
        return _refuse(error)
    if change.op is Op.CREATE and (makers := _find_makers(live, target)):
        return Refusal(message=_withdraw(live, makers, writer, target), concerns_object_alone=True)
    return _written(change, live)


def _withdraw(live: LiveObject, makers: str, writer: ClusterWriter, target: Target) -> str:
    """Take off an object that others made meanwhile what was just written: equal values stay theirs.

    With our labels left on it the next run would take it for its own, and one day delete it.
    """
    said = f"was made by {makers} since this run looked"
    identity = {
        "apiVersion": live.key.kind.api_version,
        "kind": live.key.kind.name,
        "metadata": {"name": live.key.name, "namespace": live.key.namespace},
    }
    try:
        writer.apply(live.key, identity, manager=target.field_manager, uid=live.uid)
    except ObjectError as error:
        return (
            f"{said}, and bears our labels now, which could not be taken off again ({_describe(error)}): "
            "take them off by hand, or the next run counts it as its own"
        )
    return f"{said}, so it was left to them; the next run says how it can be adopted"


def describe_unseen(error: ClusterError) -> str:
    """The error as the end of one object's write: where it may have landed, neither yes nor no is claimed."""
    return f"not known whether it landed: {error}" if error.unseen else str(error)


def _take_over(
    change: Change,
    manifest: Manifest,
    conflict: FieldConflict,
    reader: ClusterReader,
    writer: ClusterWriter,
    target: Target,
) -> Written | Refusal:
    if change.live is None or not _may_force(change, conflict, target):
        return Refusal(message=_describe_conflict(conflict, target), concerns_object_alone=True)
    live: LiveObject | None = change.live
    for _ in range(_TRIES):
        if live is None or not _is_same(live, change.live):
            break
        try:
            forced = writer.apply(
                change.key,
                manifest.body,
                manager=target.field_manager,
                force=True,
                uid=live.uid,
                resource_version=live.resource_version,
            )
        except Conflict:
            if landed := _find_landed(change, manifest, writer, target, live.uid):
                return _written(change, landed, _describe_taking(change, conflict))
            # The operator's status writes move the version too; only they are followed.
            live = reader.get(change.key.kind, change.key.namespace, change.key.name)
            continue
        except ObjectError as error:
            return _refuse(error)
        return _written(change, forced, _describe_taking(change, conflict))
    return Refusal(
        message="was changed again while this run tried to take it back; the next run looks at it again",
        concerns_object_alone=True,
    )


def _find_landed(
    change: Change, manifest: Manifest, writer: ClusterWriter, target: Target, uid: str
) -> LiveObject | None:
    """The object, if it is what we want already: an apply whose answer was lost, or that was delivered twice,
    has made it so. The same again, unforced, finds nobody in its way then, and changes nothing.
    """
    try:
        return writer.apply(change.key, manifest.body, manager=target.field_manager, uid=uid)
    except ObjectError:
        return None


def _describe_taking(change: Change, conflict: FieldConflict) -> str:
    taken = "; ".join(f'{_fields(holder)} from "{holder.manager}"' for holder in conflict.holders)
    word = "taken over" if change.cause is Cause.ADOPTION else "taken back"
    return f"{word}: {taken}"


def _may_force(change: Change, conflict: FieldConflict, target: Target) -> bool:
    if any(_is_of_another_environment(manager, target) for manager in conflict.managers):
        return False
    if change.cause is Cause.ADOPTION:
        return True
    # Only what the plan named may be taken: a person saw, or the log says, whose edit it is.
    return bool(change.edits) and set(conflict.managers) <= {edit.manager for edit in change.edits}


def _is_of_another_environment(manager: str, target: Target) -> bool:
    return manager.startswith(_OUR_MANAGERS) and manager != target.field_manager


def _is_same(live: LiveObject, planned: LiveObject) -> bool:
    """Whether it is the object that the plan was decided on, but for status and bookkeeping."""
    return (
        live.uid == planned.uid
        and is_unedited(live, planned)
        and live.labels == planned.labels
        and live.annotations == planned.annotations
        and not live.deleting
    )


def _written(change: Change, live: LiveObject, message: str = "") -> Written:
    # Of ten thousand objects, what was asked for is known already.
    live = replace(live, body={})
    if change.live is None:
        return Written(live=live, action=Action.CREATED, message=message)
    same = live.resource_version == change.live.resource_version
    return Written(live=live, action=Action.UNCHANGED if same else Action.CONFIGURED, message=message)


def _find_makers(live: LiveObject, target: Target) -> str:
    """Managers that wrote the content of an object beside us: of one that we just made there are none.

    Where a first try's answer was lost, operators may have added finalizers and such to what is ours.
    """
    metadata: Mapping[str, Any] = live.body.get("metadata") or {}
    names = {
        str(entry.get("manager", ""))
        for entry in metadata.get("managedFields") or ()
        if not entry.get("subresource") and set(entry.get("fieldsV1") or ()) - {"f:metadata", "f:status"}
    }
    return ", ".join(f'"{name}"' for name in sorted(names - {target.field_manager}))


def _refuse(error: ObjectError) -> Refusal:
    return Refusal(message=_describe(error), concerns_object_alone=not isinstance(error, Invalid))


def _describe(error: ObjectError) -> str:
    if isinstance(error, Invalid) and error.causes:
        return f"{error.detail} ({'; '.join(error.causes)})"
    return error.detail


def _describe_conflict(conflict: FieldConflict, target: Target) -> str:
    held = "; ".join(f'{_fields(holder)} is held by "{holder.manager}"' for holder in conflict.holders)
    if any(_is_of_another_environment(manager, target) for manager in conflict.managers):
        return f"{held}; what another environment holds is never taken over"
    return f"{held}, not by modelsync; it is never taken by force unless the plan says so"


def _fields(holder: FieldHolder) -> str:
    return ", ".join(field.lstrip(".") for field in holder.fields)
