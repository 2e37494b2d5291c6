"""One pull request for one branch: opened where there is none, else written anew in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from reconciler.clients.forge.interface import Forge, ForgeConflict, NewPullRequest, PullRequest

_MOST_TITLE = 240
"""Characters; the least that a forge takes is 255 (Gitea), and some count bytes."""


class Proposed(str, Enum):
    """What became of a proposal."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pull request, and what was done to have it so."""

    pull: PullRequest
    done: Proposed


def propose(forge: Forge, new: NewPullRequest) -> Proposal:
    """Have exactly one open pull request of these branches, with this title and body.

    Nothing is written where it is so already. Raises ForgeError.
    """
    wanted = replace(new, title=_shorten(new.title))
    found = forge.find_open(wanted.source, wanted.target, wanted.fork)
    if found is None:
        try:
            return Proposal(pull=forge.open_pull_request(wanted), done=Proposed.OPENED)
        except ForgeConflict:
            # Another run was quicker, or there is nothing to merge.
            found = forge.find_open(wanted.source, wanted.target, wanted.fork)
            if found is None:
                raise
    if found.title == wanted.title and _trim(found.body) == _trim(wanted.body):
        return Proposal(pull=found, done=Proposed.UNCHANGED)
    updated = forge.update_pull_request(found.number, title=wanted.title, body=wanted.body)
    return Proposal(pull=updated, done=Proposed.UPDATED)


def _shorten(title: str) -> str:
    return title if len(title) <= _MOST_TITLE else f"{title[: _MOST_TITLE - 1]}…"


def _trim(body: str) -> str:
    """A body without what forges change by themselves: line ends, and blanks around it."""
    return body.replace("\r\n", "\n").strip()
