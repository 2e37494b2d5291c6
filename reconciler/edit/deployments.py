"""Edits of a deployment's file: shares, variants, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.edit.changes import Edit, finish
from reconciler.edit.lists import Entry, append_item, remove_item
from reconciler.edit.mappings import set_key
from reconciler.edit.tree import EditRefused, Node, Source, open_source

_VARIANTS = "variants"


def set_traffic(file: str, data: bytes, shares: Mapping[int, int]) -> bytes:
    """Give variants another share: percent by the variant's index in the file.

    Only the numbers change. Raises EditRefused where a variant has no `traffic`, or shares it by an anchor.
    """
    source = open_source(file, data)
    edits = []
    meant = _copy(source)
    for index, percent in shares.items():
        node = source.reach(_VARIANTS, index, "traffic")
        edits.append(_replace(source, node, str(percent)))
        meant[_VARIANTS][index]["traffic"] = percent
    return finish(source, edits, _freeze(meant))


def append_variant(file: str, data: bytes, entry: Entry) -> bytes:
    """Append a variant, laid out like the last one. Raises EditRefused where the list is shared."""
    source = open_source(file, data)
    meant = _copy(source)
    edits = append_item(source, (_VARIANTS,), entry)
    meant[_VARIANTS].append(dict(entry))
    return finish(source, edits, _freeze(meant))


def remove_variant(file: str, data: bytes, index: int) -> bytes:
    """Remove a variant. Raises EditRefused for the only one, and where others repeat parts of it."""
    source = open_source(file, data)
    meant = _copy(source)
    node = source.reach(_VARIANTS)
    if len(node.items or ()) < 2:
        raise EditRefused(
            node.location,
            "this is the deployment's only variant, and a deployment without any cannot be.",
            "End it with modelsync retire, or release another version first.",
        )
    edits = remove_item(source, (_VARIANTS,), index)
    del meant[_VARIANTS][index]
    return finish(source, edits, _freeze(meant))


def set_retire(file: str, data: bytes) -> bytes:
    """Write `retire: true` into the file of a deployment or an environment."""
    source = open_source(file, data)
    return finish(source, set_key(source, "retire", True), _freeze({**_copy(source), "retire": True}))


def _replace(source: Source, node: Node, text: str) -> Edit:
    return Edit(start=source.skip_anchor(node), end=node.end, text=text)


def _copy(source: Source) -> dict[str, Any]:
    """The file's value, open to change down to a variant's keys."""
    value = source.value
    if not isinstance(value, Mapping):
        raise EditRefused(
            source.root.location, "keys with values are expected.", "modelsync validate says more."
        )
    variants = value.get(_VARIANTS, ())
    if not isinstance(variants, tuple):
        raise EditRefused(source.reach(_VARIANTS).location, "a list is expected here.", "Write one.")
    opened = [dict(item) if isinstance(item, Mapping) else item for item in variants]
    return {**value, **({_VARIANTS: opened} if _VARIANTS in value else {})}


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _freeze(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(_freeze(item) for item in value)
    return value
