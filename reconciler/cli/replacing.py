"""Replacing files of a work tree, each one whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from reconciler.cli.files import refuse_links
from reconciler.pipeline.refusals import EditConflict
from reconciler.settings import SettingsError


def replace_files(directory: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Write `after` in place of `before`, by paths in `directory`; a path that is not in `before` is new.

    Raises EditConflict, with nothing written, where a file is no longer as it was read, and SettingsError
    where a link would lead one elsewhere, or where one cannot be written; those before it, in order of path,
    are.
    """
    refuse_links(directory, after)
    for path in sorted(after):
        if _read(directory, path) != before.get(path):
            raise EditConflict(f"{path} changed meanwhile, so nothing was written. Run the command again.")
    for path, content in sorted(after.items()):
        try:
            _replace(directory / path, content)
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            raise SettingsError(f"{path} cannot be written ({why}).") from error


def _read(directory: Path, path: str) -> bytes | None:
    try:
        return (directory / path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise SettingsError(f"{path} cannot be read ({why}).") from error


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_find_mode(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _find_mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        # What a new file gets; the mask can only be read by setting it.
        mask = os.umask(0o022)
        os.umask(mask)
        return 0o666 & ~mask
