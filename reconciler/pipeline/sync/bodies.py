"""The manifests of good sets that are not what is applied: kept in the record, so that one can go back to
them without git. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.plan.ownership import read_owned_fields
from reconciler.render.digest import digest_manifest
from reconciler.state.inventory import GoodSet, ObjectResult
from reconciler.state.objects import SELDON_DEPLOYMENT, Body, LiveObject, Manifest, ObjectKey
from reconciler.state.plans import Action, Change, Plan


def keep_bodies(
    good: tuple[GoodSet, ...], plan: Plan, *, manifests: tuple[Manifest, ...], applied: frozenset[ObjectKey]
) -> tuple[GoodSet, ...]:
    """The good sets, each with its manifest where something else is applied or about to be.

    `applied` are the objects that are as their manifest says. A manifest that is no longer declared is read
    from the object that it made, by its managed fields, and believed only if its digest is the set's: a
    person's edit, or what a webhook added, makes it another one.
    """
    digests = {manifest.key: manifest.digest for manifest in manifests}
    changes = {change.key: change for change in plan.changes}
    return tuple(_keep_body(item, plan, digests, changes, applied) for item in good)


def keep_before(
    known: tuple[GoodSet, ...], old: tuple[GoodSet, ...], new: tuple[GoodSet, ...]
) -> tuple[GoodSet, ...]:
    """The set before the last good one of each deployment: what the `old` one was when the `new` one came.

    One whose manifest is not known can be gone back to by git alone, and takes no other's place.
    """
    sets = {item.deployment: item for item in known}
    was = {item.deployment: item for item in old}
    kept = {}
    for item in new:
        earlier = was.get(item.deployment)
        moved = earlier is not None and earlier.digest != item.digest and earlier.body
        chosen = earlier if moved else sets.get(item.deployment)
        if chosen is not None and chosen.digest != item.digest:
            kept[item.deployment] = replace(chosen, earlier=())
    return tuple(kept[name] for name in sorted(kept))


def find_applied(results: Iterable[ObjectResult]) -> frozenset[ObjectKey]:
    """The objects that a run made as their manifests say."""
    done = (Action.CREATED, Action.CONFIGURED, Action.UNCHANGED)
    return frozenset(result.key for result in results if result.action in done)


def _keep_body(
    item: GoodSet,
    plan: Plan,
    digests: Mapping[ObjectKey, str],
    changes: Mapping[ObjectKey, Change],
    applied: frozenset[ObjectKey],
) -> GoodSet:
    key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=plan.target.namespace, name=item.deployment)
    if key in applied and is_of_set(digests.get(key, ""), item):
        return replace(item, body="")
    change = changes.get(key)
    if item.body or change is None:
        return item
    for body in _find_bodies(change, plan.target.field_manager):
        if is_of_set(digest_manifest(body), item):
            return replace(item, body=json.dumps(dict(body), sort_keys=True, separators=(",", ":")))
    return item


def is_of_set(digest: str, item: GoodSet) -> bool:
    """Whether the digest is that of the set's manifest; the set keeps its beginning only."""
    return bool(item.digest) and digest.removeprefix("sha256:").startswith(item.digest)


def _find_bodies(change: Change, manager: str) -> Iterator[Body]:
    if change.manifest is not None:
        yield change.manifest.body
    if change.live is not None:
        yield read_applied(change.live, manager)


def read_applied(live: LiveObject, manager: str) -> Body:
    """What `manager` applied of the object: its owned fields, and what names it."""
    applied = _pick(live.body, read_owned_fields(live, manager))
    return {
        "apiVersion": live.key.kind.api_version,
        "kind": live.key.kind.name,
        **applied,
        "metadata": {
            "name": live.key.name,
            "namespace": live.key.namespace,
            **applied.get("metadata", {}),
        },
    }


def _pick(value: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a mapping that a `fieldsV1` tree names; a leaf of the tree is a whole value."""
    picked = {}
    for field, below in fields.items():
        key = field.removeprefix("f:")
        if not field.startswith("f:") or key not in value:
            continue
        inner = value[key]
        picked[key] = _pick(inner, below) if below and isinstance(inner, Mapping) else inner
    return picked
