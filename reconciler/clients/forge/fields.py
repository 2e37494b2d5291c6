"""Reading a forge's JSON: fields by name, or an error that says which one is not as its API has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.clients.forge.interface import (
    ChangedFile,
    Comment,
    FileChange,
    ForgeRefused,
    PullRequest,
    PullState,
)

_CHANGES: Mapping[str, FileChange] = {
    "added": FileChange.ADDED,
    "copied": FileChange.ADDED,
    "deleted": FileChange.REMOVED,  # Gitea's word
    "removed": FileChange.REMOVED,  # GitHub's
    "renamed": FileChange.RENAMED,
}


class Fields:
    """An object of an answer; `where` names it in messages."""

    def __init__(self, value: Any, *, server: str, where: str) -> None:
        """Raises ForgeRefused where the value is no object."""
        self._server = server
        self._where = where
        if not isinstance(value, dict):
            raise self._wrong("is no object")
        self._value: dict[str, Any] = value

    def text(self, name: str) -> str:
        """A field of text; empty where it is null or missing, as forges leave out what is empty."""
        value = self._value.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(f"has no text in `{name}`")
        return value

    def demand(self, name: str) -> str:
        """A field of text that is never empty."""
        value = self.text(name)
        if not value:
            raise self._wrong(f"has no `{name}`")
        return value

    def number(self, name: str) -> int:
        """A field that is a whole number."""
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(f"has no number in `{name}`")
        return value

    def maybe_number(self, name: str) -> int | None:
        """The same, of a field that some answers leave out."""
        return None if self._value.get(name) is None else self.number(name)

    def flag(self, name: str) -> bool:
        """A field that is true; one that is missing is not."""
        return self._value.get(name) is True

    def part(self, name: str) -> Fields:
        """An object in a field."""
        return Fields(self._value.get(name), server=self._server, where=f"{self._where}, `{name}`")

    def maybe_part(self, name: str) -> Fields | None:
        """The same; None where it is null: accounts and forks may be gone."""
        return None if self._value.get(name) is None else self.part(name)

    def _wrong(self, what: str) -> ForgeRefused:
        return ForgeRefused(
            self._server, f"answers in a form that its API does not have: {self._where} {what}."
        )


def read_list(value: Any, *, server: str, where: str) -> Iterator[Fields]:
    """The objects of a list. Raises ForgeRefused."""
    if not isinstance(value, list):
        raise ForgeRefused(server, f"answers in a form that its API does not have: {where} is no list.")
    for item in value:
        yield Fields(item, server=server, where=where)


def read_login(fields: Fields) -> str:
    """Who made a thing; empty where the account is gone."""
    user = fields.maybe_part("user")
    return "" if user is None else user.text("login")


def read_pull_request(fields: Fields) -> PullRequest:
    """A pull request; GitHub and Gitea name its fields alike. Raises ForgeRefused."""
    head, base = fields.part("head"), fields.part("base")
    fork = head.maybe_part("repo")
    state = PullState.OPEN if fields.demand("state") == "open" else PullState.CLOSED
    merged = state is PullState.CLOSED and bool(fields.text("merged_at"))
    return PullRequest(
        number=fields.number("number"),
        title=fields.text("title"),
        body=fields.text("body"),
        state=PullState.MERGED if merged else state,
        author=read_login(fields),
        source=head.text("ref"),
        source_repository="" if fork is None else fork.text("full_name"),
        head=head.demand("sha"),
        target=base.demand("ref"),
        base=base.text("sha"),
        address=fields.text("html_url"),
        draft=fields.flag("draft"),
        # Before a merge, GitHub puts the commit of a trial merge here.
        merged=fields.text("merge_commit_sha") if merged else "",
        files=fields.maybe_number("changed_files"),
    )


def read_comment(fields: Fields) -> Comment:
    """A comment; both name its fields alike. Raises ForgeRefused."""
    return Comment(id=fields.number("id"), author=read_login(fields), body=fields.text("body"))


def read_changed_file(fields: Fields) -> ChangedFile:
    """A file of a pull request; what neither names otherwise counts as modified. Raises ForgeRefused."""
    change = _CHANGES.get(fields.text("status"), FileChange.MODIFIED)
    return ChangedFile(
        path=fields.demand("filename"),
        change=change,
        previous=fields.text("previous_filename") if change is FileChange.RENAMED else "",
    )
