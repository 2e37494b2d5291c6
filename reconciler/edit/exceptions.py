"""Edits of exceptions.yaml: a waiver, hold, freeze or suspension more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from reconciler.edit.changes import finish
from reconciler.edit.lists import Entry, append_item
from reconciler.edit.mappings import add_list
from reconciler.edit.tree import EditRefused, open_source
from reconciler.edit.writing import Style
from reconciler.state.documents import Value

Block = Literal["waivers", "holds", "freezes", "suspensions"]

_HEADING = "# yaml-language-server: $schema=../../schemas/exceptions.schema.json\n"


def append_exception(file: str, data: bytes | None, block: Block, entry: Entry) -> bytes:
    """Append an exception to its block; both the block and the file (`data` None) are made where missing.

    Raises EditRefused where the file has a fault, or other places share the block.
    """
    if data is None:
        pairs = [Style().pair(name, value) for name, value in entry.items()]
        return f"{_HEADING}{block}:\n  - {f'{chr(10)}    '.join(pairs)}\n".encode()
    source = open_source(file, data)
    if not isinstance(source.value, Mapping):
        raise EditRefused(
            source.root.location, "keys with values are expected.", "modelsync validate says more."
        )
    present = source.value.get(block)
    if present is None:
        edits = add_list(source, block, entry)
        meant: tuple[Value, ...] = (dict(entry),)
    else:
        edits = append_item(source, (block,), entry)
        meant = (*present, dict(entry)) if isinstance(present, tuple) else ()
    return finish(source, edits, {**source.value, block: meant})
