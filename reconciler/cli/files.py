"""Writing new files into a work tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.settings import SettingsError


def write_new(directory: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write files that are not there yet, and say which were written, by their paths in `directory`.

    A file that is there with the same content is left as it is. If any is there with another content,
    nothing is written and SettingsError names them all.
    """
    different = [
        path
        for path, content in files.items()
        if _is_taken(directory / path) and not _holds(directory / path, content)
    ]
    if different:
        raise SettingsError(
            f"{', '.join(sorted(different))} in {directory} exists already and differs; nothing was written. "
            "Edit it, or choose another name or folder."
        )
    missing = {path: content for path, content in files.items() if not _is_taken(directory / path)}
    for path, content in sorted(missing.items()):
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return tuple(sorted(missing))


def _is_taken(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content
