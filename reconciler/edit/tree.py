"""A file as its author laid it out: every node with the stretch of text that it stands on.

`load` says what a file means; here is what an edit needs beside that: flow or block, quotes, anchors, and
where the dashes and commas are. Indices count characters of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.load.yaml import read
from reconciler.state.documents import Location, PathKey, Value


class EditRefused(Exception):
    """A file that cannot be edited safely. Says where, what stands in the way, and what to do."""

    def __init__(self, location: Location, message: str, advice: str) -> None:
        super().__init__(f"{location}: {message} {advice}")
        self.location = location


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value where it stands: `text[start:end]`, with its anchor; a block ends with its last content.

    `quote` is the scalar's style as the parser names it (`'`, `"`, `|`, `>`, empty for plain). `pairs` is
    None but for mappings, `items` but for lists. `alias` names what an alias repeats.
    """

    start: int
    end: int
    location: Location
    anchor: str | None = None
    alias: str | None = None
    quote: str = ""
    flow: bool = False
    text: str = ""
    pairs: tuple[tuple[Node, Node], ...] | None = None
    items: tuple[Node, ...] | None = None

    def find(self, step: PathKey) -> Node | None:
        """The child under a key or at an index; None if there is none."""
        if self.pairs is not None:
            return next((value for key, value in self.pairs if key.text == step), None)
        if self.items is not None and isinstance(step, int) and 0 <= step < len(self.items):
            return self.items[step]
        return None

    def walk(self) -> Iterator[Node]:
        """The node and all below it."""
        yield self
        for key, value in self.pairs or ():
            yield from key.walk()
            yield from value.walk()
        for item in self.items or ():
            yield from item.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file that can be edited: its text, what it means, and its nodes.

    `dashes` and `commas` are the indices of list dashes and of commas between flow items, in order.
    """

    file: str
    text: str
    value: Value
    root: Node
    dashes: tuple[int, ...]
    commas: tuple[int, ...]

    def reach(self, *path: PathKey) -> Node:
        """The node at `path`, which is there. Raises EditRefused where an edit would change others too."""
        shared = {node.alias for node in self.root.walk() if node.alias}
        node = self.root
        self._refuse_shared(node, shared)
        for step in path:
            found = node.find(step)
            if found is None:
                raise EditRefused(
                    node.location, f'there is no "{step}" here.', "Write it, or edit the file by hand."
                )
            node = found
            self._refuse_shared(node, shared)
        return node

    def line_end(self, index: int) -> int:
        """Where the line of a character ends: the index of its line break, or of the text's end."""
        found = self.text.find("\n", index)
        if found < 0:
            return len(self.text)
        return found - 1 if found > index and self.text[found - 1] == "\r" else found

    def line_start(self, index: int) -> int:
        """Where the line of a character begins."""
        return self.text.rfind("\n", 0, index) + 1

    def line_break(self, index: int) -> str:
        """The line break at the end of that line; that of the first line where the text ends without one."""
        for end in (self.line_end(index), self.line_end(0)):
            for mark in ("\r\n", "\n"):
                if self.text.startswith(mark, end):
                    return mark
        return "\n"

    def column(self, index: int) -> int:
        """Characters before it in its line."""
        return index - self.line_start(index)

    def begins_line(self, index: int) -> bool:
        """Whether nothing but blanks stands before it in its line."""
        return not self.text[self.line_start(index) : index].strip()

    def skip_anchor(self, node: Node) -> int:
        """Where a node's value begins, behind its anchor."""
        if node.anchor is None:
            return node.start
        behind = self.text[node.start : node.end].removeprefix(f"&{node.anchor}")
        return node.end - len(behind.lstrip())

    def dash_of(self, item: Node) -> int:
        """The dash that an item of a block list stands behind."""
        return max(dash for dash in self.dashes if dash < item.start)

    def _refuse_shared(self, node: Node, shared: set[str]) -> None:
        if node.alias is not None:
            raise EditRefused(
                node.location,
                f"*{node.alias} repeats the value marked &{node.alias}, which an edit here would change.",
                "Write the value out in its place, then run the command again.",
            )
        if node.anchor in shared:
            raise EditRefused(
                node.location,
                f"the value marked &{node.anchor} is repeated by *{node.anchor}, which would change too.",
                f"Write the value out in place of *{node.anchor}, then run the command again.",
            )


def open_source(file: str, data: bytes) -> Source:
    """Read a file for an edit. Raises EditRefused where it has a fault of its own: its first finding."""
    reading = read(file, data)
    if reading.document is None or reading.findings:
        finding = reading.findings[0]
        raise EditRefused(finding.location, finding.message, finding.advice)
    text = data.decode("utf-8")
    dashes, commas = _list_marks(text)
    return Source(
        file=file,
        text=text,
        value=reading.document.value,
        root=_Builder(file, text).build(),
        dashes=dashes,
        commas=commas,
    )


def _list_marks(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    found: dict[type, list[int]] = {yaml.BlockEntryToken: [], yaml.FlowEntryToken: []}
    parser: Any = yaml.CSafeLoader(text)
    try:
        while (token := parser.get_token()) is not None:
            if type(token) in found:
                found[type(token)].append(token.start_mark.index)
    finally:
        parser.dispose()
    return tuple(found[yaml.BlockEntryToken]), tuple(found[yaml.FlowEntryToken])


class _Builder:
    """Builds the nodes of a text that `load` read without a finding."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._parser: Any = yaml.CSafeLoader(text)

    def build(self) -> Node:
        try:
            while not isinstance(self._parser.peek_event(), yaml.DocumentStartEvent):
                self._parser.get_event()
            self._parser.get_event()
            return self._take()
        finally:
            self._parser.dispose()

    def _take(self) -> Node:
        event = self._parser.get_event()
        if isinstance(event, yaml.ScalarEvent):
            return self._make(event, self._end_scalar(event), quote=event.style or "", text=event.value)
        if isinstance(event, yaml.AliasEvent):
            return self._make(event, self._end(event), anchor=None, alias=event.anchor)
        children: list[Node] = []
        while not isinstance(self._parser.peek_event(), yaml.CollectionEndEvent):
            children.append(self._take())
        last = self._parser.get_event()
        # The parser ends a block only where the next thing begins, comments included.
        end = last.end_mark.index if event.flow_style or not children else children[-1].end
        if isinstance(event, yaml.SequenceStartEvent):
            return self._make(event, end, flow=bool(event.flow_style), items=tuple(children))
        pairs = tuple(zip(children[::2], children[1::2], strict=True))
        return self._make(event, end, flow=bool(event.flow_style), pairs=pairs)

    @staticmethod
    def _end(event: Any) -> int:
        end: int = event.end_mark.index
        return end

    def _end_scalar(self, event: Any) -> int:
        end = self._end(event)
        if event.style in ("|", ">"):
            return len(self._text[:end].rstrip())
        return end

    def _make(self, event: Any, end: int, **rest: Any) -> Node:
        start, stop = event.start_mark, event.end_mark
        location = Location(
            file=self._file,
            line=start.line + 1,
            column=start.column + 1,
            end_line=stop.line + 1,
            end_column=stop.column + 1,
        )
        return Node(
            **{"start": start.index, "end": end, "location": location, "anchor": event.anchor, **rest}
        )
