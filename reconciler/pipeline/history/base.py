"""What a change is judged against: the declarations where it began, and the history of its main branch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler.clients.source.interface import Revision, RevisionNotFound, Source, Tree
from reconciler.load.documents import Loaded, LoadedFile, load
from reconciler.load.layout import FileKind, find_place
from reconciler.pipeline.check import find_files, load_tree, load_worktree
from reconciler.pipeline.history.reading import read_history
from reconciler.pipeline.history.spans import find_digest
from reconciler.pipeline.history.waivers import list_waived
from reconciler.policy.codeowners import has_block
from reconciler.policy.graphs import list_nodes
from reconciler.state.declarations import Deployment, Environment
from reconciler.state.history import History
from reconciler.state.owners import CODEOWNERS_PLACES, OwnersFile
from reconciler.state.repository import Repository
from reconciler.validate.checks import Check, check
from reconciler.validate.parse import parse, parse_document


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """`main` is the tip that the change is to be merged into, `fork` the commit of it where it began.

    `repository` is that of the fork, so that what others merged since is not taken for part of the change;
    `history` is that of the tip, and tells of the models that the change is about, in the environments that
    it touches and those upstream of them. `files` and `loaded` are those of the fork. Where branches were
    merged crosswise the change began at several commits; `others` are the repositories of the rest of them.
    """

    main: Revision
    fork: str
    repository: Repository
    history: History
    files: Mapping[str, bytes]
    loaded: Loaded
    others: tuple[Repository, ...] = ()

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """Those of all commits where the change began."""
        return (self.repository, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is wrong with a change, and what it was compared with."""

    check: Check
    base: Base


def judge_worktree(directory: Path, source: Source, ref: str, now: datetime) -> Judged:
    """Check a work tree as a change of the main branch `ref`.

    Raises the source's errors, and SettingsError where there is nothing to check.
    """
    worktree = find_files(directory)
    loaded = load_worktree(worktree)
    base = read_base(source, ref, source.resolve("HEAD").sha, worktree.files, loaded, now)
    return Judged(check=_judge(source, loaded, base, now, worktree.codeowners), base=base)


def judge_revision(source: Source, ref: str, head: Revision, now: datetime) -> Judged:
    """Check a commit as a change of the main branch `ref`. Raises the source's errors."""
    tree = source.read(head)
    loaded = load_tree(tree)
    base = read_base(source, ref, head.sha, tree.files, loaded, now)
    owners = read_owners(source, head.sha)
    return Judged(check=_judge(source, loaded, base, now, owners), base=base)


def _judge(source: Source, loaded: Loaded, base: Base, now: datetime, codeowners: OwnersFile | None) -> Check:
    # It costs processes of git, and only a change that ends without the block can have taken it away.
    before = None if has_block(codeowners) else read_owners(source, base.fork)
    return check_change(loaded, base, now, codeowners, before)


def check_change(
    loaded: Loaded,
    base: Base,
    now: datetime,
    codeowners: OwnersFile | None,
    owned_before: OwnersFile | None,
) -> Check:
    """Check what a change ends with as a change of `base`; `codeowners` is what it ends with, too.

    `owned_before` is that file in the base, needed only where the change ends without the block.
    """
    return check(
        loaded,
        base=base.repository,
        now=now,
        history=base.history,
        codeowners=codeowners,
        owned_before=owned_before,
    )


def read_owners(source: Source, sha: str) -> OwnersFile | None:
    """The file of a commit (full name) that says who approves what; None where there is none."""
    path = source.find_first(sha, CODEOWNERS_PLACES)
    content = source.read_file(sha, path) if path else None
    return None if content is None else OwnersFile(path=path, text=content.decode(errors="replace"))


def read_base(
    source: Source, ref: str, head: str, files: Mapping[str, bytes], loaded: Loaded, now: datetime
) -> Base:
    """The base of the change that ends with `files`: those of the commit `head`, or what lies on top of it.

    `loaded` is what is in them: what the base has in common with it is read no second time. `ref` names the
    main branch. Raises the source's errors.
    """
    main = source.resolve(ref)
    try:
        fork, *others = source.find_merge_bases(main.sha, head)
    except RevisionNotFound:
        # In a clone that is cut short it may be out of sight; the tip is what the change will be merged into.
        fork, others = main.sha, []
    tree = source.read(Revision(ref=ref, sha=fork), known=files.values())
    before = load_tree(tree, like=loaded)
    return Base(
        main=main,
        fork=fork,
        repository=parse(before)[0],
        history=read_history(
            source,
            main.sha,
            now,
            environments=find_environments(before, loaded, list_changed(tree.files, files)),
            models=find_models(tree.files, files),
            waived=list_waived(files),
        ),
        files=tree.files,
        loaded=before,
        others=tuple(_read_repository(source, Revision(ref=ref, sha=sha), tree, before) for sha in others),
    )


def _read_repository(source: Source, revision: Revision, known: Tree, like: Loaded) -> Repository:
    return parse(load_tree(source.read(revision, known=known.files.values()), like=like))[0]


def find_models(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> frozenset[str]:
    """The folders of models whose serving may differ, and of those that hold equal artifacts."""
    changed = list_changed(before, after)
    models = frozenset(
        name for side in (before, after) for name in _list_models({p: side[p] for p in changed if p in side})
    )
    if not models:
        return models
    folders = [(folder, digest) for side in (before, after) for folder, digest in _list_digests(side)]
    digests = {digest for folder, digest in folders if folder in models}
    return models | {folder for folder, digest in folders if digest in digests}


def find_environments(before: Loaded, after: Loaded, changed: Iterable[str]) -> frozenset[str] | None:
    """The environments in which what is served may differ, and their upstreams; None for all of them.

    A record says which artifacts its version is, wherever that is served.
    """
    touched: set[str] = set()
    for path in changed:
        place = find_place(path)
        if place is not None and place.kind is FileKind.RECORD:
            return None
        if place is not None and place.kind in (FileKind.ENVIRONMENT, FileKind.DEPLOYMENT):
            touched.add(place.folder)
    return frozenset(touched).union(
        *(_list_upstream(file) for side in (before, after) for file in side.files if _is_own(file, touched))
    )


def _is_own(file: LoadedFile, environments: Collection[str]) -> bool:
    return file.place.kind is FileKind.ENVIRONMENT and file.place.folder in environments


def _list_upstream(file: LoadedFile) -> tuple[str, ...]:
    """Whom an environment names, as far as its file says so in due form."""
    if file.document is None:
        return ()
    environment = parse_document(FileKind.ENVIRONMENT, file.document)[0]
    return environment.upstream if isinstance(environment, Environment) else ()


def list_changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """The paths at which two sides differ."""
    return [path for path in {**before, **after} if before.get(path) != after.get(path)]


def _list_models(files: Mapping[str, bytes]) -> Iterator[str]:
    repository, _ = parse(load(files))
    for path in files:
        place = find_place(path)
        if place is not None and place.kind is FileKind.RECORD:
            yield place.folder
    for environment in repository.environments.values():
        for entry in environment.deployments.values():
            yield from _name_models(entry.declaration)


def _name_models(deployment: Deployment) -> Iterator[str]:
    yield deployment.model
    for variant in deployment.variants:
        yield from (placed.node.model for placed in list_nodes(variant) if placed.node.model is not None)


def _list_digests(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for path, data in files.items():
        place = find_place(path)
        if place is not None and place.kind is FileKind.RECORD:
            digest = find_digest(path, data)
            if digest:
                yield place.folder, digest
