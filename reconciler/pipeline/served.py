"""One deployment's traffic and its way back, laid beside what is declared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.pipeline.sync.good import find_lost
from reconciler.plan.traffic import (
    TrafficView,
    describe_difference,
    explain_traffic,
    show_percent,
)
from reconciler.plan.wording import name_variant, shorten_revision
from reconciler.policy.clusters import ClusterView
from reconciler.policy.naming import predictor_name
from reconciler.state.inventory import GoodSet
from reconciler.state.observations import HealthWord
from reconciler.state.repository import EnvironmentEntry, ModelEntry
from reconciler.state.routes import Traffic
from reconciler.state.runs import DeploymentStatus


def explain_deployment(
    item: DeploymentStatus,
    entry: EnvironmentEntry,
    traffic: Traffic,
    good: GoodSet | None,
    models: Mapping[str, ModelEntry],
    view: ClusterView,
) -> DeploymentStatus:
    """The deployment with what is routed and served of it, its last good set, and sentences about them."""
    routed = traffic.routes.find(item.name) if item.applied is not None else None
    served = traffic.requests.of(item.name) if traffic.requests is not None else None
    known = {share.predictor: share for share in (*(item.declared or ()), *(item.applied or ()))}
    sides = TrafficView(
        id=f"{item.environment}/{item.name}",
        declared=item.declared,
        applied=item.applied,
        routed=routed,
        health=item.health,
        places=find_places(entry, item.name),
    )
    notes = (
        *item.health.notes,
        *explain_traffic(sides),
        *(describe_difference(sides.id, it, known) for it in traffic.differences.get(item.name, ())),
        *_explain_good(item, good, models, view),
    )
    return replace(item, routed=routed, served=served, good=good, notes=notes)


def find_places(entry: EnvironmentEntry, deployment: str) -> Mapping[str, str]:
    """Where each predictor of a deployment is declared, as `file:line`."""
    declared = entry.deployments.get(deployment)
    if declared is None:
        return {}
    places = {}
    for index, variant in enumerate(declared.declaration.variants):
        location = declared.document.at("variants", index)
        places[predictor_name(variant)] = f"{location.file}:{location.line}"
    return places


def explain_lost(
    deployment: str, good: GoodSet, models: Mapping[str, ModelEntry], view: ClusterView
) -> Iterator[str]:
    """A sentence where the last good set could not be rendered any more."""
    lost = tuple(find_lost(good, models, view))
    if lost:
        yield (
            f"{deployment}: its last good set ({describe_good(good)}) could not be served again: "
            f"{'; '.join(lost)}. Mend that, so that there is a way back."
        )


def describe_good(good: GoodSet) -> str:
    """`v3 90 %, v5 10 %`."""
    return ", ".join(f"{name_variant(share)} {show_percent(share.percent)}" for share in good.shares)


def _explain_good(
    item: DeploymentStatus, good: GoodSet | None, models: Mapping[str, ModelEntry], view: ClusterView
) -> Iterator[str]:
    if good is None:
        return
    name = f"{item.environment}/{item.name}"
    yield from explain_lost(name, good, models, view)
    if item.health.word is not HealthWord.CURRENT and frozenset(good.shares) != frozenset(item.applied or ()):
        yield f"{name}: last good: {describe_good(good)} ({shorten_revision(good.revision)})."
