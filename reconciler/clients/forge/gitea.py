"""Gitea and Forgejo, by the API that they share, version 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from reconciler.clients.forge.fields import (
    Fields,
    read_changed_file,
    read_comment,
    read_list,
    read_login,
    read_pull_request,
)
from reconciler.clients.forge.interface import (
    ChangedFile,
    Comment,
    ForgeConflict,
    ForgeNotFound,
    NewPullRequest,
    PullRequest,
    PullState,
    Review,
    Verdict,
)
from reconciler.clients.forge.rest import RestForge

T = TypeVar("T")
PREFIX = "/api/v1"
_VERDICTS: Mapping[str, Verdict] = {
    "APPROVED": Verdict.APPROVED,
    "REQUEST_CHANGES": Verdict.CHANGES_REQUESTED,
    "COMMENT": Verdict.COMMENTED,
}
# After a repository's first push it is still called empty for a moment, and takes no pull request.
_WAKING = 20
_WAKING_PAUSE = 0.25  # seconds


class Gitea(RestForge):
    """Implements Forge."""

    def read_caller(self) -> str:
        what = "the name of this caller"
        answer = self._ask("GET", f"{self._prefix}/user", what)
        return self._fields(answer.body, what).demand("login")

    def open_pull_request(self, new: NewPullRequest) -> PullRequest:
        for _ in range(_WAKING):
            try:
                return super().open_pull_request(new)
            except ForgeNotFound:
                if not self._is_empty():
                    break
            self._transport.sleep(_WAKING_PAUSE)
        # Once more: it may have come to be while we asked.
        return super().open_pull_request(new)

    def list_open(self) -> tuple[PullRequest, ...]:
        what = f"pull requests of {self._repository}"
        query = {"state": "open", "sort": "oldest"}
        read = partial(
            self._list, f"{self._repo}/pulls", what, read_pull_request, lambda pull: pull.number, query
        )
        try:
            found = read()
        except ForgeNotFound:
            if self._is_empty():
                return ()
            # Once more: the first push may have been seen while we asked.
            found = read()
        return tuple(sorted(found, key=lambda pull: pull.number))

    def list_comments(self, number: int) -> tuple[Comment, ...]:
        what = f"comments on pull request {number} of {self._repository}"
        path = f"{self._repo}/issues/{number}/comments"
        found = self._list(path, what, read_comment, lambda comment: comment.id)
        return tuple(sorted(found, key=lambda comment: comment.id))

    def list_reviews(self, number: int) -> tuple[Review, ...]:
        what = f"reviews of pull request {number} of {self._repository}"
        path = f"{self._repo}/pulls/{number}/reviews"
        found = self._list(path, what, _read_review, lambda review: review[0])
        return tuple(review for _, review in sorted(found, key=lambda each: each[0]) if review is not None)

    def find_merged(self, revision: str, target: str) -> PullRequest | None:
        what = f"the pull request of commit {revision[:12]} of {self._repository}"
        try:
            answer = self._ask("GET", f"{self._repo}/commits/{quote(revision, safe='')}/pull", what)
        except ForgeNotFound:
            # It says the same where the repository is hidden; then asking for that is refused.
            self._is_empty()
            return None
        fields = self._fields(answer.body, what)
        # The last commit first: where it and its branch are gone, the answer is no whole pull request.
        head = self._read_head(fields.number("number"))
        pull = read_pull_request(fields)
        if (pull.state, pull.merged, pull.target) != (PullState.MERGED, revision, target):
            return None
        return replace(pull, head=head)

    def list_changed_files(self, number: int) -> tuple[ChangedFile, ...]:
        what = f"changed files of pull request {number} of {self._repository}"
        path = f"{self._repo}/pulls/{number}/files"
        return self._demand_all(number, self._list(path, what, read_changed_file, lambda file: file.path))

    def _read_head(self, number: int) -> str:
        """The last commit that belongs to a pull request; after a merge its branch may go on without it.

        ForgeConflict where it is not kept: that says nothing of other pull requests.
        """
        what = f"the last commit of pull request {number} of {self._repository}"
        ref = f"refs/pull/{number}/head"
        try:
            answer = self._ask("GET", f"{self._repo}/git/{ref}", what)
        except ForgeNotFound:
            self._is_empty()
            refs: Any = []
        else:
            refs = answer.body
        for found in read_list(refs, server=self.server, where=what):
            if found.text("ref") == ref:
                return found.part("object").demand("sha")
        raise ForgeConflict(
            self.server, f"keeps no last commit of pull request {number} of {self._repository}."
        )

    def _is_empty(self) -> bool:
        what = f"the repository {self._repository}"
        return self._fields(self._ask("GET", self._repo, what).body, what).flag("empty")

    def _list(
        self,
        path: str,
        what: str,
        read: Callable[[Fields], T],
        key: Callable[[T], object],
        query: Mapping[str, str] | None = None,
    ) -> tuple[T, ...]:
        return self._gather(self._pages(path, what, query or {}), read, key)

    def _pages(self, path: str, what: str, query: Mapping[str, str]) -> Iterator[tuple[Fields, ...]]:
        """A list's pages, until all that are said to be there were read.

        Not by links, which name the host of the server's own configuration. Some lists know no pages, and
        give all of it for each: what comes again ends it.
        """
        seen: set[object] = set()
        for page in range(1, self._transport.patience.pages + 1):
            asked = {**query, "limit": str(self._transport.patience.items), "page": str(page)}
            answer = self._ask("GET", path, what, query=asked)
            # A pull request without any gives null.
            items = tuple(read_list(answer.body or [], server=self.server, where=what))
            yield items
            known = len(seen)
            seen |= {item.maybe_number("id") or item.text("filename") for item in items}
            if len(seen) == known:
                return
            told = answer.headers.get("X-Total-Count", "")
            if told.isdecimal() and len(seen) >= int(told):
                return
        raise self._too_many(what)


def _read_review(fields: Fields) -> tuple[int, Review | None]:
    """A review with its number; None for one that is asked for, or not submitted yet."""
    verdict = _VERDICTS.get(fields.text("state"))
    if verdict is None:
        return fields.number("id"), None
    dismissed = fields.flag("dismissed")
    return fields.number("id"), Review(
        author=read_login(fields),
        verdict=Verdict.DISMISSED if dismissed else verdict,
        revision=fields.text("commit_id"),
        counts=fields.flag("official") and not fields.flag("stale") and not dismissed,
    )
