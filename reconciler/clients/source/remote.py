"""A repository behind an address: asked by ls-remote, then fetched whole into a bare one of our own.

The history comes along (no shallow, no partial clone), because whether a commit continues another cannot be
told without it. A repository of declarations is small.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reconciler.clients.source.access import read_credentials
from reconciler.clients.source.address import check_full_name, check_ref, is_full_name, parse_address
from reconciler.clients.source.cache import lock_copy, prepare_copy
from reconciler.clients.source.git import Git
from reconciler.clients.source.interface import (
    DATA_FOLDERS,
    Commit,
    GitAccess,
    Lineage,
    Revision,
    RevisionNotFound,
    Source,
    SourceCorrupt,
    SourceUnreachable,
    Tree,
)
from reconciler.clients.source.local import LocalRepository

if TYPE_CHECKING:
    from typing_extensions import Self

Result = TypeVar("Result")

_FETCH_PATIENCE = 10
"""A fetch may take this many times as long as a question; silence ends it much earlier."""


class RemoteRepository:
    """A repository that is reached by URL, or by a path that is treated like one. Implements Source."""

    def __init__(self, address: str, access: GitAccess) -> None:
        self._address = parse_address(address)
        self._access = access
        self._git = Git(
            address,
            protocol=self._address.protocol,
            credentials=read_credentials(access, self._address),
            timeout=access.timeout,
        )
        self._names: dict[str, str] = {}
        self._copy: LocalRepository | None = None

    @property
    def location(self) -> str:
        return self._address.text

    def resolve(self, ref: str) -> Revision:
        check_ref(ref, expressions=False)
        if is_full_name(ref):
            return Revision(ref=ref, sha=ref)
        full = (
            (ref,) if ref == "HEAD" or ref.startswith("refs/") else (f"refs/heads/{ref}", f"refs/tags/{ref}")
        )
        found = self._list_remote(*(pattern for name in full for pattern in (name, f"{name}^{{}}")))
        for name in full:
            sha = found.get(f"{name}^{{}}") or found.get(name)
            if sha:
                self._names[sha] = name
                return Revision(ref=ref, sha=sha)
        raise RevisionNotFound(f"{self.location}: there is no branch or tag {ref!r}.{self._suggest(ref)}")

    def read(self, revision: Revision, folders: tuple[str, ...] = DATA_FOLDERS) -> Tree:
        return self._serve(revision.sha, lambda copy: copy.read(revision, folders))

    def find_lineage(self, older: str, newer: str) -> Lineage:
        return self._serve(newer, lambda copy: copy.find_lineage(older, newer))

    def read_commit(self, sha: str) -> Commit:
        return self._serve(sha, lambda copy: copy.read_commit(sha))

    def list_changed(self, base: str, head: str) -> tuple[str, ...]:
        self._serve(base, lambda copy: copy.has(base))
        return self._serve(head, lambda copy: copy.list_changed(base, head))

    def find_merge_base(self, first: str, second: str) -> str:
        self._serve(first, lambda copy: copy.has(first))
        return self._serve(second, lambda copy: copy.find_merge_base(first, second))

    def close(self) -> None:
        if self._copy:
            self._copy.close()
        self._git.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _list_remote(self, *patterns: str, options: tuple[str, ...] = ()) -> dict[str, str]:
        answer = self._git.run("ls-remote", "--quiet", *options, "--", self._address.text, *patterns)
        lines = answer.output.decode("utf-8", "replace").splitlines()
        pairs = (line.partition("\t") for line in lines)
        return {name: sha for sha, _, name in pairs if is_full_name(sha)}

    def _suggest(self, ref: str) -> str:
        branches = [name.removeprefix("refs/heads/") for name in self._list_remote(options=("--heads",))]
        if not branches:
            return " The repository has no branch at all yet."
        near = get_close_matches(ref, branches, n=1)
        return f' Did you mean "{near[0]}"?' if near else f" There is {', '.join(sorted(branches)[:5])}."

    def _serve(self, sha: str, question: Callable[[LocalRepository], Result]) -> Result:
        """Answer from our copy once it holds the commit. A damaged cache is replaced, one time."""
        check_full_name(sha, self.location)
        with lock_copy(self._folder) if self._access.cache else nullcontext():
            try:
                return self._ask(sha, question)
            except SourceCorrupt:
                if self._access.cache is None:
                    raise
                if self._copy:
                    self._copy.close()
                    self._copy = None
                shutil.rmtree(self._folder)
                return self._ask(sha, question)

    def _ask(self, sha: str, question: Callable[[LocalRepository], Result]) -> Result:
        copy = self._open_copy(sha)
        self._fetch(copy, sha)
        return question(copy)

    @property
    def _folder(self) -> Path:
        if self._access.cache is None:
            return self._git.folder / "repository.git"
        key = hashlib.sha256(self._address.text.encode()).hexdigest()[:32]
        return self._access.cache.absolute() / f"{key}.git"

    def _open_copy(self, sha: str) -> LocalRepository:
        if self._copy is None:
            prepare_copy(self._folder, digits=len(sha))
            self._copy = LocalRepository(self._folder, location=self.location, timeout=self._access.timeout)
        return self._copy

    def _fetch(self, copy: LocalRepository, sha: str) -> None:
        if copy.has(sha):
            return
        name = self._names.get(sha)
        if name:
            try:
                self._fetch_names(f"{name}:{_own(name)}")
            except RevisionNotFound as error:
                raise self._moved(name, sha) from error
            if copy.has(sha):
                return
        try:
            self._fetch_names(f"{sha}:{_own(sha)}")
        except RevisionNotFound:
            # Servers may give only what a branch or tag leads to (uploadpack.allowAnySHA1InWant).
            self._fetch_names("refs/heads/*:refs/modelsync/heads/*", "refs/tags/*:refs/modelsync/tags/*")
        if copy.has(sha):
            return
        if name:
            raise self._moved(name, sha)
        raise RevisionNotFound(f"{self.location}: there is no commit {sha}, or no branch or tag leads to it.")

    def _moved(self, name: str, sha: str) -> SourceUnreachable:
        return SourceUnreachable(
            f"{self.location}: the server named {sha} as {name} but does not give it: the name moved "
            "meanwhile, or the server's copy is damaged (git fsck --full there). Nothing was changed; "
            "the next run reads it anew."
        )

    def _fetch_names(self, *names: str) -> None:
        """Fetch into refs of our own, so that git keeps what they lead to and can tell what is here."""
        self._git.run(
            *("fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"),
            *("--no-write-fetch-head", "--", self._address.text, *names),
            directory=self._folder,
            timeout=self._access.timeout * _FETCH_PATIENCE,
        )


def _own(name: str) -> str:
    return f"refs/modelsync/{name.removeprefix('refs/')}"


def open_repository(location: str, access: GitAccess) -> Source:
    """The repository at a path or URL. Raises SourceRefused for what is neither.

    A path is read where it is; everything else is fetched.
    """
    address = parse_address(location)
    if address.scheme == "path":
        return LocalRepository(Path(location), timeout=access.timeout)
    return RemoteRepository(location, access)
