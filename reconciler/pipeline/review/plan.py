"""`plan --base`: the plan of a change, and the review of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler.clients.registry.interface import RegistryReader
from reconciler.clients.source.interface import Lineage, Revision, Source
from reconciler.pipeline.check import find_files, load_tree, load_worktree
from reconciler.pipeline.history.base import Base, check_change, list_changed, read_base, read_owners
from reconciler.pipeline.review.change import review_change
from reconciler.pipeline.review.offline import Planned, plan_offline
from reconciler.pipeline.review.staleness import find_stale
from reconciler.pipeline.verification import leave_registry_out, verify_records
from reconciler.policy.codeowners import has_block
from reconciler.state.history import History
from reconciler.state.owners import OwnersFile
from reconciler.state.repository import Repository
from reconciler.state.reviews import Compared, Review, Stale
from reconciler.validate.checks import Check, check
from reconciler.validate.parse import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be planned: a work tree or one of its commits, `head`, as a change of the branch `base`.

    `environments` limit the plan (none: all), `cluster` is the one to serve where they name several.
    """

    directory: Path
    base: str
    head: str | None = None
    environments: tuple[str, ...] = ()
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """A change's plan with its review."""

    planned: Planned
    review: Review


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Both sides of a comparison; `head` was checked as a change of `base`.

    `head_sha` is empty for a work tree that is no commit; `owned` are the files that differ, where a forge
    asks their owners. `others` are further repositories where the change began.
    """

    base: Check
    head: Check
    base_sha: str
    head_sha: str
    history: History | None = None
    tip: str = ""
    stale: tuple[Stale, ...] = ()
    owned: tuple[str, ...] = ()
    others: tuple[Repository, ...] = ()


def plan_change(
    source: Source,
    question: Question,
    now: datetime,
    *,
    open_registry: Callable[[], RegistryReader] | None = None,
) -> PlannedChange:
    """Plan and review a change; with `open_registry` its records are compared with the registry.

    What others merged since the change began is no part of it. Raises the errors of source and registry,
    and SettingsError for an environment that neither side has.
    """
    head = source.resolve(question.head) if question.head else None
    sides = _read_sides(source, question, head, now)
    checked = (
        leave_registry_out(sides.head)
        if open_registry is None
        else verify_records(sides.head, (sides.base.repository, *sides.others), open_registry)
    )
    compared = Compared(base=sides.base_sha, head=sides.head_sha, tip=sides.tip)
    on = Revision(ref=question.base, sha=sides.base_sha)
    planned = plan_offline(
        sides.base,
        checked,
        question.environments,
        cluster=question.cluster,
        revision=str(head) if head else f"the work tree, on {on}",
        now=now,
    )
    review = review_change(
        sides.base,
        checked,
        planned.targets,
        compared,
        now=now,
        history=sides.history,
        stale=sides.stale,
        owned=sides.owned,
        others=sides.others,
    )
    return PlannedChange(planned=planned, review=review)


def _read_sides(source: Source, question: Question, head: Revision | None, now: datetime) -> _Sides:
    if head is None:
        return _read_worktree(source, question, now)
    if _is_behind(source, question.base, head):
        return _look_back(source, question.base, head, now)
    tree = source.read(head)
    loaded = load_tree(tree)
    base = read_base(source, question.base, head.sha, tree.files, loaded, now)
    before = read_owners(source, base.fork)
    checked = check_change(loaded, base, now, read_owners(source, head.sha), before)
    return _compare(source, base, before, checked, tree.files, head.sha)


def _read_worktree(source: Source, question: Question, now: datetime) -> _Sides:
    worktree = find_files(question.directory)
    head = source.resolve("HEAD")
    loaded = load_worktree(worktree)
    base = read_base(source, question.base, head.sha, worktree.files, loaded, now)
    before = read_owners(source, base.fork)
    checked = check_change(loaded, base, now, worktree.codeowners, before)
    committed = source.read(head, known=(*worktree.files.values(), *base.files.values()))
    clean = (worktree.files, worktree.links) == (committed.files, committed.links)
    return _compare(source, base, before, checked, worktree.files, head.sha if clean else "")


def _compare(
    source: Source,
    base: Base,
    owners: OwnersFile | None,
    head: Check,
    files: Mapping[str, bytes],
    head_sha: str,
) -> _Sides:
    moved = base.fork != base.main.sha
    return _Sides(
        base=check(base.loaded, like=base.repository),
        head=head,
        base_sha=base.fork,
        head_sha=head_sha,
        history=base.history,
        tip=base.main.sha if moved else "",
        stale=_find_stale(source, base, head.repository, files) if moved else (),
        owned=_list_owned(owners, base.files, files),
        others=base.others,
    )


def _is_behind(source: Source, base: str, head: Revision) -> bool:
    """Whether the main branch has it all already, so that the question is what going back would do."""
    main = source.resolve(base)
    return main.sha != head.sha and source.find_lineage(head.sha, main.sha) is Lineage.ANCESTOR


def _look_back(source: Source, base: str, head: Revision, now: datetime) -> _Sides:
    main = source.resolve(base)
    tip = source.read(main)
    loaded = load_tree(tip)
    before = check(loaded)
    tree = source.read(head, known=tip.files.values())
    after = check(load_tree(tree, like=loaded), base=before.repository, now=now)
    owned = _list_owned(read_owners(source, main.sha), tip.files, tree.files)
    return _Sides(base=before, head=after, base_sha=main.sha, head_sha=head.sha, owned=owned)


def _list_owned(
    owners: OwnersFile | None, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> tuple[str, ...]:
    """The files that differ; none where the base's CODEOWNERS lacks our block: then no forge asks."""
    return tuple(list_changed(before, after)) if has_block(owners) else ()


def _find_stale(
    source: Source, base: Base, head: Repository, files: Mapping[str, bytes]
) -> tuple[Stale, ...]:
    tip = load_tree(source.read(base.main, known=base.files.values()), like=base.loaded)
    return find_stale(
        base.repository,
        head,
        parse(tip, like=base.repository)[0],
        here=list_changed(base.files, files),
        there=source.list_changed(base.fork, base.main.sha),
    )
