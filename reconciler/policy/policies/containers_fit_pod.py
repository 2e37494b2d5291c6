"""Containers that share a Pod do not get into each other's way.

What it checks
    In each Pod, containers have different names (over the whole graph), listen on different ports and on none
    of the orchestrator's; at most one loads its model from a volume claim (`pvc://`), and at most one is a
    TensorFlow server behind its proxy (protocol seldon).

Why
    All containers of a Pod share one address. The operator gives the volume of a claim and the TensorFlow
    server fixed names, so that a second one is refused by the API server or served by the first.

Example
    graph:
      name: average
      type: combiner
      image: "registry.example.com/ml/average@sha256:…"
      port: 8000                      # the orchestrator's
      children:
        - {name: red, model: reds, version: 3, port: 8080}
        - {name: white, model: whites, version: 7, port: 8080}

Fix
    Give each its own port or leave `port` out; give a node Pods of its own with `ownPod: true`.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context, PlacedContainer, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Policy
from reconciler.policy.locations import Mapped, map_location
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding
from reconciler.state.ports import TAKEN, give_ports


def check(context: Context) -> Iterator[Finding]:
    views = {name: view_clusters(entry.declaration) for name, entry in context.environments()}
    for deployment in context.served:
        for placed in deployment.variants:
            # Most variants are one container that listens where it is told.
            if placed.variant.graph is None and placed.serving.serving.port is None:
                continue
            yield from _check_names(deployment, placed)
            yield from _check_ports(deployment, placed)
            for pod in placed.pods:
                claims = [one for one in pod if _is_claimed(one, views.get(deployment.environment.name, ()))]
                yield from _refuse_several(deployment, placed, claims, "load their models from volume claims")
                proxies = [one for one in pod if _has_proxy(one)]
                yield from _refuse_several(deployment, placed, proxies, "are TensorFlow servers with proxies")


def _check_names(deployment: PlacedDeployment, placed: PlacedVariant) -> Iterator[Finding]:
    seen: dict[str, PlacedContainer] = {}
    for container in placed.containers:
        first = seen.setdefault(container.name, container)
        if first is not container:
            line = deployment.container_at(first, "name").line
            yield POLICY.finding(
                deployment.container_at(container, "name"),
                f"{deployment.id}: {placed.name} has two nodes {container.name} (the first on line "
                f"{line}); expected a name of its own.",
                "Give one of them another name.",
            )


def _check_ports(deployment: PlacedDeployment, placed: PlacedVariant) -> Iterator[Finding]:
    given = {
        container.path: give_ports(index, container.serving.serving.port)
        for index, container in enumerate(placed.containers)
    }
    for index, pod in enumerate(placed.pods):
        # The orchestrator is in the first.
        owners: dict[int, str] = {} if index else dict(TAKEN)
        for container in pod:
            ports = given[container.path]
            for port in (ports.grpc, ports.metrics):
                owners.setdefault(port, f"a port of {container.name} already")
        for container in pod:
            port = given[container.path].http
            owner = owners.get(port)
            if owner is not None:
                yield POLICY.finding(
                    deployment.place(container.serving, "port"),
                    f"{deployment.id}: {container.title} would listen on {port}, which is {owner}; expected "
                    "another port.",
                    "Name the port that its image listens on, or leave port: out.",
                )
            owners.setdefault(port, f"the port of {container.name}")


def _is_claimed(container: PlacedContainer, views: tuple[ClusterView, ...]) -> bool:
    if container.model is None or container.version is None:
        return False
    record = container.model.records.get(container.version)
    if record is None:
        return False
    identity = record.declaration.identity
    found = (map_location(identity.source, identity.registry, view.artifacts) for view in views)
    return any(isinstance(one, Mapped) and one.uri.startswith("pvc://") for one in found)


def _has_proxy(container: PlacedContainer) -> bool:
    serving = container.serving.serving
    return (serving.server, serving.protocol) == ("tensorflow", "seldon")


def _refuse_several(
    deployment: PlacedDeployment, placed: PlacedVariant, members: list[PlacedContainer], what: str
) -> Iterator[Finding]:
    if len(members) > 1:
        names = join_words([container.name for container in members])
        yield POLICY.finding(
            deployment.container_at(members[-1]),
            f"{deployment.id}: {names} of {placed.name} {what} in one Pod; at most one may.",
            f"Give {members[-1].name} Pods of its own (ownPod: true).",
        )


POLICY = Policy(id="containers-fit-pod", documentation=__doc__, check=check)
