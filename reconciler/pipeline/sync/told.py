"""What a run says about traffic when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.clients.cluster.interface import Cluster, ClusterError
from reconciler.pipeline.served import explain_lost, find_places
from reconciler.pipeline.sync.look import TargetRequest
from reconciler.pipeline.traffic import read_routes_now
from reconciler.plan.shares import read_shares
from reconciler.plan.traffic import TrafficView, explain_traffic
from reconciler.state.inventory import GoodSet
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject
from reconciler.state.observations import HealthWord, Observation
from reconciler.state.plans import Action
from reconciler.state.routes import Routes
from reconciler.state.runs import TargetRun


def tell_traffic(
    run: TargetRun, request: TargetRequest, cluster: Cluster, seen: Observation | None
) -> TargetRun:
    """The run with the routes at its end and what is to be said of them.

    They are read only where something was written, or was waited for and is not ready: one request, and one
    more for the objects where they were not `seen` at the end. A run that found nothing to do asks for
    nothing more. What cannot be read is not known, and no failure.
    """
    target = request.rendered.desired.target
    wrote = any(item.action in (Action.CREATED, Action.CONFIGURED) for item in run.results)
    waits = request.wait > 0 and any(item.word is HealthWord.IN_PROGRESS for item in run.health)
    if run.plan is None or not (wrote or waits):
        return run
    try:
        objects = (
            seen.objects if seen is not None else cluster.reader.list(SELDON_DEPLOYMENT, target.namespace)
        )
        routes = read_routes_now(cluster.reader, target, request.view, objects)
    except ClusterError as error:
        return replace(run, notes=(*run.notes, f"what is routed could not be read: {error}"))
    return replace(run, routes=routes, notes=(*run.notes, *_explain(run, request, routes, objects)))


def _explain(
    run: TargetRun, request: TargetRequest, routes: Routes, objects: tuple[LiveObject, ...]
) -> Iterator[str]:
    live = {item.key: item for item in objects}
    declared = {manifest.key: manifest for manifest in request.rendered.manifests}
    if routes.unknown:
        yield f"what is routed is not known: {routes.unknown}"
    for health in run.health:
        if health.key.kind != SELDON_DEPLOYMENT or health.key not in live:
            continue
        view = TrafficView(
            id=f"{run.target.environment}/{health.key.name}",
            declared=read_shares(declared[health.key].body) if health.key in declared else None,
            applied=read_shares(live[health.key].body),
            routed=routes.find(health.key.name),
            health=health,
            places=find_places(request.entry, health.key.name),
        )
        yield from health.notes
        yield from explain_traffic(view)


def explain_lost_sets(request: TargetRequest, good: tuple[GoodSet, ...]) -> tuple[str, ...]:
    """A sentence for each last good set that could not be served again, as far as git tells."""
    environment = request.rendered.desired.target.environment
    return tuple(
        sentence
        for item in good
        for sentence in explain_lost(f"{environment}/{item.deployment}", item, request.models, request.view)
    )
