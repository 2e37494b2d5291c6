"""Blocks whose form is settled but which nothing acts on yet: refused, so that nobody relies on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.load.layout import FileKind
from reconciler.state.documents import Document, PathKey, Value
from reconciler.state.findings import Finding, Grade

_EACH = "*"

_BLOCKS: Mapping[FileKind, tuple[tuple[str, ...], ...]] = {
    FileKind.DEPLOYMENT: (("experiment",),),
    FileKind.ENVIRONMENT: (("rules", "max-traffic-step"), ("rules", "soak")),
    FileKind.EXCEPTIONS: (("holds",), ("freezes",), ("suspensions",)),
}


def refuse_unserved(kind: FileKind, document: Document) -> Iterator[Finding]:
    """A finding of rule `not-served-yet` for each block that this version does not act on."""
    for pattern in _BLOCKS.get(kind, ()):
        for path in _match(document.value, pattern, ()):
            yield Finding(
                rule="not-served-yet",
                grade=Grade.HARD,
                location=document.key(*path),
                message=f'"{path[-1]}" is not served yet: this version of modelsync would not act on it.',
                advice="Remove it.",
            )
    if kind is FileKind.ENVIRONMENT and isinstance(document.value, Mapping):
        namespace = document.value.get("namespace")
        if isinstance(namespace, str) and "{" in namespace:
            yield Finding(
                rule="not-served-yet",
                grade=Grade.HARD,
                location=document.at("namespace"),
                message=f'the namespace "{namespace}" holds a placeholder, which is not served yet.',
                advice="Write the name of one namespace.",
            )


def _match(
    value: Value, pattern: tuple[str, ...], path: tuple[PathKey, ...]
) -> Iterator[tuple[PathKey, ...]]:
    """The paths of the values that fit a pattern, in which `*` stands for any key or index."""
    if not pattern:
        yield path
    elif pattern[0] == _EACH:
        for step, below in _children(value):
            yield from _match(below, pattern[1:], (*path, step))
    elif isinstance(value, Mapping) and pattern[0] in value:
        yield from _match(value[pattern[0]], pattern[1:], (*path, pattern[0]))


def _children(value: Value) -> Iterable[tuple[PathKey, Value]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, tuple) else ()
