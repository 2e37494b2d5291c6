"""Settings of containers and Pods after all layers, with what holds where no layer says anything."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.policy.layers import MergedServing
from reconciler.policy.servers import server_image
from reconciler.resolve.durations import to_seconds
from reconciler.state.declarations import (
    Duration,
    Platform,
    Quantity,
    ResourceList,
    Resources,
    Scaling,
)
from reconciler.state.desired import (
    DesiredContainer,
    DesiredModel,
    DesiredOrchestrator,
    DesiredPods,
    DesiredScaling,
)

DEFAULT_REPLICAS = 1
DEFAULT_FEWEST = 1
DEFAULT_STARTUP = "10m"


class Unresolvable(Exception):
    """Something that a deployment needs is missing; the message says what, as a clause about it."""


def settle_container(
    name: str, merged: MergedServing, platform: Platform, model: DesiredModel | None
) -> DesiredContainer:
    """The settings that a container is rendered from.

    Server, protocol and image have no default of ours: raises Unresolvable where one is missing.
    """
    serving = merged.serving
    if serving.server is None or serving.protocol is None:
        missing = "server" if serving.server is None else "protocol"
        raise Unresolvable(f"no layer says serving.{missing}")
    image = serving.image or server_image(platform, serving.server, serving.protocol)
    if image is None:
        raise Unresolvable(
            f"there is no image of the {serving.server} server with protocol {serving.protocol}"
        )
    requests, limits = settle_resources(serving.resources)
    return DesiredContainer(
        name=name,
        server=serving.server,
        protocol=serving.protocol,
        image=image,
        startup=to_seconds(serving.startup or DEFAULT_STARTUP),
        requests=requests,
        limits=limits,
        env=dict(serving.env or {}),
        secret_env=dict(serving.secret_env or {}),
        parameters=dict(serving.parameters or {}),
        port=serving.port,
        logger=serving.request_logger,
        model=model,
    )


def settle_pods(merged: MergedServing) -> DesiredPods:
    """How many Pods a variant has, and where they run. What scales itself has no number of its own."""
    serving = merged.serving
    scaling = None if serving.scaling is None else _settle_scaling(serving.scaling)
    orchestrator = serving.orchestrator
    requests, limits = settle_resources(orchestrator.resources if orchestrator else None)
    return DesiredPods(
        replicas=None if scaling else serving.replicas or DEFAULT_REPLICAS,
        scaling=scaling,
        disruption=serving.disruption,
        service_account=serving.service_account,
        node_selector=dict(serving.node_selector or {}),
        tolerations=serving.tolerations or (),
        affinity=serving.affinity,
        priority_class=serving.priority_class,
        termination_grace=_seconds(serving.termination_grace),
        orchestrator=DesiredOrchestrator(
            requests=requests,
            limits=limits,
            env=dict((orchestrator.env if orchestrator else None) or {}),
        ),
    )


def settle_resources(
    resources: Resources | None,
) -> tuple[Mapping[str, Quantity], Mapping[str, Quantity]]:
    """Requests and limits, each by the name of what is asked for."""
    if resources is None:
        return {}, {}
    return _amounts(resources.requests), _amounts(resources.limits)


def _settle_scaling(scaling: Scaling) -> DesiredScaling:
    if scaling.max is None:
        raise Unresolvable("no layer says serving.scaling.max")
    fallback = scaling.fallback
    return DesiredScaling(
        min=scaling.min or DEFAULT_FEWEST,
        max=scaling.max,
        cpu=scaling.cpu,
        memory=scaling.memory,
        triggers=scaling.triggers or (),
        poll=_seconds(scaling.poll),
        cooldown=_seconds(scaling.cooldown),
        fallback=None if fallback is None else (fallback.failures, fallback.replicas),
    )


def _seconds(duration: Duration | None) -> int | None:
    return None if duration is None else to_seconds(duration)


def _amounts(amounts: ResourceList | None) -> Mapping[str, Quantity]:
    if amounts is None:
        return {}
    return {
        name: amount
        for name, amount in (("cpu", amounts.cpu), ("memory", amounts.memory))
        if amount is not None
    }
