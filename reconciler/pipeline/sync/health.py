"""Health in a run: what it costs to know it, and no more requests than that.

Deployments are read with every look. Routes are the only proof that an edit of shares alone was seen, so they
are read where something seems to be Current and is not known to have been so already. Pods and Events only
explain; they are read where something is not ready and Pods can be the reason.
"""

from __future__ import annotations

from datetime import datetime

from reconciler.apply.health import assess_all
from reconciler.clients.cluster.interface import ClusterReader
from reconciler.observe.closeup import read_closeup
from reconciler.observe.routes import read_routes
from reconciler.pipeline.desired import Rendered
from reconciler.policy.clusters import ClusterView
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.observations import Health, HealthWord, Observation
from reconciler.state.routes import Routes


def assess_proven(
    rendered: Rendered,
    observation: Observation,
    view: ClusterView,
    reader: ClusterReader,
    now: datetime,
) -> tuple[Health, ...]:
    """Health with nothing taken on trust: one request more where it is not settled that all is Current.

    Raises ClusterError.
    """
    return _assess(rendered, observation, view, reader, now, explained=False)


def assess_explained(
    rendered: Rendered,
    observation: Observation,
    view: ClusterView,
    reader: ClusterReader,
    now: datetime,
) -> tuple[Health, ...]:
    """The same words with the reasons of Pods and Events: two requests more where they can be the reason.

    Raises ClusterError.
    """
    return _assess(rendered, observation, view, reader, now, explained=True)


def _assess(
    rendered: Rendered,
    observation: Observation,
    view: ClusterView,
    reader: ClusterReader,
    now: datetime,
    *,
    explained: bool,
) -> tuple[Health, ...]:
    health = assess_all(rendered.manifests, observation, now=now)
    routes = _read_proof(health, rendered, observation, view, reader)
    wanting = explained and needs_reasons(health, observation)
    closeup = read_closeup(reader, rendered.desired.target.namespace) if wanting else None
    if routes is None and closeup is None:
        return health
    return assess_all(rendered.manifests, observation, now=now, closeup=closeup, routes=routes)


def needs_reasons(health: tuple[Health, ...], observation: Observation) -> bool:
    """Whether Pods can say why something is not ready: there are Deployments to have made some."""
    return bool(observation.workloads) and any(
        variant.word is not HealthWord.CURRENT for item in health for variant in item.variants
    )


def _read_proof(
    health: tuple[Health, ...],
    rendered: Rendered,
    observation: Observation,
    view: ClusterView,
    reader: ClusterReader,
) -> Routes | None:
    """The routes, where they can change a word; None where they need not be asked for."""
    seeming = {item.key for item in health if item.word is HealthWord.CURRENT} & {
        live.key for live in observation.objects if live.key.kind == SELDON_DEPLOYMENT
    }
    known = {entry.key: entry.generation for entry in observation.record.entries}
    healthy = any(item.type == "Healthy" and item.status == "True" for item in observation.record.conditions)
    unproven = [
        live
        for live in observation.objects
        if live.key in seeming and not (healthy and known.get(live.key) == live.generation)
    ]
    if not unproven:
        return None
    served = tuple(live for live in observation.objects if live.key.kind == SELDON_DEPLOYMENT)
    return read_routes(reader, rendered.desired.target.namespace, view.platform.ingresses[0], served)
