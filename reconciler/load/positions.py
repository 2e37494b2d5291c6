"""Where keys and values stand, found only when somebody asks.

Most files of a run have no finding. Their positions would cost more memory than the files themselves, so
the bytes are kept and read again on demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError

from reconciler.load.text import span
from reconciler.state.documents import Location, PathKey

_KEPT_TREES = 64
"""Files whose tree is kept: findings come file by file, several in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyPositions:
    """Positions of a file that `yaml.read` could read. The value of an alias stands where its anchor is."""

    file: str
    data: bytes

    def find(self, path: tuple[PathKey, ...], *, key: bool) -> Location:
        """The place of the value at `path` (of its key, if `key`), or of the nearest ancestor that exists."""
        node = _compose(self.data)
        named: Any = node
        for step in path:
            found = _descend(node, step)
            if found is None:
                return self._locate(node)
            named, node = found
        return self._locate(named if key else node)

    def trace(self, location: Location) -> tuple[PathKey, ...]:
        """The path of the innermost value that stands, with its key, around the start of a place.

        A block begins where its first part does: of those that begin together, the one that ends where the
        place does is meant.
        """
        path: tuple[PathKey, ...] = ()
        node: Any = _compose(self.data)
        while self._locate(node) != location:
            found = self._step_towards(node, location)
            if found is None:
                break
            step, node, named = found
            path = (*path, step)
            if named:
                break
        return path

    def _step_towards(self, node: Any, location: Location) -> tuple[PathKey, Any, bool] | None:
        """The child around a place, how it is reached, and whether its key alone is meant."""
        start = (location.line, location.column)
        for step, key, value in _list_children(node):
            # A value's alias leads elsewhere: what stands here is its key.
            named = self._locate(key)
            if (named.line, named.column) <= start < (named.end_line, named.end_column) and key is not value:
                return step, value, True
            place = self._locate(value)
            if (place.line, place.column) <= start <= (place.end_line, place.end_column):
                return step, value, False
        return None

    def _locate(self, node: Any) -> Location:
        return span(self.file, self.data, node.start_mark, _find_end(node))


class _Composer(yaml.CSafeLoader):
    """Builds the node tree without giving tags a meaning."""

    def resolve(self, kind: type, value: object, implicit: object) -> str:
        """Every node has the same tag: the tree serves for its marks alone."""
        return ""

    def descend_resolver(self, parent: object, index: object) -> None:
        """Called by the parser; there is nothing to do."""

    def ascend_resolver(self) -> None:
        """Called by the parser; there is nothing to do."""


class _PatientComposer(Composer, _Composer):
    """As YAML 1.2 has it, an anchor that is given again stands for the later value from then on.

    libyaml's own composer, which is much faster, takes that for an error.
    """

    def __init__(self, data: bytes) -> None:
        _Composer.__init__(self, data)
        Composer.__init__(self)

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)


@lru_cache(maxsize=_KEPT_TREES)
def _compose(data: bytes) -> Any:
    try:
        return _compose_by(_Composer, data)
    except ComposerError:
        return _compose_by(_PatientComposer, data)


def _compose_by(composer: type[_Composer], data: bytes) -> Any:
    parser = composer(data)
    try:
        return parser.get_single_node()
    finally:
        parser.dispose()


def _descend(node: Any, step: PathKey) -> tuple[Any, Any] | None:
    """The node that names a child (its key; an item names itself), and the child."""
    if isinstance(node, yaml.MappingNode):
        pairs = ((key, value) for key, value in node.value if key.value == step)
        return next(pairs, None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _list_children(node: Any) -> Iterator[tuple[PathKey, Any, Any]]:
    """Each child by its step, with the node that names it (an item names itself)."""
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))
    if isinstance(node, yaml.SequenceNode):
        yield from ((index, item, item) for index, item in enumerate(node.value))


def _find_end(node: Any) -> Any:
    """Where a node ends. The parser ends a block only where the next thing begins, comments included."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node.end_mark
