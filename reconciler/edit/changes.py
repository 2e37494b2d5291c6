"""Stretches of a text that are replaced, and the proof that the result says what was meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.edit.tree import EditRefused, Source
from reconciler.load.yaml import read
from reconciler.state.documents import Value


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Characters `start` to `end` of a text (counted from 0) are replaced."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all replacements made, which must not overlap."""
    parts, done = [], 0
    for edit in sorted(edits):
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join((*parts, text[done:]))


def finish(source: Source, edits: Iterable[Edit], meant: Value) -> bytes:
    """The new content of the file.

    Raises EditRefused where it would not read as `meant`: then the file is laid out in a way that edits do
    not understand, and nothing is guessed.
    """
    data = apply_edits(source.text, edits).encode("utf-8")
    reading = read(source.file, data)
    if reading.findings or reading.document is None or reading.document.value != meant:
        raise EditRefused(
            source.root.location,
            "the file is laid out so that it cannot be edited by position: the result would read otherwise.",
            "Edit it by hand, then run modelsync validate.",
        )
    return data
