"""One reconcile run: one commit, resolved once, for any number of targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.apply.clock import Clock
from reconciler.apply.parallel import run_parallel
from reconciler.apply.stop import Stop
from reconciler.clients.cluster.interface import Cluster, ClusterError
from reconciler.clients.source.interface import Revision, Source, SourceError, SourceUnreachable, Tree
from reconciler.pipeline.sync.marks import QuietTerms, describe_terms
from reconciler.pipeline.sync.quiet import NO_RECORDS, Records, find_records, run_quietly
from reconciler.pipeline.sync.signing import read_trust
from reconciler.settings import Settings, SettingsError
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import Run

if TYPE_CHECKING:
    from reconciler.pipeline.sync.outage import Outage
    from reconciler.pipeline.sync.waiting import Progress

# What parses, renders and plans is imported once it is known to be needed: a quiet run ends before.


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """What to sync: environments (empty: all of the cluster), or single deployments of them.

    `at_once` tries a commit that failed before without waiting any longer.
    """

    environments: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncTools:
    """What a run works with: where declarations come from, where they go, time, and who is told meanwhile.

    `stop` is asked between objects, and between targets.
    """

    source: Source
    cluster: Cluster
    clock: Clock
    progress: Progress
    stop: Stop = field(default_factory=Stop)


def sync(request: SyncRequest, settings: Settings, tools: SyncTools) -> Run:
    """Make the cluster equal to the revision that `settings.ref` stands for now.

    Where nothing moved since all was found so, that is seen from the commit's name and from metadata alone.
    While the repository cannot be reached, what a cache holds of it heals drift and does nothing else.
    Raises SettingsError for names that cannot be meant, SourceError if the revision cannot be read whole.
    Everything that goes wrong at a target is told in that target's run; the others go on.
    """
    only = _parse_only(request.only)
    names = tuple(sorted({*request.environments, *only}))
    try:
        return _sync(names, only, settings, tools, at_once=request.at_once)
    except SourceError as error:
        _tell_lost_source(names, error, tools)
        raise


def _tell_lost_source(names: tuple[str, ...], error: SourceError, tools: SyncTools) -> None:
    from reconciler.pipeline.outcomes import find_outcome
    from reconciler.pipeline.sync.failures import Failure, tell_lost_source

    failure = Failure(
        outcome=find_outcome(error) or Outcome.UNDECIDED,
        message=str(error),
        lost=error if isinstance(error, SourceUnreachable) else None,
    )
    tell_lost_source(tools.cluster, names, failure, tools.clock.now())


def _sync(
    names: tuple[str, ...],
    only: dict[str, frozenset[str]],
    settings: Settings,
    tools: SyncTools,
    *,
    at_once: bool,
) -> Run:
    started, before = tools.clock.monotonic(), tools.cluster.reader.requests
    trust = read_trust(settings)
    named, records = _look_up(names, settings, tools)
    terms = describe_terms(settings, named.revision.sha, trust.digest)
    if not only:
        run = _run_quietly(names, records, terms, named.revision, settings, tools)
        if run is not None:
            _remember(named, tools)
            spent = tools.cluster.reader.requests - before
            return _tell_outage(_tell_cost(run, spent, tools.clock.monotonic() - started), named, tools)
    named, tree = _read_and_load(named, settings, tools)
    terms = describe_terms(settings, named.revision.sha, trust.digest)
    from reconciler.pipeline.sync.full import sync_revision

    run = sync_revision(
        named.revision,
        tree,
        names,
        settings,
        tools,
        only=only,
        at_once=at_once,
        records=records,
        terms=terms,
        trust=trust,
        outage=named.outage.seen if named.outage is not None else None,
    )
    return _tell_outage(run, named, tools)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """The revision of a run, and the outage in which another was not to be had."""

    revision: Revision
    outage: Outage | None = None


def _resolve(settings: Settings, tools: SyncTools) -> _Named:
    try:
        return _Named(revision=tools.source.resolve(settings.ref))
    except SourceUnreachable as error:
        return _fall_back(settings, tools, error)


def _read(named: _Named, settings: Settings, tools: SyncTools) -> tuple[_Named, Tree]:
    """What the commit holds; of one that the server names and does not give, what was read last."""
    try:
        tree = tools.source.read(named.revision)
    except SourceUnreachable as error:
        if named.outage is not None:
            raise
        named = _fall_back(settings, tools, error)
        return named, tools.source.read(named.revision)
    _remember(named, tools)
    return named, tree


def _read_and_load(named: _Named, settings: Settings, tools: SyncTools) -> tuple[_Named, Tree]:
    """The same, while the rest of the program is loaded: git is another process."""
    found: list[tuple[_Named, Tree]] = []

    def read() -> None:
        found.append(_read(named, settings, tools))

    def load() -> None:
        import_module("reconciler.pipeline.sync.full")

    for _ in run_parallel((read, load), lambda ask: ask(), limit=2, go_on=lambda: True):
        pass
    return found[0]


def _remember(named: _Named, tools: SyncTools) -> None:
    """Note when a revision of which all is at hand was last named by the repository itself."""
    if named.outage is None:
        tools.source.remember(named.revision, tools.clock.now())


def _fall_back(settings: Settings, tools: SyncTools, error: SourceUnreachable) -> _Named:
    from reconciler.pipeline.sync.outage import find_outage

    outage = find_outage(tools.source, settings, error, tools.clock.now())
    return _Named(revision=outage.revision, outage=outage)


def _tell_outage(run: Run, named: _Named, tools: SyncTools) -> Run:
    if named.outage is None:
        return run
    from reconciler.pipeline.sync.failures import tell_outage

    now = tools.clock.now()
    for item in run.targets:
        if item.plan is not None:
            tell_outage(tools.cluster, item, named.outage.seen, named.outage.reason, now)
    note = named.outage.describe(now)
    return replace(run, targets=tuple(replace(item, notes=(*item.notes, note)) for item in run.targets))


def _look_up(names: tuple[str, ...], settings: Settings, tools: SyncTools) -> tuple[_Named, Records]:
    """The commit, and what the cluster remembers; asked for at once, since each waits for another server."""
    named: list[_Named] = []
    found: list[Records] = []

    def resolve() -> None:
        named.append(_resolve(settings, tools))

    def find() -> None:
        try:
            found.append(find_records(tools.cluster, names))
        except ClusterError:
            # The whole run meets the same and tells it target by target.
            found.append(NO_RECORDS)

    # Not a pool, which would keep a run that is ended waiting for a server that does not answer.
    for _ in run_parallel((resolve, find), lambda ask: ask(), limit=2, go_on=lambda: True):
        pass
    return named[0], found[0]


def _run_quietly(
    names: tuple[str, ...],
    records: Records,
    terms: QuietTerms,
    revision: Revision,
    settings: Settings,
    tools: SyncTools,
) -> Run | None:
    try:
        return run_quietly(
            names,
            records.items,
            terms,
            str(revision),
            cluster=tools.cluster,
            clock=tools.clock,
            waits=settings.wait > 0,
        )
    except ClusterError:
        return None


def _tell_cost(run: Run, requests: int, seconds: float) -> Run:
    """The run with its cost; what was asked for all targets together is told with the first."""
    first, *others = run.targets
    first = replace(first, requests=requests - sum(item.requests for item in others))
    return replace(run, targets=tuple(replace(item, seconds=seconds) for item in (first, *others)))


def _parse_only(names: tuple[str, ...]) -> dict[str, frozenset[str]]:
    return {environment: frozenset(group) for environment, group in _group(names)}


def _group(names: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
    groups: dict[str, set[str]] = {}
    for name in names:
        environment, mark, deployment = name.partition("/")
        if not (environment and mark and deployment):
            raise SettingsError(f'--only is "{name}"; write ENV/DEPLOYMENT, such as production/wines.')
        groups.setdefault(environment, set()).add(deployment)
    yield from groups.items()
