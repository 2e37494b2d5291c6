"""Files as they were read: plain values, and where in the file each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Union

PathKey = Union[str, int]
"""A mapping's key or a sequence's index; a tuple of them leads from a document's root to a value."""

Value = Union[str, int, float, bool, None, tuple["Value", ...], Mapping[str, "Value"]]
"""What a file may hold. Sequences are tuples, so that a document cannot be changed once it is read."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A stretch of a file. Lines and columns count from 1; columns count characters."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Positions(Protocol):
    """Finds where a key or a value stands in its file."""

    def find(self, path: tuple[PathKey, ...], *, key: bool) -> Location:
        """The place of the value at `path` (of its key, if `key`), or of the nearest ancestor that exists."""

    def trace(self, location: Location) -> tuple[PathKey, ...]:
        """The path of the innermost value that stands, with its key, around the start of a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: its path in the repository, its plain value, and the places of its parts."""

    file: str
    value: Value
    positions: Positions

    def at(self, *path: PathKey) -> Location:
        """Where the value at `path` stands; the nearest ancestor's place if there is no such value."""
        return self.positions.find(path, key=False)

    def key(self, *path: PathKey) -> Location:
        """Where the key of the value at `path` stands; an item of a sequence stands for its own key."""
        return self.positions.find(path, key=True)
