"""Reads a commit's files from the object store, each object checked against its name.

From the commit's own name everything below is proven, level by level: a damaged or exchanged object cannot
go unnoticed, and a missing one cannot make the result shorter. Formats: git-cat-file(1), BATCH OUTPUT;
gitformat-pack(5) and "Git Objects" in the Git book for commits and trees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from reconciler.clients.source.git import Git
from reconciler.clients.source.interface import (
    ENTRY_LIMIT,
    TREE_LIMIT,
    Revision,
    SourceCorrupt,
    SourceRefused,
    Tree,
)

_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"

_DEEPEST = 32
"""Folders inside each other that are read; each takes a question to git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    mode: str
    path: str
    name: str


class ObjectReader:
    """Reads trees of one repository. Paths are relative to `prefix`, a folder of it (empty: its root)."""

    def __init__(self, git: Git, location: str, directory: Path, prefix: str) -> None:
        self._git = git
        self._location = location
        self._directory = directory
        self._prefix = prefix

    def read_tree(self, revision: Revision, folders: tuple[str, ...], known: Iterable[bytes] = ()) -> Tree:
        """Everything under the folders; what is among the `known` contents is not read.

        Raises SourceCorrupt, or SourceRefused above a limit.
        """
        entries = tuple(self._list_entries(revision, folders))
        blobs = tuple(entry for entry in entries if entry.mode != _SUBMODULE)
        # A name says what is in it, so that contents at hand prove themselves as those that are read do.
        contents = {_hash("blob", content, len(revision.sha)): content for content in known}
        self._check_size(revision, blobs, contents)
        contents |= self._read(
            "blob", ((entry.name, entry.path) for entry in blobs if entry.name not in contents)
        )
        return Tree(
            files={entry.path: contents[entry.name] for entry in blobs if entry.mode != _LINK},
            links={
                entry.path: contents[entry.name].decode("utf-8", "surrogateescape")
                for entry in blobs
                if entry.mode == _LINK
            },
            submodules=tuple(entry.path for entry in entries if entry.mode == _SUBMODULE),
        )

    def list_missing(self, revision: Revision, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Names of files' contents under the folders that are not here. Raises SourceCorrupt for the rest."""
        names = dict.fromkeys(
            entry.name for entry in self._list_entries(revision, folders) if entry.mode != _SUBMODULE
        )
        found = zip(names, self.find(names), strict=True)
        return tuple(name for name, content in found if content is None)

    def read_commit(self, sha: str) -> bytes:
        """A commit as it is stored. Raises SourceCorrupt."""
        return self._read("commit", [(sha, f"commit {sha}")])[sha]

    def read_blob(self, name: str, path: str) -> bytes:
        """The content of a file by its object's name; `path` is what it is for. Raises SourceCorrupt."""
        return self._read("blob", [(name, path)])[name]

    def read_blobs(self, names: tuple[str, ...]) -> Mapping[str, bytes]:
        """Contents of files by their objects' names. Raises SourceCorrupt, or SourceRefused above a limit."""
        total = sum(found[1] for found in self.find(names) if found is not None)
        if total > TREE_LIMIT:
            raise SourceRefused(
                f"{self._location}: the history holds {total >> 20} MiB of declarations; up to "
                f"{TREE_LIMIT >> 20} MiB are read."
            )
        return self._read("blob", ((name, f"file {name}") for name in names))

    def find(self, names: Iterable[str]) -> tuple[tuple[str, int] | None, ...]:
        """Full name and size in bytes of each object, None for one that is not there."""
        asked = tuple(names)
        if not asked:
            return ()
        answer = self._git.run(
            "cat-file",
            "--batch-check=%(objectname) %(objectsize)",
            directory=self._directory,
            data="".join(f"{name}\n" for name in asked).encode("utf-8", "surrogateescape"),
        )
        # What is not there is answered with the words "missing" or "ambiguous" in the last place.
        found = [line.rpartition(b" ") for line in answer.output.splitlines()]
        return tuple((name.decode(), int(size)) if size.isdigit() else None for name, _, size in found)

    def _list_entries(self, revision: Revision, folders: tuple[str, ...]) -> Iterator[_Entry]:
        root = (
            self.read_commit(revision.sha)
            .partition(b"\n")[0]
            .removeprefix(b"tree ")
            .decode("ascii", "replace")
        )
        level = [_Entry(mode=_FOLDER, path="", name=root)]
        for part in filter(None, self._prefix.split("/")):
            level = [
                _Entry(mode=_FOLDER, path="", name=entry.name)
                for entry in self._expand(level)
                if entry.path == part and entry.mode == _FOLDER
            ]
        level = [entry for entry in self._expand(level) if entry.path in folders]
        count = depth = 0
        while level:
            count += len(level)
            depth += 1
            if count > ENTRY_LIMIT:
                raise SourceRefused(f"{self._location}: {revision} holds more than {ENTRY_LIMIT} files.")
            if depth > _DEEPEST:
                raise SourceRefused(
                    f"{self._location}: {revision} holds more than {_DEEPEST} folders inside each other."
                )
            yield from (entry for entry in level if entry.mode != _FOLDER)
            # A folder may stand in it many times: two small objects could stand for millions of files.
            below = self._expand(entry for entry in level if entry.mode == _FOLDER)
            level = list(islice(below, ENTRY_LIMIT + 1))

    def _expand(self, folders: Iterable[_Entry]) -> Iterator[_Entry]:
        chosen = tuple(folders)
        contents = self._read("tree", ((entry.name, entry.path) for entry in chosen))
        for entry in chosen:
            try:
                yield from _parse_tree(contents[entry.name], entry)
            except ValueError as error:
                raise self._corrupt(entry.path, str(error)) from error

    def _check_size(self, revision: Revision, blobs: tuple[_Entry, ...], known: Mapping[str, bytes]) -> None:
        sizes = {name: len(content) for name, content in known.items()}
        asked = tuple(dict.fromkeys(entry.name for entry in blobs if entry.name not in sizes))
        for name, found in zip(asked, self.find(asked), strict=True):
            if found is not None:
                sizes[name] = found[1]
        total = 0
        largest = (0, "")
        for entry in blobs:
            if entry.name not in sizes:
                raise self._corrupt(entry.path, "is missing")
            total += sizes[entry.name]
            largest = max(largest, (sizes[entry.name], entry.path))
        if total > TREE_LIMIT:
            raise SourceRefused(
                f"{self._location}: {revision} holds {total >> 20} MiB of declarations; up to "
                f"{TREE_LIMIT >> 20} MiB are read. The largest file is {largest[1]} with "
                f"{largest[0] >> 20} MiB: models belong into the registry's storage."
            )

    def _read(self, kind: str, wanted: Iterable[tuple[str, str]]) -> Mapping[str, bytes]:
        """Content by name of objects of one kind; `wanted` holds each one's name and what it is for."""
        asked = dict(wanted)
        if not asked:
            return {}
        answer = self._git.run(
            "cat-file",
            "--batch",
            directory=self._directory,
            data="".join(f"{name}\n" for name in asked).encode(),
        )
        output = memoryview(answer.output)
        contents: dict[str, bytes] = {}
        at = 0
        for name, use in asked.items():
            end = answer.output.find(b"\n", at)
            header = bytes(output[at : max(end, at)]).decode("ascii", "replace").split(" ")
            if len(header) != 3 or header[:2] != [name, kind] or not header[2].isdigit():
                raise self._corrupt(use, "is missing or of another kind")
            size = int(header[2])
            content = bytes(output[end + 1 : end + 1 + size])
            if _hash(kind, content, len(name)) != name:
                raise self._corrupt(use, "does not match its name")
            contents[name] = content
            at = end + size + 2
        return contents

    def _corrupt(self, use: str, what: str) -> SourceCorrupt:
        return SourceCorrupt(
            f"{self._location}: the object of {use or 'the top folder'} {what}; the copy is truncated "
            "or damaged, so nothing is concluded from what is left. Nothing was changed. "
            "git fsck --full names what is missing; the usual way out is a fresh clone."
        )


def _parse_tree(content: bytes, parent: _Entry) -> Iterator[_Entry]:
    """The entries of a folder's object. Raises ValueError for one that git itself would not make.

    With a name like `a/b`, or twice the same, it would show another file than people and forges see.
    """
    width = len(parent.name) // 2
    at = 0
    seen: set[bytes] = set()
    while at < len(content):
        end = content.find(b"\0", at)
        mode, _, name = content[at : max(end, at)].partition(b" ")
        if not mode.isdigit() or name in (b"", b".", b"..") or b"/" in name or name in seen:
            raise ValueError("holds what no folder can hold")
        seen.add(name)
        text = name.decode("utf-8", "surrogateescape")
        yield _Entry(
            mode=mode.decode("ascii"),
            path=f"{parent.path}/{text}" if parent.path else text,
            name=content[end + 1 : end + 1 + width].hex(),
        )
        at = end + 1 + width


def _hash(kind: str, content: bytes, digits: int) -> str:
    algorithm = hashlib.sha256 if digits == 64 else hashlib.sha1
    return algorithm(f"{kind} {len(content)}\0".encode() + content).hexdigest()
