"""The bare repository that objects are fetched into, and how runs share it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from reconciler.clients.source.address import is_full_name
from reconciler.clients.source.interface import SourceError, SourceRefused, SourceUnreachable

_MANY_PACKS = 50
"""Each fetch adds a pack; from here on the copy is made anew."""

# Room may be made; what is not allowed stays so.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_SHA1 = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_SHA256 = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"


def prepare_copy(folder: Path, *, digits: int) -> None:
    """Make `folder` a bare repository for names of so many digits, keeping the objects that it holds.

    Its configuration is written each time: one that somebody else wrote could lead a fetch elsewhere. A
    run that was killed leaves locks and half packs; they are swept, so nobody else may be using the folder.
    Format: gitrepository-layout(5). Raises SourceRefused if the folder cannot be written,
    SourceUnreachable while its disk is full.
    """
    try:
        _lay_out(folder, digits=digits)
    except OSError as error:
        raise _explain(folder.parent, error) from error


def _lay_out(folder: Path, *, digits: int) -> None:
    aside, gone = _name_aside(folder)
    shutil.rmtree(gone, ignore_errors=True)
    if aside.is_dir():
        # A run was killed before the new copy was whole.
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    _make_folders(folder, digits=digits)
    for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*"):
        for leftover in tuple(folder.glob(pattern)):
            leftover.unlink()


def _make_folders(folder: Path, *, digits: int) -> None:
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
    write_configuration(folder, digits=digits)


@contextmanager
def renew_copy(folder: Path, *, digits: int) -> Iterator[None]:
    """Have an empty copy to fetch into, where many fetches went into this one; else leave it as it is.

    The old copy is kept until the block ends well: the server may be gone by then, and what was read last is
    all that a run has during an outage. Raises as `prepare_copy` does.
    """
    if len(tuple(folder.glob("objects/pack/*.pack"))) <= _MANY_PACKS:
        yield
        return
    aside, gone = _name_aside(folder)
    try:
        _set_aside(folder, aside, digits=digits)
        yield
    except BaseException:
        if aside.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
        raise
    # In one step, so that half of it is never taken for a copy.
    aside.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _set_aside(folder: Path, aside: Path, *, digits: int) -> None:
    try:
        folder.rename(aside)
        _make_folders(folder, digits=digits)
    except OSError as error:
        raise _explain(folder.parent, error) from error


def _name_aside(folder: Path) -> tuple[Path, Path]:
    """Where an old copy waits for the new one, and where it is removed."""
    return folder.with_suffix(".old"), folder.with_suffix(".gone")


def write_configuration(folder: Path, *, digits: int) -> None:
    """Write what is needed, and nothing of what a fetch or somebody else left there.

    A fetch that leaves files out notes that they may be had later; without that note git takes what is not
    here for missing, and never asks a server by itself. Raises as `prepare_copy` does.
    """
    try:
        (folder / "config").write_text(_SHA256 if digits == 64 else _SHA1, encoding="ascii")
    except OSError as error:
        raise _explain(folder.parent, error) from error


@contextmanager
def lock_copy(folder: Path) -> Iterator[None]:
    """Keep other runs away from a folder in a cache, until the block ends; waits for them.

    Raises SourceRefused if the cache cannot be written, SourceUnreachable while its disk is full.
    """
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = folder.with_suffix(".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise _explain(folder.parent, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def note_seen(folder: Path, ref: str, sha: str, now: datetime) -> None:
    """Note beside a copy that a name stands for a commit now. Best effort: without room it is not noted."""
    notes = {**_read_notes(folder), ref: {"sha": sha, "seen": now.astimezone(timezone.utc).isoformat()}}
    file = folder.with_suffix(".json")
    draft = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(json.dumps(notes), encoding="utf-8")
        # Whole or not at all, even where the disk is full or the process killed.
        draft.replace(file)
    except OSError:
        with suppress(OSError):
            draft.unlink()


def find_seen(folder: Path, ref: str) -> tuple[str, datetime] | None:
    """The commit that a name was last noted to stand for, and when; None where nothing readable says so."""
    note = _read_notes(folder).get(ref)
    if not isinstance(note, dict):
        return None
    try:
        seen = datetime.fromisoformat(str(note.get("seen")))
    except ValueError:
        return None
    sha = note.get("sha")
    if not isinstance(sha, str) or not is_full_name(sha) or seen.tzinfo is None:
        return None
    return sha, seen


def _read_notes(folder: Path) -> dict[str, Any]:
    try:
        notes = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _explain(folder: Path, error: OSError) -> SourceError:
    if error.errno in _FULL:
        return SourceUnreachable(
            f"{folder} cannot be written: {error.strerror}. Nothing was changed; make room there, "
            "or name another folder with --git-cache."
        )
    return SourceRefused(
        f"{folder} (--git-cache) cannot be written: {error.strerror}. Name a folder that can."
    )
