"""Whose approval the files of a change need, by the owners that its base declares. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.policy.codeowners import find_owners
from reconciler.state.documents import Location
from reconciler.state.findings import Approval
from reconciler.state.repository import Repository


def list_owner_approvals(base: Repository, changed: Iterable[str]) -> Iterator[Approval]:
    """An approval for each of these files that somebody owns; no rule and no reason asks for it.

    Owners are those of the base: who is named by the change itself could be anybody.
    """
    for path, owners in find_owners(base, sorted(changed)).items():
        yield Approval(rule="", subject=path, reason="", owners=owners, location=Location(file=path))
