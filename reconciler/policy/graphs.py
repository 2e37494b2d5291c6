"""Nodes of inference graphs, with the path that leads to each in its variant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.state.declarations import GraphNode, NodeType, Variant
from reconciler.state.documents import PathKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A node, the keys that lead to it from its variant, its parent, and its level (the root's is 1)."""

    node: GraphNode
    path: tuple[PathKey, ...]
    parent: GraphNode | None
    level: int


def list_nodes(variant: Variant) -> tuple[Placed, ...]:
    """All nodes of a variant's graph, parents before their children; none if it has no graph."""
    if variant.graph is None:
        return ()
    return tuple(_walk(Placed(node=variant.graph, path=("graph",), parent=None, level=1)))


def type_of(node: GraphNode) -> NodeType | None:
    """What a node does: what it says, else model if it names one, else nothing that anybody knows."""
    if node.type is not None:
        return node.type
    return "model" if node.model is not None else None


def _walk(placed: Placed) -> Iterator[Placed]:
    yield placed
    for index, child in enumerate(placed.node.children or ()):
        below = Placed(
            node=child,
            path=(*placed.path, "children", index),
            parent=placed.node,
            level=placed.level + 1,
        )
        yield from _walk(below)
