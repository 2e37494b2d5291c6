"""The port to the repository of declarations: what it gives, and how it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing_extensions import Self

DATA_FOLDERS = ("models", "environments")

TREE_LIMIT = 128 * 1024 * 1024
"""Bytes that are read of one revision at most; one more and it is refused as a whole."""

ENTRY_LIMIT = 100_000
"""Files that are read of one revision at most."""


class SourceError(Exception):
    """The repository could not serve what was asked. Says the repository or object first, then what to do."""


class SourceUnreachable(SourceError):
    """No answer, or not in time. Trying again later may help.

    `seen` is when it last answered, None where nobody remembers.
    """

    def __init__(self, message: str, *, seen: datetime | None = None) -> None:
        super().__init__(message)
        self.seen = seen


class SourceCorrupt(SourceError):
    """Part of the history or of the files is missing or damaged, so that absence proves nothing."""


class SourceRefused(SourceError):
    """The repository cannot be used as configured: address, credentials, trust, or its own content."""


class RevisionNotFound(SourceRefused):
    """There is no such branch, tag or commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitAccess:
    """How a remote repository is reached. Credentials are files; times are in seconds.

    `token_file` holds an HTTPS token (or password) that is sent with `username`; `ca_file` the certificates
    to trust in place of the system's; `key_file` and `known_hosts_file` serve SSH; `cache` is a folder that
    keeps what was fetched. `timeout` bounds each question, and each silence while objects are fetched.
    """

    token_file: Path | None = None
    username: str = "x-access-token"
    ca_file: Path | None = None
    key_file: Path | None = None
    known_hosts_file: Path | None = None
    proxy: str | None = None
    cache: Path | None = None
    timeout: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit, and the name under which it was asked for. `sha` is the full object name."""

    ref: str
    sha: str

    def __str__(self) -> str:
        algorithm = "sha256" if len(self.sha) == 64 else "sha1"
        return f"{self.ref}@{algorithm}:{self.sha}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Everything that one commit holds under the folders asked for; complete, or it would not exist.

    Paths are relative to the repository (with `/`); bytes that are not UTF-8 in a path are kept as
    surrogates. `files` maps path to content, `links` symbolic links to their target as written;
    `submodules` are paths that stand for other repositories.
    """

    files: Mapping[str, bytes]
    links: Mapping[str, str] = field(default_factory=dict)
    submodules: tuple[str, ...] = ()


class Lineage(str, Enum):
    """How an older commit stands to a newer one. Unknown where the history at hand is cut short."""

    ANCESTOR = "ancestor"
    NOT_ANCESTOR = "not-ancestor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Who made a commit, and when it was committed (UTC). `subject` is the message's first line."""

    sha: str
    author: str
    email: str
    committed: datetime
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file that a commit changed. `name` is that of its new content, empty where no plain file is left."""

    path: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCommit:
    """A commit on a first-parent line, and what it changed against the commit below it.

    `merge` tells that it has further parents. Times are commit dates, as in Commit.
    """

    commit: Commit
    merge: bool
    changes: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MainLine:
    """The first-parent line that ends with `head`, oldest first.

    Commits that change no file asked for are left out. `complete` is false where the clone at hand is cut
    short: then the oldest holds what came before it.
    """

    head: str
    complete: bool
    commits: tuple[LineCommit, ...]


class SignatureState(str, Enum):
    """What a commit's signature is worth. Only GOOD is worth anything."""

    GOOD = "good"
    UNSIGNED = "unsigned"
    NOT_SSH = "not-ssh"
    UNKNOWN_KEY = "unknown-key"
    OUT_OF_DATE = "out-of-date"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A commit's signature, as it was checked against certain keys.

    `signer` is who the key belongs to, if it is one of those; `key` its fingerprint where there is one;
    `detail` what the checking program said beside that.
    """

    sha: str
    state: SignatureState
    signer: str = ""
    key: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A revision that was read whole, and when the repository last said that its name stands there (UTC)."""

    revision: Revision
    seen: datetime


class Source(Protocol):
    """A repository to read from. Nothing of it is ever changed, and nothing in it is run.

    Every method raises SourceUnreachable, SourceCorrupt or SourceRefused as their names say. Used as a
    context manager; leaving it removes what was fetched, but for a cache.
    """

    @property
    def location(self) -> str:
        """The repository as people know it, without credentials."""

    def resolve(self, ref: str) -> Revision:
        """The commit that a branch, tag or commit name stands for now; a branch wins over a tag.

        Asks a remote each time, so a run asks once. Raises RevisionNotFound.
        """

    def read(
        self, revision: Revision, folders: tuple[str, ...] = DATA_FOLDERS, *, known: Iterable[bytes] = ()
    ) -> Tree:
        """All files of the revision under the folders; a folder that is not there gives none.

        Every object is checked against its name. Raises SourceCorrupt, never returns less than all. Contents
        that are at hand, those of another revision or of a work tree, are not read again if `known` has them.
        """

    def find_lineage(self, older: str, newer: str) -> Lineage:
        """Whether commit `older` (full name) is `newer` or one of its ancestors."""

    def read_commit(self, sha: str) -> Commit:
        """The facts of one commit. Raises RevisionNotFound."""

    def list_changed(self, base: str, head: str) -> tuple[str, ...]:
        """Paths that differ between two commits, sorted; a renamed file gives both names."""

    def find_merge_bases(self, first: str, second: str) -> tuple[str, ...]:
        """The best common ancestors of two commits: one, but where branches were merged crosswise.

        Raises RevisionNotFound if there is none at hand.
        """

    def read_file(self, sha: str, path: str) -> bytes | None:
        """One file of a commit; None if there is none at that path. Raises RevisionNotFound."""

    def find_first(self, sha: str, paths: tuple[str, ...]) -> str:
        """The first of these paths at which a commit has a plain file; empty where there is none.

        Raises RevisionNotFound.
        """

    def list_touching(self, older: str, newer: str, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Commits of `newer` that `older` does not contain and that change something in the folders.

        Newest first. A merge counts if it differs from any of its parents: it decides whose files hold.
        An empty `older` means the whole history. Raises RevisionNotFound.
        """

    def read_line(self, head: str, folders: tuple[str, ...] = DATA_FOLDERS) -> MainLine:
        """The first-parent line of a commit (full name): what each of its merges changed in the folders.

        Raises RevisionNotFound.
        """

    def read_trailers(
        self, head: str, commits: tuple[str, ...], keys: tuple[str, ...]
    ) -> Mapping[str, tuple[str, ...]]:
        """Of commits on the line of `head` what their messages end with: `Reviewed-by: Ada`, of these keys.

        They are words of whoever wrote the message. Commits that say nothing of the kind are left out.
        """

    def read_contents(self, head: str, names: tuple[str, ...]) -> Mapping[str, bytes]:
        """Contents of files by their objects' names, such as those that the line of `head` gave.

        Raises SourceCorrupt for one that is not there, SourceRefused above a limit.
        """

    def check_signature(self, sha: str, signers: bytes) -> Signature:
        """What a commit's signature is worth where these keys may sign.

        `signers` is the content of an allowed-signers file (ssh-keygen(1)). A key is judged by its validity
        at the time that the commit names. Raises RevisionNotFound.
        """

    def remember(self, revision: Revision, now: datetime) -> None:
        """Note that the name stands for this commit now, if there is a cache that keeps it."""

    def recall(self, ref: str) -> Remembered | None:
        """What was read last under this name, if a cache still has all of it. Asks no server."""

    def close(self) -> None:
        """Remove what was fetched, but for a cache."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
