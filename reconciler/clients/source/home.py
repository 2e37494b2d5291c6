"""The folder that serves git as home, one for each run; what runs that were killed left behind is swept.

A lock in the folder tells whether somebody still uses it: the kernel gives it back however a process ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "modelsync-git-"
_LOCK = "in-use"
_JUST_MADE = 60
"""Seconds for which a folder may be without its lock, because it is only being made."""


class Home:
    """A folder of our own under the system's temporary one, until it is closed."""

    def __init__(self) -> None:
        sweep_homes()
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
        # Resolved, because git compares it with the resolved current folder.
        self.path = Path(self._folder.name).resolve()
        self._lock = (self.path / _LOCK).open("w", encoding="ascii")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()
        self._lock.close()


def sweep_homes() -> None:
    """Remove the homes of our user that nobody uses any more. Best effort: the next run tries again."""
    old = time.time() - _JUST_MADE
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            state = folder.lstat()
            if folder.is_symlink() or state.st_uid != os.getuid() or state.st_mtime > old:
                continue
            _remove_unused(folder)


def _remove_unused(folder: Path) -> None:
    lock = folder / _LOCK
    if lock.exists():
        with lock.open("r+", encoding="ascii") as held:
            # Raises BlockingIOError, an OSError, while its owner lives.
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    else:
        shutil.rmtree(folder)
