"""Items of lists: appended in the manner of those that are there, and removed with nothing around them."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.edit.changes import Edit
from reconciler.edit.tree import EditRefused, Node, Source
from reconciler.edit.writing import Style, write_text
from reconciler.state.documents import PathKey, Value

Entry = Mapping[str, Value]

_STEP = 2
"""Blanks from a dash to its content, and from a key to the dashes below it, where the file shows no other."""


def append_item(source: Source, path: tuple[PathKey, ...], entry: Entry) -> tuple[Edit, ...]:
    """Append a mapping to the list at `path`, laid out like its last item.

    Raises EditRefused where there is no list, or other places share it.
    """
    node = source.reach(*path)
    if node.items is None:
        raise EditRefused(node.location, "a list is expected here.", "Correct it: modelsync validate.")
    if node.flow:
        return append_flow(source, node, find_style(source, node).mapping(entry))
    last = node.items[-1]
    column = source.column(source.dash_of(last))
    at, before, after = place_below(source, last.end, column)
    lines = write_item(source, node, entry, column)
    return (Edit(start=at, end=at, text=before + source.line_break(last.end).join(lines) + after),)


def write_item(source: Source, like: Node | None, entry: Entry, column: int) -> tuple[str, ...]:
    """The lines of a block list's new item whose dash stands in `column`; `like` is a list to take after."""
    style = find_style(source, like)
    model = _find_model(like)
    indent = " " * column
    offset = _STEP
    if model is not None:
        dash = source.dash_of(model)
        if source.line_start(dash) == source.line_start(model.start) and (model.flow or not model.anchor):
            offset = model.start - dash
        if model.flow:
            return (f"{indent}-{' ' * (offset - 1)}{style.mapping(entry)}",)
    pairs = [style.pair(name, value) for name, value in entry.items()]
    first, *rest = pairs
    return (f"{indent}-{' ' * (offset - 1)}{first}", *(f"{indent}{' ' * offset}{pair}" for pair in rest))


def find_style(source: Source, node: Node | None) -> Style:
    """How the items of a list are written, as its last mapping shows."""
    model = _find_model(node)
    if model is None or not model.pairs:
        return Style()
    padded = model.flow and source.text.startswith("{ ", source.skip_anchor(model))
    return Style(
        keys=model.pairs[0][0].quote,
        values={
            key.text: value.quote
            for key, value in model.pairs
            # Quotes that the text itself asks for are no habit.
            if value.quote in ("'", '"') and write_text(value.text) == value.text
        },
        padding=" " if padded else "",
    )


def append_flow(source: Source, node: Node, text: str) -> tuple[Edit, ...]:
    """Put `text` behind the last item within brackets or braces."""
    inside = node.items if node.items is not None else tuple(value for _, value in node.pairs or ())
    closing = node.end - 1
    if not inside:
        return (Edit(start=closing, end=closing, text=text),)
    last = inside[-1]
    first = last if node.items is not None else (node.pairs or ())[-1][0]
    comma = next((index for index in source.commas if last.end <= index < closing), None)
    after = last.end if comma is None else comma + 1
    alone = source.begins_line(first.start) and source.line_start(node.start) != source.line_start(
        first.start
    )
    if not alone:
        added = f", {text}" if comma is None else f" {text},"
        return (Edit(start=after, end=after, text=added),)
    line = source.line_break(last.end) + " " * source.column(first.start) + text
    if closing <= source.line_end(after):
        added = f",{line}" if comma is None else f"{line},"
        return (Edit(start=after, end=after, text=added),)
    end = source.line_end(after)
    if comma is not None:
        return (Edit(start=end, end=end, text=f"{line},"),)
    if end == after:
        return (Edit(start=end, end=end, text=f",{line}"),)
    # A remark behind the item stays with it.
    return (Edit(start=after, end=after, text=","), Edit(start=end, end=end, text=line))


def remove_item(source: Source, path: tuple[PathKey, ...], index: int) -> tuple[Edit, ...]:
    """Remove an item of the list at `path`, which has others. Remarks between items stay."""
    node = source.reach(*path)
    item = source.reach(*path, index)
    _refuse_anchors(source, item)
    items = node.items or ()
    if node.flow:
        return _remove_flow(source, items, index)
    start = source.line_start(source.dash_of(item))
    end = source.line_end(item.end)
    if end < len(source.text):
        end += len(source.line_break(item.end))
    elif start > 0:
        # The text ends without a line break, and does so afterwards.
        start = source.line_end(source.line_start(start - 1))
    return (Edit(start=start, end=end, text=""),)


def place_below(source: Source, end: int, column: int) -> tuple[int, str, str]:
    """Where lines go below what ends at `end`, and what comes before and after them.

    Remarks that are indented more deeply than `column` belong to what is above.
    """
    at = source.line_end(end)
    mark = source.line_break(end)
    while at < len(source.text):
        following = at + len(source.line_break(at))
        line = source.text[following : source.line_end(following)]
        remark = line.lstrip(" ")
        if not remark.startswith("#") or len(line) - len(remark) <= column:
            return following, "", mark
        at = source.line_end(following)
    return at, mark, ""


def _find_model(node: Node | None) -> Node | None:
    items = node.items if node is not None and node.items is not None else ()
    return next((item for item in reversed(items) if item.pairs is not None), None)


def _remove_flow(source: Source, items: tuple[Node, ...], index: int) -> tuple[Edit, ...]:
    item = items[index]
    if index + 1 < len(items):
        return _cut(source, item.start, items[index + 1].start, item)
    before = items[index - 1].end
    return _cut(source, before, item.end, item)


def _cut(source: Source, start: int, end: int, item: Node) -> tuple[Edit, ...]:
    """Take an item away with its comma; with all between it and its neighbour, if no remark stands there."""
    around = source.text[start : item.start] + source.text[item.end : end]
    if "#" not in around:
        return (Edit(start=start, end=end, text=""),)
    comma = next(index for index in source.commas if start <= index < end)
    return (
        Edit(start=item.start, end=item.end, text=""),
        Edit(start=comma, end=comma + 1, text=""),
    )


def _refuse_anchors(source: Source, item: Node) -> None:
    used = {node.alias for node in source.root.walk() if node.alias}
    for node in item.walk():
        if node.anchor in used:
            raise EditRefused(
                node.location,
                f"&{node.anchor} marks what *{node.anchor} repeats elsewhere, so it cannot be removed.",
                f"Write the value out in place of *{node.anchor}, then run the command again.",
            )
