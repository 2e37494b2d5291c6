"""The user's cache folder, outside of the checkout: what is built once and used by every checkout."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_root() -> Path:
    """`$XDG_CACHE_HOME/modelsync`, else `~/.cache/modelsync` (XDG base directory specification)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The specification tells programs to ignore a relative path there.
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / ".cache"
    return base / "modelsync"


def cache_folder(name: str, *ingredients: bytes) -> Path:
    """The folder for one product: its name and a digest of everything that decides what is in it."""
    digest = hashlib.sha256()
    for ingredient in ingredients:
        digest.update(len(ingredient).to_bytes(8, "big") + ingredient)
    return cache_root() / f"{name}-{digest.hexdigest()[:16]}"


@contextmanager
def hold_lock(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on `file` (made where missing); waits, and says so, while another has it.

    The kernel drops the lock with its process, so that a killed build blocks nobody.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another process that holds {file} ...", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def publish(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make `folder` by calling `fill` on a temporary one beside it and renaming that: all of it or nothing.

    Does nothing where `folder` exists already (another process was quicker). What `fill` raises is passed
    on, and nothing of its work stays.
    """
    with hold_lock(folder.parent / f"{folder.name}.lock"):
        if folder.exists():
            return
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            fill(building)
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
