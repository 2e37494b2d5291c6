"""One reconcile run: one commit, resolved once, for any number of targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from reconciler.apply.clock import Clock
from reconciler.apply.lease import LeaseTerms
from reconciler.clients.cluster.interface import Cluster
from reconciler.clients.source.interface import Revision, Source
from reconciler.pipeline.ancestry import ask_ancestry
from reconciler.pipeline.check import check_tree
from reconciler.pipeline.desired import render_environment
from reconciler.pipeline.look import TargetRequest
from reconciler.pipeline.selection import describe_missing, find_missing, select_environments
from reconciler.pipeline.target import Progress, sync_target
from reconciler.pipeline.vanished import judge_vanished
from reconciler.policy.clusters import view_cluster
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncTools:
    """What a run works with: where declarations come from, where they go, time, and who is told meanwhile."""

    source: Source
    cluster: Cluster
    clock: Clock
    progress: Progress


def sync(request: SyncRequest, settings: Settings, tools: SyncTools) -> Run:
    """Make the cluster equal to the revision that `settings.ref` stands for now.

    Raises SettingsError for names that cannot be meant, SourceError if the revision cannot be read whole.
    Everything that goes wrong at a target is told in that target's run; the others go on.
    """
    only = _parse_only(request.only)
    names = tuple(sorted({*request.environments, *only}))
    revision = tools.source.resolve(settings.ref)
    check = check_tree(tools.source.read(revision))
    _refuse_unknown_deployments(check, only)
    find_ancestry = ask_ancestry(tools.source, revision)
    runs = []
    for entry in select_environments(check.repository, names, settings.cluster.name):
        if entry.environment is None:
            runs.append(_tell_unreadable(entry, check, revision, settings.cluster.name))
            continue
        wanted = TargetRequest(
            rendered=render_environment(
                check, entry.name, cluster=settings.cluster.name, commit=revision.sha
            ),
            environment=entry.environment.declaration,
            waivers=entry.exceptions.declaration.waivers if entry.exceptions else (),
            revision=str(revision),
            find_ancestry=find_ancestry,
            entry=entry,
            view=view_cluster(entry.environment.declaration, settings.cluster.name),
            models=check.repository.models,
            terms=LeaseTerms(duration=settings.lease_duration, wait=settings.lease_wait),
            only=only.get(entry.name),
            wait=settings.wait,
        )
        runs.append(sync_target(wanted, tools.cluster, tools.clock, tools.progress))
    runs += judge_vanished(check.repository, names, tools.cluster, str(revision), find_ancestry)
    told = {run.target.environment for run in runs}
    unknown = [name for name in find_missing(check.repository, names) if name not in told]
    if unknown and not runs:
        raise SettingsError("; ".join(describe_missing(check.repository, name) for name in unknown))
    runs += [_tell_unknown(check, name, revision) for name in unknown]
    if not runs:
        raise SettingsError(
            f"{revision} holds no environment for this cluster; add one: modelsync add environment"
        )
    return Run(revision=str(revision), targets=tuple(runs))


def _refuse_unknown_deployments(check: Check, only: dict[str, frozenset[str]]) -> None:
    for name, deployments in only.items():
        entry = check.repository.environments.get(name)
        known = {*entry.deployments, *entry.faulty_deployments} if entry is not None else set()
        for deployment in sorted(deployments - known):
            near = get_close_matches(deployment, known, n=1)
            hint = f" Did you mean {name}/{near[0]}?" if near else ""
            raise SettingsError(f"--only: there is no deployment {name}/{deployment}.{hint}")


def _tell_unreadable(entry: EnvironmentEntry, check: Check, revision: Revision, cluster: str) -> TargetRun:
    folder = f"environments/{entry.name}/"
    said = [
        f"{finding.location}: {finding.rule}: {finding.message.splitlines()[0]}"
        for finding in check.findings
        if finding.is_error and finding.location.file.startswith(folder)
    ]
    lines = "\n    ".join(said) or f"{folder}environment.yaml is missing"
    return TargetRun(
        target=Target(environment=entry.name, namespace="", cluster=cluster),
        revision=str(revision),
        outcome=Outcome.FINDINGS,
        message=f"its environment.yaml cannot be used, so it is left as it was last applied:\n    {lines}",
    )


def _tell_unknown(check: Check, name: str, revision: Revision) -> TargetRun:
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
