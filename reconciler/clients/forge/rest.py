"""What GitHub's and Gitea's APIs have in common: most paths, most fields, and what a status means."""

from __future__ import annotations

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from reconciler.clients.forge.fields import Fields, read_comment, read_pull_request
from reconciler.clients.forge.interface import (
    STATUS_WORDS,
    ChangedFile,
    Comment,
    ForgeConflict,
    ForgeError,
    ForgeNotFound,
    ForgeRefused,
    ForgeUnreachable,
    NewFile,
    NewPullRequest,
    PullRequest,
    Status,
)
from reconciler.clients.forge.transport import Answer, Request, Transport
from reconciler.clients.source.failures import clean, mask

T = TypeVar("T")
_CONFLICTS = frozenset({405, 409, 412, 422, 423})
_MOST_WORDS = 300
_WRITERS = frozenset({"owner", "admin", "write"})


class RestForge(ABC):
    """One repository of a forge; what differs between forges is in the classes below this one."""

    _adding = "POST"
    """The method by which a file comes to be."""

    def __init__(
        self, transport: Transport, repository: str, *, prefix: str, advice: str, secrets: tuple[str, ...]
    ) -> None:
        """`prefix` is the API's path, `advice` how credentials are given, `secrets` never reach a message."""
        owner, _, name = repository.partition("/")
        self._transport = transport
        self._repository = repository
        self._prefix = prefix
        self._repo = f"{prefix}/repos/{quote(owner, safe='')}/{quote(name, safe='')}"
        self._advice = advice
        self._secrets = secrets

    @property
    def server(self) -> str:
        return self._transport.server

    @property
    def repository(self) -> str:
        return self._repository

    @abstractmethod
    def list_open(self) -> tuple[PullRequest, ...]:
        """As the port says."""

    def find_open(self, source: str, target: str, fork: str = "") -> PullRequest | None:
        ours = (fork or self._repository).lower()
        for found in self.list_open():
            if found.source_repository.lower() == ours and (found.source, found.target) == (source, target):
                return found
        return None

    def read_pull_request(self, number: int) -> PullRequest:
        what = f"pull request {number} of {self._repository}"
        answer = self._ask("GET", f"{self._repo}/pulls/{number}", what)
        return read_pull_request(self._fields(answer.body, what))

    def open_pull_request(self, new: NewPullRequest) -> PullRequest:
        what = f"a pull request from {new.head} into {new.target} of {self._repository}"
        body = {"title": new.title, "body": new.body, "head": new.head, "base": new.target}
        answer = self._ask("POST", f"{self._repo}/pulls", what, body=body)
        return read_pull_request(self._fields(answer.body, what))

    def update_pull_request(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> PullRequest:
        given = {"title": title, "body": body}
        return self._write(number, {name: text for name, text in given.items() if text is not None})

    def close_pull_request(self, number: int) -> PullRequest:
        return self._write(number, {"state": "closed"})

    def add_comment(self, number: int, body: str) -> Comment:
        what = f"a comment on pull request {number} of {self._repository}"
        path = f"{self._repo}/issues/{number}/comments"
        answer = self._ask("POST", path, what, body={"body": body})
        return read_comment(self._fields(answer.body, what))

    def edit_comment(self, comment: int, body: str) -> Comment:
        what = f"comment {comment} of {self._repository}"
        answer = self._ask("PATCH", f"{self._repo}/issues/comments/{comment}", what, body={"body": body})
        return read_comment(self._fields(answer.body, what))

    def delete_comment(self, comment: int) -> None:
        try:
            what = f"comment {comment} of {self._repository}"
            self._ask("DELETE", f"{self._repo}/issues/comments/{comment}", what)
        except ForgeNotFound:
            return

    def set_status(self, revision: str, status: Status) -> None:
        words = status.description
        body = {
            "context": status.name,
            "state": status.state.value,
            "description": words if len(words) <= STATUS_WORDS else f"{words[: STATUS_WORDS - 1]}…",
            **({"target_url": status.address} if status.address else {}),
        }
        what = f"the status {status.name} of commit {revision[:12]} of {self._repository}"
        # Said twice it says the same: the last one of a name counts.
        self._ask(
            "POST", f"{self._repo}/statuses/{quote(revision, safe='')}", what, body=body, repeatable=True
        )

    def may_write(self, login: str) -> bool:
        what = f"what {login} may do in {self._repository}"
        try:
            answer = self._ask("GET", f"{self._repo}/collaborators/{quote(login, safe='')}/permission", what)
        except ForgeNotFound:
            return False
        return self._fields(answer.body, what).text("permission") in _WRITERS

    def add_file(self, new: NewFile) -> str:
        what = f"the file {new.path} on branch {new.branch} of {self._repository}"
        body = {
            "branch": new.branch,
            "content": b64encode(new.content).decode("ascii"),
            "message": new.message,
        }
        path = f"{self._repo}/contents/{quote(new.path)}"
        answer = self._ask(self._adding, path, what, body=body, repeatable=False)
        return self._fields(answer.body, what).part("commit").demand("sha")

    def _write(self, number: int, body: Mapping[str, Any]) -> PullRequest:
        what = f"pull request {number} of {self._repository}"
        answer = self._ask("PATCH", f"{self._repo}/pulls/{number}", what, body=body)
        return read_pull_request(self._fields(answer.body, what))

    def _fields(self, value: Any, where: str) -> Fields:
        return Fields(value, server=self.server, where=where)

    def _demand_all(self, number: int, files: Iterable[ChangedFile]) -> tuple[ChangedFile, ...]:
        """The files, if they are as many as the pull request says; lists are cut, and pages move."""
        found = tuple(sorted(files))
        told = self.read_pull_request(number).files
        if told is not None and told != len(found):
            raise ForgeUnreachable(
                self.server,
                f"lists {len(found)} of the {told} files that pull request {number} of "
                f"{self._repository} changes, so nothing is concluded from them.",
            )
        return found

    def _ask(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """The answer to a call that succeeded. Raises ForgeError."""
        answer = self._transport.send(
            Request(method=method, path=path, what=what, query=query or {}, body=body, repeatable=repeatable)
        )
        if 200 <= answer.status < 300:
            return answer
        raise self._explain(answer, what)

    def _explain(self, answer: Answer, what: str) -> ForgeError:
        status, told = answer.status, self._quote(answer)
        if status == 401:
            return ForgeRefused(
                self.server, f"does not accept the credentials for {what}; {self._advice}{told}"
            )
        if status == 403:
            return ForgeRefused(
                self.server, f"does not let this caller have {what}; its token lacks a right{told}"
            )
        if status in (404, 410):
            return ForgeNotFound(
                self.server, f"does not know {what}, or hides it from this caller; {self._advice}{told}"
            )
        if 300 <= status < 400:
            return ForgeRefused(
                self.server,
                f"redirects {what} to another address, which is not followed lest the token go there; "
                "was the repository renamed? Give the remote its present address.",
            )
        if status in _CONFLICTS:
            return ForgeConflict(self.server, f"does not take {what} as things are ({status}){told}")
        return ForgeRefused(self.server, f"does not take the call for {what} ({status}){told}")

    def _quote(self, answer: Answer) -> str:
        """The forge's own words, short and without secrets."""
        body = answer.body if isinstance(answer.body, dict) else {}
        errors = body.get("errors")
        details = [
            str(error.get("message") or f"{error.get('field')} {error.get('code')}")
            if isinstance(error, dict)
            else str(error)
            for error in (errors if isinstance(errors, list) else [])
        ]
        words = clean(mask("; ".join([str(body.get("message") or ""), *details]), self._secrets)).strip("; ")
        return f" (it says: {words[:_MOST_WORDS]})" if words else "."

    def _gather(
        self, pages: Iterable[Iterable[Fields]], read: Callable[[Fields], T], key: Callable[[T], object]
    ) -> tuple[T, ...]:
        """What is on all pages, once each: what is added meanwhile moves things from page to page."""
        found: dict[object, T] = {}
        for page in pages:
            for fields in page:
                item = read(fields)
                found.setdefault(key(item), item)
        return tuple(found.values())

    def _too_many(self, what: str) -> ForgeUnreachable:
        pages = self._transport.patience.pages
        return ForgeUnreachable(self.server, f"has more than {pages} pages of {what}, so none is judged.")
