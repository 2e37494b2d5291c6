"""Keys at the top of a file: set where they are, appended where they are not."""

from __future__ import annotations

from reconciler.edit.changes import Edit
from reconciler.edit.lists import Entry, append_flow, place_below, write_item
from reconciler.edit.tree import EditRefused, Node, Source
from reconciler.edit.writing import Style, write_value
from reconciler.state.documents import Value

_STEP = 2


def set_key(source: Source, key: str, value: Value) -> tuple[Edit, ...]:
    """Give a key at the top a scalar value. Raises EditRefused where other places share it."""
    root = _open_root(source)
    if root.find(key) is not None:
        node = source.reach(key)
        if node.pairs is not None or node.items is not None or node.anchor is not None:
            raise EditRefused(node.location, f'"{key}" is no plain value.', "Edit it by hand.")
        return (Edit(start=node.start, end=node.end, text=write_value(value)),)
    pair = _find_style(source, root).pair(key, value)
    if root.flow:
        return append_flow(source, root, pair)
    return _add_lines(source, root, (pair,))


def add_list(source: Source, key: str, entry: Entry) -> tuple[Edit, ...]:
    """Add a key at the top, which is not there yet, with a list of one mapping."""
    root = _open_root(source)
    style = _find_style(source, root)
    if root.flow:
        return append_flow(source, root, f"{style.key(key)} [{style.mapping(entry)}]")
    like = next((value for _, value in reversed(root.pairs or ()) if value.items and not value.flow), None)
    column = source.column(root.start) + _STEP
    if like is not None:
        column = source.column(source.dash_of((like.items or ())[-1]))
    return _add_lines(source, root, (style.key(key), *write_item(source, like, entry, column)))


def _open_root(source: Source) -> Node:
    root = source.reach()
    if root.pairs is None:
        raise EditRefused(root.location, "keys with values are expected.", "modelsync validate says more.")
    return root


def _find_style(source: Source, root: Node) -> Style:
    padded = root.flow and source.text.startswith("{ ", source.skip_anchor(root))
    pairs = root.pairs or ()
    return Style(keys=pairs[0][0].quote if pairs else "", padding=" " if padded else "")


def _add_lines(source: Source, root: Node, lines: tuple[str, ...]) -> tuple[Edit, ...]:
    first = (root.pairs or ())[0][0]
    column = source.column(first.start)
    at, before, after = place_below(source, root.end, column)
    head = " " * column
    shown = (f"{head}{lines[0]}", *lines[1:])
    return (Edit(start=at, end=at, text=before + source.line_break(root.end).join(shown) + after),)
