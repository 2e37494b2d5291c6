"""Desired state for tests, in as few words as a test wants to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.render.renderer import render
from reconciler.state.declarations import Protocol, Server
from reconciler.state.objects import Body, Manifest
from reconciler.state.targets import Desired, DesiredDeployment, DesiredServing, DesiredVariant, Target

PART_OF = "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1"
SECRET = "artifacts-s3"
COMMIT = "4be2a91" + "0" * 33


def serving(
    server: Server = "mlflow",
    protocol: Protocol = "v2",
    *,
    env: Mapping[str, str] | None = None,
    replicas: int = 2,
    requests: Mapping[str, str] | None = None,
    service_account: str | None = None,
    startup: int = 600,
) -> DesiredServing:
    return DesiredServing(
        server=server,
        protocol=protocol,
        image=f"registry.example.com/ml/{server}:1",
        replicas=replicas,
        requests=requests or {"cpu": "200m", "memory": "512Mi"},
        limits={"memory": "1Gi"},
        service_account=service_account,
        env=env or {},
        startup=startup,
    )


def variant(
    version: int,
    traffic: int = 100,
    *,
    shadow: bool = False,
    secret: str | None = SECRET,
    run: str | None = "8c1f",
    **options: Any,
) -> DesiredVariant:
    return DesiredVariant(
        predictor=f"v{version}-shadow" if shadow else f"v{version}",
        version=version,
        shadow=shadow,
        traffic=traffic,
        model_uri=f"s3://mlflow/artifacts/1/models/m-{version}/artifacts",
        secret=secret,
        serving=serving(**options),
        run=run and f"{run}{version}",
        digest="sha256:" + f"{version:x}" * 64,
    )


def deployment(*variants: DesiredVariant, name: str = "wines", model: str = "wines") -> DesiredDeployment:
    return DesiredDeployment(
        environment="production",
        name=name,
        namespace="wines-production",
        model=model,
        registered_model="wine-quality",
        protocol=variants[0].serving.protocol,
        variants=variants,
    )


def render_all(*deployments: DesiredDeployment, commit: str = COMMIT) -> tuple[Manifest, ...]:
    target = Target(environment="production", namespace="wines-production")
    return render(Desired(target=target, deployments=deployments), part_of=PART_OF, commit=commit)


def body_of(*variants: DesiredVariant) -> Body:
    (manifest,) = render_all(deployment(*variants))
    return manifest.body


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
