"""A placed variant to a desired one: its graph of containers, its Pods, its explainer."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.policy.clusters import ClusterView
from reconciler.policy.context import PlacedContainer, PlacedVariant
from reconciler.policy.graphs import type_of
from reconciler.policy.locations import Unmapped
from reconciler.policy.naming import explainer_name
from reconciler.policy.servers import explainer_image
from reconciler.resolve.artifacts import locate
from reconciler.resolve.serving import (
    DEFAULT_REPLICAS,
    Unresolvable,
    settle_container,
    settle_pods,
    settle_resources,
)
from reconciler.state.declarations import GraphNode, Protocol, Storage
from reconciler.state.desired import (
    DesiredContainer,
    DesiredExplainer,
    DesiredModel,
    DesiredNode,
    DesiredVariant,
)
from reconciler.state.documents import PathKey
from reconciler.state.repository import ModelEntry


def resolve_variant(deployment: str, placed: PlacedVariant, cluster: ClusterView) -> DesiredVariant:
    """The predictor that a variant of a deployment becomes in one cluster. Raises Unresolvable."""
    variant = placed.variant
    share = variant.traffic if variant.shadow is None else variant.shadow
    if share is None:
        raise Unresolvable(f"variant {placed.index + 1} says no traffic or shadow")
    if variant.graph is None and variant.version is None:
        raise Unresolvable(f"variant {placed.index + 1} says no version")
    containers = {container.path: _resolve_container(container, cluster) for container in placed.containers}
    graph = (
        DesiredNode(type="model", container=containers[()])
        if variant.graph is None
        else _resolve_node(variant.graph, ("graph",), containers)
    )
    return DesiredVariant(
        predictor=placed.predictor,
        version=variant.version if variant.graph is None else None,
        shadow=variant.shadow is not None,
        traffic=share,
        graph=graph,
        pods=settle_pods(placed.serving),
        explainer=_resolve_explainer(deployment, placed, graph.container.protocol, cluster),
    )


def _resolve_node(
    node: GraphNode,
    path: tuple[PathKey, ...],
    containers: Mapping[tuple[PathKey, ...], DesiredContainer],
) -> DesiredNode:
    kind = type_of(node)
    if kind is None:
        raise Unresolvable(f"node {node.name} says no type")
    return DesiredNode(
        type=kind,
        container=containers[path],
        own_pod=node.own_pod,
        children=tuple(
            _resolve_node(child, (*path, "children", index), containers)
            for index, child in enumerate(node.children or ())
        ),
    )


def _resolve_container(container: PlacedContainer, cluster: ClusterView) -> DesiredContainer:
    model = None
    if container.folder is not None:
        model = _resolve_model(
            container.folder,
            container.model,
            container.version,
            container.serving.serving.storage,
            cluster,
            user=container.title,
        )
    return settle_container(container.name, container.serving, cluster.platform, model)


def _resolve_explainer(
    deployment: str, placed: PlacedVariant, protocol: Protocol, cluster: ClusterView
) -> DesiredExplainer | None:
    explainer = placed.serving.serving.explainer
    if explainer is None:
        return None
    if explainer.type is None:
        raise Unresolvable("no layer says serving.explainer.type")
    model = None
    if explainer.model is not None:
        model = _resolve_model(
            explainer.model,
            placed.explainer_model,
            explainer.version,
            explainer.storage,
            cluster,
            user=f"explainer of {placed.name}",
        )
    requests, limits = settle_resources(explainer.resources)
    return DesiredExplainer(
        name=explainer_name(deployment, placed.predictor),
        type=explainer.type,
        image=explainer.image or explainer_image(protocol),
        replicas=explainer.replicas or DEFAULT_REPLICAS,
        requests=requests,
        limits=limits,
        service_account=explainer.service_account,
        init_parameters=explainer.init_parameters,
        config=dict(explainer.config or {}),
        model=model,
    )


def _resolve_model(
    folder: str,
    entry: ModelEntry | None,
    version: int | None,
    storage: Storage | None,
    cluster: ClusterView,
    *,
    user: str,
) -> DesiredModel:
    if version is None:
        raise Unresolvable(f"{user} names no version of {folder}")
    if entry is None or entry.model is None:
        raise Unresolvable(f"there is no readable models/{folder}/model.yaml")
    record = entry.records.get(version)
    if record is None:
        raise Unresolvable(f"there is no readable models/{folder}/versions/{version}.yaml")
    location = locate(record.declaration, cluster)
    if isinstance(location, Unmapped):
        raise Unresolvable(f"the cluster cannot read {folder} v{version}: {location.reason}")
    own_secret = None if storage is None else storage.secret
    return DesiredModel(
        folder=folder,
        registered_model=entry.model.declaration.registered_model,
        version=version,
        uri=location.uri,
        secret=location.secret if own_secret is None else own_secret,
        initializer=None if storage is None else storage.image,
        run=record.declaration.identity.run,
        digest=record.declaration.identity.digest,
    )
