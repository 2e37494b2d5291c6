"""Builds changes: an op and its cause, with the shares and fields that people are shown."""

from __future__ import annotations

from reconciler.plan.diff import diff
from reconciler.plan.shares import compare_shares, read_shares
from reconciler.state.objects import Body, LiveObject, Manifest, ObjectKey, deployment_of
from reconciler.state.plans import Cause, Change, FieldChange, ForeignEdit, Op

_ORDER = {Op.CREATE: 0, Op.UPDATE: 1, Op.DELETE: 2, Op.SKIP: 3}


def sort_changes(changes: list[Change]) -> tuple[Change, ...]:
    """The order in which changes are shown; what has to wait for what when they are made says plan.order."""
    return tuple(sorted(changes, key=lambda change: (_ORDER[change.op], change.key)))


def skip_manifest(manifest: Manifest, live: LiveObject | None, cause: Cause, reason: str) -> Change:
    """A declared object that is left alone, and why."""
    return Change(
        op=Op.SKIP,
        cause=cause,
        key=manifest.key,
        deployment=manifest.deployment,
        manifest=manifest,
        live=live,
        reason=reason,
    )


def skip_leftover(live: LiveObject, cause: Cause, reason: str) -> Change:
    """An object that is no longer declared and is left alone all the same, and why."""
    return Change(
        op=Op.SKIP, cause=cause, key=live.key, deployment=deployment_of(live), live=live, reason=reason
    )


def describe_live(
    op: Op,
    cause: Cause,
    manifest: Manifest,
    live: LiveObject,
    *,
    fields: tuple[FieldChange, ...],
    edits: tuple[ForeignEdit, ...] = (),
    reason: str = "",
) -> Change:
    """A change of a live object in those fields that are ours."""
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


def describe(
    op: Op,
    cause: Cause,
    key: ObjectKey,
    deployment: str,
    *,
    manifest: Manifest | None = None,
    live: LiveObject | None = None,
    old_body: Body | None = None,
    reason: str = "",
) -> Change:
    """A change from one whole body to another; None on the side where there is no object."""
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
        reason=reason,
    )


def _is_derived(path: str) -> bool:
    """Annotations that follow from the other fields would only repeat them in a plan."""
    return path.startswith("metadata.annotations[modelsync.dev/")
