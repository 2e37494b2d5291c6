"""Reads what a main branch tells of what served, no more of it than the question needs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from reconciler.clients.source.interface import MainLine, Source
from reconciler.load.layout import FileKind, find_place
from reconciler.pipeline.history_spans import derive_history
from reconciler.state.history import History

_KINDS = frozenset({FileKind.DEPLOYMENT, FileKind.ENVIRONMENT, FileKind.RECORD})


def read_history(
    source: Source,
    head: str,
    now: datetime,
    *,
    environments: Collection[str] | None = None,
    models: Collection[str] | None = None,
) -> History:
    """The history of the main branch up to `head` (a commit's full name), as it stands at `now`.

    Only that of `environments` and `models` if they are given: contents of other files are not even read.
    Raises the source's errors.
    """
    line = source.read_line(head)
    names = tuple(dict.fromkeys(_list_names(line, environments, models)))
    return derive_history(line, source.read_contents(head, names), now, models)


def _list_names(
    line: MainLine, environments: Collection[str] | None, models: Collection[str] | None
) -> list[str]:
    return [
        change.name
        for commit in line.commits
        for change in commit.changes
        if change.name and _is_wanted(change.path, environments, models)
    ]


def _is_wanted(path: str, environments: Collection[str] | None, models: Collection[str] | None) -> bool:
    place = find_place(path)
    if place is None or place.kind not in _KINDS:
        return False
    wanted = models if place.kind is FileKind.RECORD else environments
    return wanted is None or place.folder in wanted
