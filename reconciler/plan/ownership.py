"""Who holds which fields of a live object, read from its managed fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.plan.diff import join_path
from reconciler.state.objects import Body, LiveObject
from reconciler.state.plans import FieldChange, ForeignEdit
from reconciler.state.targets import FIELD_MANAGER_PREFIX


def read_owned_fields(live: LiveObject, manager: str) -> Mapping[str, Any]:
    """The `fieldsV1` tree that `manager` holds by server-side apply; empty if it holds none."""
    for entry in _managed_fields(live.body):
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
            fields: Mapping[str, Any] = entry.get("fieldsV1") or {}
            return fields
    return {}


def find_edits(live: LiveObject, manager: str, fields: tuple[FieldChange, ...]) -> tuple[ForeignEdit, ...]:
    """The managers other than `manager` that hold a field in which the live object differs, and which.

    A manager that merely writes beside us (the operator's status, its finalizers) holds none of them.
    """
    edits = []
    for entry in _managed_fields(live.body):
        name = str(entry.get("manager", ""))
        if entry.get("subresource") or (name == manager and entry.get("operation") == "Apply"):
            continue
        held = set(_leaves(entry.get("fieldsV1") or {}, ""))
        touched = tuple(sorted({path for path in held for change in fields if _covers(path, change.path)}))
        if touched:
            edits.append(ForeignEdit(manager=name, time=str(entry.get("time", "")), fields=touched))
    return tuple(sorted(edits, key=lambda edit: (edit.manager, edit.time)))


def find_holders(live: LiveObject, path: str) -> tuple[ForeignEdit, ...]:
    """Every manager that holds the field at `path` (spec.predictors[v3].traffic), a part of it, or a list
    that it is in; ours among them. What is written by way of a subresource, such as the status, is left out.
    """
    holders = []
    for entry in _managed_fields(live.body):
        if entry.get("subresource"):
            continue
        held = tuple(sorted({it for it in _leaves(entry.get("fieldsV1") or {}, "") if _covers(it, path)}))
        if held:
            name, time = str(entry.get("manager", "")), str(entry.get("time", ""))
            holders.append(ForeignEdit(manager=name, time=time, fields=held))
    return tuple(sorted(holders, key=lambda holder: (holder.manager, holder.time)))


def find_rivals(live: LiveObject, manager: str) -> tuple[str, ...]:
    """Field managers of other modelsync environments that hold a part of the object by server-side apply."""
    names = {
        str(entry.get("manager", ""))
        for entry in _managed_fields(live.body)
        if entry.get("operation") == "Apply"
    }
    return tuple(sorted(name for name in names if is_rival(name, manager)))


def is_rival(name: str, manager: str) -> bool:
    """Whether `name` is the field manager of another modelsync environment than `manager`'s."""
    return name != manager and name.startswith(FIELD_MANAGER_PREFIX)


def _managed_fields(body: Body) -> tuple[Mapping[str, Any], ...]:
    return tuple((body.get("metadata") or {}).get("managedFields") or ())


def _leaves(tree: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, below in tree.items():
        if not key.startswith("f:"):
            continue
        here = join_path(path, key[2:])
        children = tuple(_leaves(below, here)) if isinstance(below, Mapping) else ()
        yield from children or (here,)


def _covers(held: str, changed: str) -> bool:
    """Whether the held field is the changed one, lies above it (an atomic list) or below it."""
    return (
        held == changed
        or changed.startswith((f"{held}.", f"{held}["))
        or held.startswith((f"{changed}.", f"{changed}["))
    )
