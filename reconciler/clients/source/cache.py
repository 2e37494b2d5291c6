"""The bare repository that objects are fetched into, and how runs share it."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.clients.source.interface import SourceRefused

_MANY_PACKS = 50
"""Each fetch adds a pack; from here on the copy is made anew."""

_SHA1 = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_SHA256 = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"


def prepare_copy(folder: Path, *, digits: int) -> None:
    """Make `folder` a bare repository for names of so many digits, keeping the objects that it holds.

    Its configuration is written each time: one that somebody else wrote could lead a fetch elsewhere. A
    run that was killed leaves locks and half packs; they are swept, so nobody else may be using the folder.
    Format: gitrepository-layout(5).
    """
    if len(tuple(folder.glob("objects/pack/*.pack"))) > _MANY_PACKS:
        shutil.rmtree(folder)
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
    (folder / "config").write_text(_SHA256 if digits == 64 else _SHA1, encoding="ascii")
    for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*"):
        for leftover in tuple(folder.glob(pattern)):
            leftover.unlink()


@contextmanager
def lock_copy(folder: Path) -> Iterator[None]:
    """Keep other runs away from a folder in a cache, until the block ends; waits for them.

    Raises SourceRefused if the cache cannot be written.
    """
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = folder.with_suffix(".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise SourceRefused(
            f"{folder.parent} (--git-cache) cannot be written: {error.strerror}. Name a folder that can."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
