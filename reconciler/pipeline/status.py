"""What is declared, applied, routed and served, and how it is doing. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.apply.clock import Clock
from reconciler.apply.health import assess_all
from reconciler.clients.cluster.interface import Cluster, ClusterError, ClusterReader, NamespaceMissing
from reconciler.clients.source.interface import Revision, Source, SourceUnreachable
from reconciler.observe.closeup import read_closeup
from reconciler.observe.live import observe
from reconciler.pipeline.check import check_tree
from reconciler.pipeline.desired import Rendered, render_environment
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.selection import describe_missing, find_missing, select_environments
from reconciler.pipeline.served import explain_deployment
from reconciler.pipeline.sync.outage import describe_age, find_outage
from reconciler.pipeline.sync.records import find_startup, find_unhealthy
from reconciler.pipeline.traffic import OpenMetrics, read_traffic
from reconciler.plan.exceptions import list_holding, list_in_force
from reconciler.plan.planner import is_ours
from reconciler.plan.shares import read_shares
from reconciler.policy.clusters import view_cluster
from reconciler.settings import Settings, SettingsError
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject, ObjectKey, deployment_of
from reconciler.state.observations import Health, HealthWord, Observation
from reconciler.state.outcomes import Outcome, worst
from reconciler.state.repository import EnvironmentEntry
from reconciler.state.routes import Routes
from reconciler.state.runs import DeploymentStatus, TargetStatus
from reconciler.state.targets import Target
from reconciler.validate.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTools:
    """What status reads from, and how far back it counts requests, in seconds."""

    source: Source
    cluster: Cluster
    clock: Clock
    open_metrics: OpenMetrics
    window: int


def read_status(names: tuple[str, ...], settings: Settings, tools: StatusTools) -> tuple[TargetStatus, ...]:
    """The state of the named environments or deployments, or of all that the cluster serves.

    Where the repository cannot be reached, declared is what was read of it last, if a cache has it and it is
    young enough; a note says so. Raises SettingsError for an environment or deployment that is neither
    declared nor there, SourceError if the declarations cannot be read.
    """
    environments = tuple(sorted({name.partition("/")[0] for name in names}))
    wanted = frozenset(name for name in names if "/" in name)
    revision, outage = _resolve(settings, tools)
    check = check_tree(tools.source.read(revision))
    for name in find_missing(check.repository, environments):
        raise SettingsError(describe_missing(check.repository, name))
    states = tuple(
        replace(state, notes=(*outage, *state.notes))
        for state in (
            _read_target(entry, check, wanted, settings.cluster.name, tools)
            for entry in select_environments(check.repository, environments, settings.cluster.name)
        )
    )
    seen = {f"{item.environment}/{item.name}" for state in states for item in state.deployments}
    for name in sorted(wanted - seen):
        if not any(state.message for state in states):
            raise SettingsError(f"there is no deployment {name}, neither declared nor in the cluster.")
    return states


def _resolve(settings: Settings, tools: StatusTools) -> tuple[Revision, tuple[str, ...]]:
    """The revision that is declared; where the repository cannot be reached what was read last, with a note.

    Raises SourceError.
    """
    try:
        return tools.source.resolve(settings.ref), ()
    except SourceUnreachable as error:
        now = tools.clock.now()
        outage = find_outage(tools.source, settings, error, now)
        note = (
            f"the repository could not be asked, so declared is what {outage.revision} says, which it last "
            f"named {describe_age(now, outage.seen)} ago (--git-cache). {outage.reason}"
        )
        return outage.revision, (note,)


def _read_target(
    entry: EnvironmentEntry, check: Check, wanted: frozenset[str], cluster_name: str, tools: StatusTools
) -> TargetStatus:
    if entry.environment is None:
        return TargetStatus(
            target=Target(environment=entry.name, namespace="", cluster=cluster_name),
            outcome=Outcome.FINDINGS,
            message="its environment.yaml cannot be used; modelsync validate says why",
        )
    rendered = render_environment(check, entry.name, cluster=cluster_name, commit="")
    target = rendered.desired.target
    view = view_cluster(entry.environment.declaration, cluster_name)
    reader, now = tools.cluster.reader, tools.clock.now()
    try:
        observation = observe(reader, target, manifests=rendered.manifests)
        # An empty list of a namespace that is not there says nothing: the usual cause is the wrong cluster.
        if not observation.record.exists and reader.read_namespace(target.namespace) is None:
            raise NamespaceMissing(target.namespace)
        traffic = read_traffic(
            reader,
            target,
            view,
            observation.objects,
            open_metrics=tools.open_metrics,
            window=tools.window,
            now=now,
        )
        health, unseen = _assess(rendered, observation, traffic.routes, reader, now)
    except ClusterError as error:
        return TargetStatus(
            target=target, outcome=find_outcome(error) or Outcome.UNDECIDED, message=str(error)
        )
    good = {item.deployment: item for item in observation.record.good}
    deployments = tuple(
        explain_deployment(item, entry, traffic, good.get(item.name), check.repository.models, view)
        for item in _describe_deployments(rendered, observation, health)
        if not _has_names(wanted, entry.name) or f"{item.environment}/{item.name}" in wanted
    )
    failed = find_unhealthy(
        tuple(item.health for item in deployments),
        observation.record,
        find_startup(rendered.desired),
        now,
    )
    return TargetStatus(
        target=target,
        outcome=worst([Outcome.UNHEALTHY] if failed else []),
        record=observation.record,
        deployments=deployments,
        window=tools.window,
        routed_unknown=traffic.routes.unknown,
        served_unknown=traffic.served_unknown,
        leftovers=traffic.leftovers,
        at=now,
        in_force=_list_in_force(entry, now),
        exceptions=list_holding(entry.exceptions.declaration, now) if entry.exceptions is not None else (),
        notes=tuple(_list_unknown(unseen, traffic.leftovers_unknown)),
    )


def _list_unknown(unseen: Iterable[str], leftovers: str) -> Iterator[str]:
    for reason in unseen:
        yield f"why something is not ready is not known in full: {reason}"
    if leftovers:
        yield f"what the operator left behind is not known: {leftovers}"


def _list_in_force(entry: EnvironmentEntry, now: datetime) -> tuple[str, ...]:
    if entry.has_faulty_exceptions:
        file = f"environments/{entry.name}/exceptions.yaml"
        return (f"{file} cannot be read, so sync changes nothing here until it can: modelsync validate",)
    if entry.exceptions is None:
        return ()
    return list_in_force(entry.exceptions.declaration, entry.name, now)


def _assess(
    rendered: Rendered, observation: Observation, routes: Routes, reader: ClusterReader, now: datetime
) -> tuple[tuple[Health, ...], tuple[str, ...]]:
    """Health with its reasons, and why some of these may be missing.

    Pods, events and the last words of what ended are read only where something has a reason to give.
    """
    health = assess_all(rendered.manifests, observation, now=now, routes=routes)
    if all(item.word in (HealthWord.CURRENT, HealthWord.NOT_FOUND) for item in health):
        return health, ()
    closeup = read_closeup(reader, rendered.desired.target.namespace, logs=True)
    health = assess_all(rendered.manifests, observation, now=now, closeup=closeup, routes=routes)
    return health, closeup.unseen


def _has_names(wanted: frozenset[str], environment: str) -> bool:
    return any(name.startswith(f"{environment}/") for name in wanted)


def _describe_deployments(
    rendered: Rendered, observation: Observation, assessed: tuple[Health, ...]
) -> tuple[DeploymentStatus, ...]:
    """Declared deployments, and those of our objects that are declared no more."""
    target = rendered.desired.target
    declared = {manifest.key: manifest for manifest in rendered.manifests}
    live = {item.key: item for item in observation.objects}
    ours = {key for key, item in live.items() if is_ours(item, rendered.part_of)}
    health = {item.key: item for item in assessed}
    faulty = {
        ObjectKey(kind=SELDON_DEPLOYMENT, namespace=target.namespace, name=fault.deployment)
        for fault in rendered.desired.faults
    }
    extras = _describe_extras(rendered, live, health)
    orphans = {ObjectKey(kind=SELDON_DEPLOYMENT, namespace=target.namespace, name=name) for name in extras}
    served = {key for key in declared.keys() | ours if key.kind == SELDON_DEPLOYMENT}
    return tuple(
        DeploymentStatus(
            environment=target.environment,
            name=key.name,
            declared=read_shares(declared[key].body) if key in declared else None,
            applied=read_shares(live[key].body) if key in live else None,
            health=health.get(key) or _describe_undeclared(key, live.get(key), faulty=key in faulty),
            extras=extras.get(key.name, ()),
        )
        for key in sorted(served | faulty | orphans)
    )


def _describe_extras(
    rendered: Rendered, live: Mapping[ObjectKey, LiveObject], health: Mapping[ObjectKey, Health]
) -> Mapping[str, tuple[Health, ...]]:
    """By deployment, its objects from extras/ that are not as declared."""
    declared = {manifest.key: manifest.deployment for manifest in rendered.manifests}
    faulty = {fault.deployment for fault in rendered.desired.faults}
    found: dict[str, list[Health]] = defaultdict(list)
    for key in sorted(declared.keys() | live.keys()):
        if key.kind == SELDON_DEPLOYMENT:
            continue
        if key in declared:
            if health[key].word is not HealthWord.CURRENT:
                found[declared[key]].append(health[key])
        elif is_ours(live[key], rendered.part_of):
            deployment = deployment_of(live[key])
            found[deployment].append(_describe_undeclared(key, live[key], faulty=deployment in faulty))
    return {name: tuple(items) for name, items in found.items()}


def _describe_undeclared(key: ObjectKey, live: LiveObject | None, *, faulty: bool) -> Health:
    if faulty:
        reason = "its declaration is faulty, so it is left as it was last applied"
        return Health(key=key, word=HealthWord.UNKNOWN, reason=reason)
    if live is not None and live.deleting:
        return Health(key=key, word=HealthWord.TERMINATING, reason="is being deleted")
    return Health(key=key, word=HealthWord.UNKNOWN, reason="is declared no more and was not pruned yet")
