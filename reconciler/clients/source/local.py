"""A repository on this machine, read from its commits; its work tree does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.clients.source.address import check_full_name, check_ref, is_full_name
from reconciler.clients.source.git import Git
from reconciler.clients.source.interface import (
    DATA_FOLDERS,
    Commit,
    Lineage,
    MainLine,
    Remembered,
    Revision,
    RevisionNotFound,
    Signature,
    SourceCorrupt,
    SourceRefused,
    Tree,
)
from reconciler.clients.source.line import read_commit, read_line, read_trailers
from reconciler.clients.source.objects import ObjectReader
from reconciler.clients.source.signatures import check_signature

if TYPE_CHECKING:
    from typing_extensions import Self


class LocalRepository:
    """A clone, a bare repository, or a folder inside one; paths are relative to the folder given.

    Implements Source. `location` is how messages name it (default: the path); `timeout` in seconds.
    """

    def __init__(self, path: Path, *, location: str = "", timeout: float = 60.0) -> None:
        self._path = path.absolute()
        self._location = location or str(path)
        self._git = Git(self._location, timeout=timeout)
        self._commits: set[str] = set()

    @property
    def location(self) -> str:
        return self._location

    def resolve(self, ref: str) -> Revision:
        check_ref(ref, expressions=True)
        # The last one serves clones that CI makes, which have no local branch but the one checked out.
        candidates = (f"refs/heads/{ref}", f"refs/tags/{ref}", ref, f"refs/remotes/origin/{ref}")
        for found in self._objects.find(f"{name}^{{commit}}" for name in candidates):
            if found:
                self._commits.add(found[0])
                return Revision(ref=ref, sha=found[0])
        if not is_full_name(ref):
            self._check_broken(ref, candidates)
        if ref == "HEAD":
            raise RevisionNotFound(f"{self._location}: there is no commit yet, so make the first one.")
        raise RevisionNotFound(
            f"{self._location}: there is no branch, tag or commit {ref!r}{self._cut_short()}. "
            "git branch --all lists the branches."
        )

    def read(
        self, revision: Revision, folders: tuple[str, ...] = DATA_FOLDERS, *, known: Iterable[bytes] = ()
    ) -> Tree:
        check_full_name(revision.sha, self._location)
        return self._objects.read_tree(revision, folders, known)

    def find_lineage(self, older: str, newer: str) -> Lineage:
        self._require(newer)
        if not self.has(older):
            if self._is_shallow:
                return Lineage.UNKNOWN
            # Not here proves "not an ancestor" only if the walk to the roots meets no hole.
            self._git.run("rev-list", "--quiet", newer, directory=self._path)
            return Lineage.NOT_ANCESTOR
        answer = self._git.run(
            "merge-base", "--is-ancestor", older, newer, directory=self._path, codes=(0, 1)
        )
        if answer.code == 0:
            return Lineage.ANCESTOR
        return Lineage.UNKNOWN if self._is_shallow else Lineage.NOT_ANCESTOR

    def read_commit(self, sha: str) -> Commit:
        self._require(sha)
        return read_commit(self._git, self._path, sha)

    def list_changed(self, base: str, head: str) -> tuple[str, ...]:
        self._require(base)
        self._require(head)
        answer = self._git.run(
            *("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv"),
            *(base, head, "--"),
            directory=self._path,
        )
        paths = answer.output.decode("utf-8", "surrogateescape").split("\0")
        inside = (path for path in paths if path and path.startswith(self._prefix))
        return tuple(sorted(path.removeprefix(self._prefix) for path in inside))

    def find_merge_bases(self, first: str, second: str) -> tuple[str, ...]:
        self._require(first)
        self._require(second)
        answer = self._git.run("merge-base", "--all", first, second, directory=self._path, codes=(0, 1))
        if answer.code == 0:
            return tuple(answer.output.decode().split())
        raise RevisionNotFound(
            f"{self._location}: {first[:12]} and {second[:12]} have no common ancestor{self._cut_short()}."
        )

    def read_file(self, sha: str, path: str) -> bytes | None:
        name = self.find_file(sha, path)
        return self._objects.read_blob(name, path) if name else None

    def find_first(self, sha: str, paths: tuple[str, ...]) -> str:
        found = self._list_plain(sha, paths)
        return next((path for path in paths if path in found), "")

    def list_touching(self, older: str, newer: str, folders: tuple[str, ...]) -> tuple[str, ...]:
        self._require(newer)
        if older:
            self._require(older)
        without = (f"^{older}",) if older else ()
        answer = self._git.run("rev-list", "--parents", newer, *without, "--", directory=self._path)
        family = [line.decode().split() for line in answer.output.splitlines()]
        places = [
            f"{sha}:{self._prefix}{folder}"
            for sha in dict.fromkeys(sha for line in family for sha in line)
            for folder in folders
        ]
        found = dict(zip(places, self._objects.find(places), strict=True))

        def content(sha: str) -> tuple[tuple[str, int] | None, ...]:
            return tuple(found[f"{sha}:{self._prefix}{folder}"] for folder in folders)

        nothing = tuple(None for _ in folders)
        return tuple(
            sha
            for sha, *parents in family
            if any(content(sha) != content(parent) for parent in parents)
            or (not parents and content(sha) != nothing)
        )

    def read_line(self, head: str, folders: tuple[str, ...] = DATA_FOLDERS) -> MainLine:
        self._require(head)
        return read_line(self._git, self._path, self._prefix, self._objects, head, folders)

    def read_trailers(
        self, head: str, commits: tuple[str, ...], keys: tuple[str, ...]
    ) -> Mapping[str, tuple[str, ...]]:
        return read_trailers(self._git, self._path, commits, keys)

    def read_contents(self, head: str, names: tuple[str, ...]) -> Mapping[str, bytes]:
        return self._objects.read_blobs(names)

    def check_signature(self, sha: str, signers: bytes) -> Signature:
        self._require(sha)
        return check_signature(self._git, self._path, sha, self._objects.read_commit(sha), signers)

    def find_file(self, sha: str, path: str) -> str:
        """The name of a file's content in a commit; empty where there is no plain file at that path."""
        return self._list_plain(sha, (path,)).get(path, "")

    def lacks(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the objects that are not here."""
        found = zip(names, self._objects.find(names), strict=True)
        return tuple(name for name, content in found if content is None)

    def holds(self, name: str) -> bool:
        """Whether an object of this name is here."""
        return self._objects.find([name]) != (None,)

    def list_missing(self, revision: Revision, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Names of files' contents of the revision that are not here, as where part of it was fetched."""
        return self._objects.list_missing(revision, folders)

    def remember(self, revision: Revision, now: datetime) -> None:
        """Nothing: what is on this machine is there or not."""

    def recall(self, ref: str) -> Remembered | None:
        return None

    def has(self, sha: str) -> bool:
        """Whether a commit of this full name is here. Raises RevisionNotFound for what is no full name."""
        check_full_name(sha, self._location)
        # A commit that was here once stays: nothing of the repository is changed while it is read.
        if sha not in self._commits and self._objects.find([f"{sha}^{{commit}}"]) != (None,):
            self._commits.add(sha)
        return sha in self._commits

    def close(self) -> None:
        self._git.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @cached_property
    def _layout(self) -> tuple[str, bool]:
        """Path from the repository's root to the folder given (empty, or ending in `/`); shallow or not."""
        if not self._path.is_dir():
            raise SourceRefused(f"{self._location}: there is no such folder.")
        answer = self._git.run("rev-parse", "--is-shallow-repository", "--show-prefix", directory=self._path)
        shallow, _, prefix = answer.output.decode("utf-8", "surrogateescape").partition("\n")
        return prefix.removesuffix("\n"), shallow == "true"

    @property
    def _prefix(self) -> str:
        return self._layout[0]

    @property
    def _is_shallow(self) -> bool:
        return self._layout[1]

    @cached_property
    def _objects(self) -> ObjectReader:
        return ObjectReader(self._git, self._location, self._path, self._prefix)

    def _list_plain(self, sha: str, paths: tuple[str, ...]) -> Mapping[str, str]:
        """Those of the paths at which a commit has a plain file, with the names of the contents."""
        self._require(sha)
        asked = (f"{self._prefix}{path}" for path in paths)
        answer = self._git.run("ls-tree", "-z", "--full-tree", sha, "--", *asked, directory=self._path)
        # <mode> <type> <name>\t<path>, git-ls-tree(1).
        lines = (
            line.partition("\t") for line in answer.output.decode("utf-8", "surrogateescape").split("\0")
        )
        return {
            path.removeprefix(self._prefix): entry.rpartition(" ")[2]
            for entry, _, path in lines
            if entry.startswith("100")
        }

    def _require(self, sha: str) -> None:
        if not self.has(sha):
            raise RevisionNotFound(f"{self._location}: there is no commit {sha}{self._cut_short()}.")

    def _cut_short(self) -> str:
        if not self._is_shallow:
            return ""
        return (
            " in this shallow clone, which lacks older history (git fetch --unshallow; in CI, fetch-depth: 0)"
        )

    def _check_broken(self, ref: str, candidates: tuple[str, ...]) -> None:
        """A name that exists and leads to nothing is damage, not absence."""
        for name in candidates:
            answer = self._git.run(
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                name,
                directory=self._path,
                codes=(0, 1, 128),
            )
            if answer.code == 0:
                raise SourceCorrupt(
                    f"{self._location}: {ref} points to {answer.output.decode().strip()}, which is missing "
                    "or damaged. Nothing was changed. git fsck --full says more; "
                    "the usual way out is a fresh clone."
                )
