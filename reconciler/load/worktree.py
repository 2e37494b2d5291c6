"""Reads the data folders of a directory: the one effect of this stage."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from reconciler.load.inside import find_link
from reconciler.load.layout import DATA_FOLDERS, is_ignored
from reconciler.load.limits import DOCUMENT_BYTES, ENTRIES, TREE_BYTES
from reconciler.state.owners import CODEOWNERS_PLACES, OwnersFile

_TOO_MUCH = f"it holds more than {ENTRIES:,} files, or than {TREE_BYTES >> 20} MiB"

_PART = 64 * 1024
"""Bytes that are read at once: hardly a declaration is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """What lies in the data folders, as `documents.load` takes it. Paths are relative and separated by `/`.

    A file above the limit gives only so much of its content that the loader sees it is too large.
    `codeowners` is the file that says who approves what, None where there is none that can be read.
    """

    files: Mapping[str, bytes]
    links: Mapping[str, str] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    codeowners: OwnersFile | None = None


def read_worktree(directory: Path) -> Worktree:
    """Read `models/` and `environments/` below `directory`; a folder that is not there gives nothing.

    Symbolic links are not followed but told; what cannot be read, is neither file nor folder, or is a
    repository of its own, is told with the reason. Above the limits nothing is given but that reason.
    """
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    folders = list(DATA_FOLDERS)
    size = count = 0
    while folders:
        path = folders.pop()
        count += 1
        if count + len(folders) > ENTRIES or size > TREE_BYTES:
            return Worktree(files={}, unreadable={path.split("/")[0]: _TOO_MUCH})
        try:
            kind = stat.S_IFMT(os.lstat(directory / path).st_mode)
            if kind == stat.S_IFLNK:
                links[path] = str((directory / path).readlink())
            elif kind == stat.S_IFDIR:
                names = _list_folder(directory / path)
                if ".git" in names:
                    unreadable[path] = "it is a repository of its own, as submodules are"
                    continue
                inside = (f"{path}/{name}" for name in names)
                folders += [below for below in inside if not is_ignored(below)]
            elif kind == stat.S_IFREG:
                files[path] = _read_file(directory / path)
                size += len(files[path])
            else:
                unreadable[path] = "it is neither a file nor a folder"
        except OSError as error:
            if path not in DATA_FOLDERS or not isinstance(error, FileNotFoundError):
                unreadable[path] = (error.strerror or "unknown reason").lower()
    return Worktree(files=files, links=links, unreadable=unreadable, codeowners=_read_codeowners(directory))


def _list_folder(folder: Path) -> Sequence[str]:
    """The names in a folder, and no more of them than are read at all."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, ENTRIES + 1)]


def choose_codeowners(directory: Path) -> str:
    """Where a new CODEOWNERS goes: beside what the forge's own folder holds, or in the root."""
    places = (place for place in CODEOWNERS_PLACES if place.startswith(".") and _has_folder(directory, place))
    return next(places, "CODEOWNERS")


def _has_folder(directory: Path, place: str) -> bool:
    return (directory / place).parent.is_dir()


def _read_codeowners(directory: Path) -> OwnersFile | None:
    for place in CODEOWNERS_PLACES:
        if find_link(directory, place):
            continue
        try:
            content = _read_file(directory / place)
        except OSError:
            continue
        return OwnersFile(path=place, text=content.decode(errors="replace"))
    return None


def _read_file(path: Path) -> bytes:
    # It may have been replaced since it was looked at: no link is followed, no pipe waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        content = b""
        # Python's file objects would cost more than the reading.
        while part := os.read(descriptor, min(_PART, DOCUMENT_BYTES + 1 - len(content))):
            content += part
        return content
    finally:
        os.close(descriptor)
