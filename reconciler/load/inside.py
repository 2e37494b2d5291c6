"""Whether a path stays below its folder when it is written to: links could lead it anywhere."""

from __future__ import annotations

from pathlib import Path


def find_link(directory: Path, path: str) -> str:
    """The first part of `path` (relative to `directory`) that is a symbolic link; empty where none is."""
    steps = path.split("/")
    places = ("/".join(steps[: count + 1]) for count in range(len(steps)))
    return next((place for place in places if (directory / place).is_symlink()), "")
