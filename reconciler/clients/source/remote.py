"""A repository behind an address: asked by ls-remote, then fetched into a bare one of our own.

All commits and folders of the history come along, because whether a commit continues another cannot be told
without them; the content of files only of the commit that is read. Servers that cannot leave anything out
send all, and those that do not give single files are asked for all.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reconciler.clients.source.access import read_credentials
from reconciler.clients.source.address import check_full_name, check_ref, is_full_name, parse_address
from reconciler.clients.source.cache import (
    find_seen,
    lock_copy,
    note_seen,
    prepare_copy,
    renew_copy,
    write_configuration,
)
from reconciler.clients.source.git import Git
from reconciler.clients.source.interface import (
    DATA_FOLDERS,
    Commit,
    GitAccess,
    Lineage,
    MainLine,
    Remembered,
    Revision,
    RevisionNotFound,
    Signature,
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
        self._is_partial = True

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

    def read(
        self, revision: Revision, folders: tuple[str, ...] = DATA_FOLDERS, *, known: Iterable[bytes] = ()
    ) -> Tree:
        def read(copy: LocalRepository) -> Tree:
            self._complete(copy, revision.sha, lambda: copy.list_missing(revision, folders))
            return copy.read(revision, folders, known=known)

        return self._serve(revision.sha, read)

    def find_lineage(self, older: str, newer: str) -> Lineage:
        return self._serve(newer, lambda copy: copy.find_lineage(older, newer))

    def read_commit(self, sha: str) -> Commit:
        return self._serve(sha, lambda copy: copy.read_commit(sha))

    def list_changed(self, base: str, head: str) -> tuple[str, ...]:
        self._serve(base, lambda copy: copy.has(base))
        return self._serve(head, lambda copy: copy.list_changed(base, head))

    def find_merge_bases(self, first: str, second: str) -> tuple[str, ...]:
        self._serve(first, lambda copy: copy.has(first))
        return self._serve(second, lambda copy: copy.find_merge_bases(first, second))

    def read_file(self, sha: str, path: str) -> bytes | None:
        def read(copy: LocalRepository) -> bytes | None:
            name = copy.find_file(sha, path)
            self._complete(copy, sha, lambda: () if not name or copy.holds(name) else (name,))
            return copy.read_file(sha, path)

        return self._serve(sha, read)

    def find_first(self, sha: str, paths: tuple[str, ...]) -> str:
        return self._serve(sha, lambda copy: copy.find_first(sha, paths))

    def list_touching(self, older: str, newer: str, folders: tuple[str, ...]) -> tuple[str, ...]:
        if older:
            self._serve(older, lambda copy: copy.has(older))
        return self._serve(newer, lambda copy: copy.list_touching(older, newer, folders))

    def read_line(self, head: str, folders: tuple[str, ...] = DATA_FOLDERS) -> MainLine:
        return self._serve(head, lambda copy: copy.read_line(head, folders))

    def read_trailers(
        self, head: str, commits: tuple[str, ...], keys: tuple[str, ...]
    ) -> Mapping[str, tuple[str, ...]]:
        return self._serve(head, lambda copy: copy.read_trailers(head, commits, keys))

    def read_contents(self, head: str, names: tuple[str, ...]) -> Mapping[str, bytes]:
        def read(copy: LocalRepository) -> Mapping[str, bytes]:
            self._complete(copy, head, lambda: copy.lacks(names))
            return copy.read_contents(head, names)

        return self._serve(head, read)

    def check_signature(self, sha: str, signers: bytes) -> Signature:
        return self._serve(sha, lambda copy: copy.check_signature(sha, signers))

    def remember(self, revision: Revision, now: datetime) -> None:
        if self._access.cache is not None and self._folder.is_dir():
            note_seen(self._folder, revision.ref, revision.sha, now)

    def recall(self, ref: str) -> Remembered | None:
        found = find_seen(self._folder, ref) if self._access.cache is not None else None
        if found is None or not self._folder.is_dir():
            return None
        sha, seen = found
        revision = Revision(ref=ref, sha=sha)
        with lock_copy(self._folder):
            copy = self._open_copy(sha)
            try:
                whole = copy.has(sha) and not copy.list_missing(revision, DATA_FOLDERS)
            except SourceCorrupt:
                return None
        return Remembered(revision=revision, seen=seen) if whole else None

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
        if copy.has(sha):
            return question(copy)
        with renew_copy(self._folder, digits=len(sha)):
            self._fetch(copy, sha)
            # Contents are fetched in here, too.
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
        name = self._names.get(sha)
        if name:
            try:
                self._fetch_names(f"{name}:{_own(name)}", digits=len(sha))
            except RevisionNotFound as error:
                raise self._moved(name, sha) from error
            if copy.has(sha):
                return
        try:
            self._fetch_names(f"{sha}:{_own(sha)}", digits=len(sha))
        except RevisionNotFound:
            # Servers may give only what a branch or tag leads to (uploadpack.allowAnySHA1InWant).
            every = ("refs/heads/*:refs/modelsync/heads/*", "refs/tags/*:refs/modelsync/tags/*")
            self._fetch_names(*every, digits=len(sha))
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

    def _complete(self, copy: LocalRepository, sha: str, list_missing: Callable[[], tuple[str, ...]]) -> None:
        """Fetch the contents that are missing. Raises SourceCorrupt for what nobody has."""
        missing = list_missing()
        if not missing:
            return
        if self._is_partial:
            with suppress(RevisionNotFound):
                self._run_fetch(len(sha), "--stdin", data="".join(f"{name}\n" for name in missing).encode())
            missing = list_missing()
        if missing:
            # A server that leaves contents out but does not give them one by one gives all of them.
            self._is_partial = False
            shutil.rmtree(self._folder)
            prepare_copy(self._folder, digits=len(sha))
            self._fetch(copy, sha)

    def _fetch_names(self, *names: str, digits: int) -> None:
        """Fetch into refs of our own, so that git keeps what they lead to and can tell what is here."""
        self._run_fetch(digits, refs=names)

    def _run_fetch(self, digits: int, *options: str, refs: tuple[str, ...] = (), data: bytes = b"") -> None:
        parts = ("--filter=blob:none",) if self._is_partial else ()
        try:
            self._git.run(
                *("fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules"),
                *("--no-auto-maintenance", "--no-write-fetch-head", *parts, *options),
                *("--", self._address.text, *refs),
                directory=self._folder,
                data=data,
                timeout=self._access.timeout * _FETCH_PATIENCE,
            )
        finally:
            write_configuration(self._folder, digits=digits)


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
