"""Blocks whose form is settled but which nothing acts on yet: refused, so that nobody relies on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.load.layout import FileKind
from reconciler.state.documents import Document, Value
from reconciler.state.findings import Finding, Grade

_BLOCKS: Mapping[FileKind, tuple[tuple[str, ...], ...]] = {
    FileKind.DEPLOYMENT: (("experiment",),),
}


def refuse_unserved(kind: FileKind, document: Document) -> Iterator[Finding]:
    """A finding of rule `not-served-yet` for each block that this version does not act on.

    What they declare is typed and judged by policies all the same.
    """
    for path in _BLOCKS.get(kind, ()):
        if _is_said(document.value, path):
            yield Finding(
                rule="not-served-yet",
                grade=Grade.HARD,
                location=document.key(*path),
                message=f'"{path[-1]}" is not served yet: this version of modelsync would not act on it.',
                advice="Remove it.",
            )


def refuse_placeholders(kind: FileKind, document: Document) -> Iterator[Finding]:
    """A finding of rule `not-served-yet` for a namespace that no target can be made of."""
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


def _is_said(value: Value, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True
