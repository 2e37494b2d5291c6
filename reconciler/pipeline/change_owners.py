"""Whose approval the files of a change need, by the owners that its base declares. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.policy.codeowners import find_owners
from reconciler.state.documents import Location
from reconciler.state.findings import Approval
from reconciler.state.repository import Entry, Repository


def list_owner_approvals(base: Repository, head: Repository) -> Iterator[Approval]:
    """An approval for each declaration that is new, different or gone, and that somebody owns.

    Owners are those of the base: who is named by the change itself could be anybody.
    """
    before, after = dict(_list_files(base)), dict(_list_files(head))
    # What did not change is mostly the same object, which is quicker to see than that it is equal.
    changed = sorted(
        path
        for path in {*before, *after}
        if before.get(path) is not after.get(path) and before.get(path) != after.get(path)
    )
    for path, owners in find_owners(base, changed).items():
        yield Approval(rule="", subject=path, reason="", owners=owners, location=Location(file=path))


def _list_files(repository: Repository) -> Iterator[tuple[str, object]]:
    entries: list[Entry[Any] | None] = [repository.defaults]
    for model in repository.models.values():
        entries += [model.model, *model.records.values()]
    for environment in repository.environments.values():
        entries += [environment.environment, environment.exceptions, *environment.deployments.values()]
        yield from ((extra.file, extra.text) for extra in environment.extras)
    yield from ((entry.document.file, entry.declaration) for entry in entries if entry is not None)
