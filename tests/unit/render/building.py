"""Desired state for tests, in as few words as a test wants to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.render.renderer import render
from reconciler.state.declarations import NodeType, Protocol, Server
from reconciler.state.desired import (
    DesiredContainer,
    DesiredExplainer,
    DesiredModel,
    DesiredNode,
    DesiredPods,
    DesiredVariant,
)
from reconciler.state.objects import Body, Manifest
from reconciler.state.targets import Desired, DesiredDeployment, Target

PART_OF = "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1"
SECRET = "artifacts-s3"
COMMIT = "4be2a91" + "0" * 33


def model(version: int, *, secret: str | None = SECRET, run: str | None = "8c1f") -> DesiredModel:
    return DesiredModel(
        folder="wines",
        registered_model="wine-quality",
        version=version,
        uri=f"s3://mlflow/artifacts/1/models/m-{version}/artifacts",
        secret=secret,
        run=run and f"{run}{version}",
        digest="sha256:" + f"{version:x}" * 64,
    )


def container(
    name: str = "wines",
    server: Server = "mlflow",
    protocol: Protocol = "v2",
    *,
    model: DesiredModel | None = None,
    startup: int = 600,
    requests: Mapping[str, str] | None = None,
    **options: Any,
) -> DesiredContainer:
    return DesiredContainer(
        name=name,
        server=server,
        protocol=protocol,
        image=f"registry.example.com/ml/{server}:1",
        startup=startup,
        requests=requests or {"cpu": "200m", "memory": "512Mi"},
        limits={"memory": "1Gi"},
        model=model,
        **options,
    )


def node(
    name: str,
    type: NodeType = "model",
    *children: DesiredNode,
    own_pod: bool = False,
    **options: Any,
) -> DesiredNode:
    """A node of a graph; one of type model serves version 3."""
    served = model(3) if type == "model" else None
    server: Server = "mlflow" if type == "model" else "custom"
    found = container(name, options.pop("server", server), model=served, **options)
    return DesiredNode(type=type, container=found, own_pod=own_pod, children=children)


def variant(
    version: int,
    traffic: int = 100,
    *,
    shadow: bool = False,
    secret: str | None = SECRET,
    run: str | None = "8c1f",
    pods: DesiredPods | None = None,
    explainer: DesiredExplainer | None = None,
    replicas: int = 2,
    **options: Any,
) -> DesiredVariant:
    served = container(model=model(version, secret=secret, run=run), **options)
    return DesiredVariant(
        predictor=f"v{version}-shadow" if shadow else f"v{version}",
        version=version,
        shadow=shadow,
        traffic=traffic,
        graph=DesiredNode(type="model", container=served),
        pods=pods or DesiredPods(replicas=replicas),
        explainer=explainer,
    )


def graph_variant(
    root: DesiredNode, traffic: int = 100, *, pods: DesiredPods | None = None
) -> DesiredVariant:
    return DesiredVariant(
        predictor="blend",
        version=None,
        shadow=False,
        traffic=traffic,
        graph=root,
        pods=pods or DesiredPods(replicas=2),
    )


def deployment(
    *variants: DesiredVariant,
    name: str = "wines",
    model: str = "wines",
    annotations: Mapping[str, bool | int | str] | None = None,
) -> DesiredDeployment:
    return DesiredDeployment(
        environment="production",
        name=name,
        namespace="wines-production",
        model=model,
        registered_model="wine-quality",
        protocol=variants[0].graph.container.protocol,
        variants=variants,
        annotations=annotations or {},
    )


def render_all(*deployments: DesiredDeployment, commit: str = COMMIT) -> tuple[Manifest, ...]:
    target = Target(environment="production", namespace="wines-production")
    return render(Desired(target=target, deployments=deployments), part_of=PART_OF, commit=commit)


def body_of(*variants: DesiredVariant) -> Body:
    (manifest,) = render_all(deployment(*variants))
    return dict(manifest.body)


def predictors_of(*variants: DesiredVariant) -> tuple[Any, ...]:
    return tuple(body_of(*variants)["spec"]["predictors"])


def container_of(predictor: Any) -> Any:
    (component,) = predictor["componentSpecs"]
    (container,) = component["spec"]["containers"]
    return container


def pod_template_of(predictor: Any) -> Any:
    """What the operator puts into a predictor's Pods: everything but weight, replicas and deadline."""
    return {
        key: value
        for key, value in predictor.items()
        if key not in ("traffic", "replicas", "progressDeadlineSeconds")
    }
