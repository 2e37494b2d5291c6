"""Writing new files into a work tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.load.inside import find_link
from reconciler.settings import SettingsError


def write_new(directory: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write files that are not there yet, and say which were written, by their paths in `directory`.

    A file that is there with the same content is left as it is. If any is there with another content,
    nothing is written and SettingsError names them all; it is raised too where one cannot be written.
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
    write_files(directory, missing)
    return tuple(sorted(missing))


def write_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their paths in `directory`, over what is there; folders are made where missing. What
    begins as a script can be run.

    Raises SettingsError where one cannot be written; those before it, in order of path, are. Where a link
    would lead one elsewhere, none is.
    """
    refuse_links(directory, files)
    target = directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in sorted(files.items()):
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if content.startswith(b"#!"):
                target.chmod(target.stat().st_mode | 0o111)
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise SettingsError(
            f"{target} cannot be written ({why}); name a folder that you may write into."
        ) from error


def refuse_links(directory: Path, paths: Iterable[str]) -> None:
    """Raises SettingsError for a path in `directory` that a symbolic link may lead out of it."""
    link = next(filter(None, (find_link(directory, path) for path in sorted(paths))), "")
    if link:
        raise SettingsError(
            f"{link} in {directory} is a symbolic link, through which nothing is written; remove it first."
        )


def _is_taken(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content
