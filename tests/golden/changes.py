"""A case's change: its `base/` holds the files that differ before it; an empty one was not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.pipeline.history.base import list_changed
from reconciler.pipeline.review.change import review_change
from reconciler.pipeline.review.offline import plan_offline
from reconciler.pipeline.verification import leave_registry_out
from reconciler.state.history import History, ServedSpan
from reconciler.state.repository import Repository
from reconciler.state.reviews import Compared, Review, Stale
from reconciler.validate.checks import check

NOW = datetime(2026, 11, 23, 14, 10, tzinfo=timezone.utc)
BASE, HEAD = "77ad03e" + "0" * 33, "4be2a91" + "0" * 33
_OLD = timedelta(days=30)
_YOUNG = timedelta(hours=26)


def read_sides(case: Path) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
    """The files before and after a case's change."""
    after, before = read_worktree(case / "input").files, read_worktree(case / "base").files
    return {path: data for path, data in {**after, **before}.items() if data}, after


def review_files(
    before: Mapping[str, bytes], after: Mapping[str, bytes], stale: tuple[Stale, ...] = ()
) -> Review:
    """The review of a change between two sets of files, as a fixed moment sees it."""
    base = check(load(before))
    history = _remember(base.repository)
    head = leave_registry_out(check(load(after), base=base.repository, now=NOW, history=history))
    planned = plan_offline(base, head, (), cluster="", revision=HEAD, now=NOW)
    compared = Compared(base=BASE, head=HEAD)
    return review_change(
        base,
        head,
        planned.targets,
        compared,
        now=NOW,
        history=history,
        stale=stale,
        owned=list_changed(before, after),
    )


def _remember(base: Repository) -> History:
    """Everything of the base has served as it is: v3 for a month, all else for 26 hours."""
    return History(
        head=BASE,
        complete=True,
        spans=tuple(
            ServedSpan(
                environment=environment,
                deployment=name,
                model=entry.declaration.model,
                version=variant.version,
                digest=_find_digest(base, entry.declaration.model, variant.version),
                shadow=variant.shadow is not None,
                share=variant.traffic or variant.shadow or 0,
                since=NOW - (_OLD if variant.version == 3 else _YOUNG),
                until=None,
                revision=BASE,
            )
            for environment, folder in sorted(base.environments.items())
            for name, entry in sorted(folder.deployments.items())
            for variant in entry.declaration.variants
        ),
    )


def _find_digest(base: Repository, model: str, version: int | None) -> str:
    record = base.models[model].records.get(version or 0)
    return record.declaration.identity.digest if record is not None else ""
