"""What modelsync needs of a forge: pull requests, comments, statuses and reviews, and the ways it fails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

STATUS_WORDS = 140
"""How many characters a status' description may have (GitHub's bound); longer ones are cut."""


class ForgeError(Exception):
    """Base of all that may go wrong at a forge. `server` is its address; the text is for people."""

    def __init__(self, server: str, detail: str) -> None:
        self.server = server
        super().__init__(f"the forge at {server} {detail}")


class ForgeUnreachable(ForgeError):
    """No answer, or none that decides, or it asks to come back later than we can wait.

    `unseen`: what was asked may have been done, though its answer was lost.
    """

    def __init__(self, server: str, detail: str, *, unseen: bool = False) -> None:
        self.unseen = unseen
        super().__init__(server, detail)


class ForgeRefused(ForgeError):
    """Credentials or rights do not suffice, or this is no such forge; trying again will not help."""


class ForgeNotFound(ForgeRefused):
    """The forge does not know what was asked for, or hides it from these credentials."""


class ForgeConflict(ForgeError):
    """The forge could, but what it holds now, or one of its rules, does not allow it."""


class ForgeKind(str, Enum):
    """Which API a forge speaks. Forgejo speaks Gitea's."""

    GITHUB = "github"
    GITEA = "gitea"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeAccess:
    """What a caller says about the forge; all of it may be left to the remote and to usual variables.

    `address` is where people open it in a browser, such as https://git.example.com. `token_file` holds one
    token on one line. `ca_file` holds certificates (PEM) of a private authority.
    """

    kind: ForgeKind | None = None
    address: str = ""
    token_file: Path | None = None
    ca_file: Path | None = None


class PullState(str, Enum):
    """What became of a pull request."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as it was when it was read.

    It asks to merge branch `source` of `source_repository` (`owner/name`; empty when that is gone), whose
    last commit is `head`, into branch `target`, whose commit was `base`. `author` is a login, `address` where
    people read it, `merged` the commit on `target` that it became. `files` is how many it changes.
    """

    number: int
    title: str
    body: str
    state: PullState
    author: str
    source: str
    source_repository: str
    head: str
    target: str
    base: str
    address: str
    draft: bool = False
    merged: str = ""
    files: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment below a pull request; `id` is the forge's, and grows with time."""

    id: int
    author: str
    body: str


class StatusState(str, Enum):
    """What a status says of a commit; both forges know these words."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status of a commit: `name` is what branch protection asks for; `address` tells more, if there is one.

    The last one of a name counts. Descriptions are cut at STATUS_WORDS.
    """

    name: str
    state: StatusState
    description: str = ""
    address: str = ""


class Verdict(str, Enum):
    """What a review says."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes requested"
    DISMISSED = "dismissed"
    COMMENTED = "commented"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One submitted review: of the commit `revision`, which need not be the last one any more.

    `counts` is whether the forge itself still takes it for valid: it knows who may approve and what it
    dismissed.
    """

    author: str
    verdict: Verdict
    revision: str
    counts: bool = True


class FileChange(str, Enum):
    """What a pull request does to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ChangedFile:
    """A file that a pull request changes; `previous` is the path that a renamed one had."""

    path: str
    change: FileChange
    previous: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPullRequest:
    """What is to be opened: from branch `source` of the same repository, or of its `fork`, into `target`.

    `fork` is `owner/name`, of another owner than the repository's.
    """

    title: str
    body: str
    source: str
    target: str
    fork: str = ""

    @property
    def head(self) -> str:
        """The branch as forges name it."""
        return f"{self.fork.partition('/')[0]}:{self.source}" if self.fork else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """One file that is to be committed on top of branch `branch` of the repository."""

    branch: str
    path: str
    content: bytes
    message: str


class Forge(Protocol):
    """One repository at a forge. Every call ends within the client's budget of time and size.

    All may raise ForgeUnreachable and ForgeRefused; those that name one thing raise ForgeNotFound where it
    is not there; those that write raise ForgeConflict.
    """

    @property
    def server(self) -> str:
        """The forge's address as messages name it."""

    @property
    def repository(self) -> str:
        """`owner/name`."""

    def read_caller(self) -> str:
        """The login that comments of this caller show as their author."""

    def list_open(self) -> tuple[PullRequest, ...]:
        """All open pull requests by number, those from forks, too; `files` is not known of these."""

    def find_open(self, source: str, target: str, fork: str = "") -> PullRequest | None:
        """The open pull request from a branch of this repository, or else of just this fork, into another."""

    def read_pull_request(self, number: int) -> PullRequest:
        """One pull request."""

    def open_pull_request(self, new: NewPullRequest) -> PullRequest:
        """Open one. ForgeConflict where there is one already, or nothing to merge."""

    def update_pull_request(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> PullRequest:
        """Write title and body anew; what is None stays."""

    def close_pull_request(self, number: int) -> PullRequest:
        """Close one without merging it; one that is closed stays so."""

    def list_comments(self, number: int) -> tuple[Comment, ...]:
        """All comments below a pull request (not those in reviews), oldest first."""

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment."""

    def edit_comment(self, comment: int, body: str) -> Comment:
        """Write a comment anew, in its place."""

    def delete_comment(self, comment: int) -> None:
        """Remove a comment; one that is gone already is no error."""

    def set_status(self, revision: str, status: Status) -> None:
        """Say something of a commit (full name)."""

    def list_reviews(self, number: int) -> tuple[Review, ...]:
        """All submitted reviews, oldest first."""

    def find_merged(self, revision: str, target: str) -> PullRequest | None:
        """The pull request that brought a commit (full name) to branch `target`; None where none is known.

        One that was merged into another branch is none, also where that came to `target` later. Its `head` is
        what was merged, whatever its branch did since; `files` need not be known of it.
        ForgeConflict where the forge cannot tell which of several it was, or keeps no last commit of it.
        """

    def list_changed_files(self, number: int) -> tuple[ChangedFile, ...]:
        """All files that a pull request changes, sorted; ForgeUnreachable where it does not tell them all."""

    def may_write(self, login: str) -> bool:
        """Whether an account may push to the repository; one that the forge does not know may not."""

    def add_file(self, new: NewFile) -> str:
        """Commit a file that is not there yet; the commit's name. ForgeConflict where it is there."""
