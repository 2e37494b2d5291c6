"""GitHub, and GitHub Enterprise of any host, by its REST API, version 2022-11-28."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote, urlsplit

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
    ForgeRefused,
    PullRequest,
    PullState,
    Review,
    Verdict,
)
from reconciler.clients.forge.rest import RestForge

HEADERS: Mapping[str, str] = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')
_VERDICTS: Mapping[str, Verdict] = {
    "APPROVED": Verdict.APPROVED,
    "CHANGES_REQUESTED": Verdict.CHANGES_REQUESTED,
    "DISMISSED": Verdict.DISMISSED,
    "COMMENTED": Verdict.COMMENTED,
}
# Whoever can see a repository may approve; of those without rights GitHub itself counts none.
_INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class GitHub(RestForge):
    """Implements Forge. `counts` of a review is by association: the right itself is told to few callers."""

    _adding = "PUT"

    def read_caller(self) -> str:
        # Of a workflow's own token, too, to which REST's /user is closed.
        path = "/api/graphql" if self._prefix else "/graphql"
        what = "the name of this caller"
        answer = self._ask("POST", path, what, body={"query": "{viewer{login}}"}, repeatable=True)
        data = self._fields(answer.body, what).maybe_part("data")
        viewer = data.maybe_part("viewer") if data is not None else None
        if viewer is None:
            raise ForgeRefused(self.server, f"does not tell {what}; {self._advice}{self._quote(answer)}")
        return viewer.demand("login")

    def list_open(self) -> tuple[PullRequest, ...]:
        query = {"state": "open", "sort": "created", "direction": "asc"}
        pages = self._pages(f"{self._repo}/pulls", f"pull requests of {self._repository}", query)
        found = self._gather(pages, read_pull_request, lambda pull: pull.number)
        return tuple(sorted(found, key=lambda pull: pull.number))

    def list_comments(self, number: int) -> tuple[Comment, ...]:
        what = f"comments on pull request {number} of {self._repository}"
        pages = self._pages(f"{self._repo}/issues/{number}/comments", what)
        return tuple(
            sorted(self._gather(pages, read_comment, lambda comment: comment.id), key=lambda each: each.id)
        )

    def list_reviews(self, number: int) -> tuple[Review, ...]:
        what = f"reviews of pull request {number} of {self._repository}"
        pages = self._pages(f"{self._repo}/pulls/{number}/reviews", what)
        found = self._gather(pages, _read_review, lambda review: review[0])
        return tuple(review for _, review in sorted(found, key=lambda each: each[0]) if review is not None)

    def find_merged(self, revision: str, target: str) -> PullRequest | None:
        what = f"the pull request of commit {revision[:12]} of {self._repository}"
        pages = self._pages(f"{self._repo}/commits/{quote(revision, safe='')}/pulls", what)
        found = self._gather(pages, read_pull_request, lambda pull: pull.number)
        merged = [pull for pull in found if pull.state is PullState.MERGED and pull.target == target]
        # Several may hold a commit; what a pull request was merged as names it alone.
        own = [pull for pull in merged if pull.merged == revision] or merged
        if len(own) > 1:
            numbers = ", ".join(str(pull.number) for pull in own)
            raise ForgeConflict(self.server, f"names several for {what}: {numbers}.")
        return own[0] if own else None

    def list_changed_files(self, number: int) -> tuple[ChangedFile, ...]:
        what = f"changed files of pull request {number} of {self._repository}"
        pages = self._pages(f"{self._repo}/pulls/{number}/files", what)
        return self._demand_all(number, self._gather(pages, read_changed_file, lambda file: file.path))

    def _pages(
        self, path: str, what: str, query: Mapping[str, str] | None = None
    ) -> Iterator[Iterator[Fields]]:
        """A list's pages, each asked for where the one before says that it goes on."""
        asked: Mapping[str, str] = {**(query or {}), "per_page": str(self._transport.patience.items)}
        for _ in range(self._transport.patience.pages):
            answer = self._ask("GET", path, what, query=asked)
            yield read_list(answer.body, server=self.server, where=what)
            link = _NEXT.search(answer.headers.get("Link", ""))
            if link is None:
                return
            # Of the link only the question: its host could be one that the token is not meant for.
            asked = dict(parse_qsl(urlsplit(link.group(1)).query))
        raise self._too_many(what)


def _read_review(fields: Fields) -> tuple[int, Review | None]:
    """A review with its number; None for one that is not submitted yet."""
    verdict = _VERDICTS.get(fields.demand("state"))
    if verdict is None:
        return fields.number("id"), None
    return fields.number("id"), Review(
        author=read_login(fields),
        verdict=verdict,
        revision=fields.text("commit_id"),
        counts=fields.text("author_association") in _INSIDERS and verdict is not Verdict.DISMISSED,
    )
