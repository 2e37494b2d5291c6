"""One reconcile run: one commit, resolved once, for any number of targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.apply.clock import Clock
from reconciler.apply.lease import LeaseTerms
from reconciler.clients.cluster.interface import Cluster
from reconciler.clients.source.interface import Revision, Source
from reconciler.pipeline.ancestry import ask_ancestry
from reconciler.pipeline.check import check_tree
from reconciler.pipeline.desired import render_environment
from reconciler.pipeline.selection import describe_missing, find_missing, select_environments
from reconciler.pipeline.target import Progress, TargetRequest, sync_target
from reconciler.pipeline.vanished import judge_vanished
from reconciler.settings import Settings, SettingsError
from reconciler.state.outcomes import Outcome
from reconciler.state.repository import EnvironmentEntry
from reconciler.state.runs import Run, TargetRun
from reconciler.state.targets import Target
from reconciler.validate.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """What to sync: environments (empty: all of the cluster), or single deployments of them."""

    environments: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def sync(
    request: SyncRequest,
    settings: Settings,
    source: Source,
    cluster: Cluster,
    clock: Clock,
    progress: Progress,
) -> Run:
    """Make the cluster equal to the revision that `settings.ref` stands for now.

    Raises SettingsError for names that cannot be meant, SourceError if the revision cannot be read whole.
    Everything that goes wrong at a target is told in that target's run; the others go on.
    """
    only = _parse_only(request.only)
    names = tuple(sorted({*request.environments, *only}))
    revision = source.resolve(settings.ref)
    check = check_tree(source.read(revision))
    missing = find_missing(check.repository, names)
    runs = [
        _sync_environment(
            entry, check, revision, only.get(entry.name), settings, source, cluster, clock, progress
        )
        for entry in select_environments(check.repository, names, settings.cluster.name)
    ]
    runs += judge_vanished(check.repository, names, cluster, str(revision), ask_ancestry(source, revision))
    told = {run.target.environment for run in runs}
    unknown = [name for name in missing if name not in told]
    if unknown and not runs:
        raise SettingsError("; ".join(describe_missing(check.repository, name) for name in unknown))
    runs += [_refuse_unknown(check, name, revision) for name in unknown]
    if not runs:
        raise SettingsError(
            f"{revision} holds no environment for this cluster; add one: modelsync add environment"
        )
    return Run(revision=str(revision), targets=tuple(runs))


def _sync_environment(
    entry: EnvironmentEntry,
    check: Check,
    revision: Revision,
    only: frozenset[str] | None,
    settings: Settings,
    source: Source,
    cluster: Cluster,
    clock: Clock,
    progress: Progress,
) -> TargetRun:
    if entry.environment is None:
        return _tell_unreadable(entry, check, revision, settings)
    rendered = render_environment(check, entry.name, cluster=settings.cluster.name, commit=revision.sha)
    request = TargetRequest(
        rendered=rendered,
        environment=entry.environment.declaration,
        waivers=entry.exceptions.declaration.waivers if entry.exceptions else (),
        revision=str(revision),
        find_ancestry=ask_ancestry(source, revision),
        terms=LeaseTerms(duration=settings.lease_duration, wait=settings.lease_wait),
        only=only,
        wait=settings.wait,
    )
    return sync_target(request, cluster, clock, progress)


def _tell_unreadable(
    entry: EnvironmentEntry, check: Check, revision: Revision, settings: Settings
) -> TargetRun:
    folder = f"environments/{entry.name}/"
    said = [
        f"{finding.location}: {finding.rule}: {finding.message.splitlines()[0]}"
        for finding in check.findings
        if finding.is_error and finding.location.file.startswith(folder)
    ]
    lines = "\n    ".join(said) or f"{folder}environment.yaml is missing"
    return TargetRun(
        target=Target(environment=entry.name, namespace="", cluster=settings.cluster.name),
        revision=str(revision),
        outcome=Outcome.FINDINGS,
        message=f"its environment.yaml cannot be used, so it is left as it was last applied:\n    {lines}",
    )


def _refuse_unknown(check: Check, name: str, revision: Revision) -> TargetRun:
    return TargetRun(
        target=Target(environment=name, namespace=""),
        revision=str(revision),
        outcome=Outcome.CONFIGURATION,
        message=describe_missing(check.repository, name),
    )


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
